"""CREATE and DROP CATALOG."""

from __future__ import annotations

from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import INVALID_CATALOG_PROPERTY, LodestarError
from lodestar_server.spi.types import VARCHAR
from lodestar_server.sql.parser import ast, format_expression


def create_catalog(statement: StatementContext, node: ast.CreateCatalog) -> None:
    """CREATE CATALOG: properties are constant texts."""
    if node.principal is not None:
        not_supported("CREATE CATALOG with AUTHORIZATION is not yet supported")
    properties = {one.name.value: _text(statement, one) for one in node.properties}
    name = node.catalog_name.value.lower()
    connector = format_expression(node.connector_name)
    statement.services.metadata.catalogs.create_dynamic(name, connector, properties, if_not_exists=node.not_exists)


def _text(statement: StatementContext, given: ast.Property) -> str:
    if given.value is None:
        message = "Catalog properties do not support DEFAULT value"
        raise LodestarError(INVALID_CATALOG_PROPERTY, message, location=given.at)
    shown = format_expression(given.value)
    what = f"for catalog property '{given.name.value}'"
    try:
        value = statement.constant(given.value, VARCHAR).value
    except LodestarError as error:
        message = f"Invalid value {what}: Cannot convert [{shown}] to varchar"
        raise LodestarError(INVALID_CATALOG_PROPERTY, message, location=given.at) from error
    if value is None:
        message = f"Invalid null value {what} from [{shown}]"
        raise LodestarError(INVALID_CATALOG_PROPERTY, message, location=given.at)
    return str(value)


def drop_catalog(statement: StatementContext, node: ast.DropCatalog) -> None:
    """DROP CATALOG."""
    if node.cascade:
        not_supported("CASCADE is not yet supported for DROP CATALOG")
    name = node.catalog_name.value.lower()
    if name == "system":
        not_supported("Dropping system catalog is not allowed")
    statement.services.metadata.catalogs.drop_dynamic(name, if_exists=node.exists)
