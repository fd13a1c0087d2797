"""Session properties that statements set: SET SESSION for the client, WITH SESSION for one query."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.metadata.facade import Metadata
from lodestar_server.query.statement import StatementContext
from lodestar_server.query.suggestions import similar_names
from lodestar_server.session.system_properties import encode_text
from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import INVALID_SESSION_PROPERTY, NOT_SUPPORTED, Location, LodestarError
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.sql.parser import ast, format_expression


def property_text(statement: StatementContext, name: ast.QualifiedName, value: ast.Expression) -> str:
    """The checked value of a property, as the text that travels in headers. Raises: INVALID_SESSION_PROPERTY."""
    declared = _require(statement, name, value.at)
    try:
        constant = statement.constant(value, declared.type).value
        if constant is None:
            raise LodestarError(INVALID_SESSION_PROPERTY, "Session property value must not be null")
    except LodestarError as error:
        shown = format_expression(value)
        message = f"Unable to set session property '{name}' to '{shown}': {error.message}"
        raise LodestarError(INVALID_SESSION_PROPERTY, message) from error
    try:
        declared.decode(constant)
    except ValueError as fault:
        raise LodestarError(INVALID_SESSION_PROPERTY, str(fault), location=value.at) from fault
    except LodestarError as fault:
        code = INVALID_SESSION_PROPERTY if fault.code is NOT_SUPPORTED else fault.code
        raise LodestarError(code, fault.message, location=value.at) from None
    return encode_text(declared.type, constant)


def find_property(statement: StatementContext, name: ast.QualifiedName, at: Location) -> PropertyMetadata | None:
    """The declaration of `name` or `catalog.name`. Raises: CATALOG_NOT_FOUND."""
    parts = name.parts
    if len(parts) == 1:
        return statement.services.system_properties.find(parts[0])
    statement.require_catalog(parts[0], at)
    return statement.metadata.session_property_metadata(parts[0]).get(parts[1])


def _require(statement: StatementContext, name: ast.QualifiedName, at: Location) -> PropertyMetadata:
    parts = name.parts
    if len(parts) > 2:
        raise LodestarError(INVALID_SESSION_PROPERTY, f"Invalid session property '{name}'")
    declared = find_property(statement, name, at)
    if declared is None:
        message = f"Session property '{name}' does not exist" + _suggest(parts, _known(statement, parts))
        raise LodestarError(INVALID_SESSION_PROPERTY, message, location=at)
    return declared


def _known(statement: StatementContext, parts: tuple[str, ...]) -> list[str]:
    if len(parts) == 1:
        known = list(statement.services.system_properties)
    else:
        known = list(statement.metadata.session_property_metadata(parts[0]).values())
    return [one.name for one in known if not one.hidden]


def _suggest(parts: tuple[str, ...], known: list[str]) -> str:
    prefix = "" if len(parts) == 1 else f"{parts[0]}."
    found = [f"'{prefix}{name}'" for name in similar_names(parts[-1], known)]
    if not found:
        return ""
    listed = found[0] if len(found) == 1 else f"{', '.join(found[:-1])} or {found[-1]}"
    return f". Did you mean to use {listed}?"


def with_session(statement: StatementContext, query: ast.Query) -> StatementContext:
    """The context of a query with WITH SESSION: the same transaction, other properties."""
    if not query.session_properties:
        return statement
    session = statement.session
    system, catalogs = dict(session.system_properties), {k: dict(v) for k, v in session.catalog_properties.items()}
    for one in query.session_properties:
        text = property_text(statement, one.name, one.value)
        if len(one.name.parts) == 1:
            system[one.name.parts[0]] = text
        else:
            catalogs.setdefault(one.name.parts[0], {})[one.name.parts[1]] = text
    changed = replace(session, system_properties=system, catalog_properties=catalogs)
    zone = require_zone(system["time_zone_id"]) if "time_zone_id" in system else statement.query.time_zone
    context = replace(statement.query, session=changed, time_zone=zone)
    services = statement.services.metadata
    metadata = Metadata(services, changed, statement.transaction, time_zone=zone)
    return replace(statement, query=context, metadata=metadata)
