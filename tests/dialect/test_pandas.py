"""Data frames in and out."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import inspect, text

pandas = pytest.importorskip("pandas", reason="pandas is not installed")


@pytest.mark.slow
@pytest.mark.parametrize("method", [None, "multi"])
def test_a_frame_makes_the_round(memory_engine, method):
    frame = pandas.DataFrame(
        {
            "id": [1, 2, 3],
            "ratio": [0.5, None, 1e300],
            "name": ["a", "it's", None],
            "at": [dt.datetime(2020, 1, 2, 3, 4, 5, 6)] * 3,
            "yes": [True, False, True],
        }
    )
    try:
        assert frame.to_sql("frames", memory_engine, index=True, index_label="place", method=method) in (3, -1, None)
        frame.to_sql("frames", memory_engine, index=True, index_label="place", if_exists="append", method=method)
        assert [column["name"] for column in inspect(memory_engine).get_columns("frames")] == ["place", *frame.columns]
        found = pandas.read_sql("SELECT * FROM frames ORDER BY id", memory_engine, index_col="place")
        assert len(found) == 6
        first = found.iloc[::2].reset_index(drop=True)
        pandas.testing.assert_frame_equal(first, frame, check_dtype=False)
        with memory_engine.connect() as connection:
            chunks = pandas.read_sql(text("SELECT id FROM frames"), connection, chunksize=4)
            assert [len(chunk) for chunk in chunks] == [4, 2]
            assert len(pandas.read_sql_table("frames", connection, columns=["id", "name"])) == 6
    finally:
        with memory_engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS frames"))
