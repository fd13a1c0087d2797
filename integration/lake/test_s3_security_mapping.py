"""Who asks decides with which credentials files are opened, and nobody is shown what another one has read."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from integration.lake.asking import Lake, s3_catalog
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request
from integration.services.rclone import RcloneS3

DENIED = ("PERMISSION_DENIED", "Access Denied: No matching S3 security mapping")
READER = "arn:aws:iam::123456789012:role/reader"
WRITER = "arn:aws:iam::123456789012:role/writer"
KEYS = {"accessKey": "lodestar", "secretKey": "a-secret-of-the-gateway"}


def _mapped(catalog: dict[str, str], **settings: str) -> dict[str, str]:
    given = {f"s3.security-mapping.{key.replace('_', '-')}": value for key, value in settings.items()}
    more = {"hive.non-managed-table-writes-enabled": "true"} if catalog["connector.name"] == "hive" else {}
    return {**catalog, "s3.security-mapping.enabled": "true", **given, **more}


def _file(directory: Path, *mappings: dict[str, Any]) -> str:
    file = directory / "mappings.json"
    file.write_text(json.dumps({"mappings": mappings}))
    return str(file)


@pytest.mark.parametrize("connector", ["hive", "iceberg"])
def test_keys_of_users(gateway: RcloneS3, lake: Any, tmp_path: Path, connector: str) -> None:
    place = f"s3://lake/mapped-{connector}"
    mappings = _file(
        tmp_path,
        {"user": "presto", "useClusterDefault": True},
        {"user": "alice", "prefix": f"{place}/tables", **KEYS},
        {"user": "bob", "prefix": f"{place}/tables", **KEYS, "secretKey": "not-it"},
        {"user": "root", **KEYS},
    )
    properties = s3_catalog(gateway.url, connector, warehouse=f"{place}/metastore")
    server: Lake = lake({"c": _mapped(properties, config_file=mappings)})
    server.run("CREATE SCHEMA c.s WITH (location = '" + f"{place}/tables')", X_Trino_User="alice")
    with_place = f"WITH (external_location = '{place}/tables/t')" if connector == "hive" else ""
    server.run(f"CREATE TABLE c.s.t {with_place} AS SELECT 1 AS x", X_Trino_User="alice")
    server.run("INSERT INTO c.s.t VALUES 2", X_Trino_User="alice")
    for _ in range(2):
        # What alice has read is kept for her.
        assert server.run("SELECT sum(x) FROM c.s.t", X_Trino_User="alice") == [[3]]
        assert server.run("SELECT sum(x) FROM c.s.t", X_Trino_User="root") == [[3]]
        assert "Status Code: 403" in server.fails("SELECT sum(x) FROM c.s.t", X_Trino_User="bob")[1]
        assert server.fails("SELECT sum(x) FROM c.s.t", X_Trino_User="carol") == DENIED
    assert server.fails("INSERT INTO c.s.t VALUES 3", X_Trino_User="carol")[0] == DENIED[0]
    assert "not-it" not in server.server.log and KEYS["secretKey"] not in server.server.log
    server.run("DROP TABLE c.s.t", X_Trino_User="root")


def _role_of(requests: list[Request]) -> dict[str, list[str]]:
    asked = [parse_qs(one.body.decode()) for one in requests if b"Action=AssumeRole" in one.body]
    assert len(asked) == 1, asked
    return asked[0]


def test_roles_that_users_choose(moto: Moto, lake: Any, tmp_path: Path) -> None:
    mappings = _file(
        tmp_path,
        {"user": "presto|root", "useClusterDefault": True},
        {
            "user": "a.*",
            "prefix": "s3://lake/chosen/",
            "iamRole": READER,
            "allowedIamRoles": [WRITER],
            "roleSessionName": "of-${USER}",
            "allowedKmsKeyIds": ["*"],
        },
    )
    with RecordingProxy(moto.url) as proxy:
        properties = s3_catalog(proxy.url, warehouse="s3://lake/chosen-metastore", s3_sts_endpoint=proxy.url)
        names = {
            "iam_role_credential_name": "role",
            "kms_key_id_credential_name": "kms",
            "colon_replacement": "#",
        }
        server: Lake = lake({"hive": _mapped(properties, config_file=mappings, **names)})
        server.run("CREATE SCHEMA hive.s", X_Trino_User="root")
        table = "hive.s.t WITH (external_location = 's3://lake/chosen/t')"
        chosen = {"X_Trino_User": "anna", "X_Trino_Extra_Credential": f"role={WRITER.replace(':', '#')},kms=the-key"}
        proxy.forget()
        server.run(f"CREATE TABLE {table} AS SELECT 7 AS x", **chosen)
        asked = _role_of(proxy.requests)
        assert (asked["RoleArn"], asked["RoleSessionName"]) == ([WRITER], ["of-anna"])
        made = [one for one in proxy.requests if one.method == "PUT" and one.path.startswith("/lake/chosen/t/")]
        assert made
        for one in made:
            assert "Credential=ASIA" in one.headers["authorization"]
            assert one.headers["x-amz-server-side-encryption-aws-kms-key-id"] == "the-key"
        proxy.forget()
        assert server.run("SELECT x FROM hive.s.t", X_Trino_User="anna") == [[7]]
        assert _role_of(proxy.requests)["RoleArn"] == [READER]
        refused = {"X_Trino_User": "anna", "X_Trino_Extra_Credential": "role=root"}
        assert server.fails("SELECT x FROM hive.s.t", **refused) == (
            "PERMISSION_DENIED",
            "Access Denied: Selected S3 role is not allowed: root",
        )
        assert server.fails("SELECT x FROM hive.s.t", X_Trino_User="bob") == DENIED


def test_mappings_at_an_address_are_read_again(moto: Moto, lake: Any) -> None:
    def publish(*mappings: dict[str, Any]) -> None:
        document = {"of": {"s3": {"mappings": mappings}}}
        moto.put("lake", "settings.json", json.dumps(document).encode(), public=True)

    everybody = {"useClusterDefault": True}
    publish(everybody)
    properties = s3_catalog(moto.url, warehouse="s3://lake/refreshed")
    address = {"config_uri": f"{moto.url}/lake/settings.json", "json_pointer": "/of/s3", "refresh_period": "1s"}
    server: Lake = lake({"hive": _mapped(properties, **address)})
    server.run("CREATE SCHEMA hive.s")
    server.run("CREATE TABLE hive.s.t AS SELECT 1 AS x")
    assert server.run("SELECT x FROM hive.s.t") == [[1]]
    publish({"user": "presto", **everybody})
    deadline = time.monotonic() + 30
    while (outcome := server.ask("SELECT x FROM hive.s.t")).error is None:
        assert time.monotonic() < deadline, "mappings that were changed count"
        time.sleep(0.2)
    assert (outcome.error_name, outcome.error["message"]) == DENIED
    publish(everybody)
    while server.ask("SELECT x FROM hive.s.t").error is not None:
        assert time.monotonic() < deadline
        time.sleep(0.2)
