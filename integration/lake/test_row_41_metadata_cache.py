"""Row 41: metadata is kept for a while; a second query asks nothing, changes elsewhere are seen after TTL or flush."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.lake.metastores import JMX, Session, catalog, metastore
from integration.services.hive_metastore import HiveMetastore
from integration.services.thrift_proxy import ThriftProxy
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.process import free_port

CACHED = {"hive_metastore__cache__ttl": "1h", "hive_metastore__stats__cache__ttl": "1h"}


@dataclass(frozen=True, slots=True)
class Lake:
    """A server whose catalog `cached` asks through a counting relay; `outside` is another client of the metastore."""

    session: Session
    proxy: ThriftProxy
    metastore: HiveMetastore


@pytest.fixture(scope="module")
def lake() -> Iterator[Lake]:
    with metastore() as hive, ThriftProxy(hive.port) as proxy:
        catalogs = {
            "cached": catalog(proxy.uri, hive.warehouse, **CACHED),
            "brief": catalog(proxy.uri, hive.warehouse, hive_metastore__cache__ttl="300ms"),
            "refreshed": catalog(proxy.uri, hive.warehouse, **CACHED, hive_metastore__refresh__interval="1ms"),
            "nothing_missing": catalog(
                proxy.uri, hive.warehouse, **CACHED, **{"hive_metastore__cache_cache__missing": "false"}
            ),
            "plain": catalog(proxy.uri, hive.warehouse),
            "outside": catalog(hive.uri, hive.warehouse, hive_metastore__stats__cache__ttl="0s"),
            "jmx": dict(JMX),
        }
        with Lodestar(catalogs) as server:
            session = Session(server)
            session.rows("CREATE SCHEMA outside.row41")
            yield Lake(session, proxy, hive)


def make(lake: Lake, name: str) -> None:
    lake.session.rows(f"CREATE TABLE outside.row41.{name} (a bigint, p varchar) WITH (partitioned_by = ARRAY['p'])")
    lake.session.rows(f"INSERT INTO outside.row41.{name} VALUES (1, 'x'), (2, 'x'), (3, 'y')")


def test_the_second_query_asks_nothing(lake: Lake) -> None:
    make(lake, "twice")
    query = "SELECT count(*), sum(a) FROM cached.row41.twice WHERE p = 'x'"
    assert lake.session.rows(query) == [[2, 3]]
    assert lake.proxy.total > 0
    lake.proxy.forget()
    assert lake.session.rows(query) == [[2, 3]]
    assert dict(lake.proxy.calls) == {}


def test_without_a_cache_every_query_asks(lake: Lake) -> None:
    make(lake, "every_time")
    query = "SELECT count(*) FROM plain.row41.every_time"
    lake.session.rows(query)
    lake.proxy.forget()
    lake.session.rows(query)
    assert lake.proxy.calls["get_table_req"] > 0
    # Statistics are kept five minutes even then.
    assert lake.proxy.calls["get_partitions_statistics_req"] == 0


def test_changes_elsewhere_are_seen_after_a_flush(lake: Lake) -> None:
    make(lake, "flushed")
    assert lake.session.value("SELECT count(*) FROM cached.row41.flushed") == 3
    lake.session.rows("ALTER TABLE outside.row41.flushed ADD COLUMN b integer")
    lake.session.rows("INSERT INTO outside.row41.flushed (a, b, p) VALUES (4, 1, 'z')")
    assert lake.session.value("SELECT count(*) FROM cached.row41.flushed") == 3
    assert lake.session.error("SELECT b FROM cached.row41.flushed")[0] == "COLUMN_NOT_FOUND"
    lake.session.rows("CALL cached.system.flush_metadata_cache(schema_name => 'row41', table_name => 'flushed')")
    assert lake.session.rows("SELECT count(*), count(b) FROM cached.row41.flushed") == [[4, 1]]


def test_one_partition_is_flushed(lake: Lake) -> None:
    make(lake, "one_partition")
    assert lake.session.value("SELECT count(*) FROM cached.row41.one_partition") == 3
    lake.session.rows("INSERT INTO outside.row41.one_partition VALUES (4, 'new')")
    assert lake.session.value("SELECT count(*) FROM cached.row41.one_partition") == 3
    lake.session.rows(
        "CALL cached.system.flush_metadata_cache(schema_name => 'row41', table_name => 'one_partition',"
        " partition_columns => ARRAY['p'], partition_values => ARRAY['new'])"
    )
    assert lake.session.value("SELECT count(*) FROM cached.row41.one_partition") == 4


def test_positional_arguments_are_refused(lake: Lake) -> None:
    name, message = lake.session.error("CALL cached.system.flush_metadata_cache('row41', 'flushed')")
    assert name == "INVALID_PROCEDURE_ARGUMENT" or "named arguments" in message


def test_a_missing_table_stays_missing_until_a_flush(lake: Lake) -> None:
    query = "SELECT count(*) FROM cached.row41.late"
    assert lake.session.error(query)[0] == "TABLE_NOT_FOUND"
    make(lake, "late")
    assert lake.session.error(query)[0] == "TABLE_NOT_FOUND"
    lake.session.rows("CALL cached.system.flush_metadata_cache()")
    assert lake.session.value(query) == 3


def test_a_missing_table_is_not_kept_when_that_is_switched_off(lake: Lake) -> None:
    query = "SELECT count(*) FROM nothing_missing.row41.sooner"
    assert lake.session.error(query)[0] == "TABLE_NOT_FOUND"
    make(lake, "sooner")
    assert lake.session.value(query) == 3


def test_after_the_ttl_changes_are_seen(lake: Lake) -> None:
    make(lake, "aging")
    assert lake.session.value("SELECT count(*) FROM brief.row41.aging") == 3
    lake.session.rows("INSERT INTO outside.row41.aging VALUES (4, 'z')")
    eventually(lake, "SELECT count(*) FROM brief.row41.aging", 4)


def test_old_answers_are_refreshed_behind_the_back(lake: Lake) -> None:
    make(lake, "refreshing")
    query = "SELECT count(*) FROM refreshed.row41.refreshing"
    assert lake.session.value(query) == 3
    lake.session.rows("INSERT INTO outside.row41.refreshing VALUES (4, 'z')")
    eventually(lake, query, 4)  # its TTL is an hour


def eventually(lake: Lake, query: str, wanted: int) -> None:
    deadline = time.monotonic() + 60
    while lake.session.value(query) != wanted:
        assert time.monotonic() < deadline, f"{query} never became {wanted}"


def test_own_writes_are_seen_at_once(lake: Lake) -> None:
    make(lake, "own")
    assert lake.session.value("SELECT count(*) FROM cached.row41.own") == 3
    lake.session.rows("INSERT INTO cached.row41.own VALUES (4, 'x'), (5, 'w')")
    assert lake.session.value("SELECT count(*) FROM cached.row41.own") == 5
    lake.session.rows("DELETE FROM cached.row41.own WHERE p = 'x'")
    assert lake.session.value("SELECT count(*) FROM cached.row41.own") == 2
    lake.session.rows("ALTER TABLE cached.row41.own RENAME TO cached.row41.own_too")
    assert lake.session.error("SELECT * FROM cached.row41.own")[0] == "TABLE_NOT_FOUND"
    assert ["own_too"] in lake.session.rows("SHOW TABLES FROM cached.row41")
    lake.session.rows("DROP TABLE cached.row41.own_too")
    assert lake.session.error("SELECT * FROM cached.row41.own_too")[0] == "TABLE_NOT_FOUND"


def test_the_cache_is_counted(lake: Lake) -> None:
    make(lake, "counted")
    before = lake.session.call_count("cached", "tablestats.requestcount")
    loads = lake.session.call_count("cached", "tablestats.loadcount")
    for _ in range(3):
        lake.session.value("SELECT count(*) FROM cached.row41.counted")
    assert lake.session.call_count("cached", "tablestats.requestcount") >= before + 3
    assert lake.session.call_count("cached", "tablestats.loadcount") == loads + 1


def test_a_metastore_that_is_not_there(tmp_path: Path) -> None:
    port = free_port()
    settings = {"hive_metastore_thrift_client_max__retries": "1"}
    with Lodestar({"gone": catalog(f"thrift://127.0.0.1:{port}", tmp_path, **settings)}) as server:
        name, message = Session(server).error("SHOW SCHEMAS FROM gone")
    assert name == "HIVE_METASTORE_ERROR"
    assert message.endswith(f"Failed connecting to Hive metastore: [127.0.0.1:{port}]")
