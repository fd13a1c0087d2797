"""Row 33: a role is assumed, its temporary keys are used, and new ones are asked for before they end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from integration.lake.asking import s3_catalog
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request

ROLE = "arn:aws:iam::123456789012:role/reader-of-the-lake"


def _ends_soon(request: Request, body: bytes) -> bytes:
    """Keys that end in five minutes have to be renewed at once."""
    soon = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    return re.sub(rb"<Expiration>[^<]*<", b"<Expiration>" + soon + b"<", body) if request.method == "POST" else body


def test_a_role(moto: Moto, lake: Any) -> None:
    with RecordingProxy(moto.url) as proxy:
        server = lake(
            {
                "hive": s3_catalog(
                    proxy.url,
                    warehouse="s3://lake/row33",
                    access_key="AKIAOFTHECALLER",
                    secret_key="secret",
                    s3_iam__role=ROLE,
                    s3_external__id="the-external-id",
                    s3_role__session__name="the-session",
                    s3_sts_endpoint=proxy.url,
                    s3_sts_region="eu-west-3",
                )
            }
        )
        server.run("CREATE SCHEMA hive.s")
        calls = [parse_qs(one.body.decode()) for one in proxy.requests if b"Action=AssumeRole" in one.body]
        assert len(calls) == 1, "keys are kept as long as they are good"
        assert calls[0]["RoleArn"] == [ROLE]
        assert calls[0]["RoleSessionName"] == ["the-session"]
        assert calls[0]["ExternalId"] == ["the-external-id"]
        asked = next(one for one in proxy.requests if b"Action=AssumeRole" in one.body)
        assert "Credential=AKIAOFTHECALLER/" in asked.headers["authorization"]
        assert "/eu-west-3/sts/" in asked.headers["authorization"]
        others = [one for one in proxy.requests if one is not asked]
        assert others
        for one in others:
            assert "Credential=ASIA" in one.headers["authorization"]
            assert one.headers["x-amz-security-token"]


def test_keys_are_renewed(moto: Moto, lake: Any) -> None:
    with RecordingProxy(moto.url) as proxy:
        proxy.rewrite = _ends_soon
        properties = s3_catalog(
            proxy.url,
            warehouse="s3://lake/row33b",
            s3_iam__role=ROLE,
            s3_auth__type="IAM_ROLE",
            s3_sts_endpoint=proxy.url,
        )
        server = lake({"hive": properties})
        server.run("CREATE SCHEMA hive.s")
        before = sum(b"Action=AssumeRole" in one.body for one in proxy.requests)
        proxy.rewrite = None
        server.run("SHOW TABLES FROM hive.s")
        after = sum(b"Action=AssumeRole" in one.body for one in proxy.requests)
        assert before >= 1 and after > before
        server.run("SHOW TABLES FROM hive.s")
        assert sum(b"Action=AssumeRole" in one.body for one in proxy.requests) == after
