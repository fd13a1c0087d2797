"""Views of a JDBC catalog, which are Iceberg's own."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.sink import LocalEngine

from lodestar_server.plugins.connectors.iceberg.factory import FACTORY
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import ConnectorContext


def catalog(tmp_path: Path, **more: str) -> dict[str, str]:
    (tmp_path / "files").mkdir(exist_ok=True)
    return {
        "iceberg.catalog.type": "jdbc",
        "iceberg.jdbc-catalog.driver-class": "org.sqlite.JDBC",
        "iceberg.jdbc-catalog.connection-url": f"jdbc:sqlite:{tmp_path}/catalog.db",
        "iceberg.jdbc-catalog.catalog-name": "c",
        "iceberg.jdbc-catalog.default-warehouse-dir": "local:///warehouse",
        "fs.local.enabled": "true",
        "local.location": str(tmp_path / "files"),
        **more,
    }


def opened(tmp_path: Path, **more: str) -> LocalEngine:
    made = LocalEngine(tmp_path / "engine", ("tpch",))
    context = ConnectorContext("j", "node", "476", "test", tmp_path / "data")
    made.catalogs.add("j", "iceberg", FACTORY.create(context, catalog(tmp_path, **more)))
    made.run("CREATE SCHEMA j.s")
    made.run("USE j.s")
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[LocalEngine]:
    made = opened(tmp_path)
    yield made
    made.close()


def refused(engine: LocalEngine, sql: str) -> tuple[str, str]:
    with pytest.raises(LodestarError) as caught:
        engine.run(sql)
    return caught.value.code.name, caught.value.message


def shown(engine: LocalEngine, name: str) -> str:
    return str(json.loads(engine.run(f"SHOW CREATE VIEW {name}").rows[0])[0])


def test_a_whole_life(engine: LocalEngine, tmp_path: Path) -> None:
    engine.run("CREATE TABLE t AS SELECT 1 a, 'x' b")
    engine.run("CREATE VIEW v COMMENT 'first' AS SELECT a, b FROM t")
    assert engine.run("SELECT * FROM v").rows == ['[1,"x"]']
    assert engine.run("SHOW TABLES").rows == ['["t"]', '["v"]']
    engine.run("CREATE OR REPLACE VIEW v AS SELECT b Other FROM t")
    # the comment stays, and so does the owner
    assert shown(engine, "v").startswith("CREATE VIEW j.s.v COMMENT 'first' SECURITY DEFINER AS")
    engine.run("COMMENT ON VIEW v IS NULL")
    engine.run("COMMENT ON COLUMN v.other IS 'second'")
    assert engine.run("DESCRIBE v").rows == ['["other","varchar","","second"]']
    engine.run("CREATE SCHEMA j.s2")
    engine.run("ALTER VIEW v RENAME TO s2.w")
    assert [column.name for column in engine.run("SELECT * FROM s2.w").columns] == ["Other"]
    with sqlite3.connect(tmp_path / "catalog.db") as database:
        rows = database.execute("SELECT table_namespace, table_name, iceberg_type FROM iceberg_tables ORDER BY 1")
        assert rows.fetchall() == [("s", "t", "TABLE"), ("s2", "w", "VIEW")]
    database.close()
    assert refused(engine, "DROP SCHEMA s2")[0] == "SCHEMA_NOT_EMPTY"
    engine.run("DROP VIEW s2.w")
    engine.run("DROP SCHEMA s2")
    assert engine.run("SELECT * FROM j.system.iceberg_tables").rows == ['["s","t"]']


def test_a_view_of_its_invoker(engine: LocalEngine) -> None:
    engine.run("CREATE VIEW v SECURITY INVOKER AS SELECT 1 x")
    assert shown(engine, "v") == "CREATE VIEW j.s.v SECURITY INVOKER AS\nSELECT 1 x"


def test_refusals(engine: LocalEngine) -> None:
    engine.run("CREATE TABLE t (a integer)")
    engine.run("CREATE VIEW v AS SELECT 1 x")
    for sql, code, message in (
        ("CREATE VIEW v AS SELECT 1 x", "TABLE_ALREADY_EXISTS", "View already exists: 'j.s.v'"),
        ("CREATE OR REPLACE VIEW t AS SELECT 1 x", "TABLE_ALREADY_EXISTS", "Table already exists: 'j.s.t'"),
        ("CREATE TABLE v (a integer)", "TABLE_ALREADY_EXISTS", "Table already exists: 's.v'"),
        ("CREATE VIEW w AS SELECT TINYINT '1' x", "NOT_SUPPORTED", "Type not supported for Iceberg: tinyint"),
        (
            "CREATE VIEW w AS SELECT TIMESTAMP '2020-01-01 00:00:00' x",
            "NOT_SUPPORTED",
            'Timestamp precision (0) not supported for Iceberg. Use "timestamp(6)" instead.',
        ),
        (
            "ALTER VIEW v SET AUTHORIZATION bob",
            "NOT_SUPPORTED",
            "setViewPrincipal is not supported for Iceberg JDBC catalogs",
        ),
        (
            "CREATE MATERIALIZED VIEW m AS SELECT a FROM t",
            "NOT_SUPPORTED",
            "createMaterializedView is not supported for Iceberg JDBC catalogs",
        ),
        (
            "ALTER VIEW v RENAME TO t",
            "TABLE_ALREADY_EXISTS",
            "Target view 'j.s.t' does not exist, but a table with that name exists.",
        ),
    ):
        assert refused(engine, sql) == (code, message), sql


def test_the_older_form_has_no_views(tmp_path: Path) -> None:
    engine = opened(tmp_path, **{"iceberg.jdbc-catalog.schema-version": "V0"})
    assert refused(engine, "CREATE VIEW v AS SELECT 1 x") == (
        "NOT_SUPPORTED",
        "createView is not supported for Iceberg JDBC catalogs",
    )
    assert refused(engine, "SELECT * FROM v")[0] == "TABLE_NOT_FOUND"
    assert engine.run("SHOW TABLES").rows == []
    engine.close()


def test_a_view_of_another_engine(engine: LocalEngine, tmp_path: Path) -> None:
    engine.run("CREATE VIEW v AS SELECT 1 x")
    with sqlite3.connect(tmp_path / "catalog.db") as database:
        ((location,),) = database.execute("SELECT metadata_location FROM iceberg_tables")
        place = tmp_path / "files" / location.removeprefix("local:///")
        other = json.loads(gzip.decompress(place.read_bytes()))
        other["versions"][0]["representations"][0]["dialect"] = "spark"
        place.with_name("theirs.metadata.json").write_text(json.dumps(other))
        theirs = location.rpartition("/")[0] + "/theirs.metadata.json"
        database.execute("UPDATE iceberg_tables SET metadata_location = ?", (theirs,))
    database.close()
    assert refused(engine, "SELECT * FROM v") == (
        "ICEBERG_UNSUPPORTED_VIEW_DIALECT",
        "Cannot read unsupported dialect 'spark' for view 's.v'",
    )
