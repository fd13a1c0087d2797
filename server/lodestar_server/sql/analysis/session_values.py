"""Expressions whose value is that of the session or the query: the time, the user, the version. All are constants."""

from __future__ import annotations

from lodestar_server.ir import Constant
from lodestar_server.spi import zones
from lodestar_server.spi.errors import NUMERIC_VALUE_OUT_OF_RANGE, LodestarError
from lodestar_server.spi.types import (
    DATE,
    DEFAULT_DATETIME_PRECISION,
    MAX_DATETIME_PRECISION,
    VARCHAR,
    ArrayType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
)
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.literals import PICOS_PER_SECOND, SECONDS_PER_DAY

PICOS_PER_DAY = SECONDS_PER_DAY * PICOS_PER_SECOND


def _checked(precision: int | None, type_name: str) -> int:
    if precision is None:
        return DEFAULT_DATETIME_PRECISION
    if precision > MAX_DATETIME_PRECISION:
        message = f"{type_name} precision must be in range [0, {MAX_DATETIME_PRECISION}]: {precision}"
        raise LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message)
    return precision


def _instant(analysis: Analysis, precision: int) -> int:
    """Picoseconds since 1970 UTC of the query's start, rounded half up."""
    start = analysis.start
    picos = (int(start.timestamp()) * 1_000_000 + start.microsecond) * 1_000_000
    unit: int = 10 ** (12 - precision)
    return (picos + unit // 2) // unit * unit


def _local(analysis: Analysis, precision: int) -> int:
    """Picoseconds since 1970 on the wall clock of the session's zone."""
    instant = _instant(analysis, precision)
    return instant + zones.offset_at(analysis.context.time_zone, instant // PICOS_PER_SECOND) * PICOS_PER_SECOND


def current_timestamp(analysis: Analysis, precision: int | None = None) -> Constant:
    """CURRENT_TIMESTAMP(p), now()."""
    digits = _checked(precision, "TIMESTAMP WITH TIME ZONE")
    return Constant(TimestampTzType(digits), (_instant(analysis, digits), analysis.context.time_zone))


def local_timestamp(analysis: Analysis, precision: int | None = None) -> Constant:
    """LOCALTIMESTAMP(p)."""
    digits = _checked(precision, "TIMESTAMP")
    return Constant(TimestampType(digits), _local(analysis, digits))


def current_time(analysis: Analysis, precision: int | None = None) -> Constant:
    """CURRENT_TIME(p)."""
    digits = _checked(precision, "TIME WITH TIME ZONE")
    seconds = _instant(analysis, digits) // PICOS_PER_SECOND
    offset = zones.offset_at(analysis.context.time_zone, seconds) // 60
    return Constant(TimeTzType(digits), (_local(analysis, digits) % PICOS_PER_DAY, offset))


def local_time(analysis: Analysis, precision: int | None = None) -> Constant:
    """LOCALTIME(p)."""
    digits = _checked(precision, "TIME")
    return Constant(TimeType(digits), _local(analysis, digits) % PICOS_PER_DAY)


def current_date(analysis: Analysis) -> Constant:
    """CURRENT_DATE."""
    return Constant(DATE, _local(analysis, 6) // PICOS_PER_DAY)


def text(value: str | None) -> Constant:
    """CURRENT_USER, CURRENT_CATALOG and their kin."""
    return Constant(VARCHAR, value)


def call(analysis: Analysis, name: str) -> Constant | None:
    """The value of a function without arguments that asks about the session; None for any other function."""
    match name:
        case "now":
            return current_timestamp(analysis)
        case "current_date":
            return current_date(analysis)
        case "current_timezone":
            return text(analysis.context.time_zone)
        case "version":
            return text(analysis.node_version)
        case "current_groups":
            return Constant(ArrayType(VARCHAR), tuple(sorted(analysis.context.session.identity.groups)))
    return None
