"""Schemas, tables and columns of an iceberg catalog are made and changed, each at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_COMMIT_ERROR, ICEBERG_FILESYSTEM_ERROR
from lodestar_server.plugins.connectors.iceberg.evolution import (
    changed_schema,
    changed_type,
    with_partitioning,
    with_sorting,
)
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile, Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata as FormatMetadata
from lodestar_server.plugins.connectors.iceberg.format.schema import SchemaChange, SchemaError
from lodestar_server.plugins.connectors.iceberg.format.types import Field, IcebergType, ListOf, Primitive, Struct
from lodestar_server.plugins.connectors.iceberg.handles import IcebergColumnHandle, IcebergTableHandle
from lodestar_server.plugins.connectors.iceberg.properties import (
    DATA_LOCATION,
    EXTRA,
    FORMAT,
    FORMAT_VERSION,
    LOCATION,
    MAX_COMMIT_RETRY,
    NATIVE_COMMENT,
    NATIVE_DATA_LOCATION,
    NATIVE_FORMAT,
    NATIVE_OBJECT_STORE,
    NATIVE_ORC_BLOOM_COLUMNS,
    NATIVE_PARQUET_BLOOM,
    NATIVE_RETRIES,
    OBJECT_STORE,
    ORC_BLOOM_COLUMNS,
    PARQUET_BLOOM_COLUMNS,
    PARTITIONING,
    SORTED_BY,
    UPDATABLE,
    check_extra,
    check_format,
    check_orc_columns,
    check_parquet_columns,
)
from lodestar_server.plugins.connectors.iceberg.snapshots import Change
from lodestar_server.plugins.connectors.iceberg.types import to_iceberg
from lodestar_server.plugins.connectors.iceberg.views import IcebergViews
from lodestar_server.plugins.toolkit.files import split_location
from lodestar_server.plugins.toolkit.metastore.model import Database
from lodestar_server.spi.connector import ColumnMetadata, not_supported
from lodestar_server.spi.errors import (
    COLUMN_ALREADY_EXISTS,
    GENERIC_INTERNAL_ERROR,
    INVALID_SCHEMA_PROPERTY,
    INVALID_TABLE_PROPERTY,
    NOT_SUPPORTED,
    SCHEMA_NOT_EMPTY,
    LodestarError,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import Type


class IcebergChanging(IcebergViews):
    """Each method is one commit."""

    # schemas
    def create_schema(self, session: ConnectorSession, schema: str, properties: Mapping[str, Any], owner: str) -> None:
        """Raises: INVALID_SCHEMA_PROPERTY for a location that is none."""
        location = properties.get(LOCATION)
        if location is not None and not self._is_location(location):
            raise LodestarError(INVALID_SCHEMA_PROPERTY, f"Invalid location URI: {location}")
        self._metastore.create_database(Database(schema, location, owner))

    def _is_location(self, location: str) -> bool:
        try:
            split_location(location)
            self._tables.files.local_path(location)
        except (ValueError, LodestarError):
            return False
        return True

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        """With cascade everything in it goes first. Raises: SCHEMA_NOT_EMPTY."""
        self._database(schema)
        inside = self.list_tables(session, schema)
        if inside and not cascade:
            raise LodestarError(SCHEMA_NOT_EMPTY, f"Schema not empty: {schema}")
        for name, kind in inside.items():
            self._drop_anything(session, name, kind)
        self._metastore.drop_database(schema)

    def rename_schema(self, session: ConnectorSession, schema: str, new_name: str) -> None:
        """Tables keep the locations that they know, so says Trino."""
        self._database(schema)
        self._transaction.forget_all()
        self._metastore.rename_database(schema, new_name)

    def set_schema_owner(self, session: ConnectorSession, schema: str, owner: Principal) -> None:
        """ALTER SCHEMA … SET AUTHORIZATION."""
        self._metastore.replace_database(replace(self._database(schema), owner=owner.name, owner_kind=owner.kind))

    # tables
    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """With all files that the metadata names."""
        assert isinstance(table, IcebergTableHandle)
        try:
            metadata, _ = self._seen(table)
        except LodestarError:
            entry = self._transaction.find_entry(table.name)
            self._transaction.forget(table.name)
            self._metastore.drop_table(table.name)
            if entry is not None and entry.location:
                with suppress(LodestarError):
                    self._tables.files.delete_tree(entry.location)
            return
        self._transaction.forget(table.name)
        elsewhere = self._files_elsewhere(metadata)
        self._metastore.drop_table(table.name)
        self._delete_content(metadata, elsewhere)

    def _delete_content(self, metadata: FormatMetadata, elsewhere: list[str]) -> None:
        """Files of a table that is gone from the catalog; one that cannot be removed stays."""
        for file in elsewhere:
            with suppress(LodestarError):
                self._tables.files.delete_file(file)
        with suppress(LodestarError):
            self._tables.files.delete_tree(metadata.location)

    def _files_elsewhere(self, metadata: FormatMetadata) -> list[str]:
        try:
            return [one for one in all_files(self._tables, metadata) if not one.startswith(f"{metadata.location}/")]
        except LodestarError:
            return []

    def rename_table(self, session: ConnectorSession, table: TableHandle, new_name: SchemaTableName) -> None:
        """The files stay where they are. Raises: NOT_FOUND without the schema."""
        assert isinstance(table, IcebergTableHandle)
        self._check_schema(new_name.schema)
        self._transaction.forget(table.name, new_name)
        self._metastore.rename_table(table.name, new_name)

    def set_table_comment(self, session: ConnectorSession, table: TableHandle, comment: str | None) -> None:
        """COMMENT ON TABLE."""

        def update(base: FormatMetadata) -> FormatMetadata:
            properties = {key: value for key, value in base.properties.items() if key != NATIVE_COMMENT}
            if comment is not None:
                properties[NATIVE_COMMENT] = comment
            return replace(base, properties=properties)

        self._commit(table, update)

    def _commit(self, table: TableHandle, update: Any) -> None:
        assert isinstance(table, IcebergTableHandle)
        if table.versioned:
            raise LodestarError(NOT_SUPPORTED, "Modifying old snapshot is not supported in Iceberg")
        self._transaction.commit(table.name, update)

    def truncate_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """One snapshot without files."""
        assert isinstance(table, IcebergTableHandle)
        metadata, _ = self._seen(table)
        self._transaction.commit_change(table.name, self._delete_all(session, metadata))

    def _delete_all(self, session: ConnectorSession, metadata: FormatMetadata) -> Change:
        snapshot = metadata.current_snapshot
        paths = set()
        if snapshot is not None:
            for manifest in self._tables.manifests(snapshot):
                entries = self._tables.entries(manifest, metadata)
                paths |= {one.file.path for one in entries if one.status is not Status.DELETED}
        return Change("delete", removed=frozenset(paths), summary=self._who(session), allow_missing=True)

    def _who(self, session: ConnectorSession) -> dict[str, str]:
        return {"trino_query_id": session.query_id, "trino_user": session.user}

    # columns
    def set_column_comment(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN."""
        name = _name(column)
        self._evolve(table, "update column comment", lambda change: change.set_doc(name, comment))

    def add_column(self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata) -> None:
        """Raises: NOT_SUPPORTED, ICEBERG_COMMIT_ERROR."""
        self._add_column(table, column, lambda _: None)

    def add_column_after(
        self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata, after: str | None
    ) -> None:
        """Raises: NOT_SUPPORTED, ICEBERG_COMMIT_ERROR."""

        def move(change: SchemaChange) -> None:
            names = [one.name for one in change.schema.columns[:-1]]
            place = 0 if after is None else [name.lower() for name in names].index(after) + 1
            change.order(None, [*names[:place], column.name, *names[place:]])

        self._add_column(table, column, move)

    def _add_column(self, table: TableHandle, column: ColumnMetadata, move: Callable[[SchemaChange], None]) -> None:
        if not column.nullable:
            not_supported("This connector does not support adding not null columns")
        try:
            type_ = _fresh(column.type)
        except LodestarError as fault:
            raise LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to add column: {fault.message}") from fault

        def add(change: SchemaChange) -> None:
            change.add(None, column.name, type_, column.comment)
            move(change)

        self._evolve(table, "add column", add)

    def add_field(
        self, session: ConnectorSession, table: TableHandle, path: Sequence[str], name: str, type_: Type
    ) -> None:
        """Raises: COLUMN_ALREADY_EXISTS, ICEBERG_COMMIT_ERROR."""
        parent, struct = self._struct_at(table, path)
        if struct.find(name, any_case=True) is not None:
            raise LodestarError(COLUMN_ALREADY_EXISTS, f"Field '{name}' already exists")
        try:
            made = _fresh(type_)
        except LodestarError as fault:
            raise LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to add field: {fault.message}") from fault
        self._evolve(table, "add field", lambda change: change.add(parent, name, made))

    def _struct_at(self, table: TableHandle, path: Sequence[str]) -> tuple[str, Struct]:
        """The name of a row column or field, or of an array of rows, as the schema has it, and its fields."""
        _, schema = self._seen(table)
        found = schema.find(".".join(path), any_case=True)
        assert found is not None, "the engine has looked"
        type_: IcebergType = found.type
        if isinstance(type_, ListOf):
            type_ = type_.element
        assert isinstance(type_, Struct), "the engine has looked"
        return schema.names[found.id], type_

    def drop_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """Raises: NOT_SUPPORTED for columns that partition files."""
        self._drop(table, _name(column))

    def drop_field(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, path: Sequence[str]
    ) -> None:
        """Raises: NOT_SUPPORTED for fields that partition files."""
        self._drop(table, ".".join((_name(column), *path)))

    def _drop(self, table: TableHandle, name: str) -> None:
        metadata, schema = self._seen(table)
        found = schema.find(name, any_case=True)
        assert found is not None, "the engine has looked"
        if any(one.source_id == found.id for one in metadata.spec.fields):
            not_supported(f"Cannot drop partition field: {name}")
        if any(one.source_id == found.id for spec in metadata.specs for one in spec.fields):
            not_supported(f"Cannot drop column which is used by an old partition spec: {name}")
        if any(one.source_id == found.id for one in metadata.order.fields):
            raise LodestarError(
                ICEBERG_COMMIT_ERROR,
                f"Failed to drop column: Cannot find source column for sort field: {_sort_text(metadata, found)}",
            )
        full = schema.names[found.id]
        self._evolve(table, "drop column", lambda change: change.drop(full))

    def rename_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, name: str) -> None:
        """ALTER TABLE … RENAME COLUMN."""
        old = _name(column)
        self._evolve(table, "rename column", lambda change: change.rename(old, name))

    def rename_field(self, session: ConnectorSession, table: TableHandle, path: Sequence[str], name: str) -> None:
        """ALTER TABLE … RENAME COLUMN a.b TO c."""
        parent, struct = self._struct_at(table, path[:-1])
        field = struct.find(path[-1], any_case=True)
        assert field is not None, "the engine has looked"
        self._evolve(table, "rename field", lambda change: change.rename(f"{parent}.{field.name}", name))

    def set_column_type(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, type_: Type) -> None:
        """Raises: NOT_SUPPORTED for what Iceberg lacks, ICEBERG_COMMIT_ERROR for values that would not fit."""
        name = _name(column)
        wanted = _fresh(type_)
        _, schema = self._seen(table)
        found = schema.find(name, any_case=True)
        assert found is not None, "the engine has looked"
        old = found.type
        self._evolve(table, "set column type", lambda change: changed_type(change, name, old, wanted))

    def set_field_type(self, session: ConnectorSession, table: TableHandle, path: Sequence[str], type_: Type) -> None:
        """Raises: NOT_SUPPORTED, ICEBERG_COMMIT_ERROR."""
        parent, struct = self._struct_at(table, path[:-1])
        _, schema = self._seen(table)
        holder = schema.find(parent)
        inside = f"{parent}.element" if holder is not None and isinstance(holder.type, ListOf) else parent
        field = struct.find(path[-1], any_case=True)
        assert field is not None, "the engine has looked"
        if not isinstance(field.type, Primitive):
            not_supported("Iceberg doesn't support changing field type from non-primitive types")
        wanted = _fresh(type_)
        if not isinstance(wanted, Primitive):
            not_supported("Iceberg doesn't support changing field type to non-primitive types")
        name = f"{inside}.{field.name}"
        self._evolve(table, "set field type", lambda change: change.set_type(name, wanted))

    def drop_not_null(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""
        name = _name(column)
        self._evolve(table, "drop a not null constraint", lambda change: change.make_optional(name))

    def _evolve(self, table: TableHandle, what: str, apply: Any) -> None:
        def update(base: FormatMetadata) -> FormatMetadata:
            change = SchemaChange(base.schema, base.last_column_id)
            try:
                apply(change)
            except SchemaError as fault:
                raise LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to {what}: {fault}") from None
            return changed_schema(base, change)

        self._commit(table, update)

    # properties
    def set_table_properties(
        self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]
    ) -> None:
        """Raises: NOT_SUPPORTED, INVALID_TABLE_PROPERTY, ICEBERG_COMMIT_ERROR."""
        refused = [name for name in properties if name not in UPDATABLE]
        if refused:
            not_supported(f"The following properties cannot be updated: {', '.join(refused)}")
        metadata, _ = self._seen(table)
        columns = self.table_metadata(session, table).columns
        native = self._native_changes(metadata, properties, columns)

        def update(base: FormatMetadata) -> FormatMetadata:
            made = {**base.properties, **{key: value for key, value in native.items() if value is not None}}
            for key, value in native.items():
                if value is None:
                    made.pop(key, None)
            version = self._default(properties, FORMAT_VERSION)
            if version is not None and version < base.format_version:
                raise LodestarError(ICEBERG_COMMIT_ERROR, "Failed to set new property values")
            changed = replace(base, properties=made, format_version=version or base.format_version)
            if PARTITIONING in properties:
                changed = with_partitioning(changed, properties[PARTITIONING] or ())
            if SORTED_BY in properties:
                changed = with_sorting(changed, properties[SORTED_BY] or ())
            return changed

        self._commit(table, update)

    def _default(self, properties: Mapping[str, Any], name: str) -> Any:
        """A property's value; DEFAULT is the catalog's. None when it is not set."""
        if name not in properties:
            return None
        value = properties[name]
        if value is not None:
            return value
        return {
            FORMAT: self._config.file_format.name,
            FORMAT_VERSION: self._config.format_version,
            MAX_COMMIT_RETRY: self._config.max_commit_retry,
            OBJECT_STORE: self._config.object_store_layout,
        }.get(name)

    def _native_changes(
        self, metadata: FormatMetadata, properties: Mapping[str, Any], columns: Sequence[ColumnMetadata]
    ) -> dict[str, str | None]:
        """Keys of the table format to set, None: to remove."""
        made: dict[str, str | None] = {}
        form = metadata.properties.get(NATIVE_FORMAT, "PARQUET").upper()
        extra = properties.get(EXTRA)
        if extra:
            check_extra(extra, (), self._config.allowed_extra_properties)
            made.update(extra)
        if PARQUET_BLOOM_COLUMNS in properties:
            check_format(form, "PARQUET", PARQUET_BLOOM_COLUMNS)
            names = properties[PARQUET_BLOOM_COLUMNS] or ()
            check_parquet_columns(columns, names)
            made.update({key: None for key in metadata.properties if key.startswith(NATIVE_PARQUET_BLOOM)})
            made.update({NATIVE_PARQUET_BLOOM + name: "true" for name in names})
        if ORC_BLOOM_COLUMNS in properties:
            check_format(form, "ORC", ORC_BLOOM_COLUMNS)
            names = properties[ORC_BLOOM_COLUMNS] or ()
            check_orc_columns(columns, names)
            made[NATIVE_ORC_BLOOM_COLUMNS] = ",".join(names) or None
        if FORMAT in properties:
            made[NATIVE_FORMAT] = self._default(properties, FORMAT)
        if MAX_COMMIT_RETRY in properties:
            made[NATIVE_RETRIES] = str(self._default(properties, MAX_COMMIT_RETRY))
        if OBJECT_STORE in properties:
            made[NATIVE_OBJECT_STORE] = str(self._default(properties, OBJECT_STORE)).lower()
        if properties.get(DATA_LOCATION) is not None:
            spread = made.get(NATIVE_OBJECT_STORE) or metadata.properties.get(NATIVE_OBJECT_STORE, "false")
            if spread.lower() != "true":
                raise LodestarError(
                    INVALID_TABLE_PROPERTY, "Data location can only be set when object store layout is enabled"
                )
            made[NATIVE_DATA_LOCATION] = properties[DATA_LOCATION]
        return made

    def _check_location(self, location: str) -> None:
        """Raises: GENERIC_INTERNAL_ERROR for a location that no file system serves."""
        if not location:
            raise LodestarError(GENERIC_INTERNAL_ERROR, "path must not be null or empty")
        try:
            self._tables.files.local_path(location)
        except (ValueError, LodestarError) as fault:
            raise LodestarError(GENERIC_INTERNAL_ERROR, str(fault)) from None

    def _check_empty(self, location: str) -> None:
        if next(iter(self._tables.files.list_recursively(location)), None) is not None:
            raise LodestarError(
                ICEBERG_FILESYSTEM_ERROR,
                f"Cannot create a table on a non-empty location: {location}, set 'iceberg.unique-table-location=true' "
                "in your Iceberg catalog properties to use unique table locations for every table.",
            )


def _name(column: ColumnHandle) -> str:
    assert isinstance(column, IcebergColumnHandle)
    return column.name


def _fresh(type_: Type) -> IcebergType:
    """With ids that the change replaces."""
    numbers = iter(range(1, 1_000_000))
    return to_iceberg(type_, lambda: next(numbers))


def _sort_text(metadata: FormatMetadata, field: Field) -> str:
    one = next(one for one in metadata.order.fields if one.source_id == field.id)
    nulls = one.nulls.upper().replace("-", " ")
    return f"{one.transform}({field.id}) {one.direction.upper()} {nulls}"


def all_files(tables: Any, metadata: FormatMetadata) -> set[str]:
    """Paths of everything that the snapshots of a table name."""
    found: set[str] = set()
    for snapshot in metadata.snapshots:
        if snapshot.manifest_list is not None:
            found.add(snapshot.manifest_list)
        for manifest in tables.manifests(snapshot):
            found.add(manifest.path)
            files: Sequence[DataFile] = [one.file for one in tables.entries(manifest, metadata)]
            found |= {one.path for one in files}
    found |= {str(one["metadata-file"]) for one in metadata.metadata_log}
    found |= {str(one["statistics-path"]) for one in metadata.statistics}
    return found
