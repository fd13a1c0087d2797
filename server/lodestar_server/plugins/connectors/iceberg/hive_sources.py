"""Directories of a Hive table whose files a table of Iceberg can take over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestar_server.plugins.connectors.iceberg.adding import Source, failed, partition_value
from lodestar_server.plugins.connectors.iceberg.catalogs.interface import Catalog, PartitionedCatalog
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.types import same_type
from lodestar_server.plugins.connectors.iceberg.hive_types import iceberg_fields
from lodestar_server.plugins.connectors.iceberg.tables import is_iceberg
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    INVALID_PROCEDURE_ARGUMENT,
    NOT_FOUND,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.names import SchemaTableName

Filter = Sequence[tuple[str, str]] | None


def hive_table(catalog: Catalog, name: SchemaTableName, doing: str) -> Table:
    """A table of rows in Hive's layout. `doing`: "adding files from". Raises: NOT_FOUND, NOT_SUPPORTED."""
    entry = catalog.find_table(name)
    if entry is None:
        raise LodestarError(NOT_FOUND, f"Table '{name}' not found")
    if entry.type not in (TableType.MANAGED_TABLE, TableType.EXTERNAL_TABLE):
        not_supported(f"The procedure doesn't support {doing} {entry.type.value} table type")
    if entry.parameters.get("transactional", "").lower() == "true":
        not_supported(f"The procedure doesn't support {doing} transactional tables")
    return entry


def hive_sources(catalog: Catalog, name: SchemaTableName, target: TableMetadata, chosen: Filter) -> list[Source]:
    """`chosen`: the values of one partition by column.

    Raises: NOT_FOUND, NOT_SUPPORTED, INVALID_PROCEDURE_ARGUMENT, COLUMN_NOT_FOUND, TYPE_MISMATCH, ICEBERG_COMMIT_ERROR.
    """
    entry = hive_table(catalog, name, "adding files from")
    wanted, known = len(entry.columns), len(target.schema.columns)
    if known < wanted:
        raise _wrong(f"Target table should have at least {wanted} columns but got {known}")
    ours, theirs = len(target.spec.fields), len(entry.partition_columns)
    if ours != theirs:
        raise _wrong(f"Numbers of partition columns should be equivalent. target: {ours}, source: {theirs}")
    if theirs and chosen is None:
        raise _wrong("partition_filter argument must be provided for partitioned tables")
    if is_iceberg(entry) or not isinstance(catalog, PartitionedCatalog):
        not_supported("Adding files from non-Hive tables is unsupported")
    _check_columns(entry.columns, target)
    if not theirs:
        if chosen is not None:
            not_supported("Partition filter is not supported for non-partitioned tables")
        return [Source(entry.location, entry.storage_format or "UNKNOWN")]
    _check_partitioning(entry, target)
    return [_partition(catalog, entry, target, dict(chosen or ()))]


def _check_columns(columns: Sequence[HiveColumn], target: TableMetadata) -> None:
    known = {one.name.lower(): one for one in target.schema.columns}
    there = [one for one in iceberg_fields(columns) if one.name in known]
    if not there:
        raise LodestarError(COLUMN_NOT_FOUND, "All columns in the source table do not exist in the target table")
    for one in there:
        ours = known[one.name].type
        if not same_type(ours, one.type):
            raise LodestarError(
                TYPE_MISMATCH, f"Target '{one.name}' column is '{ours}' type, but got source '{one.type}' type"
            )


def _check_partitioning(entry: Table, target: TableMetadata) -> None:
    """The values of Hive's partitions are those of columns."""
    for ours, theirs in zip(target.spec.fields, entry.partition_columns, strict=True):
        column = target.schema.names.get(ours.source_id, "?")
        if ours.transform.kind != "identity" or column.lower() != theirs.name:
            raise _wrong(
                f"Partition columns should be equivalent. target: {ours.transform} of {column}, source: {theirs.name}"
            )


def _partition(catalog: PartitionedCatalog, entry: Table, target: TableMetadata, chosen: Mapping[str, str]) -> Source:
    columns = [one.name for one in entry.partition_columns]
    if len(chosen) != len(columns):
        raise failed("partition value count must match partition column count")
    found = None
    if set(chosen) == set(columns):
        found = catalog.find_partition(entry, tuple(chosen[one] for one in columns))
    if found is None:
        raise failed("Invalid partition: " + "/".join(f"{name}={value}" for name, value in chosen.items()))
    types = [target.schema.fields[one.source_id].type for one in target.spec.fields]
    return Source(
        found.location,
        found.storage_format or entry.storage_format or "UNKNOWN",
        tuple(partition_value(type_, text) for type_, text in zip(types, found.values, strict=True)),
    )


def _wrong(message: str) -> LodestarError:
    return LodestarError(INVALID_PROCEDURE_ARGUMENT, message)
