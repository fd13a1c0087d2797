"""Text of literals to constants: numbers, dates, times, timestamps, intervals. Values are those of `ir.Constant`.

A ValueError means that the text is not a literal of the kind; the caller knows the position and the message.
"""

from __future__ import annotations

import re
from datetime import date

from lodestar_server.ir import Constant
from lodestar_server.spi import zones
from lodestar_server.spi.errors import NOT_SUPPORTED, NUMERIC_VALUE_OUT_OF_RANGE, LodestarError
from lodestar_server.spi.types import (
    DATE,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    MAX_DATETIME_PRECISION,
    MAX_DECIMAL_PRECISION,
    DecimalType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
)
from lodestar_server.sql.parser.ast import IntervalField

PICOS_PER_SECOND = 10**12
SECONDS_PER_DAY = 86_400

_DATE = re.compile(r"\s*([+-]?\d{1,9})-(\d{1,2})-(\d{1,2})\s*", re.ASCII)
_TIMESTAMP = re.compile(
    r"([-+]?\d{4,})-(\d{1,2})-(\d{1,2})"
    r"( (?:(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?)?\s*(.+)?)?",
    re.ASCII,
)
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d+))?)?\s*(?:([+-])(\d\d):(\d\d))?", re.ASCII)
_DIGITS = r"(?:\d(?:_?\d)*)?"
_DECIMAL = re.compile(rf"([+-]?)({_DIGITS})(?:\.({_DIGITS}))?", re.ASCII)
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MAX_YEAR = 999_999_999


def days_of(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01 in the proleptic Gregorian calendar. Raises: ValueError for a day that is none."""
    if not -_MAX_YEAR <= year <= _MAX_YEAR or not 1 <= month <= 12:
        raise ValueError("no such date")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day <= _DAYS_IN_MONTH[month - 1] + (leap and month == 2):
        raise ValueError("no such date")
    # The calendar repeats every 400 years, so any year has a twin in the range of Python's dates.
    cycles, twin = divmod(year - 2000, 400)
    return date(2000 + twin, month, day).toordinal() - 719_163 + cycles * 146_097


def parse_date(text: str) -> Constant:
    """`2024-01-31`, blanks around it allowed; a year has one to nine digits. A date has 32 bits of days."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"Value cannot be cast to date: {text}")
    days = days_of(int(match[1]), int(match[2]), int(match[3]))
    if not -_MAX_FIELD - 1 <= days <= _MAX_FIELD:
        raise ValueError(f"Value cannot be cast to date: {text}")
    return Constant(DATE, days)


def parse_time(text: str) -> Constant:
    """`01:02[:03[.456]][+05:30]`; the precision is the number of fraction digits."""
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"Invalid TIME: {text}")
    hour, minute, second, fraction, sign, zone_hour, zone_minute = match.groups()
    picos, precision = _clock(hour, minute, second, fraction, "TIME" if sign is None else "TIME WITH TIME ZONE")
    if sign is None:
        return Constant(TimeType(precision), picos)
    offset = int(zone_hour) * 60 + int(zone_minute)
    if int(zone_minute) > 59 or offset > zones.MAX_OFFSET_MINUTES:
        raise ValueError(f"Invalid TIME WITH TIME ZONE: {text}")
    return Constant(TimeTzType(precision), (picos, offset if sign == "+" else -offset))


_TIMESTAMP_END = (2**63 - 1) * 1_000_000
"""Picoseconds: timestamps are microseconds in 64 bits, the last of which DuckDB calls infinity."""


_ZONED_END = 2**51 * 10**9
"""Picoseconds: timestamps with a zone are milliseconds in 52 bits, beside the zone."""


def parse_timestamp(text: str) -> Constant:
    """`2024-01-31[ 01:02[:03[.456]][ zone]]`; with a zone the type has one.

    Raises: ValueError; LodestarError(NOT_SUPPORTED) for a zone that Trino refuses.
    """
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"Invalid TIMESTAMP: {text}")
    year, month, day, _, hour, minute, second, fraction, zone_text = match.groups()
    days = days_of(int(year), int(month), int(day))
    kind = "TIMESTAMP" if zone_text is None else "TIMESTAMP WITH TIME ZONE"
    picos, precision = _clock(hour or "0", minute or "0", second, fraction, kind)
    local_seconds = days * SECONDS_PER_DAY + picos // PICOS_PER_SECOND
    if zone_text is None:
        instant = days * SECONDS_PER_DAY * PICOS_PER_SECOND + picos
        if not -_TIMESTAMP_END < instant < _TIMESTAMP_END:
            raise ValueError(f"Invalid TIMESTAMP: {text}")
        return Constant(TimestampType(precision), instant)
    zone = zones.canonical_zone(zone_text)
    if zone is None:
        if zones.unsupported_zone(zone_text) is not None:
            raise LodestarError(NOT_SUPPORTED, f"Time zone not supported: {zone_text}")
        raise ValueError(f"'{zone_text}' is not a valid time zone")
    if zones.is_in_gap(zone, local_seconds):
        raise ValueError("Invalid TIMESTAMP due to daylight savings transition")
    instant = zones.local_to_utc(zone, local_seconds) * PICOS_PER_SECOND + picos % PICOS_PER_SECOND
    if not -_ZONED_END <= instant < _ZONED_END:
        raise ValueError(f"Invalid TIMESTAMP: {text}")
    return Constant(TimestampTzType(precision), (instant, zone))


def _clock(hour: str, minute: str, second: str | None, fraction: str | None, kind: str) -> tuple[int, int]:
    """Picoseconds of the day, and the number of fraction digits."""
    h, m, s = int(hour), int(minute), int(second or "0")
    precision = len(fraction or "")
    if h > 23 or m > 59 or s > 59:
        raise ValueError("no such time")
    if precision > MAX_DATETIME_PRECISION:
        message = f"{kind} precision must be in range [0, {MAX_DATETIME_PRECISION}]: {precision}"
        raise LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message)
    picos = int((fraction or "0").ljust(12, "0"))
    return ((h * 60 + m) * 60 + s) * PICOS_PER_SECOND + picos, precision


def parse_decimal(text: str) -> Constant:
    """Digits with an optional sign and point; leading zeros do not count for the precision."""
    match = _DECIMAL.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"Invalid DECIMAL value '{text}'")
    integral, fraction = (part.replace("_", "") for part in (match[2], match[3] or ""))
    sign, integral = match[1], integral.lstrip("0")
    precision = max(len(integral) + len(fraction), 1)
    if precision > MAX_DECIMAL_PRECISION:
        raise ValueError(f"Invalid DECIMAL value '{text}'")
    unscaled = int((integral + fraction) or "0")
    return Constant(DecimalType(precision, len(fraction)), -unscaled if sign == "-" else unscaled)


_YEAR_FIELDS = (IntervalField.YEAR, IntervalField.MONTH)
_DAY_FIELDS = (IntervalField.DAY, IntervalField.HOUR, IntervalField.MINUTE, IntervalField.SECOND)
_MILLIS = {
    IntervalField.DAY: 86_400_000,
    IntervalField.HOUR: 3_600_000,
    IntervalField.MINUTE: 60_000,
    IntervalField.SECOND: 1000,
}
_SEPARATORS = {IntervalField.MONTH: "-", IntervalField.HOUR: " ", IntervalField.MINUTE: ":", IntervalField.SECOND: ":"}
_MAX_FIELD = 2**31 - 1


def parse_interval(text: str, negative: bool, start: IntervalField, end: IntervalField | None) -> Constant:
    """An interval literal of the fields from `start` to `end`; trailing fields may be left out of the text.

    Raises: ValueError with the whole message.
    """
    family = _YEAR_FIELDS if start in _YEAR_FIELDS else _DAY_FIELDS
    last = start if end is None else end
    if last not in family or family.index(last) < family.index(start) + (end is not None):
        raise ValueError(f"Invalid interval qualifier: {start.value} TO {last.value}")
    fields = family[family.index(start) : family.index(last) + 1]
    qualifier = start.value if start is last else f"{start.value} TO {last.value}"
    refused = ValueError(f"Invalid INTERVAL {qualifier} value: {text}")
    within = text.startswith("-")
    body = text.removeprefix("-")
    negative = negative != within
    amounts = _interval_amounts(body, fields)
    if amounts is None:
        raise refused
    if family is _YEAR_FIELDS:
        months = sum(amount * (12 if field is IntervalField.YEAR else 1) for field, amount in amounts)
        # The minus inside the text belongs to the value, so that one reaches the smallest integer.
        if months > _MAX_FIELD + (within and negative):
            raise refused
        return Constant(INTERVAL_YEAR_MONTH, -months if negative else months)
    millis = sum(amount * _MILLIS[field] for field, amount in amounts if field is not IntervalField.SECOND)
    millis += sum(amount for field, amount in amounts if field is IntervalField.SECOND)
    if millis >= 2**63:
        raise refused
    return Constant(INTERVAL_DAY_SECOND, -millis if negative else millis)


_FRACTION = re.compile(r"[.,]\d", re.ASCII)


def _interval_amounts(body: str, fields: tuple[IntervalField, ...]) -> list[tuple[IntervalField, int]] | None:
    """Each field with its amount (seconds in milliseconds), None when the text does not fit."""
    found: list[tuple[IntervalField, int]] = []
    position = 0
    for number, field in enumerate(fields):
        if number:
            if position == len(body):
                break
            if body[position] != _SEPARATORS[field]:
                return None
            position += 1
        if position == len(body):
            # The last field may be left out behind its separator, and the only one too.
            found.append((field, 0))
            break
        if field is IntervalField.SECOND and _FRACTION.match(body, position):
            body = f"{body[:position]}0{body[position:]}"
        pattern = r"[+]?(\d+)(?:[.,](\d{0,3})\d*)?" if field is IntervalField.SECOND else r"[+]?(\d+)"
        match = re.compile(pattern).match(body, position)
        if match is None or int(match[1]) > _MAX_FIELD:
            return None
        amount = int(match[1])
        if field is IntervalField.SECOND:
            amount = amount * 1000 + int((match[2] or "").ljust(3, "0"))
        found.append((field, amount))
        position = match.end()
    return found if position == len(body) else None
