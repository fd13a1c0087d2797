"""UPDATE, DELETE and MERGE of single rows: old rows become position deletes, new ones data files, in one snapshot.

A commit that meets another one is refused when the other took data files or rows away that this one is about, or added
rows that this one would have had to look at. Source: Trino IcebergMergeSink, Iceberg's RowDelta.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.deletes import DELETED_PATH, DELETED_POSITION
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_COMMIT_ERROR, ICEBERG_WRITER_CLOSE_ERROR
from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile, Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.fragments import read_fragments, write_fragment
from lodestar_server.plugins.connectors.iceberg.handles import (
    ROW_ID,
    ROW_ID_ID,
    ROW_ID_TYPE,
    IcebergColumnHandle,
    IcebergTableHandle,
    IcebergWriteHandle,
    WriteKind,
)
from lodestar_server.plugins.connectors.iceberg.page_sink import EXTENSIONS, DataFileSink
from lodestar_server.plugins.connectors.iceberg.planning import live_entries, read_partition_json
from lodestar_server.plugins.connectors.iceberg.pruning import FilePruner
from lodestar_server.plugins.connectors.iceberg.snapshots import Change
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.connectors.iceberg.transaction import OpenWrite
from lodestar_server.plugins.connectors.iceberg.writers import open_writer
from lodestar_server.plugins.connectors.iceberg.writing import IcebergWriting
from lodestar_server.plugins.toolkit.files import FileSystem, child_of
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.handles import TableHandle, WriteHandle
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.row_changes import FIRST_COLUMN, RowIdColumn, RowOperation
from lodestar_server.spi.session import ConnectorSession

ROW_ID_COLUMN = RowIdColumn(IcebergColumnHandle(ROW_ID_ID, ROW_ID, ROW_ID_TYPE), ROW_ID_TYPE)
_FIRST_VERSION = 2


class IcebergRowChanges(IcebergWriting):
    """The metadata's half."""

    def row_id_column(self, session: ConnectorSession, table: TableHandle) -> RowIdColumn:
        """Of every table: whole files may be deleted from tables of the first version too."""
        return ROW_ID_COLUMN

    def begin_row_changes(self, session: ConnectorSession, table: TableHandle) -> WriteHandle:
        """The sink's pages have all columns of the table."""
        assert isinstance(table, IcebergTableHandle)
        metadata, _ = self._seen(table)
        if table.versioned:
            not_supported("Modifying old snapshot is not supported in Iceberg")
        if metadata.format_version < _FIRST_VERSION:
            not_supported("Iceberg table updates require at least format version 2")
        opened = OpenWrite(metadata, table.metadata_location, snapshot_id=table.snapshot_id)
        opened.predicate = table.enforced.intersect(table.unenforced)
        return self._open(session, table.name, opened, WriteKind.ROWS)

    def finish_row_changes(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """One snapshot; none when no row changed. Raises: ICEBERG_COMMIT_ERROR for a conflict."""
        assert isinstance(handle, IcebergWriteHandle)
        opened = self._transaction.writes.pop(handle.write_id)
        files = read_fragments(fragments).files
        if not files:
            return
        kinds = {one.content is Content.DATA for one in files}
        operation = "overwrite" if True in kinds else "delete"
        conflicts = RowConflicts(self._tables, opened, files)
        change = Change(operation, files, summary=self._who(session), check=conflicts.check)
        self._transaction.commit_change(handle.name, change)


@dataclass(slots=True)
class RowConflicts:
    """What may have happened to a table since its rows were read."""

    tables: IcebergTables
    opened: OpenWrite
    files: Sequence[DataFile]
    rewritten: frozenset[str] | None = None
    """Paths of files of which the same rows come in others: new rows are no conflict then."""

    def check(self, now: TableMetadata) -> None:
        """Raises: ICEBERG_COMMIT_ERROR."""
        start = self.opened.snapshot_id
        if now.current_snapshot_id == start:
            return
        since = {one.id for one in now.ancestors(now.current_snapshot_id)}
        since -= {one.id for one in now.ancestors(start)}
        current = now.current_snapshot
        if current is None:
            _conflict("the table was replaced")
        touched = {one.referenced_file for one in self.files if one.referenced_file is not None}
        touched |= self.rewritten or frozenset()
        live = set()
        pruner = FilePruner(now, self.opened.predicate)
        partitions = {(one.spec_id, one.partition) for one in self.files}
        for entry in live_entries(self.tables, now, current, deletes=False):
            live.add(entry.file.path)
            if self.rewritten is not None:
                continue
            if entry.status is Status.ADDED and entry.snapshot_id in since and pruner.file_may_match(entry.file):
                if self._same_partition(now, entry.file, partitions):
                    _conflict(f"Found conflicting files that can contain records: [{entry.file.path}]")
        missing = touched - live
        if missing:
            _conflict(f"Cannot commit, missing data files: [{', '.join(sorted(missing))}]")
        for entry in live_entries(self.tables, now, current, deletes=True):
            if entry.snapshot_id not in since:
                continue
            file = entry.file
            about = (
                file.referenced_file in touched
                if file.referenced_file
                else (file.spec_id, file.partition) in partitions
            )
            if about:
                _conflict(f"Found new conflicting delete files that can apply to records: [{file.path}]")

    def _same_partition(self, now: TableMetadata, file: DataFile, partitions: set[tuple[int, tuple[Any, ...]]]) -> bool:
        """The partitions that were written tell what was looked at, as far as columns themselves are partitioned by."""
        spec = now.spec_of(file.spec_id)
        places = [place for place, one in enumerate(spec.fields) if one.transform.kind == "identity"]
        if not places or any(spec_id != file.spec_id for spec_id, _ in partitions):
            return True
        own = tuple(file.partition[place] for place in places)
        return any(tuple(values[place] for place in places) == own for _, values in partitions)


def _conflict(message: str) -> NoReturn:
    raise LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to commit the transaction during write: {message}")


@dataclass(slots=True)
class _Deleted:
    """Rows of one data file that go."""

    spec_id: int
    partition: str
    positions: list[npt.NDArray[np.int64]] = field(default_factory=list)


class RowChangesSink(PageSink):
    """Pages as `spi.row_changes` says."""

    def __init__(self, files: FileSystem, handle: IcebergWriteHandle) -> None:
        self._files = files
        self._handle = handle
        self._rows = DataFileSink(files, handle)
        self._deleted: dict[str, _Deleted] = {}
        self._written: list[str] = []

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: what `DataFileSink.append` raises."""
        self.written_bytes += page.nbytes
        operations = page.column(0).to_numpy(zero_copy_only=False)
        gone = operations != RowOperation.INSERT
        if gone.any():
            self._delete(page.column(1).filter(pa.array(gone)))
        new = operations != RowOperation.DELETE
        if new.any():
            chosen = page if new.all() else page.filter(pa.array(new))
            self._rows.append(chosen.columns[FIRST_COLUMN:])

    def _delete(self, row_ids: pa.StructArray) -> None:
        paths = row_ids.field(0).dictionary_encode()
        codes = paths.indices.to_numpy(zero_copy_only=False)
        positions = row_ids.field(1).to_numpy(zero_copy_only=False)
        for code, path in enumerate(paths.dictionary.to_pylist()):
            places = np.flatnonzero(codes == code)
            if not len(places):
                continue
            known = self._deleted.get(path)
            if known is None:
                first = int(places[0])
                known = _Deleted(row_ids.field(2)[first].as_py(), row_ids.field(3)[first].as_py())
                self._deleted[path] = known
            known.positions.append(positions[places].astype(np.int64))

    def finish(self) -> list[bytes]:
        """One fragment, none when nothing changed."""
        files = self._rows.finish()
        files = [*files, *(self._write_deletes(path, one) for path, one in self._deleted.items())]
        return [write_fragment(files, {})] if files else []

    def _write_deletes(self, path: str, deleted: _Deleted) -> DataFile:
        handle = self._handle
        positions = np.unique(np.concatenate(deleted.positions))
        # Files that were added from elsewhere share their directory with others, who would take deletes for rows.
        own = path.startswith(f"{handle.data_location}/")
        directory = path.rpartition("/")[0] if own else handle.data_location
        location = child_of(directory, f"{handle.query_id}-{uuid.uuid4()}.{EXTENSIONS[handle.format]}")
        self._written.append(location)
        try:
            with self._files.open_output(location) as stream:
                fields = (DELETED_PATH, DELETED_POSITION)
                writer = open_writer(handle.format, stream, fields, handle.codec, cut_bounds=False)
                repeated = pa.array([path], pa.string()).take(pa.array(np.zeros(len(positions), np.int32)))
                writer.write([repeated, pa.array(positions, pa.int64())])
                figures = writer.close()
        except (OSError, pa.ArrowException, ValueError) as fault:
            raise LodestarError(ICEBERG_WRITER_CLOSE_ERROR, f"Error writing deletes: {fault}") from fault
        self._files.sync_file(location)
        self._files.sync_directory(directory)
        info = self._files.find(location)
        file = DataFile(
            Content.POSITION_DELETES,
            location,
            handle.format,
            deleted.spec_id,
            read_partition_json(deleted.partition),
            0,
            0 if info is None else info.size,
            referenced_file=path,
        )
        return figures.apply(file)

    def abort(self) -> None:
        """Remove what was written."""
        self._rows.abort()
        for location in self._written:
            with suppress(LodestarError):
                self._files.delete_file(location)
