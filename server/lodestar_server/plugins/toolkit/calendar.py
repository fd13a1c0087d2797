"""Dates of any year, as days since 1970-01-01 in the proleptic Gregorian calendar, and their ISO texts.

Years are written as Java's LocalDate does: at least four digits, `+12345` beyond them, `-0044` before the year 0.
"""

from __future__ import annotations

import re
from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()
_YEARS = 400
_DAYS = 146_097
"""The calendar repeats every 400 years, so that any year has a twin among Python's dates."""

_TEXT = re.compile(r"([+-]?\d{4,})-(\d{1,2})-(\d{1,2})", re.ASCII)


def day_text(days: int) -> str:
    """`2024-02-29`."""
    cycles, within = divmod(days + _EPOCH - 1, _DAYS)
    twin = date.fromordinal(within + 1)
    year = twin.year + cycles * _YEARS
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04d}-{twin.month:02d}-{twin.day:02d}"


def day_number(text: str) -> int:
    """The inverse. Raises: ValueError for what is no date."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"not a date: {text}")
    cycles, within = divmod(int(match[1]) - 1, _YEARS)
    return date(within + 1, int(match[2]), int(match[3])).toordinal() - _EPOCH + cycles * _DAYS
