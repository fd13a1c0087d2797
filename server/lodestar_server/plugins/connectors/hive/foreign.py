"""Tables that others made by rules of their own: Hive's transactional ones, Spark's, those of other table formats.

Their parameters tell them, as Trino 476 takes them.
"""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import UNSUPPORTED_TABLE_TYPE, LodestarError

_HUDI_INPUTS = (
    "org.apache.hudi.hadoop.HoodieParquetInputFormat",
    "org.apache.hudi.hadoop.realtime.HoodieParquetRealtimeInputFormat",
    "com.uber.hoodie.hadoop.HoodieInputFormat",
    "com.uber.hoodie.hadoop.realtime.HoodieRealtimeInputFormat",
)
_TRANSACTIONAL = ("transactional", "TRANSACTIONAL")
_SPARK_PROVIDER = "spark.sql.sources.provider"
_SPARK_BUCKETS = "spark.sql.sources.schema.numBuckets"


def other_format(table: Table) -> str | None:
    """The table format that the table is of, when it is not Hive's own."""
    if table.parameters.get(_SPARK_PROVIDER, "").lower() == "delta":
        return "Delta Lake"
    if table.parameters.get("table_type", "").lower() == "iceberg":
        return "Iceberg"
    return "Hudi" if table.original_format.get("inputFormat") in _HUDI_INPUTS else None


def check_own_format(table: Table) -> None:
    """Directories of other formats have files that are no rows any more. Raises: UNSUPPORTED_TABLE_TYPE."""
    form = other_format(table)
    if form is not None:
        raise LodestarError(UNSUPPORTED_TABLE_TYPE, f"Cannot query {form} table '{table.name}'")


def is_transactional(parameters: Mapping[str, str]) -> bool:
    """Rows are in directories of their own (`base_1`, `delta_2_2`, `delete_delta_3_3`), or in none at all."""
    return any(parameters.get(name, "").lower() == "true" for name in _TRANSACTIONAL)


def check_not_transactional(table: Table) -> None:
    """A listing of such a table's directory finds no file: it would be empty. Raises: NOT_SUPPORTED."""
    if is_transactional(table.parameters):
        not_supported(f"Hive transactional tables are not supported: '{table.name}'")


def has_hive_buckets(table: Table) -> bool:
    """Files are buckets by Hive's hash. Spark's own tables have buckets by another one."""
    return table.bucketing is not None and _SPARK_PROVIDER not in table.parameters


def check_insert(table: Table) -> None:
    """Raises: NOT_SUPPORTED for tables into which nobody but their engine may write."""
    check_not_transactional(table)
    if _SPARK_PROVIDER in table.parameters and _SPARK_BUCKETS in table.parameters:
        not_supported("Inserting into Spark bucketed tables is not supported")
