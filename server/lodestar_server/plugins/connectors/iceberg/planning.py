"""From a snapshot to the files of a scan, each with the delete files that concern it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile, Entry, Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot, TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.values import to_constant
from lodestar_server.plugins.connectors.iceberg.handles import (
    MODIFIED,
    PARTITION,
    PATH,
    FileChange,
    IcebergColumnHandle,
)
from lodestar_server.plugins.connectors.iceberg.pruning import FilePruner, hidden_matches
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.values import frozen

_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
_NANOSECONDS_PER_MILLISECOND = 1_000_000


@frozen
class FileTask:
    """A data file to read. `deletes`: sequence number and file of each delete file that concerns it."""

    entry: Entry
    deletes: tuple[tuple[int, DataFile], ...]
    change: FileChange | None = None

    @property
    def file(self) -> DataFile:
        """The data file."""
        return self.entry.file


class DeleteIndex:
    """The delete files of a snapshot, by what they concern."""

    def __init__(self, entries: Sequence[Entry], metadata: TableMetadata) -> None:
        self._everywhere: list[Entry] = []
        self._by_partition: dict[tuple[int, tuple[Any, ...]], list[Entry]] = {}
        self._by_file: dict[str, list[Entry]] = {}
        for one in entries:
            file = one.file
            referenced = _referenced(file)
            if referenced is not None:
                self._by_file.setdefault(referenced, []).append(one)
            elif file.content is Content.EQUALITY_DELETES and not metadata.spec_of(file.spec_id).is_partitioned:
                self._everywhere.append(one)
            else:
                self._by_partition.setdefault((file.spec_id, file.partition), []).append(one)

    def of(self, entry: Entry) -> tuple[tuple[int, DataFile], ...]:
        """Those that concern a data file."""
        file = entry.file
        candidates = [
            *self._everywhere,
            *self._by_partition.get((file.spec_id, file.partition), ()),
            *self._by_file.get(file.path, ()),
        ]
        return tuple(
            (one.sequence_number, one.file)
            for one in candidates
            if one.sequence_number > entry.sequence_number
            or (one.sequence_number == entry.sequence_number and one.file.content is Content.POSITION_DELETES)
        )


def _referenced(file: DataFile) -> str | None:
    """The only data file that a position delete file is about, when it tells."""
    if file.content is not Content.POSITION_DELETES:
        return None
    if file.referenced_file is not None:
        return file.referenced_file
    path_id = 2_147_483_546
    low = (file.lower_bounds or {}).get(path_id)
    high = (file.upper_bounds or {}).get(path_id)
    # Bounds of the paths are whole when both are the same; cut ones differ.
    return low.decode() if low is not None and low == high else None


def live_entries(
    tables: IcebergTables, metadata: TableMetadata, snapshot: Snapshot, *, deletes: bool
) -> Iterator[Entry]:
    """Files of a snapshot that are not deleted."""
    for manifest in tables.manifests(snapshot):
        if manifest.holds_deletes == deletes and manifest.may_have_live_files:
            yield from (one for one in tables.entries(manifest, metadata) if one.status is not Status.DELETED)


def plan_files(
    tables: IcebergTables, metadata: TableMetadata, snapshot: Snapshot, predicate: TupleDomain, enforced: TupleDomain
) -> list[FileTask]:
    """Files that may have rows of `predicate`; those that have rows outside of `enforced` are left out."""
    if predicate.is_none or enforced.is_none:
        return []
    pruner = FilePruner(metadata, predicate)
    exact = FilePruner(metadata, enforced)
    hidden = {
        column.name: domain
        for column, domain in enforced.domains.items()
        if isinstance(column, IcebergColumnHandle) and column.hidden
    }
    index = DeleteIndex(list(live_entries(tables, metadata, snapshot, deletes=True)), metadata)
    tasks = []
    for manifest in tables.manifests(snapshot):
        if manifest.holds_deletes or not manifest.may_have_live_files or not pruner.manifest_may_match(manifest):
            continue
        for entry in tables.entries(manifest, metadata):
            if entry.status is Status.DELETED or not exact.partition_matches(entry.file):
                continue
            if not pruner.file_may_match(entry.file):
                continue
            if hidden and not _hidden_match(tables, metadata, entry.file, hidden):
                continue
            tasks.append(FileTask(entry, index.of(entry)))
    return tasks


def _hidden_match(tables: IcebergTables, metadata: TableMetadata, file: DataFile, hidden: dict[str, Domain]) -> bool:
    values: dict[str, Any] = {PATH: file.path}
    if PARTITION in hidden:
        values[PARTITION] = partition_path(metadata, file)
    if MODIFIED in hidden:
        values[MODIFIED] = modified_nanos(tables, file) // _NANOSECONDS_PER_MILLISECOND * _PICOSECONDS_PER_MILLISECOND
    return hidden_matches(hidden, values)


def modified_nanos(tables: IcebergTables, file: DataFile) -> int:
    """When a file was written, 0 when it is gone."""
    info = tables.files.find(file.path)
    return 0 if info is None else info.modified_nanos


def partition_path(metadata: TableMetadata, file: DataFile) -> str:
    """`a=1/b_bucket=2`."""
    spec = metadata.spec_of(file.spec_id)
    return spec.path(metadata.spec_types(spec), file.partition)


def identity_constants(metadata: TableMetadata, file: DataFile) -> tuple[tuple[int, Any], ...]:
    """Values of columns that are the same in the whole file, by column id."""
    spec = metadata.spec_of(file.spec_id)
    return tuple(
        (field.source_id, to_constant(metadata.source_type(field.source_id), value))
        for field, value in zip(spec.fields, file.partition, strict=True)
        if field.transform.kind == "identity"
    )


def partition_json(file: DataFile) -> str:
    """Partition values of a file as text, so that a row can carry them; see `read_partition_json`."""
    return json.dumps([{"b": one.hex()} if isinstance(one, bytes) else one for one in file.partition])


def read_partition_json(text: str) -> tuple[Any, ...]:
    """The inverse."""
    return tuple(bytes.fromhex(one["b"]) if isinstance(one, dict) else one for one in json.loads(text))
