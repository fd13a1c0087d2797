"""ORC row by row: columns by their names, whichever of them are wanted."""

from __future__ import annotations

import io

import pyarrow as pa

from lodestar_server.plugins.toolkit.orc_rows import OrcRowWriter, read_orc_rows
from lodestar_server.spi.types import BIGINT, VARCHAR, TimestampType
from lodestar_server.spi.types.arrow import arrow_type

TIMES = TimestampType(6)


def test_some_of_the_columns_in_any_order() -> None:
    target = io.BytesIO()
    writer = OrcRowWriter(target, ["a", "b", "c"], [BIGINT, TIMES, VARCHAR], "ZLIB")
    old = -62_135_596_800_000_000
    times = pa.array([old, None], pa.int64()).cast(arrow_type(TIMES))
    writer.write(pa.RecordBatch.from_arrays([pa.array([1, 2], pa.int64()), times, pa.array(["x", None])], list("abc")))
    writer.close()
    ((texts, found),) = read_orc_rows(target, 0, [("c", VARCHAR), ("b", TIMES)])
    assert texts.to_pylist() == ["x", None]
    assert found.cast(pa.int64()).to_pylist() == [old, None]
