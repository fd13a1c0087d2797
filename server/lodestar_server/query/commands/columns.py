"""ALTER TABLE: adding, dropping, renaming and changing columns, and the fields of row columns."""

from __future__ import annotations

from lodestar_server.query.commands.fields import (
    ambiguous,
    check_droppable,
    descend,
    fields_named,
    shown_path,
)
from lodestar_server.query.commands.tables import column_type, defined_column, find_table
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.errors import (
    COLUMN_ALREADY_EXISTS,
    COLUMN_NOT_FOUND,
    NOT_SUPPORTED,
    TABLE_NOT_FOUND,
    ErrorCode,
    Location,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import RowType, Type
from lodestar_server.sql.parser import ast, format_expression


def _fault(code: ErrorCode, message: str, node: ast.Statement) -> LodestarError:
    return LodestarError(code, message, location=node.at)


def _columns(statement: StatementContext, table: CatalogTable) -> dict[str, ColumnMetadata]:
    return {column.name: column for column in statement.metadata.table_metadata(table).columns}


def add_column(statement: StatementContext, node: ast.AddColumn) -> None:
    """ADD COLUMN."""
    name = statement.qualify(node.name, node.at)
    table = find_table(statement, name, node.at, may_be_missing=node.table_exists)
    if table is None:
        return
    access = statement.metadata.access(name.catalog)
    if len(node.column.name.parts) > 1:
        access.check_can_alter_column(name.schema_table)
    else:
        access.check_can_add_column(name.schema_table)
    columns = _columns(statement, table)
    definition = node.column
    shown = format_expression(definition.name.original_parts[0])
    type_ = column_type(definition.type, shown, definition.at)
    if len(definition.name.parts) > 1:
        _add_field(statement, node, table, columns, type_)
        return
    if definition.name.parts[0] in columns:
        if not node.column_not_exists:
            raise _fault(COLUMN_ALREADY_EXISTS, f"Column '{shown}' already exists", node)
        return
    column = defined_column(statement, definition, name.catalog, "does not support NOT NULL for column")
    if isinstance(node.position, ast.AfterColumn) and node.position.column.value.lower() not in columns:
        raise _fault(COLUMN_NOT_FOUND, f"Column '{node.position.column.value}' does not", node)
    column = statement.metadata.supported_column(name.catalog, column)
    match node.position:
        case ast.FirstColumn():
            statement.metadata.add_column_after(table, column, None)
        case ast.AfterColumn(after):
            statement.metadata.add_column_after(table, column, after.value.lower())
        case _:
            statement.metadata.add_column(table, column)


def _add_field(
    statement: StatementContext,
    node: ast.AddColumn,
    table: CatalogTable,
    columns: dict[str, ColumnMetadata],
    type_: Type,
) -> None:
    parts = node.column.name.original_parts
    column = columns.get(parts[0].value.lower())
    if column is None:
        raise _fault(COLUMN_NOT_FOUND, f"Column '{format_expression(parts[0])}' does not exist", node)
    if node.position is not None and not isinstance(node.position, ast.LastColumn):
        raise _fault(NOT_SUPPORTED, "Specifying column position is not supported for nested columns", node)
    path = [part.value for part in parts[1:]]
    container = descend(column.type, path[:-1], path, node.at, maps=False)
    if not isinstance(container, RowType):
        raise LodestarError(NOT_SUPPORTED, f"Unsupported type: {container.display}")
    field = parts[-1].value.lower()
    if fields_named(container, field):
        if node.column_not_exists:
            return
        raise _fault(COLUMN_ALREADY_EXISTS, f"Field '{field}' already exists", node)
    parents = [part.value.lower() for part in parts[:-1]]
    statement.metadata.add_field(table, parents, field, type_)


def drop_column(statement: StatementContext, node: ast.DropColumn) -> None:
    """DROP COLUMN."""
    name = statement.qualify(node.table, node.at)
    table = find_table(statement, name, node.at, may_be_missing=node.table_exists)
    if table is None:
        return
    statement.metadata.access(name.catalog).check_can_drop_column(name.schema_table)
    column = node.field.parts[0]
    handle = statement.metadata.column_handles(table).get(column)
    if handle is None:
        if not node.column_exists:
            raise _fault(COLUMN_NOT_FOUND, f"Column '{column}' does not exist", node)
        return
    columns = _columns(statement, table)
    if columns[column].hidden:
        raise _fault(NOT_SUPPORTED, "Cannot drop hidden column", node)
    path = [part.value for part in node.field.original_parts[1:]]
    if path:
        if check_droppable(columns[column].type, path, node.at, may_be_missing=node.column_exists):
            statement.metadata.drop_field(table, handle, path)
        return
    if sum(not one.hidden for one in columns.values()) <= 1:
        raise _fault(NOT_SUPPORTED, "Cannot drop the only column in a table", node)
    statement.metadata.drop_column(table, handle)


def rename_column(statement: StatementContext, node: ast.RenameColumn) -> None:
    """RENAME COLUMN."""
    name = statement.qualify(node.table, node.at)
    table = find_table(statement, name, node.at, may_be_missing=node.table_exists)
    if table is None:
        return
    access = statement.metadata.access(name.catalog)
    if len(node.source.parts) > 1:
        access.check_can_alter_column(name.schema_table)
    else:
        access.check_can_rename_column(name.schema_table)
    source, target = node.source.parts[0], node.target.value.lower()
    handles = statement.metadata.column_handles(table)
    if source not in handles:
        if not node.column_exists:
            raise _fault(COLUMN_NOT_FOUND, f"Column '{source}' does not exist", node)
        return
    column = _columns(statement, table)[source]
    if column.hidden:
        raise _fault(NOT_SUPPORTED, "Cannot rename hidden column", node)
    if len(node.source.parts) > 1:
        _rename_field(statement, node, table, column, target)
        return
    if target in handles:
        raise _fault(COLUMN_ALREADY_EXISTS, f"Column '{target}' already exists", node)
    statement.metadata.rename_column(table, handles[source], target)


def _rename_field(
    statement: StatementContext, node: ast.RenameColumn, table: CatalogTable, column: ColumnMetadata, target: str
) -> None:
    path = list(node.source.parts)
    container = descend(column.type, path[1:-1], path, node.at, containers=False)
    if not isinstance(container, RowType):
        raise LodestarError(NOT_SUPPORTED, f"Unsupported type: {container.display}")
    found = fields_named(container, path[-1])
    if not found:
        if node.column_exists:
            return
        raise _fault(COLUMN_NOT_FOUND, f"Field '{path[0]}' does not exist", node)
    if len(found) > 1:
        raise ambiguous(path, column.type, node.at)
    if fields_named(container, target):
        raise _fault(COLUMN_ALREADY_EXISTS, f"Field '{target}' already exists", node)
    statement.metadata.rename_field(table, path, target)


def set_column_type(statement: StatementContext, node: ast.SetColumnType) -> None:
    """ALTER COLUMN … SET DATA TYPE."""
    name = statement.qualify(node.table_name, node.at)
    table = _table_or_hint(statement, name, node.at, node.table_exists)
    if table is None:
        return
    statement.metadata.access(name.catalog).check_can_alter_column(name.schema_table)
    path = list(node.column_name.parts)
    handle = statement.metadata.column_handles(table).get(path[0])
    if handle is None:
        raise _fault(COLUMN_NOT_FOUND, f"Column '{node.column_name}' does not exist", node)
    type_ = column_type(node.type, str(node.column_name), node.type.at)
    if len(path) == 1:
        statement.metadata.set_column_type(table, handle, type_)
        return
    current = _columns(statement, table)[path[0]].type
    parent = descend(current, path[1:-1], path, node.at)
    descend(parent, path[-1:], path, node.at)
    if not isinstance(parent, RowType):
        raise _fault(COLUMN_NOT_FOUND, f"Field path {shown_path(path)} does not point to row field", node)
    statement.metadata.set_field_type(table, path, type_)


def drop_not_null(statement: StatementContext, node: ast.DropNotNullConstraint) -> None:
    """ALTER COLUMN … DROP NOT NULL."""
    name = statement.qualify(node.table, node.at)
    table = _table_or_hint(statement, name, node.at, node.table_exists)
    if table is None:
        return
    statement.metadata.access(name.catalog).check_can_alter_column(name.schema_table)
    shown = format_expression(node.column)
    handle = statement.metadata.column_handles(table).get(shown)
    if handle is None:
        raise _fault(COLUMN_NOT_FOUND, f"Column '{shown}' does not exist", node)
    column = _columns(statement, table)[shown]
    if column.hidden:
        raise _fault(NOT_SUPPORTED, "Cannot modify hidden column", node)
    if column.nullable:
        raise _fault(NOT_SUPPORTED, "Column is already nullable", node)
    statement.metadata.drop_not_null(table, handle)


def _table_or_hint(
    statement: StatementContext, name: QualifiedName, at: Location, may_be_missing: bool
) -> CatalogTable | None:
    table = statement.metadata.find_table(name)
    if table is None and not may_be_missing:
        hint = ""
        if statement.metadata.find_materialized_view(name) is not None:
            hint = ", but a materialized view with that name exists."
        elif statement.metadata.find_view(name) is not None:
            hint = ", but a view with that name exists."
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist{hint}", location=at)
    return table
