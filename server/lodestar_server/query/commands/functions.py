"""CREATE and DROP FUNCTION: no connector stores functions yet."""

from __future__ import annotations

from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import NOT_FOUND, NOT_SUPPORTED, SYNTAX_ERROR, LodestarError
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.parser import ast


def create_function(statement: StatementContext, node: ast.CreateFunction) -> None:
    """CREATE FUNCTION."""
    name = _qualify(node.specification.name, node)
    statement.metadata.require_catalog(name.catalog)
    not_supported("This connector does not support creating functions")


def drop_function(statement: StatementContext, node: ast.DropFunction) -> None:
    """DROP FUNCTION."""
    name = _qualify(node.name, node)
    statement.metadata.require_catalog(name.catalog)
    if not node.exists:
        raise LodestarError(NOT_FOUND, "Function not found", location=node.at)


def _qualify(name: ast.QualifiedName, node: ast.Statement) -> QualifiedName:
    match len(name.parts):
        case 1:
            message = "Catalog and schema must be specified when function schema is not configured"
        case 2:
            message = "Function name must be unqualified or fully qualified with catalog and schema"
        case 3:
            return QualifiedName(*name.parts)
        case _:
            raise LodestarError(SYNTAX_ERROR, f"Too many dots in function name: {name}", location=node.at)
    raise LodestarError(NOT_SUPPORTED, message, location=node.at)
