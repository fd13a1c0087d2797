"""Segments of results: Arrow streams that a client has been told of and fetches apart from the documents.

A segment waits until its client acknowledges it or the query is forgotten; in memory while there is room, on disk
beyond that. Bytes are made here once and never looked at again.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from lodestar_server.execution.spool.budget import SpoolBudget
from lodestar_server.execution.spool.files import BatchPlace, SpoolDirectory
from lodestar_server.spi.errors import OUT_OF_SPILL_SPACE, LodestarError
from lodestar_server.spi.values import frozen

_END_BYTES = 8
"""The end of a stream: a continuation mark and a length of zero."""


@frozen
class Segment:
    """What a client is told of a segment. `row_offset` counts from the start of the result."""

    number: int
    row_offset: int
    row_count: int
    size_bytes: int


@dataclass(slots=True)
class _Kept:
    data: memoryview | None
    place: BatchPlace | None
    size_bytes: int


class SegmentStore:
    """The segments of one query. Thread-safe."""

    def __init__(self, budget: SpoolBudget, directory: SpoolDirectory, *, memory_limit: int) -> None:
        self._budget, self._directory = budget, directory
        self._memory_limit = memory_limit
        self._lock = threading.Lock()
        self._kept: dict[int, _Kept] = {}
        self._memory = 0
        self._rows = 0
        self._count = 0
        self._closed = False

    @property
    def waiting(self) -> bool:
        """Whether there are segments that the client has not acknowledged."""
        return bool(self._kept)

    def count_rows(self, count: int) -> int:
        """Rows that go to the client next, in a segment or not. Returns the offset of the first."""
        offset = self._rows
        self._rows += count
        return offset

    def add(self, data: memoryview, row_offset: int, row_count: int) -> Segment:
        """Keep the bytes of a segment. May write a file. Raises: LodestarError when the disk fails or is full."""
        size = len(data)
        kept = _Kept(data, None, size)
        with self._lock:
            fits = self._memory + size <= self._memory_limit or self._memory == 0
            if fits:
                self._memory += size
        if fits:
            # The bytes exist already: what waits must wait somewhere.
            self._budget.force_memory(size)
        else:
            kept = self._write(data)
        with self._lock:
            self._count += 1
            number = self._count
            if not self._closed:
                self._kept[number] = kept
                return Segment(number, row_offset, row_count, size)
        self._free(kept)
        return Segment(number, row_offset, row_count, size)

    def in_memory(self, number: int) -> bool:
        """Whether `read` reads no file."""
        with self._lock:
            kept = self._kept.get(number)
            return kept is None or kept.data is not None

    def read(self, number: int) -> memoryview | None:
        """The bytes of a segment, None when it is not kept (any more). May read a file. Raises: LodestarError."""
        with self._lock:
            kept = self._kept.get(number)
        if kept is None:
            return None
        if kept.data is not None:
            return kept.data
        assert kept.place is not None
        try:
            return memoryview(kept.place.file.read_bytes(kept.place))
        except OSError as fault:
            raise LodestarError(OUT_OF_SPILL_SPACE, "Results cannot be read back from disk") from fault

    def acknowledge(self, number: int) -> None:
        """The client has a segment: free it. One that is not kept does no harm."""
        with self._lock:
            kept = self._kept.pop(number, None)
        if kept is not None:
            self._free(kept)

    def close(self) -> None:
        """Free every segment; what is added later is not kept."""
        with self._lock:
            self._closed = True
            left, self._kept = list(self._kept.values()), {}
        for kept in left:
            self._free(kept)

    def _write(self, data: memoryview) -> _Kept:
        size = len(data)
        if not self._budget.reserve_disk(size):
            raise LodestarError(OUT_OF_SPILL_SPACE, "Results that wait for clients take all the disk they may")
        try:
            file = self._directory.new_file()
            return _Kept(None, file.append_bytes(data), size)
        except OSError as fault:
            self._budget.release_disk(size)
            raise LodestarError(OUT_OF_SPILL_SPACE, "Results cannot be written to disk") from fault

    def _free(self, kept: _Kept) -> None:
        if kept.place is not None:
            kept.place.file.close()
            self._budget.release_disk(kept.size_bytes)
        else:
            with self._lock:
                self._memory -= kept.size_bytes
            self._budget.release_memory(kept.size_bytes)


def arrow_stream(batches: Sequence[pa.RecordBatch], schema: pa.Schema, compression: str | None) -> memoryview:
    """Batches as one Arrow IPC stream under `schema` (same types, the client's names). `compression` is IPC's own."""
    options = pa.ipc.IpcWriteOptions(compression=compression)
    if compression is not None:
        sink = pa.BufferOutputStream()
    else:
        # The exact size is known: one copy, no growing.
        size = schema.serialize().size + _END_BYTES
        size += sum(pa.ipc.get_record_batch_size(batch) for batch in batches)
        buffer = pa.allocate_buffer(size)
        sink = pa.FixedSizeBufferWriter(buffer)
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
    if compression is not None:
        return memoryview(sink.getvalue())
    written = sink.tell()
    sink.close()
    return memoryview(buffer)[:written]
