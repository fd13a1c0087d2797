"""Operators between dates, times, timestamps and intervals. Source: Trino's datetime operators."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import PICOSECONDS_PER_DAY, rounded_timestamp
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.datetime_limits import Refusal, is_small_count
from lodestar_server.execution.kernel.functions.registry import ScalarCall
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import FUNCTION_NOT_FOUND, GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    DATE,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)

INTERVALS = (INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH)
_MILLIS_PER_DAY = 86_400_000
_MAX_INT = 2**31 - 1


def add(call: ScalarCall) -> Sql:
    """value + interval, interval + value, interval + interval."""
    left, right = call.types
    a, b = call.arguments
    if left in INTERVALS and right in INTERVALS:
        return _sum(call, "+", a, b)
    if left in INTERVALS:
        return _shifted(call, b, right, a, left, call.constant(0))
    return _shifted(call, a, left, b, right, call.constant(1))


def subtract(call: ScalarCall) -> Sql:
    """value - interval, value - value, interval - interval."""
    left, right = call.types
    a, b = call.arguments
    if left in INTERVALS:
        return _sum(call, "-", a, b)
    if right in INTERVALS:
        constant = call.constant(1)
        return _shifted(call, a, left, sql.fragment("(-{0})", b), right, None if constant is None else -constant)
    return sql.let_all((a, b), lambda x, y: _difference(x, y, left))


def _sum(call: ScalarCall, operator: str, left: Sql, right: Sql) -> Sql:
    if call.result != INTERVAL_YEAR_MONTH:
        return sql.binary(operator, left, right)
    return months_that_fit(call, sql.binary(operator, sql.cast(left, "BIGINT"), right))


def months_that_fit(call: ScalarCall, months: Sql) -> Sql:
    """Months of 64 bits in 32, or Trino's internal error."""

    def checked(m: Sql) -> Sql:
        shown = sql.cast(m, "VARCHAR")
        type_ = " for type interval year to month"
        beyond = sql.chain("||", [sql.text("Value "), shown, sql.text(" exceeds MAX_INT" + type_)])
        below = sql.chain("||", [sql.text("Value "), shown, sql.text(" is less than MIN_INT" + type_)])
        return sql.case(
            [
                (sql.fragment(f"{{0}} > {_MAX_INT}", m), call.fail(beyond, GENERIC_INTERNAL_ERROR)),
                (sql.fragment(f"{{0}} < {-_MAX_INT - 1}", m), call.fail(below, GENERIC_INTERNAL_ERROR)),
            ],
            sql.cast(m, call.held),
        )

    return sql.let(months, checked)


def multiply(call: ScalarCall) -> Sql:
    """interval * number, number * interval."""
    left, right = call.types
    a, b = call.arguments if left in INTERVALS else (call.arguments[1], call.arguments[0])
    if BIGINT in (left, right):
        # Java's long and int wrap around.
        product = sql.fragment("trino_signed(CAST({0} AS HUGEINT) * {1}, CAST(1 AS HUGEINT) << 64)", a, b)
        bits = 32 if call.result == INTERVAL_YEAR_MONTH else 64
        return sql.cast(sql.fragment(f"trino_signed({{0}}, CAST(1 AS HUGEINT) << {bits})", product), call.held)
    return _scaled(call, "*", "multiply", a, b)


def divide(call: ScalarCall) -> Sql:
    """interval / double."""
    return _scaled(call, "/", "divide", *call.arguments)


def _scaled(call: ScalarCall, operator: str, verb: str, interval: Sql, number: Sql) -> Sql:
    """By a double, truncated as Java truncates."""

    def made(n: Sql) -> Sql:
        text = sql.call("trino_java_floating_text", n)
        refused = sql.fragment("isnan({0})", n)
        if operator == "/":
            refused = sql.fragment("(isnan({0}) OR {0} = 0)", n)
        raised = call.fail(sql.chain("||", [sql.text(f"Cannot {verb} by double "), text]))
        result = sql.fragment(f"trino_truncated(CAST({{0}} AS DOUBLE) {operator} {{1}})", interval, n)
        return sql.case([(refused, raised)], sql.cast(result, call.held))

    return sql.let(number, made)


def _shifted(
    call: ScalarCall, value: Sql, type_: Type, interval: Sql, interval_type: Type, interval_constant: int | None = None
) -> Sql:
    by_months = interval_type == INTERVAL_YEAR_MONTH
    if type_ == DATE:
        if by_months:
            small = is_small_count(interval_constant)
            return sql.let_all((value, interval), lambda v, n: _date_and_months(call, v, n, small))
        if interval_constant is not None and interval_constant % _MILLIS_PER_DAY == 0:
            days = interval_constant // _MILLIS_PER_DAY
            if is_small_count(days):
                return sql.fragment(f"({{0}} + {days})", value)
        return sql.let_all((value, interval), lambda v, i: _date_and_days(call, v, i))
    if by_months:
        if is_small_count(interval_constant):
            return sql.let(value, lambda v: add_months(v, type_, interval))
        return sql.let_all((value, interval), lambda v, n: _timestamp_and_months(call, v, type_, n))
    result = call.result
    if isinstance(type_, TimeType):
        return _time_and_millis(value, interval)
    assert isinstance(result, TimestampType | TimestampTzType | TimeTzType)
    widened, wide_type = rounded_timestamp(value, type_, result.precision)
    checked = isinstance(wide_type, TimestampTzType) and not (
        interval_constant is not None and is_small_count(interval_constant // _MILLIS_PER_DAY)
    )
    if checked:
        return sql.let_all((widened, interval), lambda v, i: _zoned_and_millis(call, v, wide_type, i))
    return sql.let(widened, lambda v: add_micros(v, wide_type, sql.fragment("({0} * 1000)", interval)))


def _timestamp_and_months(call: ScalarCall, value: Sql, type_: Type, months: Sql) -> Sql:
    made = add_months(value, type_, months)
    refuse = Refusal(call, value, type_, by_operator=True)
    return sql.case([(refuse.is_near(months), made), *refuse.timestamp_months_beyond(months)], made)


def _zoned_and_millis(call: ScalarCall, value: Sql, type_: Type, millis: Sql) -> Sql:
    made = add_micros(value, type_, sql.fragment("({0} * 1000)", millis))
    refuse = Refusal(call, value, type_, by_operator=True)
    days = sql.fragment(f"({{0}} // {_MILLIS_PER_DAY})", millis)
    return sql.case([(refuse.is_near(days), made), *refuse.millis_beyond(millis)], made)


def _date_and_months(call: ScalarCall, value: Sql, months: Sql, small: bool) -> Sql:
    made = sql.call("trino_date_and_months", value, months)
    if small:
        return made
    refuse = Refusal(call, value, DATE)
    return sql.case([(refuse.is_near(months), made), *refuse.months_beyond(months, by_years=False)], made)


def _date_and_days(call: ScalarCall, value: Sql, interval: Sql) -> Sql:
    done = (
        "subtract hour, minutes or seconds from"
        if call.function.name == "$subtract"
        else "add hour, minutes or seconds to"
    )
    raised = call.fail(f"Cannot {done} a date")
    days = sql.fragment(f"({{0}} // {_MILLIS_PER_DAY})", interval)
    made = sql.fragment("({0} + CAST({1} AS INTEGER))", value, days)
    refuse = Refusal(call, value, DATE)
    partial = sql.fragment(f"{{0}} % {_MILLIS_PER_DAY} <> 0", interval)
    return sql.case([(partial, raised), (refuse.is_near(days), made), *refuse.days_beyond(days)], made)


def _time_and_millis(picoseconds: Sql, millis: Sql) -> Sql:
    moved = f"({{0}} + ({{1}} % {_MILLIS_PER_DAY}) * 1000000000 + {PICOSECONDS_PER_DAY})"
    return sql.fragment(f"({moved} % {PICOSECONDS_PER_DAY})", picoseconds, millis)


def add_months(value: Sql, type_: Type, months: Sql) -> Sql:
    """A simple timestamp value moved by months on its own wall clock, clamped to the month's last day."""
    if isinstance(type_, TimestampTzType):
        zone = sql.field(value, "z")
        local = sql.call("trino_local", sql.field(value, "t"), zone)
        moved = sql.fragment("trino_instant({0} + to_months({1}), {2})", local, months, zone)
        return _replace_instant(value, type_, moved)
    if has_picoseconds(type_):
        return _replace_instant(value, type_, sql.fragment("({0} + to_months({1}))", sql.field(value, "t"), months))
    return sql.fragment("({0} + to_months({1}))", value, months)


def add_micros(value: Sql, type_: Type, micros: Sql) -> Sql:
    """A simple timestamp (or time with zone) value moved by microseconds."""
    if isinstance(type_, TimeTzType):
        moved = _time_and_millis(sql.field(value, "t"), sql.fragment("({0} // 1000)", micros))
        return sql.case([(sql.is_not_null(value), sql.struct(t=moved, o=sql.field(value, "o")))])
    if isinstance(type_, TimestampTzType) or has_picoseconds(type_):
        instant = sql.fragment("make_timestamp(epoch_us({0}) + {1})", sql.field(value, "t"), micros)
        return _replace_instant(value, type_, instant)
    return sql.fragment("make_timestamp(epoch_us({0}) + {1})", value, micros)


def _replace_instant(value: Sql, type_: Type, instant: Sql) -> Sql:
    parts = {"t": instant}
    if has_picoseconds(type_):
        parts["p"] = sql.field(value, "p")
    if isinstance(type_, TimestampTzType):
        parts["z"] = sql.field(value, "z")
    return sql.case([(sql.is_not_null(value), sql.struct(**parts))])


def _difference(left: Sql, right: Sql, type_: Type) -> Sql:
    """Milliseconds between two values, rounded half up."""
    if isinstance(type_, TimeType):
        return sql.fragment("trino_round_to_millis({0} - {1}, 1000000000)", left, right)
    if isinstance(type_, TimeTzType):
        instants = (sql.call("trino_time_instant", one) for one in (left, right))
        return sql.fragment("trino_round_to_millis({0} - {1}, 1000000000)", *instants)
    if isinstance(type_, TimestampType | TimestampTzType):
        plain = isinstance(type_, TimestampType) and not has_picoseconds(type_)
        micros = [
            sql.call("epoch_us", one if plain else sql.cast(sql.field(one, "t"), "TIMESTAMP")) for one in (left, right)
        ]
        return sql.fragment("trino_round_to_millis({0} - {1}, 1000)", *micros)
    raise LodestarError(FUNCTION_NOT_FOUND, f"No subtraction of {type_}")
