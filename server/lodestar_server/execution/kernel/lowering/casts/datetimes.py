"""Casts among date, time and timestamp, with and without zone.

Missing parts come from the session: a value without zone is in the session's zone, a time without date is on the day on
which the query started, the offset of a time is the session zone's at that instant. Source: Trino's operators.
"""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import PICOSECONDS_PER_DAY, rounded_timestamp
from lodestar_server.execution.kernel.encoding.text import wall_clock
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import TimestampType, TimestampTzType, TimeType, TimeTzType, Type

_MICROS_PER_DAY = 86_400_000_000


@cast_rule("time", "time", total=True)
@cast_rule("time with time zone", "time with time zone", total=True)
@cast_rule("timestamp", "timestamp", total=True)
@cast_rule("timestamp with time zone", "timestamp with time zone", total=True)
def _precision(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimeType | TimeTzType | TimestampType | TimestampTzType)
    return rounded_timestamp(value, source, target.precision)[0]


@cast_rule("date", "timestamp")
def _date_to_timestamp(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampType)
    return rounded_timestamp(sql.cast(value, "TIMESTAMP"), TimestampType(0), target.precision)[0]


@cast_rule("date", "timestamp with time zone")
def _date_to_zoned(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampTzType)
    made = zoned(sql.cast(value, "TIMESTAMP"), TimestampType(0), sql.text(context.zone))
    return rounded_timestamp(made, TimestampTzType(0), target.precision)[0]


def zoned(value: Sql, type_: TimestampType, zone: Sql) -> Sql:
    """A wall clock of a zone as a timestamp with that zone, of the same precision."""

    def packed(v: Sql) -> Sql:
        if has_picoseconds(type_):
            instant = sql.call("trino_instant", sql.field(v, "t"), zone)
            made = sql.struct(t=instant, p=sql.field(v, "p"), z=zone)
        else:
            made = sql.struct(t=sql.call("trino_instant", v, zone), z=zone)
        return sql.case([(sql.is_not_null(v), made)])

    return sql.let(value, packed)


@cast_rule("timestamp", "date", total=True)
def _timestamp_to_date(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.cast(sql.field(value, "t") if has_picoseconds(source) else value, "DATE")


@cast_rule("timestamp", "timestamp with time zone", total=True)
def _timestamp_to_zoned(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampType) and isinstance(target, TimestampTzType)
    made = zoned(value, source, sql.text(context.zone))
    return rounded_timestamp(made, TimestampTzType(source.precision), target.precision)[0]


@cast_rule("timestamp with time zone", "timestamp", total=True)
def _zoned_to_timestamp(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampTzType) and isinstance(target, TimestampType)
    local = _local(value, source)
    return rounded_timestamp(local, TimestampType(source.precision), target.precision)[0]


def _local(value: Sql, source: TimestampTzType) -> Sql:
    return sql.let(value, lambda v: sql.case([(sql.is_not_null(v), wall_clock(v, source))]))


@cast_rule("timestamp with time zone", "date", total=True)
def _zoned_to_date(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.let(
        value, lambda v: sql.fragment("CAST(trino_local({0}, {1}) AS DATE)", sql.field(v, "t"), sql.field(v, "z"))
    )


def time_of_day(value: Sql, type_: TimestampType) -> Sql:
    """The picoseconds of the day of a wall clock."""
    if has_picoseconds(type_):
        return sql.let(
            value,
            lambda v: sql.fragment(
                "(trino_time_of_day({0}) + {1})", sql.field(v, "t"), sql.cast(sql.field(v, "p"), "BIGINT")
            ),
        )
    return sql.call("trino_time_of_day", value)


@cast_rule("timestamp", "time", total=True)
def _timestamp_to_time(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampType) and isinstance(target, TimeType)

    def read(v: Sql) -> Sql:
        made = rounded_timestamp(time_of_day(v, source), TimeType(source.precision), target.precision)[0]
        return sql.fragment(
            "trino_time_before_1970({0}, {1})", made, sql.field(v, "t") if has_picoseconds(source) else v
        )

    if source.precision == 0:
        return rounded_timestamp(time_of_day(value, source), TimeType(0), target.precision)[0]
    return sql.let(value, read)


@cast_rule("timestamp with time zone", "time", total=True)
def _zoned_to_time(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampTzType) and isinstance(target, TimeType)
    made = time_of_day(_local(value, source), TimestampType(source.precision))
    return rounded_timestamp(made, TimeType(source.precision), target.precision)[0]


def _with_offset(picoseconds: Sql, offset: Sql) -> Sql:
    return sql.let(
        picoseconds,
        lambda p: sql.case([(sql.is_not_null(p), sql.struct(t=p, o=sql.cast(offset, "SMALLINT")))]),
    )


def session_offset(context: CastContext) -> Sql:
    """The minutes between UTC and the session's zone at the query's start."""
    started = sql.fragment("make_timestamp({0})", context.start_micros())
    return sql.call("trino_offset_minutes", started, sql.text(context.zone))


@cast_rule("timestamp", "time with time zone", total=True)
def _timestamp_to_time_tz(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampType) and isinstance(target, TimeTzType)
    made = _with_offset(time_of_day(value, source), session_offset(context))
    return rounded_timestamp(made, TimeTzType(source.precision), target.precision)[0]


@cast_rule("timestamp with time zone", "time with time zone", total=True)
def _zoned_to_time_tz(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimestampTzType) and isinstance(target, TimeTzType)

    def packed(v: Sql) -> Sql:
        offset = sql.call("trino_offset_minutes", sql.field(v, "t"), sql.field(v, "z"))
        return _with_offset(time_of_day(_local(v, source), TimestampType(source.precision)), offset)

    return rounded_timestamp(sql.let(value, packed), TimeTzType(source.precision), target.precision)[0]


@cast_rule("time", "time with time zone", total=True)
def _time_to_time_tz(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimeType) and isinstance(target, TimeTzType)
    made = _with_offset(value, session_offset(context))
    return rounded_timestamp(made, TimeTzType(source.precision), target.precision)[0]


@cast_rule("time with time zone", "time", total=True)
def _time_tz_to_time(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, TimeTzType) and isinstance(target, TimeType)
    return rounded_timestamp(sql.field(value, "t"), TimeType(source.precision), target.precision)[0]


def _start_of_day(context: CastContext) -> Sql:
    """Microseconds of the midnight, in the session zone's wall clock, of the day on which the query started."""
    started = sql.fragment("make_timestamp({0})", context.start_micros())
    local = sql.call("trino_local", started, sql.text(context.zone))
    return sql.fragment(f"(epoch_us({{0}}) // {_MICROS_PER_DAY} * {_MICROS_PER_DAY})", local)


def _on_day(midnight: Sql, picoseconds: Sql) -> Sql:
    """A STRUCT(t, p): midnight and picoseconds of the day."""

    def packed(v: Sql) -> Sql:
        instant = sql.fragment("make_timestamp({0} + {1} // 1000000)", midnight, v)
        rest = sql.fragment("CAST({0} % 1000000 AS INTEGER)", v)
        return sql.case([(sql.is_not_null(v), sql.struct(t=instant, p=rest))])

    return sql.let(picoseconds, packed)


@cast_rule("time", "timestamp", total=True)
def _time_to_timestamp(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampType)
    return rounded_timestamp(_on_day(_start_of_day(context), value), TimestampType(12), target.precision)[0]


@cast_rule("time with time zone", "timestamp", total=True)
def _time_tz_to_timestamp(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampType)
    made = _on_day(_start_of_day(context), sql.field(value, "t"))
    return rounded_timestamp(made, TimestampType(12), target.precision)[0]


@cast_rule("time", "timestamp with time zone", total=True)
def _time_to_zoned(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampTzType)
    made = zoned(_on_day(_start_of_day(context), value), TimestampType(12), sql.text(context.zone))
    return rounded_timestamp(made, TimestampTzType(12), target.precision)[0]


@cast_rule("time with time zone", "timestamp with time zone", total=True)
def _time_tz_to_zoned(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    # The time of day in UTC on the session's day, shown at the value's own offset.
    assert isinstance(source, TimeTzType) and isinstance(target, TimestampTzType)
    # The time is rounded before it is put on the day: just before midnight it becomes the start of the same day.
    rounded, _ = rounded_timestamp(value, source, target.precision)

    def packed(v: Sql) -> Sql:
        in_utc = _on_day(_start_of_day(context), sql.call("trino_time_instant", v))
        zone = sql.fragment("trino_offset_zone({0})", sql.field(v, "o"))
        made = sql.let(in_utc, lambda at: sql.struct(t=sql.field(at, "t"), p=sql.field(at, "p"), z=zone))
        return sql.case([(sql.is_not_null(v), made)])

    return rounded_timestamp(sql.let(rounded, packed), TimestampTzType(12), target.precision)[0]


assert PICOSECONDS_PER_DAY == _MICROS_PER_DAY * 1_000_000
