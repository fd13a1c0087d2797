"""Row 31: the block of settings that people have, as it is; without its switch there is no file system."""

from __future__ import annotations

from typing import Any

from integration.services.moto import Moto

BLOCK = """\
connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=local:///warehouse
fs.local.enabled=true
fs.native-s3.enabled=true
s3.aws-access-key=AKIAEXAMPLE
s3.aws-secret-key=a-secret
s3.region=us-east-1
s3.endpoint={url}
s3.path-style-access=true
s3.max-connections=500
"""
_MISSING = "No factory for location: s3://lake/row31 (fs.s3.enabled=true is missing in the catalog's properties)"


def _properties(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_block_starts_as_it_is(moto: Moto, lake: Any, tmp_path: Any) -> None:
    block = _properties(BLOCK.format(url=moto.url)) | {"local.location": str(tmp_path)}
    server = lake({"hive": block})
    server.run("CREATE SCHEMA hive.s")
    moto.put("lake", "row31/nothing.txt", b"")
    server.run("CREATE TABLE hive.s.t (a bigint) WITH (external_location = 's3://lake/row31')")
    assert server.run("SELECT count(*) FROM hive.s.t") == [[0]]
    server.stop()

    del block["fs.native-s3.enabled"]
    server = lake({"hive": block})
    assert server.run("SHOW TABLES FROM hive.s") == [["t"]]
    name, message = server.fails("SELECT count(*) FROM hive.s.t")
    assert message == _MISSING
    assert name == "HIVE_FILESYSTEM_ERROR"
    assert "s3.region" in server.server.log and "fs.s3.enabled is not true" in server.server.log
    assert "a-secret" not in server.server.log
