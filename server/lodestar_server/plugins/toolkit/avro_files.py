"""Avro containers of rows that are encoded already: blocks of whole rows, each compressed by itself."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from lodestar_server.plugins.toolkit.avro_encoding import offsets_of


class _Block:
    """What fastavro writes as a block."""

    __slots__ = ("bytes_", "num_records")

    def __init__(self, content: bytes, records: int) -> None:
        self.bytes_ = io.BytesIO(content)
        self.num_records = records


class AvroBlocks:
    """A block ends with the row that makes it at least `block_bytes` long. `codec`: in fastavro's words."""

    def __init__(
        self, stream: BinaryIO, schema: Any, codec: str, block_bytes: int, metadata: Mapping[str, str] | None = None
    ) -> None:
        """Writes the header. Raises: fastavro's SchemaParseException, ValueError for a codec that is none."""
        from fastavro.write import Writer

        self._writer: Any = Writer(
            stream, schema, codec=codec, sync_interval=block_bytes, metadata=dict(metadata or {})
        )
        self._block_bytes = block_bytes
        self._held = bytearray()
        self._records = 0

    @property
    def held_bytes(self) -> int:
        """Of the block that is not full yet."""
        return len(self._held)

    def write(self, rows: pa.Array) -> None:
        """Rows in bytes, none of them null."""
        ends = offsets_of(rows)
        data = rows.buffers()[2]
        content = memoryview(b"" if data is None else data)
        start = 0
        while start < len(rows):
            full = int(ends[start]) + self._block_bytes - len(self._held)
            end = int(np.searchsorted(ends, full))
            part = content[int(ends[start]) : int(ends[min(end, len(rows))])]
            if end > len(rows):
                self._held += part
                self._records += len(rows) - start
                return
            self._write_block(bytes(self._held) + bytes(part) if self._held else bytes(part), end - start)
            start = end

    def _write_block(self, content: bytes, more: int) -> None:
        self._writer.write_block(_Block(content, self._records + more))
        self._held.clear()
        self._records = 0

    def write_record(self, record: Mapping[str, Any]) -> None:
        """A row as fastavro has it; such rows and encoded ones do not mix in a file."""
        self._writer.write(record)

    def close(self) -> None:
        """The last block; the stream stays open."""
        if self._records:
            self._write_block(bytes(self._held), 0)
        self._writer.flush()
