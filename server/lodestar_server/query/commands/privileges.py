"""Roles, grants and owners. Nothing manages them yet: the statements are checked, then refused as Trino does."""

from __future__ import annotations

from typing import NoReturn

from lodestar_server.query.commands.principals import owner_of, role_not_found
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    GENERIC_USER_ERROR,
    INVALID_ENTITY_KIND,
    INVALID_PRIVILEGE,
    MISSING_CATALOG_NAME,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.parser import ast

_PRIVILEGES = frozenset({"CREATE", "SELECT", "INSERT", "UPDATE", "DELETE"})
_RoleStatement = ast.CreateRole | ast.DropRole | ast.GrantRoles | ast.RevokeRoles


def create_role(statement: StatementContext, node: ast.CreateRole) -> None:
    """CREATE ROLE."""
    _check_catalog(statement, node)
    if node.grantor is not None and node.grantor.principal is not None:
        owner_of(node.grantor.principal, node.at)
    not_supported("System roles are not enabled")


def drop_role(statement: StatementContext, node: ast.DropRole) -> None:
    """DROP ROLE."""
    _check_catalog(statement, node)
    if not node.exists:
        raise role_not_found(node.name.value.lower(), node.at)


def change_role_grants(statement: StatementContext, node: ast.GrantRoles | ast.RevokeRoles) -> None:
    """GRANT and REVOKE of roles."""
    _check_catalog(statement, node)
    raise role_not_found(node.roles[0].value.lower(), node.at)


def _check_catalog(statement: StatementContext, node: _RoleStatement) -> None:
    if node.catalog is not None:
        catalog = node.catalog.value
        statement.require_catalog(catalog, node.at)
        statement.metadata.refuse_roles(catalog, node.at)


def change_grants(statement: StatementContext, node: ast.Grant | ast.Revoke | ast.Deny) -> None:
    """GRANT, REVOKE and DENY of privileges."""
    kind = (node.grant_object.entity_kind or "TABLE").upper()
    name = node.grant_object.name
    if kind == "SCHEMA":
        catalog, schema = statement.qualify_schema(name, node.at)
        if not statement.metadata.schema_exists(catalog, schema):
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{catalog}.{schema}' does not exist", location=node.at)
        _check_privileges(node)
        _refuse_grants(statement, node, catalog, "schemas")
    if kind == "TABLE":
        table = statement.qualify(name, node.at)
        metadata = statement.metadata
        if metadata.find_materialized_view(table) is None and metadata.find_view(table) is None:
            if metadata.find_table(table) is None:
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{table}' does not exist", location=node.at)
        _check_privileges(node)
        _refuse_grants(statement, node, table.catalog, "tables")
    for privilege in node.privileges or ():
        message = f"Privilege {privilege} is not supported for entity kind {node.grant_object.entity_kind}"
        raise LodestarError(INVALID_PRIVILEGE, message)
    _refuse(str(name))


def _check_privileges(node: ast.Grant | ast.Revoke | ast.Deny) -> None:
    for privilege in node.privileges or ():
        if privilege.upper() not in _PRIVILEGES:
            raise LodestarError(INVALID_PRIVILEGE, f"Unknown privilege: '{privilege}'", location=node.at)


def _refuse_grants(
    statement: StatementContext, node: ast.Grant | ast.Revoke | ast.Deny, catalog: str, what: str
) -> NoReturn:
    if statement.metadata.require_catalog(catalog).connector.manages_owners:
        verb = {ast.Grant: "grants", ast.Revoke: "revokes", ast.Deny: "denys"}[type(node)]
        not_supported(f"This connector does not support {verb} on {what}")
    _refuse(catalog)


def _refuse(catalog: str) -> NoReturn:
    not_supported(f"Catalog does not support permission management: {catalog}")


def set_authorization(statement: StatementContext, node: ast.SetAuthorizationStatement) -> None:
    """ALTER … SET AUTHORIZATION."""
    name = _owned_name(statement, node)
    match node.owned_entity_kind:
        case "SCHEMA":
            catalog, schema = name
            if not statement.metadata.schema_exists(catalog, schema):
                message = f"Schema '{catalog}.{schema}' does not exist"
                raise LodestarError(SCHEMA_NOT_FOUND, message, location=node.at)
        case "TABLE":
            statement.require_catalog(name[0], node.at)
            table = QualifiedName(*name)
            keeps_owners = statement.metadata.require_catalog(name[0]).connector.manages_owners
            found = statement.metadata.find_table(table)
            if found is None and (keeps_owners or statement.metadata.find_view(table) is None):
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{table}' does not exist", location=node.at)
        case "VIEW":
            statement.require_catalog(name[0], node.at)
            view = QualifiedName(*name)
            if statement.metadata.find_view(view) is None:
                raise LodestarError(TABLE_NOT_FOUND, f"View '{view}' does not exist", location=node.at)
    if statement.metadata.require_catalog(name[0]).connector.manages_owners:
        _set_owner(statement, node, name)
        return
    owner_of(node.principal, node.at)
    _refuse(name[0])


def _set_owner(statement: StatementContext, node: ast.SetAuthorizationStatement, name: list[str]) -> None:
    """The connector keeps owners. Raises: NOT_SUPPORTED for a role."""
    if node.principal.type is ast.PrincipalType.ROLE:
        not_supported("This connector does not support roles")
    owner, metadata = node.principal.name.value, statement.metadata
    match node.owned_entity_kind:
        case "SCHEMA":
            metadata.set_schema_owner(name[0], name[1], owner)
        case "TABLE":
            metadata.set_table_owner(metadata.require_table(QualifiedName(*name)), owner)
        case "VIEW":
            metadata.set_view_owner(QualifiedName(*name), owner)


def _owned_name(statement: StatementContext, node: ast.SetAuthorizationStatement) -> list[str]:
    """The parts of the entity's name, completed from the session."""
    session, parts = statement.session, list(node.source.parts)
    shown = ".".join(parts)
    match node.owned_entity_kind:
        case "SCHEMA":
            if len(parts) > 2:
                raise LodestarError(GENERIC_USER_ERROR, f"Invalid entity {shown} for entity kind SCHEMA")
            return list(statement.qualify_schema(node.source, node.at))
        case "TABLE" | "VIEW" as kind:
            if len(parts) > 3:
                message = f"Invalid entity {shown} for entity kind {kind}"
                raise LodestarError(INVALID_ENTITY_KIND, message, location=node.at)
            missing = [session.catalog, session.schema][: 3 - len(parts)]
            known = [part for part in missing if part is not None]
            if len(known) < len(missing):
                what = "Catalog" if len(parts) == 2 else "Catalog and schema name"
                how = "catalog is" if len(parts) == 2 else "catalog and schema are"
                message = f"{what} must be specified when session {how} not set"
                raise LodestarError(MISSING_CATALOG_NAME, message, location=node.at)
            return [*known, *parts]
    return parts
