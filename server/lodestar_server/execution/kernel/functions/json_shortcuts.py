"""SQL/JSON by DuckDB's own extraction, where that is sure to give Trino's answer; elsewhere the path is evaluated.

A path of names and places (`lax $.a.b[0]`) that DuckDB finds has met objects and arrays as it names them, so nothing
was unwrapped or wrapped. What could differ is asked of the text: names that come twice (Trino takes the last one,
DuckDB the first), escapes, arrays where nothing was found, and what only DuckDB takes for JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.functions.jsonpath import parse_path, tree
from lodestar_server.spi.types import INTEGRAL_TYPES, VARCHAR, Type
from lodestar_server.spi.values import frozen

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_ -]+")
_MAX_STEPS = 8


@frozen
class Shortcut:
    """A path as DuckDB takes it."""

    steps: tuple[str | int, ...]

    @property
    def path(self) -> Sql:
        """DuckDB's text."""
        return sql.text("$" + "".join(f"[{one}]" if isinstance(one, int) else f'."{one}"' for one in self.steps))

    @property
    def names_only(self) -> bool:
        """Without places in arrays."""
        return all(isinstance(one, str) for one in self.steps)

    def is_sure(self, text: Sql, *, last_too: bool) -> Sql:
        """No name of the path comes twice in the text, and Trino takes it for JSON. `last_too`: nor the last name."""
        names = [one for one in (self.steps if last_too else self.steps[:-1]) if isinstance(one, str)]
        once = [sql.fragment("{0} NOT LIKE {1}", text, sql.text(_twice(one))) for one in dict.fromkeys(names)]
        unescaped = [sql.fragment("NOT contains({0}, '\\')", text)] if names else []
        return sql.chain("AND", [*unescaped, *once, sql.fragment("NOT trino_is_lenient_json({0})", text)])


def _twice(name: str) -> str:
    # An underscore stands for any character, which only makes the question more cautious.
    return f'%"{name}"%"{name}"%'


def find_shortcut(call: dict[str, Any], type_: Type) -> Shortcut | None:
    """The path of a call over text without variables, if it has names and places only."""
    if call.get("input", "text") != "text" or call.get("variables") or type_.base != VARCHAR.base:
        return None
    path = parse_path(call["path"])
    steps: list[str | int] = []
    node = path.root
    while not isinstance(node, tree.Context):
        match node:
            case tree.Member(base, str(name)) if _PLAIN_NAME.fullmatch(name):
                steps.append(name)
            case tree.Elements(base, ((tree.Literal(_, int(place)), None),)) if 0 <= place < 2**31:
                steps.append(place)
            case _:
                return None
        node = base
    return Shortcut(tuple(reversed(steps))) if path.lax and 0 < len(steps) <= _MAX_STEPS else None


def exists(shortcut: Shortcut, document: Sql, general: Callable[[Sql], Sql]) -> Sql:
    """JSON_EXISTS: `general` where the text does not decide."""

    def decided(text: Sql) -> Sql:
        found = sql.attempt(sql.call("json_exists", text, shortcut.path))
        sure = shortcut.is_sure(text, last_too=False)
        branches = [(sql.chain("AND", [found, sure]), sql.TRUE)]
        if shortcut.names_only:
            absent = sql.fragment("NOT {0} AND NOT contains({1}, '[') AND {2}", found, text, sure)
            branches.append((absent, sql.FALSE))
        return sql.case(branches, general(text))

    return sql.let(document, decided)


def value(
    shortcut: Shortcut, document: Sql, target: Type, general: Callable[[Sql], Sql], *, null_on_empty: bool
) -> Sql | None:
    """JSON_VALUE as `general` gives it: a text, or the cell of an integer. None for other types."""
    if target != VARCHAR and target not in INTEGRAL_TYPES:
        return None

    def decided(text: Sql) -> Sql:
        found = sql.attempt(sql.call("json_extract_string", text, shortcut.path))
        if target == VARCHAR:
            made, zero = sql.call("trino_sure_scalar", found), sql.text("0")
        else:
            made, zero = sql.fragment("('vinteger|' || trino_sure_integer({0}))", found), sql.text("vinteger|0")
        kind = sql.attempt(sql.call("json_type", text, shortcut.path))
        others = [
            (sql.fragment("{0} = 'NULL'", kind), sql.typed_null("VARCHAR")),
            (sql.fragment("{0} = '0' AND {1} <> 'VARCHAR'", found, kind), zero),
        ]
        return _judged(shortcut, text, made, others, general, null_on_empty)

    return sql.let(document, decided)


def query(
    shortcut: Shortcut, document: Sql, wrapper: str, general: Callable[[Sql], Sql], *, null_on_empty: bool
) -> Sql:
    """JSON_QUERY giving text, quotes kept."""

    def wrapped(found: Sql) -> Sql:
        match wrapper:
            case "WITHOUT":
                return found
            case "WITH UNCONDITIONAL":
                return sql.fragment("('[' || {0} || ']')", found)
        bare = sql.fragment("left({0}, 1) IN ('[', chr(123))", found)
        return sql.case([(bare, found)], sql.fragment("('[' || {0} || ']')", found))

    def decided(text: Sql) -> Sql:
        extracted = sql.attempt(sql.fragment("CAST(json_extract({0}, {1}) AS VARCHAR)", text, shortcut.path))
        # Nothing but what was found may be named in here: columns inside of a lambda are dear.
        made = sql.let(extracted, lambda found: sql.case([(sql.call("trino_is_written_alike", found), wrapped(found))]))
        return _judged(shortcut, text, made, [], general, null_on_empty)

    return sql.let(document, decided)


def _judged(
    shortcut: Shortcut,
    text: Sql,
    made: Sql,
    others: list[tuple[Sql, Sql]],
    general: Callable[[Sql], Sql],
    null_on_empty: bool,
) -> Sql:
    """What was made where it is sure; where it is NULL, other reasons that are sure too."""
    names = [one for one in shortcut.steps if isinstance(one, str)]
    if null_on_empty and names:
        # A name that is nowhere in the text is not found, arrays or not.
        nowhere = [sql.fragment("NOT contains({0}, {1})", text, sql.text(f'"{one}"')) for one in names]
        absent = sql.fragment("({0}) AND json_valid({1})", sql.disjunction(nowhere), text)
        others = [*others, (absent, sql.typed_null("VARCHAR"))]
    rest = sql.case(others, general(text)) if others else general(text)
    return sql.case([(shortcut.is_sure(text, last_too=True), sql.call("coalesce", made, rest))], general(text))
