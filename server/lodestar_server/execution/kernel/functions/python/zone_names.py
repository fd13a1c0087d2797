"""English names of time zones, as Java prints them: `EST` and `Eastern Standard Time`.

`zone_names.tsv` has, a line for all zones of the same names, the long and the short name of standard time and of
daylight time; then, a line for each zone of several ids, the one of Joda-Time and the others.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from lodestar_server.spi.values import frozen


@frozen
class _Names:
    standard: tuple[str, str]
    daylight: tuple[str, str]


@cache
def _table() -> tuple[dict[str, _Names], dict[str, str]]:
    """The names of zones, and the zones of other ids."""
    names: dict[str, _Names] = {}
    ids: dict[str, str] = {}
    for line in files(__package__).joinpath("zone_names.tsv").read_text("utf-8").splitlines():
        *shown, zones = line.split("\t")
        if len(shown) == 1:
            ids |= dict.fromkeys(zones.split(" "), shown[0])
        else:
            same = _Names((shown[0], shown[1]), (shown[2], shown[3]))
            names |= dict.fromkeys(zones.split(" "), same)
    return names, ids


def zone_id(zone: str) -> str:
    """The id that Joda-Time prints for a zone."""
    return _table()[1].get(zone, zone)


def zone_name(zone: str, clock: datetime, *, long: bool) -> str:
    """The name of a zone at a wall clock: of letters, or `GMT-03:00`."""
    local = clock.replace(tzinfo=ZoneInfo(zone))
    known = _table()[0].get(zone_id(zone))
    if known is not None:
        name = (known.daylight if local.dst() else known.standard)[0 if long else 1]
        if name:
            return name
    abbreviation = local.tzname() or zone
    if abbreviation[0] not in "+-":
        return abbreviation
    hours, minutes = abbreviation[:3], abbreviation[3:] or "00"
    return "GMT" if (hours[1:], minutes) == ("00", "00") else f"GMT{hours}:{minutes}"
