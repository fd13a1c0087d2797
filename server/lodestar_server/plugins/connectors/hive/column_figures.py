"""Figures about the values of one column while they are written, in the metastore's form."""

from __future__ import annotations

from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.toolkit.calendar import day_text
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    CharType,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)

_FEW = 10_000
_MOSTLY = 0.5
"""Where more of some values than that are distinct, the next ones are only looked at together with what is known."""
MAX_DISTINCT = 100_000
"""Distinct values are counted up to here; a column with more has no count."""


class ColumnFigures:
    """What is known of the values seen so far."""

    def __init__(self, type_: Type) -> None:
        self._type = type_
        self._nulls = 0
        self._rows = 0
        self._low: Any = None
        self._high: Any = None
        self._true = 0
        self._longest = 0
        self._bytes = 0
        self._distinct: pa.Array | None = None
        self._pending: list[pa.Array] = []
        self._pending_count = 0
        self._mostly_distinct = False
        self.held_bytes = 0
        """Of the distinct values."""
        self._counts_distinct = self._countable()

    @staticmethod
    def kept_for(type_: Type) -> bool:
        """Nested types have no figures."""
        return not type_.children

    def _countable(self) -> bool:
        return self._type not in (BOOLEAN, VARBINARY) and not self._type.children

    def add(self, values: pa.Array) -> None:
        """Some more values, of `arrow_type` of the column's type."""
        self._rows += len(values)
        self._nulls += values.null_count
        if values.null_count == len(values):
            return
        self._count_distinct(values)
        if self._type == BOOLEAN:
            self._true += pc.sum(values).as_py() or 0
        elif isinstance(self._type, VarcharType | CharType) or self._type == VARBINARY:
            lengths = pc.binary_length(values)
            self._longest = max(self._longest, pc.max(lengths).as_py())
            self._bytes += pc.sum(lengths).as_py()
        elif self._has_range():
            self._widen(values)

    def _has_range(self) -> bool:
        return self._type in (*INTEGRAL_TYPES, REAL, DOUBLE, DATE) or isinstance(self._type, DecimalType)

    def _widen(self, values: pa.Array) -> None:
        if self._type in (REAL, DOUBLE):
            values = values.filter(pc.invert(pc.is_nan(values)))
            if not len(values):
                return
        if self._type == DATE:
            values = values.cast(pa.int32())
        found = pc.min_max(values).as_py()
        self._low = found["min"] if self._low is None else min(self._low, found["min"])
        self._high = found["max"] if self._high is None else max(self._high, found["max"])

    def _count_distinct(self, values: pa.Array) -> None:
        if not self._counts_distinct:
            return
        if isinstance(self._type, TimestampType) and pa.types.is_struct(values.type):
            self._counts_distinct = False
            return
        new = values.drop_null() if values.null_count else values
        if not self._mostly_distinct:
            few, new = len(new) * _MOSTLY, pc.unique(new)
            self._mostly_distinct = len(new) > few
        self._pending.append(new)
        self.held_bytes += new.nbytes
        self._pending_count += len(new)
        if self._pending_count > max(len(self._distinct or ()), _FEW):
            self._merge_distinct()

    def _merge_distinct(self) -> None:
        # Only when there is as much to add as is known, so that a value is looked at a few times and not once a page.
        known = [] if self._distinct is None else [self._distinct]
        if self._pending:
            seen = sum(map(len, known)) + self._pending_count
            self._distinct = pc.unique(pa.concat_arrays([*known, *self._pending]))
            self._mostly_distinct = len(self._distinct) > seen * _MOSTLY
            self._pending, self._pending_count = [], 0
            self.held_bytes = self._distinct.nbytes
        if self._distinct is not None and len(self._distinct) > MAX_DISTINCT:
            self.give_up_distinct()

    def give_up_distinct(self) -> None:
        """There is no count of distinct values then."""
        self._distinct, self._counts_distinct = None, False
        self._pending, self._pending_count, self.held_bytes = [], 0, 0

    def document(self) -> dict[str, Any]:
        """As the metastore keeps it."""
        made: dict[str, Any] = {}
        if self._counts_distinct:
            self._merge_distinct()
        if self._type == BOOLEAN:
            filled = self._rows - self._nulls
            made["booleanStatistics"] = {"trueCount": self._true, "falseCount": filled - self._true}
        elif self._has_range():
            # Without values it is empty: something of which there is more to come.
            made[self._range_name()] = {} if self._low is None else self._range()
        if isinstance(self._type, VarcharType | CharType) or self._type == VARBINARY:
            filled = self._rows - self._nulls
            made["maxValueSizeInBytes"] = self._longest
            if filled:
                made["averageColumnLength"] = self._bytes / filled
        made["nullsCount"] = self._nulls
        if self._counts_distinct:
            made["distinctValuesCount"] = (0 if self._distinct is None else len(self._distinct)) + bool(self._nulls)
        return made

    def _range_name(self) -> str:
        if self._type == DATE:
            return "dateStatistics"
        if isinstance(self._type, DecimalType):
            return "decimalStatistics"
        return "doubleStatistics" if self._type in (REAL, DOUBLE) else "integerStatistics"

    def _range(self) -> dict[str, Any]:
        return {
            name: self._shown(value)
            for name, value in (("min", self._low), ("max", self._high))
            if not isinstance(value, float) or isfinite(value)
        }

    def _shown(self, value: Any) -> Any:
        if self._type == DATE:
            return day_text(value)
        return value if isinstance(value, Decimal | float) else int(value)
