"""ISO 8601 dates and timestamps, with Joda's (and, for nanoseconds, java.time's) refusals."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.datetimes import days_of
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.zones import offset_zone

_DATE = re.compile(r"([+-]?\d{1,9})(?:-(?:W(\d{1,2})(?:-(\d))?|(\d{3})(?!\d)|(\d{1,2})(?:-(\d{1,2}))?))?", re.ASCII)
_TIME = re.compile(r"T(?:(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?)?)?", re.ASCII)
_ZONE = re.compile(r"Z|([+-])(\d\d)(?::?(\d\d))?", re.ASCII)
_NANOS = re.compile(
    r"([+-]?\d{4,9})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::\d\d)?)?)?", re.ASCII
)
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
    if not 1 <= month <= 12:
        raise _out_of_range(text, "monthOfYear", month, 1, 12)
    days = days_of(year, month, day)
    if days is None:
        last = max(one for one in range(28, 32) if days_of(year, month, one) is not None)
        raise _out_of_range(text, "dayOfMonth", day, 1, last)
    return days


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
    if match is None:
        raise _malformed(text, 0)
    position, millis = match.end(), 0
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
            if value > high and not (name == "hourOfDay" and value == 24 and minute == second == 0):
                raise _out_of_range(text, name, value, 0, high)
        millis = ((hour * 60 + minute) * 60 + second) * 1000 + int((time[4] or "")[:3].ljust(3, "0"))
        offset = _ZONE.match(text, position)
        if offset is not None:
            position = offset.end()
            minutes = int(offset[2] or 0) * 60 + int(offset[3] or 0)
            zone = offset_zone(-minutes if offset[1] == "-" else minutes)
    if position < len(text):
        raise _malformed(text, position)
    return {"t": _date(text, match) * _MICROS_PER_DAY + millis * 1000, "p": 0, "z": zone}


@value_function("trino_iso_nanos", ["VARCHAR"], _PARTS_TEXT, _PARTS)
def iso_nanos(text: str) -> dict[str, Any]:
    """A wall clock in nanoseconds and its zone, NULL without."""
    match = _NANOS.match(text)
    if match is None:
        raise refused(f"Text '{text}' could not be parsed at index {_common_length(text)}")
    if match.end() < len(text):
        raise refused(f"Text '{text}' could not be parsed, unparsed text found at index {match.end()}")
    hour, minute, second = (int(one or 0) for one in match.groups()[3:6])
    for name, value, high in (("HourOfDay", hour, 23), ("MinuteOfHour", minute, 59), ("SecondOfMinute", second, 59)):
        if value > high:
            raise refused(
                f"Text '{text}' could not be parsed: Invalid value for {name} (valid values 0 - {high}): {value}"
            )
    days = days_of(int(match[1]), int(match[2]), int(match[3]))
    if days is None:
        raise refused(f"Text '{text}' could not be parsed: Invalid date")
    nanos = int((match[7] or "").ljust(9, "0"))
    micros = days * _MICROS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1_000_000 + nanos // 1000
    zone = None
    if match[8]:
        sign = -1 if match[8][0] == "-" else 1
        zone = "UTC" if match[8] == "Z" else offset_zone(sign * (int(match[8][1:3]) * 60 + int(match[8][4:6] or 0)))
    return {"t": micros, "p": nanos % 1000 * 1000, "z": zone}


_SHAPE = re.compile(r"([+-]?\d{4,9}(-(\d\d(-(\d\d)?)?)?)?)?", re.ASCII)


def _common_length(text: str) -> int:
    match = _SHAPE.match(text)
    return 0 if match is None else match.end()
