"""Row 27: the same statements over AWS Glue: its actions, signed with version 4, as a role that is assumed."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from integration.lake.metastores import JMX, Session
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request, Trouble
from integration.toolbox.lodestar import Lodestar

BUCKET = "warehouse27"
ROLE = "arn:aws:iam::123456789012:role/lake"
_ANYBODY = {"Authorization": "AWS4-HMAC-SHA256 Credential=anybody/20200101/us-east-1/s3/aws4_request"}


@dataclass(frozen=True, slots=True)
class Glue:
    """A server over Glue and S3; `actions` of Glue are recorded."""

    session: Session
    proxy: RecordingProxy

    def requests(self, action: str = "") -> list[Request]:
        """To Glue, those of one action when it is named."""
        wanted = f"AWSGlue.{action}"
        return [one for one in self.proxy.requests if one.headers.get("x-amz-target", "").startswith(wanted)]

    @property
    def actions(self) -> Counter[str]:
        """How often each action was asked for."""
        return Counter(one.headers["x-amz-target"].removeprefix("AWSGlue.") for one in self.requests())


@pytest.fixture(scope="module")
def glue() -> Iterator[Glue]:
    with Moto() as aws, RecordingProxy(aws.url) as proxy:
        # Moto keeps no column statistics: a service that speaks like Glue may leave them out.
        proxy.troubles.append(Trouble(1 << 30, status=501, applies=_about_statistics))
        put = urllib.request.Request(f"{aws.url}/{BUCKET}", method="PUT", headers=_ANYBODY)
        urllib.request.urlopen(put, timeout=30).close()
        store = {
            "fs.s3.enabled": "true",
            "s3.endpoint": aws.url,
            "s3.region": "eu-west-1",
            "s3.path-style-access": "true",
            "s3.aws-access-key": "store",
            "s3.aws-secret-key": "secret",
        }
        common = {
            **store,
            "hive.metastore.glue.region": "eu-west-1",
            "hive.metastore.glue.endpoint-url": proxy.url,
            "hive.metastore.glue.aws-access-key": "glueuser",
            "hive.metastore.glue.aws-secret-key": "secret",
            "hive.metastore.glue.default-warehouse-dir": f"s3://{BUCKET}/default",
        }
        hive = {"connector.name": "hive", "hive.metastore": "glue", "hive.storage-format": "PARQUET", **common}
        catalogs = {
            "glue": hive,
            "role": {
                **hive,
                "hive.metastore.glue.iam-role": ROLE,
                "hive.metastore.glue.external-id": "outside",
                "hive.metastore.glue.sts.endpoint": proxy.url,
                "hive.metastore.glue.sts.region": "eu-west-1",
            },
            "secured": {**hive, "hive.security": "sql-standard"},
            "cached": {**hive, "hive.metastore-cache-ttl": "1h"},
            "ice": {"connector.name": "iceberg", "iceberg.catalog.type": "glue", **common},
            "jmx": dict(JMX),
        }
        with Lodestar(catalogs) as server:
            session = Session(server)
            session.rows("CREATE SCHEMA glue.row27")
            yield Glue(session, proxy)


def _about_statistics(request: Request) -> bool:
    return "ColumnStatistics" in request.headers.get("x-amz-target", "")


def test_requests_are_signed(glue: Glue) -> None:
    glue.proxy.forget()
    assert ["row27"] in glue.session.rows("SHOW SCHEMAS FROM glue")
    (request,) = glue.requests("GetDatabases")
    assert request.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=glueuser/")
    assert "/eu-west-1/glue/aws4_request" in request.headers["authorization"]


def test_a_role_is_assumed(glue: Glue) -> None:
    glue.proxy.forget()
    assert ["row27"] in glue.session.rows("SHOW SCHEMAS FROM role")
    services = [one.headers["authorization"].split("/")[3] for one in glue.proxy.requests]
    assert services == ["sts", "glue"]
    (request,) = glue.requests("GetDatabases")
    assert "Credential=glueuser/" not in request.headers["authorization"]
    assert request.headers["x-amz-security-token"]


def test_schemas(glue: Glue) -> None:
    glue.session.rows(f"CREATE SCHEMA glue.elsewhere WITH (location = 's3://{BUCKET}/elsewhere')")
    assert f"s3://{BUCKET}/elsewhere" in str(glue.session.value("SHOW CREATE SCHEMA glue.elsewhere"))
    assert f"s3://{BUCKET}/default/row27.db" in str(glue.session.value("SHOW CREATE SCHEMA glue.row27"))
    assert glue.session.error("CREATE SCHEMA glue.elsewhere")[0] == "SCHEMA_ALREADY_EXISTS"
    glue.session.rows("CREATE TABLE glue.elsewhere.t (a integer)")
    assert glue.session.error("DROP SCHEMA glue.elsewhere")[0] == "SCHEMA_NOT_EMPTY"
    glue.session.rows("DROP SCHEMA glue.elsewhere CASCADE")
    assert ["elsewhere"] not in glue.session.rows("SHOW SCHEMAS FROM glue")


def test_tables(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE glue.row27.t COMMENT 'first' AS SELECT 1 AS a, 'x' AS b")
    assert run("TABLE glue.row27.t") == [[1, "x"]]
    run("INSERT INTO glue.row27.t VALUES (2, 'y')")
    assert run("SELECT sum(a) FROM glue.row27.t") == [[3]]
    run("ALTER TABLE glue.row27.t ADD COLUMN c double COMMENT 'third'")
    run("COMMENT ON TABLE glue.row27.t IS 'second'")
    run("ALTER TABLE glue.row27.t RENAME COLUMN c TO d")
    shown = str(glue.session.value("SHOW CREATE TABLE glue.row27.t"))
    assert "COMMENT 'second'" in shown
    assert "d double COMMENT 'third'" in shown
    run("ALTER TABLE glue.row27.t RENAME TO glue.row27.renamed")
    assert run("SELECT count(*), count(d) FROM glue.row27.renamed") == [[2, 0]]
    assert glue.session.error("TABLE glue.row27.t")[0] == "TABLE_NOT_FOUND"
    run("DELETE FROM glue.row27.renamed")
    assert run("SELECT count(*) FROM glue.row27.renamed") == [[0]]
    run("DROP TABLE glue.row27.renamed")
    for action in ("CreateTable", "GetTable", "UpdateTable", "DeleteTable"):
        assert glue.actions[action], action


def test_partitions(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE glue.row27.p (a integer, k varchar, n integer) WITH (partitioned_by = ARRAY['k', 'n'])")
    run("INSERT INTO glue.row27.p VALUES (1, 'x', 1), (2, 'x', 2), (3, 'a/b', 1)")
    run("INSERT INTO glue.row27.p VALUES (4, 'x', 1), (5, 'new', 9)")
    assert run("SELECT sum(a) FROM glue.row27.p WHERE k = 'x'") == [[7]]
    assert len(run('TABLE glue.row27."p$partitions"')) == 4
    run("DELETE FROM glue.row27.p WHERE n = 1")
    assert run("SELECT a, k, n FROM glue.row27.p ORDER BY a") == [[2, "x", 2], [5, "new", 9]]
    run("ALTER TABLE glue.row27.p RENAME TO glue.row27.q")
    assert run("SELECT count(*) FROM glue.row27.q") == [[2]]
    values = ", ".join(f"({number}, 'many', {number})" for number in range(100, 200))
    run(f"INSERT INTO glue.row27.q VALUES {values}")
    assert run("SELECT count(*), max(n) FROM glue.row27.q") == [[102, 199]]
    for action in ("GetPartitions", "BatchGetPartition", "BatchCreatePartition", "BatchUpdatePartition"):
        assert glue.actions[action], action


def test_partitions_are_listed_in_segments(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE glue.row27.segments (a integer, k varchar) WITH (partitioned_by = ARRAY['k'])")
    glue.proxy.forget()
    run("SELECT * FROM glue.row27.segments")
    assert glue.actions["GetPartitions"] == 5


def test_glue_is_told_which_partitions_are_wanted(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE glue.row27.wanted (a integer, k varchar, n integer) WITH (partitioned_by = ARRAY['k', 'n'])")
    run("INSERT INTO glue.row27.wanted VALUES (1, 'x', 1), (2, 'x y', 2), (3, 'a''b', 3), (4, NULL, 4), (5, 'z', 5)")
    for where, expression, answer in (
        ("k = 'x'", "(k = 'x')", 1),
        ("k IN ('x', 'x y') AND n = 2", "(k in ('x', 'x y'))", 2),
        ("k = 'a''b'", None, 3),
        ("k IS NULL", None, 4),
        ("k > 'x y'", None, 5),
    ):
        glue.proxy.forget()
        assert run(f"SELECT a FROM glue.row27.wanted WHERE {where}") == [[answer]]
        asked = [json.loads(one.body).get("Expression") for one in glue.requests("GetPartitions")]
        assert asked and set(asked) == {expression}


def test_views(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE VIEW glue.row27.v AS SELECT 1 AS one")
    assert run("TABLE glue.row27.v") == [[1]]
    run("CREATE OR REPLACE VIEW glue.row27.v AS SELECT 2 AS two")
    assert run("SELECT two FROM glue.row27.v") == [[2]]
    assert ["v"] in run("SHOW TABLES FROM glue.row27")
    run("DROP VIEW glue.row27.v")


def test_iceberg(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE ice.row27.i AS SELECT 1 AS a")
    run("INSERT INTO ice.row27.i VALUES 2, 3")
    run("DELETE FROM ice.row27.i WHERE a = 2")
    assert run("SELECT a FROM ice.row27.i ORDER BY a") == [[1], [3]]
    assert glue.session.value('SELECT count(*) FROM ice.row27."i$snapshots"') == 3
    run("DROP TABLE ice.row27.i")


def test_a_second_query_asks_nothing(glue: Glue) -> None:
    run = glue.session.rows
    run("CREATE TABLE glue.row27.kept AS SELECT 1 AS a")
    assert run("TABLE cached.row27.kept") == [[1]]
    glue.proxy.forget()
    assert run("TABLE cached.row27.kept") == [[1]]
    assert not glue.requests()


def test_requests_are_repeated(glue: Glue) -> None:
    glue.session.rows("CREATE TABLE glue.row27.repeated AS SELECT 1 AS a")
    glue.proxy.forget()
    glue.proxy.troubles.append(Trouble(2, status=503, applies=lambda request: "x-amz-target" in request.headers))
    assert glue.session.rows("TABLE glue.row27.repeated") == [[1]]
    assert [one.status for one in glue.requests()][:2] == [503, 503]


def test_nobody_has_privileges(glue: Glue) -> None:
    """With sql-standard: Glue keeps neither roles nor grants, so only the schema `default` can be filled."""
    run, error = glue.session.rows, glue.session.error
    run("CREATE TABLE glue.row27.guarded AS SELECT 1 AS a")
    assert run("SHOW CURRENT ROLES FROM secured") == [["public"]]
    assert run("SHOW ROLE GRANTS FROM secured") == [["public"]]
    assert ["guarded"] in run("SHOW TABLES FROM secured.row27")
    assert run("SELECT column_name FROM secured.information_schema.columns WHERE table_name = 'guarded'") == []
    run("SET ROLE ALL IN secured")
    for statement, refusal in {
        "TABLE secured.row27.guarded": "Cannot select from table row27.guarded",
        "SELECT count(*) FROM secured.row27.guarded": "Cannot select from table row27.guarded",
        "INSERT INTO secured.row27.guarded VALUES 2": "Cannot insert into table row27.guarded",
        "DROP TABLE secured.row27.guarded": "Cannot drop table row27.guarded",
        "CREATE TABLE secured.row27.more (a integer)": "Cannot create table row27.more",
        "CREATE SCHEMA secured.mine": "Cannot create schema mine",
        "DROP SCHEMA secured.row27 CASCADE": "Cannot drop schema row27",
        "SHOW ROLES FROM secured": "Cannot show roles",
        "CREATE ROLE r IN secured": "Cannot create role r",
        "DROP ROLE public IN secured": "Cannot drop role public",
        "GRANT public TO USER bob IN secured": "Cannot grant roles [public] to [USER bob]",
        "GRANT SELECT ON secured.row27.guarded TO bob": "Cannot grant privilege SELECT on table row27.guarded",
        "REVOKE SELECT ON secured.row27.guarded FROM bob": "Cannot revoke privilege SELECT on table row27.guarded",
    }.items():
        assert error(statement) == ("PERMISSION_DENIED", f"Access Denied: {refusal}"), statement
    assert error("SET ROLE admin IN secured") == ("ROLE_NOT_FOUND", "line 1:1: Role 'admin' does not exist")
    run("CREATE SCHEMA glue.default")
    run("CREATE TABLE secured.default.t AS SELECT 1 AS a")
    assert error("TABLE secured.default.t") == (
        "PERMISSION_DENIED",
        "Access Denied: Cannot select from table default.t",
    )
    assert run("TABLE glue.default.t") == [[1]]
