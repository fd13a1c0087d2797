"""Who asks a REST catalog and its files: requests that are signed, keys that come with tables, names of any case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.schema import Schema
from pyiceberg.types import LongType, NestedField

from integration.lake.asking import REGION
from integration.lake.operations import check_iceberg
from integration.services.iceberg_rest import IcebergRest
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy
from integration.services.rclone import RcloneS3
from integration.services.signature_gate import SignatureGate
from integration.toolbox.lanes import Skip

KEYS = {"s3.aws-access-key": RcloneS3.access_key, "s3.aws-secret-key": RcloneS3.secret_key}


@pytest.fixture(scope="module")
def rest(gateway: RcloneS3) -> Iterator[IcebergRest]:
    """It gives everybody who asks for a table the keys of the store."""
    lent = {
        "s3.access-key-id": gateway.access_key,
        "s3.secret-access-key": gateway.secret_key,
        "s3.session-token": "a-token-of-the-session",
    }
    try:
        service = IcebergRest(
            "s3://lake/lent",
            gateway.url,
            REGION,
            access_key=gateway.access_key,
            secret_key=gateway.secret_key,
            lent=lent,
        )
    except Skip as reason:
        pytest.skip(str(reason))
    with service:
        yield service


def _catalog(gateway: RcloneS3, url: str, **more: str) -> dict[str, str]:
    return {
        "connector.name": "iceberg",
        "iceberg.catalog.type": "rest",
        "iceberg.rest-catalog.uri": url,
        "fs.s3.enabled": "true",
        "s3.endpoint": gateway.url,
        "s3.region": REGION,
        "s3.path-style-access": "true",
        **more,
    }


def test_every_request_is_signed(gateway: RcloneS3, rest: IcebergRest, lake: Any) -> None:
    """Through somebody who works out each signature again."""
    with SignatureGate(
        rest.url, access_key=gateway.access_key, secret_key=gateway.secret_key, region=REGION, service="glue"
    ) as gate:
        signed = {"iceberg.rest-catalog.sigv4-enabled": "true", "iceberg.rest-catalog.signing-name": "glue", **KEYS}
        newer = {"iceberg.rest-catalog.security": "SIGV4", "iceberg.rest-catalog.signing-name": "glue", **KEYS}
        wrong = {**signed, "iceberg.rest-catalog.signing-name": "execute-api"}
        nested = {**newer, "iceberg.rest-catalog.nested-namespace-enabled": "true"}
        server = lake(
            {
                "signed": _catalog(gateway, gate.url, **signed),
                "nested": _catalog(gateway, gate.url, **nested),
                "wrong": _catalog(gateway, gate.url, **wrong),
                "unsigned": _catalog(gateway, gate.url, **KEYS),
            }
        )
        check_iceberg(server, "signed", "signatures")
        server.run('CREATE SCHEMA nested."outer"')
        server.run('CREATE SCHEMA nested."outer.in ner+é"')
        server.run('CREATE TABLE nested."outer.in ner+é"."a b/c%d" AS SELECT 1 AS x')
        assert server.run('SELECT x FROM nested."outer.in ner+é"."a b/c%d"') == [[1]]
        assert ["outer.in ner+é"] in server.run("SHOW SCHEMAS FROM nested")
        server.run('DROP TABLE nested."outer.in ner+é"."a b/c%d"')
        assert gate.refused == []
        assert gate.count("POST") > 5
        name, message = server.fails("SHOW SCHEMAS FROM wrong")
        assert name == "ICEBERG_CATALOG_ERROR" and "denied" in message
        assert "Missing Authentication Token" in server.fails("SHOW SCHEMAS FROM unsigned")[1]
        name, message = server.fails('SELECT * FROM signed."outer.in ner+é".t')
        assert (name, message) == ("NOT_SUPPORTED", "Nested namespace is not enabled for this catalog")


def test_keys_of_a_role_sign(moto: Moto, gateway: RcloneS3, rest: IcebergRest, lake: Any) -> None:
    """They come from STS; who checks has seen them in the catalog's requests only, so it looks at whose they are."""
    with RecordingProxy(rest.url) as proxy:
        role = {
            "iceberg.rest-catalog.sigv4-enabled": "true",
            "s3.iam-role": "arn:aws:iam::123456789012:role/lake",
            "s3.sts.endpoint": moto.url,
            "s3.sts.region": REGION,
            **KEYS,
        }
        server = lake({"ice": _catalog(gateway, proxy.url, **role)})
        server.run("SHOW SCHEMAS FROM ice")
        for one in proxy.requests:
            assert one.headers["x-amz-security-token"]
            assert RcloneS3.access_key not in one.headers["authorization"]
            assert f"/{REGION}/execute-api/aws4_request" in one.headers["authorization"]


def test_keys_that_come_with_tables_open_their_files(gateway: RcloneS3, rest: IcebergRest, lake: Any) -> None:
    """The catalogs have no keys: the store refuses whoever does not use what the service gives."""
    with RecordingProxy(gateway.url) as store, RecordingProxy(rest.url) as service:
        lent = _catalog(gateway, service.url, **{"iceberg.rest-catalog.vended-credentials-enabled": "true"})
        ours = {**lent, "s3.endpoint": store.url, "s3.aws-access-key": "nobody", "s3.aws-secret-key": "nothing"}
        ignoring = {**ours, "iceberg.rest-catalog.vended-credentials-enabled": "false"}
        server = lake({"lent": ours, "ignoring": ignoring, "tpch": {"connector.name": "tpch"}})
        check_iceberg(server, "lent", "lending")
        assert all(one.headers.get("x-iceberg-access-delegation") == "vended-credentials" for one in service.requests)
        server.run("CREATE SCHEMA lent.kept")
        server.run(
            "CREATE TABLE lent.kept.t WITH (partitioning = ARRAY['bucket(n, 4)']) AS "
            "SELECT nationkey AS n, name FROM tpch.tiny.nation"
        )
        store.forget()
        service.forget()
        assert server.run("SELECT count(*), max(name) FROM lent.kept.t") == [[25, "VIETNAM"]]
        assert [one.path for one in service.requests] == ["/v1/namespaces/kept/tables/t"]
        assert not any(one.path.endswith(".metadata.json") for one in store.requests)
        server.run("DELETE FROM lent.kept.t WHERE n < 5")
        server.run("ALTER TABLE lent.kept.t EXECUTE optimize")
        assert server.run("SELECT count(*) FROM lent.kept.t") == [[20]]
        assert store.requests and all(one.status < 400 or one.status == 404 for one in store.requests)
        assert all(one.headers.get("x-amz-security-token") == "a-token-of-the-session" for one in store.requests)
        service.forget()
        assert server.fails("SELECT count(*) FROM ignoring.kept.t")[0] == "ICEBERG_FILESYSTEM_ERROR"
        assert all("x-iceberg-access-delegation" not in one.headers for one in service.requests)
        server.run("DROP TABLE lent.kept.t")
        assert [path for path in (gateway.root / "lake/lent/kept").rglob("*") if path.is_file()] == []


def test_names_of_any_case(gateway: RcloneS3, rest: IcebergRest, lake: Any) -> None:
    """What others have named in capitals is found, unless two names could be meant."""
    theirs = RestCatalog("rest", uri=rest.url)
    schema = Schema(NestedField(1, "id", LongType(), required=False))
    theirs.create_namespace("Loud")
    theirs.create_table("Loud.Table", schema)
    theirs.create_table("Loud.Twice", schema)
    theirs.create_table("Loud.TWICE", schema)
    matching = {"iceberg.rest-catalog.case-insensitive-name-matching": "true", **KEYS}
    ttl = {"iceberg.rest-catalog.case-insensitive-name-matching.cache-ttl": "0s"}
    server = lake({"any": _catalog(gateway, rest.url, **matching, **ttl), "exact": _catalog(gateway, rest.url, **KEYS)})
    assert ["loud"] in server.run("SHOW SCHEMAS FROM any")
    assert server.fails("SELECT * FROM exact.loud.table")[0] in ("SCHEMA_NOT_FOUND", "SYNTAX_ERROR")
    server.run('INSERT INTO any.loud."table" VALUES 1, 2')
    assert server.run('SELECT sum(id) FROM any.LOUD."Table"') == [[3]]
    assert server.fails("SELECT * FROM any.loud.twice") == (
        "NOT_SUPPORTED",
        "Duplicate table names are not supported with Iceberg REST catalog: TWICE, Twice",
    )
    server.run('ALTER TABLE any.loud."table" RENAME TO any.loud.quiet')
    assert theirs.load_table("Loud.quiet").schema() == schema
    server.run("DROP TABLE any.loud.quiet")
    server.run("CREATE TABLE any.loud.ours AS SELECT 7 AS x")
    server.run("CREATE VIEW any.loud.seen AS SELECT x FROM any.loud.ours")
    assert server.run("SELECT * FROM any.loud.seen") == [[7]]
    assert sorted(theirs.list_tables("Loud")) == [("Loud", "TWICE"), ("Loud", "Twice"), ("Loud", "ours")]
