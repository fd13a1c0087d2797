"""Names, facts and changes of a memory catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.memory.handles import (
    MemoryColumnHandle,
    MemoryTableHandle,
    MemoryWriteHandle,
)
from lodestar_server.plugins.connectors.memory.store import VIEW_ID, MemoryStore, MemoryTable
from lodestar_server.spi.connector import (
    ColumnMetadata,
    ConnectorMetadata,
    LanguageFunction,
    LimitResult,
    RelationKind,
    SaveMode,
    TableMetadata,
    TableVersion,
    ViewDefinition,
    not_supported,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import TableStatistics


class MemoryMetadata(ConnectorMetadata):
    """The same for all transactions: every change is immediate."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def _table(self, handle: TableHandle) -> MemoryTable:
        assert isinstance(handle, MemoryTableHandle)
        return self._store.table(handle.table_id, handle.name)

    # schemas
    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """`default` is always there at the beginning."""
        return self._store.schemas()

    def create_schema(self, session: ConnectorSession, schema: str, properties: Mapping[str, Any], owner: str) -> None:
        """Owners are not kept."""
        self._store.create_schema(schema)

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        """With cascade everything in it goes too."""
        self._store.drop_schema(schema, cascade)

    def rename_schema(self, session: ConnectorSession, schema: str, new_name: str) -> None:
        """Everything in it moves along."""
        self._store.rename_schema(schema, new_name)

    # functions
    def find_language_functions(self, session: ConnectorSession, name: SchemaTableName) -> Sequence[LanguageFunction]:
        """The overloads of a stored routine, the newest first."""
        return [function for found, function in reversed(self._store.functions(name.schema)) if found == name]

    def list_language_functions(
        self, session: ConnectorSession, schema: str
    ) -> Sequence[tuple[SchemaTableName, LanguageFunction]]:
        """The stored routines of a schema."""
        return self._store.functions(schema)

    def create_language_function(
        self, session: ConnectorSession, name: SchemaTableName, function: LanguageFunction, replace: bool
    ) -> None:
        """There at once."""
        self._store.put_function(name, function)

    def drop_language_function(self, session: ConnectorSession, name: SchemaTableName, signature: str) -> None:
        """Gone at once."""
        self._store.drop_function(name, signature)

    # tables: reading
    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Tables and views."""
        return self._store.relations(schema)

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table as it is now. The name of a view is that of a table without a definition."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        table = self._store.find_table(name)
        if table is None:
            return None if self._store.find_view(name) is None else MemoryTableHandle(VIEW_ID, name)
        return MemoryTableHandle(table.table_id, name)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """The definition."""
        found = self._table(table)
        return TableMetadata(found.name, found.columns, comment=found.comment)

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """Columns by number."""
        return {
            column.name: MemoryColumnHandle(i, column.name, column.type)
            for i, column in enumerate(self._table(table).columns)
        }

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """The number of rows."""
        assert isinstance(table, MemoryTableHandle)
        rows = self._table(table).rows
        return TableStatistics(row_count=rows if table.limit is None else min(rows, table.limit))

    def apply_limit(self, session: ConnectorSession, table: TableHandle, limit: int) -> LimitResult | None:
        """Taken over entirely."""
        assert isinstance(table, MemoryTableHandle)
        if table.limit is not None and table.limit <= limit:
            return None
        return LimitResult(replace(table, limit=limit), guaranteed=True)

    # tables: changing
    def create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> None:
        """An empty table."""
        if save_mode is SaveMode.IGNORE and self._store.find_table(table.name) is not None:
            return
        handle = self.begin_create_table(session, table, save_mode)
        self.finish_create_table(session, handle, ())

    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """Gone at once."""
        self._store.drop_table(self._table(table).table_id)

    def truncate_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """The definition stays."""
        self._store.truncate(self._table(table).table_id)

    def rename_table(self, session: ConnectorSession, table: TableHandle, new_name: SchemaTableName) -> None:
        """Into another schema too."""
        self._store.rename_table(self._table(table).table_id, new_name)

    def set_table_comment(self, session: ConnectorSession, table: TableHandle, comment: str | None) -> None:
        """COMMENT ON TABLE."""
        self._store.change(self._table(table), comment=comment)

    def set_column_comment(
        self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN."""
        self._change_column(table, column, comment=comment)

    def add_column(self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata) -> None:
        """NULL in the rows that are there. Raises: NOT_SUPPORTED for NOT NULL when there are any."""
        found = self._table(table)
        if not column.nullable and found.rows:
            not_supported(f"Unable to add NOT NULL column '{column.name}' for non-empty table: {found.name}")
        self._store.change(found, columns=(*found.columns, column))

    def rename_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, name: str) -> None:
        """The rows stay as they are."""
        self._change_column(table, column, name=name)

    def drop_not_null(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """ALTER COLUMN … DROP NOT NULL."""
        self._change_column(table, column, nullable=True)

    def _change_column(self, table: TableHandle, column: ColumnHandle, **changes: Any) -> None:
        assert isinstance(column, MemoryColumnHandle)
        found = self._table(table)
        columns = list(found.columns)
        columns[column.column_id] = replace(columns[column.column_id], **changes)
        self._store.change(found, columns=tuple(columns))

    # writing
    def begin_create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> WriteHandle:
        """The name is taken at the end."""
        if save_mode is SaveMode.REPLACE:
            not_supported("This connector does not support replacing tables")
        write_id, made = self._store.begin_create(table.name, table.columns, table.comment)
        return MemoryWriteHandle(write_id, made.table_id, tuple(range(len(made.columns))))

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Table and rows at once."""
        assert isinstance(handle, MemoryWriteHandle)
        self._store.publish(handle.write_id, create=True)

    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        """Columns that are left out are NULL."""
        found = self._table(table)
        numbers = tuple(column.column_id for column in columns if isinstance(column, MemoryColumnHandle))
        return MemoryWriteHandle(self._store.begin_insert(found), found.table_id, numbers)

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """All rows at once."""
        assert isinstance(handle, MemoryWriteHandle)
        self._store.publish(handle.write_id, create=False)

    def abort_write(self, session: ConnectorSession, handle: WriteHandle) -> None:
        """Free the pages."""
        assert isinstance(handle, MemoryWriteHandle)
        self._store.discard(handle.write_id)

    def supports_missing_columns_on_insert(self) -> bool:
        """Yes."""
        return True

    # views
    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        """The view."""
        return self._store.find_view(name)

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        """CREATE [OR REPLACE] VIEW."""
        self._store.put_view(name, view, replace_it=replace)

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """DROP VIEW."""
        self._store.drop_view(name)

    def rename_view(self, session: ConnectorSession, name: SchemaTableName, new_name: SchemaTableName) -> None:
        """Into another schema too."""
        self._store.rename_view(name, new_name)

    def set_view_comment(self, session: ConnectorSession, name: SchemaTableName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        self._store.put_view(name, replace(self._store.require_view(name), comment=comment), replace_it=True)

    def set_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a view."""
        view = self._store.require_view(name)
        columns = tuple(replace(one, comment=comment) if one.name == column else one for one in view.columns)
        self._store.put_view(name, replace(view, columns=columns), replace_it=True)
