"""ANALYZE: figures of tables and partitions, found by reading them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.harness import Harness, Statement, table
from tests.fakes.hive import hive

from lodestar_server.spi.connector import SaveMode
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.statistics import ColumnStatistics
from lodestar_server.spi.types import BIGINT, DATE, DOUBLE, INTEGER, VARCHAR, ArrayType

COLUMNS = [("a", BIGINT), ("b", VARCHAR), ("c", DATE), ("l", ArrayType(INTEGER))]
ROWS = [(1, "x", 0, (1,)), (None, "yyy", 5_000_000, None), (3, None, None, ())]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    made = hive(tmp_path)
    yield made
    made.connector.shutdown()


def create(harness: Harness, *, partitioned: bool) -> None:
    with harness.statement(collect_column_statistics_on_write=False) as on:
        if partitioned:
            columns = [*COLUMNS, ("p", INTEGER)]
            rows = [(*row, i % 2) for i, row in enumerate(ROWS)]
            on.create_with_rows(table("default", "t", columns, partitioned_by=("p",)), rows)
        else:
            on.create_with_rows(table("default", "t", COLUMNS), ROWS)
    for procedure in harness.connector.procedures():
        if procedure.name == "drop_stats":
            procedure.run(harness.session(), {"schema_name": "default", "table_name": "t", "partition_values": None})


def analyze(on: Statement, **properties: Any) -> int:
    """What the engine does; the number of rows."""
    target = on.metadata.begin_analyze(on.session, on.require("default", "t"), properties)
    assert target is not None
    names = {handle: name for name, handle in on.metadata.column_handles(on.session, target.table).items()}
    columns = [names[handle] for handle in target.columns]
    described = on.metadata.table_metadata(on.session, target.table)
    types = {column.name: column.type for column in described.columns}
    rows = on.read(target.table, columns)
    fragments = on.write(target.handle, [types[name] for name in columns], rows)
    on.metadata.finish_analyze(on.session, target.handle, fragments)
    return len(rows)


def figures(harness: Harness, name: str) -> ColumnStatistics | None:
    with harness.statement() as on:
        handle = on.require("default", "t")
        found = on.metadata.statistics(on.session, handle)
        return found.columns.get(on.column(handle, name))


def row_count(harness: Harness) -> float | None:
    with harness.statement() as on:
        return on.metadata.statistics(on.session, on.require("default", "t")).row_count


@pytest.mark.parametrize("partitioned", [False, True])
def test_everything(harness: Harness, partitioned: bool) -> None:
    create(harness, partitioned=partitioned)
    assert row_count(harness) is None
    with harness.statement() as on:
        assert analyze(on) == 3
    assert row_count(harness) == 3
    a = figures(harness, "a")
    assert a is not None
    assert (a.low, a.high) == (1, 3)
    assert a.null_fraction == pytest.approx(1 / 3)
    c = figures(harness, "c")
    assert c is not None
    assert (c.low, c.high) == (0, 5_000_000)
    assert figures(harness, "l") is None or figures(harness, "l") == ColumnStatistics()


def test_some_columns(harness: Harness) -> None:
    create(harness, partitioned=False)
    with harness.statement() as on:
        assert analyze(on, columns=("b",)) == 3
    b, a = figures(harness, "b"), figures(harness, "a")
    assert b is not None
    assert b.distinct_values == 2
    assert a is None or a.low is None


def test_no_columns_count_the_rows(harness: Harness) -> None:
    create(harness, partitioned=False)
    with harness.statement() as on:
        assert analyze(on, columns=()) == 3
    assert row_count(harness) == 3


def test_some_partitions(harness: Harness) -> None:
    create(harness, partitioned=True)
    with harness.statement() as on:
        assert analyze(on, partitions=(("1",),)) == 1
    with harness.statement() as on:
        assert analyze(on, partitions=()) == 0


def test_a_partition_without_rows(harness: Harness) -> None:
    create(harness, partitioned=True)
    (procedure,) = [one for one in harness.connector.procedures() if one.name == "create_empty_partition"]
    arguments = {"schema_name": "default", "table_name": "t", "partition_columns": ("p",), "partition_values": ("7",)}
    procedure.run(harness.session(), arguments)
    with harness.statement() as on:
        assert analyze(on) == 3
    assert row_count(harness) == 3


@pytest.mark.parametrize(
    ("partitioned", "properties", "code", "message"),
    [
        (
            False,
            {"partitions": (("1",),)},
            "INVALID_ANALYZE_PROPERTY",
            "Partition list provided but table is not partitioned",
        ),
        (
            True,
            {"partitions": (("1", "2"),)},
            "INVALID_ANALYZE_PROPERTY",
            "Partition value count does not match partition column count",
        ),
        (
            True,
            {"partitions": (("9",),)},
            "HIVE_PARTITION_DROPPED_DURING_QUERY",
            "Partition p=9 no longer exists for default.t",
        ),
        (
            True,
            {"partitions": ((None,),)},
            "HIVE_PARTITION_DROPPED_DURING_QUERY",
            "Partition p=__HIVE_DEFAULT_PARTITION__ no longer exists for default.t",
        ),
        (
            False,
            {"columns": ("a", "A", "n")},
            "INVALID_ANALYZE_PROPERTY",
            "Invalid columns specified for analysis: [A, n]",
        ),
    ],
)
def test_refusals(harness: Harness, partitioned: bool, properties: dict[str, Any], code: str, message: str) -> None:
    create(harness, partitioned=partitioned)
    with harness.statement() as on, pytest.raises(LodestarError) as caught:
        analyze(on, **properties)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_figures_are_collected_on_write(harness: Harness) -> None:
    with harness.statement() as on:
        on.create_with_rows(table("default", "t", [("a", DOUBLE)]), [(1.5,), (float("nan"),), (None,), (-2.0,)])
    with harness.statement() as on:
        on.insert("default", "t", [(9.0,)])
    a = figures(harness, "a")
    assert a is not None
    assert (a.low, a.high, row_count(harness)) == (-2.0, 9.0, 5)


def test_an_empty_table(harness: Harness) -> None:
    with harness.statement() as on:
        on.metadata.create_table(on.session, table("default", "t", COLUMNS), SaveMode.FAIL)
    assert row_count(harness) == 0
    with harness.statement() as on:
        assert analyze(on) == 0
    assert row_count(harness) == 0
