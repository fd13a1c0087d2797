"""TPC-DS as `tpcgen-cli` makes it, in the types of Trino's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.tpcds.errors import TPCDS_GENERATOR_ERROR
from lodestar_server.plugins.connectors.tpcds.tables import TpcdsTable, statistics, tables
from lodestar_server.plugins.toolkit.generated.dataset import GeneratedTable
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page

_FEW = 3000
_BLANK = ("t_meal_time",)
"""Columns whose missing values are blank in Trino."""


class TpcdsDataset:
    """See `Dataset`."""

    label = "TPC-DS"
    variant = "trino"
    error = TPCDS_GENERATOR_ERROR
    command: tuple[str, ...] = ("tpcgen-cli", "tpcds")
    options: tuple[str, ...] = ("--compat", "trino")
    together_up_to = 0.0

    def tables(self) -> Mapping[str, TpcdsTable]:
        """Twenty-five."""
        return tables()

    def types(self, table: GeneratedTable) -> Mapping[str, Type]:
        """Of the table's columns."""
        return tables()[table.name].columns

    def parts(self, table: GeneratedTable, scale: float) -> int:
        """See `TpcdsTable`."""
        return tables()[table.name].parts(scale)

    def convert(self, table: GeneratedTable, made: pa.Table) -> pa.Table:
        """By position: the generator corrects the name of a column of promotion."""
        types = self.types(table)
        columns = [
            _convert(name, made.column(index), arrow_type(type_)) for index, (name, type_) in enumerate(types.items())
        ]
        return pa.table(columns, names=list(types))

    def few_values(self, table: GeneratedTable) -> list[str]:
        """By the figures of scale factor 1."""
        known = statistics()[1, table.name].columns
        return [name for name in self.types(table) if name in known and (known[name].distinct_values or 0) < _FEW]

    def needed(self, table: GeneratedTable, columns: Sequence[str]) -> list[str]:
        """Those, or the first."""
        return list(dict.fromkeys(columns)) or list(self.types(table))[:1]

    def select(self, table: GeneratedTable, columns: Sequence[str], page: pa.RecordBatch) -> pa.RecordBatch:
        """See `Dataset`."""
        return page.select(list(columns)) if columns else empty_columns_page(page.num_rows)


def _convert(name: str, column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if name in _BLANK:
        column = pc.fill_null(column.cast(pa.string()), "")
    if column.type == wanted or wanted == pa.string():
        return column  # casting string views takes longer than writing them
    return column.cast(wanted)
