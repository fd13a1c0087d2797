"""Dates and times: Python's own where they hold the value, small classes of ours where they do not.

- fractions beyond microseconds: `Time` and `Timestamp`, subclasses of `time` and `datetime` with `picosecond`;
- what Python's calendar or zones cannot hold (years outside 1–9999, unknown zones, huge intervals): `TemporalText`,
  the text as the server sent it, with the type's name; it can be sent back as a parameter;
- intervals: `timedelta`, and `YearMonth` for months.
"""

from __future__ import annotations

import datetime as dt
import functools
import re
from collections.abc import Callable
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PICOSECONDS_PER_MICROSECOND = 1_000_000


class Time(dt.time):
    """A time of day with `picosecond` (0–999,999) beyond its microsecond."""

    __slots__ = ("_picosecond",)
    _picosecond: int

    def __new__(
        cls,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: dt.tzinfo | None = None,
        *,
        fold: int = 0,
        picosecond: int = 0,
    ) -> Self:
        self = super().__new__(cls, hour, minute, second, microsecond, tzinfo, fold=fold)
        self._picosecond = _checked(picosecond)
        return self

    @property
    def picosecond(self) -> int:
        """Picoseconds beyond the microsecond."""
        return self._picosecond

    def isoformat(self, timespec: str = "auto") -> str:
        """ISO 8601 with twelve digits when there are picoseconds."""
        if not self._picosecond or timespec != "auto":
            return super().isoformat(timespec)
        return _with_digits(super().isoformat("microseconds"), self._picosecond)

    __str__ = isoformat

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        # Neither False nor NotImplemented is for us to answer.
        return same if same is not True else self._picosecond == getattr(other, "picosecond", 0)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__() if not self._picosecond else hash((super().__hash__(), self._picosecond))

    def __lt__(self, other: Any) -> bool:
        if super().__eq__(other) is True:
            return bool(self._picosecond < getattr(other, "picosecond", 0))
        return super().__lt__(other)

    def __le__(self, other: Any) -> bool:
        return bool(self < other or self == other)

    def __gt__(self, other: Any) -> bool:
        return not self <= other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        fields = (self.hour, self.minute, self.second, self.microsecond, self.tzinfo)
        return functools.partial(type(self), fold=self.fold, picosecond=self._picosecond), fields

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class Timestamp(dt.datetime):
    """A date and time with `picosecond` (0–999,999) beyond its microsecond. Arithmetic drops the picoseconds."""

    __slots__ = ("_picosecond",)
    _picosecond: int

    def __new__(
        cls,
        year: int,
        month: int,
        day: int,
        hour: int = 0,
        minute: int = 0,
        second: int = 0,
        microsecond: int = 0,
        tzinfo: dt.tzinfo | None = None,
        *,
        fold: int = 0,
        picosecond: int = 0,
    ) -> Self:
        self = super().__new__(cls, year, month, day, hour, minute, second, microsecond, tzinfo, fold=fold)
        self._picosecond = _checked(picosecond)
        return self

    @property
    def picosecond(self) -> int:
        """Picoseconds beyond the microsecond."""
        return self._picosecond

    def isoformat(self, sep: str = "T", timespec: str = "auto") -> str:
        """ISO 8601 with twelve digits when there are picoseconds."""
        if not self._picosecond or timespec != "auto":
            return super().isoformat(sep, timespec)
        return _with_digits(super().isoformat(sep, "microseconds"), self._picosecond)

    def __str__(self) -> str:
        return self.isoformat(" ")

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        # Neither False nor NotImplemented is for us to answer.
        return same if same is not True else self._picosecond == getattr(other, "picosecond", 0)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return super().__hash__() if not self._picosecond else hash((super().__hash__(), self._picosecond))

    def __lt__(self, other: Any) -> bool:
        if super().__eq__(other) is True:
            return bool(self._picosecond < getattr(other, "picosecond", 0))
        return super().__lt__(other)

    def __le__(self, other: Any) -> bool:
        return bool(self < other or self == other)

    def __gt__(self, other: Any) -> bool:
        return not self <= other

    def __ge__(self, other: Any) -> bool:
        return not self < other

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        day = (self.year, self.month, self.day)
        fields = (*day, self.hour, self.minute, self.second, self.microsecond, self.tzinfo)
        return functools.partial(type(self), fold=self.fold, picosecond=self._picosecond), fields

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"


class TemporalText(str):
    """A date, time, timestamp or interval that no class of Python holds: its text, and the name of its type."""

    __slots__ = ("trino_type",)
    trino_type: str

    def __new__(cls, text: str, trino_type: str) -> Self:
        self = super().__new__(cls, text)
        self.trino_type = trino_type
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return TemporalText, (str(self), self.trino_type)

    def __repr__(self) -> str:
        return f"TemporalText({str(self)!r}, {self.trino_type!r})"


@functools.total_ordering
class YearMonth:
    """An interval of years and months, as a number of months (may be negative)."""

    __slots__ = ("months",)

    def __init__(self, years: int = 0, months: int = 0) -> None:
        self.months = years * 12 + months

    def __eq__(self, other: object) -> bool:
        return isinstance(other, YearMonth) and self.months == other.months

    def __lt__(self, other: YearMonth) -> bool:
        return self.months < other.months

    def __hash__(self) -> int:
        return hash((YearMonth, self.months))

    def __neg__(self) -> YearMonth:
        return YearMonth(0, -self.months)

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        return f"{'-' if self.months < 0 else ''}{years}-{months}"

    def __repr__(self) -> str:
        return f"YearMonth(months={self.months})"


def _checked(picosecond: int) -> int:
    if not 0 <= picosecond < PICOSECONDS_PER_MICROSECOND:
        raise ValueError("picosecond must be in 0..999999")
    return picosecond


def _with_digits(text: str, picosecond: int) -> str:
    """ISO text with microseconds, and six digits more."""
    dot = text.index(".") + 7
    return f"{text[:dot]}{picosecond:06d}{text[dot:]}"


@functools.lru_cache(maxsize=1024)
def find_zone(name: str) -> dt.tzinfo | None:
    """The zone of a text of the server (`UTC`, `+05:30`, `Europe/Paris`), None when this machine does not know it."""
    if name in ("UTC", "Z", "+00:00"):
        return dt.UTC
    if name[:1] in "+-" and len(name) == 6:
        minutes = int(name[1:3]) * 60 + int(name[4:6])
        return dt.timezone(dt.timedelta(minutes=-minutes if name[0] == "-" else minutes))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_date(text: str) -> dt.date | TemporalText:
    """`2001-08-22`."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return TemporalText(text, "date")


def read_time(text: str) -> dt.time:
    """`01:02:03.456`, or with an offset behind it; at most six digits."""
    return dt.time.fromisoformat(text)


def read_long_time(text: str) -> Time:
    """A time with more than six digits, or with an offset behind it."""
    split = re.search("[+-]", text)
    clock, offset = (text[: split.start()], text[split.start() :]) if split else (text, "")
    base = dt.time.fromisoformat(clock[:15])
    zone = find_zone(offset) if offset else None
    return Time(base.hour, base.minute, base.second, base.microsecond, zone, picosecond=_beyond(clock, 15))


def read_timestamp(text: str) -> dt.datetime | TemporalText:
    """`2001-08-22 03:04:05.321`, at most six digits."""
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return TemporalText(text, "timestamp")


def read_long_timestamp(text: str) -> dt.datetime | TemporalText:
    """A timestamp with more than six digits."""
    try:
        return _long(dt.datetime.fromisoformat(text[:26]), _beyond(text, 26), None)
    except ValueError:
        return TemporalText(text, "timestamp")


def read_zoned_timestamp(text: str) -> dt.datetime | TemporalText:
    """`2001-08-22 03:04:05.321 Europe/Paris`, at most six digits.

    Of the two instants that an hour set back has, the text does not say which: it is the earlier one.
    """
    clock, _, name = text.rpartition(" ")
    zone = find_zone(name)
    try:
        if zone is not None:
            return dt.datetime.fromisoformat(clock).replace(tzinfo=zone)
    except ValueError:
        pass
    return TemporalText(text, "timestamp with time zone")


def read_long_zoned_timestamp(text: str) -> dt.datetime | TemporalText:
    """A timestamp with zone with more than six digits."""
    clock, _, name = text.rpartition(" ")
    zone = find_zone(name)
    try:
        if zone is not None:
            return _long(dt.datetime.fromisoformat(clock[:26]), _beyond(clock, 26), zone)
    except ValueError:
        pass
    return TemporalText(text, "timestamp with time zone")


def _beyond(text: str, start: int) -> int:
    """Digits beyond the sixth, as picoseconds."""
    return int(text[start:].ljust(6, "0")) if len(text) > start else 0


def _long(base: dt.datetime, picosecond: int, zone: dt.tzinfo | None) -> Timestamp:
    day = (base.year, base.month, base.day)
    return Timestamp(*day, base.hour, base.minute, base.second, base.microsecond, zone, picosecond=picosecond)


_DAY_TIME = re.compile(r"(-?)(\d+) (\d+):(\d+):(\d+)\.(\d{3})")


def read_day_time(text: str) -> dt.timedelta | TemporalText:
    """`[-]D HH:MM:SS.mmm`."""
    found = _DAY_TIME.fullmatch(text)
    if found is not None:
        days, hours, minutes, seconds, millis = map(int, found.groups()[1:])
        try:
            length = dt.timedelta(days, seconds, 0, millis, minutes, hours)
            return -length if found[1] else length
        except OverflowError:
            pass
    return TemporalText(text, "interval day to second")


def read_year_month(text: str) -> YearMonth:
    """`[-]Y-M`."""
    negative = text.startswith("-")
    years, _, months = text.removeprefix("-").partition("-")
    total = int(years) * 12 + int(months)
    return YearMonth(0, -total if negative else total)


READERS: dict[tuple[str, bool], Callable[[str], Any]] = {
    ("date", False): read_date,
    ("time", False): read_time,
    ("time", True): read_long_time,
    ("time with time zone", False): read_time,
    ("time with time zone", True): read_long_time,
    ("timestamp", False): read_timestamp,
    ("timestamp", True): read_long_timestamp,
    ("timestamp with time zone", False): read_zoned_timestamp,
    ("timestamp with time zone", True): read_long_zoned_timestamp,
    ("interval day to second", False): read_day_time,
    ("interval year to month", False): read_year_month,
}
"""By raw type and whether it has more than six digits."""
