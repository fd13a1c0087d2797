"""TPC-H as `tpchgen-cli` makes it: from prefixed names and decimals to pages in the types of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.tpch.config import DoubleTypeMapping
from lodestar_server.plugins.connectors.tpch.errors import TPCH_GENERATOR_ERROR
from lodestar_server.plugins.connectors.tpch.statistics import STATISTICS
from lodestar_server.plugins.connectors.tpch.tables import DECIMAL, ROW_NUMBER, TABLES, TpchTable
from lodestar_server.plugins.toolkit.generated.dataset import GeneratedTable
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page

_AMOUNT = pa.decimal128(15, 2)


PART_ROWS = 600_000
"""Rows of one part: a split."""
_FEW = 3000


class TpchDataset:
    """See `Dataset`; the columns have their plain names."""

    label = "TPC-H"
    error = TPCH_GENERATOR_ERROR
    command: tuple[str, ...] = ("tpchgen-cli",)
    options: tuple[str, ...] = ()
    together_up_to = 0.1

    def __init__(self, mapping: DoubleTypeMapping) -> None:
        self.variant = mapping.value.lower()
        amount = DECIMAL if mapping is DoubleTypeMapping.DECIMAL else None
        self._types = {
            table.name: {one.name: amount if one.amount and amount else one.type for one in table.columns}
            for table in TABLES.values()
        }

    def tables(self) -> Mapping[str, TpchTable]:
        """Eight."""
        return TABLES

    def types(self, table: GeneratedTable) -> Mapping[str, Type]:
        """Of the table's columns in this catalog."""
        return self._types[table.name]

    def parts(self, table: GeneratedTable, scale: float) -> int:
        """As many as there are splits."""
        return 1 if scale <= self.together_up_to else max(1, round(table.estimated_rows(scale) / PART_ROWS))

    def convert(self, table: GeneratedTable, made: pa.Table) -> pa.Table:
        """Text keeps its Arrow type."""
        types, prefix = self._types[table.name], TABLES[table.name].prefix
        columns = [_convert(made.column(prefix + name), arrow_type(type_)) for name, type_ in types.items()]
        return pa.table(columns, names=list(types))

    def few_values(self, table: GeneratedTable) -> list[str]:
        """By the figures of scale factor 1."""
        known = STATISTICS[1, table.name].columns
        return [name for name in self._types[table.name] if (known[name].distinct_values or 0) < _FEW]

    def needed(self, table: GeneratedTable, columns: Sequence[str]) -> list[str]:
        """Row numbers are made from keys."""
        key = TABLES[table.name].row_number
        return list(dict.fromkeys(key if name == ROW_NUMBER else name for name in columns)) or [key]

    def select(self, table: GeneratedTable, columns: Sequence[str], page: pa.RecordBatch) -> pa.RecordBatch:
        """See `Dataset`."""
        if not columns:
            return empty_columns_page(page.num_rows)
        key = TABLES[table.name].row_number
        arrays = [_row_numbers(key, page.column(key)) if name == ROW_NUMBER else page.column(name) for name in columns]
        return pa.RecordBatch.from_arrays(arrays, list(columns))


def _convert(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    if column.type == wanted or wanted == pa.string():
        return column  # casting string views takes longer than writing them
    if wanted == pa.float64() and column.type == _AMOUNT:
        return pa.chunked_array([_cents_to_double(chunk) for chunk in column.chunks], wanted)
    return column.cast(wanted)


def _cents_to_double(chunk: pa.Array) -> pa.Array:
    # The low 64 bits of each decimal are the cents; dividing two exact doubles rounds correctly.
    words = np.frombuffer(chunk.buffers()[1], dtype=np.int64)
    cents = words[2 * chunk.offset : 2 * (chunk.offset + len(chunk)) : 2]
    return pa.array(cents / 100.0)


def _row_numbers(key: str, keys: pa.Array) -> pa.Array:
    if key != "orderkey":
        return keys.cast(arrow_type(BIGINT))
    # Order keys are sparse: of each 32 only the first 8 are used, beginning with 1.
    block = pc.shift_left(pc.shift_right(keys, 5), 3)
    return pc.bit_wise_or(block, pc.bit_wise_and(keys, 7))
