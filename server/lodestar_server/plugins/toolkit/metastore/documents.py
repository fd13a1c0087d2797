"""Trino's files of a file metastore (`.trinoSchema`, `.trinoPermissions/…`): JSON ↔ the model.

Numbers keep every digit: decimals of statistics are read as Decimal and written as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.plugins.toolkit.metastore.model import (
    Bucketing,
    Database,
    HiveColumn,
    Partition,
    SortingColumn,
    Table,
    TableType,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import PrincipalKind

WRITER_VERSION = "476"
"""The version that Trino wants to find in what it reads."""

_DECIMAL_MARK = "\x00decimal:"
_MARKED = re.compile(r'"\\u0000decimal:([^"]*)"')


def load(content: bytes, what: str) -> dict[str, Any]:
    """A document. Raises: HIVE_INVALID_METADATA."""
    try:
        document = json.loads(content, parse_float=Decimal)
    except ValueError:
        raise LodestarError(HIVE_INVALID_METADATA, f"Invalid metastore document: {what}") from None
    if not isinstance(document, dict):
        raise LodestarError(HIVE_INVALID_METADATA, f"Invalid metastore document: {what}")
    return document


def dump(document: Any) -> bytes:
    """A document as text."""
    text = json.dumps(_marked(document), indent=2, ensure_ascii=False)
    return _MARKED.sub(lambda match: match[1], text).encode()


def _marked(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _DECIMAL_MARK + format(value, "f")
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_marked(item) for item in value]
    return value


def _without_none(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}


# databases


def read_database(name: str, document: Mapping[str, Any]) -> Database:
    """From `.<name>.trinoSchema`."""
    return Database(
        name,
        document.get("location"),
        document.get("ownerName"),
        document.get("comment"),
        document.get("parameters") or {},
        PrincipalKind.ROLE if document.get("ownerType") == "ROLE" else PrincipalKind.USER,
    )


def write_database(database: Database) -> bytes:
    """The inverse."""
    return dump(
        _without_none(
            {
                "writerVersion": WRITER_VERSION,
                "location": database.location,
                "ownerName": database.owner,
                "ownerType": database.owner_kind.value if database.owner else None,
                "comment": database.comment,
                "parameters": dict(database.parameters),
            }
        )
    )


# tables


def read_table(name: SchemaTableName, document: Mapping[str, Any], directory: str) -> Table:
    """From `<directory>/.trinoSchema`; files are in the directory unless there is an external location."""
    try:
        table_type = TableType(document.get("tableType"))
    except ValueError:
        raise LodestarError(HIVE_INVALID_METADATA, f"Unknown type of table {name}") from None
    return Table(
        name,
        document.get("owner"),
        table_type,
        _read_columns(document.get("dataColumns")),
        _read_columns(document.get("partitionColumns")),
        document.get("parameters") or {},
        document.get("storageFormat"),
        document.get("originalStorageFormat") or {},
        document.get("serdeParameters") or {},
        _read_bucketing(document.get("bucketProperty")),
        document.get("externalLocation") or directory,
        document.get("viewOriginalText"),
        document.get("viewExpandedText"),
        document.get("columnStatistics") or {},
    )


def write_table(table: Table) -> bytes:
    """The inverse."""
    return dump(
        _without_none(
            {
                "writerVersion": WRITER_VERSION,
                "owner": table.owner,
                "tableType": table.type.value,
                "dataColumns": _write_columns(table.columns),
                "partitionColumns": _write_columns(table.partition_columns),
                "parameters": dict(table.parameters),
                "storageFormat": table.storage_format,
                "originalStorageFormat": dict(table.original_format) if table.storage_format is None else None,
                "bucketProperty": _write_bucketing(table.bucketing),
                "serdeParameters": dict(table.serde_parameters),
                "externalLocation": table.location if table.type is TableType.EXTERNAL_TABLE else None,
                "viewOriginalText": table.view_original_text,
                "viewExpandedText": table.view_expanded_text,
                "columnStatistics": table.statistics,
            }
        )
    )


def read_partition(values: tuple[str, ...], document: Mapping[str, Any], directory: str) -> Partition:
    """From `<directory>/.trinoSchema`."""
    return Partition(
        values,
        _read_columns(document.get("columns")),
        document.get("parameters") or {},
        document.get("storageFormat"),
        document.get("serdeParameters") or {},
        _read_bucketing(document.get("bucketProperty")),
        document.get("externalLocation") or directory,
        document.get("columnStatistics") or {},
    )


def write_partition(partition: Partition, directory: str) -> bytes:
    """The inverse; a location other than the partition's own directory is kept."""
    elsewhere = partition.location if partition.location != directory else None
    return dump(_without_none({**document_of(partition), "externalLocation": elsewhere}))


def document_of(partition: Partition) -> dict[str, Any]:
    """Everything but its values and its location."""
    return _without_none(
        {
            "columns": _write_columns(partition.columns),
            "parameters": dict(partition.parameters),
            "storageFormat": partition.storage_format,
            "bucketProperty": _write_bucketing(partition.bucketing),
            "serdeParameters": dict(partition.serde_parameters),
            "columnStatistics": partition.statistics,
        }
    )


def write_permissions(user: str) -> bytes:
    """What the creator of a table may do: everything, and hand it on."""
    grantee = {"type": "USER", "name": user}
    return dump(
        [
            {"permission": permission, "grantOption": True, "grantee": grantee}
            for permission in ("SELECT", "INSERT", "UPDATE", "DELETE")
        ]
    )


def _read_columns(documents: Any) -> tuple[HiveColumn, ...]:
    return tuple(HiveColumn(one["name"], one["type"], one.get("comment")) for one in documents or ())


def _write_columns(columns: Sequence[HiveColumn]) -> list[dict[str, Any]]:
    return [
        _without_none({"name": one.name, "type": one.type, "comment": one.comment, "properties": {}}) for one in columns
    ]


def _read_bucketing(document: Any) -> Bucketing | None:
    if not document:
        return None
    return Bucketing(
        tuple(document["bucketedBy"]),
        document["bucketCount"],
        tuple(SortingColumn(one["columnName"], one["order"] == "DESCENDING") for one in document.get("sortedBy") or ()),
    )


def _write_bucketing(bucketing: Bucketing | None) -> dict[str, Any] | None:
    if bucketing is None:
        return None
    return {
        "bucketedBy": list(bucketing.columns),
        "bucketCount": bucketing.count,
        "sortedBy": [
            {"columnName": one.name, "order": "DESCENDING" if one.descending else "ASCENDING"}
            for one in bucketing.sorted_by
        ],
    }
