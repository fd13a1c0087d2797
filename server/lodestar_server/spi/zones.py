"""Time zone ids as Trino knows them: region ids and offsets in whole minutes up to 14 hours."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MAX_OFFSET_MINUTES = 14 * 60

_UTC_NAMES = frozenset(
    {"GMT", "GMT0", "GMT+0", "GMT-0", "Etc/GMT", "Etc/GMT0", "Etc/GMT+0", "Etc/GMT-0", "UTC", "Etc/UTC", "UT", "UCT"}
    | {"Etc/UCT", "Etc/UT", "Z", "Zulu", "Etc/Zulu", "Greenwich", "Etc/Greenwich", "Universal", "Etc/Universal"}
)
_UNKNOWN_REGIONS = frozenset({"EST", "HST", "MST", "ROC", "Factory", "localtime"})
"""Ids of the zone database that Java does not offer."""
_PREFIXES = ("Etc/GMT", "Etc/UTC", "GMT", "UTC", "UT", "")
_OFFSET = re.compile(r"([+-])(\d{1,2})(?::?(\d{2}))?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1)
def _regions() -> frozenset[str]:
    return frozenset(available_timezones()) - _UNKNOWN_REGIONS


@lru_cache(maxsize=1024)
def find_zone(text: str) -> str | None:
    """The canonical id: `UTC` for every spelling of it, `+05:30` for offsets, a region id as it is; None if unknown."""
    if text in _UTC_NAMES:
        return "UTC"
    for prefix in _PREFIXES:
        if not text.startswith(prefix):
            continue
        match = _OFFSET.fullmatch(text, len(prefix))
        if match is None:
            continue
        sign, hours, minutes = match[1], int(match[2]), int(match[3] or 0)
        offset = hours * 60 + minutes
        if minutes > 59 or offset > MAX_OFFSET_MINUTES:
            return None
        if prefix == "Etc/GMT":  # POSIX: west of Greenwich is positive
            sign = "-" if sign == "+" else "+"
        return f"{sign}{hours:02}:{minutes:02}" if offset else "UTC"
    return text if text in _regions() and not text.startswith("Etc/") else None


def fixed_offset(zone: str) -> int | None:
    """Minutes east of UTC of a canonical id that has one offset for ever; None for a region."""
    if zone == "UTC":
        return 0
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[4:6])
        return minutes if zone[0] == "+" else -minutes
    return None


def offset_at(zone: str, epoch_seconds: int) -> int:
    """Seconds east of UTC of a canonical id at an instant. Outside of the years 1 to 9999 the nearest year's rule."""
    fixed = fixed_offset(zone)
    if fixed is not None:
        return fixed * 60
    moment = _EPOCH + timedelta(seconds=_clamped(epoch_seconds))
    offset = moment.astimezone(_zone(zone)).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


def local_to_utc(zone: str, local_seconds: int) -> int:
    """The instant (seconds since 1970 UTC) of a wall-clock time (seconds since 1970 in the zone).

    A time that occurs twice is the first; a time inside a gap moves forward by the gap.
    """
    fixed = fixed_offset(zone)
    if fixed is not None:
        return local_seconds - fixed * 60
    naive = (_EPOCH + timedelta(seconds=_clamped(local_seconds))).replace(tzinfo=_zone(zone))
    offset = naive.utcoffset()
    return local_seconds - (0 if offset is None else int(offset.total_seconds()))


def is_in_gap(zone: str, local_seconds: int) -> bool:
    """The wall-clock time does not exist in the zone: clocks jumped over it."""
    if fixed_offset(zone) is not None:
        return False
    instant = local_to_utc(zone, local_seconds)
    return instant + offset_at(zone, instant) != local_seconds


def _clamped(seconds: int) -> int:
    """Python's calendar ends at year 9999; whole 400-year cycles repeat the weekdays and so the rules."""
    cycle = 146_097 * 86_400
    low, high = -62_135_510_400, 253_402_214_400
    while seconds < low:
        seconds += cycle
    while seconds > high:
        seconds -= cycle
    return seconds


@lru_cache(maxsize=512)
def _zone(zone: str) -> ZoneInfo:
    return ZoneInfo(zone)
