"""Fields of dates, times, timestamps and intervals; those of a zoned value are of its own wall clock."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import (
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)

_CALENDAR = {
    "year": "year",
    "month": "month",
    "day": "day",
    "day_of_month": "day",
    "quarter": "quarter",
    "week": "week",
    "week_of_year": "week",
    "day_of_week": "isodow",
    "dow": "isodow",
    "day_of_year": "dayofyear",
    "doy": "dayofyear",
    "year_of_week": "isoyear",
    "yow": "isoyear",
}
_CLOCK = {"hour": (3_600_000, 24), "minute": (60_000, 60), "second": (1000, 60), "millisecond": (1, 1000)}
"""Milliseconds of a unit, and how many of them make the next."""


def local_timestamp(value: Sql, type_: Type) -> Sql:
    """A date or timestamp as the TIMESTAMP of its wall clock, in whole microseconds."""
    if isinstance(type_, TimestampTzType):
        return sql.let(value, lambda v: sql.call("trino_local", sql.field(v, "t"), sql.field(v, "z")))
    if isinstance(type_, TimestampType) and has_picoseconds(type_):
        # DuckDB forgets the type of the field of a NULL that it has computed while binding.
        return sql.cast(sql.field(value, "t"), "TIMESTAMP")
    return value


def picoseconds_of_day(value: Sql, type_: Type) -> Sql:
    """A time, with or without offset, as picoseconds of its own day."""
    return sql.field(value, "t") if isinstance(type_, TimeTzType) else value


@scalar(*_CALENDAR, total=True)
def _calendar(call: ScalarCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    name = call.function.name
    if type_ == INTERVAL_YEAR_MONTH:
        operator = "//" if name == "year" else "%"
        return sql.fragment(f"CAST({{0}} {operator} 12 AS BIGINT)", value)
    if type_ == INTERVAL_DAY_SECOND:
        return sql.fragment("({0} // 86400000)", value)
    return sql.call(_CALENDAR[name], local_timestamp(value, type_))


@scalar(*_CLOCK, total=True)
def _clock(call: ScalarCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    name = call.function.name
    unit, modulus = _CLOCK[name]
    if type_ == INTERVAL_DAY_SECOND:
        return sql.fragment(f"({{0}} // {unit} % {modulus})", value)
    if isinstance(type_, TimeType | TimeTzType):
        return sql.fragment(f"({{0}} // {unit * 10**9} % {modulus})", picoseconds_of_day(value, type_))
    local = local_timestamp(value, type_)
    if name == "millisecond":
        return sql.fragment("(millisecond({0}) % 1000)", local)
    return sql.call(name, local)


@scalar("timezone_hour", "timezone_minute", total=True)
def _offset_field(call: ScalarCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    operator = "//" if call.function.name == "timezone_hour" else "%"
    if isinstance(type_, TimeTzType):
        return sql.fragment(f"CAST({{0}} {operator} 60 AS BIGINT)", sql.field(value, "o"))
    return sql.let(
        value,
        lambda v: sql.fragment(
            f"(trino_offset_minutes({{0}}, {{1}}) {operator} 60)", sql.field(v, "t"), sql.field(v, "z")
        ),
    )


@scalar("timezone", total=True)
def _zone(call: ScalarCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    if isinstance(type_, TimeTzType):
        return sql.call("trino_offset_text", sql.field(value, "o"))
    return sql.field(value, "z")


@scalar("last_day_of_month", total=True)
def _last_day_of_month(call: ScalarCall) -> Sql:
    return sql.call("last_day", sql.cast(local_timestamp(call.arguments[0], call.types[0]), "DATE"))


@scalar("to_milliseconds", total=True)
def _to_milliseconds(call: ScalarCall) -> Sql:
    return call.arguments[0]


@scalar("to_unixtime", total=True)
def _to_unixtime(call: ScalarCall) -> Sql:
    (value,), (type_,) = call.arguments, call.types
    if not has_picoseconds(type_):
        instant = value if isinstance(type_, TimestampType) else sql.field(value, "t")
        return sql.fragment("(epoch_us(CAST({0} AS TIMESTAMP)) / 1e6)", instant)
    return sql.let(
        value,
        lambda v: sql.fragment(
            "(epoch_us(CAST({0} AS TIMESTAMP)) / 1e6 + {1} / 1e12)", sql.field(v, "t"), sql.field(v, "p")
        ),
    )
