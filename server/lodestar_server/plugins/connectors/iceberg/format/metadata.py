"""Table metadata: the JSON document that a commit replaces, as a frozen value.

Lists of JSON that nobody here looks into (statistics, logs, encryption keys) are kept as they are.
Source: the specification's "Table Metadata Fields".
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from lodestar_server.plugins.connectors.iceberg.format.partitioning import (
    PartitionSpec,
    SortOrder,
    read_order,
    read_spec,
    write_order,
    write_spec_fields,
)
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, read_schema, write_schema
from lodestar_server.plugins.connectors.iceberg.format.types import IcebergType, Primitive
from lodestar_server.spi.values import frozen

MAIN = "main"


@frozen
class Snapshot:
    """The table's content at one time. `summary` has `operation` (append, delete, overwrite, replace) and counts."""

    id: int
    parent_id: int | None
    sequence_number: int
    timestamp_ms: int
    summary: Mapping[str, str]
    manifest_list: str | None
    schema_id: int | None
    manifests: tuple[str, ...] = ()
    """Of old tables that have no manifest list."""
    first_row_id: int | None = None
    added_rows: int | None = None
    """Since version 3, rows are numbered: those that the snapshot added, and how many numbers it has used."""

    @property
    def operation(self) -> str | None:
        """What made it."""
        return self.summary.get("operation")


@dataclass(frozen=True)
class TableMetadata:
    """`refs` are branches and tags as JSON; `main` is the current snapshot."""

    format_version: int
    uuid: str
    location: str
    last_sequence_number: int
    last_updated_ms: int
    last_column_id: int
    schemas: tuple[Schema, ...]
    current_schema_id: int
    specs: tuple[PartitionSpec, ...]
    default_spec_id: int
    last_partition_id: int
    orders: tuple[SortOrder, ...]
    default_order_id: int
    properties: Mapping[str, str] = field(default_factory=dict)
    current_snapshot_id: int | None = None
    snapshots: tuple[Snapshot, ...] = ()
    refs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    statistics: tuple[Mapping[str, Any], ...] = ()
    partition_statistics: tuple[Mapping[str, Any], ...] = ()
    snapshot_log: tuple[Mapping[str, Any], ...] = ()
    metadata_log: tuple[Mapping[str, Any], ...] = ()
    next_row_id: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """The current one."""
        return self.schema_of(self.current_schema_id)

    def schema_of(self, id_: int | None) -> Schema:
        """By id; the current one when there is no such schema."""
        for one in self.schemas:
            if one.id == id_:
                return one
        return next(one for one in self.schemas if one.id == self.current_schema_id)

    @property
    def spec(self) -> PartitionSpec:
        """The one that new files are written with."""
        return self.spec_of(self.default_spec_id)

    def spec_of(self, id_: int) -> PartitionSpec:
        """By id."""
        return next(one for one in self.specs if one.id == id_)

    @property
    def order(self) -> SortOrder:
        """The one that new files are written with."""
        return next(one for one in self.orders if one.id == self.default_order_id)

    @property
    def current_snapshot(self) -> Snapshot | None:
        """None for a table to which nothing was ever written."""
        return self.snapshot(self.current_snapshot_id)

    def snapshot(self, id_: int | None) -> Snapshot | None:
        """By id."""
        return next((one for one in self.snapshots if one.id == id_), None)

    def source_type(self, source_id: int) -> IcebergType:
        """The type of a column that a spec is about; it may be gone from the current schema."""
        for schema in (self.schema, *reversed(self.schemas)):
            found = schema.fields.get(source_id)
            if found is not None:
                return found.type
        return Primitive("unknown")

    def spec_types(self, spec: PartitionSpec) -> list[IcebergType]:
        """Types of the source columns of a spec."""
        return [self.source_type(one.source_id) for one in spec.fields]

    def ancestors(self, id_: int | None) -> list[Snapshot]:
        """A snapshot and those before it, the newest first."""
        by_id = {one.id: one for one in self.snapshots}
        found = []
        while id_ is not None and id_ in by_id:
            found.append(by_id[id_])
            id_ = by_id[id_].parent_id
        return found


def read_metadata(content: bytes) -> TableMetadata:
    """From the file; it may be compressed. Raises: ValueError, KeyError, TypeError for what is no metadata."""
    if content[:2] == b"\x1f\x8b":
        content = gzip.decompress(content)
    return table_metadata(orjson.loads(content))


def table_metadata(document: Any) -> TableMetadata:
    """From the JSON document. Raises: ValueError, KeyError, TypeError for what is no metadata."""
    if not isinstance(document, dict):
        raise ValueError("table metadata is a JSON object")
    schemas = tuple(read_schema(one) for one in document.get("schemas") or [document["schema"]])
    if "partition-specs" in document:
        specs = tuple(read_spec(one["spec-id"], one["fields"]) for one in document["partition-specs"])
    else:
        specs = (read_spec(0, document.get("partition-spec") or ()),)
    orders = tuple(read_order(one) for one in document.get("sort-orders") or ()) or (SortOrder(0),)
    current = document.get("current-snapshot-id")
    current = None if current == -1 else current
    refs = document.get("refs") or ({MAIN: {"snapshot-id": current, "type": "branch"}} if current is not None else {})
    highest = max((one.id for spec in specs for one in spec.fields), default=999)
    return TableMetadata(
        document["format-version"],
        document.get("table-uuid", ""),
        document["location"].rstrip("/"),
        document.get("last-sequence-number", 0),
        document["last-updated-ms"],
        document["last-column-id"],
        schemas,
        document.get("current-schema-id", schemas[0].id),
        specs,
        document.get("default-spec-id", 0),
        document.get("last-partition-id", highest),
        orders,
        document.get("default-sort-order-id", 0),
        document.get("properties") or {},
        current,
        tuple(map(_read_snapshot, document.get("snapshots") or ())),
        refs,
        tuple(document.get("statistics") or ()),
        tuple(document.get("partition-statistics") or ()),
        tuple(document.get("snapshot-log") or ()),
        tuple(document.get("metadata-log") or ()),
        document.get("next-row-id") or 0,
        {key: value for key, value in document.items() if key not in _KNOWN},
    )


_KNOWN = frozenset(
    [
        "format-version",
        "table-uuid",
        "location",
        "last-sequence-number",
        "last-updated-ms",
        "last-column-id",
        "schema",
        "schemas",
        "current-schema-id",
        "partition-spec",
        "partition-specs",
        "default-spec-id",
        "last-partition-id",
        "sort-orders",
        "default-sort-order-id",
        "properties",
        "current-snapshot-id",
        "snapshots",
        "refs",
        "statistics",
        "partition-statistics",
        "snapshot-log",
        "metadata-log",
        "next-row-id",
    ]
)


def _read_snapshot(document: Mapping[str, Any]) -> Snapshot:
    return Snapshot(
        document["snapshot-id"],
        document.get("parent-snapshot-id"),
        document.get("sequence-number", 0),
        document["timestamp-ms"],
        document.get("summary") or {},
        document.get("manifest-list"),
        document.get("schema-id"),
        tuple(document.get("manifests") or ()),
        document.get("first-row-id"),
        document.get("added-rows"),
    )


def write_metadata(table: TableMetadata) -> bytes:
    """To JSON."""
    made: dict[str, Any] = {
        "format-version": table.format_version,
        "table-uuid": table.uuid,
        "location": table.location,
    }
    if table.format_version > 1:
        made["last-sequence-number"] = table.last_sequence_number
    made["last-updated-ms"] = table.last_updated_ms
    made["last-column-id"] = table.last_column_id
    if table.format_version == 1:
        made["schema"] = write_schema(table.schema)
    made["current-schema-id"] = table.current_schema_id
    made["schemas"] = [write_schema(one) for one in table.schemas]
    if table.format_version == 1:
        made["partition-spec"] = write_spec_fields(table.spec)
    made |= {
        "default-spec-id": table.default_spec_id,
        "partition-specs": [{"spec-id": one.id, "fields": write_spec_fields(one)} for one in table.specs],
        "last-partition-id": table.last_partition_id,
        "default-sort-order-id": table.default_order_id,
        "sort-orders": [write_order(one) for one in table.orders],
        "properties": dict(table.properties),
        **({"next-row-id": table.next_row_id} if table.format_version > 2 else {}),
        "current-snapshot-id": -1 if table.current_snapshot_id is None else table.current_snapshot_id,
        "refs": dict(table.refs),
        "snapshots": [write_snapshot(one, table.format_version) for one in table.snapshots],
        "statistics": list(table.statistics),
        "partition-statistics": list(table.partition_statistics),
        "snapshot-log": list(table.snapshot_log),
        "metadata-log": list(table.metadata_log),
        **table.extra,
    }
    return orjson.dumps(made)


def write_snapshot(snapshot: Snapshot, version: int) -> dict[str, Any]:
    """To JSON, as in the metadata of a table of this format version."""
    made: dict[str, Any] = {}
    if version > 1:
        made["sequence-number"] = snapshot.sequence_number
    made["snapshot-id"] = snapshot.id
    if snapshot.parent_id is not None:
        made["parent-snapshot-id"] = snapshot.parent_id
    made |= {"timestamp-ms": snapshot.timestamp_ms, "summary": dict(snapshot.summary)}
    if snapshot.manifest_list is not None:
        made["manifest-list"] = snapshot.manifest_list
    else:
        made["manifests"] = list(snapshot.manifests)
    if snapshot.schema_id is not None:
        made["schema-id"] = snapshot.schema_id
    if version > 2 and snapshot.first_row_id is not None:
        made |= {"first-row-id": snapshot.first_row_id, "added-rows": snapshot.added_rows}
    return made
