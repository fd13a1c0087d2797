"""Time zones as Trino knows them: regions and offsets in whole minutes up to 14 hours. Source: Trino TimeZoneKey.

Accepted spellings: region names exactly as in the table, the names of UTC, offsets (`+5`, `+05:30`, `+0530`, `UTC+5`,
`GMT+5:30`), and `Etc/GMT±h` whose sign is the wrong way round.
"""

from __future__ import annotations

import re
from datetime import UTC as _UTC_OF_PYTHON
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lodestar_server.spi.zone_table import REGION_KEYS

UTC = "UTC"
MAX_OFFSET_MINUTES = 14 * 60

_MAX_JAVA_OFFSET_MINUTES = 18 * 60
_SYSTEM_V_NAMES = "AST4 AST4ADT CST6 CST6CDT EST5 EST5EDT HST10 MST7 MST7MDT PST8 PST8PDT YST9 YST9YDT"
_SYSTEM_V = frozenset(f"SystemV/{name}" for name in _SYSTEM_V_NAMES.split())
_UTC_SPELLINGS = "UTC UT UCT GMT GMT0 Z Zulu Universal Greenwich Etc/UTC Etc/UT Etc/UCT Etc/GMT Etc/GMT0 Etc/Universal"
_UTC_NAMES = frozenset(_UTC_SPELLINGS.split())
_BARE_OFFSET = re.compile(r"([+-])(?:(\d{1,2})|(\d\d):?(\d\d)|(\d\d):(\d\d):00)", re.ASCII)
_NAMED_OFFSET = re.compile(r"(Etc/)?(UTC|GMT|UT)([+-])(\d{1,2})(?::(\d\d))?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=_UTC_OF_PYTHON)


@lru_cache(maxsize=2048)
def canonical_zone(name: str) -> str | None:
    """The name a zone goes by: a region, `UTC`, or an offset `+05:30`; None for a name that is no zone."""
    if name in REGION_KEYS:
        return name
    if name in _UTC_NAMES:
        return UTC
    offset = _offset_minutes(name)
    return None if offset is None or abs(offset) > MAX_OFFSET_MINUTES else offset_zone(offset)


@lru_cache(maxsize=2048)
def unsupported_zone(name: str) -> str | None:
    """The name of a zone that Java has and Trino refuses: an offset of more than 14 hours, a SystemV region."""
    if name in _SYSTEM_V:
        return name
    if name.startswith("Etc/"):
        return None
    offset = _offset_minutes(name)
    if offset is None or not MAX_OFFSET_MINUTES < abs(offset) <= _MAX_JAVA_OFFSET_MINUTES:
        return None
    prefix = name[: max(name.find("+"), name.find("-"))]
    return prefix + offset_zone(offset)


def offset_zone(minutes: int) -> str:
    """`+05:30` of 330, `UTC` of 0."""
    if minutes == 0:
        return UTC
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def zone_key(canonical: str) -> int:
    """The number of a canonical zone in query documents: 0 is UTC, then the offsets from -14:00, then the regions."""
    if canonical == UTC:
        return 0
    region = REGION_KEYS.get(canonical)
    if region is not None:
        return region
    minutes = int(canonical[:3]) * 60 + int(canonical[0] + canonical[4:])
    return minutes + MAX_OFFSET_MINUTES + (1 if minutes < 0 else 0)


def fixed_offset(zone: str) -> int | None:
    """Minutes east of UTC of a canonical id that has one offset for ever; None for a region."""
    if zone == UTC:
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
