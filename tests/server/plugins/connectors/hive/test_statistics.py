from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.hive.statistics import row_count

SPARK = "spark.sql.statistics.numRows"


@pytest.mark.parametrize(
    ("parameters", "rows"),
    [
        ({}, None),
        ({"numRows": "-1"}, None),
        ({"numRows": "3"}, 3),
        ({"numRows": "0"}, 0),
        ({SPARK: "7"}, 7),
        ({"numRows": "0", SPARK: "7"}, 7),
        ({"numRows": "-1", SPARK: "7"}, 7),
        ({"numRows": "3", SPARK: "7"}, 3),
        ({SPARK: "many"}, None),
    ],
)
def test_rows_of_hive_and_of_spark(parameters: dict[str, str], rows: int | None) -> None:
    assert row_count(parameters) == rows
