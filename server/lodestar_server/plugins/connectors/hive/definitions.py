"""From a table's definition in SQL to the metastore's, with every check of CREATE TABLE, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import Any

from lodestar_server.plugins.connectors.hive.avro.schemas import check_columns
from lodestar_server.plugins.connectors.hive.bucketing import hashable
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.handles import (
    BUCKET,
    FILE_SIZE,
    HIDDEN_TYPES,
    MODIFIED,
    PARTITION,
    PATH,
    ColumnKind,
    HiveColumnHandle,
)
from lodestar_server.plugins.connectors.hive.partition_names import check_partition_type
from lodestar_server.plugins.connectors.hive.projection import (
    is_projected,
    projection_column_properties,
    projection_parameters,
    projection_properties,
)
from lodestar_server.plugins.connectors.hive.table_properties import (
    EXTERNAL_LOCATION,
    FORMAT,
    PARQUET_BLOOM,
    PARTITIONED_BY,
    TRANSACTIONAL,
    bucketing_of,
    parameters_of,
    properties_of,
)
from lodestar_server.plugins.connectors.hive.types import (
    TimestampPrecision,
    check_timestamps,
    from_hive_type,
    to_hive_type,
)
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_COLUMN_ORDER_MISMATCH
from lodestar_server.plugins.toolkit.metastore.model import Bucketing, HiveColumn, Table, TableType
from lodestar_server.plugins.toolkit.metastore.written import (
    QUERY_ID,
    TRINO_VERSION,
    VERSION,
    basic_parameters,
)
from lodestar_server.spi.connector import ColumnMetadata, TableMetadata, not_supported
from lodestar_server.spi.errors import INVALID_TABLE_PROPERTY, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, REAL, VARBINARY, VARCHAR

COMMENT = "comment"
EXTERNAL = "EXTERNAL"
_KEPT = 1000
"""Tables of which the definitions are kept."""
_BLOOM_TYPES = (INTEGER, BIGINT, REAL, DOUBLE, VARCHAR, VARBINARY)


def table_of(
    metadata: TableMetadata,
    *,
    location: str,
    external: bool,
    user: str,
    query_id: str,
    default_format: StorageFormat,
    precision: TimestampPrecision,
    with_figures: bool,
) -> Table:
    """The table that CREATE TABLE describes.

    Raises: INVALID_TABLE_PROPERTY, HIVE_COLUMN_ORDER_MISMATCH, NOT_SUPPORTED.
    """
    properties = metadata.properties
    partitioned_by: Sequence[str] = properties.get(PARTITIONED_BY) or ()
    storage = StorageFormat[properties[FORMAT]] if FORMAT in properties else default_format
    bucketing = bucketing_of(properties)
    visible = [column for column in metadata.columns if not column.hidden]
    for column in visible:
        check_column_name(column.name)
    check_partitioning(visible, partitioned_by)
    columns = [hive_column(column, precision) for column in visible]
    for column in visible:
        if column.name in partitioned_by:
            check_partition_type(column.name, column.type)
    split = len(columns) - len(partitioned_by)
    _check_bucketing(bucketing, [column.name for column in visible], partitioned_by)
    _check_bloom_filters(visible, properties, storage)
    if bucketing is not None:
        types = {column.name: column.type for column in visible}
        if not all(hashable(types[name]) for name in bucketing.columns):
            not_supported("Cannot create a table bucketed on an unsupported type")
    if storage is StorageFormat.CSV:
        _check_csv([column for column in visible if column.name not in partitioned_by])
    if storage is StorageFormat.AVRO:
        check_columns([(column.name, column.type) for column in visible if column.name not in partitioned_by])
    if properties.get(TRANSACTIONAL):
        not_supported("FileHiveMetastore does not support ACID tables")
    projected = projection_parameters(properties, visible, partitioned_by) if is_projected(properties, visible) else {}
    parameters = {VERSION: TRINO_VERSION, QUERY_ID: query_id, **parameters_of(properties, storage), **projected}
    if metadata.comment is not None:
        parameters[COMMENT] = metadata.comment
    if external:
        parameters[EXTERNAL] = "TRUE"
    elif with_figures and not partitioned_by:
        parameters.update(basic_parameters(None))
    return Table(
        metadata.name,
        user,
        TableType.EXTERNAL_TABLE if external else TableType.MANAGED_TABLE,
        tuple(columns[:split]),
        tuple(columns[split:]),
        parameters,
        storage.name,
        bucketing=bucketing,
        location=location,
    )


def check_column_name(name: str) -> None:
    """Raises: NOT_SUPPORTED for a name that Hive cannot keep."""
    if name.startswith(" "):
        not_supported(f"Hive column names must not start with a space: '{name}'")
    if name.endswith(" "):
        not_supported(f"Hive column names must not end with a space: '{name}'")
    if "," in name:
        not_supported(f"Hive column names must not contain commas: '{name}'")


def check_partitioning(columns: Sequence[ColumnMetadata], partitioned_by: Sequence[str]) -> None:
    """Raises: INVALID_TABLE_PROPERTY, HIVE_COLUMN_ORDER_MISMATCH unless the partition columns are the last."""
    names = [column.name for column in columns]
    missing = [name for name in partitioned_by if name not in names]
    if missing:
        raise LodestarError(INVALID_TABLE_PROPERTY, f"Partition columns [{', '.join(missing)}] not present in schema")
    if not partitioned_by:
        return
    if len(names) <= len(partitioned_by):
        raise LodestarError(INVALID_TABLE_PROPERTY, "Table contains only partition columns")
    if names[-len(partitioned_by) :] != list(partitioned_by):
        raise LodestarError(
            HIVE_COLUMN_ORDER_MISMATCH,
            "Partition keys must be the last columns in the table and in the same order as the table properties: "
            f"[{', '.join(partitioned_by)}]",
        )


def _check_bucketing(bucketing: Bucketing | None, names: Sequence[str], partitioned_by: Sequence[str]) -> None:
    if bucketing is None:
        return
    for words, wanted in (
        ("Bucketing", bucketing.columns),
        ("Sorting", tuple(one.name for one in bucketing.sorted_by)),
    ):
        missing = [name for name in wanted if name not in names]
        if missing:
            raise LodestarError(INVALID_TABLE_PROPERTY, f"{words} columns [{', '.join(missing)}] not present in schema")
        both = [name for name in wanted if name in partitioned_by]
        if both:
            raise LodestarError(
                INVALID_TABLE_PROPERTY, f"{words} columns [{', '.join(both)}] are also used as partitioning columns"
            )


def _check_bloom_filters(
    columns: Sequence[ColumnMetadata], properties: Mapping[str, Any], storage: StorageFormat
) -> None:
    types = {column.name: column.type for column in columns}
    missing = [name for name in properties.get("orc_bloom_filter_columns") or () if name not in types]
    if storage is StorageFormat.ORC and missing:
        raise LodestarError(
            INVALID_TABLE_PROPERTY, f"Orc bloom filter columns [{', '.join(missing)}] not present in schema"
        )
    for name in properties.get(PARQUET_BLOOM) or () if storage is StorageFormat.PARQUET else ():
        if name not in types:
            raise LodestarError(INVALID_TABLE_PROPERTY, f"Parquet Bloom filter column {name} not present in schema")
        if types[name] not in _BLOOM_TYPES:
            raise LodestarError(
                INVALID_TABLE_PROPERTY, f"Parquet Bloom filter column {name} has unsupported type {types[name]}"
            )


def _check_csv(columns: Sequence[ColumnMetadata]) -> None:
    others = [f"{column.name} {column.type}" for column in columns if column.type != VARCHAR]
    if others:
        not_supported(
            f"Hive CSV storage format only supports VARCHAR (unbounded). Unsupported columns: {', '.join(others)}"
        )


def hive_column(column: ColumnMetadata, precision: TimestampPrecision | None = None) -> HiveColumn:
    """A column as the metastore keeps it. Raises: NOT_SUPPORTED for its type."""
    text = to_hive_type(column.type)
    if precision is not None:
        check_timestamps(column.name, column.type, precision)
    return HiveColumn(column.name, text, column.comment)


# the way back


def column_handles(table: Table, precision: TimestampPrecision) -> dict[str, HiveColumnHandle]:
    """Columns by name, hidden ones last."""
    found: dict[str, HiveColumnHandle] = {}
    for kind, columns in ((ColumnKind.DATA, table.columns), (ColumnKind.PARTITION_KEY, table.partition_columns)):
        for i, column in enumerate(columns):
            found.setdefault(
                column.name, HiveColumnHandle(column.name, from_hive_type(column.type, precision), kind, i)
            )
    for name in hidden_columns(table):
        found.setdefault(name, HiveColumnHandle(name, HIDDEN_TYPES[name], ColumnKind.HIDDEN))
    return found


def hidden_columns(table: Table) -> list[str]:
    """Which hidden columns the table has."""
    names = [PATH]
    if table.bucketing is not None:
        names.append(BUCKET)
    names += [FILE_SIZE, MODIFIED]
    if table.partition_columns:
        names.append(PARTITION)
    return names


def partition_handles(table: Table, precision: TimestampPrecision) -> tuple[HiveColumnHandle, ...]:
    """The partition columns, in order."""
    return tuple(
        HiveColumnHandle(column.name, from_hive_type(column.type, precision), ColumnKind.PARTITION_KEY, i)
        for i, column in enumerate(table.partition_columns)
    )


def metadata_of(table: Table, precision: TimestampPrecision) -> TableMetadata:
    """The definition as SQL shows it."""
    comments = {column.name: column.comment for column in (*table.columns, *table.partition_columns)}
    columns = []
    for name, handle in column_handles(table, precision).items():
        extra: dict[str, Any] = {}
        if handle.kind is ColumnKind.PARTITION_KEY:
            extra["extra_info"] = "partition key"
            extra["properties"] = projection_column_properties(table.parameters, name)
        columns.append(
            ColumnMetadata(
                name, handle.type, comment=comments.get(name), hidden=handle.kind is ColumnKind.HIDDEN, **extra
            )
        )
    properties = properties_of(table) | projection_properties(table.parameters)
    return TableMetadata(table.name, tuple(columns), properties, table.parameters.get(COMMENT))


class Definition:
    """A table's columns and metadata as SQL sees them, each made once, when it is first asked for.

    A query may name a table many times, and types are read from Hive's texts. Safe to share between threads.
    """

    def __init__(self, table: Table, precision: TimestampPrecision) -> None:
        self.table = table
        self._precision = precision

    @cached_property
    def columns(self) -> Mapping[str, HiveColumnHandle]:
        """By name, hidden ones last."""
        return MappingProxyType(column_handles(self.table, self._precision))

    @cached_property
    def partition_keys(self) -> tuple[HiveColumnHandle, ...]:
        """In order."""
        return partition_handles(self.table, self._precision)

    @cached_property
    def metadata(self) -> TableMetadata:
        """With hidden columns."""
        return metadata_of(self.table, self._precision)


class Definitions:
    """Those of the tables last used, for all transactions of a connector. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[tuple[SchemaTableName, TimestampPrecision], Definition] = {}

    def of(self, table: Table, precision: TimestampPrecision) -> Definition:
        """What SQL sees of a table: the same until the metastore gives another table for the name."""
        key = (table.name, precision)
        known = self._known.get(key)
        if known is None or known.table is not table:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[key] = Definition(table, precision)
        return known


def is_external(metadata: TableMetadata) -> str | None:
    """The external location of CREATE TABLE, None for a managed table."""
    found = metadata.properties.get(EXTERNAL_LOCATION)
    return None if found is None else str(found)
