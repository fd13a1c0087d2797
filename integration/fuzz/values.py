"""Whether a value on the wire is one of its announced type."""

from __future__ import annotations

import re
from typing import Any

from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    UNKNOWN,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)

_BITS = {TINYINT: 7, SMALLINT: 15, INTEGER: 31, BIGINT: 63}
_NAMED = ("NaN", "Infinity", "-Infinity")
_DATE = r"[+-]?\d{4,}-\d\d-\d\d"
_TIME = r"\d\d:\d\d:\d\d"
_TEXTS = {
    "date": re.compile(_DATE),
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "interval day to second": re.compile(r"-?\d+ \d\d:\d\d:\d\d\.\d{3}"),
    "interval year to month": re.compile(r"-?\d+-\d+"),
    "varbinary": re.compile(r"[A-Za-z0-9+/]*={0,2}"),
}


def fault(value: Any, type_: Type) -> str | None:
    """What is wrong with a value, None when nothing is."""
    if value is None:
        return None
    if type_ == UNKNOWN:
        return f"{value!r} of type unknown"
    if not _is_of(value, type_):
        return f"{value!r} is no {type_.display}"
    return None


def _is_of(value: Any, type_: Type) -> bool:
    if type_ == BOOLEAN:
        return isinstance(value, bool)
    if type_ in _BITS:
        return (
            isinstance(value, int) and not isinstance(value, bool) and -1 << _BITS[type_] <= value < 1 << _BITS[type_]
        )
    if type_ in (DOUBLE, REAL):
        return isinstance(value, float) or value in _NAMED
    match type_:
        case ArrayType(element):
            return isinstance(value, list) and all(fault(one, element) is None for one in value)
        case MapType(key, of):
            if not isinstance(value, dict):
                return False
            # Keys are texts whatever their type is; those of texts can be checked.
            keys = all(fault(one, key) is None for one in value) if isinstance(key, VarcharType) else True
            return keys and all(fault(one, of) is None for one in value.values())
        case RowType(fields):
            return (
                isinstance(value, list)
                and len(value) == len(fields)
                and all(fault(one, field.type) is None for one, field in zip(value, fields, strict=True))
            )
    return _is_text_of(value, type_)


def _is_text_of(value: Any, type_: Type) -> bool:
    if type_.base in ("Geometry", "SphericalGeography", "BingTile", "json", "color", "HyperLogLog"):
        return True
    if not isinstance(value, str):
        return False
    match type_:
        case VarcharType(length):
            return length is None or len(value) <= length
        case CharType(length):
            return len(value) == length
        case DecimalType(precision, scale):
            match = re.fullmatch(r"-?(\d+)(?:\.(\d+))?", value)
            return match is not None and len(match[2] or "") == scale and len(match[1].lstrip("0")) <= precision - scale
        case TimeType(precision):
            return re.fullmatch(_TIME + _fraction(precision), value) is not None
        case TimeTzType(precision):
            return re.fullmatch(_TIME + _fraction(precision) + r"[+-]\d\d:\d\d", value) is not None
        case TimestampType(precision):
            return re.fullmatch(f"{_DATE} {_TIME}{_fraction(precision)}", value) is not None
        case TimestampTzType(precision):
            return re.fullmatch(f"{_DATE} {_TIME}{_fraction(precision)} \\S+", value) is not None
    pattern = _TEXTS.get(type_.base)
    return pattern is None or pattern.fullmatch(value) is not None


def _fraction(precision: int) -> str:
    return rf"\.\d{{{precision}}}" if precision else ""
