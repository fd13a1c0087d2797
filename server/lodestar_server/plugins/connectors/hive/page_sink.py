"""The writer of one stream of pages: files per partition in the write's own directory, invisible before the commit."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.column_figures import ColumnFigures
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.connectors.hive.handles import HiveWriteHandle
from lodestar_server.plugins.connectors.hive.partition_split import PartitionSplitter
from lodestar_server.plugins.connectors.hive.writers import FileWriter, file_extension, open_writer
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, parent_of
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


class _Part:
    """The open file of a partition, and those that are full."""

    def __init__(self, values: tuple[str, ...] | None, name: str, figures: dict[str, ColumnFigures]) -> None:
        self.values = values
        self.name = name
        self.files: list[str] = []
        self.rows = 0
        self.size = 0
        self.memory_size = 0
        self.figures = figures
        self.stream: BinaryIO | None = None
        self.writer: FileWriter | None = None
        self.open_file = ""


class HivePageSink(PageSink):
    """Rows of a partition may come in any order; at most `max_partitions` are open."""

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
            if len(self._parts) >= self._handle.max_partitions:
                raise LodestarError(
                    HIVE_TOO_MANY_OPEN_PARTITIONS,
                    f"Exceeded limit of {self._handle.max_partitions} open writers for partitions/buckets",
                )
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
        names = [name for name, _, _ in self._data]
        rows = pa.RecordBatch.from_arrays(arrays, names)
        try:
            self._open(part, names).write(rows)
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_DATA_ERROR, f"Failed to write data: {fault}") from fault
        part.rows += page.num_rows
        part.memory_size += rows.nbytes
        if part.stream is not None and part.stream.tell() >= self._handle.target_file_bytes:
            self._finish_file(part)

    def _open(self, part: _Part, names: Sequence[str]) -> FileWriter:
        if part.writer is None:
            part.open_file = f"{self._handle.query_id}_{uuid.uuid4()}{self._extension}"
            part.stream = self._files.open_output(self._location(part))
            types = [type_ for _, type_, _ in self._data]
            part.writer = open_writer(
                self._handle.format,
                part.stream,
                names,
                types,
                self._codec,
                self._properties,
                self._files,
                self._handle.query_id,
            )
        return part.writer

    def _location(self, part: _Part) -> str:
        directory = child_of(self._handle.directory, part.name) if part.name else self._handle.directory
        return child_of(directory, part.open_file)

    def _finish_file(self, part: _Part) -> None:
        if part.writer is None or part.stream is None:
            return
        location = self._location(part)
        try:
            part.writer.close()
            part.stream.close()
        except (OSError, pa.ArrowException) as fault:
            raise LodestarError(HIVE_WRITER_CLOSE_ERROR, f"Error committing write to Hive: {fault}") from fault
        self._files.sync_file(location)
        info = self._files.find(location)
        part.size += 0 if info is None else info.size
        part.files.append(part.open_file)
        part.writer = part.stream = None

    def finish(self) -> list[bytes]:
        """A fragment per partition. Everything is durable. Raises: HIVE_WRITER_CLOSE_ERROR."""
        directories = set()
        for part in self._parts.values():
            self._finish_file(part)
            directories.add(child_of(self._handle.directory, part.name) if part.name else self._handle.directory)
        for directory in sorted(directories):
            while len(directory) > len(self._handle.directory):
                self._files.sync_directory(directory)
                directory = parent_of(directory)
            self._files.sync_directory(directory)
        return [_fragment(part) for part in self._parts.values()]

    def abort(self) -> None:
        """Close what is open; the directory is removed with the write."""
        for part in self._parts.values():
            with suppress(OSError, pa.ArrowException):  # what cannot be written is thrown away all the same
                if part.writer is not None:
                    part.writer.close()
            with suppress(OSError):
                if part.stream is not None:
                    part.stream.close()
            part.writer = part.stream = None


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
