"""Row 26: what is made here is read by other clients of the same Hive Metastore, and the reverse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from integration.lake.metastores import Session, catalog, metastore
from integration.services.hive_metastore import HIVE_3, HIVE_4, HiveMetastore, Release
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.trino import Trino


@dataclass(frozen=True, slots=True)
class Lake:
    """A server with a hive and an iceberg catalog over one metastore."""

    metastore: HiveMetastore
    session: Session


@pytest.fixture(
    scope="module",
    params=[HIVE_4, pytest.param(HIVE_3, marks=pytest.mark.slow)],
    ids=lambda release: f"hive-{release.version}",
)
def lake(request: pytest.FixtureRequest) -> Iterator[Lake]:
    release: Release = request.param
    with metastore(release) as hive:
        catalogs = {
            "hive": catalog(hive.uri, hive.warehouse),
            "ice": catalog(hive.uri, hive.warehouse, connector="iceberg"),
        }
        with Lodestar(catalogs) as server:
            yield Lake(hive, Session(server))


def plain_client(lake: Lake) -> Any:
    """A client of the Thrift interface that knows nothing of us but the description of the wire."""
    import thriftpy2
    from thriftpy2.rpc import make_client

    from lodestar_server.plugins.toolkit.metastore.thrift import structs

    module = thriftpy2.load(structs.__file__.replace("structs.py", "metastore.thrift"), module_name="plain_thrift")
    return module, closing(make_client(module.ThriftHiveMetastore, "127.0.0.1", lake.metastore.port, timeout=30_000))


def test_the_metastore_is_told_which_partitions_are_wanted(lake: Lake) -> None:
    run = lake.session.rows
    run("CREATE SCHEMA hive.wanted")
    run("CREATE TABLE hive.wanted.t (a integer, k varchar, n integer) WITH (partitioned_by = ARRAY['k', 'n'])")
    texts = ("x", "x.y", "x-y", "xzy", "a+b", "a/b", "it''s", "100%", "(x)", "_x_", "q w")
    rows = ", ".join(f"({place}, '{text}', {place % 2})" for place, text in enumerate(texts))
    run(f"INSERT INTO hive.wanted.t VALUES {rows}, (-1, NULL, 0)")
    for place, text in enumerate(texts):
        assert run(f"SELECT a FROM hive.wanted.t WHERE k = '{text}'") == [[place]], text
        assert run(f"SELECT a FROM hive.wanted.t WHERE k = '{text}' AND n = {place % 2}") == [[place]], text
    assert run("SELECT a FROM hive.wanted.t WHERE k IN ('x', 'a+b') ORDER BY a") == [[0], [4]]
    assert run("SELECT a FROM hive.wanted.t WHERE k IS NULL") == [[-1]]
    assert run("SELECT a FROM hive.wanted.t WHERE k = 'none'") == []


def test_another_client_reads_what_is_made_here(lake: Lake) -> None:
    run = lake.session.rows
    run("CREATE SCHEMA hive.ours")
    run(
        "CREATE TABLE hive.ours.t (a bigint, d decimal(10,2), k varchar) COMMENT 'hello'"
        " WITH (partitioned_by = ARRAY['k'], format = 'ORC')"
    )
    run("INSERT INTO hive.ours.t VALUES (1, 1.5, 'x'), (2, NULL, 'y/z')")
    api, opened = plain_client(lake)
    with opened as client:
        assert "ours" in client.get_all_databases()
        table = client.get_table_req(api.GetTableRequest("ours", "t")).table
        assert table.owner == "alice"
        assert [(one.name, one.type) for one in table.sd.cols] == [("a", "bigint"), ("d", "decimal(10,2)")]
        assert table.sd.serdeInfo.serializationLib == "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
        assert table.parameters["comment"] == "hello"
        assert client.get_partition_names("ours", "t", -1) == ["k=x", "k=y%2Fz"]
        (partition,) = client.get_partitions_by_names("ours", "t", ["k=x"])
        assert partition.parameters["numRows"] == "1"


def test_what_another_client_makes_is_read_here(lake: Lake) -> None:
    api, opened = plain_client(lake)
    place = lake.metastore.warehouse / "theirs"
    with opened as client:
        client.create_database(api.Database(name="theirs", locationUri=f"file:{place}", parameters={}))
        serde = api.SerDeInfo("t", "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", {"field.delim": ","})
        storage = api.StorageDescriptor(
            cols=[api.FieldSchema("A", "int", "number"), api.FieldSchema("b", "string", None)],
            location=f"file:{place}/t",
            inputFormat="org.apache.hadoop.mapred.TextInputFormat",
            outputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
            compressed=False,
            numBuckets=0,
            serdeInfo=serde,
            bucketCols=[],
            sortCols=[],
            parameters={},
        )
        table = api.Table(
            tableName="t",
            dbName="theirs",
            owner="somebody",
            createTime=0,
            lastAccessTime=0,
            retention=0,
            sd=storage,
            partitionKeys=[],
            parameters={"EXTERNAL": "TRUE"},
            tableType="EXTERNAL_TABLE",
        )
        client.create_table_with_environment_context(table, api.EnvironmentContext({}))
        (place / "t").mkdir(parents=True, exist_ok=True)
        (place / "t" / "rows").write_text("1,one\n2,two\n")
        assert lake.session.rows("SELECT a, b FROM hive.theirs.t ORDER BY a") == [[1, "one"], [2, "two"]]
        assert lake.session.rows('SELECT "$path" FROM hive.theirs.t LIMIT 1') == [[f"file://{place}/t/rows"]]
        # What is not ours survives a change of ours.
        lake.session.rows("COMMENT ON COLUMN hive.theirs.t.b IS 'text'")
        changed = client.get_table_req(api.GetTableRequest("theirs", "t")).table
        assert (changed.owner, changed.sd.serdeInfo.parameters["field.delim"]) == ("somebody", ",")
        assert changed.sd.cols[1].comment == "text"


def test_statistics_go_both_ways(lake: Lake) -> None:
    api, opened = plain_client(lake)
    run = lake.session.rows
    run("CREATE SCHEMA hive.counted")
    run("CREATE TABLE hive.counted.t AS SELECT * FROM (VALUES (1, DATE '2020-01-01'), (5, NULL)) AS r (a, d)")
    with opened as client:
        request = api.TableStatsRequest("counted", "t", ["a", "d"], engine="hive")
        found = {one.colName: one.statsData for one in client.get_table_statistics_req(request).tableStats}
        assert (found["a"].longStats.lowValue, found["a"].longStats.highValue) == (1, 5)
        assert (found["d"].dateStats.numNulls, found["d"].dateStats.highValue.daysSinceEpoch) == (1, 18262)
        data = api.ColumnStatisticsData(longStats=api.LongColumnStatsData(-7, 70, 0, 2))
        described = api.ColumnStatisticsDesc(True, "counted", "t")
        client.update_table_column_statistics(
            api.ColumnStatistics(described, [api.ColumnStatisticsObj("a", "int", data)], engine="hive")
        )
    run("CALL hive.system.flush_metadata_cache()")
    shown = {row[0]: row for row in run("SHOW STATS FOR hive.counted.t")}
    assert shown["a"][-2:] == ["-7", "70"]


def test_iceberg_commits_meet(lake: Lake) -> None:
    run = lake.session.rows
    run("CREATE SCHEMA ice.berg")
    run("CREATE TABLE ice.berg.t AS SELECT 1 AS a")
    run("INSERT INTO ice.berg.t VALUES 2")
    api, opened = plain_client(lake)
    with opened as client:
        parameters = client.get_table_req(api.GetTableRequest("berg", "t")).table.parameters
    assert parameters["table_type"].upper() == "ICEBERG"
    files = [row[0] for row in run('SELECT file FROM ice.berg."t$metadata_log_entries"')]
    assert [parameters["previous_metadata_location"], parameters["metadata_location"]] == files[-2:]
    assert run("SELECT count(*) FROM ice.berg.t") == [[2]]


@pytest.fixture(scope="module")
def trino(lake: Lake) -> Iterator[Any]:
    """A real Trino over the same metastore."""
    from integration.toolbox.lanes import Skip

    common = {"hive.metastore.uri": lake.metastore.uri, "fs.hadoop.enabled": "true"}
    catalogs = {
        "hive": {
            "connector.name": "hive",
            "hive.non-managed-table-writes-enabled": "true",
            "hive.storage-format": "PARQUET",
            **common,
        },
        "ice": {"connector.name": "iceberg", **common},
    }
    try:
        with Trino(catalogs) as running:
            yield Session(running, user="alice")
    except Skip as reason:
        pytest.skip(str(reason))


def test_a_real_trino_reads_what_is_made_here(lake: Lake, trino: Session) -> None:
    run = lake.session.rows
    run("CREATE SCHEMA hive.for_trino")
    run("CREATE TABLE hive.for_trino.plain AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS r (n, t)")
    run("CREATE TABLE hive.for_trino.parts (n integer, k varchar) WITH (partitioned_by = ARRAY['k'], format = 'ORC')")
    run("INSERT INTO hive.for_trino.parts VALUES (1, 'x'), (2, 'y'), (3, NULL)")
    run("CREATE VIEW hive.for_trino.v AS SELECT sum(n) AS total FROM hive.for_trino.plain")
    run("CREATE TABLE ice.for_trino.i AS SELECT * FROM (VALUES 1, 2, 3) AS r (n)")
    run("DELETE FROM ice.for_trino.i WHERE n = 2")
    for query in (
        "SELECT n, t FROM hive.for_trino.plain ORDER BY n",
        "SELECT n, k FROM hive.for_trino.parts ORDER BY n",
        "SELECT n FROM hive.for_trino.parts WHERE k = 'y'",
        "TABLE hive.for_trino.v",
        "SELECT n FROM ice.for_trino.i ORDER BY n",
        "SHOW TABLES FROM hive.for_trino",
        'SELECT * FROM hive.for_trino."parts$partitions" ORDER BY k',
    ):
        assert trino.rows(query) == run(query), query


@pytest.mark.slow
def test_what_a_real_trino_makes_is_read_here(lake: Lake, trino: Session) -> None:
    trino.rows("CREATE SCHEMA hive.from_trino")
    trino.rows("CREATE TABLE hive.from_trino.plain AS SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS r (n, t)")
    trino.rows("CREATE TABLE hive.from_trino.parts (n integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    trino.rows("INSERT INTO hive.from_trino.parts VALUES (1, 'x'), (2, 'y'), (3, NULL)")
    trino.rows("CREATE VIEW hive.from_trino.v AS SELECT sum(n) AS total FROM hive.from_trino.plain")
    trino.rows("CREATE TABLE ice.from_trino.i AS SELECT * FROM (VALUES 1, 2, 3) AS r (n)")
    if lake.metastore.release is HIVE_3:  # Hive 4 compares parameters as Derby cannot, and Trino asks it to
        trino.rows("DELETE FROM ice.from_trino.i WHERE n = 2")
    lake.session.rows("INSERT INTO ice.from_trino.i VALUES 9")
    lake.session.rows("INSERT INTO hive.from_trino.parts VALUES (4, 'x'), (5, 'w')")
    for query in (
        "SELECT n, t FROM hive.from_trino.plain ORDER BY n",
        "SELECT n, k FROM hive.from_trino.parts ORDER BY n",
        "TABLE hive.from_trino.v",
        "SELECT n FROM ice.from_trino.i ORDER BY n",
        "SHOW TABLES FROM hive.from_trino",
        "SHOW STATS FOR hive.from_trino.plain",
    ):
        trino.rows("CALL hive.system.flush_metadata_cache()")
        assert trino.rows(query) == lake.session.rows(query), query
