"""The changing half of the metadata facade: DDL and writes, each checked against the transaction.

Whether a name is taken or missing is the commands' question (their errors have positions); here the transaction's
write rules are enforced and the engine's own tables are protected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.metadata.computed import ComputedTableHandle
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.transactions import CatalogTransaction
from lodestar_server.spi.connector import (
    MODIFYING_ROWS,
    ColumnMetadata,
    MaterializedViewDefinition,
    SaveMode,
    TableMetadata,
    ViewDefinition,
    not_supported,
)
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.handles import CatalogTable, ColumnHandle, TableHandle, WriteKind, WriteTarget
from lodestar_server.spi.materialized_views import RefreshSources
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.page import PageSink
from lodestar_server.spi.row_changes import RowIdColumn
from lodestar_server.spi.security import Principal
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import TINYINT, Type
from lodestar_server.spi.values import frozen

_Entered = tuple[CatalogTransaction, ConnectorSession]


@frozen
class TableAnalysis:
    """ANALYZE reads `columns` of `table` into `target`, which names and types them in the same order."""

    table: CatalogTable
    columns: tuple[ColumnHandle, ...]
    target: WriteTarget
    counts_rows: bool = True


@frozen
class Refresh:
    """A refresh of a materialized view that has begun; `tables`: what to scan in place of a table of its catalog."""

    target: WriteTarget
    tables: Mapping[TableHandle, TableHandle]


class MetadataChanging(MetadataReading):
    """Every method raises READ_ONLY_VIOLATION, MULTI_CATALOG_WRITE_CONFLICT or AUTOCOMMIT_WRITE_CONFLICT first."""

    # schemas
    def create_schema(self, catalog: str, schema: str, properties: Mapping[str, Any], owner: str | None = None) -> None:
        """CREATE SCHEMA; `owner` None is the session's user."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.create_schema(session, schema, properties, owner or self.session.user)

    def drop_schema(self, catalog: str, schema: str, *, cascade: bool) -> None:
        """DROP SCHEMA. Raises: SCHEMA_NOT_EMPTY."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.drop_schema(session, schema, cascade)

    def rename_schema(self, catalog: str, schema: str, new_name: str) -> None:
        """ALTER SCHEMA … RENAME TO."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.rename_schema(session, schema, new_name)

    def set_schema_owner(self, catalog: str, schema: str, owner: Principal) -> None:
        """ALTER SCHEMA … SET AUTHORIZATION."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.set_schema_owner(session, schema, owner)

    # tables
    def supported_column(
        self, catalog: str, column: ColumnMetadata, properties: Mapping[str, Any] | None = None
    ) -> ColumnMetadata:
        """A new column with the type that the connector gives it; `properties` are those of its table."""
        begun, session = self._enter(catalog)
        type_ = begun.metadata.supported_type(session, column.type, properties or {})
        return column if type_ == column.type else replace(column, type=type_)

    def create_table(self, catalog: str, table: TableMetadata, save_mode: SaveMode) -> None:
        """CREATE TABLE. Raises: NOT_FOUND when there is no such schema."""
        begun, session = self._enter_to_write(catalog)
        begun.metadata.create_table(session, table, save_mode)

    def drop_table(self, table: CatalogTable) -> None:
        """DROP TABLE."""
        begun, session = self._enter_to_change(table)
        begun.metadata.drop_table(session, table.handle)

    def truncate_table(self, table: CatalogTable) -> None:
        """TRUNCATE TABLE."""
        begun, session = self._enter_to_change(table)
        begun.metadata.truncate_table(session, table.handle)

    def rename_table(self, table: CatalogTable, new_name: SchemaTableName) -> None:
        """ALTER TABLE … RENAME TO."""
        begun, session = self._enter_to_change(table)
        begun.metadata.rename_table(session, table.handle, new_name)

    def set_table_comment(self, table: CatalogTable, comment: str | None) -> None:
        """COMMENT ON TABLE."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_table_comment(session, table.handle, comment)

    def set_column_comment(self, table: CatalogTable, column: ColumnHandle, comment: str | None) -> None:
        """COMMENT ON COLUMN."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_column_comment(session, table.handle, column, comment)

    def set_table_properties(self, table: CatalogTable, properties: Mapping[str, Any]) -> None:
        """ALTER TABLE … SET PROPERTIES; a value None is DEFAULT."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_table_properties(session, table.handle, properties)

    def set_table_owner(self, table: CatalogTable, owner: str) -> None:
        """ALTER TABLE … SET AUTHORIZATION."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_table_owner(session, table.name, owner)

    # columns
    def add_column(self, table: CatalogTable, column: ColumnMetadata) -> None:
        """ALTER TABLE … ADD COLUMN."""
        begun, session = self._enter_to_change(table)
        begun.metadata.add_column(session, table.handle, column)

    def add_column_after(self, table: CatalogTable, column: ColumnMetadata, after: str | None) -> None:
        """ALTER TABLE … ADD COLUMN … AFTER; None: FIRST."""
        begun, session = self._enter_to_change(table)
        begun.metadata.add_column_after(session, table.handle, column, after)

    def drop_column(self, table: CatalogTable, column: ColumnHandle) -> None:
        """ALTER TABLE … DROP COLUMN."""
        begun, session = self._enter_to_change(table)
        begun.metadata.drop_column(session, table.handle, column)

    def rename_column(self, table: CatalogTable, column: ColumnHandle, name: str) -> None:
        """ALTER TABLE … RENAME COLUMN."""
        begun, session = self._enter_to_change(table)
        begun.metadata.rename_column(session, table.handle, column, name)

    def set_column_type(self, table: CatalogTable, column: ColumnHandle, type_: Type) -> None:
        """ALTER TABLE … ALTER COLUMN … SET DATA TYPE."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_column_type(session, table.handle, column, type_)

    def drop_not_null(self, table: CatalogTable, column: ColumnHandle) -> None:
        """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""
        begun, session = self._enter_to_change(table)
        begun.metadata.drop_not_null(session, table.handle, column)

    def add_field(self, table: CatalogTable, path: Sequence[str], name: str, type_: Type) -> None:
        """ALTER TABLE … ADD COLUMN a.b.name."""
        begun, session = self._enter_to_change(table)
        begun.metadata.add_field(session, table.handle, path, name, type_)

    def rename_field(self, table: CatalogTable, path: Sequence[str], name: str) -> None:
        """ALTER TABLE … RENAME COLUMN a.b.c TO name."""
        begun, session = self._enter_to_change(table)
        begun.metadata.rename_field(session, table.handle, path, name)

    def drop_field(self, table: CatalogTable, column: ColumnHandle, path: Sequence[str]) -> None:
        """ALTER TABLE … DROP COLUMN a.b.c."""
        begun, session = self._enter_to_change(table)
        begun.metadata.drop_field(session, table.handle, column, path)

    def set_field_type(self, table: CatalogTable, path: Sequence[str], type_: Type) -> None:
        """ALTER TABLE … ALTER COLUMN a.b.c SET DATA TYPE."""
        begun, session = self._enter_to_change(table)
        begun.metadata.set_field_type(session, table.handle, path, type_)

    # views
    def create_view(self, name: QualifiedName, view: ViewDefinition, *, replace: bool) -> None:
        """CREATE [OR REPLACE] VIEW."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.create_view(session, name.schema_table, view, replace)

    def drop_view(self, name: QualifiedName) -> None:
        """DROP VIEW."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.drop_view(session, name.schema_table)

    def rename_view(self, name: QualifiedName, new_name: SchemaTableName) -> None:
        """ALTER VIEW … RENAME TO."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.rename_view(session, name.schema_table, new_name)

    def set_view_comment(self, name: QualifiedName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.set_view_comment(session, name.schema_table, comment)

    def set_view_column_comment(self, name: QualifiedName, column: str, comment: str | None) -> None:
        """COMMENT ON COLUMN of a view."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.set_view_column_comment(session, name.schema_table, column, comment)

    def set_view_owner(self, name: QualifiedName, owner: str) -> None:
        """ALTER VIEW … SET AUTHORIZATION."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.set_view_owner(session, name.schema_table, owner)

    def create_materialized_view(
        self, name: QualifiedName, view: MaterializedViewDefinition, save_mode: SaveMode
    ) -> None:
        """CREATE MATERIALIZED VIEW."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.create_materialized_view(session, name.schema_table, view, save_mode)

    def drop_materialized_view(self, name: QualifiedName) -> None:
        """DROP MATERIALIZED VIEW."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.drop_materialized_view(session, name.schema_table)

    def rename_materialized_view(self, name: QualifiedName, new_name: SchemaTableName) -> None:
        """ALTER MATERIALIZED VIEW … RENAME TO."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.rename_materialized_view(session, name.schema_table, new_name)

    def set_materialized_view_properties(self, name: QualifiedName, properties: Mapping[str, Any]) -> None:
        """ALTER MATERIALIZED VIEW … SET PROPERTIES; a value None is DEFAULT."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.set_materialized_view_properties(session, name.schema_table, properties)

    def set_materialized_view_column_comment(self, name: QualifiedName, column: str, comment: str | None) -> None:
        """COMMENT ON COLUMN of a materialized view."""
        begun, session = self._enter_to_write(name.catalog)
        begun.metadata.set_materialized_view_column_comment(session, name.schema_table, column, comment)

    # rows
    def begin_create_table(self, catalog: str, table: TableMetadata, save_mode: SaveMode) -> WriteTarget:
        """CREATE TABLE AS: where the rows go; nothing is visible before `finish_write` and the commit."""
        begun, session = self._enter_to_write(catalog)
        handle = begun.metadata.begin_create_table(session, table, save_mode)
        columns = tuple((column.name, column.type) for column in table.columns if not column.hidden)
        return WriteTarget(catalog, table.name, handle, columns, WriteKind.CREATE_TABLE)

    def begin_insert(self, table: CatalogTable, columns: Sequence[str]) -> WriteTarget:
        """INSERT into these columns, in this order; see `insert_columns` for which they have to be."""
        begun, session = self._enter_to_change(table)
        handles = begun.metadata.column_handles(session, table.handle)
        types = {column.name: column.type for column in begun.metadata.table_metadata(session, table.handle).columns}
        handle = begun.metadata.begin_insert(session, table.handle, [handles[name] for name in columns])
        return WriteTarget(
            table.catalog, table.name, handle, tuple((name, types[name]) for name in columns), WriteKind.INSERT
        )

    def insert_columns(self, table: CatalogTable, given: Sequence[str]) -> tuple[str, ...]:
        """The columns that the sink wants for an INSERT of `given`: these, or all visible ones (the rest is NULL)."""
        if isinstance(table.handle, ComputedTableHandle):
            raise _no_part()
        begun, session = self._enter(table.catalog)
        if begun.metadata.supports_missing_columns_on_insert():
            return tuple(given)
        columns = begun.metadata.table_metadata(session, table.handle).columns
        return tuple(column.name for column in columns if not column.hidden)

    def page_sink(self, target: WriteTarget) -> PageSink:
        """A writer for a write that has begun; several may write at once."""
        begun, session = self._enter(target.catalog)
        return begun.connector.page_sink(begun.handle, session, target.handle)

    def finish_write(self, target: WriteTarget, fragments: Sequence[bytes]) -> None:
        """Hand the written pieces to the connector; they are visible after the commit."""
        begun, session = self._enter(target.catalog)
        match target.kind:
            case WriteKind.CREATE_TABLE:
                begun.metadata.finish_create_table(session, target.handle, fragments)
            case WriteKind.INSERT:
                begun.metadata.finish_insert(session, target.handle, fragments)
            case WriteKind.ANALYZE:
                begun.metadata.finish_analyze(session, target.handle, fragments)
            case WriteKind.ROW_CHANGES:
                begun.metadata.finish_row_changes(session, target.handle, fragments)
            case WriteKind.TABLE_EXECUTE:
                begun.metadata.finish_table_execute(session, target.handle, fragments)
            case WriteKind.REFRESH:
                begun.metadata.finish_refresh_materialized_view(session, target.handle, fragments)

    def execute_on_table(self, table: CatalogTable, procedure: str, arguments: Mapping[str, Any]) -> None:
        """ALTER TABLE … EXECUTE of a procedure that is one call."""
        begun, session = self._enter_to_change(table)
        begun.metadata.execute_on_table(session, table.handle, procedure, arguments)

    def begin_table_execute(
        self, table: CatalogTable, procedure: str, arguments: Mapping[str, Any]
    ) -> tuple[WriteTarget, CatalogTable]:
        """ALTER TABLE … EXECUTE of a procedure that rewrites rows: where they go, and what to read."""
        begun, session = self._enter_to_change(table)
        handle, read = begun.metadata.begin_table_execute(session, table.handle, procedure, arguments)
        columns = begun.metadata.table_metadata(session, table.handle).columns
        visible = tuple((column.name, column.type) for column in columns if not column.hidden)
        target = WriteTarget(table.catalog, table.name, handle, visible, WriteKind.TABLE_EXECUTE)
        return target, CatalogTable(table.catalog, table.name, read)

    def abort_write(self, target: WriteTarget) -> None:
        """The write will not finish: clean up; never raises."""
        begun, session = self._enter(target.catalog)
        begun.metadata.abort_write(session, target.handle)

    def apply_delete(self, table: CatalogTable) -> CatalogTable | None:
        """A table whose whole content `execute_delete` removes; None when rows have to be found one by one."""
        if isinstance(table.handle, ComputedTableHandle):
            return None
        begun, session = self._enter(table.catalog)
        handle = begun.metadata.apply_delete(session, table.handle)
        return None if handle is None else CatalogTable(table.catalog, table.name, handle)

    def execute_delete(self, table: CatalogTable) -> int | None:
        """Remove what the handle gives; the number of rows when it is known."""
        begun, session = self._enter_to_change(table)
        return begun.metadata.execute_delete(session, table.handle)

    def row_id_column(self, table: CatalogTable) -> RowIdColumn:
        """The column that tells the table's rows apart. Raises NOT_SUPPORTED."""
        if isinstance(table.handle, ComputedTableHandle):
            not_supported(MODIFYING_ROWS)
        begun, session = self._enter(table.catalog)
        return begun.metadata.row_id_column(session, table.handle)

    def begin_row_changes(self, table: CatalogTable) -> WriteTarget:
        """UPDATE, MERGE, and DELETE of single rows begin; `table` is what is scanned for them. Raises NOT_SUPPORTED."""
        begun, session = self._enter_to_change(table)
        handle = begun.metadata.begin_row_changes(session, table.handle)
        row_id = begun.metadata.row_id_column(session, table.handle)
        columns = begun.metadata.table_metadata(session, table.handle).columns
        shape = (("operation", TINYINT), ("row_id", row_id.type))
        visible = tuple((column.name, column.type) for column in columns if not column.hidden)
        return WriteTarget(table.catalog, table.name, handle, (*shape, *visible), WriteKind.ROW_CHANGES)

    def begin_refresh(self, name: QualifiedName, storage: CatalogTable, sources: RefreshSources) -> Refresh:
        """REFRESH MATERIALIZED VIEW: rows for the columns of its storage that are not hidden."""
        begun, session = self._enter_to_write(name.catalog)
        target = begun.metadata.begin_refresh_materialized_view(session, name.schema_table, storage.handle, sources)
        columns = begun.metadata.table_metadata(session, storage.handle).columns
        visible = tuple((column.name, column.type) for column in columns if not column.hidden)
        write = WriteTarget(storage.catalog, storage.name, target.handle, visible, WriteKind.REFRESH)
        return Refresh(write, dict(zip(sources.tables, target.tables, strict=True)))

    def begin_analyze(self, table: CatalogTable, properties: Mapping[str, Any]) -> TableAnalysis | None:
        """ANALYZE; None when there is nothing to find out. Raises NOT_SUPPORTED, INVALID_ANALYZE_PROPERTY."""
        begun, session = self._enter_to_change(table)
        target = begun.metadata.begin_analyze(session, table.handle, properties)
        if target is None:
            return None
        handles = begun.metadata.column_handles(session, target.table)
        types = {column.name: column.type for column in begun.metadata.table_metadata(session, target.table).columns}
        names = {handle: name for name, handle in handles.items()}
        columns = tuple((names[handle], types[names[handle]]) for handle in target.columns)
        return TableAnalysis(
            CatalogTable(table.catalog, table.name, target.table),
            target.columns,
            WriteTarget(table.catalog, table.name, target.handle, columns, WriteKind.ANALYZE),
            target.counts_rows,
        )

    def is_computed(self, table: CatalogTable) -> bool:
        """A system table: its rows are made when they are asked for."""
        return isinstance(table.handle, ComputedTableHandle)

    def check_can_change(self, table: CatalogTable) -> None:
        """Raises: GENERIC_INTERNAL_ERROR for a system table."""
        self._enter_to_change(table)

    # inside
    def _enter_to_change(self, table: CatalogTable) -> _Entered:
        if isinstance(table.handle, ComputedTableHandle):
            raise _no_part()
        return self._enter_to_write(table.catalog)


def _no_part() -> LodestarError:
    """A change of a table that the engine computes: no transaction knows of its catalog."""
    return LodestarError(GENERIC_INTERNAL_ERROR, "Cannot record write for catalog not part of transaction")
