"""When the storage of a materialized view answers, and what a refresh tells the connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.fakes.row_store import STORAGE, RowStore, RowStoreConnector
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName

M = SchemaTableName("default", "m")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path, ("tpch",))
    made.run("USE rows.default")
    made.run("CREATE TABLE t (a integer)")
    made.run("INSERT INTO t VALUES 1")
    yield made
    made.close()


@pytest.fixture
def store(engine: LocalEngine) -> RowStore:
    found = engine.catalogs.require("rows").connector
    assert isinstance(found, RowStoreConnector)
    return found.store


def refused(engine: LocalEngine, sql: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as raised:
        engine.run(sql)
    return raised.value.code.name, raised.value.message


@pytest.mark.parametrize(
    ("grace", "age", "stored"),
    [
        ("GRACE PERIOD INTERVAL '1' HOUR", timedelta(minutes=59), True),
        ("GRACE PERIOD INTERVAL '1' HOUR", timedelta(minutes=61), False),
        ("GRACE PERIOD INTERVAL '0' SECOND", timedelta(0), False),
        ("", timedelta(days=1000), True),
    ],
)
def test_stale_rows_are_read_within_the_grace_period(
    engine: LocalEngine, store: RowStore, grace: str, age: timedelta, stored: bool
) -> None:
    engine.run(f"CREATE MATERIALIZED VIEW m {grace} AS SELECT a FROM t")
    store.clock.append(datetime.now(UTC) - age)
    engine.run("REFRESH MATERIALIZED VIEW m")
    engine.run("INSERT INTO t VALUES 2")
    assert sorted(engine.run("SELECT * FROM m").rows) == (["[1]"] if stored else ["[1]", "[2]"])
    (plan,) = engine.run("EXPLAIN SELECT * FROM m").rows
    assert (f"rows:default.m{STORAGE}" in plan) == stored
    assert ("rows:default.t@" in plan) != stored


def test_the_last_fresh_time_is_shown(engine: LocalEngine, store: RowStore) -> None:
    engine.run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    store.clock.append(datetime(2020, 1, 2, 3, 4, 5, 678900, tzinfo=UTC))
    engine.run("REFRESH MATERIALIZED VIEW m")
    engine.run("INSERT INTO t VALUES 2")
    sql = "SELECT freshness, last_fresh_time FROM system.metadata.materialized_views WHERE name = 'm'"
    assert engine.run(sql).rows == ['["STALE","2020-01-02 03:04:05.678900000 UTC"]']


def test_a_refresh_appends_what_was_appended(engine: LocalEngine, store: RowStore) -> None:
    engine.run("CREATE MATERIALIZED VIEW m AS WITH w AS (SELECT a FROM t) SELECT a * 10 AS a FROM w WHERE a > 0")
    engine.run("REFRESH MATERIALIZED VIEW m")
    engine.run("INSERT INTO t VALUES 2, -2")
    assert engine.run("REFRESH MATERIALIZED VIEW m").count == 1
    assert sorted(engine.run("SELECT * FROM m").rows) == ["[10]", "[20]"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a FROM t ORDER BY a",
        "SELECT a FROM t LIMIT 100",
        "SELECT DISTINCT a FROM t",
        "SELECT t.a FROM t JOIN t y ON t.a = y.a",
        "SELECT a FROM t WHERE a IN (SELECT a FROM t)",
        "SELECT a FROM t UNION ALL SELECT 7 WHERE false",
        "SELECT a FROM t JOIN tpch.tiny.nation ON a = nationkey",
    ],
)
def test_a_refresh_of_anything_else_is_of_all_rows(engine: LocalEngine, query: str) -> None:
    engine.run(f"CREATE MATERIALIZED VIEW m AS {query}")
    engine.run("REFRESH MATERIALIZED VIEW m")
    engine.run("INSERT INTO t VALUES 2")
    assert engine.run("REFRESH MATERIALIZED VIEW m").count == 2
    assert sorted(engine.run("SELECT * FROM m").rows) == ["[1]", "[2]"]


def test_a_refresh_that_fails_leaves_the_rows(engine: LocalEngine, store: RowStore) -> None:
    engine.run("CREATE MATERIALIZED VIEW m AS SELECT 10 / a AS a FROM t")
    engine.run("REFRESH MATERIALIZED VIEW m")
    engine.run("INSERT INTO t VALUES 0")
    assert refused(engine, "REFRESH MATERIALIZED VIEW m") == ("DIVISION_BY_ZERO", "Division by zero")
    assert store.aborted == ["append"]
    assert engine.run("SELECT * FROM m").rows == ["[10]"]


def test_explain_shows_a_refresh_and_does_not_begin_it(engine: LocalEngine, store: RowStore) -> None:
    engine.run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    (plan,) = engine.run("EXPLAIN REFRESH MATERIALIZED VIEW m").rows
    assert f"TableWriter[table = rows:default.m{STORAGE}]" in plan
    assert M not in store.refreshed
    engine.run("REFRESH MATERIALIZED VIEW m")
    (plan,) = engine.run("EXPLAIN REFRESH MATERIALIZED VIEW m").rows
    assert "Values" in plan and "TableWriter" not in plan


def test_storage_that_does_not_fit_is_refused(engine: LocalEngine, store: RowStore) -> None:
    engine.run("CREATE MATERIALIZED VIEW m AS SELECT a FROM t")
    engine.run("REFRESH MATERIALIZED VIEW m")
    view = store.materialized[M]
    assert view.storage is not None
    engine.run("CREATE TABLE other (b integer)")
    store.materialized[M] = replace(view, storage=replace(view.storage, name="other"))
    assert refused(engine, "SELECT * FROM m") == (
        "INVALID_VIEW",
        "column [b] of type integer projected from storage table at position 0 has a different name from column [a] of "
        "type integer stored in materialized view definition",
    )
    engine.run("CREATE TABLE wide (a integer, b integer)")
    store.materialized[M] = replace(view, storage=replace(view.storage, name="wide"))
    assert refused(engine, "SELECT * FROM m") == (
        "INVALID_VIEW",
        "storage table column count (2) does not match column count derived from the materialized view query analysis "
        "(1)",
    )
    store.materialized[M] = replace(view, storage=replace(view.storage, name="gone"))
    assert refused(engine, "SELECT * FROM m") == ("INVALID_VIEW", "Storage table 'rows.default.gone' does not exist")
    store.materialized[M] = replace(view, storage=None)
    assert refused(engine, "SELECT * FROM m") == (
        "INVALID_VIEW",
        "Materialized view 'rows.default.m' is fresh but does not have storage table name",
    )
    assert refused(engine, "REFRESH MATERIALIZED VIEW m") == (
        "TABLE_NOT_FOUND",
        "Storage Table for materialized view 'rows.default.m' does not exist",
    )
