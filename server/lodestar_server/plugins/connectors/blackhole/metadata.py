"""Names, facts and changes of a blackhole catalog: definitions are kept, rows are not."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.blackhole.handles import (
    ROW_ID,
    BlackholeColumnHandle,
    BlackholeTableHandle,
    BlackholeWriteHandle,
)
from lodestar_server.plugins.connectors.blackhole.properties import table_of
from lodestar_server.spi.connector import (
    ColumnMetadata,
    ConnectorMetadata,
    RelationKind,
    SaveMode,
    TableMetadata,
    TableVersion,
    ViewDefinition,
    not_supported,
)
from lodestar_server.spi.errors import ALREADY_EXISTS, NOT_FOUND, LodestarError
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.row_changes import RowIdColumn
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import ColumnStatistics, TableStatistics
from lodestar_server.spi.types import DOUBLE, INTEGRAL_TYPES, REAL, DecimalType, Type

DEFAULT_SCHEMA = "default"


class BlackholeMetadata(ConnectorMetadata):
    """The same for all transactions. Thread-safe: each change replaces one entry."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._schemas: dict[str, None] = {DEFAULT_SCHEMA: None}
        self._tables: dict[SchemaTableName, BlackholeTableHandle] = {}
        self._views: dict[SchemaTableName, ViewDefinition] = {}

    # schemas
    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """`default` and those that were created; they cannot be dropped."""
        return list(self._schemas)

    def create_schema(self, session: ConnectorSession, schema: str, properties: Mapping[str, Any], owner: str) -> None:
        """Owners are not kept."""
        with self._lock:
            if schema in self._schemas:
                raise LodestarError(ALREADY_EXISTS, f"Schema [{schema}] already exists")
            self._schemas[schema] = None

    # tables
    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Tables and views."""
        found = dict.fromkeys(list(self._tables), RelationKind.TABLE)
        found.update(dict.fromkeys(list(self._views), RelationKind.VIEW))
        return {name: kind for name, kind in found.items() if schema in (None, name.schema)}

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        return self._tables.get(name)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """Comments and properties are not shown."""
        table = _table(table)
        return TableMetadata(table.name, tuple(ColumnMetadata(one.name, one.type) for one in table.columns))

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """Columns."""
        return {column.name: column for column in _table(table).columns}

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """Every column has one value: zero, for numbers."""
        table = _table(table)
        return TableStatistics(
            table.rows,
            {
                column: (
                    ColumnStatistics(0.0, 1.0, low=0.0, high=0.0)
                    if _numeric(column.type)
                    else ColumnStatistics(0.0, 1.0)
                )
                for column in table.columns
            },
        )

    def create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> None:
        """CREATE [OR REPLACE] TABLE."""
        if save_mode is SaveMode.IGNORE and table.name in self._tables:
            return
        self.finish_create_table(session, self.begin_create_table(session, table, save_mode), ())

    def drop_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """DROP TABLE."""
        self._tables.pop(_table(table).name, None)

    def truncate_table(self, session: ConnectorSession, table: TableHandle) -> None:
        """Nothing to do: it gives its zeros again."""

    def rename_table(self, session: ConnectorSession, table: TableHandle, new_name: SchemaTableName) -> None:
        """Inside its schema."""
        table = _table(table)
        renamed = replace(table, name=SchemaTableName(table.name.schema, new_name.table))
        with self._lock:
            self._tables.pop(table.name, None)
            self._tables[renamed.name] = renamed

    def add_column(self, session: ConnectorSession, table: TableHandle, column: ColumnMetadata) -> None:
        """ADD COLUMN."""
        self._change_columns(table, lambda columns: [*columns, BlackholeColumnHandle(column.name, column.type)])

    def drop_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle) -> None:
        """DROP COLUMN."""
        name = _column(column).name
        self._change_columns(table, lambda columns: [one for one in columns if one.name != name])

    def rename_column(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, name: str) -> None:
        """RENAME COLUMN."""
        old = _column(column).name
        self._change_columns(
            table, lambda columns: [replace(one, name=name) if one.name == old else one for one in columns]
        )

    def set_column_type(self, session: ConnectorSession, table: TableHandle, column: ColumnHandle, type_: Type) -> None:
        """SET DATA TYPE."""
        name = _column(column).name
        self._change_columns(
            table, lambda columns: [replace(one, type=type_) if one.name == name else one for one in columns]
        )

    def _change_columns(self, table: TableHandle, change: Any) -> None:
        table = _table(table)
        self._tables[table.name] = replace(table, columns=tuple(change(table.columns)))

    def begin_analyze(self, session: ConnectorSession, table: TableHandle, properties: Mapping[str, Any]) -> None:
        """ANALYZE does nothing."""
        return None

    # deleting
    def apply_delete(self, session: ConnectorSession, table: TableHandle) -> TableHandle | None:
        """All of it: there are no predicates here."""
        return table

    def execute_delete(self, session: ConnectorSession, table: TableHandle) -> int | None:
        """The rows come back, but they are counted."""
        return _table(table).rows

    def row_id_column(self, session: ConnectorSession, table: TableHandle) -> RowIdColumn:
        """Rows are numbered."""
        return RowIdColumn(ROW_ID, ROW_ID.type)

    def begin_row_changes(self, session: ConnectorSession, table: TableHandle) -> WriteHandle:
        """Any changes."""
        return BlackholeWriteHandle(_table(table))

    def finish_row_changes(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """The rows are as they were."""

    # writing
    def begin_create_table(self, session: ConnectorSession, table: TableMetadata, save_mode: SaveMode) -> WriteHandle:
        """Raises: NOT_FOUND without the schema, INVALID_TABLE_PROPERTY."""
        if table.name.schema not in self._schemas:
            raise LodestarError(NOT_FOUND, f"Schema {table.name.schema} not found")
        return BlackholeWriteHandle(table_of(table), replace=save_mode is SaveMode.REPLACE)

    def finish_create_table(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Only the definition is kept. Raises: ALREADY_EXISTS."""
        assert isinstance(handle, BlackholeWriteHandle)
        with self._lock:
            if handle.table.name in self._tables and not handle.replace:
                raise LodestarError(ALREADY_EXISTS, f"Table [{handle.table.name}] already exists")
            self._tables[handle.table.name] = handle.table

    def begin_insert(
        self, session: ConnectorSession, table: TableHandle, columns: Sequence[ColumnHandle]
    ) -> WriteHandle:
        """Any columns."""
        return BlackholeWriteHandle(_table(table))

    def finish_insert(self, session: ConnectorSession, handle: WriteHandle, fragments: Sequence[bytes]) -> None:
        """Gone."""

    def supports_missing_columns_on_insert(self) -> bool:
        """They are not looked at."""
        return True

    # views
    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        """The view."""
        return self._views.get(name)

    def create_view(
        self, session: ConnectorSession, name: SchemaTableName, view: ViewDefinition, replace: bool
    ) -> None:
        """Raises: ALREADY_EXISTS."""
        with self._lock:
            if name in self._views and not replace:
                raise LodestarError(ALREADY_EXISTS, f"View already exists: {name}")
            self._views[name] = view

    def drop_view(self, session: ConnectorSession, name: SchemaTableName) -> None:
        """Raises: NOT_FOUND."""
        if self._views.pop(name, None) is None:
            raise LodestarError(NOT_FOUND, f"View '{name}' not found")

    def set_view_comment(self, session: ConnectorSession, name: SchemaTableName, comment: str | None) -> None:
        """COMMENT ON VIEW."""
        self._views[name] = replace(self._view(name), comment=comment)

    def set_view_column_comment(
        self, session: ConnectorSession, name: SchemaTableName, column: str, comment: str | None
    ) -> None:
        """COMMENT ON COLUMN of a view."""
        view = self._view(name)
        columns = tuple(replace(one, comment=comment) if one.name == column else one for one in view.columns)
        self._views[name] = replace(view, columns=columns)

    def _view(self, name: SchemaTableName) -> ViewDefinition:
        view = self._views.get(name)
        if view is None:
            raise LodestarError(NOT_FOUND, f"View '{name}' not found")
        return view


def _table(handle: TableHandle) -> BlackholeTableHandle:
    assert isinstance(handle, BlackholeTableHandle)
    return handle


def _column(handle: ColumnHandle) -> BlackholeColumnHandle:
    assert isinstance(handle, BlackholeColumnHandle)
    return handle


def _numeric(type_: Type) -> bool:
    return type_ in (*INTEGRAL_TYPES, REAL, DOUBLE) or isinstance(type_, DecimalType)
