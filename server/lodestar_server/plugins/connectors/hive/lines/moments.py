"""Dates and timestamps as Hive writes them in text: fields of one or two digits, and a 31st of February is in March."""

from __future__ import annotations

import re

from lodestar_server.plugins.toolkit.calendar import day_number

_DATE = re.compile(r"([+-]?\d{1,10})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIMESTAMP = re.compile(
    r"([+-]?\d{1,10}-\d{1,2}-\d{1,2})(?: (\d{1,2}):(\d{1,2}):(\d{1,2})|[Tt](\d\d):(\d\d)(?::(\d\d))?)(?:\.(\d{1,9}))?",
    re.ASCII,
)
MAX_DAY = 2**31 - 1


def hive_date(text: str) -> int:
    """Days since 1970; what follows a blank does not count. Raises: ValueError."""
    return _day(text.strip().partition(" ")[0])


def _day(text: str) -> int:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(f"Text '{text}' could not be parsed")
    years, month = divmod(int(match[2]) - 1, 12)
    year = int(match[1]) + years
    first = f"{'-' if year < 0 else ''}{abs(year):04d}-{month + 1:02d}-01"
    day = day_number(first) + int(match[3]) - 1
    if abs(day) > MAX_DAY:
        raise ValueError(f"Text '{text}' could not be parsed")
    return day


def hive_timestamp(text: str) -> tuple[int, int]:
    """Seconds since 1970 and nanoseconds. Raises: ValueError; a date alone is none."""
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"Text '{text}' could not be parsed")
    hour, minute, second = (int(match[i] or match[i + 3] or 0) for i in (2, 3, 4))
    seconds = _day(match[1]) * 86_400 + hour * 3600 + minute * 60 + second
    return seconds, int((match[8] or "").ljust(9, "0"))
