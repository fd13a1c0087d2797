"""What a writer learns of each column: counts, and bounds that are cut to a length worth keeping."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    FixedOf,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)
from lodestar_server.plugins.connectors.iceberg.format.values import to_bytes, unscaled
from lodestar_server.plugins.connectors.iceberg.raw_arrays import raw_array

_BOUND_LENGTH = 16
_FLOATS = (ice.FLOAT, ice.DOUBLE)
_TIMES = (ice.TIMESTAMP, ice.TIMESTAMPTZ)
_BELOW_MILLISECOND = 999


@dataclass(slots=True)
class _Leaf:
    type: IcebergType
    bounded: bool
    count: int = 0
    nulls: int = 0
    nans: int = 0
    low: Any = None
    high: Any = None


class ColumnMetrics:
    """Of one file. Called from one thread.

    `orc`: what Trino keeps of an ORC file: counts of containers but not of what is in lists and maps, bounds of times
    to the millisecond, none of bytes.
    """

    def __init__(self, fields: Sequence[Field], *, cut: bool = True, orc: bool = False) -> None:
        self._fields = fields
        self._orc = orc
        self._cut = cut
        self._leaves: dict[int, _Leaf] = {}

    def add(self, arrays: Sequence[pa.Array]) -> None:
        """More rows: one array per field, of the pages' types."""
        for field, values in zip(self._fields, arrays, strict=True):
            self._walk(field.id, field.type, values, bounded=True, holes=0)

    def _walk(self, id_: int, type_: IcebergType, values: pa.Array, *, bounded: bool, holes: int) -> None:
        """`holes`: rows without an element, which files count as NULL."""
        if self._orc and isinstance(type_, Struct | ListOf | MapOf):
            leaf = self._leaves.setdefault(id_, _Leaf(type_, False))
            leaf.count += len(values)
            leaf.nulls += values.null_count
            if not isinstance(type_, Struct):
                return
        match type_:
            case Struct(fields):
                for field, part in zip(fields, values.flatten(), strict=True):
                    self._walk(field.id, field.type, part, bounded=bounded, holes=holes)
            case ListOf():
                empty = holes + _empty(values)
                self._walk(type_.element_id, type_.element, values.flatten(), bounded=False, holes=empty)
            case MapOf():
                empty = holes + _empty(values)
                whole = values.take(pa.array(range(len(values)), pa.int64()))
                self._walk(type_.key_id, type_.key, whole.keys, bounded=False, holes=empty)
                self._walk(type_.value_id, type_.value, whole.items, bounded=False, holes=empty)
            case _:
                self._leaf(id_, type_, values, bounded=bounded, holes=holes)

    def _leaf(self, id_: int, type_: IcebergType, values: pa.Array, *, bounded: bool, holes: int) -> None:
        leaf = self._leaves.setdefault(id_, _Leaf(type_, bounded))
        leaf.count += len(values) + holes
        leaf.nulls += values.null_count + holes
        if not bounded or values.null_count == len(values):
            return
        if type_ in _FLOATS:
            leaf.nans += pc.sum(pc.is_nan(values)).as_py() or 0
        raw = raw_array(type_, values)
        low: Any
        high: Any
        if isinstance(type_, FixedOf) or type_ in (ice.UUID, ice.BINARY):
            low, high = _extremes(raw)
        else:
            found = pc.min_max(raw)
            low, high = found["min"].as_py(), found["max"].as_py()
        if isinstance(type_, DecimalOf):
            low, high = (unscaled(one, type_.scale) for one in (low, high))
        leaf.low = low if leaf.low is None else min(leaf.low, low)
        leaf.high = high if leaf.high is None else max(leaf.high, high)

    @property
    def value_counts(self) -> dict[int, int]:
        """By column id."""
        return {id_: leaf.count for id_, leaf in self._leaves.items()}

    @property
    def null_counts(self) -> dict[int, int]:
        """By column id."""
        return {id_: leaf.nulls for id_, leaf in self._leaves.items()}

    @property
    def nan_counts(self) -> dict[int, int]:
        """Of columns that have some, by column id."""
        return {id_: leaf.nans for id_, leaf in self._leaves.items() if leaf.nans}

    def bounds(self) -> tuple[dict[int, bytes], dict[int, bytes]]:
        """Lower and upper ones by column id; none for floats with NaN."""
        lower, upper = {}, {}
        for id_, leaf in self._leaves.items():
            if not leaf.bounded or leaf.low is None or leaf.nans:
                continue
            if leaf.type in _FLOATS and (math.isnan(leaf.low) or math.isnan(leaf.high)):
                continue
            low, high = leaf.low, leaf.high
            if self._orc:
                if isinstance(leaf.type, FixedOf) or leaf.type in (ice.UUID, ice.BINARY):
                    continue
                if leaf.type in _TIMES:
                    low, high = whole_milliseconds(low), whole_milliseconds(high) + _BELOW_MILLISECOND
            if leaf.type in _FLOATS:
                # Zero has two signs; bounds hold both.
                low = -0.0 if low == 0 else low
                high = 0.0 if high == 0 else high
            if self._cut:
                low, high = cut_low(low), cut_high(high)
            lower[id_] = to_bytes(leaf.type, low)
            if high is not None:
                upper[id_] = to_bytes(leaf.type, high)
        return lower, upper


def _empty(values: pa.Array) -> int:
    offsets = values.offsets.to_numpy(zero_copy_only=False)
    missing = values.is_null().to_numpy(zero_copy_only=False)
    return int(np.count_nonzero((np.diff(offsets) == 0) | missing))


def _extremes(values: pa.Array) -> tuple[bytes, bytes]:
    found = pc.min_max(values.cast(pa.binary()))
    return found["min"].as_py(), found["max"].as_py()


def whole_milliseconds(micros: int) -> int:
    """The same or an earlier time."""
    return micros // 1_000 * 1_000


def cut_low(value: Any) -> Any:
    """Not above."""
    return value[:_BOUND_LENGTH] if isinstance(value, str | bytes) else value


def cut_high(value: Any) -> Any:
    """Cut, the last part is raised so that nothing is above; None when nothing can be raised."""
    if not isinstance(value, str | bytes) or len(value) <= _BOUND_LENGTH:
        return value
    if isinstance(value, str):
        for end in range(_BOUND_LENGTH, 0, -1):
            code = ord(value[end - 1]) + 1
            code = 0xE000 if 0xD800 <= code <= 0xDFFF else code
            if code <= 0x10FFFF:
                return value[: end - 1] + chr(code)
        return None
    for end in range(_BOUND_LENGTH, 0, -1):
        if value[end - 1] < 0xFF:
            return value[: end - 1] + bytes((value[end - 1] + 1,))
    return None
