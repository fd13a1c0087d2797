"""Properties in statements: `WITH (name = expression)` to what connectors use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lodestar_server.metadata.catalogs import Catalog
from lodestar_server.metadata.properties import (
    PropertyKind,
    decode_property,
    list_properties,
    require_property,
    unconvertible,
    with_defaults,
)
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.errors import LodestarError
from lodestar_server.sql.parser import ast, format_expression


def all_properties(
    statement: StatementContext, catalog: str, kind: PropertyKind, given: Sequence[ast.Property]
) -> dict[str, Any]:
    """The given properties and the defaults of the others. Raises: the kind's error."""
    declared = list_properties(statement.metadata.require_catalog(catalog).connector, kind)
    return with_defaults(declared, given_properties(statement, catalog, kind, given))


def given_properties(
    statement: StatementContext, catalog: str, kind: PropertyKind, given: Sequence[ast.Property]
) -> dict[str, Any]:
    """The values of the properties that a statement names; DEFAULT gives the default. Raises: the kind's error."""
    owner = statement.metadata.require_catalog(catalog)
    values: dict[str, Any] = {}
    for one in given:
        try:
            values[one.name.value.lower()] = _decode(statement, owner, kind, one)
        except LodestarError as error:
            raise LodestarError(error.code, error.message, location=one.at) from error
    return values


def _decode(statement: StatementContext, owner: Catalog, kind: PropertyKind, given: ast.Property) -> Any:
    declared = require_property(owner, kind, given.name.value.lower())
    if given.value is None:
        return declared.default
    shown = format_expression(given.value)
    try:
        value = statement.constant(given.value, declared.type).value
    except LodestarError as error:
        raise unconvertible(owner, kind, declared, shown) from error
    return decode_property(owner, kind, declared, value, shown)
