"""Which stripes are read, by files of pyarrow with known figures."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.orc as orc
import pytest

from lodestar_server.plugins.toolkit.bloom_filters import BloomFilters
from lodestar_server.plugins.toolkit.orc_stripes import wanted_stripes
from lodestar_server.spi.predicate import Domain, Range
from lodestar_server.spi.types import BIGINT, DATE, DOUBLE, INTEGER, VARCHAR, DecimalType, VarcharType

ROWS = 4096
STRIPE = 1024
MONEY = DecimalType(12, 2)


def file_of(columns: dict[str, Any], bloom_filters: BloomFilters | None = None) -> io.BytesIO:
    """Four stripes of 1,024 rows: pyarrow ends a stripe between its batches."""
    made = pa.table(columns)
    stream = io.BytesIO()
    options = (bloom_filters or BloomFilters()).orc(made.schema)
    with orc.ORCWriter(stream, stripe_size=1, **options) as writer:
        for start in range(0, ROWS, STRIPE):
            writer.write(made.slice(start, STRIPE))
    assert orc.ORCFile(io.BytesIO(stream.getvalue())).nstripes == ROWS // STRIPE
    return io.BytesIO(stream.getvalue())


NUMBERS = pa.array(range(ROWS), pa.int64())


@pytest.fixture(scope="module")
def file() -> io.BytesIO:
    return file_of(
        {
            "nested": pa.array([{"a": 1, "b": [1]}] * ROWS),
            "k": NUMBERS,
            "day": NUMBERS.cast(pa.int32()).cast(pa.date32()),
            "x": pa.array([float(one) for one in range(ROWS)]),
            "money": pa.array([Decimal(one).scaleb(-1) for one in range(ROWS)], pa.decimal128(12, 1)),
            "text": pa.array([f"{one:05d}" for one in range(ROWS)]),
            "some": pa.array([one if one < STRIPE else None for one in range(ROWS)], pa.int32()),
        }
    )


def between(type_: Any, low: Any, high: Any) -> Domain:
    return Domain(type_, (Range(low, True, high, False),), False)


@pytest.mark.parametrize(
    ("name", "domain", "stripes"),
    [
        ("k", Domain.values(BIGINT, [5]), [0]),
        ("k", Domain.values(BIGINT, [5, 4095]), [0, 3]),
        ("k", between(BIGINT, 1024, 2048), [1]),
        ("k", between(BIGINT, 1023, 2049), [0, 1, 2]),
        ("k", between(BIGINT, None, 1), [0]),
        ("k", between(BIGINT, 4096, None), []),
        ("day", Domain.values(DATE, [2048]), [2]),
        ("x", between(DOUBLE, 1024.5, 1025.0), [1]),
        ("money", between(MONEY, 10_240, 10_250), [1]),
        ("text", Domain.values(VARCHAR, ["01500"]), [1]),
        ("some", Domain.values(INTEGER, [5]), [0]),
        ("some", Domain(INTEGER, (), True), [1, 2, 3]),
    ],
)
def test_stripes(file: io.BytesIO, name: str, domain: Domain, stripes: list[int]) -> None:
    assert wanted_stripes(file, {name: domain}) == stripes


def test_all_domains_have_to_be_met(file: io.BytesIO) -> None:
    both = {"k": between(BIGINT, 0, 2000), "day": between(DATE, 1500, 4000)}
    assert wanted_stripes(file, both) == [1]


@pytest.mark.parametrize("type_", [VarcharType(3)])
def test_nothing_is_known_of_cut_texts(file: io.BytesIO, type_: Any) -> None:
    assert wanted_stripes(file, {"text": Domain.values(type_, ["015"])}) is None


def test_figures_of_another_kind_exclude_nothing(file: io.BytesIO) -> None:
    assert wanted_stripes(file, {"text": Domain.values(BIGINT, [5])}) == [0, 1, 2, 3]


def test_bloom_filters_belong_to_the_named_column() -> None:
    """Every stripe has the same bounds: only the filter knows."""
    texts = [f"{'az'[one % 2]}{one if one % STRIPE > 1 else ''}" for one in range(ROWS)]
    columns = {"nested": pa.array([{"a": 1, "b": [1]}] * ROWS), "text": pa.array(texts)}
    wanted = {"text": Domain.values(VARCHAR, ["a1500"])}
    assert wanted_stripes(file_of(columns), wanted) == [0, 1, 2, 3]
    assert wanted_stripes(file_of(columns, BloomFilters(("text",), 0.01)), wanted) == [1]
    assert wanted_stripes(file_of(columns, BloomFilters(("nested",), 0.01)), wanted) == [0, 1, 2, 3]


def test_days_that_python_does_not_know() -> None:
    days = pa.array([-735_000 - one for one in range(ROWS)], pa.int32()).cast(pa.date32())
    assert wanted_stripes(file_of({"day": days}), {"day": Domain.values(DATE, [-735_500])}) == [0]
