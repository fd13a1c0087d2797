"""CREATE TABLE, CREATE TABLE AS, INSERT, DELETE of whole files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace

import orjson

from lodestar_server.plugins.connectors.iceberg.changing import IcebergChanging
from lodestar_server.plugins.connectors.iceberg.config import CompressionCodec
from lodestar_server.plugins.connectors.iceberg.definitions import data_columns, first_metadata
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_COMMIT_ERROR
from lodestar_server.plugins.connectors.iceberg.evolution import with_schema
from lodestar_server.plugins.connectors.iceberg.format.metadata import MAIN, TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import PartitionSpec, SortOrder, write_spec_fields
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, with_fresh_ids, write_schema
from lodestar_server.plugins.connectors.iceberg.format.types import Struct
from lodestar_server.plugins.connectors.iceberg.fragments import read_fragments
from lodestar_server.plugins.connectors.iceberg.handles import (
    IcebergColumnHandle,
    IcebergTableHandle,
    IcebergWriteHandle,
    WriteKind,
)
from lodestar_server.plugins.connectors.iceberg.planning import live_entries, plan_files
from lodestar_server.plugins.connectors.iceberg.properties import (
    LOCATION,
    NATIVE_COMMENT,
    NATIVE_DATA_LOCATION,
    NATIVE_FORMAT,
    NATIVE_OBJECT_STORE,
    bloom_filters,
)
from lodestar_server.plugins.connectors.iceberg.session import compression_codec, flag, target_max_file_size
from lodestar_server.plugins.connectors.iceberg.snapshots import Change
from lodestar_server.plugins.connectors.iceberg.statistics_files import with_statistics
from lodestar_server.plugins.connectors.iceberg.transaction import OpenWrite
from lodestar_server.plugins.toolkit.files import child_of
from lodestar_server.spi.connector import SaveMode, not_supported
from lodestar_server.spi.connector import TableMetadata as DefinedTable
from lodestar_server.spi.errors import (
    GENERIC_INTERNAL_ERROR,
    INVALID_TABLE_PROPERTY,
    NOT_FOUND,
    TABLE_ALREADY_EXISTS,
    LodestarError,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession


class IcebergWriting(IcebergChanging):
    """A write is one commit."""

    # tables
    def create_table(self, session: ConnectorSession, table: DefinedTable, save_mode: SaveMode) -> None:
        """An empty snapshot is its first."""
        opened = self._new_table(session, table, save_mode)
        self._publish_table(session, opened, Change("append", summary=self._who(session)))

    def _new_table(self, session: ConnectorSession, table: DefinedTable, save_mode: SaveMode) -> OpenWrite:
        name = table.name
        if self._metastore.find_database(name.schema) is None:
            raise LodestarError(NOT_FOUND, f"Schema {name.schema} not found")
        if "$" in name.table or "@" in name.table:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Invalid Iceberg table name: {name.table}")
        given = table.properties.get(LOCATION)
        old = self._transaction.find(name) if save_mode is SaveMode.REPLACE else None
        if old is not None:
            if given is not None and given.rstrip("/") != old.metadata.location:
                raise LodestarError(
                    INVALID_TABLE_PROPERTY,
                    f"The provided location '{given}' does not match the existing table location "
                    f"'{old.metadata.location}'",
                )
            made = first_metadata(table, old.metadata.location, compression_codec(session), self._config)
            return OpenWrite(_replacing(old.metadata, made), old.location, replaces=True, definition=table)
        if given is not None:
            self._check_location(given)
        schema_location = self._tables.schema_location(self._database(name.schema))
        location = given or self._tables.default_location(name, schema_location)
        made = first_metadata(table, location, compression_codec(session), self._config)
        self._tables.prepare(name, made)
        self._check_empty(made.location)
        creation = None if given else self._tables.begin_creation(schema_location, name, made.location)
        return OpenWrite(made, definition=table, creation=creation)

    def _publish_table(self, session: ConnectorSession, opened: OpenWrite, change: Change) -> TableMetadata:
        creation = opened.creation
        if creation is None:
            return self._publish(session, opened, change)
        try:
            if not creation.holds():
                name = None if opened.definition is None else opened.definition.name
                raise LodestarError(
                    ICEBERG_COMMIT_ERROR, f"Failed to create table {name}: its maker was silent for too long"
                )
            made = self._publish(session, opened, change)
        except BaseException:
            creation.leave()
            raise
        creation.end()
        return made

    def _publish(self, session: ConnectorSession, opened: OpenWrite, change: Change) -> TableMetadata:
        assert opened.definition is not None
        name = opened.definition.name
        self._transaction.forget(name)
        if opened.replaces:
            definition = opened.definition

            def update(base: TableMetadata) -> TableMetadata:
                # Somebody may have changed the table meanwhile: what it is made into is what was asked for.
                fresh = first_metadata(definition, base.location, compression_codec(session), self._config)
                return self._transaction.apply(_replacing(base, fresh), change)

            return self._transaction.commit(name, update)
        made = self._transaction.apply(opened.base, change)
        entry = self._metastore.find_table(name)
        if entry is not None:
            if not entry.is_view:
                raise LodestarError(TABLE_ALREADY_EXISTS, f"Table {name} already exists")
            raise LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to create table {name}: Table already exists: '{name}'")
        self._tables.create(name, made, session.user)
        return made

    # writing
    def begin_create_table(self, session: ConnectorSession, table: DefinedTable, save_mode: SaveMode) -> WriteHandle:
        """Nothing is seen before the end."""
        opened = self._new_table(session, table, save_mode)
        return self._open(session, table.name, opened, WriteKind.CREATE)

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Table and rows at once."""
        assert isinstance(handle, IcebergWriteHandle)
        opened = self._transaction.writes.pop(handle.write_id)
        written = read_fragments(fragments)
        change = Change("append", written.files, summary=self._who(session))
        made = self._publish_table(session, opened, change)
        if written.sketches:
            self._record_statistics(session, handle.name, made, written.sketches)

    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        """Rows come with these columns; the others are NULL."""
        assert isinstance(table, IcebergTableHandle)
        metadata, _ = self._seen(table)
        opened = OpenWrite(metadata, table.metadata_location, snapshot_id=metadata.current_snapshot_id)
        chosen = [column for column in columns if isinstance(column, IcebergColumnHandle)]
        return self._open(session, table.name, opened, WriteKind.INSERT, chosen)

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """One more snapshot; none without rows."""
        assert isinstance(handle, IcebergWriteHandle)
        self._transaction.writes.pop(handle.write_id)
        written = read_fragments(fragments)
        if not written.files:
            return
        change = Change("append", written.files, summary=self._who(session))
        made = self._transaction.commit_change(handle.name, change)
        if written.sketches:
            self._record_statistics(session, handle.name, made, written.sketches)

    def _record_statistics(
        self,
        session: ConnectorSession,
        name: SchemaTableName,
        made: TableMetadata,
        sketches: dict[int, tuple[bytes, ...]] | object,
    ) -> None:
        """Rows are there already: a failure here is none of the statement."""
        snapshot = made.current_snapshot_id
        assert snapshot is not None and isinstance(sketches, dict)
        try:
            self._transaction.commit(
                name, lambda base: with_statistics(self._tables, base, snapshot, session.query_id, sketches)
            )
        except LodestarError:
            self._transaction.forget(name)

    def abort_write(self, session: ConnectorSession, handle: WriteHandle) -> None:
        """Files of finished sinks go, too; those of a write that has tried to commit stay: it may have committed."""
        if isinstance(handle, IcebergWriteHandle):
            opened = self._transaction.writes.pop(handle.write_id, None)
            for sink in () if opened is None else opened.sinks:
                sink.abort()
            if opened is not None and opened.creation is not None:
                opened.creation.end()

    def supports_missing_columns_on_insert(self) -> bool:
        """The sink fills them with NULL."""
        return True

    def _open(
        self,
        session: ConnectorSession,
        name: SchemaTableName,
        opened: OpenWrite,
        kind: WriteKind,
        columns: Sequence[IcebergColumnHandle] | None = None,
    ) -> IcebergWriteHandle:
        base = opened.base
        write_id = uuid.uuid4().hex
        self._transaction.writes[write_id] = opened
        form = base.properties.get(NATIVE_FORMAT, "PARQUET").upper()
        codec = compression_codec(session)
        if form == "PARQUET" and codec is CompressionCodec.LZ4:
            not_supported("Compression codec LZ4 not supported for Parquet")
        spread = base.properties.get(NATIVE_OBJECT_STORE, "false").lower() == "true"
        home = base.properties.get(NATIVE_DATA_LOCATION) or child_of(base.location, "data")
        sorting: tuple[tuple[str, str, str], ...] = ()
        if flag(session, "sorted_writing_enabled"):
            names = {one.id: one.name for one in base.schema.columns}
            sorting = tuple(
                (names[one.source_id], one.direction, one.nulls)
                for one in base.order.fields
                if one.source_id in names and one.transform.kind == "identity"
            )
        return IcebergWriteHandle(
            write_id,
            kind,
            name,
            data_columns(base.schema) if columns is None else tuple(columns),
            orjson.dumps(write_schema(base.schema)),
            base.default_spec_id,
            orjson.dumps(write_spec_fields(base.spec)),
            sorting,
            home,
            spread,
            form,
            codec.name,
            session.query_id,
            target_max_file_size(session),
            session.properties["max_partitions_per_writer"],
            kind in (WriteKind.CREATE, WriteKind.INSERT) and flag(session, "collect_extended_statistics_on_write"),
            bloom_filters(base.properties, form),
        )

    # removing whole files
    def apply_delete(self, session: ConnectorSession, table: TableHandle) -> TableHandle | None:
        """All rows of the handle, when its predicate separates whole files."""
        assert isinstance(table, IcebergTableHandle)
        if not table.unenforced.is_all or table.versioned:
            return None
        if any(isinstance(column, IcebergColumnHandle) and column.hidden for column in table.enforced.domains):
            return None
        return table

    def execute_delete(self, session: ConnectorSession, table: TableHandle) -> int | None:
        """A snapshot without the files; the number of rows that were in them and not deleted."""
        assert isinstance(table, IcebergTableHandle)
        metadata, _ = self._seen(table)
        if table.enforced.is_all:
            change = self._delete_all(session, metadata)
        else:
            snapshot = metadata.current_snapshot
            tasks = (
                [] if snapshot is None else plan_files(self._tables, metadata, snapshot, table.enforced, table.enforced)
            )
            paths = {task.file.path for task in tasks}
            paths |= self._orphaned_deletes(metadata, paths)
            change = Change("delete", removed=frozenset(paths), summary=self._who(session), allow_missing=True)
        made = self._transaction.commit_change(table.name, change)
        now = made.current_snapshot
        assert now is not None
        if "deleted-records" not in now.summary:
            return None
        gone = int(now.summary["deleted-records"])
        for kind in ("removed-position-deletes", "removed-equality-deletes"):
            gone -= int(now.summary.get(kind, "0"))
        return gone

    def _orphaned_deletes(self, metadata: TableMetadata, removed: set[str]) -> set[str]:
        """Delete files of partitions of which no data file is left."""
        snapshot = metadata.current_snapshot
        if snapshot is None or not removed:
            return set()
        left = {
            (one.file.spec_id, one.file.partition)
            for one in live_entries(self._tables, metadata, snapshot, deletes=False)
            if one.file.path not in removed
        }
        return {
            one.file.path
            for one in live_entries(self._tables, metadata, snapshot, deletes=True)
            if (one.file.spec_id, one.file.partition) not in left and metadata.spec_of(one.file.spec_id).is_partitioned
        }


def _without_comment(properties: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if name != NATIVE_COMMENT}


def _replacing(old: TableMetadata, new: TableMetadata) -> TableMetadata:
    """The old table with the definition of a new one: history stays, columns of the same name keep their ids.

    Raises: GENERIC_INTERNAL_ERROR for an older format, as Trino does.
    """
    if new.format_version < old.format_version:
        message = f"Cannot downgrade v{old.format_version} table to v{new.format_version}"
        raise LodestarError(GENERIC_INTERNAL_ERROR, message)
    last = old.last_column_id
    by_name = {one.name: one for one in old.schema.columns}

    def next_id() -> int:
        nonlocal last
        last += 1
        return last

    fields = []
    renumbered: dict[int, int] = {}
    for one in new.schema.columns:
        known = by_name.get(one.name)
        number = known.id if known is not None else next_id()
        type_ = known.type if known is not None and known.type == one.type else with_fresh_ids(one.type, next_id)
        made = replace(one, id=number, type=type_)
        renumbered.update(zip(Schema(Struct((one,))).fields, Schema(Struct((made,))).fields, strict=True))
        fields.append(made)
    base = with_schema(old, Schema(Struct(tuple(fields))), last)
    partition_id = old.last_partition_id
    parts = []
    for part in new.spec.fields:
        source = renumbered[part.source_id]
        same = next(
            (
                one
                for spec in old.specs
                for one in spec.fields
                if (one.source_id, one.transform, one.name) == (source, part.transform, part.name)
            ),
            None,
        )
        if same is None:
            partition_id += 1
        parts.append(replace(part, source_id=source, id=partition_id if same is None else same.id))
    spec = next((one for one in old.specs if one.fields == tuple(parts)), None)
    specs = old.specs
    if spec is None:
        spec = PartitionSpec(max(one.id for one in old.specs) + 1, tuple(parts))
        specs = (*specs, spec)
    sorts = tuple(replace(one, source_id=renumbered[one.source_id]) for one in new.order.fields)
    order = next((one for one in old.orders if one.fields == sorts), None)
    orders = old.orders
    if order is None:
        # Zero is the order of what is not sorted, and of nothing else.
        order = SortOrder(max(one.id for one in old.orders) + 1 if sorts else 0, sorts)
        orders = (*orders, order)
    return replace(
        base,
        format_version=new.format_version,
        specs=specs,
        default_spec_id=spec.id,
        last_partition_id=partition_id,
        orders=orders,
        default_order_id=order.id,
        properties={**_without_comment(old.properties), **new.properties},
        current_snapshot_id=None,
        refs={name: ref for name, ref in old.refs.items() if name != MAIN},
    )
