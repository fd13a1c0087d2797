"""A query that comes again is planned anew when, and only when, something about it has changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.hive import hive
from tests.fakes.sink import KeepingSink, LocalEngine
from tests.fakes.users import Users

from lodestar_server.query.plan_memory import MAX_PLANS, MAX_PLANS_OF_A_TEXT
from lodestar_server.session import QueryContext
from lodestar_server.spi.errors import Location, LodestarError
from lodestar_server.spi.session import Identity

TIMES = 3
"""From the second time on a plan is kept, from the third time on it is used."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = LocalEngine(tmp_path)
    made.run("CREATE SCHEMA hive.s")
    made.run("CREATE TABLE hive.s.t (a integer, b varchar)")
    made.run("INSERT INTO hive.s.t VALUES (1, 'x'), (2, 'y')")
    yield made
    made.close()


def repeat(engine: LocalEngine, sql: str, times: int = TIMES) -> list[str]:
    """The rows of the last time."""
    return [engine.run(sql).rows for _ in range(times)][-1]


def used(engine: LocalEngine) -> int:
    return engine.pipeline.plans.used


REPEATABLE = [
    "SELECT a FROM hive.s.t WHERE b = 'x'",
    "SELECT count(*) FROM tpch.tiny.nation n JOIN tpch.tiny.region r ON n.regionkey = r.regionkey",
    "WITH q AS (SELECT a FROM hive.s.t) SELECT * FROM q, q AS p WHERE q.a < p.a",
    "SELECT * FROM (VALUES 1, 2) t(x) LIMIT 1",
    "SELECT 1 + 1",
    "SELECT DATE '2020-02-29' + INTERVAL '1' YEAR",
    "SELECT current_user, current_timezone()",
    "SELECT count(*) FROM hive.s.t WHERE rand() < 2",
    "SELECT table_name FROM hive.information_schema.tables WHERE table_schema = 's'",
]


@pytest.mark.parametrize("sql", REPEATABLE)
def test_a_plan_is_used_from_the_third_time_on(engine: LocalEngine, sql: str) -> None:
    first = engine.run(sql)
    engine.run(sql)
    assert used(engine) == 0
    again = [engine.run(sql) for _ in range(2)]
    assert used(engine) == 2
    assert all((one.columns, one.rows, one.phases) == (first.columns, first.rows, first.phases) for one in again)


MOMENTARY = [
    "SELECT now()",
    "SELECT current_date",
    "SELECT a FROM hive.s.t WHERE current_timestamp > TIMESTAMP '2020-01-01 00:00:00 UTC'",
    "SELECT * FROM (SELECT localtime AS x) LIMIT 1",
]


@pytest.mark.parametrize("sql", MOMENTARY)
def test_what_depends_on_the_moment_is_planned_each_time(engine: LocalEngine, sql: str) -> None:
    repeat(engine, sql, 4)
    assert used(engine) == 0


def test_now_goes_on(engine: LocalEngine) -> None:
    assert len({repeat(engine, "SELECT now()", 1)[0] for _ in range(4)}) == 4


def test_a_view_with_the_time_in_it_is_planned_each_time(engine: LocalEngine) -> None:
    engine.run("CREATE VIEW hive.s.clock AS SELECT current_timestamp AS t")
    assert len({repeat(engine, "SELECT t FROM hive.s.clock", 1)[0] for _ in range(4)}) == 4


CHANGES = [
    ("SELECT * FROM hive.s.t", "ALTER TABLE hive.s.t ADD COLUMN c integer", ['[1,"x",null]', '[2,"y",null]']),
    ("SELECT count(*) FROM hive.s.t", "INSERT INTO hive.s.t VALUES (3, 'z')", ["[3]"]),
    ("SELECT a FROM hive.s.v", "CREATE OR REPLACE VIEW hive.s.v AS SELECT 7 AS a", ["[7]"]),
    ("SELECT f(2)", "CREATE OR REPLACE FUNCTION memory.default.f(x integer) RETURNS integer RETURN x * 5", ["[10]"]),
    ("SELECT a FROM iceberg.default.i", "ALTER TABLE iceberg.default.i RENAME COLUMN b TO c", ["[1]"]),
    ("SELECT a FROM iceberg.default.i", "INSERT INTO iceberg.default.i VALUES (2, 'y')", ["[1]", "[2]"]),
    ("SELECT * FROM memory.default.m", "INSERT INTO memory.default.m VALUES 2", ["[1]", "[2]"]),
]


@pytest.mark.parametrize(("sql", "change", "rows"), CHANGES)
def test_a_change_is_seen_at_once(engine: LocalEngine, sql: str, change: str, rows: list[str]) -> None:
    engine.run("CREATE VIEW hive.s.v AS SELECT a FROM hive.s.t")
    engine.run("CREATE FUNCTION memory.default.f(x integer) RETURNS integer RETURN x + 1")
    engine.run("CREATE TABLE memory.default.m AS SELECT 1 AS x")
    engine.run("CREATE TABLE iceberg.default.i AS SELECT 1 AS a, 'x' AS b")
    engine.run("SET PATH memory.default")
    repeat(engine, sql)
    assert used(engine) == 1
    engine.run(change)
    assert sorted(repeat(engine, sql, 1)) == rows
    assert sorted(repeat(engine, sql)) == rows
    assert used(engine) > 1


def test_a_table_that_is_gone_is_missed(engine: LocalEngine) -> None:
    repeat(engine, "SELECT a FROM hive.s.t")
    engine.run("DROP TABLE hive.s.t")
    with pytest.raises(LodestarError) as raised:
        engine.run("SELECT a FROM hive.s.t")
    assert (raised.value.code.name, raised.value.location) == ("TABLE_NOT_FOUND", Location(1, 15))
    engine.run("CREATE TABLE hive.s.t (a varchar)")
    engine.run("INSERT INTO hive.s.t VALUES 'now a text'")
    assert repeat(engine, "SELECT a FROM hive.s.t", 1) == ['["now a text"]']


def test_a_catalog_made_anew_is_another_one(engine: LocalEngine) -> None:
    engine.run("CREATE CATALOG c USING memory")
    engine.run("CREATE TABLE c.default.t AS SELECT 1 AS a")
    repeat(engine, "SELECT a FROM c.default.t")
    engine.run("DROP CATALOG c")
    engine.run("CREATE CATALOG c USING memory")
    with pytest.raises(LodestarError) as raised:
        engine.run("SELECT a FROM c.default.t")
    assert raised.value.code.name == "TABLE_NOT_FOUND"


def test_each_user_has_plans_of_his_own(engine: LocalEngine) -> None:
    sql = "SELECT current_user"
    assert repeat(engine, sql) == ['["tester"]']
    engine.session = replace(engine.session, identity=Identity("other"))
    assert repeat(engine, sql) == ['["other"]']
    engine.session = replace(engine.session, identity=Identity("tester"))
    assert repeat(engine, sql, 1) == ['["tester"]']
    assert used(engine) == 4


def test_a_grant_that_is_revoked_counts_at_once(tmp_path: Path) -> None:
    engine = LocalEngine(tmp_path)
    engine.catalogs.add("lake", "hive", hive(tmp_path / "lake", **{"hive.security": "sql-standard"}).connector)
    users = Users(engine)
    users.run("admin", "SET ROLE admin IN lake")
    users.run("admin", "CREATE SCHEMA lake.s AUTHORIZATION alice")
    users.run("alice", "CREATE TABLE lake.s.t AS SELECT 1 AS a")
    users.run("alice", "GRANT SELECT ON lake.s.t TO bob")
    assert [users.run("bob", "SELECT a FROM lake.s.t") for _ in range(TIMES)] == [["[1]"]] * TIMES
    assert used(engine) == 1
    users.run("alice", "REVOKE SELECT ON lake.s.t FROM bob")
    assert users.refusal("bob", "SELECT a FROM lake.s.t") == "Cannot select from table s.t"
    engine.close()


def test_schema_and_properties_of_the_session_count(engine: LocalEngine) -> None:
    engine.run("CREATE SCHEMA hive.r")
    engine.run("CREATE TABLE hive.r.t AS SELECT 9 AS a")
    engine.run("USE hive.s")
    assert sorted(repeat(engine, "SELECT a FROM t")) == ["[1]", "[2]"]
    engine.run("USE hive.r")
    assert repeat(engine, "SELECT a FROM t", 1) == ["[9]"]
    engine.run("USE hive.s")
    count = used(engine)
    engine.run("SET SESSION hive.parquet_use_column_names = false")
    repeat(engine, "SELECT a FROM t", 1)
    assert used(engine) == count


def test_the_zone_counts(engine: LocalEngine) -> None:
    sql = "SELECT TIMESTAMP '2020-01-01 00:00:00 UTC' = CAST(DATE '2020-01-01' AS timestamp with time zone)"
    assert repeat(engine, sql) == ["[true]"]
    engine.session = replace(engine.session, time_zone="Asia/Tokyo")
    assert repeat(engine, sql, 1) == ["[false]"]


def test_parameters_count(engine: LocalEngine) -> None:
    engine.run("PREPARE p FROM SELECT b FROM hive.s.t WHERE a = ?")
    assert repeat(engine, "EXECUTE p USING 1") == ['["x"]']
    assert repeat(engine, "EXECUTE p USING 2") == ['["y"]']
    count = used(engine)
    assert repeat(engine, "EXECUTE p USING 1", 1) == ['["x"]']
    assert repeat(engine, "EXECUTE p USING 2", 1) == ['["y"]']
    assert used(engine) == count + 2


def test_a_query_in_a_transaction_sees_its_own_changes(engine: LocalEngine) -> None:
    repeat(engine, "SELECT * FROM hive.s.t")
    engine.run("START TRANSACTION")
    engine.run("ALTER TABLE hive.s.t RENAME COLUMN b TO c")
    assert [one.name for one in engine.run("SELECT * FROM hive.s.t").columns] == ["a", "c"]
    engine.run("ROLLBACK")
    assert [one.name for one in engine.run("SELECT * FROM hive.s.t").columns] == ["a", "b"]


def test_lineage_is_told_again(engine: LocalEngine) -> None:
    told = []
    for _ in range(TIMES):
        context = QueryContext(engine.session, "UTC")
        engine.pipeline.run("SELECT a FROM hive.s.t", context, KeepingSink())
        told.append(context.lineage)
    assert used(engine) == 1
    assert told[0].inputs[0].table == "t"
    assert told == [told[0]] * TIMES


def test_plans_are_bounded(engine: LocalEngine) -> None:
    for number in range(MAX_PLANS + 20):
        repeat(engine, f"SELECT {number} + x FROM (VALUES 1) t(x)", 2)
    repeat(engine, "SELECT 0 + x FROM (VALUES 1) t(x)", 1)
    assert used(engine) == 0
    repeat(engine, f"SELECT {MAX_PLANS + 19} + x FROM (VALUES 1) t(x)", 1)
    assert used(engine) == 1


def test_plans_of_one_text_are_bounded(engine: LocalEngine) -> None:
    engine.run("PREPARE p FROM SELECT x + ? FROM (VALUES 1) t(x)")
    for number in range(MAX_PLANS_OF_A_TEXT + 2):
        repeat(engine, f"EXECUTE p USING {number}", 1)
    assert used(engine) == 0
    assert repeat(engine, f"EXECUTE p USING {MAX_PLANS_OF_A_TEXT + 1}", 1) == [f"[{MAX_PLANS_OF_A_TEXT + 2}]"]
    assert used(engine) == 1
    repeat(engine, "EXECUTE p USING 1", 1)
    assert used(engine) == 1
