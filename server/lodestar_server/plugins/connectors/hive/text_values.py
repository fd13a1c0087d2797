"""Values as the text formats of Hive write them, and back: Python values of `ir.Constant` on this side.

A text that is no value of its type reads as NULL, as Hive does. Source: Hive's LazySimpleSerDe, answers of Trino 476.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

from lodestar_server.plugins.toolkit.calendar import day_number, day_text
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_BITS,
    REAL,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)

_DATE = re.compile(r"(-?\d{1,9})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIMESTAMP = re.compile(
    r"(-?\d{1,9})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,12}))?)?", re.ASCII
)
_DECIMALS = Context(prec=76)
_PICOS_PER_SECOND = 10**12
_PICOS_PER_DAY = 86_400 * _PICOS_PER_SECOND


def read_scalar(type_: Type, text: str) -> Any:
    """The value of a text, None when it is none of the type."""
    match type_:
        case VarcharType(length):
            return text if length is None else text[:length]
        case CharType(length):
            return text[:length].rstrip(" ")
        case DecimalType():
            return _decimal(type_, text)
        case TimestampType(precision):
            return _timestamp(text, precision)
    try:
        if type_ == BOOLEAN:
            return {"true": True, "false": False}.get(text.lower())
        if type_ in INTEGRAL_BITS:
            limit = 1 << (INTEGRAL_BITS[type_] - 1)
            value = int(text)
            return value if -limit <= value < limit else None
        if type_ in (DOUBLE, REAL):
            return float(text)
        if type_ == VARBINARY:
            return base64.b64decode(text)
    except (ValueError, binascii.Error):
        return None
    if type_ == DATE:
        match_ = _DATE.match(text)
        return None if match_ is None else _day(*match_.groups())
    not_supported(f"Column type is not supported in text files: {type_.display}")


def _day(year: str, month: str, day: str) -> int | None:
    try:
        return day_number(f"{int(year):04d}-{int(month):02d}-{int(day):02d}")
    except ValueError:
        return None


def _decimal(type_: DecimalType, text: str) -> int | None:
    try:
        scaled = Decimal(text).scaleb(type_.scale, _DECIMALS).quantize(Decimal(1), ROUND_HALF_UP, _DECIMALS)
    except (InvalidOperation, ValueError):
        return None
    return int(scaled) if abs(int(scaled)) < 10**type_.precision else None


def _timestamp(text: str, precision: int) -> int | None:
    match = _TIMESTAMP.fullmatch(text.strip())
    if match is None:
        return None
    day = _day(match[1], match[2], match[3])
    if day is None:
        return None
    hour, minute, second = (int(one or 0) for one in match.groups()[3:6])
    picos = ((hour * 60 + minute) * 60 + second) * _PICOS_PER_SECOND + int((match[7] or "0").ljust(12, "0"))
    step: int = 10 ** (12 - precision)
    return (day * _PICOS_PER_DAY + picos + step // 2) // step * step


def write_scalar(type_: Type, value: Any) -> str:
    """The text of a value that is not None."""
    match type_:
        case CharType(length):
            return str(value).ljust(length)
        case DecimalType(_, scale):
            return format(Decimal(value).scaleb(-scale, _DECIMALS), "f")
        case TimestampType(precision):
            return _timestamp_text(value, precision)
    if type_ == BOOLEAN:
        return "true" if value else "false"
    if type_ in (DOUBLE, REAL):
        return java_float(value, single=type_ == REAL)
    if type_ == VARBINARY:
        return base64.b64encode(value).decode()
    if type_ == DATE:
        return day_text(value)
    if isinstance(type_, VarcharType) or type_ in INTEGRAL_BITS:
        return str(value)
    not_supported(f"Column type is not supported in text files: {type_.display}")


def _timestamp_text(value: int, precision: int) -> str:
    day, picos = divmod(value, _PICOS_PER_DAY)
    seconds, fraction = divmod(picos, _PICOS_PER_SECOND)
    digits = f"{fraction:012d}"[:precision].rstrip("0")
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{day_text(day)} {clock}" + (f".{digits}" if digits else "")


# text with separators


@dataclass(frozen=True, slots=True)
class Delimited:
    """`separators` by depth, the columns' first."""

    separators: str
    escape: str | None
    null: str

    def split(self, text: str, depth: int) -> list[str]:
        """The parts at a depth, still escaped."""
        separator = self.separators[depth]
        if self.escape is None or self.escape not in text:
            return text.split(separator)
        parts, start, position = [], 0, 0
        while position < len(text):
            if text[position] == self.escape:
                position += 2
                continue
            if text[position] == separator:
                parts.append(text[start:position])
                start = position + 1
            position += 1
        return [*parts, text[start:]]

    def read(self, type_: Type, text: str, depth: int) -> Any:
        """The value of a part that lies above the separators of `depth`."""
        if text == self.null:
            return None
        match type_:
            case ArrayType(element):
                return tuple(self.read(element, one, depth + 1) for one in self.split(text, depth)) if text else ()
            case MapType(key, value):
                return self._map(key, value, text, depth)
            case RowType(fields):
                parts: list[str | None] = [*self.split(text, depth)]
                parts += [None] * (len(fields) - len(parts))
                return tuple(
                    None if part is None else self.read(field.type, part, depth + 1)
                    for field, part in zip(fields, parts, strict=False)
                )
        if not text and not isinstance(type_, VarcharType | CharType) and type_ != VARBINARY:
            return None
        return read_scalar(type_, self._plain(text))

    def _map(self, key: Type, value: Type, text: str, depth: int) -> Any:
        entries: dict[Any, Any] = {}
        for part in self.split(text, depth) if text else ():
            name, *rest = self.split(part, depth + 1)
            read = self.read(key, name, depth + 2)
            if read is not None and read not in entries:
                entries[read] = self.read(value, self.separators[depth + 1].join(rest), depth + 2) if rest else None
        return tuple(entries.items())

    def _plain(self, text: str) -> str:
        if self.escape is None or self.escape not in text:
            return text
        return re.sub(re.escape(self.escape) + "(.)", r"\1", text, flags=re.DOTALL)

    def write(self, type_: Type, value: Any, depth: int) -> str:
        """The inverse of `read`."""
        if value is None:
            return self.null
        match type_:
            case ArrayType(element):
                return self.separators[depth].join(self.write(element, one, depth + 1) for one in value)
            case MapType(key, element):
                between = self.separators[depth + 1]
                return self.separators[depth].join(
                    f"{self.write(key, k, depth + 2)}{between}{self.write(element, v, depth + 2)}" for k, v in value
                )
            case RowType(fields):
                parts = (self.write(field.type, one, depth + 1) for field, one in zip(fields, value, strict=True))
                return self.separators[depth].join(parts)
        text = write_scalar(type_, value)
        if self.escape is None:
            return text
        special = re.escape(self.escape + self.separators[:depth])
        return re.sub(f"[{special}]", lambda match: f"{self.escape}{match[0]}", text)


# JSON


def read_json(type_: Type, value: Any) -> Any:
    """The value of a parsed JSON value; numbers are texts in `JsonNumber`."""
    if value is None:
        return None
    match type_:
        case ArrayType(element):
            return tuple(read_json(element, one) for one in value) if isinstance(value, list) else None
        case MapType(key, element):
            if not isinstance(value, dict):
                return None
            return tuple((read_scalar(key, name), read_json(element, one)) for name, one in value.items())
        case RowType(fields):
            if isinstance(value, list):
                padded = value + [None] * (len(fields) - len(value))
                return tuple(read_json(field.type, one) for field, one in zip(fields, padded, strict=False))
            if not isinstance(value, dict):
                return None
            known = {name.lower(): one for name, one in value.items()}
            return tuple(read_json(field.type, known.get(str(field.name).lower())) for field in fields)
    if isinstance(value, dict | list):
        return json.dumps(value) if isinstance(type_, VarcharType) else None
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    return text.encode() if type_ == VARBINARY else read_scalar(type_, text)


def write_json(type_: Type, value: Any) -> str:
    """The JSON of a value."""
    if value is None:
        return "null"
    match type_:
        case ArrayType(element):
            return "[" + ",".join(write_json(element, one) for one in value) + "]"
        case MapType(key, element):
            return _object((write_scalar(key, k), write_json(element, v)) for k, v in value)
        case RowType(fields):
            return _object((str(f.name), write_json(f.type, one)) for f, one in zip(fields, value, strict=True))
    if type_ == VARBINARY:
        return json.dumps(value.decode(errors="replace"), ensure_ascii=False)
    text = write_scalar(type_, value)
    is_number = type_ in INTEGRAL_BITS or type_ in (DOUBLE, REAL) or isinstance(type_, DecimalType)
    if type_ == BOOLEAN or (is_number and text not in ("NaN", "Infinity", "-Infinity")):
        return text
    return json.dumps(text, ensure_ascii=False)


def _object(entries: Any) -> str:
    return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{value}" for name, value in entries) + "}"


def write_json_row(names: Sequence[str], types: Sequence[Type], values: Sequence[Any]) -> str:
    """A row as an object."""
    return _object((n, write_json(t, v)) for n, t, v in zip(names, types, values, strict=True))
