"""The 25 tables, their columns and figures, from the tables beside this module.

Source: Trino 476 (DESCRIBE, SHOW STATS). `columns.tsv`: table, column, type in the order of the specification.
`statistics.tsv`: a table's row count (no column; under `distinct`), then its columns; `-` is unknown, dates are days.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from math import exp, log
from pathlib import Path

from lodestar_server.spi.statistics import ColumnStatistics
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.text import parse_type
from lodestar_server.spi.values import frozen

SCHEMAS = ("tiny", "sf1", "sf10", "sf100", "sf300", "sf1000", "sf3000", "sf10000", "sf30000", "sf100000")
"""Schemas that are listed; every `sf<number>` is there."""

VERSION_TABLE = "dbgen_version"
"""It tells of the generator, so it is not generated."""

PART_ROWS = 600_000
_UNDIVIDED = 1_000_000
_ORDERS_PER_SCALE = {"store": 240_000, "catalog": 160_000, "web": 60_000}
"""Of the channels: the generator divides sales and returns by their orders, and what has fewer than a million not."""

_ROW_BYTES = 75
_ROW_BYTES_OF = {"inventory": 3, "customer_demographics": 5, "store_sales": 45, "store_returns": 56, "item": 116}


@frozen
class TpcdsTable:
    """Rows are known for some scale factors, in rising order, and guessed between and beyond them."""

    name: str
    columns: dict[str, Type]
    known_rows: tuple[tuple[float, int], ...]

    def estimated_rows(self, scale: float) -> int:
        """Along straight lines between the logarithms."""
        points = self.known_rows
        if len(points) == 1 or scale <= points[0][0]:
            return points[0][1]
        lower, upper = next((pair for pair in pairwise(points) if scale <= pair[1][0]), points[-2:])
        share = log(scale / lower[0]) / log(upper[0] / lower[0])
        return round(lower[1] * exp(share * log(upper[1] / lower[1])))

    def estimated_bytes(self, scale: float) -> int:
        """Size on disk."""
        return self.estimated_rows(scale) * _ROW_BYTES_OF.get(self.name, _ROW_BYTES)

    def parts(self, scale: float) -> int:
        """In how many files the generator makes the table."""
        rows = self.estimated_rows(scale)
        channel, _, kind = self.name.partition("_")
        units = scale * _ORDERS_PER_SCALE[channel] if kind in ("sales", "returns") else rows
        return 1 if units < _UNDIVIDED or rows < _UNDIVIDED else round(rows / PART_ROWS)


@frozen
class KnownStatistics:
    """A table's row count, and figures of its columns."""

    rows: int
    columns: dict[str, ColumnStatistics]


@cache
def tables() -> dict[str, TpcdsTable]:
    """By name."""
    columns: dict[str, dict[str, Type]] = {}
    for table, column, type_ in _lines("columns.tsv"):
        columns.setdefault(table, {})[column] = parse_type(type_)
    figures = statistics()
    return {
        name: TpcdsTable(
            name, found, tuple(sorted((scale, one.rows) for (scale, table), one in figures.items() if table == name))
        )
        for name, found in columns.items()
    }


@cache
def statistics() -> dict[tuple[float, str], KnownStatistics]:
    """By scale factor and table: 0.01, 1 and 3000."""
    made: dict[tuple[float, str], KnownStatistics] = {}
    for scale, table, column, *texts in _lines("statistics.tsv"):
        nulls, distinct, size, low, high = (None if text in ("-", "") else float(text) for text in texts)
        if not column:
            made[float(scale), table] = KnownStatistics(int(distinct or 0), {})
        else:
            known = made[float(scale), table].columns
            known[column] = ColumnStatistics(nulls, distinct, size, low, high)
    return made


def _lines(name: str) -> list[list[str]]:
    text = (Path(__file__).parent / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()[1:]]
