"""The optimizer's statistics: counts and bounds of manifests, numbers of distinct values of statistics files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lodestar_server.plugins.connectors.iceberg.definitions import data_columns
from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.schema import Schema
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, FixedOf, IcebergType, Primitive
from lodestar_server.plugins.connectors.iceberg.handles import IcebergTableHandle
from lodestar_server.plugins.connectors.iceberg.partition_figures import ColumnFigures, partition_figures
from lodestar_server.plugins.connectors.iceberg.planning import plan_files
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.spi.handles import ColumnHandle
from lodestar_server.spi.statistics import ColumnStatistics, TableStatistics

THETA = "apache-datasketches-theta-v1"
_GROWTH: dict[IcebergType, float] = {ice.STRING: 2.7, ice.BINARY: 1.4}
"""Memory that a byte on disk takes."""
_NUMBERS = (ice.BOOLEAN, ice.INT, ice.LONG, ice.FLOAT, ice.DOUBLE, ice.DATE, ice.TIMESTAMP, ice.TIMESTAMPTZ)
_EMPTY = TableStatistics(0.0)


def table_statistics(
    tables: IcebergTables, metadata: TableMetadata, schema: Schema, table: IcebergTableHandle, *, extended: bool
) -> TableStatistics:
    """Of the files that the handle's scan would read."""
    snapshot = metadata.snapshot(table.snapshot_id)
    if snapshot is None:
        return _EMPTY
    known = table.enforced.intersect(table.unenforced)
    files = [task.file for task in plan_files(tables, metadata, snapshot, known, table.enforced)]
    if not files:
        return _EMPTY

    def identity(file: DataFile) -> Mapping[int, Any]:
        spec = metadata.spec_of(file.spec_id)
        return {
            field.source_id: value
            for field, value in zip(spec.fields, file.partition, strict=True)
            if field.transform.kind == "identity"
        }

    figures = partition_figures(files, schema.columns, identity)
    distinct = distinct_values(metadata, snapshot.id) if extended else {}
    found: dict[ColumnHandle, ColumnStatistics] = {}
    for column, field in zip(data_columns(schema), schema.columns, strict=True):
        one = figures.columns[field.id]
        found[column] = _column(field.type, one, figures.records, distinct.get(field.id))
    return TableStatistics(float(figures.records), found)


def _column(type_: IcebergType, figures: ColumnFigures, records: int, distinct: int | None) -> ColumnStatistics:
    low = high = None
    if isinstance(type_, Primitive) and figures.low is not None and figures.high is not None:
        low, high = _number(type_, figures.low), _number(type_, figures.high)
    size = None
    if isinstance(type_, FixedOf):
        size = float(type_.length)
    elif figures.size is not None and not _fixed_width(type_):
        size = float(int(figures.size * _GROWTH.get(type_, 1.0)))
    return ColumnStatistics(
        None if figures.nulls is None or not records else figures.nulls / records,
        None if distinct is None else float(distinct),
        size,
        low,
        high,
    )


def _fixed_width(type_: IcebergType) -> bool:
    return isinstance(type_, DecimalOf) or type_ in (*_NUMBERS, ice.TIME, ice.UUID)


def _number(type_: IcebergType, raw: Any) -> float | None:
    if isinstance(type_, DecimalOf):
        return float(raw / 10.0**type_.scale)
    return float(raw) if type_ in _NUMBERS else None


def distinct_values(metadata: TableMetadata, snapshot_id: int) -> dict[int, int]:
    """Column id → number of distinct values, from the newest statistics of the snapshot or one before it."""
    by_snapshot = {one["snapshot-id"]: one for one in metadata.statistics}
    found: dict[int, int] = {}
    for snapshot in metadata.ancestors(snapshot_id):
        for blob in by_snapshot.get(snapshot.id, {}).get("blob-metadata", ()):
            fields = list(blob.get("fields") or ())
            count = (blob.get("properties") or {}).get("ndv")
            if blob.get("type") == THETA and len(fields) == 1 and count is not None:
                found.setdefault(fields[0], int(count))
    return found
