"""ISO 8601 dates and timestamps, with Joda's (and, for nanoseconds, java.time's) refusals."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.datetimes import days_of
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.errors import NOT_SUPPORTED
from lodestar_server.spi.zones import canonical_zone, offset_at, offset_zone, unsupported_zone

_DATE = re.compile(r"([+-]?\d{1,9})(?:-(?:W(\d{1,2})(?:-(\d))?|(\d{3})(?!\d)|(\d{1,2})(?:-(\d{1,2}))?))?", re.ASCII)
_TIME = re.compile(r"[Tt](?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?)?(?:[.,](\d{1,9}))?)?", re.ASCII)
_MILLIS = (3_600_000, 60_000, 1000)
"""Of an hour, a minute and a second: a fraction belongs to the last one that is written."""
_ZONE = re.compile(r"[Zz]|([+-])(\d\d)(?::?(\d\d))?", re.ASCII)
_MICROS_PER_DAY = 86_400_000_000


def _malformed(text: str, position: int) -> ValueError:
    sample = text if len(text) <= position + 35 else text[: position + 32] + "..."
    if position <= 0:
        return refused(f'Invalid format: "{sample}"')
    if position >= len(text):
        return refused(f'Invalid format: "{sample}" is too short')
    return refused(f'Invalid format: "{sample}" is malformed at "{sample[position:]}"')


def _out_of_range(text: str, field: str, value: int, low: int, high: int) -> ValueError:
    return refused(f'Cannot parse "{text}": Value {value} for {field} must be in the range [{low},{high}]')


def _date(text: str, match: re.Match[str]) -> int:
    year, week, weekday, day_of_year, month, day = (None if one is None else int(one) for one in match.groups())
    assert year is not None
    first, following = days_of(year, 1, 1), days_of(year + 1, 1, 1)
    assert first is not None and following is not None
    if week is not None:
        fourth, next_fourth = first + 3, following + 3
        monday = fourth - (fourth + 3) % 7
        weeks = (next_fourth - (next_fourth + 3) % 7 - monday) // 7
        if not 1 <= week <= weeks:
            raise _out_of_range(text, "weekOfWeekyear", week, 1, weeks)
        if weekday is not None and not 1 <= weekday <= 7:
            raise _out_of_range(text, "dayOfWeek", weekday, 1, 7)
        return monday + (week - 1) * 7 + (weekday or 1) - 1
    if day_of_year is not None:
        if not 1 <= day_of_year <= following - first:
            raise _out_of_range(text, "dayOfYear", day_of_year, 1, following - first)
        return first + day_of_year - 1
    month, day = 1 if month is None else month, 1 if day is None else day
    days = days_of(year, month, day)
    if days is None:
        raise out_of_range_date(text, year, month, day)
    return days


def out_of_range_date(text: str, year: int, month: int, day: int) -> ValueError:
    """What Joda-Time says of a date whose month is none, or has no such day."""
    if not 1 <= month <= 12:
        return _out_of_range(text, "monthOfYear", month, 1, 12)
    last = max(one for one in range(28, 32) if days_of(year, month, one) is not None)
    return _out_of_range(text, "dayOfMonth", day, 1, last)


@value_function("trino_iso_date", ["VARCHAR"], "INTEGER", pa.int32())
def iso_date(text: str) -> int:
    """Days since 1970-01-01."""
    match = _DATE.match(text)
    if match is None:
        raise _malformed(text, 0)
    if match.end() < len(text):
        raise _malformed(text, match.end())
    return _date(text, match)


_PARTS_TEXT = "STRUCT(t TIMESTAMP, p INTEGER, z VARCHAR)"
_PARTS = pa.struct([("t", pa.timestamp("us")), ("p", pa.int32()), ("z", pa.string())])


@value_function("trino_iso_timestamp", ["VARCHAR"], _PARTS_TEXT, _PARTS)
def iso_timestamp(text: str) -> dict[str, Any]:
    """A wall clock in milliseconds and its zone, NULL without."""
    match = _DATE.match(text)
    if match is None and not (text.startswith("T") and len(text) > 1):
        raise _malformed(text, 0)
    position, millis = 0 if match is None else match.end(), 0
    time = _TIME.match(text, position)
    zone: str | None = None
    if time is not None:
        position = time.end()
        hour, minute, second = (int(one or 0) for one in time.groups()[:3])
        for name, value, high in (
            ("hourOfDay", hour, 23),
            ("minuteOfHour", minute, 59),
            ("secondOfMinute", second, 59),
        ):
            if value > high:
                raise _out_of_range(text, name, value, 0, high)
        written = sum(one is not None for one in time.groups()[:3])
        fraction = time[4] or "0"
        millis = ((hour * 60 + minute) * 60 + second) * 1000
        millis += int(fraction) * _MILLIS[max(written, 1) - 1] // 10 ** len(fraction)
        offset = _ZONE.match(text, position)
        if offset is not None:
            position = offset.end()
            minutes = int(offset[2] or 0) * 60 + int(offset[3] or 0)
            zone = offset_zone(-minutes if offset[1] == "-" else minutes)
            if unsupported_zone(zone) is not None:
                raise ValueError(marked(NOT_SUPPORTED, f"Time zone not supported: {zone}"))
    if position < len(text):
        raise _malformed(text, position)
    days = 0 if match is None else _date(text, match)
    return {"t": days * _MICROS_PER_DAY + millis * 1000, "p": 0, "z": zone}


_MONTHS = (
    *("JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE"),
    *("JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"),
)


def invalid_date(year: int, month: int, day: int) -> str:
    """What java.time says of a month that is none, or of a day that its month has not."""
    if not 1 <= month <= 12:
        return f"Invalid value for MonthOfYear (valid values 1 - 12): {month}"
    if not 1 <= day <= 31:
        return f"Invalid value for DayOfMonth (valid values 1 - 28/31): {day}"
    if (month, day) == (2, 29):
        return f"Invalid date 'February 29' as '{year}' is not a leap year"
    return f"Invalid date '{_MONTHS[month - 1]} {day}'"


_MAX_JAVA_OFFSET_MINUTES = 18 * 60
_FIELDS = (
    re.compile(r"(\d{4}(?!\d)|[+-]\d{4,9})", re.ASCII),
    *(re.compile(one, re.ASCII) for one in ("-", r"(\d\d)", "-", r"(\d\d)", "[Tt]", r"(\d\d)", ":", r"(\d\d)")),
)
_SECONDS = re.compile(r":(\d\d)(?:\.(\d{0,9}))?", re.ASCII)
_OFFSET = re.compile(r"[Zz]|([+-])(\d\d):(\d\d)", re.ASCII)
_REGION = re.compile(r"\[([^\]]+)\]")


@value_function("trino_iso_nanos", ["VARCHAR"], _PARTS_TEXT, _PARTS)
def iso_nanos(text: str) -> dict[str, Any]:
    """A wall clock in nanoseconds and its zone, NULL without. Source: answers of java.time's ISO_DATE_TIME."""
    failed = f"Text '{text}' could not be parsed"
    position = 0
    numbers: list[int] = []
    for field in _FIELDS:
        match = field.match(text, position)
        if match is None:
            raise refused(f"{failed} at index {position}")
        position = match.end()
        numbers.extend(int(one) for one in match.groups())
    year, month, day, hour, minute = numbers
    second, nanos = 0, 0
    if (match := _SECONDS.match(text, position)) is not None:
        position = match.end()
        second, nanos = int(match[1]), int((match[2] or "").ljust(9, "0"))
    zone, offset = None, 0
    if (match := _OFFSET.match(text, position)) is not None:
        position = match.end()
        offset = (int(match[2]) * 60 + int(match[3])) * (-1 if match[1] == "-" else 1) if match[1] else 0
        zone = offset_zone(offset)
        if unsupported_zone(zone) is not None:
            raise ValueError(marked(NOT_SUPPORTED, f"Time zone not supported: {zone}"))
    region = None if zone is None else _REGION.match(text, position)
    if region is not None:
        position = region.end()
    if position < len(text):
        raise refused(f"{failed}, unparsed text found at index {position}")
    days = _checked(failed, year, month, day, hour, minute, second)
    if abs(offset) > _MAX_JAVA_OFFSET_MINUTES:
        raise refused(f"{failed}: Zone offset not in valid range: -18:00 to +18:00")
    micros = days * _MICROS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + nanos // 1000
    if region is not None:
        known = canonical_zone(region[1])
        if known is None:
            raise refused(f"{failed} at index {region.start()}")
        instant = micros - offset * 60_000_000
        micros = instant + offset_at(known, instant // 1_000_000) * 1_000_000
        zone = known
    return {"t": micros, "p": nanos % 1000 * 1000, "z": zone}


def _checked(failed: str, year: int, month: int, day: int, hour: int, minute: int, second: int) -> int:
    """The days since 1970. Raises: a marked INVALID_FUNCTION_ARGUMENT that names the field."""
    bounds = (
        ("MonthOfYear", month, 1, 12),
        ("DayOfMonth", day, 1, 31),
        ("HourOfDay", hour, 0, 23),
        ("MinuteOfHour", minute, 0, 59),
        ("SecondOfMinute", second, 0, 59),
    )
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise refused(f"{failed}: Invalid value for {name} (valid values {low} - {high}): {value}")
    days = days_of(year, month, day)
    if days is None:
        raise refused(f"{failed}: {invalid_date(year, month, day)}")
    return days
