"""CREATE, DROP and ALTER SCHEMA."""

from __future__ import annotations

from lodestar_server.metadata.properties import PropertyKind
from lodestar_server.query.commands.principals import principal_of, role_not_found
from lodestar_server.query.properties import all_properties
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    SCHEMA_ALREADY_EXISTS,
    SCHEMA_NOT_EMPTY,
    SCHEMA_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.sql.parser import ast


def create_schema(statement: StatementContext, node: ast.CreateSchema) -> None:
    """CREATE SCHEMA."""
    metadata = statement.metadata
    catalog, schema = statement.qualify_schema(node.schema_name, node.at)
    statement.require_catalog(catalog, node.at)
    properties = all_properties(statement, catalog, PropertyKind.SCHEMA, node.properties)
    if metadata.schema_exists(catalog, schema):
        if not node.not_exists:
            message = f"Schema '{catalog}.{schema}' already exists"
            raise LodestarError(SCHEMA_ALREADY_EXISTS, message, location=node.at)
        return
    metadata.access(catalog).check_can_create_schema(schema)
    owner = _owner(statement, node, catalog)
    try:
        metadata.create_schema(catalog, schema, properties, owner.name if owner.kind is PrincipalKind.USER else None)
    except LodestarError as error:
        if error.code is not ALREADY_EXISTS or not node.not_exists:  # somebody else was faster
            raise
        return
    if owner.kind is PrincipalKind.ROLE:
        metadata.set_schema_owner(catalog, schema, owner)


def _owner(statement: StatementContext, node: ast.CreateSchema, catalog: str) -> Principal:
    """Who AUTHORIZATION says, else the user. Raises: ROLE_NOT_FOUND; NOT_SUPPORTED where there are no roles."""
    if node.principal is None:
        return Principal(PrincipalKind.USER, statement.session.user)
    principal, metadata = principal_of(node.principal), statement.metadata
    if principal.kind is PrincipalKind.ROLE:
        if not (metadata.require_catalog(catalog).connector.controls_access and metadata.manages_roles(catalog)):
            not_supported("This connector does not support roles")
        if principal.name not in metadata.list_roles(catalog):
            raise role_not_found(principal.name, node.at, catalog)
    return principal


def drop_schema(statement: StatementContext, node: ast.DropSchema) -> None:
    """DROP SCHEMA."""
    metadata = statement.metadata
    catalog, schema = statement.qualify_schema(node.schema_name, node.at)
    if not metadata.schema_exists(catalog, schema):
        if not node.exists:
            raise _missing(catalog, schema, node)
        return
    if not node.cascade and not metadata.schema_is_empty(catalog, schema):
        message = f"Cannot drop non-empty schema '{schema}'"
        raise LodestarError(SCHEMA_NOT_EMPTY, message, location=node.at)
    metadata.access(catalog).check_can_drop_schema(schema)
    metadata.drop_schema(catalog, schema, cascade=node.cascade)


def rename_schema(statement: StatementContext, node: ast.RenameSchema) -> None:
    """ALTER SCHEMA … RENAME TO."""
    metadata = statement.metadata
    catalog, schema = statement.qualify_schema(node.source, node.at)
    target = node.target.value.lower()
    if not metadata.schema_exists(catalog, schema):
        raise _missing(catalog, schema, node)
    if metadata.schema_exists(catalog, target):
        message = f"Target schema '{catalog}.{target}' already exists"
        raise LodestarError(SCHEMA_ALREADY_EXISTS, message, location=node.at)
    metadata.access(catalog).check_can_rename_schema(schema, target)
    metadata.rename_schema(catalog, schema, target)


def _missing(catalog: str, schema: str, node: ast.Statement) -> LodestarError:
    return LodestarError(SCHEMA_NOT_FOUND, f"Schema '{catalog}.{schema}' does not exist", location=node.at)
