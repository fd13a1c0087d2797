"""Roles, grants and owners: those that catalogs keep. The server keeps none itself: there Trino's refusals answer."""

from __future__ import annotations

from typing import NoReturn

from lodestar_server.query.commands.principals import owner_of, principal_of, role_not_found
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    GENERIC_INTERNAL_ERROR,
    GENERIC_USER_ERROR,
    INVALID_ENTITY_KIND,
    INVALID_PRIVILEGE,
    MISSING_CATALOG_NAME,
    ROLE_ALREADY_EXISTS,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, Privilege
from lodestar_server.sql.parser import ast

_Grants = ast.Grant | ast.Revoke | ast.Deny


def create_role(statement: StatementContext, node: ast.CreateRole) -> None:
    """CREATE ROLE."""
    catalog = _role_catalog(statement, node, node.catalog)
    role, grantor = node.name.value.lower(), _grantor(statement, node.grantor)
    if catalog is None:
        if node.grantor is not None and node.grantor.principal is not None:
            owner_of(node.grantor.principal, node.at)
        not_supported("System roles are not enabled")
    metadata = statement.metadata
    metadata.access(catalog).check_can_create_role(role, grantor)
    if role in metadata.list_roles(catalog):
        raise LodestarError(ROLE_ALREADY_EXISTS, f"Role '{role}' already exists", location=node.at)
    if grantor is not None and grantor.kind is PrincipalKind.ROLE:
        _require_role(statement, node, catalog, grantor.name)
    metadata.create_role(catalog, role, grantor)


def drop_role(statement: StatementContext, node: ast.DropRole) -> None:
    """DROP ROLE."""
    catalog, role = _role_catalog(statement, node, node.catalog), node.name.value.lower()
    if catalog is None:
        if not node.exists:
            raise role_not_found(role, node.at)
        return
    if node.exists and role not in statement.metadata.list_roles(catalog):
        return
    statement.metadata.access(catalog).check_can_drop_role(role)
    _require_role(statement, node, catalog, role)
    statement.metadata.drop_role(catalog, role)


def change_role_grants(statement: StatementContext, node: ast.GrantRoles | ast.RevokeRoles) -> None:
    """GRANT and REVOKE of roles."""
    catalog = _role_catalog(statement, node, node.catalog)
    roles = list(dict.fromkeys(role.value.lower() for role in node.roles))
    grantees = list(dict.fromkeys(principal_of(one) for one in node.grantees))
    grantor = _grantor(statement, node.grantor)
    if catalog is None:
        raise role_not_found(roles[0], node.at)
    named = [*grantees] if grantor is None else [*grantees, grantor]
    for role in dict.fromkeys((*roles, *(one.name for one in named if one.kind is PrincipalKind.ROLE))):
        _require_role(statement, node, catalog, role)
    metadata, access = statement.metadata, statement.metadata.access(catalog)
    if isinstance(node, ast.GrantRoles):
        access.check_can_grant_roles(roles, grantees, grantor)
        metadata.grant_roles(catalog, roles, grantees, node.admin_option, grantor)
    else:
        access.check_can_revoke_roles(roles, grantees, grantor)
        metadata.revoke_roles(catalog, roles, grantees, node.admin_option, grantor)


def _role_catalog(statement: StatementContext, node: ast.Statement, given: ast.Identifier | None) -> str | None:
    """The catalog that keeps the role, None: the server. Raises: CATALOG_NOT_FOUND, NOT_SUPPORTED."""
    if given is None:
        return None
    statement.require_catalog(given.value, node.at)
    statement.metadata.require_role_management(given.value, node.at)
    return given.value


def _grantor(statement: StatementContext, given: ast.GrantorSpecification | None) -> Principal | None:
    if given is None:
        return None
    match given.type:
        case ast.GrantorType.PRINCIPAL:
            assert given.principal is not None
            return principal_of(given.principal)
        case ast.GrantorType.CURRENT_USER:
            return Principal(PrincipalKind.USER, statement.session.user)
        case ast.GrantorType.CURRENT_ROLE:
            not_supported("CURRENT_ROLE is not yet supported")


def _require_role(statement: StatementContext, node: ast.Statement, catalog: str, role: str) -> None:
    if role not in statement.metadata.list_roles(catalog):
        raise role_not_found(role, node.at, catalog)


def change_grants(statement: StatementContext, node: _Grants) -> None:
    """GRANT, REVOKE and DENY of privileges."""
    kind = (node.grant_object.entity_kind or "TABLE").upper()
    name = node.grant_object.name
    if kind == "SCHEMA":
        catalog, schema = statement.qualify_schema(name, node.at)
        if not statement.metadata.schema_exists(catalog, schema):
            raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{catalog}.{schema}' does not exist", location=node.at)
        _change_schema_grants(statement, node, catalog, schema, _privileges(node))
        return
    if kind == "TABLE":
        table = statement.qualify(name, node.at)
        metadata = statement.metadata
        if metadata.find_materialized_view(table) is None and metadata.find_view(table) is None:
            if metadata.find_table(table) is None:
                raise LodestarError(TABLE_NOT_FOUND, f"Table '{table}' does not exist", location=node.at)
        _change_table_grants(statement, node, table, _privileges(node))
        return
    # Nobody manages privileges of other kinds, and asking for them fails without a word.
    raise LodestarError(GENERIC_INTERNAL_ERROR, "Internal error")


def _privileges(node: _Grants) -> list[Privilege]:
    """What is granted; without a list all there is. Raises: INVALID_PRIVILEGE."""
    if node.privileges is None:
        return list(Privilege)
    for privilege in node.privileges:
        if privilege.upper() not in Privilege.__members__:
            raise LodestarError(INVALID_PRIVILEGE, f"Unknown privilege: '{privilege}'", location=node.at)
    return list(dict.fromkeys(Privilege[one.upper()] for one in node.privileges))


def _change_schema_grants(
    statement: StatementContext, node: _Grants, catalog: str, schema: str, privileges: list[Privilege]
) -> None:
    metadata, grantee = statement.metadata, principal_of(node.grantee)
    if not metadata.manages_roles(catalog):
        _refuse(catalog)
    access = metadata.access(catalog)
    for privilege in privileges:
        match node:
            case ast.Grant():
                access.check_can_grant_schema_privilege(privilege, schema)
            case ast.Revoke():
                access.check_can_revoke_schema_privilege(privilege, schema)
            case ast.Deny():
                access.check_can_deny_schema_privilege(privilege, schema)
    match node:
        case ast.Grant():
            metadata.grant_schema_privileges(catalog, schema, privileges, grantee, node.grant_option)
        case ast.Revoke():
            metadata.revoke_schema_privileges(catalog, schema, privileges, grantee, node.grant_option_for)
        case ast.Deny():
            metadata.deny_schema_privileges(catalog, schema, privileges, grantee)


def _change_table_grants(
    statement: StatementContext, node: _Grants, table: QualifiedName, privileges: list[Privilege]
) -> None:
    metadata, grantee, name = statement.metadata, principal_of(node.grantee), table.schema_table
    if not metadata.manages_roles(table.catalog):
        _refuse(table.catalog)
    access = metadata.access(table.catalog)
    for privilege in privileges:
        match node:
            case ast.Grant():
                access.check_can_grant_table_privilege(privilege, name)
            case ast.Revoke():
                access.check_can_revoke_table_privilege(privilege, name)
            case ast.Deny():
                access.check_can_deny_table_privilege(privilege, name)
    match node:
        case ast.Grant():
            metadata.grant_table_privileges(table, privileges, grantee, node.grant_option)
        case ast.Revoke():
            metadata.revoke_table_privileges(table, privileges, grantee, node.grant_option_for)
        case ast.Deny():
            metadata.deny_table_privileges(table, privileges, grantee)


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
    """The connector keeps owners. Raises: ROLE_NOT_FOUND; NOT_SUPPORTED for a role."""
    principal, metadata = principal_of(node.principal), statement.metadata
    if principal.kind is PrincipalKind.ROLE:
        _require_role(statement, node, name[0], principal.name)
    access, owner = metadata.access(name[0]), principal.name
    match node.owned_entity_kind:
        case "SCHEMA":
            access.check_can_set_schema_authorization(name[1], principal)
        case "TABLE":
            access.check_can_set_table_authorization(SchemaTableName(name[1], name[2]), principal)
        case "VIEW":
            access.check_can_set_view_authorization(SchemaTableName(name[1], name[2]), principal)
    if principal.kind is PrincipalKind.ROLE and node.owned_entity_kind != "SCHEMA":
        not_supported(f"Setting {node.owned_entity_kind.lower()} owner type as a role is not supported")
    match node.owned_entity_kind:
        case "SCHEMA":
            metadata.set_schema_owner(name[0], name[1], principal)
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
