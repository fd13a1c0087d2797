"""Names of relations and schemas, completed from the session's catalog and schema."""

from __future__ import annotations

from lodestar_server.spi.errors import (
    MISSING_CATALOG_NAME,
    MISSING_SCHEMA_NAME,
    NOT_SUPPORTED,
    SYNTAX_ERROR,
    Location,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.parser import ast


def qualify(name: ast.QualifiedName, catalog: str | None, schema: str | None, at: Location) -> QualifiedName:
    """The full name of a table, view, procedure or the like.

    Raises: LodestarError(SYNTAX_ERROR | MISSING_SCHEMA_NAME | MISSING_CATALOG_NAME), the last two at `at`.
    """
    parts = name.parts
    if len(parts) > 3:
        raise LodestarError(SYNTAX_ERROR, f"Too many dots in table name: {name}")
    if len(parts) == 1 and schema is None:
        raise _missing_schema(at)
    if len(parts) < 3 and catalog is None:
        raise _missing_catalog(at)
    return QualifiedName(*(catalog or "", schema or "")[: 3 - len(parts)], *parts)


def qualify_schema(
    name: ast.QualifiedName | None, catalog: str | None, schema: str | None, at: Location
) -> tuple[str, str]:
    """Catalog and schema of a written schema name, or of the session's when nothing was written.

    Raises: LodestarError(SYNTAX_ERROR | MISSING_CATALOG_NAME | MISSING_SCHEMA_NAME) at `at`.
    """
    if name is not None:
        if len(name.parts) > 2:
            raise LodestarError(SYNTAX_ERROR, f"Too many parts in schema name: {name}", location=at)
        if len(name.parts) == 2:
            catalog = name.parts[0]
        schema = name.parts[-1]
    if catalog is None:
        raise _missing_catalog(at)
    if schema is None:
        raise _missing_schema(at)
    return catalog, schema


def qualify_function(name: ast.QualifiedName, schema: tuple[str, str] | None, at: Location) -> QualifiedName:
    """The full name of a stored function; `schema` is where unqualified ones are.

    Raises: LodestarError(NOT_SUPPORTED | SYNTAX_ERROR) at `at`.
    """
    match len(name.parts):
        case 1 if schema is not None:
            return QualifiedName(*schema, *name.parts)
        case 1:
            message = "Catalog and schema must be specified when function schema is not configured"
        case 2:
            message = "Function name must be unqualified or fully qualified with catalog and schema"
        case 3:
            return QualifiedName(*name.parts)
        case _:
            raise LodestarError(SYNTAX_ERROR, f"Too many dots in function name: {name}", location=at)
    raise LodestarError(NOT_SUPPORTED, message, location=at)


def _missing_catalog(at: Location) -> LodestarError:
    message = "Catalog must be specified when session catalog is not set"
    return LodestarError(MISSING_CATALOG_NAME, message, location=at)


def _missing_schema(at: Location) -> LodestarError:
    message = "Schema must be specified when session schema is not set"
    return LodestarError(MISSING_SCHEMA_NAME, message, location=at)
