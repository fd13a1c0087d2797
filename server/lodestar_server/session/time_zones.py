"""Zone names as sessions use them: which spellings are accepted, and the one under which a zone is known.

Accepted: region names in their exact spelling, the names of UTC, offsets (`+5`, `+05:30`, `+0530`, `UTC+5`,
`GMT+5:30`) up to fourteen hours, and `Etc/GMT±h` whose sign is the wrong way round. What a zone does to an instant is
the kernel's affair.
"""

from __future__ import annotations

import re
from functools import lru_cache

from lodestar_server.session.zone_table import REGION_KEYS
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError

UTC = "UTC"

_UTC_SPELLINGS = "UTC UT UCT GMT GMT0 Z Zulu Universal Greenwich Etc/UTC Etc/UT Etc/UCT Etc/GMT Etc/GMT0 Etc/Universal"
_UTC_NAMES = frozenset(_UTC_SPELLINGS.split())
_BARE_OFFSET = re.compile(r"([+-])(?:(\d{1,2})|(\d\d):?(\d\d)|(\d\d):(\d\d):00)", re.ASCII)
_NAMED_OFFSET = re.compile(r"(Etc/)?(UTC|GMT|UT)([+-])(\d{1,2})(?::(\d\d))?", re.ASCII)
_MAX_OFFSET_MINUTES = 14 * 60


@lru_cache(maxsize=2048)
def canonical_zone(name: str) -> str:
    """The name a zone goes by: a region, `UTC`, or an offset `+05:30`.

    Raises: LodestarError(NOT_SUPPORTED) for a name that is none.
    """
    name = name.strip()
    if name in REGION_KEYS:
        return name
    if name in _UTC_NAMES:
        return UTC
    offset = _offset_minutes(name)
    if offset is None or abs(offset) > _MAX_OFFSET_MINUTES:
        raise LodestarError(NOT_SUPPORTED, f"Time zone not supported: {name}")
    if offset == 0:
        return UTC
    return f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"


def zone_key(canonical: str) -> int:
    """The number of a canonical zone in query documents: 0 is UTC, then the offsets from -14:00, then the regions."""
    if canonical == UTC:
        return 0
    region = REGION_KEYS.get(canonical)
    if region is not None:
        return region
    minutes = int(canonical[:3]) * 60 + int(canonical[0] + canonical[4:])
    return minutes + _MAX_OFFSET_MINUTES + (1 if minutes < 0 else 0)


def _offset_minutes(name: str) -> int | None:
    bare = _BARE_OFFSET.fullmatch(name)
    if bare is not None:
        hours = bare[2] or bare[3] or bare[5]
        return _minutes(bare[1], hours, bare[4] or bare[6])
    named = _NAMED_OFFSET.fullmatch(name)
    if named is None:
        return None
    offset = _minutes(named[3], named[4], named[5])
    if offset is not None and named[1] and named[2] == "GMT":
        return -offset
    return offset


def _minutes(sign: str, hours: str, minutes: str | None) -> int | None:
    if int(minutes or 0) > 59:
        return None
    total = int(hours) * 60 + int(minutes or 0)
    return -total if sign == "-" else total
