"""ANALYZE: what it reads, and a sink that keeps figures instead of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.column_figures import ColumnFigures
from lodestar_server.plugins.connectors.hive.definitions import column_handles
from lodestar_server.plugins.connectors.hive.handles import HiveAnalyzeHandle, HiveTableHandle
from lodestar_server.plugins.connectors.hive.partition_split import PartitionSplitter
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_PARTITION_DROPPED_DURING_QUERY
from lodestar_server.plugins.toolkit.metastore.figures import Known, merge_figures
from lodestar_server.plugins.toolkit.metastore.interface import PartFigures
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.plugins.toolkit.metastore.partition_names import NULL_VALUE, make_partition_name
from lodestar_server.spi.connector import AnalyzeTarget
from lodestar_server.spi.errors import INVALID_ANALYZE_PROPERTY, LodestarError
from lodestar_server.spi.page import PageSink

Values = tuple[str, ...]


def analyze_target(
    transaction: HiveTransaction,
    table: Table,
    handle: HiveTableHandle,
    properties: Mapping[str, Any],
    precision: TimestampPrecision,
) -> AnalyzeTarget:
    """All partitions and columns, or those of the properties.

    Raises: INVALID_ANALYZE_PROPERTY, HIVE_PARTITION_DROPPED_DURING_QUERY.
    """
    handles = column_handles(table, precision)
    measured = _measured(table, properties.get("columns"))
    wanted = properties.get("partitions")
    chosen = None if wanted is None else _chosen(transaction, table, wanted)
    parts: tuple[Values | None, ...] = (None,)
    if table.partition_columns:
        parts = tuple(transaction.list_partitions(table)) if chosen is None else chosen
    columns = [name for name in measured if ColumnFigures.kept_for(handles[name].type)]
    read = tuple(handles[name] for name in (*columns, *(column.name for column in table.partition_columns)))
    if not read:
        read = (handles[table.columns[0].name],)
    limited = HiveTableHandle(handle.name, handle.partition_columns, handle.constraint, chosen)
    return AnalyzeTarget(limited, read, HiveAnalyzeHandle(table.name, read, frozenset(columns), parts))


def _measured(table: Table, names: Sequence[str] | None) -> list[str]:
    """Data columns among the named ones, all without names."""
    data = [column.name for column in table.columns]
    if names is None:
        return data
    known = {*data, *(column.name for column in table.partition_columns)}
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        message = f"Invalid columns specified for analysis: [{', '.join(unknown)}]"
        raise LodestarError(INVALID_ANALYZE_PROPERTY, message)
    return [name for name in data if name in names]


def _chosen(transaction: HiveTransaction, table: Table, wanted: Sequence[Sequence[str | None]]) -> tuple[Values, ...]:
    if not table.partition_columns:
        raise LodestarError(INVALID_ANALYZE_PROPERTY, "Partition list provided but table is not partitioned")
    keys = [column.name for column in table.partition_columns]
    found = []
    for values in wanted:
        if len(values) != len(keys):
            raise LodestarError(INVALID_ANALYZE_PROPERTY, "Partition value count does not match partition column count")
        found.append(tuple(NULL_VALUE if value is None else value for value in values))
    there = set(transaction.list_partitions(table))
    for one in found:
        if one not in there:
            raise LodestarError(
                HIVE_PARTITION_DROPPED_DURING_QUERY,
                f"Partition {make_partition_name(keys, one)} no longer exists for {table.name}",
            )
    return tuple(dict.fromkeys(found))


class FiguresSink(PageSink):
    """Figures per partition. A fragment per partition that has rows."""

    def __init__(self, handle: HiveAnalyzeHandle) -> None:
        self._handle = handle
        self._splitter = PartitionSplitter(handle.columns)
        self._rows: dict[Values | None, int] = {}
        self._figures: dict[Values | None, dict[str, ColumnFigures]] = {}

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: HIVE_INVALID_PARTITION_VALUE."""
        if page.num_rows == 0:
            return
        for values, rows in self._splitter.split(page):
            if values not in self._figures:
                self._figures[values] = _new_figures(self._handle)
            self._rows[values] = self._rows.get(values, 0) + rows.num_rows
            for place, column in enumerate(self._handle.columns):
                if column.name in self._handle.measured:
                    self._figures[values][column.name].add(rows.column(place))

    def finish(self) -> list[bytes]:
        """The figures."""
        return [
            documents.dump(
                {
                    "values": None if values is None else list(values),
                    "rows": rows,
                    "statistics": {name: one.document() for name, one in self._figures[values].items()},
                }
            )
            for values, rows in self._rows.items()
        ]

    def abort(self) -> None:
        """Nothing was written."""


def read_figures(handle: HiveAnalyzeHandle, fragments: Sequence[bytes]) -> dict[Values | None, PartFigures]:
    """What the sink found out, with zeros for parts without rows."""
    found: dict[Values | None, PartFigures] = {}
    for fragment in fragments:
        one = documents.load(fragment, "fragment")
        values = None if one["values"] is None else tuple(one["values"])
        known = found.get(values)
        rows, figures = one["rows"], one["statistics"]
        if known is not None:
            figures = merge_figures(Known(known.rows, known.statistics), Known(rows, figures))
            rows += known.rows
        found[values] = PartFigures(rows, figures)
    empty = {name: figures.document() for name, figures in _new_figures(handle).items()}
    return {values: found.get(values, PartFigures(0, empty)) for values in handle.parts}


def _new_figures(handle: HiveAnalyzeHandle) -> dict[str, ColumnFigures]:
    return {column.name: ColumnFigures(column.type) for column in handle.columns if column.name in handle.measured}
