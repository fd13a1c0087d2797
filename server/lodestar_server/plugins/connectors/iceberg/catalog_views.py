"""Views of a catalog that keeps Iceberg's own (JDBC, REST), as views of SQL and back.

What Trino does not keep there is not kept here: the path and, without a catalog of the session, its schema.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import replace

from lodestar_server.plugins.connectors.iceberg.definitions import schema_of
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_UNSUPPORTED_VIEW_DIALECT
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import Struct
from lodestar_server.plugins.connectors.iceberg.format.view_metadata import (
    ViewMetadata,
    ViewVersion,
    first_view,
    with_version,
)
from lodestar_server.plugins.connectors.iceberg.snapshots import ENGINE
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.spi.connector import ColumnMetadata, ViewColumn, ViewDefinition
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

DIALECT = "trino"
OWNER = "trino.run-as-owner"
COMMENT = "comment"


def view_definition(name: SchemaTableName, view: ViewMetadata) -> ViewDefinition:
    """Raises: ICEBERG_UNSUPPORTED_VIEW_DIALECT for a view of another engine."""
    text = view.sql(DIALECT)
    if text is None or text["dialect"].lower() != DIALECT:
        dialect = "none" if text is None else text["dialect"]
        raise LodestarError(
            ICEBERG_UNSUPPORTED_VIEW_DIALECT, f"Cannot read unsupported dialect '{dialect}' for view '{name}'"
        )
    version, owner = view.version, view.properties.get(OWNER)
    namespace = ".".join(version.default_namespace)
    return ViewDefinition(
        text["sql"],
        version.default_catalog,
        namespace if namespace and version.default_catalog is not None else None,
        tuple(ViewColumn(one.name, to_trino(one.type), one.doc) for one in view.schema.columns),
        view.properties.get(COMMENT),
        owner,
        owner is None,
    )


def new_view(name: SchemaTableName, view: ViewDefinition, location: str) -> ViewMetadata:
    """Raises: NOT_SUPPORTED for types that Iceberg lacks."""
    return first_view(str(uuid.uuid4()), location, _schema(view), _version(name, view), _properties(view))


def replaced_view(base: ViewMetadata, name: SchemaTableName, view: ViewDefinition, location: str) -> ViewMetadata:
    """Owner and comment stay when the new one has none. Raises: NOT_SUPPORTED."""
    moved = replace(base, properties={**base.properties, **_properties(view)}, location=location)
    return with_version(moved, _schema(view), _version(name, view))


def _schema(view: ViewDefinition) -> Schema:
    return schema_of([ColumnMetadata(one.name, one.type, False, one.comment) for one in view.columns])


def _version(name: SchemaTableName, view: ViewDefinition) -> ViewVersion:
    text = {"type": "sql", "sql": view.original_sql, "dialect": DIALECT}
    return ViewVersion(0, _now(), 0, ENGINE, (text,), view.catalog, tuple(name.schema.split(".")))


def _now() -> int:
    return int(time.time() * 1000)


def _properties(view: ViewDefinition) -> Mapping[str, str]:
    given = {OWNER: None if view.run_as_invoker else view.owner, COMMENT: view.comment}
    return {key: value for key, value in given.items() if value is not None}


def commented_view(base: ViewMetadata, comment: str | None) -> ViewMetadata:
    """None takes the comment away."""
    kept = {key: value for key, value in base.properties.items() if key != COMMENT}
    return replace(base, properties=kept if comment is None else {**kept, COMMENT: comment})


def commented_column(base: ViewMetadata, column: str, comment: str | None) -> ViewMetadata:
    """A new version, with another schema."""
    fields = tuple(replace(one, doc=comment) if one.name == column else one for one in base.schema.columns)
    version = replace(base.version, timestamp_ms=_now(), summary=ENGINE)
    return with_version(base, replace(base.schema, struct=Struct(fields)), version)
