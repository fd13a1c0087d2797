"""RCFiles: groups of rows, the bytes of each column together. Values are texts (RCTEXT) or LazyBinary's (RCBINARY)."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from lodestar_server.plugins.connectors.hive.hadoop.binary import decode_binary
from lodestar_server.plugins.connectors.hive.hadoop.containers import SYNC_MARK, CorruptFile, Reader, decompressor
from lodestar_server.plugins.connectors.hive.lines import simple
from lodestar_server.plugins.connectors.hive.lines.simple import TextOptions
from lodestar_server.plugins.connectors.hive.lines.splitting import binary_array
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.arrow import arrow_type

_COLUMNS = "hive.io.rcfile.column.number"
_OLD_KEY = "org.apache.hadoop.hive.ql.io.RCFile$KeyBuffer"


def read_rcfile(
    stream: BinaryIO, columns: Sequence[tuple[int, Type]], options: TextOptions | None
) -> Iterator[tuple[int, list[pa.Array]]]:
    """Row counts, and the columns given by their places. `options` None: values are binary.

    Raises: CorruptFile, EOFError.
    """
    reader = Reader(stream)
    decompress = decompressor(codec) if (codec := _codec(reader)) is not None else None
    count = _column_count(reader.metadata())
    sync = reader.sync()
    wanted = {place for place, _ in columns}
    while (size := reader.int32_or_end()) is not None:
        if size == SYNC_MARK:
            reader.check_sync(sync)
            reader.int32()
        plain_size = reader.int32()
        header = reader.exactly(reader.int32())
        if decompress is not None:
            header = decompress(header)
        if len(header) != plain_size:
            raise CorruptFile("the header of a row group is not as long as it says")
        inside = Reader(io.BytesIO(header))
        rows = inside.number()
        found: dict[int, pa.Array] = {}
        for place in range(count):
            stored, plain = inside.number(), inside.number()
            lengths = inside.exactly(inside.number())
            content = reader.exactly(stored)
            if place in wanted:
                data = content if decompress is None else decompress(content)
                if len(data) != plain:
                    raise CorruptFile("a column is not as long as it says")
                found[place] = _values(data, lengths, rows)
        yield rows, [_column(found.get(place), type_, rows, options) for place, type_ in columns]


def _codec(reader: Reader) -> str | None:
    magic, version = reader.exactly(3), reader.exactly(1)[0]
    if magic == b"SEQ" and version == 6:
        if reader.text() != _OLD_KEY:
            raise CorruptFile("a sequence file, not an RCFile")
        reader.text()
        compressed = reader.flag()
        if reader.flag():
            raise CorruptFile("a sequence file, not an RCFile")
    elif magic == b"RCF" and version <= 1:
        compressed = reader.flag()
    else:
        raise CorruptFile("not an RCFile")
    return reader.text() if compressed else None


def _column_count(metadata: Mapping[str, str]) -> int:
    text = metadata.get(_COLUMNS, "")
    if not text.isdigit():
        raise CorruptFile("the number of columns is missing")
    return int(text)


def _values(data: bytes, lengths: bytes, rows: int) -> pa.Array:
    """Binary values, from their lengths; a negative one repeats the one before."""
    reader = Reader(io.BytesIO(lengths))
    found: list[int] = []
    while len(found) < rows:
        length = reader.number()
        if length >= 0:
            found.append(length)
        elif found:
            found.extend([found[-1]] * ~length)
        else:
            raise CorruptFile("a repeated length without the first")
    offsets = np.concatenate([[0], np.cumsum(np.array(found[:rows], np.int64))])
    if offsets[-1] > len(data):
        raise CorruptFile("a column is shorter than its values")
    return binary_array(np.frombuffer(data, np.uint8), offsets)


def _column(values: pa.Array | None, type_: Type, rows: int, options: TextOptions | None) -> pa.Array:
    if values is None:
        return pa.nulls(rows, arrow_type(type_))
    if options is None:
        return decode_binary(values, type_)
    return simple.decode(values, type_, 1, options)
