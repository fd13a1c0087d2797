"""Dates and times as Java's formatter shows them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from lodestar_server.spi.values import frozen

_DATE = re.compile(r"([+-]?\d+)-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)(?:\.(\d+))?", re.ASCII)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097


@frozen
class Moment:
    """`kind` says which parts mean something: date, time, timestamp, zoned or long (milliseconds since 1970 in UTC)."""

    kind: str
    year: int = 1970
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nano: int = 0
    offset: int = 0
    """Seconds east of UTC."""
    zone: str = ""

    @staticmethod
    def read(kind: str, text: str) -> Moment:
        """From the text of a value."""
        if kind == "long":
            moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text))
            parts = (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second)
            return Moment(kind, *parts, nano=moment.microsecond * 1000, zone="UTC")
        if kind == "date":
            return replace(_date(text), kind=kind)
        if kind == "time":
            return _with_time(Moment(kind), text)
        local, _, rest = text.partition("|")
        day, _, time = local.partition(" ")
        made = _with_time(replace(_date(day), kind=kind), time)
        if kind == "zoned":
            offset, _, zone = rest.partition("|")
            made = replace(made, offset=int(offset), zone=zone)
        return made

    @property
    def weekday(self) -> int:
        """Monday is 0."""
        return (self.epoch_day + 3) % 7

    @property
    def epoch_day(self) -> int:
        """Days since 1970."""
        cycles, year = divmod(self.year - 1, _CYCLE_YEARS)
        return date(year + 1, self.month, self.day).toordinal() - _EPOCH_DAY + cycles * _CYCLE_DAYS

    @property
    def epoch_second(self) -> int:
        """Seconds since 1970 in UTC."""
        return self.epoch_day * 86400 + self.hour * 3600 + self.minute * 60 + self.second - self.offset

    def iso(self) -> str:
        """Java's toString: seconds only where there are some, the fraction in threes."""
        day = f"{_year(self.year)}-{self.month:02d}-{self.day:02d}"
        time = f"{self.hour:02d}:{self.minute:02d}"
        if self.second or self.nano:
            time += f":{self.second:02d}"
        if self.nano:
            fraction = f"{self.nano:09d}"
            while fraction.endswith("000"):
                fraction = fraction[:-3]
            time += f".{fraction}"
        match self.kind:
            case "date":
                return day
            case "time":
                return time
            case "timestamp":
                return f"{day}T{time}"
        offset = "Z" if self.offset == 0 else _offset(self.offset, ":")
        return f"{day}T{time}{offset}" + ("" if self.zone[:1] in "+-" else f"[{self.zone}]")


def _date(text: str) -> Moment:
    match = _DATE.fullmatch(text)
    assert match is not None
    return Moment("", int(match[1]), int(match[2]), int(match[3]))


def _with_time(moment: Moment, text: str) -> Moment:
    match = _TIME.fullmatch(text)
    assert match is not None
    nano = int((match[4] or "")[:9].ljust(9, "0"))
    return replace(moment, hour=int(match[1]), minute=int(match[2]), second=int(match[3]), nano=nano)


def _year(year: int) -> str:
    if abs(year) > 9999:
        return f"{year:+d}"
    return f"-{-year:04d}" if year < 0 else f"{year:04d}"


def _offset(seconds: int, separator: str) -> str:
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}{separator}{minutes % 60:02d}"


def _zone_name(moment: Moment) -> str:
    if moment.zone[:1] in "+-":
        return moment.zone
    instant = datetime.fromtimestamp(moment.epoch_second, UTC)
    return instant.astimezone(ZoneInfo(moment.zone)).tzname() or moment.zone


_TIME_FIELDS: dict[str, Callable[[Moment], str]] = {
    "H": lambda m: f"{m.hour:02d}",
    "I": lambda m: f"{(m.hour + 11) % 12 + 1:02d}",
    "k": lambda m: str(m.hour),
    "l": lambda m: str((m.hour + 11) % 12 + 1),
    "M": lambda m: f"{m.minute:02d}",
    "S": lambda m: f"{m.second:02d}",
    "L": lambda m: f"{m.nano // 1_000_000:03d}",
    "N": lambda m: f"{m.nano:09d}",
    "p": lambda m: "am" if m.hour < 12 else "pm",
}
_DATE_FIELDS: dict[str, Callable[[Moment], str]] = {
    "B": lambda m: _MONTHS[m.month - 1],
    "b": lambda m: _MONTHS[m.month - 1][:3],
    "h": lambda m: _MONTHS[m.month - 1][:3],
    "A": lambda m: _DAYS[m.weekday],
    "a": lambda m: _DAYS[m.weekday][:3],
    "C": lambda m: f"{m.year // 100:02d}",
    "Y": lambda m: f"{m.year:04d}",
    "y": lambda m: f"{m.year % 100:02d}",
    "j": lambda m: f"{m.epoch_day - replace(m, month=1, day=1).epoch_day + 1:03d}",
    "m": lambda m: f"{m.month:02d}",
    "d": lambda m: f"{m.day:02d}",
    "e": lambda m: str(m.day),
}
_ZONE_FIELDS: dict[str, Callable[[Moment], str]] = {
    "z": lambda m: _offset(m.offset, ""),
    "Z": _zone_name,
    "s": lambda m: str(m.epoch_second),
    "Q": lambda m: str(m.epoch_second * 1000 + m.nano // 1_000_000),
}
_COMPOSITES = {"R": "H:M", "T": "H:M:S", "r": "I:M:S p", "D": "m/d/y", "F": "Y-m-d", "c": "a b d H:M:S Z Y"}
_KNOWN = _TIME_FIELDS | _DATE_FIELDS | _ZONE_FIELDS
KNOWN_LETTERS = frozenset(_KNOWN) | frozenset(_COMPOSITES)
"""Every letter that may follow `%t`."""
_ALLOWED = {
    "date": _DATE_FIELDS,
    "time": _TIME_FIELDS,
    "timestamp": _DATE_FIELDS | _TIME_FIELDS,
    "zoned": _KNOWN,
    "long": _KNOWN,
}


def format_moment(moment: Moment, letter: str) -> str:
    """One part of a moment, of a letter that is known. Raises: KeyError with the letter that the moment has not."""
    if letter in _COMPOSITES:
        made = "".join(_field(moment, one) if one.isalpha() else one for one in _COMPOSITES[letter])
        return made.upper() if letter == "r" else made
    return _field(moment, letter)


def _field(moment: Moment, letter: str) -> str:
    return _ALLOWED[moment.kind][letter](moment)
