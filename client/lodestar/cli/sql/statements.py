r"""Where statements end: at `;` (and at `\G` in the shell), but not inside the body of a function written in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lodestar.cli.sql.tokens import Kind, Token, tokens

_HIDDEN = frozenset({Kind.SPACE, Kind.COMMENT})
_TRIMMED = "".join(map(chr, range(33)))


@dataclass(frozen=True, slots=True)
class Statement:
    r"""A text without its end, and the end: `;` or `\G`."""

    text: str
    delimiter: str


@dataclass(frozen=True, slots=True)
class Split:
    """What a text holds: the statements that have ended, and the rest."""

    statements: tuple[Statement, ...]
    rest: str


def split_statements(text: str, *, vertical: bool = False) -> Split:
    """Cut a text at the ends of its statements; empty ones are left out, comments stay with what follows them."""
    found = list(tokens(text, vertical=vertical))
    complete: list[Statement] = []
    start = 0
    while start < len(found):
        end = _end(found, start)
        if end is None:
            break
        body = _joined(found[start:end])
        if body:
            complete.append(Statement(body, found[end].text))
        start = end + 1
    return Split(tuple(complete), _joined(found[start:]))


def is_empty(text: str) -> bool:
    """Whether there is nothing but spaces and comments."""
    return all(token.kind in _HIDDEN for token in tokens(text))


def _joined(found: Sequence[Token]) -> str:
    return "".join(token.text for token in found).strip(_TRIMMED)


def _end(found: Sequence[Token], start: int) -> int | None:
    """The place of the delimiter that ends the statement beginning at `start`."""
    if not _has_function(found, start):
        return next((place for place in range(start, len(found)) if found[place].kind is Kind.DELIMITER), None)
    words = [place for place in range(start, len(found)) if found[place].kind not in _HIDDEN]
    depth = 0
    for number, place in enumerate(words):
        token = found[place]
        if token.kind is Kind.DELIMITER and depth <= 0:
            return place
        previous = found[words[number - 1]].upper if number else ""
        if token.upper == "END":
            depth -= 1
        elif previous != "END" and _opens(found, words, number):
            depth += 1
    return None


def _has_function(found: Sequence[Token], start: int) -> bool:
    """Whether a statement defines a function: CREATE [OR REPLACE] FUNCTION, [EXPLAIN …] WITH FUNCTION."""
    words: list[str] = []
    for place in range(start, len(found)):
        token = found[place]
        if token.kind in _HIDDEN:
            continue
        if token.kind is Kind.DELIMITER or len(words) > 30:
            return False
        words.append(token.upper)
        if token.upper == "FUNCTION" and words[0] in ("CREATE", "WITH", "EXPLAIN"):
            return words[-2] in ("CREATE", "REPLACE", "WITH")
    return False


def _opens(found: Sequence[Token], words: Sequence[int], number: int) -> bool:
    """Whether the word opens what an END closes."""
    word = found[words[number]].upper
    following = found[words[number + 1]].text if number + 1 < len(words) else ""
    if word in ("BEGIN", "CASE", "LOOP", "WHILE"):
        return True
    if word == "REPEAT":
        return following != "("
    return word == "IF" and _is_statement(found, words, number)


def _is_statement(found: Sequence[Token], words: Sequence[int], number: int) -> bool:
    """IF is a function too; the statement has its THEN before anything that could end the function's place."""
    depth = 0
    for place in words[number + 1 :]:
        word = found[place].upper
        if word in ("(", "CASE"):
            depth += 1
        elif word == ")" or (word == "END" and depth):
            depth -= 1
        elif depth == 0 and word == "THEN":
            return True
        if depth < 0 or (depth == 0 and word in ("WHEN", "ELSE", "END", ";", "\\G")):
            return False
    return False
