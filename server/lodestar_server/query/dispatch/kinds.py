"""What a statement's first words tell before anyone has parsed it: may it start at once, and what is logged of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import islice

_READING = frozenset({"SELECT", "VALUES", "TABLE", "WITH", "SHOW", "DESCRIBE", "DESC"})
MAX_SPECULATIVE_LENGTH = 20_000
"""Longer statements wait for the first poll: a client that posts them again should not cost their analysis twice."""


def may_start_early(text: str) -> bool:
    """Whether the statement only reads, so that running it for a POST that is sent again does no harm."""
    if len(text) > MAX_SPECULATIVE_LENGTH:
        return False
    words = list(islice(first_words(text), 8))
    if not words:
        return False
    if words[0] == "EXPLAIN":
        return "ANALYZE" not in words
    return words[0] in _READING


def statement_kind(text: str) -> str:
    """The first word of a statement, for logs; `?` when it does not begin with one."""
    return next(iter(first_words(text[:1000])), "?")


def statement_hash(text: str) -> str:
    """A short name for a text whose content must not be in a log."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


def first_words(text: str) -> Iterator[str]:
    """The leading words in upper case; blanks, comments and opening brackets are skipped, anything else ends it."""
    at, end = 0, len(text)
    while at < end:
        character = text[at]
        if character.isspace() or character in "(,)":
            at += 1
        elif text.startswith("--", at):
            at = text.find("\n", at)
            if at < 0:
                return
        elif text.startswith("/*", at):
            at = text.find("*/", at + 2)
            if at < 0:
                return
            at += 2
        elif character.isalpha():
            start = at
            while at < end and (text[at].isalnum() or text[at] == "_"):
                at += 1
            yield text[start:at].upper()
        else:
            return
