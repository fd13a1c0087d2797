"""Views as Trino stores them: JSON in base64 inside a comment, so that Hive does not take it for its own.

`/* Presto View: eyJvcmlnaW5hbFNxbCI6… */`
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

import orjson

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_VIEW_DATA
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.spi.connector import ViewColumn, ViewDefinition, not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import RowField, RowType, Type
from lodestar_server.spi.types.text import parse_type

_STORED = re.compile(r"/\* Presto View: (.*) \*/", re.DOTALL)
EXPANDED_TEXT = "/* Presto View */"
COMMENT = "Presto View"
MARK = "presto_view"


def is_trino_view(table: Table) -> bool:
    """A view of ours or Trino's, not one of Hive's own."""
    return table.is_view and table.parameters.get(MARK) == "true"


def decode_view(table: Table) -> ViewDefinition:
    """Raises: HIVE_INVALID_VIEW_DATA; NOT_SUPPORTED for a view of Hive's own."""
    if not is_trino_view(table):
        not_supported(f"Hive views are not supported: '{table.name}'")
    match = _STORED.fullmatch(table.view_original_text or "")
    try:
        document = orjson.loads(base64.b64decode(match[1], validate=True)) if match else None
    except (binascii.Error, orjson.JSONDecodeError):
        document = None
    if not isinstance(document, dict):
        raise LodestarError(HIVE_INVALID_VIEW_DATA, f"Invalid view JSON: {table.name}")
    return ViewDefinition(
        document["originalSql"],
        document.get("catalog"),
        document.get("schema"),
        tuple(ViewColumn(one["name"], parse_type(one["type"]), one.get("comment")) for one in document["columns"]),
        document.get("comment"),
        document.get("owner"),
        document.get("runAsInvoker", False),
        tuple(f"{one['catalogName']}.{one['schemaName']}" for one in document.get("path") or ()),
    )


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


def view_table(name: SchemaTableName, view: ViewDefinition, user: str, query_id: str) -> Table:
    """A view as a table of the metastore."""
    return Table(
        name,
        user,
        TableType.VIRTUAL_VIEW,
        (HiveColumn("dummy", "string"),),
        parameters={
            "comment": COMMENT,
            MARK: "true",
            "trino_created_by": "Trino Hive connector",
            "trino_version": "476",
            "trino_query_id": query_id,
        },
        view_original_text=encode_view(view),
        view_expanded_text=EXPANDED_TEXT,
    )
