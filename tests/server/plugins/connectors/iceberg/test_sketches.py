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


def test_values_that_come_again_after_many_others() -> None:
    texts = pa.array([f"value {n}" for n in range(30_000)] + [None, ""] * 5)
    counters = DistinctCounters([Field(1, "a", types.STRING)])
    for page in (texts, texts.slice(7, 20_000), pa.concat_arrays([texts, texts])):
        counters.add([page])
    assert read_sketch(counters.sketches()[1]).estimate == pytest.approx(30_000, rel=0.05)


def test_pages_and_their_slices_have_one_hash() -> None:
    values = pa.array(["a", "", "ab", None, "x" * 16, "y" * 40, "z" * 9])
    whole = DistinctCounters([Field(1, "a", types.STRING)])
    whole.add([values])
    pieces = DistinctCounters([Field(1, "a", types.STRING)])
    for start in range(len(values)):
        pieces.add([values.slice(start, 1)])
    assert pieces.sketches() == whole.sketches()
