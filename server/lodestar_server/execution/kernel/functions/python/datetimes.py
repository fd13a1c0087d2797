"""Reading dates, times and timestamps from text in every spelling that Trino takes. Source: Trino DateTimes."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import NOT_SUPPORTED
from lodestar_server.spi.zones import canonical_zone, unsupported_zone

_DATE = re.compile(r"([-+]?\d{1,9})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIMESTAMP = re.compile(
    r"([-+]?\d{4,})-(\d{1,2})-(\d{1,2})(?: (?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*(.+)?)?", re.ASCII
)
_TIME = re.compile(
    r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?\s*(?:([+-])(\d\d):(\d\d))?",
    re.ASCII,
)
_MIN_DAY, _MAX_DAY = -(2**31) + 1, 2**31 - 1
_DAYS_IN_CYCLE, _YEARS_IN_CYCLE = 146_097, 400
_MAX_DIGITS = 12
_MAX_OFFSET_MINUTES = 14 * 60
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MAX_ZONED_MILLIS = 2**51
_BLANKS = "".join(chr(code) for code in range(33))


def days_of(year: int, month: int, day: int) -> int | None:
    """Days since 1970-01-01 in the proleptic Gregorian calendar, any year; None for no such day."""
    cycles, within = divmod(year - 1, _YEARS_IN_CYCLE)
    try:
        ordinal = date(within + 1, month, day).toordinal()
    except ValueError:
        return None
    return cycles * _DAYS_IN_CYCLE + ordinal - _EPOCH_ORDINAL


@value_function("trino_read_date", ["VARCHAR"], "INTEGER", pa.int32())
def read_date(text: str) -> int | None:
    """Days since 1970-01-01, None for text that is no date."""
    match = _DATE.fullmatch(text.strip(_BLANKS))
    if match is None:
        return None
    days = days_of(int(match[1]), int(match[2]), int(match[3]))
    return days if days is not None and _MIN_DAY <= days <= _MAX_DAY else None


def _picoseconds(hour: str | None, minute: str | None, second: str | None, fraction: str | None) -> int | None:
    """Picoseconds of the day, fractions beyond twelve digits rounded half up."""
    parts = int(hour or 0), int(minute or 0), int(second or 0)
    if parts[0] > 23 or parts[1] > 59 or parts[2] > 59:
        return None
    digits = fraction or ""
    units = int(digits[:_MAX_DIGITS].ljust(_MAX_DIGITS, "0"))
    if len(digits) > _MAX_DIGITS and digits[_MAX_DIGITS] >= "5":
        units += 1
    return (parts[0] * 3600 + parts[1] * 60 + parts[2]) * 10**12 + units


@value_function("trino_read_time", ["VARCHAR"], "BIGINT", pa.int64())
def read_time(text: str) -> int | None:
    """Picoseconds of the day, None for text that is no time without zone."""
    match = _TIME.fullmatch(text)
    if match is None or match[5] is not None or len(match[4] or "") > _MAX_DIGITS:
        return None
    return _picoseconds(*match.groups()[:4])


@value_function(
    "trino_read_time_with_zone",
    ["VARCHAR"],
    "STRUCT(t BIGINT, o SMALLINT)",
    pa.struct([("t", pa.int64()), ("o", pa.int16())]),
)
def read_time_with_zone(text: str) -> dict[str, Any] | None:
    """Local picoseconds of the day and the offset in minutes, None for text that is no time with offset."""
    match = _TIME.fullmatch(text.strip(_BLANKS))
    if match is None or match[5] is None or len(match[4] or "") > _MAX_DIGITS:
        return None
    offset = int(match[6]) * 60 + int(match[7])
    picoseconds = _picoseconds(*match.groups()[:4])
    if picoseconds is None or int(match[7]) > 59 or offset > _MAX_OFFSET_MINUTES:
        return None
    return {"t": picoseconds, "o": -offset if match[5] == "-" else offset}


_PARTS = pa.struct([("t", pa.timestamp("us")), ("p", pa.int32()), ("z", pa.string())])


@value_function("trino_read_timestamp", ["VARCHAR"], "STRUCT(t TIMESTAMP, p INTEGER, z VARCHAR)", _PARTS)
def read_timestamp(text: str) -> dict[str, Any] | None:
    """The wall clock in microseconds, the picoseconds beyond, and the zone (None without); None for no timestamp."""
    match = _TIMESTAMP.fullmatch(text.strip(_BLANKS))
    if match is None:
        return None
    days = days_of(int(match[1]), int(match[2]), int(match[3]))
    picoseconds = _picoseconds(*match.groups()[3:7])
    if days is None or picoseconds is None:
        return None
    zone = match[8]
    if zone is not None:
        zone = canonical_zone(zone)
        if zone is None:
            return None
    microseconds, rest = divmod(days * 86_400 * 10**12 + picoseconds, 10**6)
    limit = _MAX_ZONED_MILLIS * 1000 if zone is not None else 2**63 - 1
    return {"t": microseconds, "p": rest, "z": zone} if -limit <= microseconds < limit else None


@value_function("trino_no_timestamp", ["VARCHAR"], "VARCHAR", pa.string())
def no_timestamp(text: str) -> str:
    """Why a text is no timestamp. Raises: a marked NOT_SUPPORTED for a zone that Java has and Trino has not."""
    match = _TIMESTAMP.fullmatch(text.strip(_BLANKS))
    refused = None if match is None or match[8] is None else unsupported_zone(match[8])
    if refused is not None:
        raise ValueError(marked(NOT_SUPPORTED, f"Time zone not supported: {refused}"))
    return f"Value cannot be cast to timestamp: {text}"


@value_function("trino_zone", ["VARCHAR"], "VARCHAR", pa.string())
def zone(text: str) -> str | None:
    """The name under which a zone is known, None for a name that is none."""
    return canonical_zone(text)
