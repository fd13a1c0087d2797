"""Python values → SQL expressions that mean exactly the same.

What has no exact counterpart is refused with a DataError, never rounded: intervals finer than a millisecond, decimals
of more than 38 digits, times of a zone that has no offset without a date.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from lodestar.errors import DataError, NotSupportedError
from lodestar.types.temporal import TemporalText, Timestamp, YearMonth

MAX_DECIMAL_DIGITS = 38
_INTEGER = 2**31
_BIGINT = 2**63


class Typed:
    """A value with the type it is to have: `Typed(None, "bigint")`, `Typed([], "array(varchar)")`."""

    __slots__ = ("trino_type", "value")

    def __init__(self, value: Any, trino_type: str) -> None:
        """The type's text becomes part of the statement: it must not come from strangers."""
        self.value = value
        self.trino_type = trino_type

    def __repr__(self) -> str:
        return f"Typed({self.value!r}, {self.trino_type!r})"


def literal(value: Any) -> str:
    """The SQL expression of a value. Raises: DataError, NotSupportedError for a type that has none."""
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    for kind, writer in _KINDS:
        if isinstance(value, kind):
            return writer(value)
    if type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "item"):
        plain = value.item() if getattr(value, "ndim", 0) == 0 else value.tolist()
        if type(plain).__module__.partition(".")[0] != "numpy":
            return literal(plain)
    raise NotSupportedError(f"No SQL value for a Python {type(value).__name__}")


def text_literal(text: str) -> str:
    """`'It''s'`."""
    return "'" + text.replace("'", "''") + "'"


def _null(value: None) -> str:
    return "NULL"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _integer(value: int) -> str:
    if -_INTEGER < value < _INTEGER:
        return str(int(value))
    if -_BIGINT <= value < _BIGINT:
        return f"BIGINT '{int(value)}'"
    return _digits(str(int(value)))


def _digits(text: str) -> str:
    if sum(character.isdigit() for character in text.lstrip("-0.")) > MAX_DECIMAL_DIGITS:
        raise DataError(f"A decimal has at most {MAX_DECIMAL_DIGITS} digits")
    return f"DECIMAL '{text}'"


def _double(value: float) -> str:
    if math.isnan(value):
        return "nan()"
    if math.isinf(value):
        return "infinity()" if value > 0 else "-infinity()"
    return f"DOUBLE '{float(value)!r}'"


def _decimal(value: Decimal) -> str:
    if not value.is_finite():
        raise DataError(f"A decimal cannot be {value}")
    text = format(value, "f")
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(whole.lstrip("0")) + len(fraction) > MAX_DECIMAL_DIGITS:
        raise DataError(f"A decimal has at most {MAX_DECIMAL_DIGITS} digits")
    return f"DECIMAL '{text}'"


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise DataError("A text holds a lone surrogate, which is no character") from None
    return text_literal(value)


def _binary(value: bytes | bytearray | memoryview) -> str:
    return f"X'{bytes(value).hex()}'"


def _date(value: dt.date) -> str:
    return f"DATE '{value.isoformat()}'"


def _clock(value: dt.time | dt.datetime) -> str:
    """Always six digits, so that a statement's type does not depend on the value; more when there are more."""
    text = f"{value.hour:02}:{value.minute:02}:{value.second:02}.{value.microsecond:06}"
    beyond: int = getattr(value, "picosecond", 0)
    if beyond:
        return f"{text}{beyond:06}"
    nanosecond: int = getattr(value, "nanosecond", 0)  # those of pandas
    return f"{text}{nanosecond:03}" if nanosecond else text


def _time(value: dt.time) -> str:
    if value.tzinfo is None:
        return f"TIME '{_clock(value)}'"
    offset = value.utcoffset()
    if offset is None:
        raise DataError("A time of this zone has no offset without a date")
    shown = _offset(offset)
    if shown is None:
        raise DataError("The offset of a time must be whole minutes, at most 14 hours")
    return f"TIME '{_clock(value)} {shown}'"


def _offset(offset: dt.timedelta) -> str | None:
    """`+05:30`, None for what Trino has no way to write."""
    minutes, rest = divmod(offset, dt.timedelta(minutes=1))
    if rest or abs(minutes) > 14 * 60:
        return None
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _timestamp(value: dt.datetime) -> str:
    day = f"{value.year:04}-{value.month:02}-{value.day:02}"
    if value.tzinfo is None:
        return f"TIMESTAMP '{day} {_clock(value)}'"
    offset = value.utcoffset()
    if offset is None:
        return f"TIMESTAMP '{day} {_clock(value)}'"
    shown = _offset(offset)
    if shown is None:
        # A local mean time of long ago: the instant is what can be kept.
        return _timestamp(_in_utc(value))
    name = _zone_name(value.tzinfo)
    if name is None:
        return f"TIMESTAMP '{day} {_clock(value)} {'UTC' if not offset else shown}'"
    if value.fold or _is_odd(value):
        # The text alone would mean another instant (or none): Trino takes the earlier one of an hour that comes twice.
        return f"(TIMESTAMP '{day} {_clock(value)} {shown}' AT TIME ZONE {text_literal(name)})"
    return f"TIMESTAMP '{day} {_clock(value)} {name}'"


def _in_utc(value: dt.datetime) -> dt.datetime:
    moved = value.astimezone(dt.UTC)
    if isinstance(value, Timestamp):
        fields = (*moved.timetuple()[:6], moved.microsecond, dt.UTC)
        return Timestamp(*fields, picosecond=value.picosecond)
    return moved


def _is_odd(value: dt.datetime) -> bool:
    """Whether clocks never showed this time, being set forward."""
    plain = value.replace(fold=0)
    return plain.utcoffset() != value.replace(fold=1).utcoffset()


def _zone_name(zone: dt.tzinfo) -> str | None:
    """The IANA name of a zone (zoneinfo, pytz), None for fixed offsets."""
    name = getattr(zone, "key", None) or getattr(zone, "zone", None)
    return name if isinstance(name, str) and name.replace("_", "a").replace("/", "a").isascii() else None


def _day_time(value: dt.timedelta) -> str:
    micros = abs(value) // dt.timedelta(microseconds=1)
    millis, rest = divmod(micros, 1000)
    if rest:
        raise DataError("An interval has milliseconds at the finest")
    seconds, millis = divmod(millis, 1000)
    days, seconds = divmod(seconds, 86400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{millis:03}"
    return f"INTERVAL {'-' if value < dt.timedelta() else ''}'{days} {clock}' DAY TO SECOND"


def _year_month(value: YearMonth) -> str:
    years, months = divmod(abs(value.months), 12)
    return f"INTERVAL {'-' if value.months < 0 else ''}'{years}-{months}' YEAR TO MONTH"


def _temporal_text(value: TemporalText) -> str:
    kind = value.trino_type
    if kind == "interval day to second":
        negative = value.startswith("-")
        return f"INTERVAL {'-' if negative else ''}{text_literal(value.removeprefix('-'))} DAY TO SECOND"
    word = kind.partition(" ")[0].upper()
    if word not in ("DATE", "TIME", "TIMESTAMP"):
        raise DataError(f"No literal of type {kind}")
    return f"{word} {text_literal(str(value))}"


def _array(values: Any) -> str:
    return f"ARRAY[{', '.join(map(literal, values))}]"


def _row(values: tuple[Any, ...]) -> str:
    if not values:
        raise DataError("A row has at least one field")
    return f"ROW({', '.join(map(literal, values))})"


def _map(values: Mapping[Any, Any]) -> str:
    if not values:
        return "MAP()"
    return f"MAP({_array(values)}, {_array(values.values())})"


def _typed(value: Typed) -> str:
    return f"CAST({literal(value.value)} AS {value.trino_type})"


def _uuid(value: uuid.UUID) -> str:
    return f"UUID '{value}'"


def _address(value: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    return f"IPADDRESS '{value}'"


_WRITERS: dict[type[Any], Callable[[Any], str]] = {
    type(None): _null,
    bool: _boolean,
    int: _integer,
    float: _double,
    str: _text,
    bytes: _binary,
    Decimal: _decimal,
    dt.date: _date,
    dt.datetime: _timestamp,
    dt.time: _time,
    dt.timedelta: _day_time,
    uuid.UUID: _uuid,
    list: _array,
    tuple: _row,
    dict: _map,
    Typed: _typed,
    YearMonth: _year_month,
    TemporalText: _temporal_text,
}

_KINDS: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (Enum, lambda value: literal(value.value)),
    (int, _integer),
    (float, _double),
    (TemporalText, _temporal_text),
    (str, lambda value: _text(str(value))),
    ((bytearray), _binary),
    (memoryview, _binary),
    (bytes, _binary),
    (dt.datetime, _timestamp),
    (dt.date, _date),
    (dt.time, _time),
    (dt.timedelta, _day_time),
    (Decimal, _decimal),
    (uuid.UUID, _uuid),
    (ipaddress.IPv4Address, _address),
    (ipaddress.IPv6Address, _address),
    (tuple, _row),
    (list, _array),
    (set, _array),
    (frozenset, _array),
    (Mapping, _map),
)  # fmt: skip
"""For subclasses; the first that fits, so the narrower before the wider."""
