"""Schema, table, column, analyze and materialized view properties: which there are, and what their SQL values mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

from lodestar_server.metadata.catalogs import Catalog
from lodestar_server.spi.connector import Connector
from lodestar_server.spi.errors import (
    INVALID_ANALYZE_PROPERTY,
    INVALID_COLUMN_PROPERTY,
    INVALID_MATERIALIZED_VIEW_PROPERTY,
    INVALID_PROCEDURE_ARGUMENT,
    INVALID_SCHEMA_PROPERTY,
    INVALID_TABLE_PROPERTY,
    INVALID_VIEW_PROPERTY,
    ErrorCode,
    LodestarError,
)
from lodestar_server.spi.properties import PropertyMetadata


class PropertyKind(Enum):
    """What a property belongs to; the value is the word in messages."""

    SCHEMA = "schema property"
    TABLE = "table property"
    COLUMN = "column property"
    ANALYZE = "analyze property"
    VIEW = "view property"
    MATERIALIZED_VIEW = "materialized view property"
    TABLE_PROCEDURE = "table procedure property"

    @property
    def error(self) -> ErrorCode:
        """The code of every fault in such a property."""
        return _ERRORS[self]


_ERRORS = {
    PropertyKind.SCHEMA: INVALID_SCHEMA_PROPERTY,
    PropertyKind.TABLE: INVALID_TABLE_PROPERTY,
    PropertyKind.COLUMN: INVALID_COLUMN_PROPERTY,
    PropertyKind.ANALYZE: INVALID_ANALYZE_PROPERTY,
    PropertyKind.VIEW: INVALID_VIEW_PROPERTY,
    PropertyKind.MATERIALIZED_VIEW: INVALID_MATERIALIZED_VIEW_PROPERTY,
    PropertyKind.TABLE_PROCEDURE: INVALID_PROCEDURE_ARGUMENT,
}


def list_properties(connector: Connector, kind: PropertyKind) -> Sequence[PropertyMetadata]:
    """The connector's declarations."""
    match kind:
        case PropertyKind.SCHEMA:
            return connector.schema_properties()
        case PropertyKind.TABLE:
            return connector.table_properties()
        case PropertyKind.COLUMN:
            return connector.column_properties()
        case PropertyKind.ANALYZE:
            return connector.analyze_properties()
        case PropertyKind.VIEW:
            return ()
        case PropertyKind.MATERIALIZED_VIEW:
            return connector.materialized_view_properties()
        case PropertyKind.TABLE_PROCEDURE:
            return ()


def require_property(catalog: Catalog, kind: PropertyKind, name: str) -> PropertyMetadata:
    """The declaration. Raises: the kind's code when there is none."""
    for declared in list_properties(catalog.connector, kind):
        if declared.name == name:
            return declared
    raise LodestarError(kind.error, f"Catalog '{catalog.name}' {kind.value} '{name}' does not exist")


def unconvertible(catalog: Catalog, kind: PropertyKind, declared: PropertyMetadata, shown: str) -> LodestarError:
    """The error of an expression (as the formatter shows it) that has another type than the property."""
    return LodestarError(
        kind.error,
        f"Invalid value for catalog '{catalog.name}' {kind.value} '{declared.name}': "
        f"Cannot convert [{shown}] to {declared.type}",
    )


def decode_property(catalog: Catalog, kind: PropertyKind, declared: PropertyMetadata, value: Any, shown: str) -> Any:
    """What the connector uses for a SQL value (as in `ir.Constant`, of the declared type).

    Raises: the kind's code for NULL and for values that the connector refuses.
    """
    if value is None:
        raise LodestarError(
            kind.error, f"Invalid null value for catalog '{catalog.name}' {kind.value} '{declared.name}' from [{shown}]"
        )
    try:
        return declared.decode(value)
    except ValueError as fault:
        raise LodestarError(
            kind.error, f"Unable to set catalog '{catalog.name}' {kind.value} '{declared.name}' to [{shown}]: {fault}"
        ) from fault


def with_defaults(declared: Iterable[PropertyMetadata], given: Mapping[str, Any]) -> dict[str, Any]:
    """The given (decoded) values and the defaults of the others; unset properties without default are absent."""
    values = {one.name: one.default for one in declared if one.default is not None}
    values.update(given)
    return values


def encode_properties(
    declared: Iterable[PropertyMetadata], values: Mapping[str, Any]
) -> list[tuple[PropertyMetadata, Any]]:
    """Decoded values as SQL values, for SHOW CREATE, in alphabetical order; unset ones are left out."""
    known = {one.name: one for one in declared}
    return [
        (known[name], known[name].encode(values[name]))
        for name in sorted(values)
        if name in known and values[name] is not None
    ]
