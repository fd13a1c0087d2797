"""hive.security=sql-standard over a metastore in files: what users and roles may do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.fakes.hive import hive
from tests.fakes.sink import LocalEngine
from tests.fakes.users import Users

from lodestar_server.spi.errors import LodestarError


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """alice owns `lake.s.t` and the view `lake.s.v` of it."""
    engine = LocalEngine(tmp_path)
    engine.catalogs.add("lake", "hive", hive(tmp_path / "lake", **{"hive.security": "sql-standard"}).connector)
    made = Users(engine)
    made.run("admin", "SET ROLE admin IN lake")
    made.run("admin", "CREATE SCHEMA lake.s AUTHORIZATION alice")
    made.run("alice", "CREATE TABLE lake.s.t (a integer, b varchar)")
    made.run("alice", "INSERT INTO lake.s.t VALUES (1, 'x')")
    made.run("alice", "CREATE VIEW lake.s.v AS SELECT a FROM lake.s.t")
    return made


def test_only_owners_and_grantees_reach_a_table(users: Users) -> None:
    assert users.refusal("bob", "SELECT count(*) FROM lake.s.t") == "Cannot select from table s.t"
    assert users.refusal("bob", "INSERT INTO lake.s.t VALUES (2, 'y')") == "Cannot insert into table s.t"
    assert users.refusal("bob", "DROP TABLE lake.s.t") == "Cannot drop table s.t"
    assert users.refusal("bob", "CREATE TABLE lake.s.n (a integer)") == "Cannot create table s.n"
    assert users.refusal("bob", "DESCRIBE lake.s.t") == "Cannot show columns of table s.t"
    assert users.refusal("bob", "GRANT SELECT ON lake.s.t TO bob") == "Cannot grant privilege SELECT on table s.t"
    users.run("alice", "GRANT SELECT ON lake.s.t TO bob")
    assert users.run("bob", "SELECT * FROM lake.s.t") == ['[1,"x"]']
    users.run("alice", "REVOKE SELECT ON lake.s.t FROM bob")
    assert users.refusal("bob", "SELECT * FROM lake.s.t") == "Cannot select from table s.t"


def test_reading_through_expressions_and_subqueries_is_reading(users: Users) -> None:
    for sql in (
        "SELECT (SELECT max(a) FROM lake.s.t)",
        "WITH q AS (SELECT * FROM lake.s.t) SELECT 1 FROM q",
        "EXPLAIN SELECT a FROM lake.s.t",
        "CREATE VIEW lake.default.w AS SELECT a FROM lake.s.t",
        "CREATE TABLE lake.default.c AS SELECT a FROM lake.s.t",
        "CREATE TABLE lake.default.c (LIKE lake.s.t)",
    ):
        assert users.refusal("bob", sql) == "Cannot select from table s.t"


def test_a_view_reads_with_the_rights_of_its_owner(users: Users) -> None:
    assert users.refusal("bob", "SELECT * FROM lake.s.v") == "Cannot select from table s.v"
    users.run("alice", "GRANT SELECT ON lake.s.v TO bob")
    assert users.run("bob", "SELECT * FROM lake.s.v") == ["[1]"]
    users.run("admin", "ALTER TABLE lake.s.t SET AUTHORIZATION carol")
    users.run("admin", "REVOKE GRANT OPTION FOR SELECT ON lake.s.t FROM alice")
    expected = "View owner does not have sufficient privileges: Cannot select from table s.t"
    assert users.refusal("bob", "SELECT * FROM lake.s.v") == expected
    users.run("admin", "GRANT SELECT ON lake.s.t TO alice")
    expected = (
        "View owner does not have sufficient privileges: View owner 'alice' cannot create view that selects from s.t"
    )
    assert users.refusal("bob", "SELECT * FROM lake.s.v") == expected
    assert users.run("alice", "SELECT * FROM lake.s.v") == ["[1]"]


def test_roles_carry_privileges(users: Users) -> None:
    assert users.refusal("bob", "CREATE ROLE readers IN lake") == "Cannot create role readers"
    users.run("admin", "CREATE ROLE readers IN lake")
    users.run("admin", "GRANT readers TO USER bob IN lake")
    users.run("alice", "GRANT SELECT ON lake.s.t TO ROLE readers")
    assert users.run("bob", "SELECT a FROM lake.s.t") == ["[1]"]
    users.run("bob", "SET ROLE NONE IN lake")
    assert users.refusal("bob", "SELECT a FROM lake.s.t") == "Cannot select from table s.t"
    users.run("bob", "SET ROLE readers IN lake")
    assert users.run("bob", "SHOW CURRENT ROLES FROM lake") == ['["public"]', '["readers"]']
    assert users.run("bob", "SELECT a FROM lake.s.t") == ["[1]"]
    users.run("admin", "DROP ROLE readers IN lake")
    assert users.refusal("bob", "SELECT a FROM lake.s.t") == "Cannot set role readers"


def test_nobody_selects_a_role_that_is_not_his(users: Users) -> None:
    assert users.refusal("bob", "SET ROLE admin IN lake") == "Cannot set role admin"


def test_session_properties_are_for_admins(users: Users) -> None:
    # The connector of the harness thinks that its catalog is called hive.
    sql = "SET SESSION lake.compression_codec = 'NONE'"
    assert users.refusal("bob", sql) == "Cannot set catalog session property hive.compression_codec"
    users.run("admin", sql)


def test_changing_rows_needs_no_right_to_read_them(users: Users) -> None:
    users.run("alice", "GRANT DELETE ON lake.s.t TO bob")
    expected = "Cannot select from table s.t"
    assert users.refusal("bob", "DELETE FROM lake.s.t WHERE a = 1") == expected
    users.run("bob", "DELETE FROM lake.s.t")
    assert users.run("alice", "SELECT * FROM lake.s.t") == []


def test_grants_are_files_as_trino_writes_them(users: Users, tmp_path: Path) -> None:
    users.run("admin", "CREATE ROLE readers IN lake")
    users.run("admin", "GRANT readers TO USER bob WITH ADMIN OPTION IN lake")
    users.run("alice", "GRANT SELECT ON lake.s.t TO ROLE readers WITH GRANT OPTION")
    root = next((tmp_path / "lake").rglob(".roles")).parent
    assert json.loads((root / ".roles").read_text()) == ["admin", "readers"]
    grantee = {"type": "USER", "name": "bob"}
    assert json.loads((root / ".roleGrants").read_text()) == [
        {"grantee": grantee, "roleName": "readers", "grantable": True}
    ]
    place = root / "s" / "t" / ".trinoPermissions" / "role_readers"
    assert json.loads(place.read_text()) == [
        {"permission": "SELECT", "grantOption": True, "grantee": {"type": "ROLE", "name": "readers"}}
    ]
    shown = users.run(
        "alice", "SELECT table_name, grantee, privilege_type FROM lake.information_schema.table_privileges"
    )
    privileges = ("DELETE", "INSERT", "SELECT", "UPDATE")
    assert sorted(shown) == [f'["{table}","alice","{one}"]' for table in ("t", "v") for one in privileges]


def test_a_schema_may_belong_to_a_role(users: Users) -> None:
    users.run("admin", "CREATE ROLE builders IN lake")
    users.run("admin", "GRANT builders TO USER bob IN lake")
    users.run("admin", "ALTER SCHEMA lake.s SET AUTHORIZATION ROLE builders")
    users.run("bob", "CREATE TABLE lake.s.n (a integer)")
    assert users.refusal("alice", "CREATE TABLE lake.s.m (a integer)") == "Cannot create table s.m"


def test_a_schema_is_created_for_a_role(users: Users) -> None:
    users.run("admin", "CREATE ROLE builders IN lake")
    users.run("admin", "CREATE SCHEMA lake.built AUTHORIZATION ROLE builders")
    shown = "SHOW CREATE SCHEMA lake.built"
    assert users.refusal("bob", shown) == "Cannot show create schema for built"
    users.run("admin", "GRANT builders TO bob IN lake")
    assert "AUTHORIZATION ROLE builders" in users.run("bob", shown)[0]
    with pytest.raises(LodestarError, match="Role 'nobody' does not exist"):
        users.run("admin", "CREATE SCHEMA lake.other AUTHORIZATION ROLE nobody")


def test_system_tables_are_as_their_table(users: Users) -> None:
    users.run("alice", "CREATE TABLE lake.s.p (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    users.run("alice", "INSERT INTO lake.s.p VALUES (1, 'x')")
    assert users.run("alice", 'SELECT * FROM lake.s."p$partitions"') == ['["x"]']
    for one in ("p$partitions", "p$properties"):
        assert users.refusal("bob", f'SELECT * FROM lake.s."{one}"') == f"Cannot select from table s.{one}"
    users.run("alice", "GRANT SELECT ON lake.s.p TO bob")
    assert users.run("bob", 'SELECT k FROM lake.s."p$partitions"') == ['["x"]']
