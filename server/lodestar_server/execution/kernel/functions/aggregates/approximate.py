"""Approximate aggregates: distinct values are counted as Trino estimates them, the rest is exact."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import identity_key
from lodestar_server.execution.kernel.encoding.text import key_text
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.aggregates.checksum import has_hash, unhashed
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.lowering.context import GATHERING_SLOT, slot
from lodestar_server.execution.kernel.sketches.hyperloglog import STANDARD_ERROR
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT
from lodestar_server.spi.types import BOOLEAN, DOUBLE, REAL, UNKNOWN, ArrayType

_MIN_ERROR, _MAX_ERROR = 0.0040625, 0.26000


def _last(call: GroupCall) -> str:
    """What finds the parameter of the last row; over a window DuckDB's `last` takes no FILTER."""
    return "last" if call.over is None else "any_value"


@aggregate("approx_distinct")
def _approx_distinct(call: GroupCall) -> Sql:
    value, type_ = call.arguments[0], call.types[0]
    present = sql.conjunction([sql.is_not_null(one) for one in call.arguments])
    if type_ in (BOOLEAN, UNKNOWN) or not has_hash(type_):
        # Nobody asks for the error.
        where = present if len(call.arguments) > 1 else None
        return call.apply("count", identity_key(value, type_), order=(), distinct=True, where=where)
    counted, kind = unhashed(value, type_)
    # To drop what comes again takes longer than to hash it again, but less memory.
    distinct = slot(GATHERING_SLOT) if call.bounded else True
    values = call.apply("list", counted, order=(), distinct=distinct, where=present)

    def estimate(v: Sql, error: Sql) -> Sql:
        return sql.call(f"trino_distinct_{kind}", v, error)

    if len(call.arguments) == 1:
        return estimate(values, sql.fragment(f"CAST({STANDARD_ERROR} AS DOUBLE)"))
    error = call.apply(_last(call), call.arguments[1], order=(), distinct=False, where=present)

    def checked(v: Sql, e: Sql) -> Sql:
        message = sql.chain(
            "||",
            [sql.text(f"Max standard error must be in [{_MIN_ERROR}, {_MAX_ERROR:.2f}]: "), key_text(e, DOUBLE)],
        )
        outside = sql.fragment(f"{{0}} NOT BETWEEN {_MIN_ERROR} AND {_MAX_ERROR}", e)
        return sql.case([(outside, call.fail(message))], estimate(v, e))

    return sql.let_all((values, error), checked)


_WITH_ACCURACY = 4
"""Arguments: value, weight, percentile, and how exact the answer has to be; ours is exact."""


@aggregate("approx_percentile")
def _approx_percentile(call: GroupCall) -> Sql:
    """The value at index floor(p * n) of the sorted values; a weight repeats its value, NULLs do not count."""
    with_accuracy = len(call.arguments) == _WITH_ACCURACY
    position = 2 if with_accuracy else len(call.arguments) - 1
    percentile = call.arguments[position]
    weighted = position == 2
    complete = sql.conjunction([sql.is_not_null(one) for one in call.arguments])
    # DuckDB computes arguments for rows that FILTER drops too.
    counts = complete if call.filter is None else sql.conjunction([complete, call.filter])
    value = call.arguments[0] if with_accuracy else _finite_value(call, counts)
    item = sql.struct(v=value, w=_checked_weight(call, counts, at_least_one=not with_accuracy)) if weighted else value
    rows = call.apply("list", item, order=[sql.fragment("{0} ASC", item)], where=complete)
    wanted = call.apply(_last(call), percentile, order=(), distinct=False, where=complete)
    pick = _weighted_pick if weighted else _plain_pick

    def picked(r: Sql, p: Sql) -> Sql:
        return sql.let(_checked_percentile(call, p), lambda checked: pick(r, checked))

    def found(r: Sql, p: Sql) -> Sql:
        if isinstance(call.types[position], ArrayType):
            return sql.call("list_transform", p, sql.function_of(lambda one: picked(r, one)))
        return picked(r, p)

    return sql.let_all((rows, wanted), lambda r, p: sql.case([(sql.is_not_null(r), found(r, p))]))


def _finite_value(call: GroupCall, counts: Sql) -> Sql:
    value, type_ = call.arguments[0], call.types[0]
    if type_ not in (DOUBLE, REAL):
        return value
    message = sql.chain("||", [sql.text("value must be finite; was "), key_text(value, type_)])
    raised = call.context.fail(INVALID_FUNCTION_ARGUMENT, message, duckdb_type(type_))
    return sql.case([(sql.fragment("NOT isfinite({0}) AND {1}", value, counts), raised)], value)


def _checked_weight(call: GroupCall, counts: Sql, *, at_least_one: bool) -> Sql:
    weight = sql.cast(call.arguments[1], "DOUBLE")
    shown = key_text(weight, DOUBLE)
    infinite, small = (
        call.context.fail(INVALID_FUNCTION_ARGUMENT, sql.chain("||", [sql.text(text), shown]), "DOUBLE")
        for text in ("weight must be finite, was ", "weight must be >= 1, was ")
    )
    if not at_least_one:
        return weight
    return sql.case(
        [
            (sql.fragment("NOT isfinite({0}) AND {1}", weight, counts), infinite),
            (sql.fragment("{0} < 1 AND {1}", weight, counts), small),
        ],
        weight,
    )


def _checked_percentile(call: GroupCall, percentile: Sql) -> Sql:
    def fail(message: str) -> Sql:
        return call.context.fail(INVALID_FUNCTION_ARGUMENT, message, "DOUBLE")

    return sql.case(
        [
            (sql.is_null(percentile), fail("Percentile cannot be null")),
            (sql.fragment("{0} NOT BETWEEN 0 AND 1", percentile), fail("Percentile must be between 0 and 1")),
        ],
        percentile,
    )


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
