"""date_trunc, date_add, date_diff, zones and epochs.

Units up to hours move instants; days and longer units move wall clocks, which is what matters for zoned values around
changes of their zone's offset. Source: Trino's datetime functions over Joda-Time's zoned chronologies.
"""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import PICOSECONDS_PER_DAY, rounded_timestamp
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.datetime_limits import Refusal, is_small_count
from lodestar_server.execution.kernel.functions.datetime_parts import local_timestamp, picoseconds_of_day
from lodestar_server.execution.kernel.functions.intervals import add_micros, add_months
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.lowering.casts.datetimes import zoned
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Cast
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, INVALID_FUNCTION_ARGUMENT, NOT_SUPPORTED, ErrorCode
from lodestar_server.spi.types import (
    DATE,
    INTEGRAL_TYPES,
    INTERVAL_DAY_SECOND,
    DecimalType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)
from lodestar_server.spi.zones import MAX_OFFSET_MINUTES, canonical_zone

_MILLIS = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_DATE_UNITS = ("day", "week", "month", "quarter", "year")
_TIME_UNITS = ("millisecond", "second", "minute", "hour")


def _units(type_: Type) -> tuple[str, tuple[str, ...]]:
    """How messages call the type, and its units."""
    if type_ == DATE:
        return "DATE", _DATE_UNITS
    if isinstance(type_, TimeType | TimeTzType):
        return "TIME", _TIME_UNITS
    return "TIMESTAMP", (*_TIME_UNITS, *_DATE_UNITS)


def _by_unit(call: ScalarCall, type_: Type, body: Callable[..., Sql]) -> Sql:
    """The body for the unit that the first argument names, and the rest; chosen when lowering when it is a constant."""
    kind, units = _units(type_)
    constant = call.constant(0)
    if isinstance(constant, str):
        if constant.lower() in units:
            return sql.let_all(call.arguments[1:], lambda *rest: body(constant.lower(), *rest))
        known = kind == "TIME" or constant.lower() in (*_TIME_UNITS, *_DATE_UNITS)
        refused = call.fail(f"'{constant.lower() if known else constant}' is not a valid {kind} field")
        nulls = sql.conjunction([sql.is_not_null(one) for one in call.arguments[1:]])
        return sql.case([(nulls, refused)], sql.typed_null(call.held))

    def chosen(unit: Sql, *rest: Sql) -> Sql:
        known = ", ".join(f"'{one}'" for one in (*_TIME_UNITS, *_DATE_UNITS))
        lowered = sql.fragment("lower({0})", unit)
        shown = sql.fragment(f"CASE WHEN {{0}} IN ({known}) THEN {{0}} ELSE {{1}} END", lowered, unit)
        message = sql.chain(
            "||", [sql.text("'"), lowered if kind == "TIME" else shown, sql.text(f"' is not a valid {kind} field")]
        )
        branches = [(sql.fragment("lower({0}) = {1}", unit, sql.text(one)), body(one, *rest)) for one in units]
        absent = sql.disjunction([sql.is_null(one) for one in (unit, *rest)])
        return sql.case([(absent, sql.typed_null(call.held)), *branches], call.fail(message))

    return sql.let_all(call.arguments, chosen)


def _with_instant(value: Sql, type_: Type, instant: Sql) -> Sql:
    """A timestamp with another instant in whole microseconds."""
    parts = {"t": instant}
    if has_picoseconds(type_):
        parts["p"] = sql.fragment("CAST(0 AS INTEGER)")
    if isinstance(type_, TimestampTzType):
        parts["z"] = sql.field(value, "z")
    if len(parts) == 1:
        return instant
    return sql.case([(sql.is_not_null(value), sql.struct(**parts))])


@scalar("date_trunc")
def _date_trunc(call: ScalarCall) -> Sql:
    type_ = call.types[1]
    return _by_unit(call, type_, lambda unit, value: _truncated(value, type_, unit))


def _truncated(value: Sql, type_: Type, unit: str) -> Sql:
    if type_ == DATE:
        near = sql.fragment(f"CAST(date_trunc('{unit}', {{0}}) AS DATE)", value)
        if unit in _MONTHS:
            far = sql.call("trino_far_date_trunc", value, sql.number(_MONTHS[unit]))
        else:
            far = value if unit == "day" else sql.fragment("({0} - CAST(isodow({0}) - 1 AS INTEGER))", value)
        return sql.case([(sql.call("trino_is_far_date", value), far)], near)
    if isinstance(type_, TimeType | TimeTzType):
        step = _MILLIS[unit] * 10**9
        made = sql.fragment(f"({{0}} // {step} * {step})", picoseconds_of_day(value, type_))
        if isinstance(type_, TimeType):
            return made
        return sql.case([(sql.is_not_null(value), sql.struct(t=made, o=sql.field(value, "o")))])
    if not isinstance(type_, TimestampTzType):
        plain = sql.field(value, "t") if has_picoseconds(type_) else value
        return _with_instant(value, type_, sql.fragment(f"date_trunc('{unit}', {{0}})", plain))
    local = local_timestamp(value, type_)
    if unit in _TIME_UNITS:
        # What is cut off the wall clock is cut off the instant, which so keeps its offset.
        cut = sql.let(local, lambda at: sql.fragment(f"(epoch_us({{0}}) - epoch_us(date_trunc('{unit}', {{0}})))", at))
        return _with_instant(
            value, type_, sql.fragment("make_timestamp(epoch_us({0}) - {1})", sql.field(value, "t"), cut)
        )
    midnight = sql.fragment(f"CAST(date_trunc('{unit}', {{0}}) AS TIMESTAMP)", local)
    return _with_instant(value, type_, sql.call("trino_instant", midnight, sql.field(value, "z")))


@scalar("date_add")
def _date_add(call: ScalarCall) -> Sql:
    type_ = call.types[2]
    if isinstance(type_, TimeType | TimeTzType) or is_small_count(call.constant(1)):
        return _by_unit(call, type_, lambda unit, count, value: _added(count, value, type_, unit))
    return _by_unit(call, type_, lambda unit, count, value: _added_checked(call, count, value, unit))


def _added_checked(call: ScalarCall, count: Sql, value: Sql, unit: str) -> Sql:
    """`_added`, with the errors of Java for counts and results that are too great."""
    type_ = call.types[2]
    refuse = Refusal(call, value, type_)
    refused = [refuse.count_beyond(count, 2**31, "integer overflow")]
    if unit in _MONTHS:
        months = sql.fragment(f"(CAST({{0}} AS BIGINT) * {_MONTHS[unit]})", count)
        refused += refuse.months_beyond(months, by_years=unit == "year")
    elif type_ == DATE:
        refused += refuse.days_beyond(sql.fragment(f"({{0}} * {_MILLIS[unit] // _MILLIS['day']})", count))
    else:
        refused += refuse.millis_beyond(sql.fragment(f"({{0}} * {_MILLIS[unit]})", count))
    made = _added(count, value, type_, unit)
    if unit in _TIME_UNITS:
        return sql.case(refused, made)
    return sql.case([(refuse.is_near(count), made), *refused], made)


def _added(count: Sql, value: Sql, type_: Type, unit: str) -> Sql:
    made = _moved(count, value, type_, unit)
    if unit != "millisecond" or not isinstance(type_, TimeType | TimeTzType | TimestampType | TimestampTzType):
        return made
    # A type of fewer digits than milliseconds need rounds the result to its own.
    return made if type_.precision >= 3 else rounded_timestamp(made, type(type_)(3), type_.precision)[0]


def _moved(count: Sql, value: Sql, type_: Type, unit: str) -> Sql:
    if unit in _MONTHS:
        if type_ == DATE:
            return sql.call("trino_date_and_months", value, sql.fragment(f"({{0}} * {_MONTHS[unit]})", count))
        months = sql.fragment(f"CAST({{0}} * {_MONTHS[unit]} AS INTEGER)", count)
        return add_months(value, type_, months)
    if type_ == DATE:
        return sql.fragment(f"({{0}} + CAST({{1}} * {_MILLIS[unit] // _MILLIS['day']} AS INTEGER))", value, count)
    micros = sql.fragment(f"({{0}} * {_MILLIS[unit] * 1000})", count)
    if isinstance(type_, TimeType):
        # As many whole days as there are in the count do not move a time.
        moved = f"({{0}} + {{1}} % {_MILLIS['day'] // _MILLIS[unit]} * {_MILLIS[unit] * 10**9} + {PICOSECONDS_PER_DAY})"
        return sql.fragment(f"({moved} % {PICOSECONDS_PER_DAY})", value, count)
    if isinstance(type_, TimestampTzType) and unit in _DATE_UNITS:
        local = sql.fragment("make_timestamp(epoch_us({0}) + {1})", local_timestamp(value, type_), micros)
        instant = sql.call("trino_instant", local, sql.field(value, "z"))
        parts = {"t": instant, "z": sql.field(value, "z")}
        if has_picoseconds(type_):
            parts = {"t": instant, "p": sql.field(value, "p"), "z": sql.field(value, "z")}
        return sql.case([(sql.is_not_null(value), sql.struct(**parts))])
    return add_micros(value, type_, micros)


@scalar("date_diff")
def _date_diff(call: ScalarCall) -> Sql:
    type_ = call.types[1]
    return _by_unit(call, type_, lambda unit, start, end: _difference(start, end, type_, unit))


def _difference(first: Sql, second: Sql, type_: Type, unit: str) -> Sql:
    """Complete units from the first to the second, counted in whole milliseconds."""
    if isinstance(type_, TimeType):
        return sql.fragment(f"(({{1}} - {{0}}) // {_MILLIS[unit] * 10**9})", first, second)
    if isinstance(type_, TimeTzType):
        instants = (sql.call("trino_time_instant", one) for one in (first, second))
        return sql.fragment(f"(({{1}} - {{0}}) // {_MILLIS[unit] * 10**9})", *instants)
    if type_ == DATE and unit in _MONTHS:
        return sql.fragment(f"(trino_month_difference_of_dates({{0}}, {{1}}) // {_MONTHS[unit]})", first, second)
    if type_ == DATE:
        days = sql.fragment("({1} - {0})", first, second)
        return days if unit == "day" else sql.fragment("({0} // 7)", days)
    if isinstance(type_, TimestampTzType) and unit in _TIME_UNITS:
        ends = [sql.field(one, "t") for one in (first, second)]
    elif isinstance(type_, TimestampTzType):
        # Both on the wall clock of the first one's zone.
        ends = [sql.call("trino_local", sql.field(one, "t"), sql.field(first, "z")) for one in (first, second)]
    else:
        ends = [sql.cast(local_timestamp(one, type_), "TIMESTAMP") for one in (first, second)]
    if unit not in _MONTHS and _is_of_whole_millis(type_):
        return sql.fragment(f"((epoch_ms({{1}}) - epoch_ms({{0}})) // {_MILLIS[unit]})", *ends)
    macro = "trino_month_difference" if unit in _MONTHS else "trino_millisecond_difference"
    return sql.let_all(
        ends, lambda a, b: sql.fragment(f"({macro}({{0}}, {{1}}) // {_MONTHS.get(unit) or _MILLIS[unit]})", a, b)
    )


def _is_of_whole_millis(type_: Type) -> bool:
    return isinstance(type_, TimestampType | TimestampTzType) and type_.precision <= _MILLISECOND_PRECISION


_MILLISECOND_PRECISION = 3
_NO_ZONE = (INVALID_FUNCTION_ARGUMENT, "'", "' is not a valid time zone")
_UNSUPPORTED_ZONE = (NOT_SUPPORTED, "Time zone not supported: ", "")


def zone_text(call: ScalarCall, index: int, refusal: tuple[ErrorCode, str, str] = _NO_ZONE) -> Sql:
    """A zone argument under its canonical name; raises for a name that is none."""
    code, before, after = refusal
    constant = call.constant(index)
    if isinstance(constant, str):
        known = canonical_zone(constant)
        if known is None:
            if not constant:
                before, after = "Zone id is an empty string", ""
                code = INVALID_FUNCTION_ARGUMENT if code is NOT_SUPPORTED else GENERIC_INTERNAL_ERROR
            raised = call.context.fail(code, before + constant + after, "VARCHAR")
            # Not for a NULL: the call is NULL then.
            present = sql.conjunction([sql.is_not_null(one) for one in call.arguments])
            return sql.case([(present, raised)])
        return sql.text(known)

    def checked(name: Sql) -> Sql:
        message = sql.chain("||", [sql.text(before), name, sql.text(after)])
        raised = call.context.fail(code, message, "VARCHAR")
        present = sql.conjunction([sql.is_not_null(one) for one in (name, call.arguments[0])])
        return sql.case([(present, sql.call("coalesce", sql.call("trino_zone", name), raised))])

    return sql.let(call.arguments[index], checked)


def _offset_minutes(call: ScalarCall, index: int) -> Sql:
    """The minutes of an interval that is an offset."""

    def checked(interval: Sql) -> Sql:
        minutes = sql.fragment("({0} // 60000)", interval)
        seconds = "Invalid time zone offset interval: interval contains seconds"
        far = sql.chain("||", [sql.text("Invalid offset minutes "), sql.cast(minutes, "VARCHAR")])
        return sql.case(
            [
                (
                    sql.fragment("{0} % 60000 <> 0", interval),
                    call.context.fail(INVALID_FUNCTION_ARGUMENT, seconds, "BIGINT"),
                ),
                (
                    sql.fragment(f"abs({{0}}) > {MAX_OFFSET_MINUTES}", minutes),
                    call.context.fail(INVALID_FUNCTION_ARGUMENT, far, "BIGINT"),
                ),
            ],
            minutes,
        )

    return sql.let(call.arguments[index], checked)


@scalar("at_timezone", "$at_timezone")
def _at_timezone(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    by_offset = call.types[1] == INTERVAL_DAY_SECOND
    if isinstance(type_, TimeTzType):
        offset = _offset_minutes(call, 1) if by_offset else _zone_offset_now(call)
        return sql.let_all(
            (call.arguments[0], offset),
            lambda v, o: sql.case(
                [
                    (
                        sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", v, o),
                        sql.fragment(
                            "struct_pack(t := trino_shifted_time({0}, {1}), o := CAST({1} AS SMALLINT))", v, o
                        ),
                    )
                ]
            ),
        )
    zone = sql.call("trino_offset_zone", _offset_minutes(call, 1)) if by_offset else zone_text(call, 1)

    def shown(value: Sql, name: Sql) -> Sql:
        parts = {"t": sql.field(value, "t")}
        if has_picoseconds(type_):
            parts["p"] = sql.field(value, "p")
        present = sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", value, name)
        return sql.case([(present, sql.struct(**parts, z=name))])

    return sql.let_all((call.arguments[0], zone), shown)


def _zone_offset_now(call: ScalarCall) -> Sql:
    """The offset that a zone has at the query's start."""
    started = sql.fragment("make_timestamp({0})", call.context.start_micros())
    return sql.let(zone_text(call, 1), lambda zone: sql.call("trino_offset_minutes", started, zone))


@scalar("with_timezone")
def _with_timezone(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    assert isinstance(type_, TimestampType)

    def packed(value: Sql, zone: Sql) -> Sql:
        present = sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", value, zone)
        return sql.case([(present, zoned(value, type_, zone))])

    return sql.let_all((call.arguments[0], zone_text(call, 1)), packed)


@scalar("from_unixtime")
def _from_unixtime(call: ScalarCall) -> Sql:
    if len(call.arguments) == 1:
        zone = sql.text(call.context.zone)
    elif len(call.arguments) == 2:
        zone = zone_text(call, 1, _UNSUPPORTED_ZONE)
    else:
        zone = sql.let(_offset_of_hours(call), lambda minutes: sql.call("trino_offset_zone", minutes))

    def packed(seconds: Sql, name: Sql) -> Sql:
        present = sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", seconds, name)
        millis = sql.fragment(
            "CASE WHEN isnan({0}) THEN 0 ELSE trino_truncated(trino_java_round({0} * 1000)) END", seconds
        )
        overflow = sql.chain("||", [sql.text("Millis overflow: "), sql.cast(millis, "VARCHAR")])
        far = sql.fragment(f"abs({{0}} * 1000) >= {2**51} AND NOT isnan({{0}})", seconds)
        made = sql.struct(t=sql.fragment("make_timestamp({0} * 1000)", millis), z=name)
        return sql.case([(far, call.fail(overflow)), (present, made)])

    whole = _whole_seconds(call)
    if whole is None:
        return sql.let_all((call.arguments[0], zone), packed)

    def packed_whole(seconds: Sql, name: Sql) -> Sql:
        near = sql.fragment(f"{{0}} BETWEEN {-_FAR_SECONDS} AND {_FAR_SECONDS} AND {{1}} IS NOT NULL", seconds, name)
        made = sql.struct(t=sql.fragment("make_timestamp(CAST({0} AS BIGINT) * 1000000)", seconds), z=name)
        return sql.case([(near, made)], packed(sql.cast(seconds, "DOUBLE"), name))

    return sql.let_all((whole, zone), packed_whole)


_FAR_SECONDS = 2**51 // 1000


def _whole_seconds(call: ScalarCall) -> Sql | None:
    """The integer that was made a double for the call."""
    node = call.expressions[0]
    if isinstance(node, Cast) and not node.safe and node.value.type in INTEGRAL_TYPES:
        return call.context.expression(node.value)
    return None


def _offset_of_hours(call: ScalarCall) -> Sql:
    minutes = sql.fragment("({0} * 60 + {1})", *call.arguments[1:])

    def checked(m: Sql) -> Sql:
        far = sql.chain("||", [sql.text("Invalid offset minutes "), sql.cast(m, "VARCHAR")])
        raised = call.context.fail(INVALID_FUNCTION_ARGUMENT, far, "BIGINT")
        beyond = sql.fragment(f"abs({{0}}) > {MAX_OFFSET_MINUTES}", m)
        return sql.case([(sql.is_null(call.arguments[0]), sql.NULL), (beyond, raised)], m)

    return sql.let(minutes, checked)


@scalar("from_unixtime_nanos")
def _from_unixtime_nanos(call: ScalarCall) -> Sql:
    value = call.arguments[0]
    if isinstance(call.types[0], DecimalType):
        value = sql.cast(value, "HUGEINT")

    def packed(nanos: Sql) -> Sql:
        rest = sql.fragment("CAST((({0} % 1000) + 1000) % 1000 AS INTEGER)", nanos)
        micros = sql.fragment("CAST({0} // 1000 - CASE WHEN {0} % 1000 < 0 THEN 1 ELSE 0 END AS BIGINT)", nanos)
        made = sql.struct(
            t=sql.fragment("make_timestamp({0})", micros),
            p=sql.fragment("({0} * 1000)", rest),
            z=sql.text(call.context.zone),
        )
        return sql.case([(sql.is_not_null(nanos), made)])

    made = sql.let(value, packed)
    assert isinstance(call.result, TimestampTzType)
    return rounded_timestamp(made, TimestampTzType(9), call.result.precision)[0]


@scalar("date")
def _date(call: ScalarCall) -> Sql:
    return cast_value(call.arguments[0], call.types[0], DATE, call.context)
