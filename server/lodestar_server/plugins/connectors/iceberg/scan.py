"""Splits of a scan, and how they are read: files for the kernel where its reader is exact, pages made here else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.file_columns import has_ids, kernel_type, places
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.handles import (
    MODIFIED,
    ROW_ID_ID,
    IcebergColumnHandle,
    IcebergSplit,
    IcebergTableHandle,
)
from lodestar_server.plugins.connectors.iceberg.name_mapping import Names, file_names
from lodestar_server.plugins.connectors.iceberg.opening import Footers
from lodestar_server.plugins.connectors.iceberg.page_source import IcebergPageSource, hidden_value
from lodestar_server.plugins.connectors.iceberg.planning import (
    FileTask,
    identity_constants,
    modified_nanos,
    partition_json,
    partition_path,
    plan_files,
)
from lodestar_server.plugins.connectors.iceberg.session import needs_partition_filter
from lodestar_server.plugins.connectors.iceberg.table_changes import changed_files
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.spi.errors import QUERY_REJECTED, LodestarError
from lodestar_server.spi.page import FileColumn, FileFormat, FileScan, FileSlice, PageSource, RemoteFiles, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession


class IcebergScanner:
    """Thread-safe."""

    def __init__(self, tables: IcebergTables, footers: Footers) -> None:
        self._tables = tables
        self._footers = footers

    def _seen(self, table: IcebergTableHandle) -> tuple[TableMetadata, Schema]:
        metadata = self._tables.metadata_at(table.metadata_location, table.name)
        return metadata, metadata.schema_of(table.schema_id)

    def tasks(self, table: IcebergTableHandle, predicate: TupleDomain) -> list[FileTask]:
        """The files that a scan has to read. `predicate`: what the engine knows beyond the handle."""
        metadata, _ = self._seen(table)
        snapshot = metadata.snapshot(table.snapshot_id)
        if snapshot is None:
            return []
        if table.changed_since is not None:
            return changed_files(self._tables, metadata, table.changed_since, snapshot)
        known = table.enforced.intersect(table.unenforced).intersect(predicate)
        found = plan_files(self._tables, metadata, snapshot, known, table.enforced)
        if table.only_snapshots is not None:
            found = [one for one in found if one.entry.snapshot_id in table.only_snapshots]
        return found if table.max_file_size is None else rewritten_tasks(found, table.max_file_size, metadata.spec.id)

    def splits(
        self,
        session: ConnectorSession,
        table: IcebergTableHandle,
        columns: Sequence[IcebergColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """A split per file. Raises: QUERY_REJECTED when a filter is required."""
        metadata, schema = self._seen(table)
        self._check_filter(session, table, metadata, schema, predicate)
        tasks = self.tasks(table, predicate)
        as_pages = not self._for_kernel(tasks, metadata, schema, columns)
        with_time = any(column.hidden and column.name == MODIFIED for column in columns)
        return [
            IcebergSplit(
                task.file,
                task.entry.sequence_number,
                task.deletes,
                partition_path(metadata, task.file),
                partition_json(task.file) if as_pages else "",
                modified_nanos(self._tables, task.file) if with_time else 0,
                as_pages,
                identity_constants(metadata, task.file),
                size_bytes=task.file.size,
                row_count=task.file.records,
                change=task.change,
            )
            for task in tasks
        ]

    def _check_filter(
        self,
        session: ConnectorSession,
        table: IcebergTableHandle,
        metadata: TableMetadata,
        schema: Schema,
        predicate: TupleDomain,
    ) -> None:
        if table.for_analyze or table.versioned or not needs_partition_filter(session, table.name.schema):
            return
        partitioning = [one.source_id for one in metadata.spec.fields if one.transform.kind != "void"]
        filtered = set(table.filtered) | {
            column.id for column in predicate.domains if isinstance(column, IcebergColumnHandle)
        }
        if partitioning and filtered.isdisjoint(partitioning):
            names = ", ".join(schema.names.get(id_, "?") for id_ in partitioning)
            raise LodestarError(
                QUERY_REJECTED,
                f"Filter required for {table.name} on at least one of the partition columns: {names}",
            )

    def _for_kernel(
        self,
        tasks: Sequence[FileTask],
        metadata: TableMetadata,
        schema: Schema,
        columns: Sequence[IcebergColumnHandle],
    ) -> bool:
        if any(column.id == ROW_ID_ID for column in columns):
            return False
        if any(task.deletes or task.file.format != "PARQUET" for task in tasks):
            return False
        data = [column for column in columns if not column.hidden]
        if not data:
            return False  # The manifests tell how many rows there are.
        files = self._tables.files
        if any(files.remote(one.file.path) is None and files.local_path(one.file.path) is None for one in tasks):
            return False
        shapes = {id(one): one for one in self._footers.load([task.file for task in tasks])}
        names = file_names(schema, metadata.properties)
        return all(_kernel_columns(one, schema, names, columns) is not None for one in shapes.values())

    def read(
        self, table: IcebergTableHandle, columns: Sequence[IcebergColumnHandle], splits: Sequence[IcebergSplit]
    ) -> PageSource | Sequence[FileScan]:
        """All as pages or all as files, as it was decided for the scan."""
        metadata, schema = self._seen(table)
        if any(split.as_pages for split in splits):
            return IcebergPageSource(self._tables.files, metadata, schema, splits, columns)
        groups: dict[object, tuple[pa.Schema, RemoteFiles | None, list[IcebergSplit]]] = {}
        footers = self._footers.load([split.file for split in splits])
        names = file_names(schema, metadata.properties)
        for split, footer in zip(splits, footers, strict=True):
            remote = self._tables.files.remote(split.file.path)
            shape = tuple((field.name, field.type, str(field.metadata)) for field in footer)
            groups.setdefault((shape, remote and remote.name), (footer, remote, []))[2].append(split)
        return [
            self._file_scan(footer, remote, schema, names, columns, members)
            for footer, remote, members in groups.values()
        ]

    def _file_scan(
        self,
        footer: pa.Schema,
        remote: RemoteFiles | None,
        schema: Schema,
        names: Names,
        columns: Sequence[IcebergColumnHandle],
        splits: Sequence[IcebergSplit],
    ) -> FileScan:
        sources = _kernel_columns(footer, schema, names, columns)
        assert sources is not None
        constants = [column for column, found in zip(columns, sources, strict=True) if isinstance(found, _Constant)]
        made = []
        for column, found in zip(columns, sources, strict=True):
            if isinstance(found, _Constant):
                made.append(FileColumn(column.type, constant=constants.index(column)))
            else:
                made.append(found)
        return FileScan(
            FileFormat.PARQUET,
            tuple(made),
            tuple(self._slice(split, constants) for split in splits),
            root=self._tables.files.root if remote is None else None,
            file_system=remote,
        )

    def _slice(self, split: IcebergSplit, constants: Sequence[IcebergColumnHandle]) -> FileSlice:
        path = self._tables.files.local_path(split.file.path) or split.file.path
        known = dict(split.constants)
        values: tuple[Any, ...] = tuple(
            hidden_value(column, split) if column.hidden else known.get(column.id) for column in constants
        )
        return FileSlice(path, 0, split.file.size, split.file.size, values)


def rewritten_tasks(tasks: Sequence[FileTask], max_size: int, spec_id: int) -> list[FileTask]:
    """Files worth rewriting: small ones and those with deletes, but not a file that is alone in its partition.

    `spec_id`: of the partitions that there are now; a file of others is worth it also alone.
    """
    chosen: dict[object, list[FileTask]] = {}
    for task in tasks:
        if task.file.size < max_size or task.deletes:
            chosen.setdefault((task.file.spec_id, task.file.partition), []).append(task)
    return [
        task
        for group in chosen.values()
        if len(group) > 1 or group[0].deletes or group[0].file.spec_id != spec_id
        for task in group
    ]


class _Constant:
    """Not in the file."""


def _kernel_columns(
    footer: pa.Schema, schema: Schema, names: Names, columns: Sequence[IcebergColumnHandle]
) -> list[FileColumn | _Constant] | None:
    """How the kernel reads each column of a file, None when it would not read one of them exactly."""
    at = places(footer, {column.id: names.get(column.id, ()) for column in columns if not column.hidden})
    by_id = has_ids(footer)
    lower = [name.lower() for name in footer.names]
    made: list[FileColumn | _Constant] = []
    for column in columns:
        place = at.get(column.id)
        if column.hidden or place is None:
            made.append(_Constant())
            continue
        field = footer.field(place)
        found = kernel_type(field, schema.fields[column.id], by_id=by_id)
        # The kernel finds columns without regard to case: a name that is there twice is not for it.
        if found is None or lower.count(field.name.lower()) > 1:
            return None
        type_ = to_trino(found)
        made.append(FileColumn(column.type, field.name, file_type=None if type_ == column.type else type_))
    return made
