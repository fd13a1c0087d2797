"""From the metastore's figures to the optimizer's statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle
from lodestar_server.plugins.toolkit.calendar import day_number
from lodestar_server.plugins.toolkit.metastore.figures import distinct_values
from lodestar_server.plugins.toolkit.metastore.model import Partition, Table
from lodestar_server.spi.handles import ColumnHandle
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, ColumnStatistics, TableStatistics
from lodestar_server.spi.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    DecimalType,
    TimestampType,
    Type,
)

_SPARK_ROWS = "spark.sql.statistics.numRows"
_PICOSECONDS_PER_MICROSECOND = 1_000_000
_NUMBERS = (TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE)


def row_count(parameters: Mapping[str, str]) -> int | None:
    """`numRows` when it is known; what Spark has counted counts where Hive's number is none, or nothing."""
    text = parameters.get("numRows", "")
    known = int(text) if text.isdigit() else None
    counted = parameters.get(_SPARK_ROWS, "")
    return int(counted) if not known and counted.isdigit() else known


def table_statistics(table: Table, columns: Sequence[HiveColumnHandle]) -> TableStatistics:
    """A table without partitions."""
    rows = row_count(table.parameters)
    if rows is None:
        return UNKNOWN_STATISTICS
    found: dict[ColumnHandle, ColumnStatistics] = {}
    for column in columns:
        figures = table.statistics.get(column.name)
        if figures is not None and rows:
            found[column] = _column(column.type, figures, rows)
    return TableStatistics(float(rows), found)


def partitioned_statistics(
    columns: Sequence[HiveColumnHandle],
    values: Sequence[tuple[Any, ...]],
    sample: Sequence[tuple[tuple[Any, ...], Partition]],
) -> TableStatistics:
    """Partitions: `values` of all of them, typed, and what is known of a sample."""
    if not values:
        return TableStatistics(0.0)
    counted = [(key, one, rows) for key, one in sample if (rows := row_count(one.parameters)) is not None]
    if not counted:
        return UNKNOWN_STATISTICS
    per_partition = sum(rows for *_, rows in counted) / len(counted)
    total = per_partition * len(values)
    found: dict[ColumnHandle, ColumnStatistics] = {}
    if total:
        for column in columns:
            if column.kind is ColumnKind.PARTITION_KEY:
                found[column] = _partition_key(column, values, counted, total, per_partition)
            else:
                known = [
                    (_column(column.type, one.statistics[column.name], rows), rows)
                    for _, one, rows in counted
                    if column.name in one.statistics and rows
                ]
                if known:
                    found[column] = _joined(known, total)
    return TableStatistics(total, found)


def _column(type_: Type, figures: Mapping[str, Any], rows: int) -> ColumnStatistics:
    nulls = figures.get("nullsCount")
    distinct = distinct_values(figures, rows)
    filled = rows if nulls is None else max(rows - nulls, 0)
    low = high = None
    for name in ("integerStatistics", "doubleStatistics", "decimalStatistics"):
        if name in figures:
            low, high = (_float(figures[name].get(key)) for key in ("min", "max"))
    if "dateStatistics" in figures:
        low, high = (_days(figures["dateStatistics"].get(key)) for key in ("min", "max"))
    average = figures.get("averageColumnLength")
    return ColumnStatistics(
        None if nulls is None else min(nulls / rows, 1.0),
        None if distinct is None else float(distinct),
        None if average is None or not filled else float(average) * filled,
        low,
        high,
    )


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _days(text: Any) -> float | None:
    return None if text is None else float(day_number(text))


def _joined(known: Sequence[tuple[ColumnStatistics, int]], total: float) -> ColumnStatistics:
    nulls = [(one.null_fraction, count) for one, count in known if one.null_fraction is not None]
    distinct = [one.distinct_values for one, _ in known if one.distinct_values is not None]
    # A partition without values knows no size; its rows count as large as the others'.
    sizes = [(one.data_size, count) for one, count in known if one.data_size is not None]
    lows = [one.low for one, _ in known if one.low is not None]
    highs = [one.high for one, _ in known if one.high is not None]
    return ColumnStatistics(
        sum(fraction * count for fraction, count in nulls) / sum(count for _, count in nulls) if nulls else None,
        max(distinct) if distinct else None,
        sum(size for size, _ in sizes) * total / sum(count for _, count in sizes) if sizes else None,
        min(lows) if lows else None,
        max(highs) if highs else None,
    )


def _partition_key(
    column: HiveColumnHandle,
    values: Sequence[tuple[Any, ...]],
    counted: Sequence[tuple[tuple[Any, ...], Partition, int]],
    total: float,
    per_partition: float,
) -> ColumnStatistics:
    own = [one[column.index] for one in values]
    rows_of = {key: rows for key, _, rows in counted}
    nulls = sum(rows_of.get(one, per_partition) for one in values if one[column.index] is None)
    present = {one for one in own if one is not None}
    size = None
    if any(isinstance(one, str) for one in present):
        size = sum(
            len(one[column.index]) * rows_of.get(one, per_partition) for one in values if one[column.index] is not None
        )
    numbers = [number for one in present if (number := _number(column.type, one)) is not None]
    return ColumnStatistics(
        min(nulls / total, 1.0),
        float(len(present)),
        size,
        min(numbers) if numbers else None,
        max(numbers) if numbers else None,
    )


def _number(type_: Type, value: Any) -> float | None:
    match type_:
        case DecimalType(_, scale):
            return float(value / 10**scale)
        case TimestampType():
            return float(value // _PICOSECONDS_PER_MICROSECOND)
    if type_ in _NUMBERS or type_ == DATE:
        return float(value)
    return None
