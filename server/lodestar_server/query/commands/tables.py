"""CREATE, DROP, ALTER and TRUNCATE TABLE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lodestar_server.metadata.properties import PropertyKind
from lodestar_server.query.lineage import created_table
from lodestar_server.query.properties import all_properties, given_properties
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import ColumnMetadata, SaveMode, TableMetadata
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    CATALOG_NOT_FOUND,
    COLUMN_TYPE_UNKNOWN,
    DUPLICATE_COLUMN_NAME,
    GENERIC_USER_ERROR,
    NOT_SUPPORTED,
    SYNTAX_ERROR,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    TYPE_NOT_FOUND,
    UNSUPPORTED_TABLE_TYPE,
    Location,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import UNKNOWN, Type
from lodestar_server.sql.analysis.types import UnknownType, resolve_type
from lodestar_server.sql.parser import ast, format_expression


def create_table(statement: StatementContext, node: ast.CreateTable) -> None:
    """CREATE TABLE with columns, or LIKE other tables."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    save_mode = SaveMode[node.save_mode.name]
    if _is_taken(statement, name, node.at) and save_mode is not SaveMode.REPLACE:
        if save_mode is SaveMode.FAIL:
            raise LodestarError(TABLE_ALREADY_EXISTS, f"Table '{name}' already exists", location=node.at)
        return
    statement.require_catalog(name.catalog, node.at)
    given = given_properties(statement, name.catalog, PropertyKind.TABLE, node.properties)
    properties = dict(all_properties(statement, name.catalog, PropertyKind.TABLE, node.properties))
    columns, inherited = _columns(statement, node, name.catalog)
    properties = {**properties, **inherited, **given}
    metadata.access(name.catalog).check_can_create_table(name.schema_table)
    columns = tuple(metadata.supported_column(name.catalog, column, properties) for column in columns)
    table = TableMetadata(name.schema_table, columns, properties, node.comment)
    statement.query.lineage = created_table(metadata, name, columns)
    try:
        metadata.create_table(name.catalog, table, save_mode)
    except LodestarError as error:
        if error.code is not ALREADY_EXISTS or save_mode is SaveMode.FAIL:  # somebody else was faster
            raise


def _is_taken(statement: StatementContext, name: QualifiedName, at: Location) -> bool:
    try:
        return statement.metadata.find_table(name) is not None
    except LodestarError as error:
        if error.code is not UNSUPPORTED_TABLE_TYPE:
            raise
        message = f"Table '{name}' of unsupported type already exists"
        raise LodestarError(TABLE_ALREADY_EXISTS, message, location=at) from error


def _columns(
    statement: StatementContext, node: ast.CreateTable, catalog: str
) -> tuple[tuple[ColumnMetadata, ...], Mapping[str, Any]]:
    """The columns of a new table, and properties taken over from the table that it is like."""
    columns: dict[str, ColumnMetadata] = {}
    inherited: Mapping[str, Any] | None = None
    for element in node.elements:
        if isinstance(element, ast.ColumnDefinition):
            if len(element.name.parts) > 1:
                message = f"Column name '{element.name}' must not be qualified"
                raise LodestarError(NOT_SUPPORTED, message, location=node.at)
            column = defined_column(statement, element, catalog, "does not support non-null column for column name")
            if column.name in columns:
                shown = format_expression(element.name.original_parts[0])
                message = f"Column name '{shown}' specified more than once"
                raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=element.at)
            columns[column.name] = column
            continue
        assert isinstance(element, ast.LikeClause)
        like = _like(statement, node, element, catalog)
        if element.properties_option is ast.PropertiesOption.INCLUDING:
            if inherited is not None:
                message = "Only one LIKE clause can specify INCLUDING PROPERTIES"
                raise LodestarError(NOT_SUPPORTED, message, location=node.at)
            inherited = like.properties
        for column in like.columns:
            if column.hidden:
                continue
            if column.name in columns:
                message = f"Column name '{column.name}' specified more than once"
                raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=element.at)
            columns[column.name] = column
    return tuple(columns.values()), inherited or {}


def defined_column(
    statement: StatementContext, element: ast.ColumnDefinition, catalog: str, refusal: str
) -> ColumnMetadata:
    """A column as CREATE TABLE and ADD COLUMN define it. `refusal`: how NOT NULL is refused.

    Raises: TYPE_NOT_FOUND, COLUMN_TYPE_UNKNOWN, NOT_SUPPORTED, INVALID_COLUMN_PROPERTY.
    """
    shown = format_expression(element.name.original_parts[0])
    type_ = column_type(element.type, shown, element.at)
    connector = statement.metadata.require_catalog(catalog).connector
    if not element.nullable and not connector.supports_not_null_columns:
        message = f"Catalog '{catalog}' {refusal} '{shown}'"
        raise LodestarError(NOT_SUPPORTED, message, location=element.at)
    properties = all_properties(statement, catalog, PropertyKind.COLUMN, element.properties)
    return ColumnMetadata(element.name.parts[0], type_, element.nullable, element.comment, properties=properties)


def column_type(node: ast.DataType, column: str, at: Location) -> Type:
    """The type of a column. Raises: TYPE_NOT_FOUND, COLUMN_TYPE_UNKNOWN."""
    message = f"Unknown type '{format_expression(node)}' for column '{column}'"
    try:
        type_ = resolve_type(node)
    except UnknownType as fault:
        raise LodestarError(TYPE_NOT_FOUND, message, location=at) from fault
    if type_ == UNKNOWN:
        raise LodestarError(COLUMN_TYPE_UNKNOWN, message, location=at)
    return type_


def _like(statement: StatementContext, node: ast.CreateTable, element: ast.LikeClause, catalog: str) -> TableMetadata:
    name = statement.qualify(element.table_name, node.at)
    if statement.metadata.find_catalog(name.catalog) is None:
        message = f"LIKE table catalog '{name.catalog}' not found"
        raise LodestarError(CATALOG_NOT_FOUND, message, location=node.at)
    table = statement.metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"LIKE table '{name}' does not exist", location=node.at)
    if element.properties_option is ast.PropertiesOption.INCLUDING and catalog != name.catalog:
        message = "CREATE TABLE LIKE table INCLUDING PROPERTIES across catalogs is not supported"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    definition = statement.metadata.table_metadata(table)
    access = statement.metadata.access(name.catalog)
    access.check_can_select_from_columns(
        name.schema_table, [column.name for column in definition.columns if not column.hidden]
    )
    if element.properties_option is ast.PropertiesOption.INCLUDING:
        access.check_can_show_create_table(name.schema_table)
    return definition


def drop_table(statement: StatementContext, node: ast.DropTable) -> None:
    """DROP TABLE."""
    name = statement.qualify(node.table_name, node.at)
    refuse_other_kinds(statement, name, node.at, "DROP MATERIALIZED VIEW {}", "DROP VIEW {}")
    table = find_table(statement, name, node.at, may_be_missing=node.exists)
    if table is not None:
        statement.metadata.access(name.catalog).check_can_drop_table(name.schema_table)
        statement.metadata.drop_table(table)


def rename_table(statement: StatementContext, node: ast.RenameTable) -> None:
    """ALTER TABLE … RENAME TO; missing parts of the new name are those of the old one."""
    metadata = statement.metadata
    name = statement.qualify(node.source, node.at)
    refuse_other_kinds(
        statement, name, node.at, "ALTER MATERIALIZED VIEW {} RENAME TO ...", "ALTER VIEW {} RENAME TO ..."
    )
    table = find_table(statement, name, node.at, may_be_missing=node.exists)
    if table is None:
        return
    target = _target_name(name, node.target)
    if metadata.find_catalog(target.catalog) is None:
        message = f"Target catalog '{target.catalog}' not found"
        raise LodestarError(CATALOG_NOT_FOUND, message, location=node.at)
    for found, kind in ((metadata.find_materialized_view, "materialized view"), (metadata.find_view, "view")):
        if found(target) is not None:
            message = f"Target table '{target}' does not exist, but a {kind} with that name exists."
            raise LodestarError(GENERIC_USER_ERROR, message, location=node.at)
    if metadata.find_table(target) is not None:
        message = f"Target table '{target}' already exists"
        raise LodestarError(TABLE_ALREADY_EXISTS, message, location=node.at)
    if target.catalog != name.catalog:
        raise LodestarError(NOT_SUPPORTED, "Table rename across catalogs is not supported", location=node.at)
    if metadata.is_computed(table):
        # Trino takes the names for those of two catalogs: system tables are in one of their own.
        raise LodestarError(SYNTAX_ERROR, "Cannot rename tables across catalogs")
    metadata.access(name.catalog).check_can_rename_table(name.schema_table, target.schema_table)
    metadata.rename_table(table, target.schema_table)


def _target_name(source: QualifiedName, target: ast.QualifiedName) -> QualifiedName:
    if len(target.parts) > 3:
        raise LodestarError(SYNTAX_ERROR, f"Too many dots in table name: {target}")
    return QualifiedName(*(source.catalog, source.schema)[: 3 - len(target.parts)], *target.parts)


def truncate_table(statement: StatementContext, node: ast.TruncateTable) -> None:
    """TRUNCATE TABLE."""
    name = statement.qualify(node.table_name, node.at)
    if statement.metadata.find_materialized_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, "Cannot truncate a materialized view", location=node.at)
    if statement.metadata.find_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, "Cannot truncate a view", location=node.at)
    table = find_table(statement, name, node.at)
    assert table is not None
    statement.metadata.access(name.catalog).check_can_truncate_table(name.schema_table)
    statement.metadata.truncate_table(table)


def set_properties(statement: StatementContext, node: ast.SetProperties) -> None:
    """ALTER TABLE and ALTER MATERIALIZED VIEW … SET PROPERTIES."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    statement.require_catalog(name.catalog, node.at)
    if node.type is ast.SetPropertiesType.MATERIALIZED_VIEW:
        given = given_properties(statement, name.catalog, PropertyKind.MATERIALIZED_VIEW, node.properties)
        _require_materialized_view(statement, node, name)
        metadata.access(name.catalog).check_can_set_materialized_view_properties(name.schema_table)
        metadata.set_materialized_view_properties(name, given)
        return
    properties = given_properties(statement, name.catalog, PropertyKind.TABLE, node.properties)
    for found, kind in ((metadata.find_materialized_view, "materialized view"), (metadata.find_view, "view")):
        if found(name) is not None:
            message = f"Cannot set properties to a {kind} in ALTER TABLE"
            raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    table = metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table does not exist: {name}", location=node.at)
    metadata.access(name.catalog).check_can_set_table_properties(name.schema_table)
    metadata.set_table_properties(table, properties)


def _require_materialized_view(statement: StatementContext, node: ast.SetProperties, name: QualifiedName) -> None:
    if statement.metadata.find_materialized_view(name) is not None:
        return
    hint = ""
    if statement.metadata.find_view(name) is not None:
        hint = ", but a view with that name exists."
    elif statement.metadata.find_table(name) is not None:
        hint = f", but a table with that name exists. Did you mean ALTER TABLE {name} SET PROPERTIES ...?"
    raise LodestarError(TABLE_NOT_FOUND, f"Materialized View '{name}' does not exist{hint}", location=node.at)


def refuse_other_kinds(
    statement: StatementContext, name: QualifiedName, at: Location, materialized: str, view: str
) -> None:
    """The name is a view: say with which statement to change it."""
    for found, kind, instead in (
        (statement.metadata.find_materialized_view, "materialized view", materialized),
        (statement.metadata.find_view, "view", view),
    ):
        if found(name) is not None:
            message = (
                f"Table '{name}' does not exist, but a {kind} with that name exists. "
                f"Did you mean {instead.format(name)}?"
            )
            raise LodestarError(GENERIC_USER_ERROR, message, location=at)


def find_table(
    statement: StatementContext, name: QualifiedName, at: Location, *, may_be_missing: bool = False
) -> CatalogTable | None:
    """The table, None for a missing one under IF EXISTS. Raises: TABLE_NOT_FOUND."""
    table = statement.metadata.find_table(name)
    if table is None and not may_be_missing:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=at)
    return table
