"""Names and facts of an iceberg catalog inside one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from lodestar_server.plugins.connectors.iceberg.catalogs.interface import METADATA_LOCATION
from lodestar_server.plugins.connectors.iceberg.config import IcebergConfig
from lodestar_server.plugins.connectors.iceberg.definitions import (
    column_handles,
    column_metadata,
    table_metadata,
)
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_INVALID_METADATA, ICEBERG_MISSING_METADATA
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata as FormatMetadata
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.transforms import instant_text
from lodestar_server.plugins.connectors.iceberg.handles import ROW_ID_ID, IcebergColumnHandle, IcebergTableHandle
from lodestar_server.plugins.connectors.iceberg.metadata_tables import SYSTEM_TABLES, find_metadata_table
from lodestar_server.plugins.connectors.iceberg.properties import LOCATION, NATIVE_COMMENT
from lodestar_server.plugins.connectors.iceberg.pruning import enforceable
from lodestar_server.plugins.connectors.iceberg.session import flag
from lodestar_server.plugins.connectors.iceberg.statistics import table_statistics
from lodestar_server.plugins.connectors.iceberg.table_changes import call_table_changes
from lodestar_server.plugins.connectors.iceberg.tables import LoadedTable
from lodestar_server.plugins.connectors.iceberg.transaction import IcebergTransaction
from lodestar_server.plugins.connectors.iceberg.types import supported_type
from lodestar_server.plugins.toolkit.metastore.model import Database
from lodestar_server.plugins.toolkit.metastore.views import is_materialized
from lodestar_server.spi.connector import (
    ColumnMetadata,
    ConnectorMetadata,
    FilterResult,
    RelationKind,
    TableMetadata,
    TableVersion,
    not_supported,
)
from lodestar_server.spi.errors import (
    INVALID_ARGUMENTS,
    NOT_FOUND,
    UNSUPPORTED_TABLE_TYPE,
    LodestarError,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.names import SchemaTableName, TablePrefix
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.security import Principal
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, TableStatistics
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.table_functions import TableFunction, TableFunctionCall
from lodestar_server.spi.types import BIGINT, DATE, TimestampType, TimestampTzType, Type, VarcharType

_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
STORAGE_SUFFIX = "$materialized_view_storage"

_DAMAGE = (ICEBERG_INVALID_METADATA, ICEBERG_MISSING_METADATA)
"""What a table suffers from that can only be dropped; a store that does not answer is no damage."""


class IcebergReading(ConnectorMetadata):
    """The half of the metadata that changes nothing."""

    def __init__(self, transaction: IcebergTransaction, config: IcebergConfig, catalog: str) -> None:
        self._transaction = transaction
        self._tables = transaction.tables
        self._metastore = transaction.tables.metastore
        self._config = config
        self._catalog = catalog

    # schemas
    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """All databases."""
        return self._metastore.list_databases()

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        """Looked up by name."""
        return self._metastore.find_database(schema) is not None

    def _database(self, schema: str) -> Database:
        database = self._metastore.find_database(schema)
        if database is None:
            raise LodestarError(NOT_FOUND, f"Schema {schema} not found")
        return database

    def schema_properties(self, session: ConnectorSession, schema: str) -> Mapping[str, Any]:
        """Its location."""
        return {LOCATION: self._tables.schema_location(self._database(schema))}

    def schema_owner(self, session: ConnectorSession, schema: str) -> Principal | None:
        """As it was created or given away."""
        return self._database(schema).owner_principal

    # tables
    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Tables, views and materialized views; an entry that cannot be read counts as a table."""
        schemas = self._metastore.list_databases() if schema is None else [schema]
        found = {}
        views = self._tables.views
        for one in schemas:
            for table in self._metastore.list_tables(one):
                name = SchemaTableName(one, table)
                found[name] = self._kind(name) if views is None else RelationKind.TABLE
            if views is not None:
                found.update((SchemaTableName(one, view), RelationKind.VIEW) for view in views.list_views(one))
        return found

    def _kind(self, name: SchemaTableName) -> RelationKind:
        try:
            entry = self._transaction.find_entry(name)
        except LodestarError:
            return RelationKind.TABLE
        if entry is None or not entry.is_view:
            return RelationKind.TABLE
        return RelationKind.MATERIALIZED_VIEW if is_materialized(entry) else RelationKind.VIEW

    def list_table_columns(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, Sequence[ColumnMetadata]]]:
        """Tables under the prefix; one that cannot be read is left out."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if kind is RelationKind.TABLE and prefix.matches(name):
                try:
                    loaded = self._transaction.find(name)
                    if loaded is not None:
                        yield name, column_metadata(loaded.metadata.schema)
                except LodestarError:
                    continue

    def table_comments(
        self, session: ConnectorSession, prefix: TablePrefix
    ) -> Iterator[tuple[SchemaTableName, str | None]]:
        """Comments of tables and views."""
        for name, kind in self.list_tables(session, prefix.schema).items():
            if not prefix.matches(name):
                continue
            try:
                if kind is RelationKind.TABLE:
                    loaded = self._transaction.find(name)
                    if loaded is not None:
                        yield name, loaded.metadata.properties.get(NATIVE_COMMENT)
                elif kind is RelationKind.VIEW:
                    known = self.find_view(session, name)
                    if known is not None:
                        yield name, known.comment
                else:
                    view = self.find_materialized_view(session, name)
                    yield name, None if view is None else view.comment
            except LodestarError:
                continue

    def find_system_table(self, session: ConnectorSession, name: SchemaTableName) -> SystemTable | None:
        """`t$snapshots` and the like."""
        base, mark, kind = name.table.rpartition("$")
        if not mark or not base or kind not in SYSTEM_TABLES:
            return None
        loaded = self._transaction.find(SchemaTableName(name.schema, base))
        return None if loaded is None else find_metadata_table(name, kind, self._tables, loaded)

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table as this transaction sees it, or as it was."""
        if name.table.endswith(STORAGE_SUFFIX):
            return self._storage_table(name)
        if "$" in name.table:
            return None  # rows have one name, by which it is asked who may read them
        try:
            loaded = self._transaction.find(name)
        except LodestarError as failure:
            if failure.code not in _DAMAGE:
                raise
            entry = self._transaction.find_entry(name)
            location = None if entry is None else entry.parameters.get(METADATA_LOCATION)
            if location is None or version is not None:
                raise
            # A damaged table can be dropped; everything else asks for its metadata, which raises again.
            return IcebergTableHandle(name, location, None, 0)
        if loaded is None:
            entry = self._transaction.find_entry(name)
            if entry is not None and not entry.is_view:
                raise LodestarError(UNSUPPORTED_TABLE_TYPE, f"Not an Iceberg table: {name}")
            return None
        metadata = loaded.metadata
        if version is None:
            return IcebergTableHandle(name, loaded.location, metadata.current_snapshot_id, metadata.current_schema_id)
        snapshot_id = _snapshot_of(session, loaded, version)
        snapshot = metadata.snapshot(snapshot_id)
        assert snapshot is not None
        schema = metadata.schema_of(snapshot.schema_id)
        return IcebergTableHandle(name, loaded.location, snapshot_id, schema.id, versioned=True)

    def _storage_table(self, name: SchemaTableName) -> TableHandle:
        view = SchemaTableName(name.schema, name.table.removesuffix(STORAGE_SUFFIX))
        entry = self._transaction.find_entry(view)
        loaded = None if entry is None or not is_materialized(entry) else self._tables.find_storage(view)
        if loaded is None:
            raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
        metadata = loaded.metadata
        return IcebergTableHandle(
            view, loaded.location, metadata.current_snapshot_id, metadata.current_schema_id, storage_of_view=True
        )

    def _seen(self, table: TableHandle) -> tuple[FormatMetadata, Schema]:
        assert isinstance(table, IcebergTableHandle)
        metadata = self._tables.metadata_at(table.metadata_location, table.name)
        return metadata, metadata.schema_of(table.schema_id)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """With hidden columns."""
        assert isinstance(table, IcebergTableHandle)
        return table_metadata(table.name, *self._seen(table))

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """With hidden columns."""
        return column_handles(self._seen(table)[1])

    def call_table_function(
        self, session: ConnectorSession, function: TableFunction, arguments: Mapping[str, Any]
    ) -> TableFunctionCall:
        """`system.table_changes`."""
        return call_table_changes(self._transaction, arguments)

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """From manifests, and numbers of distinct values from statistics files."""
        assert isinstance(table, IcebergTableHandle)
        if table.changed_since is not None or not flag(session, "statistics_enabled"):
            return UNKNOWN_STATISTICS
        metadata, schema = self._seen(table)
        extended = flag(session, "extended_statistics_enabled")
        return table_statistics(self._tables, metadata, schema, table, extended=extended)

    def apply_filter(
        self, session: ConnectorSession, table: TableHandle, predicate: TupleDomain
    ) -> FilterResult | None:
        """What partitions separate is taken over; the rest leaves out files and stays with the engine."""
        assert isinstance(table, IcebergTableHandle)
        if predicate.is_none or table.changed_since is not None:
            return None
        metadata, _ = self._seen(table)
        snapshot = metadata.snapshot(table.snapshot_id)
        ids = {metadata.default_spec_id}
        if snapshot is not None:
            ids = {one.spec_id for one in self._tables.manifests(snapshot)} or ids
        specs = [metadata.spec_of(id_) for id_ in sorted(ids)]
        enforced: dict[ColumnHandle, Domain] = {}
        rest: dict[ColumnHandle, Domain] = {}
        for column, domain in predicate.domains.items():
            assert isinstance(column, IcebergColumnHandle)
            if column.id == ROW_ID_ID:
                rest[column] = domain
            elif column.hidden or enforceable(metadata, specs, column, domain):
                enforced[column] = domain
            else:
                rest[column] = domain
        filtered = table.filtered | {
            column.id for column in predicate.domains if isinstance(column, IcebergColumnHandle)
        }
        known = {column: domain for column, domain in rest.items() if getattr(column, "id", None) != ROW_ID_ID}
        made = replace(
            table,
            enforced=table.enforced.intersect(TupleDomain.of(enforced)),
            unenforced=table.unenforced.intersect(TupleDomain.of(known)),
            filtered=filtered,
        )
        return None if made == table else FilterResult(made, TupleDomain.of(rest))

    def supported_type(self, session: ConnectorSession, type_: Type, properties: Mapping[str, Any]) -> Type:
        """Timestamps and times get microseconds, small integers and chars become larger."""
        return supported_type(type_)


def _snapshot_of(session: ConnectorSession, loaded: LoadedTable, version: TableVersion) -> int:
    metadata = loaded.metadata
    if version.is_timestamp:
        return _snapshot_at(loaded, _epoch_millis(session, version))
    if version.type == BIGINT:
        found = int(version.value)
    elif isinstance(version.type, VarcharType):
        ref = metadata.refs.get(version.value)
        if ref is None:
            raise LodestarError(INVALID_ARGUMENTS, f"Cannot find snapshot with reference name: {version.value}")
        found = ref["snapshot-id"]
    else:
        not_supported(f"Unsupported type for table version: {version.type.display}")
    if metadata.snapshot(found) is None:
        raise LodestarError(INVALID_ARGUMENTS, f"Iceberg snapshot ID does not exists: {found}")
    return found


def _epoch_millis(session: ConnectorSession, version: TableVersion) -> int:
    zone = _zone(session.time_zone)
    if version.type == DATE:
        day = datetime(1970, 1, 1) + timedelta(days=version.value)
        return int(day.replace(tzinfo=zone).timestamp() * 1000)
    if isinstance(version.type, TimestampType):
        millis = version.value // _PICOSECONDS_PER_MILLISECOND
        moment = datetime(1970, 1, 1) + timedelta(milliseconds=millis)
        return round(moment.replace(tzinfo=zone).timestamp() * 1000)
    if isinstance(version.type, TimestampTzType):
        return int(version.value[0] // _PICOSECONDS_PER_MILLISECOND)
    not_supported(f"Unsupported type for temporal table version: {version.type.display}")


def _zone(name: str) -> Any:
    if name[:1] in "+-":
        sign = -1 if name[0] == "-" else 1
        hours, _, minutes = name[1:].partition(":")
        return UTC if not hours.strip("0") and not minutes.strip("0") else _fixed(sign, hours, minutes)
    return ZoneInfo(name)


def _fixed(sign: int, hours: str, minutes: str) -> Any:
    from datetime import timezone

    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes or "0")))


def _snapshot_at(loaded: LoadedTable, millis: int) -> int:
    before = [one for one in loaded.metadata.snapshot_log if one["timestamp-ms"] <= millis]
    if not before:
        raise LodestarError(
            INVALID_ARGUMENTS,
            f"No version history table {_quoted(loaded.name)} at or before {instant_text(millis)}",
        )
    found: int = max(reversed(before), key=lambda one: one["timestamp-ms"])["snapshot-id"]
    return found


def _quoted(name: SchemaTableName) -> str:
    return ".".join(
        part if part.isascii() and part.isalnum() and part.islower() and not part[0].isdigit() else f'"{part}"'
        for part in (name.schema, name.table)
    )
