"""Views as Trino stores them: JSON in base64 inside a comment, so that Hive does not take it for its own.

`/* Presto View: eyJvcmlnaW5hbFNxbCI6… */`
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import orjson

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_VIEW_DATA
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.spi.connector import MaterializedViewDefinition, ViewColumn, ViewDefinition, not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.properties import Duration
from lodestar_server.spi.types import RowField, RowType, Type
from lodestar_server.spi.types.text import parse_type

_STORED = re.compile(r"/\* Presto (?:Materialized )?View: (.*) \*/", re.DOTALL)
EXPANDED_TEXT = "/* Presto View */"
COMMENT = "Presto View"
MARK = "presto_view"
MATERIALIZED_COMMENT = "Presto Materialized View"
MATERIALIZED_TEXT = "/* Presto Materialized View */"


def is_trino_view(table: Table) -> bool:
    """A view of ours or Trino's, not one of Hive's own, nor a materialized one."""
    return table.is_view and table.parameters.get(MARK) == "true" and not is_materialized(table)


def is_materialized(table: Table) -> bool:
    """A materialized view."""
    return table.is_view and table.parameters.get("comment") == MATERIALIZED_COMMENT


def decode_view(table: Table) -> ViewDefinition:
    """Raises: HIVE_INVALID_VIEW_DATA; NOT_SUPPORTED for a view of Hive's own."""
    if not is_trino_view(table):
        not_supported(f"Hive views are not supported: '{table.name}'")
    document = _document(table)
    return ViewDefinition(
        document["originalSql"],
        document.get("catalog"),
        document.get("schema"),
        _columns(document),
        document.get("comment"),
        document.get("owner"),
        document.get("runAsInvoker", False),
        _path(document),
    )


def _document(table: Table) -> Mapping[str, Any]:
    match = _STORED.fullmatch(table.view_original_text or "")
    try:
        document = orjson.loads(base64.b64decode(match[1], validate=True)) if match else None
    except (binascii.Error, orjson.JSONDecodeError):
        document = None
    if not isinstance(document, dict):
        raise LodestarError(HIVE_INVALID_VIEW_DATA, f"Invalid view JSON: {table.name}")
    return document


def _columns(document: Mapping[str, Any]) -> tuple[ViewColumn, ...]:
    return tuple(ViewColumn(one["name"], parse_type(one["type"]), one.get("comment")) for one in document["columns"])


def _path(document: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{one['catalogName']}.{one['schemaName']}" for one in document.get("path") or ())


def encode_view(view: ViewDefinition) -> str:
    """The inverse of `decode_view`."""
    document = {
        "originalSql": view.original_sql,
        "catalog": view.catalog,
        "schema": view.schema,
        "columns": [
            _without_none({"name": one.name, "type": type_id(one.type), "comment": one.comment}) for one in view.columns
        ],
        "comment": view.comment,
        "owner": None if view.run_as_invoker else view.owner,
        "runAsInvoker": view.run_as_invoker,
        "path": [dict(zip(("catalogName", "schemaName"), one.split(".", 1), strict=True)) for one in view.path],
    }
    return f"/* Presto View: {base64.b64encode(orjson.dumps(_without_none(document))).decode()} */"


def decode_materialized_view(table: Table, storage: QualifiedName | None) -> MaterializedViewDefinition:
    """Raises: HIVE_INVALID_VIEW_DATA."""
    document = _document(table)
    grace = document.get("gracePeriod")
    return MaterializedViewDefinition(
        document["originalSql"],
        storage,
        document.get("catalog"),
        document.get("schema"),
        _columns(document),
        None if grace is None else Duration.parse(grace),
        document.get("comment"),
        table.owner,
        _path(document),
    )


def encode_materialized_view(view: MaterializedViewDefinition) -> str:
    """The inverse, of what the text holds."""
    document = {
        "originalSql": view.original_sql,
        "catalog": view.catalog,
        "schema": view.schema,
        "columns": [
            _without_none({"name": one.name, "type": type_id(one.type), "comment": one.comment}) for one in view.columns
        ],
        "gracePeriod": None if view.grace_period is None else str(Duration(view.grace_period)),
        "comment": view.comment,
        "path": [dict(zip(("catalogName", "schemaName"), one.split(".", 1), strict=True)) for one in view.path],
    }
    encoded = base64.b64encode(orjson.dumps(_without_none(document))).decode()
    return f"/* Presto Materialized View: {encoded} */"


def _without_none(document: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in document.items() if value is not None}


def type_id(type_: Type) -> str:
    """A type as Trino stores it: field names in quotes."""
    if isinstance(type_, RowType):
        return f"row({','.join(_field(field) for field in type_.fields)})"
    if type_.children:
        return f"{type_.base}({','.join(type_id(child) for child in type_.children)})"
    return type_.display


def _field(field: RowField) -> str:
    if field.name is None:
        return type_id(field.type)
    quoted = field.name.replace('"', '""')
    return f'"{quoted}" {type_id(field.type)}'


def view_table(name: SchemaTableName, view: ViewDefinition, user: str, query_id: str, connector: str = "Hive") -> Table:
    """A view as a table of the metastore. `connector`: whose it is, in words."""
    return Table(
        name,
        user,
        TableType.VIRTUAL_VIEW,
        (HiveColumn("dummy", "string"),),
        parameters={
            "comment": COMMENT,
            MARK: "true",
            "trino_created_by": f"Trino {connector} connector",
            "trino_version": "476",
            "trino_query_id": query_id,
        },
        view_original_text=encode_view(view),
        view_expanded_text=EXPANDED_TEXT,
    )
