"""Figures of the columns of an ORC file, by stripe and of all of it, from the file's end.

Read here because pyorc takes it for granted that figures have bounds, and reads through a null pointer where a Trino
has left them out, as it does when all values are NULL. Source: the ORC specification, version 1 ("File Tail").
"""

from __future__ import annotations

import struct
import zlib
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, BinaryIO

import pyarrow as pa

from lodestar_server.spi.values import frozen

_NONE, _ZLIB, _SNAPPY, _ZSTD = 0, 1, 2, 5
_TAIL_BYTES = 65_536
_STRUCT = 12
_TRINOS = (2, 4)
"""Writers that leave out the bounds of floats among which there is NaN."""
_FIRST_RELIABLE_TEXTS = 1
"""The version of writers before which bounds of texts are wrong (HIVE-8732)."""

Message = dict[int, list[Any]]
"""Field number → values: integers, and bytes of what is longer."""


@frozen
class OrcFigures:
    """Of a column. `kind` of the bounds: int, float, text, decimal, date (days); of whole files also flag and time
    (milliseconds since 1970); empty without bounds."""

    values: int | None = None
    has_null: bool = True
    kind: str = ""
    low: Any = None
    high: Any = None


@frozen
class OrcColumn:
    """`parts`: fields of a struct by name; nothing is told of elements of lists and maps."""

    figures: OrcFigures
    parts: Mapping[str, OrcColumn]


@frozen
class OrcFooter:
    """`columns` is None when the file has no figures. `tells_nan`: floats without NaN are those that have bounds."""

    rows: int
    columns: Mapping[str, OrcColumn] | None
    tells_nan: bool


def file_figures(source: BinaryIO) -> OrcFooter | None:
    """Of the whole file. None when they cannot be told."""
    try:
        return _file_figures(source)
    except (struct.error, zlib.error, IndexError, ValueError, pa.ArrowException):
        return None


def _file_figures(source: BinaryIO) -> OrcFooter | None:
    size = source.seek(0, 2)
    start = max(size - _TAIL_BYTES, 0)
    source.seek(start)
    tail = source.read(size - start)
    postscript = _message(tail[-1 - tail[-1] : -1])
    length = _number(postscript, 1)
    end = size - 1 - tail[-1]
    if end - length < start:
        source.seek(end - length)
        content = source.read(length)
    else:
        content = tail[end - length - start : end - start]
    plain = _decompressed(content, _number(postscript, 2))
    if plain is None:
        return None
    footer = _message(plain)
    if 4 not in footer:
        return None
    types = [_message(one) for one in footer[4]]
    reliable_texts = _number(postscript, 6) >= _FIRST_RELIABLE_TEXTS
    figures = [_figures(_message(one), reliable_texts, whole=True) for one in footer[7]]
    columns = _parts(types, figures, 0) if figures else None
    return OrcFooter(_number(footer, 6), columns, _number(footer, 9) in _TRINOS)


def _parts(types: list[Message], figures: list[OrcFigures], place: int) -> dict[str, OrcColumn]:
    if _number(types[place], 1) != _STRUCT:
        return {}
    names = [name.decode() for name in types[place][3]]
    return {
        name: OrcColumn(figures[part], _parts(types, figures, part))
        for name, part in zip(names, _integers(types[place][2]), strict=True)
    }


def _integers(values: list[Any]) -> list[int]:
    """Packed or not."""
    found = []
    for value in values:
        at = 0
        while isinstance(value, bytes) and at < len(value):
            number, at = _varint(value, at)
            found.append(number)
        if isinstance(value, int):
            found.append(value)
    return found


def stripe_figures(source: BinaryIO) -> list[list[OrcFigures]] | None:
    """For each stripe those of its columns, by their numbers in the file. None when they cannot be told."""
    try:
        return _stripe_figures(source)
    except (struct.error, zlib.error, IndexError, ValueError, pa.ArrowException):
        return None


def _stripe_figures(source: BinaryIO) -> list[list[OrcFigures]] | None:
    size = source.seek(0, 2)
    start = max(size - _TAIL_BYTES, 0)
    source.seek(start)
    tail = source.read(size - start)
    postscript = _message(tail[-1 - tail[-1] : -1])
    footer, metadata = _number(postscript, 1), _number(postscript, 5)
    end = size - 1 - tail[-1] - footer
    if end - metadata < start:
        source.seek(end - metadata)
        content = source.read(metadata)
    else:
        content = tail[end - metadata - start : end - start]
    plain = _decompressed(content, _number(postscript, 2))
    if plain is None:
        return None
    reliable_texts = _number(postscript, 6) >= _FIRST_RELIABLE_TEXTS
    return [
        [_figures(_message(column), reliable_texts) for column in _message(stripe)[1]] for stripe in _message(plain)[1]
    ]


def _decompressed(content: bytes, compression: int) -> bytes | None:
    """Chunks behind three bytes each: size times two, and one when the chunk is as it was."""
    if compression == _NONE:
        return content
    made = []
    at = 0
    while at < len(content):
        header = int.from_bytes(content[at : at + 3], "little")
        chunk = content[at + 3 : at + 3 + (header >> 1)]
        at += 3 + len(chunk)
        if header & 1:
            made.append(chunk)
        elif compression == _ZLIB:
            made.append(zlib.decompress(chunk, -15))
        elif compression == _SNAPPY:
            made.append(pa.decompress(chunk, _varint(chunk, 0)[0], "snappy", asbytes=True))
        elif compression == _ZSTD:
            made.append(pa.CompressedInputStream(pa.BufferReader(chunk), "zstd").read())
        else:
            return None
    return b"".join(made)


def _figures(column: Message, reliable_texts: bool, *, whole: bool = False) -> OrcFigures:
    values = column[1][-1] if 1 in column else None
    kind, low, high = _bounds(column, reliable_texts)
    if whole and not kind:
        kind, low, high = _more_bounds(column, values)
    return OrcFigures(values, bool(column[10][-1]) if 10 in column else True, kind, low, high)


def _bounds(column: Message, reliable_texts: bool) -> tuple[str, Any, Any]:
    for field, kind in ((2, "int"), (3, "float"), (4, "text"), (6, "decimal"), (7, "date")):
        if field not in column:
            continue
        bounds = _message(column[field][-1])
        if 1 not in bounds or 2 not in bounds or (kind == "text" and not reliable_texts):
            break
        try:
            return kind, _bound(kind, bounds[1][-1]), _bound(kind, bounds[2][-1])
        except (UnicodeDecodeError, InvalidOperation):
            break
    return "", None, None


def _more_bounds(column: Message, values: int | None) -> tuple[str, Any, Any]:
    """Those of flags, and of times where they do not depend on the writer's zone."""
    if 5 in column and values:
        (trues, *_) = _integers(_message(column[5][-1])[1])
        return "flag", trues == values, trues > 0
    if 9 in column:
        bounds = _message(column[9][-1])
        if 3 in bounds and 4 in bounds:
            return "time", _bound("int", bounds[3][-1]), _bound("int", bounds[4][-1])
    return "", None, None


def _bound(kind: str, value: Any) -> Any:
    match kind:
        case "int" | "date":
            return (value >> 1) ^ -(value & 1)
        case "float":
            return struct.unpack("<d", value)[0]
        case "text":
            return value.decode()
    return Decimal(value.decode())


def _message(content: bytes) -> Message:
    """The fields of a message in protocol buffers."""
    found: Message = defaultdict(list)
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        form = key & 7
        value: Any
        if form == 0:
            value, at = _varint(content, at)
        else:
            length = {1: 8, 5: 4}.get(form)
            if length is None:
                length, at = _varint(content, at)
            value = content[at : at + length]
            at += length
        found[key >> 3].append(value)
    return found


def _varint(content: bytes, at: int) -> tuple[int, int]:
    made = shift = 0
    while True:
        byte = content[at]
        at += 1
        made |= (byte & 0x7F) << shift
        if byte < 0x80:
            return made, at
        shift += 7


def _number(message: Message, field: int) -> int:
    return int(message[field][-1]) if message.get(field) else 0
