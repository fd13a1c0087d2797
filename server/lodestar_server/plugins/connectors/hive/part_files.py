"""The files of one partition while they are written, in the write's own directory."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.bucketing import SortColumn, bucket_numbers
from lodestar_server.plugins.connectors.hive.column_figures import ColumnFigures
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.connectors.hive.handles import HiveWriteHandle
from lodestar_server.plugins.connectors.hive.writers import FileWriter, file_extension, open_writer
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, discard_output
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_TOO_MANY_OPEN_PARTITIONS,
    HIVE_WRITER_CLOSE_ERROR,
    HIVE_WRITER_DATA_ERROR,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.values import values_to_arrow

_SORTED_BYTES = 128 << 20
"""Rows of one file that are sorted together; more of them make another file of the same bucket."""
_PAGE_ROWS = 1 << 16


class WriterCount:
    """Partitions and buckets that a sink has met. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """Raises: HIVE_TOO_MANY_OPEN_PARTITIONS."""
        with self._lock:
            self._count += 1
            if self._count > self._most:
                raise LodestarError(
                    HIVE_TOO_MANY_OPEN_PARTITIONS,
                    f"Exceeded limit of {self._most} open writers for partitions/buckets",
                )


class _OpenFile:
    """A file that takes rows, or rows that wait for being sorted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stream: BinaryIO | None = None
        self.writer: FileWriter | None = None
        self.waiting: list[pa.RecordBatch] = []
        self.waiting_bytes = 0


class PartFiles:
    """A partition (None: a table without): its open files by bucket (None: without buckets), and those that are full.

    One thread at a time; `count` may run beside `write`.
    """

    def __init__(
        self,
        files: FileSystem,
        handle: HiveWriteHandle,
        values: tuple[str, ...] | None,
        name: str,
        writers: WriterCount,
    ) -> None:
        """`name` is the partition's directory. Raises: HIVE_TOO_MANY_OPEN_PARTITIONS."""
        self._files = files
        self._handle = handle
        self._writers = writers
        self._codec = CompressionCodec[handle.codec]
        self._values = values
        self.directory = child_of(handle.directory, name) if name else handle.directory
        self._names = [name for name, _ in handle.table_columns]
        self._types = [type_ for _, type_ in handle.table_columns]
        place = {column.name: i for i, column in enumerate(handle.columns)}
        self._places = [place.get(name) for name in self._names]
        self._figures: dict[str, ColumnFigures] = {}
        if handle.collect_statistics:
            self._figures = {
                name: ColumnFigures(type_) for name, type_ in handle.table_columns if ColumnFigures.kept_for(type_)
            }
        self._finished: list[str] = []
        self._rows = self._size = self._memory_size = 0
        self._met: set[int] = set()
        self._open: dict[int | None, _OpenFile] = {}
        if handle.buckets is None:
            writers.add()

    def rows_of(self, page: pa.RecordBatch) -> pa.RecordBatch:
        """The columns of the table from a page of the sink; those that it lacks are NULL."""
        arrays = [
            values_to_arrow(type_, [None] * page.num_rows) if place is None else page.column(place)
            for type_, place in zip(self._types, self._places, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, self._names)

    @property
    def figures(self) -> Collection[ColumnFigures]:
        """Of the columns, as far as they are wanted."""
        return self._figures.values()

    def count(self, rows: pa.RecordBatch) -> None:
        """Figures of the columns."""
        for name, figures in self._figures.items():
            figures.add(rows.column(name))

    def write(self, rows: pa.RecordBatch) -> None:
        """Raises: HIVE_TOO_MANY_OPEN_PARTITIONS, HIVE_WRITER_DATA_ERROR, HIVE_WRITER_CLOSE_ERROR."""
        self._rows += rows.num_rows
        self._memory_size += rows.nbytes
        for start in range(0, rows.num_rows, _PAGE_ROWS):
            for bucket, some in self._by_bucket(rows.slice(start, _PAGE_ROWS)):
                self._write_file(bucket, some)

    def _by_bucket(self, rows: pa.RecordBatch) -> Iterator[tuple[int | None, pa.RecordBatch]]:
        layout = self._handle.buckets
        if layout is None:
            yield None, rows
            return
        types = dict(self._handle.table_columns)
        numbers = bucket_numbers(layout, [(rows.column(name), types[name]) for name in layout.columns])
        order = np.argsort(numbers, kind="stable")
        found, starts = np.unique(numbers[order], return_index=True)
        ordered = rows.take(pa.array(order, pa.int64()))
        for bucket, start, end in zip(found, starts, [*starts[1:], len(order)], strict=True):
            if bucket not in self._met:
                self._writers.add()
                self._met.add(int(bucket))
            yield int(bucket), ordered.slice(start, end - start)

    def _write_file(self, bucket: int | None, rows: pa.RecordBatch) -> None:
        file = self._open.get(bucket)
        if file is not None and file.writer is not None and not file.writer.takes(rows):
            self._finish_file(bucket)
            file = None
        if file is None:
            file = self._open[bucket] = _OpenFile(self._new_name(bucket))
        if self._handle.buckets is not None and self._handle.buckets.sorted_by:
            file.waiting.append(rows)
            file.waiting_bytes += rows.nbytes
            if file.waiting_bytes >= _SORTED_BYTES:
                self._finish_file(bucket)
            return
        self._put(file, rows)
        # A bucket without order stays one file.
        if bucket is None and file.stream is not None and file.stream.tell() >= self._handle.target_file_bytes:
            self._finish_file(bucket)

    def _new_name(self, bucket: int | None) -> str:
        extension = file_extension(self._handle.format, self._codec)
        if bucket is None:
            return f"{self._handle.query_id}_{uuid.uuid4()}{extension}"
        return f"0{bucket:05d}_0_{uuid.uuid4()}_{self._handle.query_id}{extension}"

    def _put(self, file: _OpenFile, rows: pa.RecordBatch) -> None:
        try:
            if file.writer is None:
                file.stream = self._files.open_output(child_of(self.directory, file.name))
                file.writer = open_writer(
                    self._handle.format,
                    file.stream,
                    self._names,
                    self._types,
                    self._codec,
                    dict(self._handle.properties),
                    self._files,
                    self._handle.query_id,
                )
            file.writer.write(rows)
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_DATA_ERROR, f"Failed to write data: {fault}") from fault

    @property
    def held_bytes(self) -> int:
        """Of rows that writers have collected and not yet written."""
        return sum(file.writer.held_bytes for file in self._open.values() if file.writer is not None)

    def flush(self) -> None:
        """Write what writers hold. Raises: HIVE_WRITER_DATA_ERROR."""
        try:
            for file in self._open.values():
                if file.writer is not None:
                    file.writer.flush()
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_DATA_ERROR, f"Failed to write data: {fault}") from fault

    def finish(self) -> bytes:
        """Close the files; they are durable, their names are not. What was written, for the end of the write.

        Raises: HIVE_WRITER_CLOSE_ERROR.
        """
        for bucket in list(self._open):
            self._finish_file(bucket)
        return self._fragment()

    def _finish_file(self, bucket: int | None) -> None:
        file = self._open[bucket]
        if file.waiting:
            assert self._handle.buckets is not None
            self._put(file, sorted_rows(file.waiting, self._handle.buckets.sorted_by))
            file.waiting, file.waiting_bytes = [], 0
        if file.writer is None or file.stream is None:
            return
        try:
            file.writer.close()
            self._size += file.stream.tell()
            file.stream.close()
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_CLOSE_ERROR, f"Error committing write to Hive: {fault}") from fault
        file.writer = file.stream = None
        self._files.sync_file(child_of(self.directory, file.name))
        self._finished.append(self._open.pop(bucket).name)

    def abort(self) -> None:
        """Close what is open; the directory is removed with the write. Never raises."""
        for file in self._open.values():
            # What cannot be written is thrown away all the same.
            with suppress(OSError, pa.ArrowException, LodestarError):
                if file.writer is not None:
                    file.writer.close()
            with suppress(OSError, LodestarError):
                if file.stream is not None:
                    discard_output(file.stream)
        self._open = {}

    def _fragment(self) -> bytes:
        return documents.dump(
            {
                "values": None if self._values is None else list(self._values),
                "files": self._finished,
                "rows": self._rows,
                "size": self._size,
                "memorySize": self._memory_size,
                "statistics": {name: figures.document() for name, figures in self._figures.items()},
            }
        )


def sorted_rows(pages: Sequence[pa.RecordBatch], order: Sequence[SortColumn]) -> pa.RecordBatch:
    """All rows, in order: up with NULLs first, down with NULLs last."""
    whole = pa.Table.from_batches(pages).combine_chunks().to_batches()[0]
    places = pa.array(np.arange(whole.num_rows))
    for one in reversed(order):  # stable sorts, the last column first
        keys = _sortable(whole.column(one.name)).take(places)
        direction = "descending" if one.descending else "ascending"
        placement = "at_end" if one.descending else "at_start"
        indices = pc.array_sort_indices(keys, order=direction, null_placement=placement)
        places = places.take(indices)
    return whole.take(places)


def _sortable(values: pa.Array) -> pa.Array:
    if pa.types.is_struct(values.type) and values.type.num_fields == 2:  # timestamps with more than six digits
        nanos = pc.divide(values.field("p"), 1000).cast(pa.int64())
        made = pc.add(pc.multiply(values.field("t").cast(pa.int64()), 1000), nanos)
        return pc.if_else(values.is_null(), pa.scalar(None, pa.int64()), made)
    return values
