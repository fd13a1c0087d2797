"""What may be completed at a place of a text. Pure; the names come from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from lodestar.cli.sql.tokens import Kind, Token, tokens
from lodestar.cli.sql.words import KEYWORDS


class Wanted(Enum):
    """Which names fit."""

    NOTHING = "nothing"
    RELATION = "a table, or a schema or catalog on the way to it"
    SCHEMA = "a schema, or a catalog on the way to it"
    CATALOG = "a catalog"
    EXPRESSION = "a column, a function"


@dataclass(frozen=True, slots=True)
class Place:
    """A word in the making.

    `prefix` is the part before the cursor, `qualifiers` the names before it with dots between. `relations` are the
    tables that the statement names (each a tuple of its parts), by the name that stands for it.
    """

    prefix: str
    qualifiers: tuple[str, ...]
    wanted: Wanted
    relations: dict[str, tuple[str, ...]]
    quoted: bool = False


_BEFORE_RELATION = frozenset({"FROM", "JOIN", "INTO", "UPDATE", "TABLE", "DESCRIBE", "DESC", "ANALYZE", "VIEW"})
_ENDS_RELATIONS = frozenset(
    {"WHERE", "GROUP", "ORDER", "HAVING", "SELECT", "SET", "VALUES", "LIMIT", "UNION", "ON", "USING", "WHEN"}
)
_HIDDEN = frozenset({Kind.SPACE, Kind.COMMENT})
_NAMES = frozenset({Kind.NAME, Kind.QUOTED_NAME, Kind.KEYWORD})
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


def find_place(text: str, cursor: int) -> Place:
    """What stands at the cursor, and around it in the same statement."""
    before = list(tokens(text[:cursor], vertical=True))
    start = 1 + max((place for place, token in enumerate(before) if token.kind is Kind.DELIMITER), default=-1)
    before = before[start:]
    prefix, quoted = "", False
    if before and before[-1].kind in (Kind.STRING, Kind.COMMENT, Kind.NUMBER) and before[-1].text[-1] != "\n":
        return Place("", (), Wanted.NOTHING, {})
    opened = next((place for place, token in enumerate(before) if token.kind is Kind.UNRECOGNIZED), None)
    if opened is not None and before[opened].text == '"':
        prefix, quoted = "".join(token.text for token in before[opened + 1 :]), True
        before = before[:opened]
    elif before and before[-1].kind in (Kind.NAME, Kind.KEYWORD):
        prefix = before.pop().text
    qualifiers: list[str] = []
    while len(before) > 1 and before[-1].text == "." and before[-2].kind in _NAMES:
        qualifiers.insert(0, plain_name(before[-2].text))
        before = before[:-2]
    words = [token for token in before if token.kind not in _HIDDEN]
    behind = _until_delimiter(text[cursor:])
    relations = find_relations([*words, *behind])
    return Place(prefix, tuple(qualifiers), _wanted(words), relations, quoted)


def _until_delimiter(text: str) -> list[Token]:
    found = []
    for token in tokens(text, vertical=True):
        if token.kind is Kind.DELIMITER:
            break
        if token.kind not in _HIDDEN:
            found.append(token)
    return found


def _wanted(words: Sequence[Token]) -> Wanted:
    upper = [token.upper for token in words]
    if not upper:
        return Wanted.NOTHING
    if upper[-1] == "USE":
        return Wanted.SCHEMA
    if upper[0] == "SHOW" and upper[-1] in ("FROM", "IN"):
        return {"SCHEMAS": Wanted.CATALOG, "TABLES": Wanted.SCHEMA}.get(upper[1], Wanted.RELATION)
    if upper[-1] in _BEFORE_RELATION or (upper[-1] == "EXISTS" and "TABLE" in upper[:4]):
        return Wanted.RELATION
    if upper[-1] == "," and _in_from(words):
        return Wanted.RELATION
    if upper[0] in (
        "SELECT",
        "WITH",
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "EXPLAIN",
        "VALUES",
        "(",
        "CALL",
        "PREPARE",
    ):
        return Wanted.EXPRESSION
    return Wanted.NOTHING


def _in_from(words: Sequence[Token]) -> bool:
    """Whether the clause at the end is FROM, not inside brackets opened later."""
    depth = 0
    for token in reversed(words):
        if token.text == ")":
            depth += 1
        elif token.text == "(":
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0 and token.upper == "FROM":
            return True
        elif depth == 0 and token.upper in _ENDS_RELATIONS:
            return False
    return False


def find_relations(words: Sequence[Token]) -> dict[str, tuple[str, ...]]:
    """The tables behind FROM, JOIN, INTO, UPDATE, by alias or by their own last name."""
    found: dict[str, tuple[str, ...]] = {}
    place = 0
    expecting = False
    while place < len(words):
        token = words[place]
        place += 1
        if token.upper in ("FROM", "JOIN", "INTO", "UPDATE"):
            expecting = True
        elif token.upper in _ENDS_RELATIONS:
            expecting = False
        elif token.text == ",":
            expecting = expecting or _in_from(words[:place])
        elif expecting and (token.kind in (Kind.NAME, Kind.QUOTED_NAME) or token.upper not in _RESERVED):
            parts, place = _read_name(words, place - 1)
            alias, place = _read_alias(words, place)
            if parts:
                found[alias or parts[-1]] = parts
            expecting = False
    return found


_RESERVED = KEYWORDS


def _read_name(words: Sequence[Token], place: int) -> tuple[tuple[str, ...], int]:
    parts = []
    while place < len(words) and words[place].kind in _NAMES:
        parts.append(plain_name(words[place].text))
        place += 1
        if place < len(words) and words[place].text == ".":
            place += 1
        else:
            break
    return tuple(parts), place


def _read_alias(words: Sequence[Token], place: int) -> tuple[str | None, int]:
    if place < len(words) and words[place].upper == "AS":
        place += 1
    if place < len(words) and words[place].kind in (Kind.NAME, Kind.QUOTED_NAME):
        return plain_name(words[place].text), place + 1
    return None, place


def plain_name(text: str) -> str:
    """A name as the server has it: without quotes, or in lower case."""
    if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
        return text[1:-1].replace('""', '"')
    return text.lower()


def written_name(name: str) -> str:
    """A name as it must be written."""
    if _PLAIN.fullmatch(name) and name.upper() not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'
