"""The writer of one stream of pages: files per partition in the write's own directory, invisible before the commit."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.bucketing import SortColumn, bucket_numbers
from lodestar_server.plugins.connectors.hive.column_figures import ColumnFigures
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.connectors.hive.handles import HiveWriteHandle
from lodestar_server.plugins.connectors.hive.partition_split import PartitionSplitter
from lodestar_server.plugins.connectors.hive.writers import FileWriter, file_extension, open_writer
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, discard_output, parent_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.errors import (
    HIVE_TOO_MANY_OPEN_PARTITIONS,
    HIVE_WRITER_CLOSE_ERROR,
    HIVE_WRITER_DATA_ERROR,
)
from lodestar_server.plugins.toolkit.metastore.figures import merge_figures
from lodestar_server.plugins.toolkit.metastore.interface import PartWrite
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.values import values_to_arrow

CLOSED_AT_ONCE = 16
"""Files of a remote store; each of them sends what it still holds."""
_SORTED_BYTES = 128 << 20
"""Rows of one file that are sorted together; more of them make another file of the same bucket."""


class _OpenFile:
    """A file that takes rows, or rows that wait for being sorted."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stream: BinaryIO | None = None
        self.writer: FileWriter | None = None
        self.waiting: list[pa.RecordBatch] = []
        self.waiting_bytes = 0


class _Part:
    """A partition: its open files by bucket (None without buckets), and those that are full."""

    def __init__(self, values: tuple[str, ...] | None, name: str, figures: dict[str, ColumnFigures]) -> None:
        self.values = values
        self.name = name
        self.files: list[str] = []
        self.rows = 0
        self.size = 0
        self.memory_size = 0
        self.figures = figures
        self.open: dict[int | None, _OpenFile] = {}


class HivePageSink(PageSink):
    """Rows of a partition may come in any order; at most `max_partitions` files are open."""

    def __init__(self, files: FileSystem, handle: HiveWriteHandle) -> None:
        self._files = files
        self._handle = handle
        self._codec = CompressionCodec[handle.codec]
        self._extension = file_extension(handle.format, self._codec)
        self._properties = dict(handle.properties)
        self._parts: dict[str, _Part] = {}
        place = {column.name: i for i, column in enumerate(handle.columns)}
        self._data: list[tuple[str, Type, int | None]] = [
            (name, type_, place.get(name)) for name, type_ in handle.table_columns
        ]
        self._names = [name for name, _, _ in self._data]
        self._splitter = PartitionSplitter(handle.columns)

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: HIVE_TOO_MANY_OPEN_PARTITIONS, HIVE_INVALID_PARTITION_VALUE, HIVE_WRITER_DATA_ERROR."""
        if page.num_rows == 0:
            return
        self.written_bytes += page.nbytes
        for values, rows in self._splitter.split(page):
            self._write(self._part(values), rows)

    def _part(self, values: tuple[str, ...] | None) -> _Part:
        name = "" if values is None else self._splitter.name_of(values)
        part = self._parts.get(name)
        if part is None:
            part = self._parts[name] = _Part(values, name, self._figures())
        return part

    def _figures(self) -> dict[str, ColumnFigures]:
        if not self._handle.collect_statistics:
            return {}
        return {name: ColumnFigures(type_) for name, type_, _ in self._data if ColumnFigures.kept_for(type_)}

    def _write(self, part: _Part, page: pa.RecordBatch) -> None:
        arrays = [
            values_to_arrow(type_, [None] * page.num_rows) if place is None else page.column(place)
            for _, type_, place in self._data
        ]
        for (name, _, _), values in zip(self._data, arrays, strict=True):
            if name in part.figures:
                part.figures[name].add(values)
        rows = pa.RecordBatch.from_arrays(arrays, self._names)
        part.rows += page.num_rows
        part.memory_size += rows.nbytes
        for bucket, some in self._by_bucket(rows):
            self._write_file(part, bucket, some)

    def _by_bucket(self, rows: pa.RecordBatch) -> Iterator[tuple[int | None, pa.RecordBatch]]:
        layout = self._handle.buckets
        if layout is None:
            yield None, rows
            return
        types = {name: type_ for name, type_, _ in self._data}
        numbers = bucket_numbers(layout, [(rows.column(name), types[name]) for name in layout.columns])
        order = np.argsort(numbers, kind="stable")
        found, starts = np.unique(numbers[order], return_index=True)
        ordered = rows.take(pa.array(order, pa.int64()))
        for bucket, start, end in zip(found, starts, [*starts[1:], len(order)], strict=True):
            yield int(bucket), ordered.slice(start, end - start)

    def _write_file(self, part: _Part, bucket: int | None, rows: pa.RecordBatch) -> None:
        file = part.open.get(bucket)
        if file is not None and file.writer is not None and not file.writer.takes(rows):
            self._finish_file(part, bucket)
            file = None
        if file is None:
            file = part.open[bucket] = self._new_file(bucket)
        if self._handle.buckets is not None and self._handle.buckets.sorted_by:
            file.waiting.append(rows)
            file.waiting_bytes += rows.nbytes
            if file.waiting_bytes >= _SORTED_BYTES:
                self._finish_file(part, bucket)
            return
        self._put(part, file, rows)
        # A bucket without order stays one file.
        if bucket is None and file.stream is not None and file.stream.tell() >= self._handle.target_file_bytes:
            self._finish_file(part, bucket)

    def _new_file(self, bucket: int | None) -> _OpenFile:
        if sum(len(part.open) for part in self._parts.values()) >= self._handle.max_partitions:
            raise LodestarError(
                HIVE_TOO_MANY_OPEN_PARTITIONS,
                f"Exceeded limit of {self._handle.max_partitions} open writers for partitions/buckets",
            )
        if bucket is None:
            return _OpenFile(f"{self._handle.query_id}_{uuid.uuid4()}{self._extension}")
        return _OpenFile(f"0{bucket:05d}_0_{uuid.uuid4()}_{self._handle.query_id}{self._extension}")

    def _put(self, part: _Part, file: _OpenFile, rows: pa.RecordBatch) -> None:
        try:
            if file.writer is None:
                file.stream = self._files.open_output(self._location(part, file))
                file.writer = open_writer(
                    self._handle.format,
                    file.stream,
                    self._names,
                    [type_ for _, type_, _ in self._data],
                    self._codec,
                    self._properties,
                    self._files,
                    self._handle.query_id,
                )
            file.writer.write(rows)
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_DATA_ERROR, f"Failed to write data: {fault}") from fault

    def _location(self, part: _Part, file: _OpenFile) -> str:
        directory = child_of(self._handle.directory, part.name) if part.name else self._handle.directory
        return child_of(directory, file.name)

    def _finish_file(self, part: _Part, bucket: int | None) -> None:
        self._finished(part, bucket, self._close_file(part, part.open[bucket]))

    def _close_file(self, part: _Part, file: _OpenFile) -> int | None:
        """Its bytes, None when there is no file. Touches nothing but the file: others are closed at the same time."""
        if file.waiting:
            assert self._handle.buckets is not None
            self._put(part, file, sorted_rows(file.waiting, self._handle.buckets.sorted_by))
            file.waiting = []
        if file.writer is None or file.stream is None:
            return None
        try:
            file.writer.close()
            size = file.stream.tell()
            file.stream.close()
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_CLOSE_ERROR, f"Error committing write to Hive: {fault}") from fault
        file.writer = file.stream = None
        self._files.sync_file(self._location(part, file))
        return size

    def _finished(self, part: _Part, bucket: int | None, size: int | None) -> None:
        if size is not None:
            part.size += size
            part.files.append(part.open.pop(bucket).name)

    def finish(self) -> list[bytes]:
        """A fragment per partition. Everything is durable. Raises: HIVE_WRITER_CLOSE_ERROR."""
        self._finish_files()
        directories = set()
        for part in self._parts.values():
            directories.add(child_of(self._handle.directory, part.name) if part.name else self._handle.directory)
        for directory in sorted(directories):
            while len(directory) > len(self._handle.directory):
                self._files.sync_directory(directory)
                directory = parent_of(directory)
            self._files.sync_directory(directory)
        return [_fragment(part) for part in self._parts.values()]

    def _finish_files(self) -> None:
        """Closing a remote file is waiting for its store: several are closed at once."""
        places = [(part, bucket) for part in self._parts.values() for bucket in part.open]
        if len(places) < 2 or self._files.local_path(self._handle.directory) is not None:
            for part, bucket in places:
                self._finish_file(part, bucket)
            return
        with ThreadPoolExecutor(min(CLOSED_AT_ONCE, len(places)), thread_name_prefix="hive-closing") as pool:
            closing = [pool.submit(self._close_file, part, part.open[bucket]) for part, bucket in places]
        for (part, bucket), closed in zip(places, closing, strict=True):
            self._finished(part, bucket, closed.result())

    def abort(self) -> None:
        """Close what is open; the directory is removed with the write."""
        for part in self._parts.values():
            for file in part.open.values():
                # What cannot be written is thrown away all the same.
                with suppress(OSError, pa.ArrowException, LodestarError):
                    if file.writer is not None:
                        file.writer.close()
                with suppress(OSError, LodestarError):
                    if file.stream is not None:
                        discard_output(file.stream)
            part.open = {}


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


def _fragment(part: _Part) -> bytes:
    return documents.dump(
        {
            "values": None if part.values is None else list(part.values),
            "files": part.files,
            "rows": part.rows,
            "size": part.size,
            "memorySize": part.memory_size,
            "statistics": {name: figures.document() for name, figures in part.figures.items()},
        }
    )


def read_fragments(fragments: Sequence[bytes], query_id: str) -> tuple[PartWrite, ...]:
    """What several sinks have written, one entry per partition."""
    found: dict[tuple[str, ...] | None, PartWrite] = {}
    for fragment in fragments:
        one = documents.load(fragment, "fragment")
        values = None if one["values"] is None else tuple(one["values"])
        part = PartWrite(
            values, tuple(one["files"]), one["rows"], one["size"], one["memorySize"], query_id, one["statistics"]
        )
        known = found.get(values)
        if known is not None:
            part = PartWrite(
                values,
                known.files + part.files,
                known.rows + part.rows,
                known.size + part.size,
                known.memory_size + part.memory_size,
                query_id,
                merge_figures(known.statistics, part.statistics),
            )
        found[values] = part
    return tuple(found.values())
