"""Counting distinct values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType, ListOf
from lodestar_server.plugins.connectors.iceberg.sketches import DistinctCounters, merged, read_sketch


def counted(type_: IcebergType, values: pa.Array) -> bytes:
    counters = DistinctCounters([Field(1, "a", type_)])
    counters.add([values])
    return counters.sketches()[1]


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (types.INT, pa.array([1, 2, 2, None], pa.int32())),
        (types.BOOLEAN, pa.array([True, False, True])),
        (types.STRING, pa.array(["x", "y", "x"])),
        (types.DOUBLE, pa.array([1.5, 2.5])),
        (types.DATE, pa.array([1, 2], pa.date32())),
        (DecimalOf(20, 2), pa.array([Decimal("1.50"), Decimal("-1.50")], pa.decimal128(20, 2))),
    ],
)
def test_few_values_are_counted_exactly(type_: IcebergType, values: Any) -> None:
    assert read_sketch(counted(type_, values)).estimate == 2


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_sketches_come_back(count: int) -> None:
    content = counted(types.LONG, pa.array(range(count), pa.int64()))
    assert read_sketch(content).to_bytes() == content
    assert read_sketch(content).estimate == pytest.approx(count, rel=0.05)


def test_many_values_are_estimated() -> None:
    parts = [counted(types.LONG, pa.array(range(start, start + 60_000), pa.int64())) for start in (0, 40_000)]
    assert merged(parts).estimate == pytest.approx(100_000, rel=0.05)
    assert merged(parts[:1]).estimate == pytest.approx(60_000, rel=0.05)


def test_nested_columns_are_not_counted() -> None:
    counters = DistinctCounters([Field(1, "a", ListOf(2, types.INT, False))])
    counters.add([pa.array([[1]], pa.list_(pa.int32()))])
    assert counters.sketches() == {}
