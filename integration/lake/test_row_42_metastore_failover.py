"""Row 42: the first of several metastores is down, the second is used and no query fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration.lake.metastores import Session, catalog, metastore
from integration.services.hive_metastore import HiveMetastore
from integration.services.thrift_proxy import ThriftProxy
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.process import free_port


@pytest.fixture(scope="module")
def hive() -> Iterator[HiveMetastore]:
    with metastore() as running:
        yield running


def test_the_first_was_never_there(hive: HiveMetastore) -> None:
    uris = f"thrift://127.0.0.1:{free_port()},{hive.uri}"
    with Lodestar({"hive": catalog(uris, hive.warehouse)}) as server:
        session = Session(server)
        session.rows("CREATE SCHEMA hive.never")
        session.rows("CREATE TABLE hive.never.t AS SELECT 1 AS a")
        assert session.value("SELECT a FROM hive.never.t") == 1


def test_the_first_goes_while_queries_run(hive: HiveMetastore) -> None:
    with (
        ThriftProxy(hive.port) as first,
        ThriftProxy(hive.port) as second,
        Lodestar({"hive": catalog(f"{first.uri},{second.uri}", hive.warehouse)}) as server,
    ):
        session = Session(server)
        session.rows("CREATE SCHEMA hive.goes")
        session.rows("CREATE TABLE hive.goes.t AS SELECT 1 AS a")
        assert first.total > 0
        assert second.total == 0
        first.close()
        for number in range(5):
            session.rows(f"INSERT INTO hive.goes.t VALUES {number}")
            assert session.value("SELECT count(*) FROM hive.goes.t") == number + 2
        assert second.total > 0


@pytest.mark.parametrize(
    ("call", "statement", "query", "wanted"),
    [
        (
            "create_table_with_environment_context",
            "CREATE TABLE hive.lost.c (a integer)",
            "SHOW TABLES FROM hive.lost LIKE 'c'",
            1,
        ),
        ("create_table_with_environment_context", "CREATE TABLE hive.lost.d AS SELECT 5 AS a", "TABLE hive.lost.d", 1),
        ("create_database", "CREATE SCHEMA hive.lost2", "SHOW SCHEMAS FROM hive LIKE 'lost2'", 1),
        (
            "add_partitions",
            "INSERT INTO hive.lost.p VALUES (1, 'n'), (2, 'n')",
            "SELECT a FROM hive.lost.p WHERE k = 'n'",
            2,
        ),
        ("alter_table_with_environment_context", "INSERT INTO hive.lost.t VALUES 1", "TABLE hive.lost.t", 1),
        ("drop_table", "DROP TABLE hive.lost.x", "SHOW TABLES FROM hive.lost LIKE 'x'", 0),
        ("drop_partitions_req", "DELETE FROM hive.lost.q WHERE k = 'a'", "TABLE hive.lost.q", 1),
    ],
)
def test_the_answer_to_a_change_is_lost(
    hive: HiveMetastore, lossy: tuple[Session, ThriftProxy], call: str, statement: str, query: str, wanted: int
) -> None:
    session, proxy = lossy
    proxy.lose_answer(call)
    before = proxy.calls[call]
    session.rows(statement)
    assert proxy.calls[call] > before
    assert len(session.rows(query)) == wanted


@pytest.fixture(scope="module")
def lossy(hive: HiveMetastore) -> Iterator[tuple[Session, ThriftProxy]]:
    with ThriftProxy(hive.port) as proxy:
        settings = {"hive_metastore_thrift_client_min__backoff__delay": "10ms"}
        with Lodestar({"hive": catalog(proxy.uri, hive.warehouse, **settings)}) as server:
            session = Session(server)
            session.rows("CREATE SCHEMA hive.lost")
            session.rows("CREATE TABLE hive.lost.t (a integer)")
            session.rows("CREATE TABLE hive.lost.x (a integer)")
            for name in ("p", "q"):
                session.rows(f"CREATE TABLE hive.lost.{name} (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
            session.rows("INSERT INTO hive.lost.q VALUES (1, 'a'), (2, 'b')")
            yield session, proxy
