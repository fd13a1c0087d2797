"""Functions of arrays that take a lambda."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import all_true
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.array_sets import element_of
from lodestar_server.execution.kernel.functions.arrays import positions
from lodestar_server.execution.kernel.functions.lists import any_true, mapped
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql


@scalar("transform")
def _transform(call: ScalarCall) -> Sql:
    return sql.call("list_transform", *call.arguments)


@scalar("filter")
def _filter(call: ScalarCall) -> Sql:
    return sql.call("list_filter", *call.arguments)


@scalar("any_match")
def _any_match(call: ScalarCall) -> Sql:
    return any_true(sql.call("list_transform", *call.arguments))


@scalar("all_match")
def _all_match(call: ScalarCall) -> Sql:
    return all_true(sql.call("list_transform", *call.arguments))


@scalar("none_match")
def _none_match(call: ScalarCall) -> Sql:
    return sql.negation(_any_match(call))


@scalar("zip_with")
def _zip_with(call: ScalarCall) -> Sql:
    def zipped(left: Sql, right: Sql) -> Sql:
        def one(index: Sql) -> Sql:
            parts = (sql.fragment("{0}[{1}]", array, index) for array in (left, right))
            return sql.let_all(tuple(parts), lambda a, b: call.apply(2, a, b))

        made = mapped(positions(left, right), one)
        nulls = sql.fragment("{0} IS NULL OR {1} IS NULL", left, right)
        return sql.case([(nulls, sql.typed_null(call.held))], made)

    return sql.let_all(call.arguments[:2], zipped)


@scalar("reduce")
def _reduce(call: ScalarCall) -> Sql:
    """DuckDB wants one type for elements and state: where they differ, a struct holds the state beside the element."""
    array, start = call.arguments[:2]
    element, state = duckdb_type(element_of(call)), duckdb_type(call.types[1])
    if element == state:
        alike = sql.function_of(lambda done, one: sql.cast(call.apply(2, done, one), state), 2)
        last = sql.call("list_reduce", array, alike, sql.cast(start, state))
        return sql.case([(sql.is_not_null(array), sql.let(last, lambda one: call.apply(3, one)))])

    def pair(held: Sql, value: Sql) -> Sql:
        return sql.struct(s=held, x=value)

    nothing = sql.typed_null(state)
    pairs = mapped(array, lambda one: pair(nothing, one))
    step = sql.function_of(
        lambda done, one: pair(
            sql.cast(call.apply(2, sql.field(done, "s"), sql.field(one, "x")), state), sql.typed_null(element)
        ),
        2,
    )
    folded = sql.call("list_reduce", pairs, step, pair(sql.cast(start, state), sql.typed_null(element)))
    # DuckDB forgets the type of the field when the array is a constant NULL.
    result = sql.let(sql.cast(sql.field(folded, "s"), state), lambda last: call.apply(3, last))
    return sql.case([(sql.is_not_null(array), result)])
