"""hive.security=sql-standard: roles and privileges that a real Hive Metastore keeps, seen by two servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from integration.lake.metastores import catalog, metastore
from integration.services.hive_metastore import HIVE_3, HIVE_4, Release
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Outcome, Statements


@dataclass(frozen=True, slots=True)
class Servers:
    """Two servers over one metastore."""

    one: Lodestar
    other: Lodestar

    def _run(self, user: str, sql: str, role: str | None, other: bool) -> Outcome:
        headers = {} if role is None else {"X_Trino_Role": f"hive={role}"}
        statements = Statements((self.other if other else self.one).url, user=user, **headers)
        try:
            return statements.run(sql)
        finally:
            statements.close()

    def rows(self, user: str, sql: str, *, role: str | None = None, other: bool = False) -> list[list[Any]]:
        """Of a statement that succeeds, in an order of ours."""
        outcome = self._run(user, sql, role, other)
        assert outcome.error is None, f"{sql}: {outcome.error}"
        return sorted(outcome.rows, key=str)

    def refusal(self, user: str, sql: str, *, role: str | None = None, other: bool = False) -> str:
        """Why a statement fails."""
        outcome = self._run(user, sql, role, other)
        assert outcome.error is not None, f"{sql} did not fail"
        return str(outcome.error["message"]).removeprefix("Access Denied: ")

    def admin(self, sql: str) -> list[list[Any]]:
        """As admin, whom the metastore has made one."""
        return self.rows("admin", sql, role="ROLE{admin}")


@pytest.fixture(
    scope="module",
    params=[HIVE_4, pytest.param(HIVE_3, marks=pytest.mark.slow)],
    ids=lambda release: f"hive-{release.version}",
)
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    release: Release = request.param
    admins = {"metastore.users.in.admin.role": "admin", "hive.users.in.admin.role": "admin"}
    with metastore(release, settings=admins) as hive:
        catalogs = {"hive": catalog(hive.uri, hive.warehouse, hive_security="sql-standard")}
        with Lodestar(catalogs) as one, Lodestar(catalogs) as other:
            made = Servers(one, other)
            made.admin("CREATE SCHEMA hive.s AUTHORIZATION alice")
            made.rows("alice", "CREATE TABLE hive.s.t AS SELECT * FROM (VALUES (1, 'x'), (2, 'y')) AS r (a, b)")
            yield made


def test_owners_and_grantees_reach_a_table(servers: Servers) -> None:
    for other in (False, True):
        assert servers.refusal("bob", "TABLE hive.s.t", other=other) == "Cannot select from table s.t"
    assert servers.refusal("bob", "CREATE TABLE hive.s.n (a integer)") == "Cannot create table s.n"
    assert servers.refusal("bob", "DROP TABLE hive.s.t") == "Cannot drop table s.t"
    assert servers.refusal("bob", "CREATE SCHEMA hive.mine") == "Cannot create schema mine"
    assert servers.refusal("bob", "GRANT SELECT ON hive.s.t TO bob") == "Cannot grant privilege SELECT on table s.t"
    servers.rows("alice", "GRANT SELECT ON hive.s.t TO bob")
    for other in (False, True):
        assert servers.rows("bob", "SELECT a FROM hive.s.t", other=other) == [[1], [2]]
    assert servers.refusal("bob", "INSERT INTO hive.s.t VALUES (3, 'z')") == "Cannot insert into table s.t"
    assert servers.refusal("bob", "GRANT SELECT ON hive.s.t TO carol") == "Cannot grant privilege SELECT on table s.t"
    assert servers.rows("bob", "SHOW GRANTS ON TABLE hive.s.t") == [
        ["alice", "USER", "bob", "USER", "hive", "s", "t", "SELECT", "NO", None]
    ]
    assert servers.rows("bob", "SELECT grantee, privilege_type FROM hive.information_schema.table_privileges") == [
        ["bob", "SELECT"]
    ]
    servers.rows("alice", "REVOKE SELECT ON hive.s.t FROM bob")
    for other in (False, True):
        assert servers.refusal("bob", "TABLE hive.s.t", other=other) == "Cannot select from table s.t"


def test_a_creator_has_everything_with_the_option(servers: Servers) -> None:
    assert servers.rows("alice", "SHOW GRANTS ON hive.s.t") == [
        ["alice", "USER", "alice", "USER", "hive", "s", "t", one, "YES", None]
        for one in ("DELETE", "INSERT", "SELECT", "UPDATE")
    ]
    assert servers.admin("SHOW CREATE SCHEMA hive.s")[0][0].splitlines()[1] == "AUTHORIZATION USER alice"


def test_the_option_is_handed_on_and_taken_back(servers: Servers) -> None:
    servers.rows("alice", "GRANT SELECT ON hive.s.t TO dora WITH GRANT OPTION")
    servers.rows("dora", "GRANT SELECT ON hive.s.t TO emil", other=True)
    assert servers.rows("emil", "SELECT count(*) FROM hive.s.t") == [[2]]
    servers.rows("alice", "REVOKE GRANT OPTION FOR SELECT ON hive.s.t FROM dora")
    assert servers.rows("dora", "SELECT count(*) FROM hive.s.t") == [[2]]
    assert servers.refusal("dora", "GRANT SELECT ON hive.s.t TO fred") == "Cannot grant privilege SELECT on table s.t"
    expected = "Granting SELECT WITH GRANT OPTION is not supported while USER dora possesses SELECT"
    assert servers.refusal("alice", "GRANT SELECT ON hive.s.t TO dora WITH GRANT OPTION") == expected
    servers.rows("alice", "GRANT SELECT ON hive.s.t TO dora")
    servers.rows("alice", "REVOKE ALL PRIVILEGES ON hive.s.t FROM dora")
    servers.rows("alice", "REVOKE SELECT ON hive.s.t FROM emil")
    assert servers.refusal("dora", "TABLE hive.s.t") == "Cannot select from table s.t"


def test_roles_carry_privileges(servers: Servers) -> None:
    assert servers.refusal("bob", "CREATE ROLE readers IN hive") == "Cannot create role readers"
    servers.admin("CREATE ROLE readers IN hive")
    servers.admin("CREATE ROLE writers IN hive")
    assert servers.rows("admin", "SHOW ROLES IN hive", role="ROLE{admin}", other=True) == [
        ["admin"],
        ["public"],
        ["readers"],
        ["writers"],
    ]
    assert servers.refusal("bob", "SHOW ROLES IN hive") == "Cannot show roles"
    servers.admin("GRANT writers TO USER gina, ROLE readers IN hive")
    servers.admin("GRANT readers TO USER hans WITH ADMIN OPTION IN hive")
    servers.rows("alice", "GRANT INSERT, SELECT ON hive.s.t TO ROLE writers")
    servers.rows("alice", "GRANT SELECT ON hive.s.t TO ROLE readers")
    for user in ("gina", "hans"):
        assert servers.rows(user, "SELECT count(*) FROM hive.s.t", other=True) == [[2]]
        assert servers.refusal(user, "TABLE hive.s.t", role="NONE") == "Cannot select from table s.t"
    assert servers.rows("hans", "SHOW ROLE GRANTS FROM hive") == [["public"], ["readers"]]
    assert servers.rows("hans", "SHOW CURRENT ROLES FROM hive") == [["public"], ["readers"], ["writers"]]
    assert servers.refusal("gina", "SHOW CURRENT ROLES FROM hive", role="ROLE{readers}") == "Cannot set role readers"
    assert servers.rows("hans", "SELECT * FROM hive.information_schema.applicable_roles") == [
        ["hans", "USER", "public", "NO"],
        ["hans", "USER", "readers", "YES"],
        ["readers", "ROLE", "writers", "NO"],
    ]
    assert servers.rows("hans", "SELECT role_name FROM hive.information_schema.enabled_roles") == [
        ["public"],
        ["readers"],
        ["writers"],
    ]
    servers.rows("hans", "GRANT readers TO USER ines IN hive")
    assert servers.rows("ines", "SELECT count(*) FROM hive.s.t") == [[2]]
    servers.rows("hans", "REVOKE readers FROM USER ines IN hive")
    servers.admin("REVOKE ADMIN OPTION FOR readers FROM USER hans IN hive")
    expected = "Cannot grant roles [readers] to [USER ines]"
    assert servers.refusal("hans", "GRANT readers TO USER ines IN hive") == expected
    servers.admin("DROP ROLE writers IN hive")
    assert servers.rows("hans", "SHOW CURRENT ROLES FROM hive", other=True) == [["public"], ["readers"]]
    assert servers.refusal("gina", "TABLE hive.s.t") == "Cannot select from table s.t"
    servers.admin("DROP ROLE readers IN hive")


def test_roles_do_not_go_in_circles(servers: Servers) -> None:
    servers.admin("CREATE ROLE sun IN hive")
    servers.admin("CREATE ROLE moon IN hive")
    servers.admin("GRANT sun TO ROLE moon IN hive")
    outcome = servers.refusal("admin", "GRANT moon TO ROLE sun IN hive", role="ROLE{admin}")
    assert "sun" in outcome and "moon" in outcome
    servers.admin("DROP ROLE sun IN hive")
    servers.admin("DROP ROLE moon IN hive")


def test_only_the_admin_changes_owners(servers: Servers) -> None:
    servers.rows("alice", "CREATE TABLE hive.s.passed (a integer)")
    assert servers.refusal("alice", "ALTER TABLE hive.s.passed SET AUTHORIZATION kurt") == (
        "Cannot set authorization for table s.passed to USER kurt"
    )
    servers.admin("ALTER TABLE hive.s.passed SET AUTHORIZATION kurt")
    servers.rows("kurt", "DROP TABLE hive.s.passed", other=True)
