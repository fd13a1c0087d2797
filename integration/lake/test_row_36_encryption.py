"""Row 36: whatever makes an object says how it is encrypted."""

from __future__ import annotations

import base64
from typing import Any

from integration.lake.asking import Lake, s3_catalog
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request

KEY = "arn:aws:kms:eu-central-7:123456789012:key/of-the-lake"
_TYPE, _ID = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"


def _makes_an_object(request: Request) -> bool:
    put = request.method == "PUT" and "partNumber" not in request.query
    return put or (request.method == "POST" and "uploads" in request.query)


def _fill(server: Lake) -> None:
    server.run("CREATE SCHEMA hive.s")
    server.run(
        "CREATE TABLE hive.s.t AS SELECT x, sha256(cast(cast(x AS varchar) AS varbinary)) AS h "
        "FROM UNNEST(sequence(1, 10000)) AS a(i) CROSS JOIN UNNEST(sequence(i * 30, i * 30 + 29)) AS b(x)"
    )
    assert server.run("SELECT count(*) FROM hive.s.t") == [[300000]]


def test_kms(moto: Moto, lake: Any) -> None:
    with RecordingProxy(moto.url) as proxy:
        _fill(
            lake(
                {
                    "hive": s3_catalog(
                        proxy.url,
                        warehouse="s3://lake/row36",
                        s3_sse_type="KMS",
                        s3_sse_kms__key__id=KEY,
                        s3_streaming_part__size="5MB",
                    )
                }
            )
        )
        made = [one for one in proxy.requests if _makes_an_object(one)]
        assert any(one.method == "POST" for one in made), "something was large enough for parts"
        assert any("x-amz-copy-source" in one.headers for one in made), "something was moved"
        for one in made:
            assert (one.headers.get(_TYPE), one.headers.get(_ID)) == ("aws:kms", KEY), one.path


def test_a_key_of_the_customer(moto: Moto, lake: Any) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    with RecordingProxy(moto.url) as proxy:
        server = lake(
            {
                "hive": s3_catalog(
                    proxy.url, warehouse="s3://lake/row36c", s3_sse_type="CUSTOMER", s3_sse_customer__key=key
                )
            }
        )
        server.run("CREATE SCHEMA hive.s")
        server.run("CREATE TABLE hive.s.t AS SELECT 1 AS x")
        assert server.run("SELECT x FROM hive.s.t") == [[1]]
        whole = [one for one in proxy.requests if one.path.rstrip("/") != "/lake"]
        touching = [one for one in whole if one.method in ("GET", "HEAD", "PUT")]
        assert touching
        for one in touching:
            assert one.headers.get("x-amz-server-side-encryption-customer-key") == key, (one.method, one.path)
        assert key not in server.server.log


def test_other_headers_of_new_objects(moto: Moto, lake: Any) -> None:
    with RecordingProxy(moto.url) as proxy:
        server = lake(
            {
                "hive": s3_catalog(
                    proxy.url,
                    warehouse="s3://lake/row36h",
                    s3_sse_type="S3",
                    s3_canned__acl="BUCKET_OWNER_FULL_CONTROL",
                    s3_storage__class="STANDARD_IA",
                    s3_requester__pays="true",
                )
            }
        )
        server.run("CREATE SCHEMA hive.s")
        server.run("CREATE TABLE hive.s.t AS SELECT 1 AS x")
        for one in proxy.requests:
            assert one.headers["x-amz-request-payer"] == "requester"
            if _makes_an_object(one):
                assert one.headers[_TYPE] == "AES256"
                assert one.headers["x-amz-acl"] == "bucket-owner-full-control"
                assert one.headers["x-amz-storage-class"] == "STANDARD_IA"
