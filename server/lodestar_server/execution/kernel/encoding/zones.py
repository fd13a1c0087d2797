"""Zone names: which spellings are zones, and the name under which a zone is known. Source: Trino TimeZoneKey."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

UTC = "UTC"
_UTC_SPELLINGS = "UTC UT UCT GMT GMT0 Z Zulu Universal Greenwich Etc/UTC Etc/UT Etc/UCT Etc/GMT Etc/GMT0 Etc/Universal"
_UTC_NAMES = frozenset(_UTC_SPELLINGS.split())
_UNKNOWN_SPELLINGS = "EST MST HST ROC Factory localtime posixrules GMT+0 GMT-0 Etc/Greenwich Etc/Zulu"
_NO_ZONES = frozenset(_UNKNOWN_SPELLINGS.split())
_BARE_OFFSET = re.compile(r"([+-])(?:(\d{1,2})|(\d\d):?(\d\d)|(\d\d):(\d\d):00)", re.ASCII)
_NAMED_OFFSET = re.compile(r"(Etc/)?(UTC|GMT|UT)([+-])(\d{1,2})(?::(\d\d))?", re.ASCII)
MAX_OFFSET_MINUTES = 14 * 60


@cache
def _regions() -> frozenset[str]:
    return frozenset(name for name in available_timezones() if not name.startswith("Etc/")) - _NO_ZONES - _UTC_NAMES


@lru_cache(maxsize=2048)
def canonical_zone(name: str) -> str | None:
    """A region name, `UTC`, or an offset `+05:30`; None for a name that is no zone."""
    if name in _UTC_NAMES:
        return UTC
    offset = _offset_minutes(name)
    if offset is None:
        return name if name in _regions() else None
    if abs(offset) > MAX_OFFSET_MINUTES:
        return None
    return offset_zone(offset)


def offset_zone(minutes: int) -> str:
    """`+05:30` of 330, `UTC` of 0."""
    if minutes == 0:
        return UTC
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def zone_offset_minutes(zone: str) -> int | None:
    """The minutes of a fixed offset or UTC, None for a region."""
    if zone == UTC:
        return 0
    if zone[0] not in "+-":
        return None
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return -minutes if zone[0] == "-" else minutes


def _offset_minutes(name: str) -> int | None:
    bare = _BARE_OFFSET.fullmatch(name)
    if bare is not None:
        return _minutes(bare[1], bare[2] or bare[3] or bare[5], bare[4] or bare[6])
    named = _NAMED_OFFSET.fullmatch(name)
    if named is None:
        return None
    minutes = _minutes(named[3], named[4], named[5])
    return -minutes if minutes is not None and named[1] and named[2] == "GMT" else minutes


def _minutes(sign: str, hours: str, minutes: str | None) -> int | None:
    if int(minutes or 0) > 59:
        return None
    total = int(hours) * 60 + int(minutes or 0)
    return -total if sign == "-" else total
