"""Approximate aggregates, answered exactly: within every bound that Trino promises."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import identity_key
from lodestar_server.execution.kernel.encoding.text import key_text
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT
from lodestar_server.spi.types import DOUBLE, ArrayType

_MIN_ERROR, _MAX_ERROR = 0.0040625, 0.26000


@aggregate("approx_distinct")
def _approx_distinct(call: GroupCall) -> Sql:
    key = identity_key(call.arguments[0], call.types[0])
    counted = call.apply("count", key, order=(), distinct=True)
    if len(call.arguments) == 1:
        return counted
    error = sql.call("any_value", call.arguments[1]) if call.over is None else call.arguments[1]

    def checked(e: Sql, n: Sql) -> Sql:
        message = sql.chain(
            "||",
            [sql.text(f"Max standard error must be in [{_MIN_ERROR}, {_MAX_ERROR:.2f}]: "), key_text(e, DOUBLE)],
        )
        outside = sql.fragment(f"{{0}} NOT BETWEEN {_MIN_ERROR} AND {_MAX_ERROR}", e)
        return sql.case([(outside, call.fail(message))], n)

    return sql.let_all((error, counted), checked)


@aggregate("approx_percentile")
def _approx_percentile(call: GroupCall) -> Sql:
    """The value at index floor(p * n) of the sorted values; a weight repeats its value."""
    value = call.arguments[0]
    percentile = call.arguments[-1]
    weighted = len(call.arguments) == 3 and not isinstance(call.types[1], ArrayType)
    if weighted:
        weight = sql.cast(call.arguments[1], "DOUBLE")
        shown = key_text(weight, DOUBLE)
        bad = call.context.fail(
            INVALID_FUNCTION_ARGUMENT, sql.chain("||", [sql.text("weight must be >= 1, was "), shown]), "DOUBLE"
        )
        checked = sql.case([(sql.fragment("{0} < 1", weight), bad)], weight)
        present = sql.conjunction([sql.is_not_null(one) for one in (value, weight, percentile)])
        rows = call.apply(
            "list",
            sql.struct(v=value, w=checked),
            order=[sql.fragment("{0} ASC", value)],
            where=present,
        )
    else:
        present = sql.conjunction([sql.is_not_null(value), sql.is_not_null(percentile)])
        rows = call.apply("list", value, order=[sql.fragment("{0} ASC", value)], where=present)
    # Each row sets the percentile anew.
    wanted = percentile if call.over is not None else call.apply("last", percentile, order=(), where=present)
    out_of_range = call.context.fail(INVALID_FUNCTION_ARGUMENT, "Percentile must be between 0 and 1", "DOUBLE")
    missing = call.context.fail(INVALID_FUNCTION_ARGUMENT, "Percentile cannot be null", "DOUBLE")
    in_range = sql.function_of(
        lambda p: sql.case([(sql.is_null(p), missing), (sql.fragment("NOT ({0} BETWEEN 0 AND 1)", p), out_of_range)], p)
    )
    pick = _weighted_pick if weighted else _plain_pick
    several = isinstance(call.types[-1], ArrayType)

    def picked(rows: Sql, given: Sql) -> Sql:
        checked = sql.call("list_transform", given if several else sql.fragment("[{0}]", given), in_range)
        found = sql.call("list_transform", checked, sql.function_of(lambda p: pick(rows, p)))
        return sql.case([(sql.is_not_null(rows), found if several else sql.fragment("{0}[1]", found))])

    return sql.let_all((rows, wanted), picked)


def _plain_pick(rows: Sql, percentile: Sql) -> Sql:
    index = "CAST(least(floor({1} * len({0})) + 1, len({0})) AS BIGINT)"
    return sql.fragment(f"{{0}}[{index}]", rows, percentile)


def _weighted_pick(rows: Sql, percentile: Sql) -> Sql:
    """The first value at which the weights so far reach the part of their sum."""
    return sql.call("trino_weighted_percentile", rows, percentile)


@aggregate("numeric_histogram")
def _numeric_histogram(call: GroupCall) -> Sql:
    buckets, value = call.arguments[:2]
    weight = call.arguments[2] if len(call.arguments) == 3 else sql.fragment("CAST(1 AS DOUBLE)")
    present = sql.fragment("({0} IS NOT NULL AND {1} IS NOT NULL AND {2} IS NOT NULL)", buckets, value, weight)
    rows = call.apply("list", sql.struct(v=sql.cast(value, "DOUBLE"), w=weight), where=present)
    number = sql.call("any_value", buckets) if call.over is None else buckets
    too_few = call.fail("numeric_histogram bucket count must be greater than one")

    def made(r: Sql, n: Sql) -> Sql:
        entries = sql.fragment("map_from_entries(trino_numeric_histogram({0}, {1}))", n, r)
        return sql.case(
            [(sql.is_null(r), sql.typed_null(call.held)), (sql.fragment("{0} < 2", n), too_few)],
            sql.cast(entries, call.held),
        )

    return sql.let_all((rows, number), made)
