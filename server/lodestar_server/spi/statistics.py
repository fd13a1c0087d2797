"""Table and column statistics. Unknown figures are None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from lodestar_server.spi.handles import ColumnHandle
from lodestar_server.spi.values import frozen


@frozen
class ColumnStatistics:
    """`null_fraction` 0 to 1, `distinct_values` without NULL, `data_size` in bytes of variable-width data.

    `low` and `high` are numbers in SQL's order of the type (dates as days, timestamps as microseconds).
    """

    null_fraction: float | None = None
    distinct_values: float | None = None
    data_size: float | None = None
    low: float | None = None
    high: float | None = None


@frozen
class TableStatistics:
    """Figures about the rows that a table handle gives."""

    row_count: float | None = None
    columns: Mapping[ColumnHandle, ColumnStatistics] = field(default_factory=dict)


UNKNOWN_STATISTICS = TableStatistics()
