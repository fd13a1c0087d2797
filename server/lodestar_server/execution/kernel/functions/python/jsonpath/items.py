"""The items a path works on: JSON values, and SQL values with their types.

A JSON value is what Python's reader makes of it: dict, list, str, bool, None, int, and float for a number with a
fraction or an exponent. An SQL value is a `Typed`. Source: Trino TypedValue and SqlJsonLiteralConverter; Jackson.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import numpy as np
import orjson

from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.functions.python.json_values import quote
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    INTEGRAL_BITS,
    REAL,
    VARCHAR,
    CharType,
    DecimalType,
    Type,
    VarcharType,
)
from lodestar_server.spi.values import frozen

_MAX_DIGITS = 1000
_MAX_DEPTH = 1000
_BLANKS = " \t\n\r"
_WORD = re.compile(r"[\w$]")
_UNUSUAL = re.compile(r"\d{18}|\d[eE]|-0(?![.\d])")
"""What the fast reader may read otherwise: numbers of many digits or with an exponent, a negative zero."""


@frozen
class Typed:
    """A value of an SQL type: bool, int, float, Decimal, str; dates and times are the text of their cast."""

    type: Type
    value: Any


class NotConvertible(ValueError):
    """A JSON number that no SQL type holds."""


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS:
        raise ValueError("number is too long")
    return int(text)


def _floating(text: str) -> float:
    if len(text) > _MAX_DIGITS:
        raise ValueError("number is too long")
    return float(text)


def _refuse(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=_integer, parse_float=_floating, parse_constant=_refuse)


def read_json(text: str) -> Any:
    """The first value of a text; an empty one is null, what follows the value is not looked at.

    Raises: ValueError for a malformed text.
    """
    if not _UNUSUAL.search(text):
        try:
            return _bounded(text, orjson.loads(text))
        except orjson.JSONDecodeError:
            pass
    start = len(text) - len(text.lstrip(_BLANKS))
    if start == len(text):
        return None
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise ValueError("nested too deep") from None
    _bounded(text, value)
    # A number or a word ends at a blank or, for words, at any sign.
    if isinstance(value, int | float) and not isinstance(value, bool):
        if text[end : end + 1] not in ("", *_BLANKS):
            raise ValueError("no blank behind a number")
    elif (value is None or isinstance(value, bool)) and _WORD.match(text, end):
        raise ValueError("an unknown word")
    return value


def _bounded(text: str, value: Any) -> Any:
    """The value of a text. Raises: ValueError when it is nested too deep."""
    if text.count("[") + text.count("{") > _MAX_DEPTH and _depth(value) > _MAX_DEPTH:
        raise ValueError("nested too deep")
    return value


def _depth(value: Any) -> int:
    """How many collections stand in each other at most."""
    depth = 0
    level = [value]
    while True:
        level = [one for one in level if isinstance(one, list | dict)]
        if not level:
            return depth
        depth += 1
        level = [inner for one in level for inner in (one if isinstance(one, list) else one.values())]


_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def write_json(value: Any, *, escape_pairs: bool = True) -> str:
    """The text of a JSON value, members in their order; SQL values inside of it too.

    `escape_pairs` writes characters beyond the basic plane as two escapes, as Jackson does in UTF-8.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value) if escape_pairs else _quoted_whole(value)
        case int():
            return str(value)
        case float():
            return _number(value)
        case list():
            return f"[{','.join([write_json(one, escape_pairs=escape_pairs) for one in value])}]"
        case Typed():
            return _write_typed(value, escape_pairs)
    members = [
        f"{write_json(name, escape_pairs=escape_pairs)}:{write_json(one, escape_pairs=escape_pairs)}"
        for name, one in value.items()
    ]
    return f"{{{','.join(members)}}}"


def _quoted_whole(text: str) -> str:
    pieces = _ASTRAL.split(text)
    between = _ASTRAL.findall(text)
    inner = [quote(piece)[1:-1] for piece in pieces]
    return '"' + "".join(a + b for a, b in zip(inner, [*between, ""], strict=True)) + '"'


def _number(value: float) -> str:
    text = java_double(value)
    return text if math.isfinite(value) else f'"{text}"'


def float_of_real(value: float) -> float:
    """The double that is written with the digits of a real."""
    return float(str(np.float32(value)))


def _write_typed(item: Typed, escape_pairs: bool) -> str:
    if item.type == REAL:
        return _number(float_of_real(item.value))
    if isinstance(item.type, DecimalType):
        return str(item.value)
    return write_json(item.value, escape_pairs=escape_pairs)


def writable(item: Any) -> bool:
    """Whether an item has a JSON form: dates and times have none."""
    if not isinstance(item, Typed):
        return True
    kind = item.type
    return kind == BOOLEAN or is_numeric(kind) or is_text(kind)


def is_numeric(kind: Type) -> bool:
    """Integers, decimals, real and double."""
    return kind in INTEGRAL_BITS or kind in (DOUBLE, REAL) or isinstance(kind, DecimalType)


def is_text(kind: Type) -> bool:
    """varchar and char."""
    return isinstance(kind, VarcharType | CharType)


def node_type(item: Any) -> str:
    """How messages name the kind of an item."""
    match item:
        case Typed():
            return item.type.display
        case None:
            return "NULL"
        case bool():
            return "BOOLEAN"
        case int() | float():
            return "NUMBER"
        case str():
            return "STRING"
        case list():
            return "ARRAY"
    return "OBJECT"


def is_number(item: Any) -> bool:
    """A number of a JSON text."""
    return isinstance(item, int | float) and not isinstance(item, bool)


def typed_number(number: int | float) -> Typed:
    """A JSON number as an SQL value. Raises: NotConvertible."""
    if isinstance(number, float):
        return Typed(DOUBLE, number)
    if -(2**31) <= number < 2**31:
        return Typed(INTEGER, number)
    if -(2**63) <= number < 2**63:
        return Typed(BIGINT, number)
    raise NotConvertible("value too big")


def typed_scalar(item: Any) -> Typed | None:
    """A scalar as an SQL value, None for null and collections. Raises: NotConvertible."""
    match item:
        case Typed():
            return item
        case bool():
            return Typed(BOOLEAN, item)
        case str():
            return Typed(VARCHAR, item)
        case int() | float():
            return typed_number(item)
    return None


def from_text(kind: Type, text: str) -> Typed:
    """An SQL value from the text that CAST to varchar gives."""
    if kind == BOOLEAN:
        return Typed(kind, text == "true")
    if kind in INTEGRAL_BITS:
        return Typed(kind, int(text))
    if kind in (DOUBLE, REAL):
        return Typed(kind, float(text))
    if isinstance(kind, DecimalType):
        return Typed(kind, Decimal(text))
    if isinstance(kind, CharType):
        return Typed(kind, text.ljust(kind.length))
    return Typed(kind, text)
