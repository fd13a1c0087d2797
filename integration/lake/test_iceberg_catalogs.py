"""Iceberg's own catalogs, with pyiceberg as the other engine on the same catalog and files."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import LongType

from integration.lake.asking import REGION, Lake
from integration.lake.operations import check_iceberg
from integration.services.iceberg_rest import IcebergRest
from integration.services.moto import Moto
from integration.services.postgres import Postgres
from integration.toolbox.lanes import Skip
from integration.toolbox.process import free_port


def _ours(moto: Moto, **more: str) -> dict[str, str]:
    return {
        "connector.name": "iceberg",
        "fs.s3.enabled": "true",
        "s3.endpoint": moto.url,
        "s3.region": REGION,
        "s3.path-style-access": "true",
        "s3.aws-access-key": "anybody",
        "s3.aws-secret-key": "anything",
        **more,
    }


def _jdbc(moto: Moto, url: str, **more: str) -> dict[str, str]:
    return _ours(
        moto,
        **{
            "iceberg.catalog.type": "jdbc",
            "iceberg.jdbc-catalog.driver-class": "org.sqlite.JDBC",
            "iceberg.jdbc-catalog.connection-url": url,
            "iceberg.jdbc-catalog.catalog-name": "shared",
            "iceberg.jdbc-catalog.default-warehouse-dir": "s3://lake/jdbc",
        },
        **more,
    )


def _theirs(moto: Moto, database: Path) -> SqlCatalog:
    return SqlCatalog(
        "shared",
        uri=f"sqlite:///{database}",
        warehouse="s3://lake/jdbc",
        **{
            "s3.endpoint": moto.url,
            "s3.region": REGION,
            "s3.access-key-id": "anybody",
            "s3.secret-access-key": "anything",
        },
    )


def test_a_jdbc_catalog_serves_whole_lives_of_tables(moto: Moto, lake: Any, tmp_path: Path) -> None:
    server = lake({"ice": _jdbc(moto, f"jdbc:sqlite:{tmp_path}/catalog.db")})
    check_iceberg(server, "ice", "whole")


def test_pyiceberg_reads_and_changes_what_we_made(moto: Moto, lake: Any, tmp_path: Path) -> None:
    database = tmp_path / "catalog.db"
    server = lake({"ice": _jdbc(moto, f"jdbc:sqlite:{database}")})
    server.run("CREATE SCHEMA ice.both")
    server.run("CREATE TABLE ice.both.t AS SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t (id, name)")
    table = _theirs(moto, database).load_table("both.t")
    assert table.scan().to_arrow().sort_by("id").to_pylist() == [{"id": 1, "name": "a"}, {"id": 2, "name": None}]
    table.append(pa.table({"id": pa.array([3], pa.int32()), "name": ["ours?"]}))
    assert server.run("SELECT id, name FROM ice.both.t ORDER BY id") == [[1, "a"], [2, None], [3, "ours?"]]
    server.run("DELETE FROM ice.both.t WHERE id = 1")
    table.refresh()
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [2, 3]
    server.run("DROP TABLE ice.both.t")
    assert not _theirs(moto, database).table_exists("both.t")


def test_we_read_and_change_what_pyiceberg_made(moto: Moto, lake: Any, tmp_path: Path) -> None:
    database = tmp_path / "catalog.db"
    theirs = _theirs(moto, database)
    theirs.create_namespace("made", {"location": "s3://lake/jdbc/made-elsewhere"})
    rows = pa.table({"id": [1, 2], "at": pa.array([0, 1], pa.timestamp("us", "UTC")), "tags": [["x"], []]})
    table = theirs.create_table("made.t", schema=rows.schema)
    table.append(rows)
    server = lake({"ice": _jdbc(moto, f"jdbc:sqlite:{database}")})
    assert ["made"] in server.run("SHOW SCHEMAS FROM ice")
    assert "made-elsewhere" in server.run("SHOW CREATE SCHEMA ice.made")[0][0]
    assert server.run("SHOW TABLES FROM ice.made") == [["t"]]
    assert server.run("SELECT id, tags FROM ice.made.t ORDER BY id") == [[1, ["x"]], [2, []]]
    server.run("INSERT INTO ice.made.t VALUES (3, TIMESTAMP '2026-01-01 00:00:00 UTC', ARRAY['y', NULL])")
    server.run("ALTER TABLE ice.made.t ADD COLUMN note varchar")
    table.refresh()
    assert [field.name for field in table.schema().fields] == ["id", "at", "tags", "note"]
    assert table.scan().to_arrow().num_rows == 3
    server.run("ALTER TABLE ice.made.t RENAME TO ice.made.u")
    assert theirs.load_table("made.u").scan().to_arrow().num_rows == 3


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    try:
        service = Postgres()
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield service


def test_writers_of_two_servers_lose_nothing(moto: Moto, lake: Any, postgres: Postgres) -> None:
    settings = _jdbc(
        moto,
        f"{postgres.jdbc_url}?ApplicationName=lodestar",
        **{
            "iceberg.jdbc-catalog.connection-user": postgres.user,
            "iceberg.jdbc-catalog.connection-password": postgres.password,
        },
    )
    servers: list[Lake] = [lake({"ice": settings}) for _ in range(2)]
    servers[0].run("CREATE SCHEMA ice.race")
    servers[0].run("CREATE TABLE ice.race.t (writer integer, n integer) WITH (max_commit_retry = 20)")
    _race(servers)


def _race(servers: list[Lake]) -> None:
    done: list[tuple[int, int]] = []

    def write(writer: int) -> None:
        for n in range(5):
            servers[writer].run(f"INSERT INTO ice.race.t VALUES ({writer}, {n})")
            done.append((writer, n))

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rows = servers[0].run("SELECT writer, n FROM ice.race.t")
    assert sorted(map(tuple, rows)) == sorted(done)
    assert len(done) == 10


def test_what_the_catalog_has_not(moto: Moto, lake: Any, tmp_path: Path) -> None:
    server = lake({"ice": _jdbc(moto, f"jdbc:sqlite:{tmp_path}/catalog.db")})
    server.run("CREATE SCHEMA ice.a")
    assert server.fails("CREATE SCHEMA ice.a")[0] == "SCHEMA_ALREADY_EXISTS"
    server.run("CREATE TABLE ice.a.t (x integer)")
    assert server.fails("CREATE TABLE ice.a.t (x integer)")[0] == "TABLE_ALREADY_EXISTS"
    assert server.fails("DROP SCHEMA ice.a")[0] == "SCHEMA_NOT_EMPTY"
    assert server.fails("SELECT * FROM ice.a.no")[0] == "TABLE_NOT_FOUND"
    assert server.fails("ALTER SCHEMA ice.a RENAME TO b") == (
        "NOT_SUPPORTED",
        "renameNamespace is not supported for Iceberg JDBC catalogs",
    )
    assert server.fails("CREATE MATERIALIZED VIEW ice.a.m AS SELECT 1 AS x")[0] == "NOT_SUPPORTED"
    assert server.run("SHOW TABLES FROM ice.a") == [["t"]]


def test_a_database_that_is_away(moto: Moto, lake: Any, tmp_path: Path) -> None:
    settings = _jdbc(
        moto,
        "jdbc:postgresql://127.0.0.1:1/catalog",
        **{
            "iceberg.jdbc-catalog.connection-user": "u",
            "iceberg.jdbc-catalog.connection-password": "hunter2",
        },
    )
    name, message = lake({"ice": settings}).fails("SHOW SCHEMAS FROM ice")
    assert name == "ICEBERG_CATALOG_ERROR"
    assert "127.0.0.1" in message and "hunter2" not in message


@pytest.fixture(scope="module")
def rest(moto: Moto) -> Iterator[IcebergRest]:
    try:
        service = IcebergRest("s3://lake/rest", moto.url, REGION)
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield service


def _rest(moto: Moto, rest: IcebergRest, **more: str) -> dict[str, str]:
    return _ours(moto, **{"iceberg.catalog.type": "rest", "iceberg.rest-catalog.uri": rest.url}, **more)


def _rest_theirs(moto: Moto, rest: IcebergRest) -> RestCatalog:
    return RestCatalog(
        "rest",
        uri=rest.url,
        **{
            "s3.endpoint": moto.url,
            "s3.region": REGION,
            "s3.access-key-id": "anybody",
            "s3.secret-access-key": "anything",
        },
    )


def test_a_rest_catalog_serves_whole_lives_of_tables(moto: Moto, rest: IcebergRest, lake: Any) -> None:
    check_iceberg(lake({"ice": _rest(moto, rest)}), "ice", "whole")


def test_pyiceberg_and_we_share_tables_of_a_rest_catalog(moto: Moto, rest: IcebergRest, lake: Any) -> None:
    server, theirs = lake({"ice": _rest(moto, rest)}), _rest_theirs(moto, rest)
    server.run("CREATE SCHEMA ice.both")
    server.run(
        "CREATE TABLE ice.both.t WITH (partitioning = ARRAY['name'], sorted_by = ARRAY['name']) AS "
        "SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t (id, name)"
    )
    table = theirs.load_table("both.t")
    assert table.scan().to_arrow().sort_by("id").to_pylist() == [{"id": 1, "name": "a"}, {"id": 2, "name": None}]
    table.append(pa.table({"id": pa.array([3], pa.int32()), "name": ["theirs"]}))
    with table.update_schema() as update:
        update.add_column("more", LongType())
    server.run("INSERT INTO ice.both.t VALUES (4, 'ours', 40)")
    server.run("ALTER TABLE ice.both.t ADD COLUMN last varchar")
    server.run("ALTER TABLE ice.both.t SET PROPERTIES partitioning = ARRAY['name', 'bucket(id, 4)']")
    server.run("COMMENT ON TABLE ice.both.t IS 'shared'")
    server.run("DELETE FROM ice.both.t WHERE id = 1")
    server.run("ANALYZE ice.both.t")
    assert server.run("SELECT id, name, more FROM ice.both.t ORDER BY id") == [
        [2, None, None],
        [3, "theirs", None],
        [4, "ours", 40],
    ]
    table.refresh()
    assert [field.name for field in table.schema().fields] == ["id", "name", "more", "last"]
    assert sorted(table.scan().to_arrow()["id"].to_pylist()) == [2, 3, 4]
    assert table.properties["comment"] == "shared"
    assert [field.name for field in table.spec().fields] == ["name", "id_bucket"]
    server.run("ALTER TABLE ice.both.t RENAME TO ice.both.u")
    server.run("CREATE OR REPLACE TABLE ice.both.u AS SELECT 7 AS n")
    assert theirs.load_table("both.u").scan().to_arrow().to_pylist() == [{"n": 7}]
    server.run("DROP TABLE ice.both.u")
    assert theirs.list_tables("both") == []


def test_writers_through_a_rest_catalog_lose_nothing(moto: Moto, rest: IcebergRest, lake: Any) -> None:
    servers: list[Lake] = [lake({"ice": _rest(moto, rest)}) for _ in range(2)]
    servers[0].run("CREATE SCHEMA ice.race")
    servers[0].run("CREATE TABLE ice.race.t (writer integer, n integer) WITH (max_commit_retry = 20)")
    _race(servers)


def test_refusals_of_a_rest_catalog(moto: Moto, rest: IcebergRest, lake: Any) -> None:
    server = lake({"ice": _rest(moto, rest)})
    server.run("CREATE SCHEMA ice.refusals")
    assert server.fails("CREATE SCHEMA ice.refusals")[0] == "SCHEMA_ALREADY_EXISTS"
    server.run("CREATE TABLE ice.refusals.t (x integer)")
    assert server.fails("CREATE TABLE ice.refusals.t (x integer)")[0] == "TABLE_ALREADY_EXISTS"
    assert server.fails("DROP SCHEMA ice.refusals")[0] == "SCHEMA_NOT_EMPTY"
    assert server.fails("SELECT * FROM ice.refusals.no")[0] == "TABLE_NOT_FOUND"
    assert server.fails("SHOW TABLES FROM ice.no")[0] == "SCHEMA_NOT_FOUND"
    assert server.fails("CREATE MATERIALIZED VIEW ice.refusals.m AS SELECT 1 AS x") == (
        "NOT_SUPPORTED",
        "createMaterializedView is not supported for Iceberg REST catalog",
    )
    server.run("CREATE VIEW ice.refusals.v AS SELECT 1 AS x")
    assert server.fails("CREATE TABLE ice.refusals.v (x integer)")[0] == "TABLE_ALREADY_EXISTS"
    assert server.fails("ALTER VIEW ice.refusals.v SET AUTHORIZATION bob")[1] == (
        "setViewPrincipal is not supported for Iceberg REST catalog"
    )
    assert server.fails("ALTER VIEW ice.refusals.v RENAME TO ice.no.v")[1] == "Namespace does not exist: no"


def test_views_of_both_catalogs(moto: Moto, rest: IcebergRest, lake: Any, tmp_path: Path) -> None:
    server = lake({"jdbc": _jdbc(moto, f"jdbc:sqlite:{tmp_path}/views.db"), "rest": _rest(moto, rest)})
    for catalog in ("jdbc", "rest"):
        home = f"{catalog}.views"
        server.run(f"CREATE SCHEMA {home}")
        server.run(f"CREATE TABLE {home}.t AS SELECT 1 AS a, 'x' AS b")
        server.run(f"CREATE VIEW {home}.v COMMENT 'first' AS SELECT a, b FROM {home}.t")
        server.run(f"CREATE OR REPLACE VIEW {home}.v AS SELECT b, a, 2 AS c FROM {home}.t")
        server.run(f"COMMENT ON COLUMN {home}.v.c IS 'two'")
        server.run(f"CREATE OR REPLACE VIEW {home}.v AS SELECT a, b FROM {home}.t")
        assert server.run(f"SELECT * FROM {home}.v") == [[1, "x"]]
        assert "COMMENT 'first'" in server.run(f"SHOW CREATE VIEW {home}.v")[0][0]
        server.run(f"ALTER VIEW {home}.v RENAME TO {home}.w")
        kinds = f"SELECT table_name, table_type FROM {catalog}.information_schema.tables WHERE table_schema = 'views'"
        assert sorted(server.run(kinds)) == [["t", "BASE TABLE"], ["w", "VIEW"]]
        assert server.fails(f"DROP SCHEMA {home}")[0] == "SCHEMA_NOT_EMPTY"
        server.run(f"DROP SCHEMA {home} CASCADE")
    views = _rest_theirs(moto, rest)
    server.run("CREATE SCHEMA rest.views")
    server.run("CREATE VIEW rest.views.v AS SELECT 1 AS x")
    assert views.list_views("views") == [("views", "v")]
    views.drop_view("views.v")
    assert server.fails("SELECT * FROM rest.views.v")[0] == "TABLE_NOT_FOUND"
    server.run("DROP SCHEMA rest.views")


def test_a_rest_catalog_that_is_away(moto: Moto, lake: Any) -> None:
    settings = {"iceberg.catalog.type": "rest", "iceberg.rest-catalog.uri": f"http://127.0.0.1:{free_port()}"}
    name, message = lake({"ice": _ours(moto, **settings)}).fails("SHOW SCHEMAS FROM ice")
    assert name == "ICEBERG_CATALOG_ERROR"
    assert "cannot be reached" in message
