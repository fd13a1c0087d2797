"""What manifests keep of the columns of a file."""

from __future__ import annotations

import math
import struct

import pyarrow as pa

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.types import Field, IcebergType
from lodestar_server.plugins.connectors.iceberg.metrics import ColumnMetrics


def metrics(type_: IcebergType, *pages: pa.Array) -> ColumnMetrics:
    made = ColumnMetrics([Field(1, "a", type_)])
    for page in pages:
        made.add([page])
    return made


def bounds(type_: IcebergType, *pages: pa.Array) -> tuple[bytes | None, bytes | None]:
    lower, upper = metrics(type_, *pages).bounds()
    return lower.get(1), upper.get(1)


def test_counts_and_bounds_of_several_pages() -> None:
    pages = pa.array([3, None], pa.int32()), pa.array([-2, 7, None], pa.int32())
    made = metrics(types.INT, *pages)
    assert (made.value_counts, made.null_counts) == ({1: 5}, {1: 2})
    assert bounds(types.INT, *pages) == (struct.pack("<i", -2), struct.pack("<i", 7))


def test_columns_of_nulls_have_no_bounds() -> None:
    assert bounds(types.STRING, pa.nulls(3, pa.string())) == (None, None)


def test_long_texts_are_cut_so_that_the_bounds_hold() -> None:
    assert bounds(types.STRING, pa.array(["a" * 20])) == (b"a" * 16, b"a" * 15 + b"b")
    assert bounds(types.STRING, pa.array(["a" * 16])) == (b"a" * 16, b"a" * 16)
    # Nothing is above the last code point: the one before it is raised, or there is no bound.
    assert bounds(types.STRING, pa.array(["a" + "\U0010ffff" * 20]))[1] == b"b"
    assert bounds(types.STRING, pa.array(["\U0010ffff" * 20]))[1] is None
    assert (
        bounds(types.STRING, pa.array(["\ud7ff".encode("utf-8").decode() * 17]))[1]
        == ("\ud7ff" * 15 + "\ue000").encode()
    )
    assert bounds(types.BINARY, pa.array([b"\xff" * 20])) == (b"\xff" * 16, None)
    assert bounds(types.BINARY, pa.array([b"a" + b"\xff" * 20]))[1] == b"b"


def test_floats() -> None:
    assert bounds(types.DOUBLE, pa.array([0.0])) == (struct.pack("<d", -0.0), struct.pack("<d", 0.0))
    assert bounds(types.DOUBLE, pa.array([1.0, math.nan])) == (None, None)
    assert bounds(types.FLOAT, pa.array([math.inf, 1.0], pa.float32())) == (
        struct.pack("<f", 1.0),
        struct.pack("<f", math.inf),
    )


def orc(type_: IcebergType, page: pa.Array) -> ColumnMetrics:
    made = ColumnMetrics([Field(1, "a", type_)], orc=True)
    made.add([page])
    return made


def test_orc_files_count_containers_and_nothing_in_lists() -> None:
    inner = types.Struct((Field(2, "x", types.INT), Field(3, "l", types.ListOf(4, types.INT))))
    page = pa.array([{"x": 1, "l": [1, 2]}, None], pa.struct([("x", pa.int32()), ("l", pa.list_(pa.int32()))]))
    made = orc(inner, page)
    assert made.value_counts == {1: 2, 2: 2, 3: 2}
    assert made.null_counts == {1: 1, 2: 1, 3: 1}


def test_orc_files_know_times_to_the_millisecond_and_count_nan() -> None:
    lower, upper = orc(types.TIMESTAMP, pa.array([-1, 1_500], pa.timestamp("us"))).bounds()
    assert (lower[1], upper[1]) == (struct.pack("<q", -1_000), struct.pack("<q", 1_999))
    assert orc(types.BINARY, pa.array([b"x"])).bounds() == ({}, {})
    assert orc(types.DOUBLE, pa.array([1.0, math.nan])).nan_counts == {1: 1}
    assert orc(types.DOUBLE, pa.array([1.0])).nan_counts == {}
