"""COMMENT ON TABLE, VIEW and COLUMN."""

from __future__ import annotations

from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import MaterializedViewDefinition, ViewDefinition
from lodestar_server.spi.errors import COLUMN_NOT_FOUND, MISSING_TABLE, TABLE_NOT_FOUND, LodestarError
from lodestar_server.sql.parser import ast

_UNSUPPORTED = ", but a materialized view with that name exists. Setting comments on materialized views is unsupported."


def comment(statement: StatementContext, node: ast.Comment) -> None:
    """COMMENT ON."""
    match node.type:
        case ast.CommentType.TABLE:
            _on_table(statement, node)
        case ast.CommentType.VIEW:
            _on_view(statement, node)
        case ast.CommentType.COLUMN:
            _on_column(statement, node)


def _on_table(statement: StatementContext, node: ast.Comment) -> None:
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    hint = None
    if metadata.find_materialized_view(name) is not None:
        hint = _UNSUPPORTED
    elif metadata.find_view(name) is not None:
        hint = f", but a view with that name exists. Did you mean COMMENT ON VIEW {name} IS ...?"
    if hint is not None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist{hint}", location=node.at)
    table = metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table does not exist: {name}", location=node.at)
    metadata.access(name.catalog).check_can_set_table_comment(name.schema_table)
    metadata.set_table_comment(table, node.comment)


def _on_view(statement: StatementContext, node: ast.Comment) -> None:
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    if metadata.find_view(name) is None:
        hint = ""
        if metadata.find_materialized_view(name) is not None:
            hint = _UNSUPPORTED
        elif metadata.find_table(name) is not None:
            hint = f", but a table with that name exists. Did you mean COMMENT ON TABLE {name} IS ...?"
        raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' does not exist{hint}", location=node.at)
    metadata.access(name.catalog).check_can_set_view_comment(name.schema_table)
    metadata.set_view_comment(name, node.comment)


def _on_column(statement: StatementContext, node: ast.Comment) -> None:
    metadata = statement.metadata
    prefix = node.name.prefix
    if prefix is None:
        raise LodestarError(MISSING_TABLE, "Table must be specified", location=node.at)
    name = statement.qualify(prefix, node.at)
    column = node.name.suffix
    view = metadata.find_view(name)
    if view is not None:
        metadata.access(name.catalog).check_can_set_column_comment(name.schema_table)
        metadata.set_view_column_comment(name, _view_column(view, column, node), node.comment)
        return
    materialized = metadata.find_materialized_view(name)
    if materialized is not None:
        metadata.access(name.catalog).check_can_set_column_comment(name.schema_table)
        metadata.set_materialized_view_column_comment(name, _view_column(materialized, column, node), node.comment)
        return
    table = metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table does not exist: {name}", location=node.at)
    metadata.access(name.catalog).check_can_set_column_comment(name.schema_table)
    handles = metadata.column_handles(table)
    if column not in handles:
        raise _missing(column, node)
    metadata.set_column_comment(table, handles[column], node.comment)


def _view_column(view: ViewDefinition | MaterializedViewDefinition, name: str, node: ast.Comment) -> str:
    for column in view.columns:
        if column.name.lower() == name:
            return column.name
    raise _missing(name, node)


def _missing(column: str, node: ast.Comment) -> LodestarError:
    return LodestarError(COLUMN_NOT_FOUND, f"Column does not exist: {column}", location=node.at)
