"""Figures of stripes: those of other writers' files, and those that a Trino leaves out."""

from __future__ import annotations

import base64
import io
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.orc as orc
import pytest

from lodestar_server.plugins.toolkit.orc_figures import OrcFigures, file_figures, stripe_figures
from lodestar_server.plugins.toolkit.orc_stripes import wanted_stripes
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import BIGINT, INTEGER

LIST = pa.list_(pa.int32())
OF_TRINO = base64.b64decode(
    "T1JDGAAA4+LlYmeAACEmDgYAJwAAChEKAwAAABIKCAESBggGEAYYBgUAAP8ABwAARgBgWgAA42LjYBNglODnAtFMEmJAmhHIZwDS"
    "DECaFcxnkmATYgHyGYAkE4yUYg4NcQYALQAAChQKAggBCgIIAAoKCAESBggGEAYYBhgBAJPi4mAWUJXgVjDQYFTi4eARYmJkkmLM"
    "lmIsU2LiYAFiZi0RLt6Sosy8/Piy1KLizPw8IWYTczMtXS4+iGhhaWpRZXxmipC0kYGRmaGhkVG8kYGJhZFhvIGBgaFZfEl2Vl6e"
    "ljSXCFi5XnlRZklqkR6yWQaMVkwcIMxgxcXBKMTGwSbAJsHmMMHPgwUACI8BEAEYgIAQIgIADCgZMAaC9AMDT1JDGA=="
)
"""A file of Trino 476: k bigint NULL, v integer 3, one row."""


def test_a_column_of_nulls_has_no_bounds() -> None:
    assert stripe_figures(io.BytesIO(OF_TRINO)) == [[OrcFigures(1), OrcFigures(0), OrcFigures(1, True, "int", 3, 3)]]
    cases: list[tuple[dict[str, Domain], list[int]]] = [
        ({"k": Domain.only_null(BIGINT)}, [0]),
        ({"k": Domain.values(BIGINT, [7])}, []),
    ]
    cases += [({"v": Domain.values(INTEGER, [3])}, [0]), ({"v": Domain.values(INTEGER, [4])}, [])]
    for domains, expected in cases:
        assert wanted_stripes(io.BytesIO(OF_TRINO), domains) == expected


@pytest.mark.parametrize("compression", ["uncompressed", "zlib", "snappy", "zstd"])
def test_all_kinds(compression: str) -> None:
    made = pa.table(
        {
            "a": pa.array([3, None, -5], pa.int64()),
            "b": pa.array([0.5, -1.5, 2.0]),
            "c": pa.array(["żółw", "", "a"]),
            "d": pa.array([Decimal("1.50"), Decimal("-2.25"), None], pa.decimal128(10, 2)),
            "e": pa.array([date(1582, 10, 4), date(1970, 1, 2), None]),
            "f": pa.array([True, None, False]),
        }
    )
    target = io.BytesIO()
    orc.write_table(made, target, compression=compression)
    found = stripe_figures(target)
    assert found is not None
    ((_, *columns),) = found
    assert [(one.values, one.has_null, one.kind, one.low, one.high) for one in columns] == [
        (2, True, "int", -5, 3),
        (3, False, "float", -1.5, 2.0),
        (3, False, "text", "", "żółw"),
        (2, True, "decimal", Decimal("-2.25"), Decimal("1.5")),
        (2, True, "date", -141_438, 1),
        (2, True, "", None, None),
    ]


def test_many_stripes() -> None:
    numbers = pa.array(range(40_000), pa.int64())
    target = io.BytesIO()
    with orc.ORCWriter(target, stripe_size=1, compression="zlib") as writer:
        for start in range(0, 40_000, 10_000):
            writer.write(
                pa.table({"a": numbers.slice(start, 10_000), "b": numbers.slice(start, 10_000).cast("string")})
            )
    count = orc.ORCFile(target).nstripes
    found = stripe_figures(target)
    assert found is not None
    assert len(found) == count > 1
    assert [stripe[1].low for stripe in found] == sorted(stripe[1].low for stripe in found)


@pytest.mark.parametrize("content", [b"\0", b"ORC", b"x" * 300])
def test_what_is_no_file_has_none(content: bytes) -> None:
    assert not stripe_figures(io.BytesIO(content))


def test_whole_files() -> None:
    inner = pa.array([{"x": 1, "l": [1]}, None, {"x": None, "l": []}], pa.struct([("x", pa.int32()), ("l", LIST)]))
    made = pa.table(
        {
            "f": pa.array([True, None, True]),
            "g": pa.array([True, None, False]),
            # this writer cuts towards 1970
            "t": pa.array([-1_500, None, 2_500], pa.timestamp("us")).cast(pa.timestamp("ns")),
            "r": inner,
        }
    )
    target = io.BytesIO()
    orc.write_table(made, target)
    found = file_figures(target)
    assert found is not None and found.columns is not None
    assert (found.rows, found.tells_nan) == (3, False)
    figures = {name: one.figures for name, one in found.columns.items()}
    assert (figures["f"].values, figures["f"].low, figures["f"].high) == (2, True, True)
    assert (figures["g"].kind, figures["g"].low, figures["g"].high) == ("flag", False, True)
    assert (figures["t"].kind, figures["t"].low, figures["t"].high) == ("time", -1, 2)
    parts = found.columns["r"].parts
    assert list(parts) == ["x", "l"]
    assert (parts["x"].figures.values, parts["x"].figures.low) == (1, 1)
    assert parts["l"].parts == {}


def test_whole_files_of_a_trino() -> None:
    found = file_figures(io.BytesIO(OF_TRINO))
    assert found is not None and found.columns is not None
    assert (found.rows, found.tells_nan) == (1, True)
    assert {name: one.figures for name, one in found.columns.items()} == {
        "k": OrcFigures(0),
        "v": OrcFigures(1, True, "int", 3, 3),
    }


def test_what_is_no_file_has_no_figures() -> None:
    assert file_figures(io.BytesIO(b"ORC" + b"\0" * 20)) is None
