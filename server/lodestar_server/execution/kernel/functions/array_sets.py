"""Arrays as sets, and looking for elements in them.

Sets go by identity: NULL and NaN are in a set once. Searching goes by equality: NaN is never found, NULL is unknown.
"""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import equals, has_own_identity, identity_key, may_be_unknown
from lodestar_server.execution.kernel.functions.lists import (
    among,
    filtered,
    filtered_with_index,
    first_of_each,
    has_null,
    joined,
    keys_of,
    mapped,
)
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import NOT_SUPPORTED
from lodestar_server.spi.types import DOUBLE, REAL, ArrayType, Type, VarcharType

_FLOATING = (DOUBLE, REAL)


def element_of(call: ScalarCall) -> Type:
    """The element type of the first argument."""
    type_ = call.types[0]
    assert isinstance(type_, ArrayType)
    return type_.element


@scalar("array_distinct", total=True)
def _array_distinct(call: ScalarCall) -> Sql:
    return sql.let(call.arguments[0], lambda array: first_of_each(array, element_of(call)))


@scalar("array_union", total=True)
def _array_union(call: ScalarCall) -> Sql:
    return call.strict(
        lambda left, right: sql.let(joined(left, right), lambda both: first_of_each(both, element_of(call)))
    )


@scalar("array_except", total=True)
def _array_except(call: ScalarCall) -> Sql:
    element = element_of(call)

    def remaining(left: Sql, right: Sql) -> Sql:
        unique = sql.let(among(left, right, element, present=False), lambda rest: first_of_each(rest, element))
        # Nothing to take away leaves even what is there twice.
        return sql.case([(sql.fragment("len({0}) = 0", right), left)], unique)

    return call.strict(remaining)


@scalar("array_intersect", total=True)
def _array_intersect(call: ScalarCall) -> Sql:
    """In the order of the longer array, of the first one when both are as long."""
    element = element_of(call)

    def common(left: Sql, right: Sql) -> Sql:
        shared = sql.fragment(
            "CASE WHEN len({0}) < len({1}) THEN {2} ELSE {3} END",
            left,
            right,
            among(right, left, element, present=True),
            among(left, right, element, present=True),
        )
        return sql.let(shared, lambda found: first_of_each(found, element))

    return call.strict(common)


@scalar("arrays_overlap", total=True)
def _arrays_overlap(call: ScalarCall) -> Sql:
    """Unknown when only NULLs could be common."""
    element = element_of(call)

    def overlap(left: Sql, right: Sql) -> Sql:
        present = filtered(left, sql.is_not_null)
        found = sql.fragment("len({0}) > 0", among(present, right, element, present=True))
        some = sql.fragment("len({0}) > 0 AND len({1}) > 0", left, right)
        unknown = sql.conjunction([some, sql.disjunction([has_null(left), has_null(right)])])
        return sql.case([(found, sql.TRUE), (unknown, sql.typed_null("BOOLEAN"))], sql.FALSE)

    return call.strict(overlap)


@scalar("array_histogram", total=True)
def _array_histogram(call: ScalarCall) -> Sql:
    element = element_of(call)
    if has_own_identity(element):
        counted = sql.call("list_histogram", call.arguments[0])
        return sql.cast(sql.let(call.arguments[0], lambda a: _counted(a, counted)), call.held)

    def counts(array: Sql) -> Sql:
        present = filtered(array, sql.is_not_null)

        def entries(values: Sql, keys: Sql) -> Sql:
            def entry(one: Sql) -> Sql:
                same = filtered(keys, lambda key: sql.binary("IS NOT DISTINCT FROM", key, identity_key(one, element)))
                return sql.struct(key=one, value=sql.fragment("CAST(len({0}) AS BIGINT)", same))

            return sql.call("map_from_entries", mapped(first_of_each(values, element), entry))

        return sql.let(present, lambda values: sql.let(keys_of(values, element), lambda keys: entries(values, keys)))

    return call.strict(counts)


def _counted(array: Sql, counted: Sql) -> Sql:
    return sql.case(
        [(sql.fragment("list_count({0}) = 0", array), sql.fragment("MAP {}")), (sql.is_not_null(array), counted)]
    )


@scalar("contains_sequence", total=True)
def _contains_sequence(call: ScalarCall) -> Sql:
    element = element_of(call)

    def contained(whole: Sql, part: Sql) -> Sql:
        starts = sql.fragment("range(1, len({0}) - len({1}) + 2)", whole, part)
        matching = filtered(starts, lambda start: sql.fragment("{0}[{1}:{1} + len({2}) - 1] = {2}", whole, start, part))
        return sql.fragment("len({0}) > 0", matching)

    return call.strict(lambda a, b: sql.let_all((keys_of(a, element), keys_of(b, element)), contained))


# Searching


@scalar("contains")
def _contains(call: ScalarCall) -> Sql:
    if isinstance(call.types[0], VarcharType):
        return sql.call("trino_network_contains", *call.arguments)
    element = element_of(call)
    if not _is_nested(element):
        key = identity_key(call.arguments[1], element)

        def native(array: Sql, value: Sql) -> Sql:
            branches = [
                (sql.fragment("{0} IS NULL OR {1} IS NULL", array, value), sql.typed_null("BOOLEAN")),
                *([(sql.call("isnan", value), sql.FALSE)] if element in _FLOATING else []),
                (sql.call("list_contains", array, value), sql.TRUE),
                (has_null(array), sql.typed_null("BOOLEAN")),
            ]
            return sql.case(branches, sql.FALSE)

        return sql.let_all((keys_of(call.arguments[0], element), key), native)

    def found(array: Sql, value: Sql) -> Sql:
        return sql.let(
            _states(call, array, value),
            lambda states: sql.case(
                [
                    (sql.fragment("list_contains({0}, 1)", states), sql.TRUE),
                    (has_null(array), sql.typed_null("BOOLEAN")),
                ],
                sql.FALSE,
            ),
        )

    return call.strict(found)


def _is_nested(element: Type) -> bool:
    return may_be_unknown(element) and element not in _FLOATING


def _states(call: ScalarCall, array: Sql, value: Sql) -> Sql:
    """1 for each element that equals the value, 0 for others. Raises where a NULL inside makes it unknown."""
    element = element_of(call)
    message = f"{call.function.name} does not support arrays with elements that are null or contain null"
    unknown = call.context.fail(NOT_SUPPORTED, message, "INTEGER")

    def state(one: Sql) -> Sql:
        if not may_be_unknown(element):
            return sql.fragment("CAST({0} AS INTEGER)", sql.call("coalesce", equals(one, value, element), sql.FALSE))
        return sql.let(
            equals(one, value, element),
            lambda answer: sql.case(
                [(sql.is_null(one), sql.number(0)), (sql.is_null(answer), unknown)],
                sql.fragment("CAST({0} AS INTEGER)", answer),
            ),
        )

    return mapped(array, state)


@scalar("array_position")
def _array_position(call: ScalarCall) -> Sql:
    element = element_of(call)
    if has_own_identity(element) and not may_be_unknown(element):
        return call.strict(
            lambda array, value: sql.fragment("CAST(coalesce(list_position({0}, {1}), 0) AS BIGINT)", array, value)
        )
    return call.strict(
        lambda array, value: sql.fragment(
            "CAST(coalesce(list_position({0}, 1), 0) AS BIGINT)", _states(call, array, value)
        )
    )


@scalar("array_remove")
def _array_remove(call: ScalarCall) -> Sql:
    element = element_of(call)
    if has_own_identity(element) and not may_be_unknown(element):
        return call.strict(lambda array, value: filtered(array, lambda one: sql.binary("IS DISTINCT FROM", one, value)))

    def rest(array: Sql, value: Sql) -> Sql:
        return sql.let(_states(call, array, value), lambda states: _where_zero(array, states))

    return call.strict(rest)


def _where_zero(array: Sql, states: Sql) -> Sql:
    return filtered_with_index(array, lambda _, index: sql.fragment("{0}[{1}] = 0", states, index))
