"""Values of LazyBinaryColumnarSerDe: numbers of variable length, nested values behind bits that tell which are there.

A value without bytes is NULL; a text without characters is the byte 0xBF. Source: Hive's LazyBinary, Trino's encodings.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.hadoop.containers import CorruptFile, first_number, number_size
from lodestar_server.plugins.connectors.hive.lines.scalars import as_text, parse
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
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
from lodestar_server.spi.types.values import values_to_arrow

_EMPTY_TEXT = b"\xbf"
_PICOSECONDS = 1_000_000_000_000
_LOW_SECONDS = 0x7FFF_FFFF

Decode = Callable[[bytes, int], tuple[Any, int]]
"""The value (as in `ir.Constant`) at a place, and the place behind it."""


def decode_binary(values: pa.Array, type_: Type) -> pa.Array:
    """A column of `arrow_type(type_)`."""
    missing = pc.equal(pc.binary_length(values), 0)
    if isinstance(type_, VarcharType | CharType):
        values = pc.if_else(missing, pa.scalar(None, pa.binary()), values)
        values = pc.if_else(pc.equal(values, pa.scalar(_EMPTY_TEXT)), pa.scalar(b"", pa.binary()), values)
        return parse(as_text(values), type_)
    if type_ == VARBINARY:
        return pc.if_else(missing, pa.scalar(None, pa.binary()), values)
    decode = _decoder(type_)
    try:
        made = [decode(content, 0)[0] if content else None for content in values.to_pylist()]
    except (IndexError, struct.error):
        raise CorruptFile("a value is shorter than it should be") from None
    return values_to_arrow(type_, made)


def _decoder(type_: Type) -> Decode:
    match type_:
        case ArrayType(element):
            return _list(_inner(element))
        case MapType(key, value):
            return _map(_inner(key), _inner(value))
        case RowType(fields):
            return _struct([_inner(field.type) for field in fields])
        case DecimalType(_, scale):
            return lambda content, at: _decimal(content, at, scale)
        case TimestampType(precision):
            return lambda content, at: _timestamp(content, at, precision)
    if type_ in (INTEGER, BIGINT, DATE):
        return lambda content, at: (first_number(content, at), at + number_size(content[at]))
    forms: dict[Type, str] = {BOOLEAN: ">?", TINYINT: ">b", SMALLINT: ">h", REAL: ">f", DOUBLE: ">d"}
    fixed = forms.get(type_)
    if fixed is None:
        raise CorruptFile(f"no binary form of {type_}")
    form = struct.Struct(fixed)
    return lambda content, at: (form.unpack_from(content, at)[0], at + form.size)


def _inner(type_: Type) -> Decode:
    """Inside of a nested value, texts and nested values have their size in front."""
    match type_:
        case VarcharType() | CharType():
            length = type_.length

            def text(content: bytes, at: int) -> tuple[Any, int]:
                start, end = _sized(content, at)
                found = content[start:end].decode(errors="replace")[:length]
                return found.rstrip(" ") if isinstance(type_, CharType) else found, end

            return text
        case ArrayType() | MapType() | RowType():
            decode = _decoder(type_)

            def nested(content: bytes, at: int) -> tuple[Any, int]:
                end = at + 4 + int.from_bytes(content[at : at + 4], "big")
                return decode(content, at + 4)[0], end

            return nested
    if type_ == VARBINARY:

        def binary(content: bytes, at: int) -> tuple[Any, int]:
            start, end = _sized(content, at)
            return content[start:end], end

        return binary
    return _decoder(type_)


def _sized(content: bytes, at: int) -> tuple[int, int]:
    start = at + number_size(content[at])
    return start, start + first_number(content, at)


def _list(element: Decode) -> Decode:
    def decode(content: bytes, at: int) -> tuple[Any, int]:
        count = first_number(content, at)
        bits = at + number_size(content[at])
        at = bits + (count + 7) // 8
        made = []
        for i in range(count):
            value = None
            if content[bits + i // 8] >> (i % 8) & 1:
                value, at = element(content, at)
            made.append(value)
        return tuple(made), at

    return decode


def _map(key: Decode, item: Decode) -> Decode:
    def decode(content: bytes, at: int) -> tuple[Any, int]:
        count = first_number(content, at)
        bits = at + number_size(content[at])
        at = bits + (2 * count + 7) // 8
        made: dict[Any, Any] = {}
        for i in range(count):
            name = value = None
            if content[bits + 2 * i // 8] >> (2 * i % 8) & 1:
                name, at = key(content, at)
            if content[bits + (2 * i + 1) // 8] >> ((2 * i + 1) % 8) & 1:
                value, at = item(content, at)
            if name is not None:
                made.setdefault(name, value)
        return tuple(made.items()), at

    return decode


def _struct(fields: list[Decode]) -> Decode:
    def decode(content: bytes, at: int) -> tuple[Any, int]:
        made: list[Any] = []
        present = 0
        for i, field in enumerate(fields):
            if at >= len(content) and i % 8 == 0:
                made.append(None)  # fields that were added later
                present = 0
                continue
            if i % 8 == 0:
                present, at = content[at], at + 1
            value = None
            if present >> (i % 8) & 1:
                value, at = field(content, at)
            made.append(value)
        return tuple(made), at

    return decode


def _decimal(content: bytes, at: int, scale: int) -> tuple[int, int]:
    found = first_number(content, at)
    start, end = _sized(content, at + number_size(content[at]))
    unscaled = int.from_bytes(content[start:end], "big", signed=True)
    if found <= scale:
        return unscaled * 10 ** (scale - found), end
    step: int = 10 ** (found - scale)
    rounded = (abs(unscaled) + step // 2) // step
    return -rounded if unscaled < 0 else rounded, end


def _timestamp(content: bytes, at: int, precision: int) -> tuple[int, int]:
    first = int.from_bytes(content[at : at + 4], "big", signed=True)
    at += 4
    seconds, nanos = first & _LOW_SECONDS, 0
    if first < 0:
        number = first_number(content, at)
        at += number_size(content[at])
        if number < 0:
            number = -number - 1
            seconds += first_number(content, at) << 31
            at += number_size(content[at])
        # The digits of the fraction stand in reverse.
        nanos = int(str(number)[::-1].ljust(9, "0")) if number else 0
    step = 10 ** max(9 - precision, 0)
    return seconds * _PICOSECONDS + (nanos + step // 2) // step * step * 1000, at
