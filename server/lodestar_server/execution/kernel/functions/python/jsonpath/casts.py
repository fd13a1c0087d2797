"""What JSON_VALUE makes of a scalar: the text that CAST to the returned type begins from.

Texts are cast by the kernel; other scalars are brought to a text that means the value in the returned type.
Source: Trino JsonValueFunction and the casts between its types.
"""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from lodestar_server.execution.kernel.functions.python.java_text import cast_double
from lodestar_server.execution.kernel.functions.python.jsonpath.items import Typed, float_of_real, is_text
from lodestar_server.spi.types import (
    BOOLEAN,
    DOUBLE,
    INTEGRAL_BITS,
    REAL,
    CharType,
    DecimalType,
    Type,
    VarcharType,
)

_WIDE = Context(prec=400)
_FLOATING = (DOUBLE, REAL)
_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


class CannotCast(ValueError):
    """A scalar that the returned type does not take."""


def text_for(item: Typed, target: Type) -> str:
    """The text of a scalar for a type. Raises: CannotCast."""
    source, value = item.type, item.value
    if isinstance(target, VarcharType):
        return _bounded(item, target)
    if is_text(source):
        return _checked_text(str(value), target)
    if source == target:
        return _text(item)
    if isinstance(target, CharType):
        raise CannotCast
    if source == BOOLEAN:
        if not _numeric(target):
            raise CannotCast
        return "1" if value else "0"
    if not _numeric(source):
        if _numeric(target) or target == BOOLEAN:
            raise CannotCast
        return _part_of_moment(str(value), source, target)
    if target == BOOLEAN:
        return "true" if value != 0 else "false"
    if target in _FLOATING:
        return repr(float(value)) if not isinstance(value, Decimal) else str(value)
    if not _numeric(target):
        raise CannotCast
    return _exact_text(value, 0 if target in INTEGRAL_BITS else None)


def _numeric(kind: Type) -> bool:
    return kind in INTEGRAL_BITS or kind in _FLOATING or isinstance(kind, DecimalType)


def _part_of_moment(text: str, source: Type, target: Type) -> str:
    """The part of a date or time that a type takes; the kernel casts it."""
    if source.base in ("timestamp", "timestamp with time zone"):
        day, time, *_ = text.split(" ")
        if target.base == "date":
            return day
        if target.base == "time":
            return time
    return text


def _exact_text(value: int | float | Decimal, scale: int | None) -> str:
    """All digits of a number, rounded half up to a scale."""
    if isinstance(value, float) and not math.isfinite(value):
        raise CannotCast
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if scale is not None:
        number = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _WIDE)
    return format(number, "f")


def _checked_text(text: str, target: Type) -> str:
    if target == BOOLEAN:
        if text.lower() in _TRUE:
            return "true"
        if text.lower() in _FALSE:
            return "false"
        raise CannotCast
    return text


def _text(item: Typed) -> str:
    """What CAST to varchar prints."""
    value = item.value
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return cast_double(float_of_real(value) if item.type == REAL else value)
        case Decimal():
            return format(value, "f")
    return str(value)


def _bounded(item: Typed, target: VarcharType) -> str:
    text = _text(item)
    if target.length is None or len(text) <= target.length:
        return text
    if is_text(item.type):
        return text[: target.length]
    raise CannotCast
