"""What a REST catalog is told of a commit: requirements on the table as it is, and updates of its metadata.

Source: the specification "Iceberg REST catalog", TableRequirement and TableUpdate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from lodestar_server.plugins.connectors.iceberg.format.metadata import MAIN, TableMetadata, write_snapshot
from lodestar_server.plugins.connectors.iceberg.format.partitioning import (
    PartitionSpec,
    SortOrder,
    write_order,
    write_spec_fields,
)
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema, write_schema

T = TypeVar("T", Schema, PartitionSpec, SortOrder)
Json = dict[str, Any]
_LAST_ADDED = -1


def updates_for_new(made: TableMetadata) -> list[Json]:
    """Everything, in an order in which each thing is known before it is named."""
    return [
        {"action": "assign-uuid", "uuid": made.uuid},
        {"action": "upgrade-format-version", "format-version": made.format_version},
        *_shapes(made.schemas, made.current_schema_id, _schema_update(made), "set-current-schema", "schema-id"),
        *_shapes(made.specs, made.default_spec_id, _spec_update, "set-default-spec", "spec-id"),
        *_shapes(made.orders, made.default_order_id, _order_update, "set-default-sort-order", "sort-order-id"),
        {"action": "set-location", "location": made.location},
        *_properties({}, made.properties),
        *_snapshots(None, made),
    ]


def updates_between(base: TableMetadata, made: TableMetadata) -> list[Json]:
    """From one version of a table to the next."""
    found: list[Json] = []
    if made.format_version != base.format_version:
        found.append({"action": "upgrade-format-version", "format-version": made.format_version})
    schemas = _added(base.schemas, made.schemas)
    if schemas or made.current_schema_id != base.current_schema_id:
        found += _shapes(schemas, made.current_schema_id, _schema_update(made), "set-current-schema", "schema-id")
    specs = _added(base.specs, made.specs)
    if specs or made.default_spec_id != base.default_spec_id:
        found += _shapes(specs, made.default_spec_id, _spec_update, "set-default-spec", "spec-id")
    orders = _added(base.orders, made.orders)
    if orders or made.default_order_id != base.default_order_id:
        found += _shapes(orders, made.default_order_id, _order_update, "set-default-sort-order", "sort-order-id")
    if made.location != base.location:
        found.append({"action": "set-location", "location": made.location})
    return [*found, *_properties(base.properties, made.properties), *_snapshots(base, made)]


def requirements_between(base: TableMetadata, made: TableMetadata) -> list[Json]:
    """That what the change was based on is still so."""
    found: list[Json] = [{"type": "assert-table-uuid", "uuid": base.uuid}]
    if base.schemas != made.schemas or base.current_schema_id != made.current_schema_id:
        found.append({"type": "assert-current-schema-id", "current-schema-id": base.current_schema_id})
        found.append({"type": "assert-last-assigned-field-id", "last-assigned-field-id": base.last_column_id})
    if base.specs != made.specs or base.default_spec_id != made.default_spec_id:
        found.append({"type": "assert-default-spec-id", "default-spec-id": base.default_spec_id})
        found.append(
            {"type": "assert-last-assigned-partition-id", "last-assigned-partition-id": base.last_partition_id}
        )
    if base.orders != made.orders or base.default_order_id != made.default_order_id:
        found.append({"type": "assert-default-sort-order-id", "default-sort-order-id": base.default_order_id})
    before, after = _refs(base), _refs(made)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name) or (name == MAIN and base.snapshots != made.snapshots):
            snapshot = before.get(name, {}).get("snapshot-id")
            found.append({"type": "assert-ref-snapshot-id", "ref": name, "snapshot-id": snapshot})
    return found


def _added(before: Iterable[T], after: Iterable[T]) -> list[T]:
    known = {one.id for one in before}
    return [one for one in after if one.id not in known]


def _shapes(added: Iterable[T], current: int, add: Callable[[T], Json], choose: str, key: str) -> list[Json]:
    # The catalog numbers what is new by itself: the last one is named as such.
    ordered: list[T] = sorted(added, key=lambda one: one.id == current)
    last = ordered[-1].id if ordered else None
    return [*map(add, ordered), {"action": choose, key: _LAST_ADDED if last == current else current}]


def _schema_update(made: TableMetadata) -> Callable[[Schema], Json]:
    return lambda one: {"action": "add-schema", "schema": write_schema(one), "last-column-id": made.last_column_id}


def _spec_update(spec: PartitionSpec) -> Json:
    return {"action": "add-spec", "spec": {"spec-id": spec.id, "fields": write_spec_fields(spec)}}


def _order_update(order: SortOrder) -> Json:
    return {"action": "add-sort-order", "sort-order": write_order(order)}


def _properties(before: Mapping[str, str], after: Mapping[str, str]) -> list[Json]:
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    gone = sorted(before.keys() - after.keys())
    return [
        *([{"action": "set-properties", "updates": changed}] if changed else []),
        *([{"action": "remove-properties", "removals": gone}] if gone else []),
    ]


def _refs(table: TableMetadata) -> dict[str, Json]:
    refs = {name: dict(one) for name, one in table.refs.items()}
    if table.current_snapshot_id is None:
        refs.pop(MAIN, None)
    else:
        refs[MAIN] = {"type": "branch", **refs.get(MAIN, {}), "snapshot-id": table.current_snapshot_id}
    return refs


def _snapshots(base: TableMetadata | None, made: TableMetadata) -> list[Json]:
    known = set() if base is None else {one.id for one in base.snapshots}
    kept = {one.id for one in made.snapshots}
    found: list[Json] = [
        {"action": "add-snapshot", "snapshot": write_snapshot(one, made.format_version)}
        for one in made.snapshots
        if one.id not in known
    ]
    before, after = ({} if base is None else _refs(base)), _refs(made)
    found += [
        {"action": "set-snapshot-ref", "ref-name": name, **one}
        for name, one in after.items()
        if before.get(name) != one
    ]
    found += [{"action": "remove-snapshot-ref", "ref-name": name} for name in sorted(before.keys() - after.keys())]
    if known - kept:
        found.append({"action": "remove-snapshots", "snapshot-ids": sorted(known - kept)})
    for attribute, word in (("statistics", "statistics"), ("partition_statistics", "partition-statistics")):
        old = {} if base is None else {one["snapshot-id"]: one for one in getattr(base, attribute)}
        new = {one["snapshot-id"]: one for one in getattr(made, attribute)}
        found += [
            {"action": f"set-{word}", "snapshot-id": id_, word: dict(one)}
            for id_, one in new.items()
            if old.get(id_) != one
        ]
        # With its snapshot a figure goes by itself.
        found += [
            {"action": f"remove-{word}", "snapshot-id": id_} for id_ in sorted(old.keys() - new.keys()) if id_ in kept
        ]
    return found
