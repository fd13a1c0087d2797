"""Row 32: keys from the file. A wrong one fails with what the store says, and with what to look at."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import s3_catalog
from integration.services.rclone import RcloneS3


def test_wrong_secret_and_right_one(gateway: RcloneS3, lake: Any) -> None:
    right = s3_catalog(gateway.url, warehouse="s3://lake/row32")
    server = lake({"good": right, "bad": {**right, "s3.aws-secret-key": "not-the-secret"}})
    name, message = server.fails("CREATE SCHEMA bad.s")
    assert name == "HIVE_FILESYSTEM_ERROR"
    assert "Status Code: 403" in message and "Access to bucket 'lake' is denied" in message
    assert "not-the-secret" not in message and "not-the-secret" not in server.server.log
    server.run("CREATE SCHEMA good.s")
    server.run("CREATE TABLE good.s.t AS SELECT 1 AS x")
    assert server.run("SELECT x FROM good.s.t") == [[1]]
    assert "Status Code: 403" in server.fails("SELECT x FROM bad.s.t")[1]


def test_a_bucket_that_is_not_there(gateway: RcloneS3, lake: Any) -> None:
    server = lake({"hive": s3_catalog(gateway.url, warehouse="s3://nobodys-bucket/row32")})
    message = server.fails("CREATE SCHEMA hive.s")[1]
    assert "Bucket 'nobodys-bucket' does not exist" in message


def test_a_store_that_is_not_there(lake: Any) -> None:
    server = lake({"hive": s3_catalog("http://127.0.0.1:9", s3_max__error__retries="1")})
    message = server.fails("CREATE SCHEMA hive.s")[1]
    assert "http://127.0.0.1:9 cannot be reached" in message
