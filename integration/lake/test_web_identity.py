"""Keys for a token in a file: S3 and Glue ask STS for them, and again before they end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from integration.lake.asking import s3_catalog
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request, Trouble

REFUSAL = (
    b'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    b"<Code>InvalidIdentityToken</Code><Message>No provider</Message></Error></ErrorResponse>"
)
ROLE = "arn:aws:iam::123456789012:role/pod"


@pytest.fixture
def proxy(moto: Moto) -> Iterator[RecordingProxy]:
    with RecordingProxy(moto.url) as made:
        # Moto keeps no column statistics of Glue.
        made.troubles.append(
            Trouble(
                1 << 30,
                status=501,
                applies=lambda request: "ColumnStatistics" in request.headers.get("x-amz-target", ""),
            )
        )
        yield made


def _environment(directory: Path, token: str = "the-token") -> dict[str, str]:
    file = directory / "token"
    file.write_text(token)
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(file), "AWS_ROLE_ARN": ROLE, "AWS_ROLE_SESSION_NAME": "of-the-pod"}


def _asked(proxy: RecordingProxy) -> list[Mapping[str, list[str]]]:
    """What STS was asked; nobody signs that."""
    found = [one for one in proxy.requests if b"Action=AssumeRoleWithWebIdentity" in one.body]
    assert not any("authorization" in one.headers for one in found)
    return [parse_qs(one.body.decode()) for one in found]


def _catalog(proxy: RecordingProxy, warehouse: str, **more: str) -> dict[str, str]:
    return s3_catalog(proxy.url, warehouse=f"s3://lake/{warehouse}", access_key=None, s3_sts_endpoint=proxy.url, **more)


@pytest.mark.parametrize(
    "setting", [{"s3_auth__type": "WEB_IDENTITY"}, {"s3_use__web__identity__token__credentials__provider": "true"}]
)
def test_s3(proxy: RecordingProxy, lake: Any, tmp_path: Path, setting: dict[str, str]) -> None:
    properties = _catalog(proxy, f"pod{len(next(iter(setting)))}", **setting)
    server = lake({"hive": properties}, environment=_environment(tmp_path))
    server.run("CREATE SCHEMA hive.s")
    server.run("CREATE TABLE hive.s.t AS SELECT 1 AS x")
    assert server.run("SELECT x FROM hive.s.t") == [[1]]
    (asked,) = _asked(proxy)
    assert (asked["RoleArn"], asked["RoleSessionName"], asked["WebIdentityToken"]) == (
        [ROLE],
        ["of-the-pod"],
        ["the-token"],
    )
    others = [one for one in proxy.requests if one.method != "POST" or "delete" in one.query]
    assert others
    for one in others:
        assert "Credential=ASIA" in one.headers["authorization"] and one.headers["x-amz-security-token"]
    assert "the-token" not in server.server.log


def _ends_soon(request: Request, body: bytes) -> bytes:
    soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"<Expiration>[^<]*<", b"<Expiration>" + soon + b"<", body) if request.method == "POST" else body


def test_a_token_that_was_renewed_is_read_again(proxy: RecordingProxy, lake: Any, tmp_path: Path) -> None:
    proxy.rewrite = _ends_soon
    environment = _environment(tmp_path, "first")
    server = lake({"hive": _catalog(proxy, "renewed", s3_auth__type="WEB_IDENTITY")}, environment=environment)
    server.run("CREATE SCHEMA hive.s")
    _environment(tmp_path, "second")
    server.run("SHOW TABLES FROM hive.s")
    tokens = [one["WebIdentityToken"][0] for one in _asked(proxy)]
    assert tokens[0] == "first" and tokens[-1] == "second"


def test_what_is_missing_is_told(proxy: RecordingProxy, lake: Any, tmp_path: Path) -> None:
    properties = _catalog(proxy, "missing", s3_auth__type="WEB_IDENTITY")
    nothing = {"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_ROLE_ARN": "", "AWS_EC2_METADATA_DISABLED": "true"}
    name, message = lake({"hive": properties}, environment=nothing).fails("SHOW SCHEMAS FROM hive")
    assert name == "HIVE_FILESYSTEM_ERROR" and "set AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN" in message
    message = lake({"hive": properties}, environment=_environment(tmp_path, "")).fails("SHOW SCHEMAS FROM hive")[1]
    assert "WebIdentityToken" in message
    environment = _environment(tmp_path)
    (tmp_path / "token").unlink()
    message = lake({"hive": properties}, environment=environment).fails("SHOW SCHEMAS FROM hive")[1]
    assert "Credentials for bucket 'lake' cannot be had" in message and str(tmp_path / "token") in message
    message = lake({"hive": properties}, environment={**_environment(tmp_path), "AWS_ROLE_ARN": ""}).fails(
        "SHOW SCHEMAS FROM hive"
    )[1]
    assert "Credentials for bucket 'lake' cannot be had" in message and "AWS_ROLE_ARN" in message
    proxy.troubles.insert(
        0, Trouble(1, status=400, body=REFUSAL, applies=lambda request: b"WebIdentity" in request.body)
    )
    message = lake({"hive": properties}, environment=_environment(tmp_path)).fails("SHOW SCHEMAS FROM hive")[1]
    assert "InvalidIdentityToken: No provider" in message and "STS gives no credentials for bucket 'lake'" in message
    proxy.rewrite = lambda request, body: b"" if b"WebIdentity" in request.body else body
    impatient = {"hive": {**properties, "s3.max-error-retries": "1"}}
    message = lake(impatient, environment=_environment(tmp_path)).fails("SHOW SCHEMAS FROM hive")[1]
    assert "answered with something that is not understood" in message


def test_glue(proxy: RecordingProxy, lake: Any, tmp_path: Path) -> None:
    properties = _catalog(proxy, "unused", s3_auth__type="WEB_IDENTITY")
    del properties["hive.metastore.catalog.dir"]
    glue = {
        "hive.metastore": "glue",
        "hive.metastore.glue.region": "eu-west-1",
        "hive.metastore.glue.endpoint-url": proxy.url,
        "hive.metastore.glue.sts.endpoint": proxy.url,
        "hive.metastore.glue.use-web-identity-token-credentials-provider": "true",
        "hive.metastore.glue.default-warehouse-dir": "s3://lake/pod-glue",
    }
    server = lake({"hive": properties | glue}, environment=_environment(tmp_path))
    server.run("CREATE SCHEMA hive.pod")
    server.run("CREATE TABLE hive.pod.t AS SELECT 1 AS x")
    assert server.run("SELECT x FROM hive.pod.t") == [[1]]
    assert [one["WebIdentityToken"] for one in _asked(proxy)] == [["the-token"], ["the-token"]], "Glue's and S3's"
    requests = [one for one in proxy.requests if one.headers.get("x-amz-target", "").startswith("AWSGlue.")]
    assert requests
    for one in requests:
        assert "Credential=ASIA" in one.headers["authorization"] and one.headers["x-amz-security-token"]
