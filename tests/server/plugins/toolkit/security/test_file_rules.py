"""A catalog with a file of rules, asked by several users. The words are Trino's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.sink import LocalEngine
from tests.fakes.users import Users

from lodestar_server.plugins.connectors.hive.factory import FACTORY
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.plugin import ConnectorContext

RULES = {
    "schemas": [{"user": "alice", "schema": "s.*", "owner": True}, {"owner": False}],
    "tables": [
        {
            "user": "alice",
            "privileges": ["SELECT", "INSERT", "DELETE", "UPDATE", "OWNERSHIP", "GRANT_SELECT"],
        },
        {"user": "bob", "table": "t", "privileges": ["SELECT"], "columns": [{"name": "secret", "allow": False}]},
        {"user": "carl", "table": "t", "privileges": ["INSERT"]},
        {"user": "dora", "schema": "s", "table": "t|d", "privileges": ["SELECT", "OWNERSHIP"]},
        {"user": "vic", "table": "[vdw]", "privileges": ["SELECT"]},
    ],
    "session_properties": [{"property": "timestamp_precision", "allow": True}],
    "procedures": [{"user": "alice", "procedure": "flush_.*", "privileges": ["EXECUTE"]}],
    "functions": [
        {"user": "alice", "schema": "s", "privileges": ["EXECUTE", "OWNERSHIP"]},
        {"user": "bob", "function": "f", "privileges": ["EXECUTE"]},
    ],
    "authorization": [{"original_user": "alice", "new_user": "bob"}],
}


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """alice owns `lake.s.t (a, secret)` and views of it; dora may read it, but hand nothing on."""
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    properties = {
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore",
        "fs.native-local.enabled": "true",
        "local.location": str(tmp_path / "lake"),
        "hive.security": "file",
        "security.config-file": str(tmp_path / "rules.json"),
    }
    (tmp_path / "lake").mkdir()
    engine = LocalEngine(tmp_path)
    engine.catalogs.add(
        "lake", "hive", FACTORY.create(ConnectorContext("lake", "node", "476", "test", tmp_path / "data"), properties)
    )
    made = Users(engine)
    made.run("alice", "CREATE SCHEMA lake.s")
    made.run("alice", "CREATE TABLE lake.s.t (a integer, secret varchar)")
    made.run("alice", "INSERT INTO lake.s.t VALUES (1, 'x')")
    made.run("alice", "CREATE VIEW lake.s.v AS SELECT * FROM lake.s.t")
    made.run("dora", "CREATE VIEW lake.s.d AS SELECT a FROM lake.s.t")
    return made


def test_columns_that_may_not_be_read(users: Users) -> None:
    assert users.run("bob", "SELECT a, count(*) FROM lake.s.t GROUP BY 1") == ["[1,1]"]
    for sql in (
        "SELECT * FROM lake.s.t",
        "SELECT 1 FROM lake.s.t WHERE secret = 'x'",
        "TABLE lake.s.t",
        "VALUES (SELECT 1 FROM (TABLE lake.s.t))",
    ):
        assert users.refusal("bob", sql) == "Cannot select from table s.t"
    assert len(users.run("bob", "DESCRIBE lake.s.t")) == 1
    assert len(users.run("carl", "DESCRIBE lake.s.t")) == 2  # who may do more than read sees all


def test_who_sees_what(users: Users) -> None:
    assert users.run("bob", "SHOW TABLES FROM lake.s") == ['["t"]']
    assert users.run("vic", "SHOW TABLES FROM lake.s") == ['["d"]', '["v"]']
    assert users.run("zed", "SHOW SCHEMAS FROM lake") == []
    assert users.refusal("zed", "SHOW TABLES FROM lake.s") == "Cannot show tables of schema s"
    assert users.refusal("zed", "DESCRIBE lake.s.t") == "Cannot show columns of table s.t"


@pytest.mark.parametrize(
    ("user", "sql", "words"),
    [
        ("bob", "INSERT INTO lake.s.t VALUES (1, '')", "Cannot insert into table s.t"),
        ("bob", "EXPLAIN INSERT INTO lake.s.t SELECT * FROM lake.s.t", "Cannot insert into table s.t"),
        ("carl", "EXPLAIN INSERT INTO lake.s.t SELECT * FROM lake.s.t", "Cannot select from table s.t"),
        ("bob", "EXPLAIN CREATE TABLE lake.s.n AS SELECT 1 a", "Cannot create table s.n"),
        ("bob", "EXPLAIN (TYPE VALIDATE) CREATE VIEW lake.s.n AS SELECT 1 a", "Cannot create view s.n"),
        ("bob", "EXPLAIN DELETE FROM lake.s.t", "Cannot delete from table s.t"),
        ("bob", "ANALYZE lake.s.t", "Cannot ANALYZE (missing insert privilege) table lake.s.t"),
        ("carl", "ANALYZE lake.s.t", "Cannot select from table s.t"),
        ("bob", "TRUNCATE TABLE lake.s.t", "Cannot truncate table s.t"),
        ("dora", "ALTER TABLE lake.s.t RENAME TO lake.s.u", "Cannot rename table from s.t to s.u"),
        ("alice", "ALTER SCHEMA lake.s RENAME TO q", "Cannot rename schema from s to q"),
        ("bob", "CREATE SCHEMA lake.s2", "Cannot create schema s2"),
        ("alice", "CREATE SCHEMA lake.q", "Cannot create schema q"),
        ("alice", "ALTER SCHEMA lake.s SET AUTHORIZATION carl", "Cannot set authorization for schema s to USER carl"),
        ("dora", "ALTER TABLE lake.s.t SET AUTHORIZATION bob", "Cannot set authorization for table s.t to USER bob"),
        ("alice", "GRANT SELECT ON lake.s.t TO bob", "Cannot grant privilege SELECT on table s.t"),
        ("alice", "CREATE ROLE r IN lake", "Cannot create role r"),
        ("bob", "SET SESSION lake.compression_codec = 'NONE'", "Cannot set catalog session property compression_codec"),
        ("bob", "CALL lake.system.flush_metadata_cache()", "Cannot execute procedure system.flush_metadata_cache"),
    ],
)
def test_refusals(users: Users, user: str, sql: str, words: str) -> None:
    assert users.refusal(user, sql) == words


def test_what_is_allowed_happens(users: Users) -> None:
    users.run("carl", "INSERT INTO lake.s.t VALUES (2, 'y')")
    users.run("dora", "ALTER TABLE lake.s.t RENAME COLUMN secret TO open")
    users.run("bob", "SET SESSION lake.timestamp_precision = 'MICROSECONDS'")
    users.run("alice", "ALTER TABLE lake.s.t SET AUTHORIZATION bob")
    users.run("alice", "CALL lake.system.flush_metadata_cache()")
    assert users.run("alice", "SELECT count(*) FROM lake.s.t") == ["[2]"]


def test_a_view_hands_on_what_its_owner_may_hand_on(users: Users) -> None:
    assert users.run("vic", "SELECT * FROM lake.s.v") == ['[1,"x"]']
    assert users.run("dora", "SELECT * FROM lake.s.d") == ["[1]"]
    assert users.refusal("vic", "SELECT * FROM lake.s.d") == (
        "View owner does not have sufficient privileges: View owner 'dora' cannot create view that selects from s.t"
    )


def test_functions_are_called_and_seen_by_those_who_may(users: Users) -> None:
    for name in ("f", "g"):
        users.run("alice", f"CREATE FUNCTION lake.s.{name}(x integer) RETURNS integer RETURN x + 1")
    assert users.refusal("bob", "CREATE FUNCTION lake.s.h() RETURNS integer RETURN 1") == "Cannot create function s.h"
    assert users.run("bob", "SELECT lake.s.f(1)") == ["[2]"]
    assert users.refusal("bob", "SELECT lake.s.g(1)") == "Cannot execute function lake.s.g"
    assert len(users.run("bob", "SHOW FUNCTIONS FROM lake.s")) == 1
    assert len(users.run("alice", "SHOW FUNCTIONS FROM lake.s")) == 2
    assert users.refusal("zed", "SHOW FUNCTIONS FROM lake.s") == "Cannot show functions of schema s"
    assert users.refusal("bob", "SHOW CREATE FUNCTION lake.s.f") == "Cannot show create function for s"
    users.run("alice", "CREATE VIEW lake.s.w AS SELECT lake.s.f(1) x")
    with pytest.raises(LodestarError, match=r"Cannot execute function lake\.s\.f"):  # alice may not hand it on
        users.run("vic", "SELECT * FROM lake.s.w")


def test_a_schema_with_hidden_tables_is_not_empty(users: Users) -> None:
    with pytest.raises(LodestarError, match="Cannot drop non-empty schema 's'"):
        users.run("zed", "DROP SCHEMA lake.s")


def test_grants_are_not_listed(users: Users) -> None:
    with pytest.raises(LodestarError, match="Error listing table privileges for catalog lake: This connector does not"):
        users.run("alice", "SHOW GRANTS ON lake.s.t")


def test_system_tables_of_a_table_follow_its_rules(users: Users) -> None:
    users.run("alice", "CREATE TABLE lake.s.w (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    users.run("alice", "INSERT INTO lake.s.w VALUES (1, 'x')")
    assert users.run("vic", 'SELECT * FROM lake.s."w$partitions"') == ['["x"]']
    assert users.run("vic", 'SHOW COLUMNS FROM lake.s."w$partitions"')
    for one in ("w$partitions", "w$properties"):
        assert users.refusal("bob", f'SELECT * FROM lake.s."{one}"') == f"Cannot select from table s.{one}"
        assert users.refusal("bob", f'SHOW COLUMNS FROM lake.s."{one}"') == f"Cannot show columns of table s.{one}"
    # Columns of the table that are hidden say nothing of columns of other names.
    assert users.run("bob", 'SELECT count(*) FROM lake.s."t$properties"') == ["[1]"]
