"""count, sum, avg, array_agg and the logical and bitwise aggregates."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_identity, identity_key
from lodestar_server.execution.kernel.functions.operators import scaled, unscaled
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.functions.short_decimals import average_in_doubles
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import (
    EXCEEDED_FUNCTION_MEMORY_LIMIT,
    GENERIC_INTERNAL_ERROR,
    NUMERIC_VALUE_OUT_OF_RANGE,
)
from lodestar_server.spi.types import BIGINT, DOUBLE, INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH, REAL, DecimalType, Type

_SUM_PRECISION = 38


def distinct_argument(call: GroupCall, index: int = 0) -> Sql:
    """An argument; under DISTINCT, what tells its values apart."""
    value, type_ = call.arguments[index], call.types[index]
    return identity_key(value, type_) if call.distinct and not has_own_identity(type_) else value


@aggregate("count")
def _count(call: GroupCall) -> Sql:
    if not call.arguments:
        return call.apply("count")
    return call.apply("count", distinct_argument(call), order=())


@aggregate("count_if")
def _count_if(call: GroupCall) -> Sql:
    # DuckDB's count_if of no rows is NULL.
    return call.apply(
        "count", sql.fragment("CASE WHEN {0} THEN 1 END", call.arguments[0]), order=(), distinct=call.distinct
    )


@aggregate("sum")
def _sum(call: GroupCall) -> Sql:
    (type_,) = call.types
    if _may_pass_128_bits(type_):

        def whole(small: Sql, great: Sql) -> Sql:
            fits = sql.fragment(
                f"TRY_CAST({{0}} AS {call.held})", sql.call("trino_sum_of_texts", great, _or_zero(small))
            )
            return sql.call("coalesce", fits, call.fail("Decimal overflow", NUMERIC_VALUE_OUT_OF_RANGE))

        return _near_and_far(call, lambda small: sql.cast(small, call.held), whole)
    if type_ == BIGINT and call.few_rows and not call.distinct:
        return _added_in_order(call)
    made = call.apply("sum", call.arguments[0], order=())
    if call.result == REAL:
        return as_real(made)
    if call.result == INTERVAL_YEAR_MONTH:
        return sql.let(made, lambda total: _months_in_an_int(call, total))
    return made if call.result == DOUBLE or isinstance(call.result, DecimalType) else sql.cast(made, call.held)


def _added_in_order(call: GroupCall) -> Sql:
    """One by one, so that the first addition that overflows is told as it is."""
    (value,) = call.arguments
    values = call.apply("list", value, where=sql.is_not_null(value))
    adding = sql.function_of(lambda total, one: sql.fragment("({0} + {1})", total, one), 2)
    return sql.fragment("list_reduce({0}, {1})", values, adding)


def _months_in_an_int(call: GroupCall, total: Sql) -> Sql:
    """Months are summed as a bigint, and are an integer again in the result."""
    kind = "for type interval year to month"
    text = sql.cast(total, "VARCHAR")
    above = sql.chain("||", [sql.text("Value "), text, sql.text(f" exceeds MAX_INT {kind}")])
    below = sql.chain("||", [sql.text("Value "), text, sql.text(f" is less than MIN_INT {kind}")])
    return sql.case(
        [
            (sql.fragment(f"{{0}} > {2**31 - 1}", total), call.fail(above, GENERIC_INTERNAL_ERROR)),
            (sql.fragment(f"{{0}} < {-(2**31)}", total), call.fail(below, GENERIC_INTERNAL_ERROR)),
        ],
        sql.cast(total, call.held),
    )


@aggregate("avg")
def _avg(call: GroupCall) -> Sql:
    (type_,) = call.types
    (value,) = call.arguments
    if isinstance(type_, DecimalType):
        return _average_decimal(call, type_)
    if type_ in (INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH):
        return sql.cast(sql.call("round", call.apply("avg", value, order=())), call.held)
    made = call.apply("avg", value, order=())
    return as_real(made) if type_ == REAL else made


_SAFE_DIGITS = 28
"""Sums of ten thousand million of such numbers fit into 128 bits."""


def _may_pass_128_bits(type_: Type) -> bool:
    """A few rows suffice. Not for decimals with a fraction, which are so wide only after multiplications."""
    return isinstance(type_, DecimalType) and type_.precision >= _SUM_PRECISION - 1 and type_.scale == 0


def _near_and_far(call: GroupCall, near: Callable[[Sql], Sql], far: Callable[[Sql, Sql], Sql]) -> Sql:
    """Over the sum of the numbers that are small enough and, where there are others, a list of their texts."""
    (value,) = call.arguments
    limit = f"CAST('1{'0' * _SAFE_DIGITS}' AS DECIMAL(38,0))"
    small = sql.fragment(f"CASE WHEN {{0}} BETWEEN -{limit} AND {limit} THEN {{0}} END", value)
    great = sql.fragment(f"{{0}} NOT BETWEEN -{limit} AND {limit}", value)
    text = sql.cast(value, "VARCHAR")
    parts = (call.apply("sum", small, order=()), call.apply("list", text, order=(), where=great))
    return sql.let_all(parts, lambda s, g: sql.case([(sql.is_null(g), near(s))], far(s, g)))


def _or_zero(value: Sql) -> Sql:
    return sql.fragment("coalesce(CAST({0} AS VARCHAR), '0')", value)


_REAL_LIMIT = "3.4028235677973366e38"


def as_real(value: Sql) -> Sql:
    """A double as a real, infinite beyond the greatest."""
    text = (
        f"CASE WHEN abs({{0}}) >= {_REAL_LIMIT} THEN CAST(CASE WHEN isnan({{0}}) THEN 'nan' WHEN {{0}} > 0 THEN 'inf' "
        "ELSE '-inf' END AS FLOAT) ELSE CAST({0} AS FLOAT) END"
    )
    return sql.let(value, lambda v: sql.fragment(text, v))


def _average_decimal(call: GroupCall, type_: DecimalType) -> Sql:
    """The exact sum divided by the count, half away from zero at the scale of the values."""
    (value,) = call.arguments
    count = call.apply("count", value, order=())
    if _may_pass_128_bits(type_):

        def whole(small: Sql, great: Sql) -> Sql:
            text = sql.call("trino_average_of_texts", great, _or_zero(small), count)
            return sql.cast(text, call.held)

        return _near_and_far(call, lambda small: _divided(small, count, type_), whole)
    total = call.apply("sum", value, order=())
    if call.over is None and call.filter is None and sql.is_simple(value):
        # DuckDB computes equal aggregates of a group once.
        return _average(total, count, type_)
    return _divided(total, count, type_)


def _divided(total: Sql, count: Sql, type_: DecimalType) -> Sql:
    return sql.let_all((total, count), lambda s, n: _average(s, n, type_))


def _average(total: Sql, count: Sql, type_: DecimalType) -> Sql:
    digits = unscaled(total, DecimalType(_SUM_PRECISION, type_.scale), 0)
    exact = scaled(sql.let(digits, lambda d: _half_up(d, sql.cast(count, "HUGEINT"))), type_)
    return average_in_doubles(total, count, type_, exact)


def _half_up(dividend: Sql, divisor: Sql) -> Sql:
    return sql.call("trino_divide_half_up", dividend, divisor)


@aggregate("array_agg")
def _array_agg(call: GroupCall) -> Sql:
    if call.distinct and call.few_rows and call.over is None and not call.order:
        return _first_of_each(call)
    return call.apply("list", call.arguments[0])


def _first_of_each(call: GroupCall) -> Sql:
    """Trino keeps the first of equal values, and their order."""
    value, type_ = call.arguments[0], call.types[0]
    # A hash of 64 bits tells a few values apart, NULL and what is inside of nested ones included.
    key = sql.fragment("hash({0})", sql.struct(k=identity_key(value, type_)))
    found = call.apply("list", sql.struct(k=key, v=value), distinct=False)

    def chosen(items: Sql) -> Sql:
        keys = sql.fragment("list_transform({0}, {1})", items, sql.function_of(lambda one: sql.field(one, "k")))
        first = sql.function_of(
            lambda one, index: sql.fragment("list_position({0}, {1}) = {2}", keys, sql.field(one, "k"), index), 2
        )
        kept = sql.fragment("list_filter({0}, {1})", items, first)
        return sql.fragment("list_transform({0}, {1})", kept, sql.function_of(lambda one: sql.field(one, "v")))

    return sql.let(found, chosen)


@aggregate("any_value", "arbitrary")
def _any_value(call: GroupCall) -> Sql:
    return call.apply("any_value", call.arguments[0], distinct=False)


for _name, _function in {"bool_and": "bool_and", "every": "bool_and", "bool_or": "bool_or"}.items():

    @aggregate(_name)
    def _logical(call: GroupCall, function: str = _function) -> Sql:
        return call.apply(function, call.arguments[0], order=())


for _name, _function in {
    "bitwise_and_agg": "bit_and",
    "bitwise_or_agg": "bit_or",
    "bitwise_xor_agg": "bit_xor",
}.items():

    @aggregate(_name)
    def _bitwise(call: GroupCall, function: str = _function) -> Sql:
        return call.apply(function, call.arguments[0], order=())


_MAX_LIST_BYTES = 1_048_576


@aggregate("listagg")
def _listagg(call: GroupCall) -> Sql:
    """`arguments`: value, separator, then whether overflow is an error, a filler and whether to count what is left."""
    value = call.arguments[0]
    separator = call.arguments[1] if len(call.arguments) > 1 else sql.text("")
    if call.constant(2) is False:
        return sql.let(
            call.apply("list", value, where=sql.is_not_null(value)),
            lambda parts: sql.call("trino_truncated_list", parts, separator, *call.arguments[3:5]),
        )
    joined = call.apply("string_agg", value, separator)
    message = f"Concatenated string has the length in bytes larger than the maximum output length {_MAX_LIST_BYTES}"
    raised = call.fail(message, EXCEEDED_FUNCTION_MEMORY_LIMIT)
    return sql.let(
        joined, lambda text: sql.case([(sql.fragment(f"strlen({{0}}) > {_MAX_LIST_BYTES}", text), raised)], text)
    )


@aggregate("reduce_agg")
def _reduce_agg(call: GroupCall) -> Sql:
    """The rows folded one by one; the combining function is for states of several workers."""
    value, initial = call.arguments[:2]
    pair = sql.struct(s=sql.typed_null(call.held), v=value)
    return sql.let_all(
        (call.apply("list", pair, where=sql.is_not_null(value)), initial),
        lambda rows, first: sql.case([(sql.is_not_null(rows), folded(call, 2, rows, first, call.types[0]))]),
    )


def folded(call: GroupCall, index: int, pairs: Sql, initial: Sql, type_: Type) -> Sql:
    """A list of STRUCT(s, v) folded by the lambda at `index`, from a first state."""
    from lodestar_server.ir import Lambda

    function = call.expressions[index]
    assert isinstance(function, Lambda)
    state, element = function.parameters

    def step(so_far: Sql, row: Sql) -> Sql:
        with call.context.scope({state: sql.field(so_far, "s"), element: sql.field(row, "v")}):
            return sql.struct(s=call.context.expression(function.body), v=sql.field(row, "v"))

    start = sql.fragment("struct_pack(s := {0}, v := {1}[1].v)", initial, pairs)
    return sql.field(sql.fragment("list_reduce({0}, {1}, {2})", pairs, sql.function_of(step, 2), start), "s")
