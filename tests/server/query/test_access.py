"""What a catalog's own access control lets a statement do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fakes.hive import hive
from tests.fakes.sink import LocalEngine

from lodestar_server.spi.errors import LodestarError

READ_ONLY_REFUSALS = [
    ("CREATE SCHEMA locked.t", "Cannot create schema t"),
    ("DROP SCHEMA locked.s CASCADE", "Cannot drop schema s"),
    ("ALTER SCHEMA locked.s RENAME TO r", "Cannot rename schema from s to r"),
    ("CREATE TABLE locked.s.n (a integer)", "Cannot create table s.n"),
    ("CREATE TABLE locked.s.n AS SELECT 1 AS a", "Cannot create table s.n"),
    ("DROP TABLE locked.s.t", "Cannot drop table s.t"),
    ("ALTER TABLE locked.s.t RENAME TO n", "Cannot rename table from s.t to s.n"),
    ("ALTER TABLE locked.s.t ADD COLUMN c integer", "Cannot add a column to table s.t"),
    ("ALTER TABLE locked.s.t DROP COLUMN a", "Cannot drop a column from table s.t"),
    ("ALTER TABLE locked.s.t RENAME COLUMN a TO c", "Cannot rename a column in table s.t"),
    ("COMMENT ON TABLE locked.s.t IS 'x'", "Cannot comment table to s.t"),
    ("COMMENT ON COLUMN locked.s.t.a IS 'x'", "Cannot comment column to s.t"),
    ("TRUNCATE TABLE locked.s.t", "Cannot truncate table s.t"),
    ("INSERT INTO locked.s.t VALUES (1, 'x')", "Cannot insert into table s.t"),
    ("DELETE FROM locked.s.t", "Cannot delete from table s.t"),
    ("CREATE VIEW locked.s.w AS SELECT 1 AS a", "Cannot create view s.w"),
    ("DROP VIEW locked.s.v", "Cannot drop view s.v"),
    ("CALL locked.system.flush_metadata_cache()", "Cannot execute procedure system.flush_metadata_cache"),
]


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    """The hive catalog, and `locked` over the same files, in which nothing may be changed."""
    made = LocalEngine(tmp_path)
    made.catalogs.add("locked", "hive", hive(tmp_path / "hive", **{"hive.security": "read-only"}).connector)
    made.run("CREATE SCHEMA hive.s")
    made.run("CREATE TABLE hive.s.t (a integer, b varchar)")
    made.run("INSERT INTO hive.s.t VALUES (1, 'x')")
    made.run("CREATE VIEW hive.s.v AS SELECT a FROM hive.s.t")
    return made


@pytest.mark.parametrize(("sql", "refusal"), READ_ONLY_REFUSALS)
def test_a_read_only_catalog_refuses_changes(engine: LocalEngine, sql: str, refusal: str) -> None:
    with pytest.raises(LodestarError) as raised:
        engine.run(sql)
    assert (raised.value.code.name, raised.value.message) == ("PERMISSION_DENIED", f"Access Denied: {refusal}")


def test_a_read_only_catalog_can_be_read(engine: LocalEngine) -> None:
    assert engine.run("SELECT * FROM locked.s.t").rows == ['[1,"x"]']
    assert engine.run("SELECT * FROM locked.s.v").rows == ["[1]"]
    assert engine.run("SHOW TABLES FROM locked.s").rows == ['["t"]', '["v"]']
    assert len(engine.run("DESCRIBE locked.s.t").rows) == 2
    assert len(engine.run("SHOW CREATE TABLE locked.s.t").rows) == 1
