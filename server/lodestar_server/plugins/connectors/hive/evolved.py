"""Partitions whose columns had other types when they were made: what is read as the old type, and what not at all.

Source: Trino HivePartitionManager, HiveSplitManager, HiveCoercionPolicy, asked through SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.handles import (
    ColumnKind,
    EvolvedColumn,
    FileLayout,
    HiveColumnHandle,
    HiveSplit,
)
from lodestar_server.plugins.connectors.hive.orc_coercions import is_coerced
from lodestar_server.plugins.connectors.hive.parquet_types import check_readable
from lodestar_server.plugins.connectors.hive.session import flag
from lodestar_server.plugins.connectors.hive.types import from_hive_type
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_PARTITION_SCHEMA_MISMATCH
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.arrow import arrow_type

_ALWAYS_BY_NAME = (StorageFormat.AVRO, StorageFormat.JSON, StorageFormat.OPENX_JSON)


def names_decide(session: ConnectorSession, form: StorageFormat) -> bool:
    """Columns of a partition are found by their names, not by their places."""
    match form:
        case StorageFormat.ORC:
            return flag(session, "orc_use_column_names")
        case StorageFormat.PARQUET:
            return flag(session, "parquet_use_column_names")
    return form in _ALWAYS_BY_NAME


def evolved(
    table: Sequence[HiveColumn], partition: Sequence[HiveColumn], *, by_name: bool
) -> tuple[EvolvedColumn, ...]:
    """The columns with other types."""
    if by_name:
        known = {column.name.lower(): column for column in partition}
        pairs = [(column, known[column.name.lower()]) for column in table if column.name.lower() in known]
    else:
        pairs = list(zip(table, partition, strict=False))
    return tuple(EvolvedColumn(a.name, a.type, b.name, b.type) for a, b in pairs if a.type != b.type)


def check_evolved(name: SchemaTableName, columns: Sequence[HiveColumnHandle], split: HiveSplit) -> None:
    """Raises: HIVE_PARTITION_SCHEMA_MISMATCH for a wanted column whose old values do not become the table's."""
    if not split.layout.evolved:
        return
    wanted = {column.name: column for column in columns if column.kind is ColumnKind.DATA}
    for one in split.layout.evolved:
        column = wanted.get(one.column)
        if column is not None and not _becomes(column, from_hive_type(one.partition_type)):
            raise LodestarError(
                HIVE_PARTITION_SCHEMA_MISMATCH,
                "There is a mismatch between the table and partition schemas. The types are incompatible and cannot be"
                f" coerced. The column '{one.column}' in table '{name}' is declared as type '{one.table_type}', but"
                f" partition '{split.partition}' declared column '{one.partition_column}' as type"
                f" '{one.partition_type}'.",
            )


def _becomes(column: HiveColumnHandle, old: Type) -> bool:
    arrow = arrow_type(old)
    if is_coerced(column.type, arrow):
        return True
    try:
        check_readable("ORC", column.name, column.type, arrow)
    except LodestarError:
        return False
    return True


def old_types(layout: FileLayout) -> Mapping[str, Type]:
    """The types in which a partition's files have columns of the table, where they are others."""
    return {one.column: from_hive_type(one.partition_type) for one in layout.evolved}


def as_written(column: HiveColumnHandle, types: Mapping[str, Type]) -> HiveColumnHandle:
    """The column as the partition declares it."""
    old = types.get(column.name)
    return column if old is None else replace(column, type=old)
