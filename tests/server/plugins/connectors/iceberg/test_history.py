"""Snapshots: evolution, time travel, concurrent writers, metadata tables and procedures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.iceberg import iceberg
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError


@pytest.fixture
def table(engine: LocalEngine) -> LocalEngine:
    """t: one row in each of three snapshots."""
    engine.run("CREATE TABLE t (a integer, r ROW(x integer, y varchar))")
    for number in (1, 2, 3):
        engine.run(f"INSERT INTO t VALUES ({number}, ROW({number}, 'y'))")
    return engine


def rows(engine: LocalEngine, sql: str) -> list[str]:
    return sorted(engine.run(sql).rows)


def snapshots(engine: LocalEngine, name: str = "t") -> list[int]:
    found = engine.run(f'SELECT snapshot_id FROM "{name}$snapshots" ORDER BY committed_at').rows
    return [int(one[1:-1]) for one in found]


def refused(engine: LocalEngine, sql: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        engine.run(sql)
    return caught.value.code.name, caught.value.message


def test_old_files_under_a_new_schema(table: LocalEngine) -> None:
    for sql in (
        "ALTER TABLE t ADD COLUMN b varchar",
        "ALTER TABLE t RENAME COLUMN a TO k",
        "ALTER TABLE t ALTER COLUMN k SET DATA TYPE bigint",
        "ALTER TABLE t ADD COLUMN r.z double",
        "ALTER TABLE t RENAME COLUMN r.x TO w",
        "ALTER TABLE t DROP COLUMN r.y",
        "INSERT INTO t VALUES (5000000000, ROW(4, 1e0), 'b')",
    ):
        table.run(sql)
    assert rows(table, "SELECT k, r, b FROM t WHERE k > 2") == ["[3,[3,null],null]", '[5000000000,[4,1.0],"b"]']
    assert rows(table, "SELECT k FROM t WHERE b IS NULL AND r.z IS NULL") == ["[1]", "[2]", "[3]"]
    # A column of an old name is another one.
    table.run("ALTER TABLE t DROP COLUMN b")
    table.run("ALTER TABLE t ADD COLUMN b integer")
    assert rows(table, "SELECT b FROM t") == ["[null]"] * 4
    (_, first, *_) = snapshots(table)
    assert rows(table, f"SELECT * FROM t FOR VERSION AS OF {first}") == ['[1,[1,"y"]]']


def test_columns_at_a_place(table: LocalEngine) -> None:
    table.run("ALTER TABLE t ADD COLUMN first integer FIRST")
    table.run("ALTER TABLE t ADD COLUMN after_a integer AFTER A")
    table.run("ALTER TABLE t ADD COLUMN last integer LAST")
    described = [one.split('"')[1] for one in table.run("DESCRIBE t").rows]
    assert described == ["first", "a", "after_a", "r", "last"]
    assert rows(table, "SELECT a, last FROM t") == ["[1,null]", "[2,null]", "[3,null]"]


def test_time_travel(table: LocalEngine) -> None:
    empty, first, *_ = snapshots(table)
    assert rows(table, f"SELECT a FROM t FOR VERSION AS OF {first}") == ["[1]"]
    assert rows(table, f"SELECT a FROM t FOR VERSION AS OF {empty}") == []
    (at,) = table.run(f'SELECT to_iso8601(committed_at) FROM "t$snapshots" WHERE snapshot_id = {first}').rows
    moment = at[2:-2]
    assert rows(table, f"SELECT a FROM t FOR TIMESTAMP AS OF from_iso8601_timestamp('{moment}')") == ["[1]"]
    code, message = refused(table, "SELECT * FROM t FOR TIMESTAMP AS OF TIMESTAMP '1970-01-01 00:00:00 UTC'")
    assert (code, message.split(":")[0]) == (
        "INVALID_ARGUMENTS",
        "No version history table default.t at or before 1970-01-01T00",
    )
    assert refused(table, "SELECT * FROM t FOR VERSION AS OF BIGINT '1'") == (
        "INVALID_ARGUMENTS",
        "Iceberg snapshot ID does not exists: 1",
    )


def together(*actions: Callable[[], None]) -> None:
    """At the same time, each to its end."""
    faults: list[Exception] = []

    def run(action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(one,)) for one in actions]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert faults == []


def inserts(engine: LocalEngine, name: str, numbers: range) -> Callable[[], None]:
    def run() -> None:
        for number in numbers:
            engine.run(f"INSERT INTO {name} (a) VALUES {number}")

    return run


def test_writers_at_once_all_get_in(table: LocalEngine) -> None:
    together(*(inserts(table, "t", range(10 * i, 10 * i + 3)) for i in (1, 2, 3)))
    assert rows(table, "SELECT count(*), count(DISTINCT a) FROM t") == ["[12,12]"]


def test_writers_of_two_servers_try_again(engine: LocalEngine, place: Path) -> None:
    engine.catalogs.add("other", "iceberg", iceberg(place.parents[1]).connector)
    engine.run("CREATE TABLE t (a integer) WITH (max_commit_retry = 100)")
    together(inserts(engine, "ice.default.t", range(4)), inserts(engine, "other.default.t", range(4, 8)))
    assert rows(engine, "SELECT count(*), count(DISTINCT a) FROM t") == ["[8,8]"]
    assert rows(engine, "SELECT count(*) FROM other.default.t") == ["[8]"]


def test_removing_files_and_rows(table: LocalEngine) -> None:
    assert table.run("DELETE FROM t WHERE a = 1").count == 1
    assert rows(table, 'SELECT content, record_count FROM "t$files"') == ["[0,1]", "[0,1]", "[0,1]", "[1,1]"]
    assert table.run("UPDATE t SET r = ROW(9, 'z') WHERE a = 2").count == 1
    sql = (
        "MERGE INTO t USING (VALUES 3, 4) s(x) ON a = x WHEN MATCHED THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT (a) VALUES (x)"
    )
    assert table.run(sql).count == 2
    assert rows(table, "SELECT * FROM t") == ['[2,[9,"z"]]', "[4,null]"]
    assert rows(table, 'SELECT operation FROM "t$snapshots"').count('["overwrite"]') == 2
    assert table.run("DELETE FROM t").count in (2, None)
    assert rows(table, "SELECT count(*) FROM t") == ["[0]"]


def test_compaction(table: LocalEngine, place: Path) -> None:
    table.run("DELETE FROM t WHERE a = 1")
    table.run("ALTER TABLE t EXECUTE optimize")
    assert rows(table, 'SELECT content, record_count FROM "t$files"') == ["[0,2]"]
    assert rows(table, "SELECT a FROM t") == ["[2]", "[3]"]
    table.run("ALTER TABLE t EXECUTE expire_snapshots(retention_threshold => '0s')")
    assert len(snapshots(table)) == 1
    assert len(list(place.rglob("*.parquet"))) == 1
    (place / "t" / "data" / "orphan.parquet").write_bytes(b"x")
    table.run("ALTER TABLE t EXECUTE remove_orphan_files(retention_threshold => '0s')")
    assert not (place / "t" / "data" / "orphan.parquet").exists()
    assert rows(table, "SELECT a FROM t") == ["[2]", "[3]"]


def test_compaction_into_the_partitions_that_there_are_now(engine: LocalEngine) -> None:
    engine.run("USE iceberg.default")
    engine.run("CREATE TABLE t AS SELECT * FROM (VALUES (1, 'x'), (2, 'y')) t(a, b)")
    engine.run("ALTER TABLE t SET PROPERTIES partitioning = ARRAY['a']")
    engine.run("ALTER TABLE t EXECUTE optimize(file_size_threshold => '1B')")
    assert rows(engine, 'SELECT partition.a, file_count FROM "t$partitions"') == ["[null,1]"]
    engine.run("ALTER TABLE t EXECUTE optimize")
    partitions = 'SELECT partition.a, file_count FROM "t$partitions" ORDER BY 1'
    assert rows(engine, partitions) == ["[1,1]", "[2,1]"]
    written = rows(engine, 'SELECT file_path FROM "t$files" ORDER BY 1')
    engine.run("ALTER TABLE t EXECUTE optimize")
    assert rows(engine, 'SELECT file_path FROM "t$files" ORDER BY 1') == written


def test_retention_has_a_minimum(engine: LocalEngine) -> None:
    engine.run("USE iceberg.default")
    engine.run("CREATE TABLE t AS SELECT 1 a")
    assert refused(engine, "ALTER TABLE t EXECUTE expire_snapshots(retention_threshold => '1s')") == (
        "INVALID_PROCEDURE_ARGUMENT",
        "Retention specified (1.00s) is shorter than the minimum retention configured in the system (7.00d). Minimum "
        "retention can be changed with iceberg.expire-snapshots.min-retention configuration property or "
        "iceberg.expire_snapshots_min_retention session property",
    )


def test_going_back(table: LocalEngine) -> None:
    _, first, *_ = snapshots(table)
    table.run(f"ALTER TABLE t EXECUTE rollback_to_snapshot({first})")
    assert rows(table, "SELECT a FROM t") == ["[1]"]
    table.run("INSERT INTO t (a) VALUES 7")
    assert rows(table, "SELECT a FROM t") == ["[1]", "[7]"]


def test_registering_a_table_again(table: LocalEngine) -> None:
    table.run("CALL ice.system.unregister_table('default', 't')")
    assert refused(table, "SELECT * FROM t")[0] == "TABLE_NOT_FOUND"
    table.run("CALL ice.system.register_table('default', 'u', 'local:///metastore/default/t')")
    assert rows(table, "SELECT a FROM u") == ["[1]", "[2]", "[3]"]


def test_statistics(table: LocalEngine) -> None:
    table.run("ANALYZE t")
    shown = rows(table, "SHOW STATS FOR t")
    assert shown[0].startswith('["a",null,3.0,0.0,null,"1","3"]')
    assert shown[-1].startswith("[null,null,null,null,3.0")


def test_statistics_of_times(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t AS SELECT TIMESTAMP '2020-01-01 00:00:00.123456' a, TIMESTAMP '1969-01-01 00:00 UTC' b")
    first, second, *_ = engine.run("SHOW STATS FOR t").rows
    assert first.endswith('"2020-01-01 00:00:00.123456","2020-01-01 00:00:00.123456"]')
    assert second.endswith('"1969-01-01 00:00:00.000 UTC","1969-01-01 00:00:00.000 UTC"]')


def test_ids_of_nested_fields(engine: LocalEngine) -> None:
    """Fields of a row before what is inside them, as the reference implementation numbers them."""
    columns = "a integer, ro row(aa array(row(x integer, y array(integer))), dd double), z row(q row(r integer))"
    engine.run(f"CREATE TABLE t ({columns})")
    engine.run("INSERT INTO t VALUES (1, ROW(ARRAY[ROW(1, ARRAY[2])], 1e0), ROW(ROW(1)))")
    (counts,) = engine.run('SELECT array_sort(map_keys(value_counts)) FROM "t$files"').rows
    assert counts == "[[1,5,7,9,11]]"


def test_a_damaged_table_says_so_and_can_be_dropped(table: LocalEngine, place: Path) -> None:
    for one in (place / "t" / "metadata").glob("*.metadata.json"):
        one.unlink()
    table.catalogs.add("fresh", "iceberg", iceberg(place.parents[1]).connector)
    table.run("USE fresh.default")
    code, message = refused(table, "SELECT * FROM t")
    assert code in ("ICEBERG_MISSING_METADATA", "ICEBERG_INVALID_METADATA")
    assert "Metadata not found in metadata location for table default.t" in message
    table.run("DROP TABLE t")
    assert not (place / "t").exists()


def test_materialized_views_follow_their_tables(table: LocalEngine) -> None:
    table.run("CREATE MATERIALIZED VIEW m AS SELECT a, r.y FROM t WHERE a > 1")
    freshness = "SELECT freshness FROM system.metadata.materialized_views WHERE catalog_name = 'ice' AND name = 'm'"
    assert rows(table, freshness) == ['["STALE"]']
    assert table.run("REFRESH MATERIALIZED VIEW m").count == 2
    assert rows(table, freshness) == ['["FRESH"]']
    table.run("INSERT INTO t (a) VALUES 9")
    assert rows(table, freshness) == ['["STALE"]']
    # Only what is new is read.
    assert table.run("REFRESH MATERIALIZED VIEW m").count == 1
    table.run("DELETE FROM t WHERE a = 2")
    assert table.run("REFRESH MATERIALIZED VIEW m").count == 2
    assert rows(table, "SELECT * FROM m") == ['[3,"y"]', "[9,null]"]
