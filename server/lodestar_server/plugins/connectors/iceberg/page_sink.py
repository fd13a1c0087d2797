"""The writer of one stream of pages: data files per partition, unseen before the commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, BinaryIO

import numpy as np
import orjson
import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.errors import (
    ICEBERG_TOO_MANY_OPEN_PARTITIONS,
    ICEBERG_WRITER_CLOSE_ERROR,
    ICEBERG_WRITER_DATA_ERROR,
)
from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionSpec, read_spec
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, read_schema
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType
from lodestar_server.plugins.connectors.iceberg.format.values import unscaled
from lodestar_server.plugins.connectors.iceberg.fragments import write_fragment
from lodestar_server.plugins.connectors.iceberg.handles import IcebergWriteHandle
from lodestar_server.plugins.connectors.iceberg.raw_arrays import group_rows, orc_keeps, raw_array
from lodestar_server.plugins.connectors.iceberg.sketches import DistinctCounters
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.plugins.connectors.iceberg.writers import FileWriter, open_writer
from lodestar_server.plugins.toolkit.files import FileSystem, child_of, discard_output
from lodestar_server.plugins.toolkit.sink_work import SinkWork
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.murmur3 import hash_bytes
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.types.arrow import arrow_type

_WRITERS = 4
"""Writers over which Trino spreads the partitions of a write; the limit is for each of them."""
CLOSED_AT_ONCE = 16
"""Files of a remote store; each of them sends what it still holds."""
_PAGE_BYTES = 8 << 20
_SPLIT_BYTES = 48 << 20
"""Rows that are split into partitions together: pieces of a few hundred rows cost more than the rows themselves."""
EXTENSIONS = {"PARQUET": "parquet", "ORC": "orc", "AVRO": "avro"}


class _Part:
    """The open file of a partition."""

    def __init__(self, values: tuple[Any, ...], path: str) -> None:
        self.values = values
        self.path = path
        self.location = ""
        self.format = ""
        self.stream: BinaryIO | None = None
        self.writer: FileWriter | None = None
        self.pages: list[pa.RecordBatch] = []
        self.page_bytes = 0


class DataFileSink:
    """Rows of the table's schema to data files; also used for the new rows of changes.

    Rows are gathered, split into partitions, and written by several threads, a partition each; an error may be told by
    a later call. Memory: two times the rows that are split together, and what the writers hold.
    """

    def __init__(self, files: FileSystem, handle: IcebergWriteHandle, counters: DistinctCounters | None = None) -> None:
        """`counters` see all rows."""
        self._files = files
        self._handle = handle
        self._counters = counters
        self._schema: Schema = read_schema(orjson.loads(handle.schema_json))
        self.spec: PartitionSpec = read_spec(handle.spec_id, orjson.loads(handle.spec_json))
        self.fields: tuple[Field, ...] = self._schema.columns
        self._sources: list[IcebergType] = [self._schema.fields[one.source_id].type for one in self.spec.fields]
        self._paths = [_path_to(self._schema, one.source_id) for one in self.spec.fields]
        self._parts: dict[tuple[Any, ...], _Part] = {}
        self._finished: list[DataFile] = []
        self._work = SinkWork("iceberg")
        self._gathered: list[pa.RecordBatch] = []
        self._gathered_bytes = 0
        enough = _SPLIT_BYTES if self.spec.fields else _PAGE_BYTES
        self._enough_bytes = min(enough, handle.target_file_bytes)
        self._sorting = [one for one in handle.sort_columns if one[0] in {field.name for field in self.fields}]

    def append(self, columns: Sequence[pa.Array]) -> None:
        """One array per column of the schema. Raises: ICEBERG_TOO_MANY_OPEN_PARTITIONS, ICEBERG_WRITER_DATA_ERROR."""
        if len(columns[0]) == 0:
            return
        page = pa.RecordBatch.from_arrays(columns, [str(field.id) for field in self.fields])
        self._gathered.append(page)
        self._gathered_bytes += page.nbytes
        if self._gathered_bytes >= self._enough_bytes:
            self._write_gathered()

    def _write_gathered(self) -> None:
        if not self._gathered:
            return
        gathered, size = self._gathered, self._gathered_bytes
        self._gathered, self._gathered_bytes = [], 0
        page = gathered[0] if len(gathered) == 1 else pa.concat_batches(gathered)
        tasks = self._split(page.columns, page.num_rows)
        if self._counters is not None:
            tasks += self._counters.tasks(page.columns)
        self._work.start(tasks, size)

    def _split(self, columns: Sequence[pa.Array], rows: int) -> list[Callable[[], None]]:
        """A task for each partition, while those of the rows before are still at work."""
        keys = []
        for field, source, path in zip(self.spec.fields, self._sources, self._paths, strict=True):
            keys.append(field.transform.apply_array(source, raw_array(source, _nested(columns, path))))
        groups = group_rows(keys, rows)
        # Values that differ may be one partition: zeros of both signs, NaNs of any bits. It has one writer.
        parts: dict[_Part, list[Any]] = {}
        for first, places in groups:
            values = tuple(
                _plain(key[first].as_py(), field.transform.result_type(source))
                for key, field, source in zip(keys, self.spec.fields, self._sources, strict=True)
            )
            parts.setdefault(self._part(values), []).append(places)
        return [
            partial(self._write_some, part, columns, None if len(parts) == 1 else np.concatenate(some))
            for part, some in parts.items()
        ]

    def _write_some(self, part: _Part, columns: Sequence[pa.Array], places: Any) -> None:
        if places is None:
            self._write(part, list(columns))
        else:
            taken = pa.array(places)
            self._write(part, [column.take(taken) for column in columns])

    def _part(self, values: tuple[Any, ...]) -> _Part:
        key = tuple("NaN" if value != value else value for value in values)
        part = self._parts.get(key)
        if part is None:
            if len(self._parts) >= self._handle.max_partitions * _WRITERS:
                raise LodestarError(
                    ICEBERG_TOO_MANY_OPEN_PARTITIONS,
                    f"Exceeded limit of {self._handle.max_partitions} open writers for partitions: {len(self._parts)}",
                )
            part = self._parts[key] = _Part(values, self.spec.path(self._sources, values))
        return part

    def _write(self, part: _Part, columns: list[pa.Array]) -> None:
        if self._sorting:
            page = pa.RecordBatch.from_arrays(columns, [field.name for field in self.fields])
            part.pages.append(page)
            part.page_bytes += page.nbytes
            if part.page_bytes >= self._handle.target_file_bytes:
                self._finish_part(part)
            return
        self._put(part, columns)

    def _put(self, part: _Part, columns: Sequence[pa.Array]) -> None:
        form = self._format_for(columns)
        if part.writer is not None and part.format != form:
            self._close(part)
        try:
            if part.writer is None:
                part.format = form
                part.location = self._new_location(part)
                part.stream = self._files.open_output(part.location)
                part.writer = open_writer(
                    form, part.stream, self.fields, self._handle.codec, bloom_filters=self._handle.bloom_filters
                )
            part.writer.write(columns)
        except (OSError, pa.ArrowException, ValueError) as fault:
            raise LodestarError(ICEBERG_WRITER_DATA_ERROR, f"Failed to write data: {fault}") from fault
        if part.stream is not None and part.stream.tell() >= self._handle.target_file_bytes:
            self._close(part)

    def _format_for(self, columns: Sequence[pa.Array]) -> str:
        """The table's; each file says its own, and Parquet keeps what ORC would spoil."""
        wanted = self._handle.format
        if wanted == "ORC":
            kept = (orc_keeps(values, field.type) for values, field in zip(columns, self.fields, strict=True))
            return wanted if all(kept) else "PARQUET"
        return wanted

    def _new_location(self, part: _Part) -> str:
        name = f"{self._handle.query_id}-{uuid.uuid4()}.{EXTENSIONS[part.format]}"
        inside = f"{part.path}/{name}" if part.path else name
        if not self._handle.object_store_layout:
            return child_of(self._handle.data_location, inside)
        content = inside.encode()
        spread = int(hash_bytes(content, _ends(len(content)))[0]) & 0xFFFFF
        bits = f"{spread:020b}"
        return child_of(self._handle.data_location, f"{bits[:4]}/{bits[4:8]}/{bits[8:12]}/{bits[12:]}/{inside}")

    def _finish_part(self, part: _Part) -> None:
        if part.pages:
            table = pa.Table.from_batches(part.pages)
            part.pages, part.page_bytes = [], 0
            ordered = _sorted(table, self.fields, self._sorting).combine_chunks()
            for batch in ordered.to_batches():
                self._put(part, batch.columns)
        self._close(part)

    def _close(self, part: _Part) -> None:
        if part.writer is None or part.stream is None:
            return
        try:
            figures = part.writer.close()
            size = part.stream.tell()
            part.stream.close()
        except (OSError, pa.ArrowException, ValueError) as fault:
            raise LodestarError(ICEBERG_WRITER_CLOSE_ERROR, f"Error closing Iceberg file: {fault}") from fault
        self._files.sync_file(part.location)
        file = DataFile(Content.DATA, part.location, part.format, self.spec.id, part.values, 0, size, sort_order_id=0)
        self._finished.append(figures.apply(file))
        part.writer = part.stream = None

    def finish(self) -> list[DataFile]:
        """Close everything; it is durable. Raises: ICEBERG_WRITER_CLOSE_ERROR."""
        size = self._gathered_bytes
        self._write_gathered()
        self._work.wait()
        parts = list(self._parts.values())
        if len(parts) < 2 or self._files.local_path(self._handle.data_location) is not None:
            self._work.start([partial(self._finish_part, part) for part in parts], size)
            self._work.wait()
            self._work.close()
        else:  # Closing a remote file is waiting for its store.
            with ThreadPoolExecutor(min(CLOSED_AT_ONCE, len(parts)), thread_name_prefix="iceberg-closing") as pool:
                closing = [pool.submit(self._finish_part, part) for part in parts]
            for closed in closing:
                closed.result()
            self._work.close()
        for directory in {one.path.rpartition("/")[0] for one in self._finished}:
            self._files.sync_directory(directory)
        return self._finished

    def abort(self) -> None:
        """Remove what was written; never raises."""
        self._work.close()
        for part in self._parts.values():
            with suppress(OSError, pa.ArrowException, ValueError, LodestarError):
                if part.writer is not None:
                    part.writer.abandon()
            with suppress(OSError, ValueError, LodestarError):
                if part.stream is not None:
                    discard_output(part.stream)
            with suppress(LodestarError):
                if part.location:
                    self._files.delete_file(part.location)
        for file in self._finished:
            with suppress(LodestarError):
                self._files.delete_file(file.path)


def _ends(length: int) -> Any:
    return np.array([0, length], np.int64)


def _path_to(schema: Schema, id_: int) -> tuple[int, ...]:
    """Places that lead to a field through structs."""

    def search(fields: Sequence[Field], above: tuple[int, ...]) -> tuple[int, ...] | None:
        for place, one in enumerate(fields):
            here = (*above, place)
            if one.id == id_:
                return here
            found = search(getattr(one.type, "fields", ()), here)
            if found is not None:
                return found
        return None

    found = search(schema.columns, ())
    assert found is not None, "a partition field has a column"
    return found


def _nested(columns: Sequence[pa.Array], path: tuple[int, ...]) -> pa.Array:
    values = columns[path[0]]
    for place in path[1:]:
        values = values.flatten()[place]
    return values


def _plain(value: Any, type_: IcebergType) -> Any:
    return unscaled(value, type_.scale) if value is not None and isinstance(type_, DecimalOf) else value


def _sorted(table: pa.Table, fields: Sequence[Field], sorting: Sequence[tuple[str, str, str]]) -> pa.Table:
    types = {field.name: field.type for field in fields}
    keys = table.select([])
    order = []
    # Nulls have one place for all keys in pyarrow: each key says itself whether it is NULL.
    for place, (name, direction, nulls) in enumerate(sorting):
        raw = raw_array(types[name], table.column(name))
        is_null = raw.is_null()
        keys = keys.append_column(f"n{place}", is_null.cast(pa.int8())).append_column(f"v{place}", raw)
        order.append((f"n{place}", "descending" if nulls == "nulls-first" else "ascending"))
        order.append((f"v{place}", "descending" if direction == "desc" else "ascending"))
    return table.take(pa.compute.sort_indices(keys, sort_keys=order))


class IcebergPageSink(PageSink):
    """Pages of an INSERT or CREATE TABLE AS; columns that the pages lack are NULL."""

    def __init__(self, files: FileSystem, handle: IcebergWriteHandle) -> None:
        fields = read_schema(orjson.loads(handle.schema_json)).columns
        self._counters = DistinctCounters(fields if handle.collect_statistics else ())
        self._sink = DataFileSink(files, handle, self._counters)
        place = {column.id: i for i, column in enumerate(handle.columns)}
        self._places = [place.get(field.id) for field in self._sink.fields]

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: ICEBERG_TOO_MANY_OPEN_PARTITIONS, ICEBERG_WRITER_DATA_ERROR."""
        if page.num_rows == 0:
            return
        self.written_bytes += page.nbytes
        columns = [
            pa.nulls(page.num_rows, arrow_type(to_trino(field.type))) if at is None else page.column(at)
            for field, at in zip(self._sink.fields, self._places, strict=True)
        ]
        self._sink.append(columns)

    def finish(self) -> list[bytes]:
        """One fragment. Raises: ICEBERG_WRITER_CLOSE_ERROR."""
        files = self._sink.finish()
        return [write_fragment(files, self._counters.sketches())] if files else []

    def abort(self) -> None:
        """Remove what was written."""
        self._sink.abort()
