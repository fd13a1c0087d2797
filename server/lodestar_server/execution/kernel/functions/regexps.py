"""Regular expressions: by DuckDB where the pattern is constant and its engine agrees with Trino's, else in Python."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.lists import mapped
from lodestar_server.execution.kernel.functions.python.regexps import duckdb_replacement
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.regexp import Pattern, PatternError, parse_pattern
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Lambda


def _pattern(call: ScalarCall) -> Pattern | None:
    """The constant pattern, None for one that differs from row to row or is not valid."""
    text = call.constant(1)
    if not isinstance(text, str):
        return None
    try:
        return parse_pattern(text)
    except PatternError:
        return None


def _native(call: ScalarCall, *, repeating: bool) -> Sql | None:
    """The pattern for DuckDB. With `repeating` it must not match the empty text: engines go on differently then."""
    pattern = _pattern(call)
    if pattern is None or pattern.re2 is None or (repeating and pattern.nullable):
        return None
    return sql.text(pattern.re2)


def _guarded(call: ScalarCall, native: Callable[[Sql], Sql], python: Callable[[Sql], Sql]) -> Sql:
    """DuckDB's answer; Python's where `$` may stand before the last line feed of a text."""
    pattern = _pattern(call)
    assert pattern is not None
    if not pattern.ends:
        return native(call.arguments[0])
    return sql.let(
        call.arguments[0],
        lambda text: sql.fragment(
            "CASE WHEN ends_with({0}, chr(10)) THEN {1} ELSE {2} END", text, python(text), native(text)
        ),
    )


@scalar("regexp_like")
def _regexp_like(call: ScalarCall) -> Sql:
    pattern = _native(call, repeating=False)
    if pattern is None:
        return sql.call("trino_regexp_like", *call.arguments)
    return _guarded(
        call,
        lambda text: sql.call("regexp_matches", text, pattern),
        lambda text: sql.call("trino_regexp_like", text, call.arguments[1]),
    )


def _group(call: ScalarCall) -> tuple[Sql, int | None]:
    """The group argument, and its value where that is constant and the group takes part in every match."""
    if len(call.arguments) == 2:
        return sql.number(0), 0
    value = call.constant(2)
    pattern = _pattern(call)
    safe = isinstance(value, int) and pattern is not None and 0 <= value <= pattern.group_count
    if not safe or pattern is None or value in pattern.optional:
        return sql.cast(call.arguments[2], "BIGINT"), None
    return call.arguments[2], value


@scalar("regexp_extract")
def _regexp_extract(call: ScalarCall) -> Sql:
    native = _native(call, repeating=False)
    group, value = _group(call)

    def in_python(text: Sql) -> Sql:
        return sql.call("trino_regexp_extract", text, call.arguments[1], group)

    if native is None or value is None:
        return in_python(call.arguments[0])
    pattern = _pattern(call)
    assert pattern is not None

    def extracted(text: Sql) -> Sql:
        return sql.fragment(f"regexp_extract({{0}}, {{1}}, {value})", text, native)

    if value == 0 and not pattern.nullable:
        # DuckDB gives the empty text for no match, which cannot be a match.
        return _guarded(call, lambda text: sql.fragment("nullif({0}, '')", extracted(text)), in_python)

    def if_found(text: Sql) -> Sql:
        return sql.let(text, lambda t: sql.case([(sql.call("regexp_matches", t, native), extracted(t))]))

    return _guarded(call, if_found, in_python)


@scalar("regexp_extract_all")
def _regexp_extract_all(call: ScalarCall) -> Sql:
    native = _native(call, repeating=True)
    group, value = _group(call)

    def in_python(text: Sql) -> Sql:
        return sql.call("trino_regexp_extract_all", text, call.arguments[1], group)

    if native is None or value is None:
        return in_python(call.arguments[0])
    function = f"regexp_extract_all({{0}}, {{1}}, {value})"
    return _guarded(call, lambda text: sql.fragment(function, text, native), in_python)


@scalar("regexp_count", "regexp_split")
def _regexp_count(call: ScalarCall) -> Sql:
    native = _native(call, repeating=True)

    def in_python(text: Sql) -> Sql:
        return sql.call(f"trino_{call.function.name}", text, call.arguments[1])

    if native is None:
        return in_python(call.arguments[0])
    function = "string_split_regex({0}, {1})"
    if call.function.name == "regexp_count":
        function = "CAST(len(regexp_extract_all({0}, {1})) AS BIGINT)"
    return _guarded(call, lambda text: sql.fragment(function, text, native), in_python)


@scalar("regexp_position")
def _regexp_position(call: ScalarCall) -> Sql:
    given = [sql.cast(one, "BIGINT") for one in call.arguments[2:]]
    defaults = [sql.number(1)] * (2 - len(given))
    return sql.call("trino_regexp_position", *call.arguments[:2], *given, *defaults)


@scalar("regexp_replace")
def _regexp_replace(call: ScalarCall) -> Sql:
    text, pattern = call.arguments[:2]
    if len(call.arguments) == 2:
        replacement, written = sql.text(""), ""
    elif isinstance(call.expressions[2], Lambda):
        return _replaced_by_lambda(call)
    else:
        replacement, written = call.arguments[2], call.constant(2)

    def in_python(text: Sql) -> Sql:
        return sql.call("trino_regexp_replace", text, pattern, replacement)

    native = _native(call, repeating=True)
    parsed = _pattern(call)
    for_duckdb = None
    if parsed is not None and isinstance(written, str):
        try:
            for_duckdb = duckdb_replacement(written, parsed)
        except ValueError:
            # It is an error only where something matches.
            for_duckdb = None
    if native is None or for_duckdb is None:
        return in_python(text)
    made = "regexp_replace({0}, {1}, {2}, 'g')"
    return _guarded(call, lambda value: sql.fragment(made, value, native, sql.text(for_duckdb)), in_python)


def _replaced_by_lambda(call: ScalarCall) -> Sql:
    """The lambda gets the groups of each match."""

    def piece(one: Sql) -> Sql:
        groups = sql.field(one, "groups")
        replaced = sql.case([(sql.is_not_null(groups), sql.let(groups, lambda g: call.apply(2, g)))])
        return sql.fragment("({0} || coalesce({1}, ''))", sql.field(one, "before"), replaced)

    found = sql.call("trino_regexp_matches", *call.arguments[:2])
    return sql.fragment("array_to_string({0}, '')", mapped(found, piece))
