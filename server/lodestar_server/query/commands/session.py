"""Statements about the client's session: USE, SET and RESET, prepared statements. Their effect travels in headers."""

from __future__ import annotations

from lodestar_server.query.session_properties import find_property, property_text
from lodestar_server.query.statement import StatementContext
from lodestar_server.session import Capability, RoleKind, SelectedRole
from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import (
    CATALOG_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    GENERIC_USER_ERROR,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_LITERAL,
    INVALID_SESSION_PROPERTY,
    MISSING_CATALOG_NAME,
    NOT_FOUND,
    NOT_SUPPORTED,
    ROLE_NOT_FOUND,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import INTERVAL_DAY_SECOND, VarcharType
from lodestar_server.spi.zones import MAX_OFFSET_MINUTES
from lodestar_server.sql.analysis.constants import constant_type
from lodestar_server.sql.parser import ast, format_expression, format_statement, parse_statement

_MINUTE = 60_000


def use(statement: StatementContext, node: ast.Use) -> None:
    """USE: the catalog and the schema have to exist."""
    session = statement.session
    catalog = session.catalog if node.catalog is None else node.catalog.value.lower()
    if catalog is None:
        message = "Catalog must be specified when session catalog is not set"
        raise LodestarError(MISSING_CATALOG_NAME, message, location=node.at)
    if statement.metadata.find_catalog(catalog) is None:
        raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{catalog}' not found")
    schema = node.schema.value.lower()
    if not statement.metadata.schema_exists(catalog, schema):
        raise LodestarError(NOT_FOUND, f"Schema does not exist: {catalog}.{schema}")
    if node.catalog is not None:
        statement.changes.set_catalog = catalog
    statement.changes.set_schema = schema


def set_session(statement: StatementContext, node: ast.SetSession) -> None:
    """SET SESSION: the value is checked here, once, and sent back as text."""
    if len(node.name.parts) == 2 and statement.metadata.find_catalog(node.name.parts[0]) is not None:
        statement.metadata.access(node.name.parts[0]).check_can_set_catalog_session_property(node.name.parts[1])
    statement.changes.set_session[str(node.name)] = property_text(statement, node.name, node.value)


def reset_session(statement: StatementContext, node: ast.ResetSession) -> None:
    """RESET SESSION."""
    if len(node.name.parts) > 2:
        raise LodestarError(INVALID_SESSION_PROPERTY, f"Invalid session property '{node.name}'", location=node.at)
    if find_property(statement, node.name, node.at) is None:
        message = f"Session property '{node.name}' does not exist"
        raise LodestarError(INVALID_SESSION_PROPERTY, message, location=node.at)
    statement.changes.clear_session.append(str(node.name))


def set_time_zone(statement: StatementContext, node: ast.SetTimeZone) -> None:
    """SET TIME ZONE: a name, an offset as an interval, or LOCAL for the client's own."""
    if node.time_zone is None:
        statement.changes.clear_session.append("time_zone_id")
        return
    type_ = constant_type(statement.new_analysis(), node.time_zone)
    if not isinstance(type_, VarcharType) and type_ != INTERVAL_DAY_SECOND:
        message = (
            "Expected expression of varchar or interval day-time type, "
            f"but '{format_expression(node.time_zone)}' has {type_.display} type"
        )
        raise LodestarError(TYPE_MISMATCH, message)
    value = statement.constant(node.time_zone).value
    statement.changes.set_session["time_zone_id"] = require_zone(value if isinstance(value, str) else _offset(value))


def _offset(milliseconds: int) -> str:
    minutes, rest = divmod(abs(milliseconds), _MINUTE)
    if rest:
        message = "Invalid TIME ZONE offset interval: interval contains seconds"
        raise LodestarError(INVALID_LITERAL, message)
    if minutes > MAX_OFFSET_MINUTES:
        signed = minutes if milliseconds > 0 else -minutes
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"Invalid offset minutes {signed}")
    return f"{'-' if milliseconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"


def set_path(statement: StatementContext, node: ast.SetPath) -> None:
    """SET PATH."""
    session = statement.session
    if Capability.PATH not in session.capabilities:
        raise LodestarError(NOT_SUPPORTED, "SET PATH not supported by client")
    texts: list[str] = []
    for element in node.path_specification.path:
        text = format_expression(element.schema)
        if element.catalog is not None:
            statement.require_catalog(element.catalog.value.lower(), node.at)
            text = f"{format_expression(element.catalog)}.{text}"
        elif session.catalog is None:
            message = "Catalog must be specified for each path element when session catalog is not set"
            raise LodestarError(MISSING_CATALOG_NAME, message, location=node.at)
        texts.append(text)
    statement.changes.set_path = ", ".join(texts)


def set_role(statement: StatementContext, node: ast.SetRole) -> None:
    """SET ROLE: in a catalog that keeps roles; the server has none but those that all may choose, ALL and NONE."""
    role = None if node.role is None else node.role.value.lower()
    if node.catalog is not None:
        catalog, metadata = node.catalog.value, statement.metadata
        statement.require_catalog(catalog, node.at)
        metadata.require_role_management(catalog, node.at)
        if role is not None:
            if role not in metadata.list_roles(catalog):
                raise LodestarError(ROLE_NOT_FOUND, f"Role '{role}' does not exist", location=node.at)
            metadata.access(catalog).check_can_set_role(role)
        statement.changes.set_roles[catalog] = SelectedRole(RoleKind[node.type.name], role)
        return
    if node.type is ast.SetRoleType.ROLE:
        assert node.role is not None
        message = f"Role '{node.role.value.lower()}' does not exist"
        raise LodestarError(ROLE_NOT_FOUND, message, location=node.at)
    statement.changes.set_roles["system"] = SelectedRole(RoleKind[node.type.name])


def set_session_authorization(statement: StatementContext, node: ast.SetSessionAuthorization) -> None:
    """SET SESSION AUTHORIZATION: the original user has to be allowed to act for the other."""
    _check_authorization(statement, "SET SESSION AUTHORIZATION not supported by client", "set")
    assert isinstance(node.user, ast.Identifier | ast.StringLiteral)
    user = node.user.value
    original = statement.session.original_identity
    if original.user != user:
        statement.services.access.check_can_impersonate(original.user, user)
    roles = sorted(original.roles)
    role = SelectedRole(RoleKind.NONE)
    if roles:
        role = SelectedRole(RoleKind.ROLE, roles[0]) if len(roles) == 1 else SelectedRole(RoleKind.ALL)
    statement.changes.set_authorization_user = user
    statement.changes.set_original_roles.append(role)


def reset_session_authorization(statement: StatementContext, node: ast.ResetSessionAuthorization) -> None:
    """RESET SESSION AUTHORIZATION."""
    _check_authorization(statement, "RESET SESSION AUTHORIZATION not supported by client", "reset")
    statement.changes.reset_authorization_user = True


def _check_authorization(statement: StatementContext, unsupported: str, verb: str) -> None:
    if Capability.SESSION_AUTHORIZATION not in statement.session.capabilities:
        raise LodestarError(NOT_SUPPORTED, unsupported)
    if not statement.transaction.autocommit:
        message = f"Can't {verb} authorization user in the middle of a transaction"
        raise LodestarError(GENERIC_USER_ERROR, message)


def prepare(statement: StatementContext, node: ast.Prepare) -> None:
    """PREPARE: the client keeps the text, as Trino formats it."""
    inner = node.statement
    if isinstance(inner, ast.Prepare | ast.Execute | ast.Deallocate):
        message = f"Invalid statement type for prepared statement: {type(inner).__name__.upper()}"
        raise LodestarError(NOT_SUPPORTED, message)
    text = format_statement(inner)
    _check_text(text)
    statement.changes.added_prepare[node.name.value] = text


def _check_text(text: str) -> None:
    """A formatted text is not always one that parses: the formatter writes the bare table of a MERGE as a query."""
    try:
        parse_statement(text)
    except LodestarError:
        raise LodestarError(GENERIC_INTERNAL_ERROR, "Formatted query does not parse") from None


def deallocate(statement: StatementContext, node: ast.Deallocate) -> None:
    """DEALLOCATE PREPARE."""
    statement.session.prepared_text(node.name.value)
    statement.changes.deallocated_prepare.append(node.name.value)
