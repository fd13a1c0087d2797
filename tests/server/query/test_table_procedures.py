"""ALTER TABLE … EXECUTE: arguments, conditions and rows of a procedure of tables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path, ("tpch", "memory"))
    made.run("USE iceberg.default")
    made.run("CREATE TABLE t (a integer, p integer) WITH (partitioning = ARRAY['p'])")
    for number in (1, 2, 3):
        made.run(f"INSERT INTO t VALUES ({number}, {number % 2})")
    yield made
    made.close()


def files(engine: LocalEngine) -> list[str]:
    return sorted(engine.run('SELECT partition.p, record_count FROM "t$files"').rows)


def test_rows_are_written_again_where_the_condition_holds(engine: LocalEngine) -> None:
    engine.run("ALTER TABLE t EXECUTE optimize WHERE p = 1")
    assert files(engine) == ["[0,1]", "[1,2]"]
    sink = engine.run("ALTER TABLE t EXECUTE optimize")
    assert [one.name for one in sink.columns] == ["rows"]
    assert files(engine) == ["[0,1]", "[1,2]"]
    assert sorted(engine.run("SELECT * FROM t").rows) == ["[1,1]", "[2,0]", "[3,1]"]


def test_arguments_by_place_and_by_name(engine: LocalEngine) -> None:
    engine.run("ALTER TABLE t EXECUTE optimize('1B')")
    assert len(files(engine)) == 3
    engine.run("ALTER TABLE t EXECUTE optimize(FILE_SIZE_THRESHOLD => '1GB')")
    assert len(files(engine)) == 2


@pytest.mark.parametrize(
    ("sql", "code", "message"),
    [
        (
            "ALTER TABLE t EXECUTE nosuch",
            "PROCEDURE_NOT_FOUND",
            "Table procedure not registered: NOSUCH",
        ),
        (
            "ALTER TABLE memory.default.m EXECUTE optimize",
            "PROCEDURE_NOT_FOUND",
            "Table procedure not registered: OPTIMIZE",
        ),
        ("ALTER TABLE nosuch EXECUTE optimize", "TABLE_NOT_FOUND", "Table 'iceberg.default.nosuch' does not exist"),
        (
            "ALTER TABLE v EXECUTE optimize",
            "NOT_SUPPORTED",
            "ALTER TABLE EXECUTE is not supported for views",
        ),
        (
            "ALTER TABLE t EXECUTE drop_extended_stats WHERE p = 1",
            "NOT_SUPPORTED",
            "WHERE not supported for procedure DROP_EXTENDED_STATS",
        ),
        (
            "ALTER TABLE t EXECUTE optimize(nosuch => 1)",
            "INVALID_PROCEDURE_ARGUMENT",
            "Catalog 'iceberg' table procedure 'OPTIMIZE' property 'nosuch' does not exist",
        ),
        (
            "ALTER TABLE t EXECUTE optimize(file_size_threshold => '1B', file_size_threshold => '1B')",
            "DUPLICATE_PROPERTY",
            "Duplicate named argument: file_size_threshold",
        ),
        (
            "ALTER TABLE t EXECUTE optimize('1B', '2B')",
            "INVALID_ARGUMENTS",
            "Too many positional arguments",
        ),
    ],
)
def test_refused(engine: LocalEngine, sql: str, code: str, message: str) -> None:
    engine.run("CREATE VIEW v AS SELECT 1 a")
    engine.run("CREATE TABLE memory.default.m AS SELECT 1 a")
    with pytest.raises(LodestarError) as caught:
        engine.run(sql)
    assert (caught.value.code.name, caught.value.message) == (code, message)


def test_a_condition_that_tells_no_files_apart_is_refused(engine: LocalEngine) -> None:
    with pytest.raises(LodestarError, match="Unexpected FilterNode found in plan"):
        engine.run("ALTER TABLE t EXECUTE optimize WHERE a + 1 = 2")
    assert len(files(engine)) == 3
