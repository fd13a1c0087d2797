"""What a connector sees of DELETE, UPDATE and MERGE; what they do to rows is in tests/sql/lake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.row_store import RowStoreConnector
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path, ("tpch",))
    made.run("USE rows.default")
    made.run("CREATE TABLE t (a integer, b varchar)")
    made.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')")
    yield made
    made.close()


def connector(engine: LocalEngine) -> RowStoreConnector:
    found = engine.catalogs.require("rows").connector
    assert isinstance(found, RowStoreConnector)
    return found


def rows(engine: LocalEngine) -> list[str]:
    return sorted(engine.run("SELECT * FROM t").rows)


def test_a_change_that_fails_is_aborted_and_leaves_no_trace(engine: LocalEngine) -> None:
    with pytest.raises(LodestarError, match="Division by zero"):
        engine.run("UPDATE t SET a = 1 / (a - 2)")
    assert connector(engine).store.aborted == ["changes"]
    assert rows(engine) == ['[1,"x"]', '[2,"y"]']


def test_a_statement_that_is_refused_begins_nothing(engine: LocalEngine) -> None:
    for sql in ("UPDATE t SET a = 'x'", "MERGE INTO t USING (VALUES 1) s(x) ON a WHEN MATCHED THEN DELETE"):
        with pytest.raises(LodestarError):
            engine.run(sql)
    assert connector(engine).store.aborted == []


def test_a_table_is_emptied_as_a_whole(engine: LocalEngine) -> None:
    name = SchemaTableName("default", "t")
    before = connector(engine).store.tables[name]
    assert engine.run("DELETE FROM t WHERE a > 5").count == 0
    assert engine.run("DELETE FROM t WHERE true").count == 2
    after = connector(engine).store.tables[name]
    # An empty set of changes makes a version, and so does the removal of all rows: not one of the rows.
    assert (after.version, after.next_number) == (before.version + 2, before.next_number)


def test_changed_rows_are_read_at_one_version(engine: LocalEngine) -> None:
    """The target is its own source."""
    sql = (
        "MERGE INTO t USING t s ON t.a = s.a - 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (9, s.b)"
    )
    assert engine.run(sql).count == 2
    assert rows(engine) == ['[2,"y"]', '[9,"x"]']


def test_explain_shows_the_changes_and_makes_none(engine: LocalEngine) -> None:
    for sql in (
        "UPDATE t SET a = 5",
        "DELETE FROM t WHERE a = 1",
        "MERGE INTO t USING tpch.tiny.nation n ON a = nationkey WHEN MATCHED THEN DELETE",
    ):
        (shown,) = engine.run(f"EXPLAIN {sql}").rows
        assert "MergeWriter[table = rows:default.t]" in shown
        assert "operation" in shown
    (shown,) = engine.run("EXPLAIN DELETE FROM t").rows
    assert "TableDelete[target = rows:default.t@2]" in shown
    (shown,) = engine.run("EXPLAIN (TYPE IO) DELETE FROM t WHERE a = 1").rows
    assert "outputTable" in shown
    assert engine.run("EXPLAIN (TYPE VALIDATE) UPDATE t SET a = 5").rows == ["[true]"]
    assert rows(engine) == ['[1,"x"]', '[2,"y"]']


def test_explain_analyze_runs_the_change(engine: LocalEngine) -> None:
    (shown,) = engine.run("EXPLAIN ANALYZE UPDATE t SET a = 5 WHERE b = 'x'").rows
    assert "MergeWriter" in shown
    assert rows(engine) == ['[2,"y"]', '[5,"x"]']


def test_only_rows_that_match_are_read_where_nothing_is_added(engine: LocalEngine) -> None:
    for case, join in (
        ("WHEN MATCHED THEN DELETE", "InnerJoin"),
        ("WHEN NOT MATCHED THEN INSERT (a) VALUES (1)", "RightJoin"),
    ):
        (shown,) = engine.run(f"EXPLAIN MERGE INTO t USING (VALUES 1) s(x) ON a = x {case}").rows
        assert join in shown


def test_parameters_of_changes_are_described(engine: LocalEngine) -> None:
    engine.run("PREPARE p FROM UPDATE t SET b = ? WHERE a = ?")
    assert engine.run("DESCRIBE INPUT p").rows == ['[0,"varchar"]', '[1,"integer"]']
    engine.run("EXECUTE p USING 'z', 1")
    assert rows(engine) == ['[1,"z"]', '[2,"y"]']
