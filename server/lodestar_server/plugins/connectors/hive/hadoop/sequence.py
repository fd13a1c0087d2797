"""Sequence files whose values are lines of text: compressed not at all, one by one or in blocks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.hadoop.containers import (
    SYNC_MARK,
    CorruptFile,
    Decompress,
    Reader,
    decompressor,
    first_number,
    number_size,
)

_VERSION = 6
_LINES = 32_768


def sequence_chunks(stream: BinaryIO) -> Iterator[pa.Array]:
    """The lines (binary), many at a time. Raises: CorruptFile, EOFError."""
    reader = Reader(stream)
    if reader.exactly(3) != b"SEQ" or reader.exactly(1)[0] != _VERSION:
        raise CorruptFile("not a sequence file")
    reader.text()
    value_class = reader.text()
    if value_class != "org.apache.hadoop.io.Text":
        raise CorruptFile(f"values are not text: {value_class}")
    compressed, in_blocks = reader.flag(), reader.flag()
    decompress = decompressor(reader.text()) if compressed else None
    reader.metadata()
    sync = reader.sync()
    lines: list[bytes] = []
    found = _blocks(reader, sync, decompress) if in_blocks else _records(reader, sync, decompress)
    for line in found:
        lines.append(line)
        if len(lines) == _LINES:
            yield pa.array(lines, pa.binary())
            lines = []
    if lines:
        yield pa.array(lines, pa.binary())


def _records(reader: Reader, sync: bytes, decompress: Decompress | None) -> Iterator[bytes]:
    while (length := reader.int32_or_end()) is not None:
        if length == SYNC_MARK:
            reader.check_sync(sync)
            again = reader.int32_or_end()
            if again is None:
                return
            length = again
        key = reader.int32()
        reader.skip(key)
        value = reader.exactly(length - key)
        if decompress is not None:
            value = decompress(value)
        start = number_size(value[0]) if value else 1
        size = first_number(value) if value else -1
        if size != len(value) - start:
            raise CorruptFile("a value is not as long as its text")
        yield value[start:]


def _blocks(reader: Reader, sync: bytes, decompress: Decompress | None) -> Iterator[bytes]:
    if decompress is None:
        raise CorruptFile("blocks without compression")
    while (mark := reader.int32_or_end()) is not None:
        if mark != SYNC_MARK:
            raise CorruptFile("a block does not begin with a sync mark")
        reader.check_sync(sync)
        count = reader.number()
        reader.skip(reader.number())
        reader.skip(reader.number())
        lengths = Reader(io.BytesIO(decompress(reader.exactly(reader.number()))))
        values = Reader(io.BytesIO(decompress(reader.exactly(reader.number()))))
        for _ in range(count):
            value = values.exactly(lengths.number())
            yield value[number_size(value[0]) :] if value else b""
