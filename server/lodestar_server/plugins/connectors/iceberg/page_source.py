"""Pages of data files read with pyarrow: rows that deletes took are left out, places of rows can be told."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.deletes import DeletedRows
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import Field
from lodestar_server.plugins.connectors.iceberg.handles import (
    CHANGE_TIMESTAMP,
    CHANGE_TYPE,
    CHANGE_VERSION,
    MODIFIED,
    PARTITION,
    PATH,
    ROW_ID_ID,
    FileChange,
    IcebergColumnHandle,
    IcebergSplit,
)
from lodestar_server.plugins.connectors.iceberg.name_mapping import file_names
from lodestar_server.plugins.connectors.iceberg.opening import PAGE_ROWS, Fetched, read_columns
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page, values_to_arrow

_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
_NANOSECONDS_PER_MILLISECOND = 1_000_000


def hidden_value(column: IcebergColumnHandle, split: IcebergSplit) -> Any:
    """The value in every row of the file, as in `ir.Constant`."""
    match column.name:
        case name if name == PATH:
            return split.file.path
        case name if name == PARTITION:
            return split.partition_path
        case name if name == MODIFIED:
            millis = split.modified_nanos // _NANOSECONDS_PER_MILLISECOND
            return (millis * _PICOSECONDS_PER_MILLISECOND, "UTC")
    if split.change is not None:
        return _change_value(column.name, split.change)
    raise ValueError(f"not a hidden column: {column}")


def _change_value(name: str, change: FileChange) -> Any:
    match name:
        case name if name == CHANGE_TYPE:
            return change.kind
        case name if name == CHANGE_VERSION:
            return change.snapshot_id
        case name if name == CHANGE_TIMESTAMP:
            return (change.timestamp_ms * _PICOSECONDS_PER_MILLISECOND, "UTC")
    return change.ordinal


class IcebergPageSource(PageSource):
    """Some splits, one after the other."""

    def __init__(
        self,
        files: FileSystem,
        metadata: TableMetadata,
        schema: Schema,
        splits: Sequence[IcebergSplit],
        columns: Sequence[IcebergColumnHandle],
    ) -> None:
        self._files = files
        self._metadata = metadata
        self._schema = schema
        self._names = file_names(schema, metadata.properties)
        self._splits = splits
        self._columns = columns
        self._closed = threading.Event()
        self._fetched = Fetched()

    def pages(self) -> Iterator[pa.RecordBatch]:
        """Raises: ICEBERG_CANNOT_OPEN_SPLIT, ICEBERG_BAD_DATA, NOT_SUPPORTED."""
        for split in self._splits:
            for page in self._read(split):
                if self._closed.is_set():
                    return
                self._count(page)
                yield page

    def _count(self, page: pa.RecordBatch) -> None:
        """What was fetched of remote files; of local ones, what they hold."""
        if self._fetched.any:
            self.completed_bytes = self._fetched.bytes
        else:
            self.completed_bytes += page.nbytes

    def _read(self, split: IcebergSplit) -> Iterator[pa.RecordBatch]:
        deleted = None
        if split.deletes:
            deleted = DeletedRows(self._files, self._metadata, split.file, split.deletes, self._fetched)
        fields: dict[int, Field] = {} if deleted is None else dict(deleted.fields)
        for column in self._columns:
            if not column.hidden and column.id != ROW_ID_ID:
                fields[column.id] = self._schema.fields[column.id]
        if not fields and deleted is None:
            yield from self._counted(split)
            return
        places = {id_: place for place, id_ in enumerate(fields)}
        start = 0
        wanted = list(fields.values())
        for batch in read_columns(self._files, split.file, wanted, self._names, self._fetched):
            kept = None if deleted is None else deleted.kept(start, batch, places)
            positions = np.arange(start, start + batch.num_rows, dtype=np.int64)
            start += batch.num_rows
            if kept is not None:
                batch = batch.filter(kept)
                positions = positions[kept.to_numpy(zero_copy_only=False)]
            if batch.num_rows:
                yield self._page(split, batch, places, positions)

    def _counted(self, split: IcebergSplit) -> Iterator[pa.RecordBatch]:
        """Nothing of the file is needed but the number of its rows."""
        for start in range(0, split.file.records, PAGE_ROWS):
            rows = min(PAGE_ROWS, split.file.records - start)
            positions = np.arange(start, start + rows, dtype=np.int64)
            yield self._page(split, empty_columns_page(rows), {}, positions)

    def _page(
        self, split: IcebergSplit, batch: pa.RecordBatch, places: dict[int, int], positions: Any
    ) -> pa.RecordBatch:
        if not self._columns:
            return empty_columns_page(batch.num_rows)
        constants = dict(split.constants)
        arrays = []
        for column in self._columns:
            if column.id == ROW_ID_ID:
                arrays.append(self._row_ids(split, column, positions))
            elif column.hidden:
                arrays.append(_repeated(column, hidden_value(column, split), batch.num_rows))
            else:
                found = batch.column(places[column.id])
                if column.id in constants and found.null_count == len(found):
                    found = _repeated(column, constants[column.id], batch.num_rows)
                arrays.append(found)
        return pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(len(arrays))])

    def _row_ids(self, split: IcebergSplit, column: IcebergColumnHandle, positions: Any) -> pa.Array:
        rows = len(positions)
        target = arrow_type(column.type)
        zeros = pa.array(np.zeros(rows, np.int32))
        parts = [
            pa.array([split.file.path], pa.string()).take(zeros),
            pa.array(positions, pa.int64()),
            pa.array([split.file.spec_id], pa.int32()).take(zeros),
            pa.array([split.partition_json], pa.string()).take(zeros),
        ]
        return pa.StructArray.from_arrays(parts, fields=list(target))

    def close(self) -> None:
        """After the page that is being read."""
        self._closed.set()


def _repeated(column: IcebergColumnHandle, value: Any, rows: int) -> pa.Array:
    return values_to_arrow(column.type, [value]).take(pa.array(np.zeros(rows, np.int32)))
