"""Materialized views: an entry of the metastore with the query, and a table without a name that holds the rows.

A refresh records in the snapshot's summary which snapshots of which tables the rows were made from; comparing them
with the current ones tells whether the rows are fresh. Source: Trino IcebergMetadata, AbstractTrinoCatalog.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from lodestar_server.plugins.connectors.iceberg.analyzing import IcebergAnalyzing
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import METADATA_LOCATION
from lodestar_server.plugins.connectors.iceberg.definitions import first_metadata
from lodestar_server.plugins.connectors.iceberg.format.metadata import Snapshot, TableMetadata
from lodestar_server.plugins.connectors.iceberg.fragments import read_fragments
from lodestar_server.plugins.connectors.iceberg.handles import (
    IcebergTableHandle,
    IcebergWriteHandle,
    WriteKind,
)
from lodestar_server.plugins.connectors.iceberg.procedures import reachable, without_old_snapshots
from lodestar_server.plugins.connectors.iceberg.properties import LOCATION, STORAGE_SCHEMA, shown_properties
from lodestar_server.plugins.connectors.iceberg.reading import STORAGE_SUFFIX
from lodestar_server.plugins.connectors.iceberg.session import compression_codec, flag
from lodestar_server.plugins.connectors.iceberg.snapshots import Change
from lodestar_server.plugins.connectors.iceberg.transaction import OpenWrite
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.plugins.toolkit.metastore.views import (
    MARK,
    MATERIALIZED_COMMENT,
    MATERIALIZED_TEXT,
    decode_materialized_view,
    encode_materialized_view,
    is_materialized,
)
from lodestar_server.spi.connector import (
    ColumnMetadata,
    MaterializedViewDefinition,
    SaveMode,
    not_supported,
)
from lodestar_server.spi.connector import TableMetadata as DefinedTable
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    NOT_FOUND,
    TABLE_NOT_FOUND,
    UNSUPPORTED_TABLE_TYPE,
    LodestarError,
)
from lodestar_server.spi.handles import TableHandle, WriteHandle
from lodestar_server.spi.materialized_views import (
    Freshness,
    MaterializedViewFreshness,
    RefreshSources,
    RefreshTarget,
)
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import (
    INTEGER,
    SMALLINT,
    TINYINT,
    VARCHAR,
    ArrayType,
    CharType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)

DEPENDS_ON_TABLES = "dependsOnTables"
DEPENDS_ON_FUNCTIONS = "dependsOnTableFunctions"
QUERY_START = "trino-query-start-time"
_UNKNOWN = "UNKNOWN"
_STALE = MaterializedViewFreshness(Freshness.STALE)
_MICROSECONDS = 6


class IcebergMaterializedViews(IcebergAnalyzing):
    """Each change is made at once."""

    def _find_stored(self, name: SchemaTableName) -> Table | None:
        entry = self._transaction.find_entry(name)
        return entry if entry is not None and is_materialized(entry) else None

    def find_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewDefinition | None:
        """With the properties of its storage."""
        entry = self._find_stored(name)
        if entry is None:
            return None
        storage = QualifiedName(self._catalog, name.schema, name.table + STORAGE_SUFFIX)
        view = decode_materialized_view(entry, storage)
        loaded = self._tables.find_storage(name)
        if loaded is None:
            return view
        return replace(view, properties={**shown_properties(loaded.metadata), STORAGE_SCHEMA: name.schema})

    def create_materialized_view(
        self,
        session: ConnectorSession,
        name: SchemaTableName,
        view: MaterializedViewDefinition,
        save_mode: SaveMode,
    ) -> None:
        """Raises: UNSUPPORTED_TABLE_TYPE, ALREADY_EXISTS, NOT_FOUND, NOT_SUPPORTED, INVALID_TABLE_PROPERTY."""
        known = self._transaction.find_entry(name)
        if known is not None:
            if not is_materialized(known):
                raise LodestarError(UNSUPPORTED_TABLE_TYPE, f"Existing table is not a Materialized View: {name}")
            if save_mode is SaveMode.IGNORE:
                return
            if save_mode is SaveMode.FAIL:
                raise LodestarError(ALREADY_EXISTS, f"Materialized view already exists: {name}")
        if view.properties.get(STORAGE_SCHEMA) is not None:
            not_supported(
                f"Materialized view property '{STORAGE_SCHEMA}' is not supported when hiding materialized view storage "
                "tables is enabled"
            )
        if self._metastore.find_database(name.schema) is None:
            raise LodestarError(NOT_FOUND, f"Schema {name.schema} not found")
        storage = self._new_storage(session, name, view)
        location = self._tables.write_new(storage)
        entry = Table(
            name,
            session.user,
            TableType.VIRTUAL_VIEW,
            (HiveColumn("dummy", "string"),),
            parameters={
                "trino_query_id": session.query_id,
                METADATA_LOCATION: location,
                MARK: "true",
                "trino_created_by": "Trino Iceberg connector",
                "comment": MATERIALIZED_COMMENT,
            },
            location=self._metastore.table_directory(name),
            view_original_text=encode_materialized_view(view),
            view_expanded_text=MATERIALIZED_TEXT,
        )
        self._transaction.forget(name)
        if known is None:
            self._metastore.create_table(entry, None, session.user)
        else:
            old = self._tables.find_storage(name)
            self._metastore.replace_view(entry)
            if old is not None and old.metadata.location != storage.location:
                self._delete_content(old.metadata, self._files_elsewhere(old.metadata))

    def _new_storage(
        self, session: ConnectorSession, name: SchemaTableName, view: MaterializedViewDefinition
    ) -> TableMetadata:
        columns = tuple(ColumnMetadata(one.name.lower(), storage_type(one.type)) for one in view.columns)
        table = DefinedTable(name, columns, view.properties)
        location = view.properties.get(LOCATION) or self._tables.default_location(
            name, self._tables.schema_location(self._database(name.schema))
        )
        return first_metadata(table, location, compression_codec(session), self._config)

    def drop_materialized_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """With its rows."""
        if self._find_stored(name) is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Materialized view '{name}' not found")
        loaded = self._tables.find_storage(name)
        elsewhere = [] if loaded is None else self._files_elsewhere(loaded.metadata)
        self._transaction.forget(name)
        self._metastore.drop_table(name)
        if loaded is not None:
            self._delete_content(loaded.metadata, elsewhere)

    def rename_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName
    ) -> None:
        """Raises: NOT_SUPPORTED to another schema."""
        if name.schema != new_name.schema:
            not_supported("Materialized View rename across schemas is not supported")
        self._transaction.forget(name, new_name)
        self._metastore.rename_table(name, new_name)

    def set_materialized_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a materialized view."""

        def commented(entry: Table) -> Table:
            view = decode_materialized_view(entry, None)
            columns = tuple(replace(one, comment=comment) if one.name == column else one for one in view.columns)
            return replace(entry, view_original_text=encode_materialized_view(replace(view, columns=columns)))

        self._transaction.forget(name)
        self._metastore.alter_table(name, commented)

    # freshness
    def materialized_view_freshness(
        self, session: ConnectorSession, name: SchemaTableName
    ) -> MaterializedViewFreshness:
        """From the snapshots that the last refresh has read."""
        loaded = self._tables.find_storage(name)
        snapshot = None if loaded is None else loaded.metadata.current_snapshot
        if snapshot is None:
            return _STALE
        refreshed = _refresh_time(snapshot)
        if snapshot.summary.get(DEPENDS_ON_FUNCTIONS) == "true":
            return MaterializedViewFreshness(Freshness.UNKNOWN, refreshed)
        depends = snapshot.summary.get(DEPENDS_ON_TABLES, "")
        if not depends:
            return _STALE
        parts = depends.split(",")
        known = _UNKNOWN not in parts
        first: float | None = float("inf") if known else None
        stale = False
        for part in parts:
            if part == _UNKNOWN:
                continue
            table, _, seen = part.rpartition("=")
            changed = self._changed_since(table, int(seen) if seen else None)
            if changed == _GONE:
                return _STALE
            if changed is not None:
                stale = True
                first = None if first is None or changed == _LONG_AGO else min(first, changed)
        if not stale:
            return MaterializedViewFreshness(
                Freshness.FRESH if known else Freshness.UNKNOWN, None if known else refreshed
            )
        last = refreshed if first is None else datetime.fromtimestamp(first / 1000, UTC)
        return MaterializedViewFreshness(Freshness.STALE, last)

    def _changed_since(self, table: str, seen: int | None) -> float | None:
        """When a table first changed after a snapshot, in milliseconds; None when it did not."""
        schema, _, plain = table.rpartition(".")
        schema = schema.rpartition(".")[2]
        name = SchemaTableName(schema, plain.removesuffix(STORAGE_SUFFIX))
        try:
            storage = plain.endswith(STORAGE_SUFFIX)
            loaded = self._tables.find_storage(name) if storage else self._transaction.find(name)
        except LodestarError:
            return _GONE
        if loaded is None:
            return _GONE
        metadata = loaded.metadata
        if metadata.current_snapshot_id == seen:
            return None
        after: float = _LONG_AGO
        for one in metadata.ancestors(metadata.current_snapshot_id):
            if one.id == seen:
                return after
            after = float(one.timestamp_ms)
        return after if seen is None and after != _LONG_AGO else _LONG_AGO

    # refreshing
    def begin_refresh_materialized_view(
        self, session: ConnectorSession, name: SchemaTableName, storage: TableHandle, sources: RefreshSources
    ) -> RefreshTarget:
        """Rows are appended when all that happened to the only source is that rows were appended to it."""
        assert isinstance(storage, IcebergTableHandle)
        metadata, _ = self._seen(storage)
        tables = tuple(table for table in sources.tables if isinstance(table, IcebergTableHandle))
        opened = OpenWrite(metadata, storage.metadata_location, snapshot_id=metadata.current_snapshot_id)
        names = [
            f"{table.name}{STORAGE_SUFFIX if table.storage_of_view else ''}="
            f"{'' if table.snapshot_id is None else table.snapshot_id}"
            for table in tables
        ]
        if sources.foreign_tables:
            names.append(_UNKNOWN)
        opened.summary = {
            DEPENDS_ON_TABLES: ",".join(dict.fromkeys(names)),
            DEPENDS_ON_FUNCTIONS: "false",
            QUERY_START: session.start.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        read: tuple[TableHandle, ...] = sources.tables
        if sources.row_wise and len(tables) == 1 and not sources.foreign_tables:
            new = self._appended(tables[0], metadata.current_snapshot)
            if new is not None and flag(session, "incremental_refresh_enabled"):
                read = (replace(tables[0], only_snapshots=new),)
                opened.replaces = False
                return RefreshTarget(self._open(session, name, opened, WriteKind.REFRESH), read)
        opened.replaces = True
        return RefreshTarget(self._open(session, name, opened, WriteKind.REFRESH), read)

    def _appended(self, table: IcebergTableHandle, refreshed: Snapshot | None) -> frozenset[int] | None:
        """Snapshots since the last refresh, None unless all of them only appended."""
        depends = "" if refreshed is None else refreshed.summary.get(DEPENDS_ON_TABLES, "")
        source, _, seen = depends.rpartition("=")
        if source != str(table.name) or not seen.isdigit():
            return None
        metadata, _ = self._seen(table)
        new: set[int] = set()
        for one in metadata.ancestors(table.snapshot_id):
            if one.id == int(seen):
                return frozenset(new)
            if one.operation != "append":
                return None
            new.add(one.id)
        return None

    def finish_refresh_materialized_view(
        self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]
    ) -> None:
        """Old rows go with the snapshots that had them."""
        assert isinstance(handle, IcebergWriteHandle)
        opened = self._transaction.writes.pop(handle.write_id)
        files = read_fragments(fragments).files
        change = Change("append", files, summary={**opened.summary, **self._who(session)})
        gone: set[str] = set()

        def update(base: TableMetadata) -> TableMetadata:
            made = base
            if opened.replaces:
                made = self._transaction.apply(made, replace(self._delete_all(session, made), summary={}))
            made = without_old_snapshots(self._transaction.apply(made, change), int(time.time() * 1000) + 1)
            gone.clear()
            gone.update(reachable(self._tables, base) - reachable(self._tables, made))
            return made

        self._transaction.commit(handle.name, update, storage=True)
        for path in gone:
            with suppress(LodestarError):
                self._tables.files.delete_file(path)


_GONE = -2.0
_LONG_AGO = -1.0
"""Changed, nobody knows when."""


def _refresh_time(snapshot: Snapshot) -> datetime:
    text = snapshot.summary.get(QUERY_START)
    if text is not None:
        whole, dot, fraction = text.removesuffix("Z").partition(".")
        with suppress(ValueError):
            return datetime.fromisoformat(f"{whole}{dot}{fraction[:6]}").replace(tzinfo=UTC)
    return datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC)


def storage_type(type_: Type) -> Type:
    """The type of a storage column: what Iceberg cannot hold exactly is kept as text."""
    match type_:
        case CharType() | TimeTzType() | TimestampTzType():
            return VARCHAR
        case TimeType(precision):
            return TimeType(_MICROSECONDS) if precision <= _MICROSECONDS else VARCHAR
        case TimestampType(precision):
            return TimestampType(_MICROSECONDS) if precision <= _MICROSECONDS else VARCHAR
        case ArrayType(element):
            return ArrayType(storage_type(element))
        case MapType(key, value):
            return MapType(storage_type(key), storage_type(value))
        case RowType(fields):
            return RowType(tuple(RowField(one.name, storage_type(one.type)) for one in fields))
    return INTEGER if type_ in (TINYINT, SMALLINT) else type_
