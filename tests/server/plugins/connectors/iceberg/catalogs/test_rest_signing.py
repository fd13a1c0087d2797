"""Signatures of requests, worked out again from the specification's words."""

from __future__ import annotations

import asyncio
import hashlib
import hmac

import pytest

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_signing import RequestSigner
from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings

_SETTINGS = S3Settings(region="eu-x-1", access_key="AK", secret_key="SK")


def _signed(method: str, address: str, headers: dict[str, str], content: bytes | None) -> dict[str, str]:
    return asyncio.run(RequestSigner(_SETTINGS, "glue").signed(method, address, headers, content))


def _signature(headers: dict[str, str], canonical: str) -> str:
    moment = headers["X-Amz-Date"]
    text = "\n".join(
        (
            "AWS4-HMAC-SHA256",
            moment,
            f"{moment[:8]}/eu-x-1/glue/aws4_request",
            hashlib.sha256(canonical.encode()).hexdigest(),
        )
    )
    key = b"AWS4SK"
    for part in (moment[:8], "eu-x-1", "glue", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def test_path_query_headers_and_content_are_signed():
    body = b'{"a":1}'
    digest = hashlib.sha256(body).hexdigest()
    headers = _signed(
        "POST", "http://h:81/v1/namespaces/a%1Fb?z=1&pageToken=", {"Content-Type": "application/json"}, body
    )
    # An escaped path is escaped once more; the query is in the order of its names.
    canonical = "\n".join(
        (
            "POST",
            "/v1/namespaces/a%251Fb",
            "pageToken=&z=1",
            "content-type:application/json",
            "host:h:81",
            f"x-amz-content-sha256:{digest}",
            f"x-amz-date:{headers['X-Amz-Date']}",
            "",
            "content-type;host;x-amz-content-sha256;x-amz-date",
            digest,
        )
    )
    assert headers["Authorization"].endswith("Signature=" + _signature(headers, canonical))
    assert headers["X-Amz-Content-SHA256"] == digest


def test_nobody_signs_without_keys(monkeypatch, tmp_path):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_ROLE_ARN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    signer = RequestSigner(S3Settings(region="eu-x-1"), "glue")
    with pytest.raises(StoreError, match="cannot be signed: Unable to locate credentials"):
        asyncio.run(signer.signed("GET", "http://h/v1/config", {}, None))
