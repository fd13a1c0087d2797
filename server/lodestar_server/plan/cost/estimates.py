"""Values of the estimator. NaN is "unknown" and spreads by itself; ranges are in the order of SQL's values.

Source of the rules in this package: Trino's statistics calculator (uniform values within a range, half of what is not
known), so that SHOW STATS answers what its users know.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import field, replace

from lodestar_server.ir import Symbol
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    DecimalType,
    TimestampType,
    TimestampTzType,
    Type,
)
from lodestar_server.spi.values import frozen

UNKNOWN = math.nan
_HALF = 0.5
_QUARTER = 0.25


def smaller(left: float, right: float) -> float:
    """The smaller one that is known."""
    return right if math.isnan(left) else left if math.isnan(right) else min(left, right)


def larger(left: float, right: float) -> float:
    """The larger one that is known."""
    return right if math.isnan(left) else left if math.isnan(right) else max(left, right)


def strict_min(left: float, right: float) -> float:
    """The smaller one, unknown when either is."""
    return UNKNOWN if math.isnan(left) or math.isnan(right) else min(left, right)


def strict_max(left: float, right: float) -> float:
    """The larger one, unknown when either is."""
    return UNKNOWN if math.isnan(left) or math.isnan(right) else max(left, right)


@frozen
class ValueRange:
    """Values between two bounds, and how many different ones. Without bounds (both unknown) it is empty."""

    low: float = -math.inf
    high: float = math.inf
    distinct: float = UNKNOWN

    @property
    def empty(self) -> bool:
        """There are no values."""
        return math.isnan(self.low) and math.isnan(self.high)

    @property
    def length(self) -> float:
        """High minus low."""
        return self.high - self.low

    def overlap(self, other: ValueRange) -> float:
        """The share of this range's values that lie in the other."""
        if self.empty or other.empty or self.distinct == 0 or other.distinct == 0:
            return 0.0
        if (self.low, self.high) == (other.low, other.high) and _same(self.distinct, other.distinct):
            return 1.0
        common = strict_min(self.high, other.high) - strict_max(self.low, other.low)
        if math.isinf(common):
            if math.isfinite(self.distinct) and math.isfinite(other.distinct):
                return min(other.distinct / self.distinct, 1.0)
            return _HALF
        if common == 0:
            return 1 / larger(self.distinct, 1)
        if common < 0:
            return 0.0
        if math.isinf(self.length):
            return _QUARTER
        return common / self.length if common > 0 else UNKNOWN

    def intersect(self, other: ValueRange) -> ValueRange:
        """The values in both."""
        low, high = strict_max(self.low, other.low), strict_min(self.high, other.high)
        if low <= high:
            mine, theirs = self.overlap(other) * self.distinct, other.overlap(self) * other.distinct
            return ValueRange(low, high, smaller(smaller(self.distinct, other.distinct), larger(mine, theirs)))
        return EMPTY

    def union(self, other: ValueRange) -> ValueRange:
        """The values of both, none of them in common."""
        return ValueRange(smaller(self.low, other.low), larger(self.high, other.high), self.distinct + other.distinct)


EMPTY = ValueRange(UNKNOWN, UNKNOWN, 0)


def _same(left: float, right: float) -> bool:
    return left == right or (math.isnan(left) and math.isnan(right))


@frozen
class ColumnEstimate:
    """What is known of a column: its values, the share of NULLs, and the average bytes of a value of variable width."""

    range: ValueRange = field(default_factory=ValueRange)
    nulls: float = UNKNOWN
    size: float = UNKNOWN

    @property
    def distinct(self) -> float:
        """Different values, without NULL."""
        return self.range.distinct

    @property
    def unknown(self) -> bool:
        """Nothing is known."""
        bounds = (self.range.low, self.range.high) == (-math.inf, math.inf)
        return bounds and all(math.isnan(value) for value in (self.nulls, self.size, self.distinct))

    @property
    def constant(self) -> bool:
        """The column has one value."""
        return self.distinct == 1 and self.range.low == self.range.high


NO_VALUES = ColumnEstimate(EMPTY, 1.0, 0.0)
"""A column without a value that is not NULL."""
NOTHING_KNOWN = ColumnEstimate()


@frozen
class PlanEstimate:
    """Rows of a plan node and its columns."""

    rows: float = UNKNOWN
    columns: Mapping[Symbol, ColumnEstimate] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        """The number of rows is known."""
        return not math.isnan(self.rows)

    def column(self, symbol: Symbol) -> ColumnEstimate:
        """What is known of a column."""
        return self.columns.get(symbol, NOTHING_KNOWN)

    def with_rows(self, rows: float) -> PlanEstimate:
        """The same columns, another number of rows."""
        return replace(self, rows=rows)

    def with_column(self, symbol: Symbol, column: ColumnEstimate) -> PlanEstimate:
        """The same with one column changed."""
        return replace(self, columns={**self.columns, symbol: column})

    def normalized(self) -> PlanEstimate:
        """Consistent figures: no more different values than rows that are not NULL, or than a range has room for."""
        columns: dict[Symbol, ColumnEstimate] = {}
        for symbol, column in self.columns.items():
            fitted = _fitted(column, symbol.type, self.rows)
            if not fitted.unknown:
                columns[symbol] = fitted
        return PlanEstimate(self.rows, columns)


def _fitted(column: ColumnEstimate, type_: Type, rows: float) -> ColumnEstimate:
    if rows == 0:
        return NO_VALUES
    if column.unknown:
        return NOTHING_KNOWN
    distinct, nulls = column.distinct, column.nulls
    if not math.isnan(distinct):
        distinct = min(distinct, _room(column.range, type_))
        if not math.isnan(rows):
            distinct = min(distinct, rows)
            present = rows * (1 - nulls)
            if distinct > present:
                excess = (distinct - present) / 2
                distinct -= excess
                nulls = 1 - (present + excess) / rows
    if distinct == 0:
        return NO_VALUES
    return ColumnEstimate(replace(column.range, distinct=distinct), nulls, column.size)


def _room(range_: ValueRange, type_: Type) -> float:
    """How many different values fit into a range of the type."""
    if range_.length == 0:
        return 1.0
    if not math.isfinite(range_.length):
        return math.inf
    if type_ in (BIGINT, INTEGER, SMALLINT, TINYINT, BOOLEAN, DATE):
        return range_.length + 1
    if isinstance(type_, DecimalType):
        return float(range_.length * 10**type_.scale + 1)
    return math.inf


def as_number(type_: Type, value: object) -> float:
    """A constant in the order of statistics; unknown for types without one. Timestamps count microseconds."""
    match type_:
        case _ if type_ in (BIGINT, INTEGER, SMALLINT, TINYINT, DOUBLE, REAL, BOOLEAN, DATE):
            return float(value)  # type: ignore[arg-type]
        case DecimalType(_, scale):
            return int(value) / 10**scale  # type: ignore[call-overload, no-any-return]
        case TimestampType():
            return float(int(value) // 10**6)  # type: ignore[call-overload]
        case TimestampTzType():
            return float(int(value[0]) // 10**9)  # type: ignore[index]
    return UNKNOWN
