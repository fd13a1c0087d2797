"""`system.table_changes`: rows of the files that came and went between two snapshots.

A snapshot that only rewrites files changes nothing. Rows that delete files take away are not told apart from others, so
a snapshot that has delete files is refused.
Source: Iceberg BaseIncrementalChangelogScan, Trino TableChangesFunction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lodestar_server.plugins.connectors.iceberg.definitions import data_columns
from lodestar_server.plugins.connectors.iceberg.format.manifests import Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot, TableMetadata
from lodestar_server.plugins.connectors.iceberg.handles import (
    CHANGE_IDS,
    CHANGE_TYPES,
    FileChange,
    IcebergColumnHandle,
    IcebergTableHandle,
)
from lodestar_server.plugins.connectors.iceberg.planning import FileTask
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables, LoadedTable
from lodestar_server.plugins.connectors.iceberg.transaction import IcebergTransaction
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT, NOT_FOUND, NOT_SUPPORTED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.table_functions import TableFunction, TableFunctionArgument, TableFunctionCall
from lodestar_server.spi.types import BIGINT, VARCHAR

_SCHEMA, _TABLE, _START, _END = "SCHEMA_NAME", "TABLE_NAME", "START_SNAPSHOT_ID", "END_SNAPSHOT_ID"
TABLE_CHANGES = TableFunction(
    "system",
    "table_changes",
    (
        TableFunctionArgument(_SCHEMA, VARCHAR),
        TableFunctionArgument(_TABLE, VARCHAR),
        TableFunctionArgument(_START, BIGINT),
        TableFunctionArgument(_END, BIGINT),
    ),
)
_REWRITE = "replace"
_KINDS = {Status.ADDED: "insert", Status.DELETED: "delete"}


def call_table_changes(transaction: IcebergTransaction, arguments: Mapping[str, Any]) -> TableFunctionCall:
    """A scan of changes, with the columns of the last snapshot. Raises: INVALID_FUNCTION_ARGUMENT, NOT_FOUND."""
    for argument in (_SCHEMA, _TABLE):
        if arguments[argument] is None:
            raise _invalid(f"{argument} argument not found")
    start, end = arguments[_START], arguments[_END]
    if start is None or end is None:
        raise _invalid("table_changes arguments may not be null")
    name = SchemaTableName(arguments[_SCHEMA].lower(), arguments[_TABLE].lower())
    loaded = transaction.find(name)
    if loaded is None:
        raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
    for snapshot_id in (start, end):
        if loaded.metadata.snapshot(snapshot_id) is None:
            raise _invalid(f"Snapshot not found in Iceberg table history: {snapshot_id}")
    if start not in [one.parent_id for one in loaded.metadata.ancestors(end)]:
        raise _invalid(f"Starting snapshot (exclusive) {start} is not a parent ancestor of end snapshot {end}")
    return _call(loaded, start, end)


def _call(loaded: LoadedTable, start: int, end: int) -> TableFunctionCall:
    snapshot = loaded.metadata.snapshot(end)
    assert snapshot is not None
    schema = loaded.metadata.schema_of(snapshot.schema_id)
    handle = IcebergTableHandle(loaded.name, loaded.location, end, schema.id, versioned=True, changed_since=start)
    told = (IcebergColumnHandle(id_, name, CHANGE_TYPES[name]) for name, id_ in CHANGE_IDS.items())
    columns = (*data_columns(schema), *told)
    return TableFunctionCall(loaded.name, handle, tuple((one.name, one.type, one) for one in columns))


def changed_files(tables: IcebergTables, metadata: TableMetadata, since: int, until: Snapshot) -> list[FileTask]:
    """In the order of the snapshots. Raises: NOT_SUPPORTED when one of them has delete files."""
    snapshots = _snapshots(metadata, since, until)
    ordinals = {one.id: place for place, one in enumerate(snapshots)}
    manifests = {}
    for snapshot in snapshots:
        for manifest in tables.manifests(snapshot):
            if manifest.holds_deletes:
                message = "Table uses features which are not yet supported by the table_changes function"
                raise LodestarError(NOT_SUPPORTED, message)
            if manifest.snapshot_id in ordinals:
                manifests[manifest.path] = manifest
    found = []
    for manifest in manifests.values():
        for entry in tables.entries(manifest, metadata):
            kind = _KINDS.get(entry.status)
            if kind is None or entry.snapshot_id not in ordinals:
                continue
            ordinal = ordinals[entry.snapshot_id]
            change = FileChange(kind, entry.snapshot_id, snapshots[ordinal].timestamp_ms, ordinal)
            found.append((ordinal, FileTask(entry, (), change)))
    return [task for _, task in sorted(found, key=lambda one: one[0])]


def _snapshots(metadata: TableMetadata, since: int, until: Snapshot) -> list[Snapshot]:
    """Those that changed something, the oldest first."""
    found = []
    for one in metadata.ancestors(until.id):
        if one.id == since:
            break
        if one.operation != _REWRITE:
            found.append(one)
    return found[::-1]


def _invalid(message: str) -> LodestarError:
    return LodestarError(INVALID_FUNCTION_ARGUMENT, message)
