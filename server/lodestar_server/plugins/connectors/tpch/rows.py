"""From what the generator makes (prefixed names, decimals) to pages in the types of the catalog."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.tpch.tables import ROW_NUMBER, TpchTable
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page

_AMOUNT = pa.decimal128(15, 2)


def to_page_types(table: TpchTable, types: Sequence[Type], made: pa.Table) -> pa.Table:
    """Columns in the order of `table`, with its plain names and the given types; text keeps its Arrow type."""
    columns = [
        _convert(made.column(table.prefix + column.name), arrow_type(type_))
        for column, type_ in zip(table.columns, types, strict=True)
    ]
    return pa.table(columns, names=[column.name for column in table.columns])


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


def select(table: TpchTable, columns: Sequence[str], page: pa.RecordBatch) -> pa.RecordBatch:
    """The requested columns of a page that has at least those of `needed_columns`."""
    if not columns:
        return empty_columns_page(page.num_rows)
    arrays = [
        _row_numbers(table, page.column(table.row_number)) if name == ROW_NUMBER else page.column(name)
        for name in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, list(columns))


def needed_columns(table: TpchTable, columns: Sequence[str]) -> list[str]:
    """Columns to read for `select`."""
    wanted = [table.row_number if name == ROW_NUMBER else name for name in columns]
    return list(dict.fromkeys(wanted)) or [table.row_number]


def _row_numbers(table: TpchTable, keys: pa.Array) -> pa.Array:
    if table.row_number != "orderkey":
        return keys.cast(arrow_type(BIGINT))
    # Order keys are sparse: of each 32 only the first 8 are used, beginning with 1.
    block = pc.shift_left(pc.shift_right(keys, 5), 3)
    return pc.bit_wise_or(block, pc.bit_wise_and(keys, 7))
