"""Approximate aggregates: distinct values are counted as Trino estimates them, the rest is exact."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import identity_key
from lodestar_server.execution.kernel.encoding.text import key_text
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.aggregates.checksum import has_hash, unhashed
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.lowering.context import GATHERING_SLOT, slot
from lodestar_server.execution.kernel.sketches.hyperloglog import STANDARD_ERROR
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import ArrayConstructor, Cast, Constant, Expression
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT
from lodestar_server.spi.types import BOOLEAN, DOUBLE, REAL, UNKNOWN, ArrayType, DecimalType

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
    weighted = position == 2
    complete = sql.conjunction([sql.is_not_null(one) for one in call.arguments])
    # DuckDB computes arguments for rows that FILTER drops too.
    counts = complete if call.filter is None else sql.conjunction([complete, call.filter])
    value = call.arguments[0] if with_accuracy else _finite_value(call, counts)
    if not weighted or _equal_weights(call):
        quantiles = _by_quantiles(call, value, complete, _written(call.expressions[position]))
        if quantiles is not None:
            return quantiles
    item = sql.struct(v=value, w=_checked_weight(call, counts, at_least_one=not with_accuracy)) if weighted else value
    rows = call.apply("list", item, order=[sql.fragment("{0} ASC", item)], where=complete)
    wanted = call.apply(_last(call), call.arguments[position], order=(), distinct=False, where=complete)
    several = isinstance(call.types[position], ArrayType)
    pick = _weighted_pick if weighted else _plain_pick

    def found(r: Sql, p: Sql) -> Sql:
        percentiles = p if several else sql.fragment("[{0}]", p)
        checked = sql.call("list_transform", percentiles, sql.function_of(lambda one: _checked_percentile(call, one)))
        values = pick(r, checked)
        return values if several else sql.fragment("{0}[1]", values)

    return sql.let_all((rows, wanted), lambda r, p: sql.case([(sql.is_not_null(r), found(r, p))]))


def _equal_weights(call: GroupCall) -> bool:
    weight = call.constant(1)
    return isinstance(weight, float) and isfinite(weight) and weight >= 1


_EXACT_DIGITS = 9
"""Of a percentile behind its point that DuckDB's own function takes."""
_LEAST = Decimal("1e-15")


def _written(percentile: Expression) -> list[float | None]:
    """The numbers of a percentile, or of an array of them; None for one that is not a constant."""
    match percentile:
        case Cast(value=ArrayConstructor(elements=elements)) | ArrayConstructor(elements=elements):
            return [one for element in elements for one in _written(element)]
        case Constant(value=int() as digits, value_type=DecimalType(scale=scale)):
            return [float(Decimal(digits).scaleb(-scale))]
        case Constant(value=float() as number):
            return [number]
    return [None]


def _by_quantiles(call: GroupCall, value: Sql, complete: Sql, wanted: list[float | None]) -> Sql | None:
    """By DuckDB's own function, which keeps no list for each frame and sorts nothing whole.

    None when a percentile is not a constant with few digits.
    """
    exact = [_exact_percentile(one) for one in wanted]
    given = [one for one in exact if one is not None]
    if not given or len(given) < len(exact):
        return None
    several = isinstance(call.result, ArrayType)
    # The product of doubles may be less than the whole number that it stands for: Trino then takes the value before.
    rounded = [one for one, double in zip(given, wanted, strict=True) if Decimal(double or 0) < one < 1]
    parts = ", ".join(map(_from_above, [*given, *(one - _LEAST for one in rounded)]))
    values = call.apply("quantile_disc", value, sql.fragment(f"[{parts}]"), order=(), distinct=False, where=complete)
    number = call.apply("count", value, order=(), distinct=False, where=complete)

    def picked(v: Sql, n: Sql) -> Sql:
        found = [_pick_of(v, n, index, rounded, len(given), one) for index, one in enumerate(given)]
        if not several:
            return found[0]
        listed = ", ".join(f"{{{index}}}" for index in range(len(found)))
        return sql.case([(sql.is_not_null(v), sql.fragment(f"[{listed}]", *found))])

    return sql.let_all((values, number), picked) if rounded else sql.let(values, lambda v: picked(v, v))


def _exact_percentile(percentile: float | None) -> Decimal | None:
    if percentile is None or not 0 <= percentile <= 1:
        return None
    exact = Decimal(repr(percentile))
    return exact if exact == round(exact, _EXACT_DIGITS) else None


def _from_above(part: Decimal) -> str:
    """From above DuckDB's index n - ceil(n * (1 - part)) is floor(n * part), in decimals without an error."""
    return f"CAST(-{max(1 - part, _LEAST):f} AS DECIMAL(18, 15))"


def _pick_of(values: Sql, number: Sql, index: int, rounded: list[Decimal], behind: int, part: Decimal) -> Sql:
    picked = sql.fragment(f"{{0}}[{index + 1}]", values)
    if part not in rounded:
        return picked
    before = sql.fragment(f"{{0}}[{behind + rounded.index(part) + 1}]", values)
    short = sql.fragment(
        f"floor(CAST({float(part)!r} AS DOUBLE) * {{0}}) < floor(CAST({part:f} AS DECIMAL(18, 9)) * {{0}})", number
    )
    return sql.case([(short, before)], picked)


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


def _plain_pick(rows: Sql, percentiles: Sql) -> Sql:
    def one(percentile: Sql) -> Sql:
        index = "CAST(least(floor({1} * len({0})) + 1, len({0})) AS BIGINT)"
        return sql.fragment(f"{{0}}[{index}]", rows, percentile)

    return sql.call("list_transform", percentiles, sql.function_of(one))


def _weighted_pick(rows: Sql, percentiles: Sql) -> Sql:
    """The first values at which the weights so far pass the part of their sum."""
    weights = sql.call("list_transform", rows, sql.function_of(lambda row: sql.field(row, "w")))
    indexes = sql.call("trino_weighted_positions", weights, percentiles)
    value = sql.function_of(lambda index: sql.field(sql.fragment("{0}[{1}]", rows, index), "v"))
    return sql.call("list_transform", indexes, value)


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
