"""Rows into iceberg tables: files, formats, partitions, and what a scan leaves out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.fakes.harness import Harness
from tests.fakes.sink import LocalEngine

from lodestar_server.plugins.connectors.iceberg import page_sink
from lodestar_server.plugins.toolkit import sink_work
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import INTEGER, VARCHAR

TYPES = """CREATE TABLE {name} WITH (format = '{format}') AS SELECT * FROM (VALUES
    (1, true, BIGINT '2', REAL '1.5', 2.5e0, DECIMAL '1.25', DECIMAL '12345678901234567890.5', 'text', X'00ff',
     DATE '1969-12-31', TIME '01:02:03.456789', TIMESTAMP '1905-01-01 00:00:00.123456',
     TIMESTAMP '2024-01-01 00:00:00.5 UTC', UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59',
     ARRAY[1, NULL], MAP(ARRAY['k'], ARRAY[DECIMAL '1.5']),
     CAST(ROW(1, ROW('x', NULL)) AS ROW(a integer, b ROW(c varchar, d timestamp(6))))),
    (2, NULL, NULL, nan(), -infinity(), NULL, NULL, '', X'', NULL, NULL, NULL, NULL, NULL, ARRAY[], MAP(), NULL),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    ) t(id, bo, i8, f4, f8, d9, d38, s, b, d, t, ts, tz, u, l, m, r)"""


def rows(engine: LocalEngine, sql: str) -> list[str]:
    return sorted(engine.run(sql).rows)


def files(engine: LocalEngine, name: str, what: str = "file_path") -> list[str]:
    return rows(engine, f'SELECT {what} FROM "{name}$files"')


@pytest.mark.parametrize("form", ["PARQUET", "ORC", "AVRO"])
def test_every_type_in_every_format(engine: LocalEngine, form: str) -> None:
    engine.run(TYPES.format(name="t", format=form))
    first, second, third = rows(engine, "SELECT * FROM t")
    assert first == (
        '[1,true,2,1.5,2.5,"1.25","12345678901234567890.5","text","AP8=","1969-12-31","01:02:03.456789",'
        '"1905-01-01 00:00:00.123456","2024-01-01 00:00:00.500000 UTC","12151fd2-7586-11e9-8f9e-2a86e4085a59",'
        '[1,null],{"k":"1.5"},[1,["x",null]]]'
    )
    assert second == ('[2,null,null,"NaN","-Infinity",null,null,"","",null,null,null,null,null,[],{},null]')
    assert third == "[3" + ",null" * 16 + "]"
    # Written again, with a predicate on each kind of column.
    engine.run("CREATE TABLE c AS SELECT * FROM t WHERE ts < TIMESTAMP '1970-01-01 00:00:00' AND d9 = 1.25")
    assert rows(engine, "SELECT * FROM c") == [first]


def test_instants_that_pyarrow_would_spoil_in_orc_are_in_parquet(engine: LocalEngine) -> None:
    engine.run(
        "CREATE TABLE t WITH (format = 'ORC', partitioning = ARRAY['p']) AS SELECT * FROM (VALUES "
        "(1, ARRAY[TIMESTAMP '1969-12-31 23:59:59.5']), (2, ARRAY[TIMESTAMP '1969-12-31 23:59:59'])) t(p, r)"
    )
    assert files(engine, "t", "file_format, partition.p") == ['["ORC",2]', '["PARQUET",1]']
    assert rows(engine, "SELECT p FROM t WHERE r[1] < TIMESTAMP '1970-01-01 00:00:00'") == ["[1]", "[2]"]


def test_partitions(engine: LocalEngine, place: Path) -> None:
    engine.run(
        "CREATE TABLE t (a integer, d decimal(5,2), s varchar, ts timestamp(6)) WITH (partitioning = "
        "ARRAY['bucket(a, 2)', 'truncate(d, 50)', 's', 'month(ts)'], location = 'local:///elsewhere')"
    )
    engine.run("INSERT INTO t VALUES (1, 10.65, 'x/y', TIMESTAMP '1969-12-31 00:00:00'), (NULL, NULL, NULL, NULL)")
    root = place.parents[1]
    found = sorted(str(path.parent.relative_to(root)) for path in root.rglob("*.parquet"))
    assert found == [
        "elsewhere/data/a_bucket=0/d_trunc=10.50/s=x%2Fy/ts_month=1969-12",
        "elsewhere/data/a_bucket=null/d_trunc=null/s=null/ts_month=null",
    ]
    for condition in (
        "a = 1",
        "d = 10.65",
        "d BETWEEN 10.6 AND 10.7",
        "s = 'x/y'",
        "ts < TIMESTAMP '1970-01-01 00:00:00'",
        "\"$partition\" = 'a_bucket=0/d_trunc=10.50/s=x%2Fy/ts_month=1969-12'",
    ):
        assert rows(engine, f"SELECT a FROM t WHERE {condition}") == ["[1]"], condition
    assert rows(engine, "SELECT count(*) FROM t WHERE d IS NULL AND ts IS NULL") == ["[1]"]
    assert rows(engine, "SELECT count(*) FROM t WHERE d > 11 OR a = 2") == ["[0]"]


def test_a_partitioning_that_has_changed(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t WITH (partitioning = ARRAY['regionkey']) AS SELECT * FROM tpch.tiny.nation")
    engine.run("ALTER TABLE t SET PROPERTIES partitioning = ARRAY['bucket(nationkey, 2)']")
    engine.run("INSERT INTO t SELECT * FROM tpch.tiny.nation")
    assert rows(engine, "SELECT count(*) FROM t WHERE regionkey = 2 AND nationkey < 9") == ["[2]"]
    # The second spec says nothing of the region: a removal has to look into its files.
    assert engine.run("DELETE FROM t WHERE regionkey = 2").count == 10
    assert rows(engine, "SELECT count(*) FROM t") == ["[40]"]


def test_files_are_sorted(engine: LocalEngine) -> None:
    engine.run(
        "CREATE TABLE t WITH (sorted_by = ARRAY['a DESC NULLS FIRST', 'b']) AS "
        "SELECT * FROM (VALUES (1, 'x'), (NULL, 'y'), (3, 'z'), (3, NULL)) t(a, b)"
    )
    assert engine.run("SELECT * FROM t").rows == ['[null,"y"]', "[3,null]", '[3,"z"]', '[1,"x"]']


def test_scans_leave_out_what_cannot_match(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t AS SELECT 1 a, 'x' s")
    for number in (2, 3):
        engine.run(f"INSERT INTO t VALUES ({number}, 'y')")
    harness = Harness(engine.catalogs.require("ice").connector)
    with harness.statement() as on:
        table = on.require("default", "t")
        for name, domain, count in (
            ("a", Domain.values(INTEGER, [2]), 1),
            ("a", Domain.only_null(INTEGER), 0),
            ("s", Domain.values(VARCHAR, ["y"]), 2),
        ):
            pushed = on.metadata.apply_filter(on.session, table, TupleDomain.of({on.column(table, name): domain}))
            assert pushed is not None
            assert len(list(on.connector.splits(on.handle, on.session, pushed.handle, [], TupleDomain.all()))) == count
    assert rows(engine, "SELECT a FROM t WHERE s > 'x'") == ["[2]", "[3]"]


def test_columns_that_must_not_be_null(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (a integer NOT NULL, b integer)")
    with pytest.raises(LodestarError, match="NULL value not allowed for NOT NULL column: a"):
        engine.run("INSERT INTO t VALUES (NULL, 1)")
    engine.run("INSERT INTO t (a) VALUES 1")
    assert rows(engine, "SELECT * FROM t") == ["[1,null]"]


def test_a_failed_write_leaves_no_file(engine: LocalEngine, place: Path) -> None:
    engine.run("CREATE TABLE t (a integer)")
    with pytest.raises(LodestarError, match="Division by zero"):
        engine.run("INSERT INTO t SELECT 1 / (nationkey - 24) FROM tpch.tiny.nation")
    with pytest.raises(LodestarError, match="Division by zero"):
        engine.run("CREATE TABLE c AS SELECT 1 / (nationkey - 24) a FROM tpch.tiny.nation")
    assert list(place.rglob("*.parquet")) == []
    engine.run("CREATE TABLE c AS SELECT 1 a")


def test_too_many_partitions(engine: LocalEngine) -> None:
    with pytest.raises(LodestarError, match="Exceeded limit of 5 open writers for partitions"):
        engine.run("CREATE TABLE t WITH (partitioning = ARRAY['orderkey']) AS SELECT * FROM tpch.tiny.orders")


def test_replacing_a_table_keeps_its_history(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t AS SELECT 1 a")
    engine.run("CREATE OR REPLACE TABLE t AS SELECT 'x' b")
    assert rows(engine, "SELECT * FROM t") == ['["x"]']
    (first, _) = engine.run('SELECT snapshot_id FROM "t$snapshots" ORDER BY committed_at').rows
    assert rows(engine, f"SELECT * FROM t FOR VERSION AS OF {first[1:-1]}") == ["[1]"]


def test_orc_has_years_that_pyarrow_does_not_read(engine: LocalEngine) -> None:
    old, late = "TIMESTAMP '0001-01-01 00:00:00'", "TIMESTAMP '9999-12-31 23:59:59.123456'"
    engine.run(
        f"""CREATE TABLE t WITH (format = 'ORC') AS SELECT 1 a, CAST({old} AS timestamp(6)) b,
        TIMESTAMP '1500-01-01 00:00:00 UTC' c, ARRAY[{late}, NULL] d, MAP(ARRAY['k'], ARRAY[{late}]) e,
        CAST(ROW({late}, 'x', DECIMAL '1.5') AS ROW(t timestamp(6), v varchar, d decimal(3,1))) f, 'plain' g
        UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL"""
    )
    assert files(engine, "t", "file_format") == ['["ORC"]'] * len(files(engine, "t"))
    late_text = '"9999-12-31 23:59:59.123456"'
    assert rows(engine, "SELECT * FROM t") == [
        f'[1,"0001-01-01 00:00:00.000000","1500-01-01 00:00:00.000000 UTC",[{late_text},null],{{"k":{late_text}}},'
        f'[{late_text},"x","1.5"],"plain"]',
        "[2,null,null,null,null,null,null]",
    ]
    assert rows(engine, "SELECT f.t, a FROM t WHERE f.v = 'x'") == [f"[{late_text},1]"]
    engine.run("ALTER TABLE t DROP COLUMN f.v")
    assert rows(engine, "SELECT f FROM t WHERE a = 1") == [f'[[{late_text},"1.5"]]']


@pytest.mark.parametrize("form", ["PARQUET", "ORC", "AVRO"])
def test_many_pages_into_many_partitions(
    engine: LocalEngine, place: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_sink, "_SPLIT_BYTES", 20_000)
    monkeypatch.setattr(sink_work, "_WORTH_A_THREAD", 0)
    monkeypatch.setattr(sink_work.os, "cpu_count", lambda: 2)
    engine.run(f"CREATE TABLE t (id bigint, p integer) WITH (format = '{form}', partitioning = ARRAY['p'])")
    numbers = "SELECT orderkey, CAST(orderkey % 7 AS integer) p FROM tpch.tiny.orders"
    assert engine.run(f"INSERT INTO t {numbers}").count == 15_000
    assert rows(engine, f"SELECT count(*) FROM (SELECT * FROM t EXCEPT ALL {numbers})") == ["[0]"]
    assert rows(engine, 'SELECT sum(record_count), count(*) FROM "t$files"') == ["[15000,7]"]
    # A write that fails leaves nothing.
    kept = sorted(place.rglob("data/**/*.*"))
    failing = "SELECT orderkey, CAST(orderkey % 7 + 0 / (60000 - orderkey) AS integer) FROM tpch.tiny.orders"
    with pytest.raises(LodestarError, match="Division by zero"):
        engine.run(f"INSERT INTO t {failing}")
    assert sorted(place.rglob("data/**/*.*")) == kept


def test_values_of_one_partition_have_one_writer(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds: list[int] = []

    class Counting(sink_work.SinkWork):
        def start(self, tasks: Sequence[Callable[[], None]], size: int) -> None:
            rounds.append(len(tasks))
            super().start(tasks, size)

    monkeypatch.setattr(page_sink, "SinkWork", Counting)
    engine.run("CREATE TABLE t (id bigint, p double) WITH (partitioning = ARRAY['p'])")
    engine.run("INSERT INTO t VALUES (1, 0e0), (2, -0e0), (3, 1e0), (4, -0e0), (5, NULL)")
    # The rows, and closing: zeros of both signs are the same partition, of which one thread at a time writes the file.
    # Distinct values of two columns are counted beside them.
    assert rounds == [3 + 2, 3]
    assert rows(engine, "SELECT id FROM t WHERE p = 0") == ["[1]", "[2]", "[4]"]
    assert rows(engine, 'SELECT record_count FROM "t$files"') == ["[1]", "[1]", "[3]"]
