"""Row 34: without keys the machine is asked."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import s3_catalog
from integration.services.metadata import ROLE, InstanceMetadata
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy


def test_keys_of_the_machine(moto: Moto, lake: Any, tmp_path: Any) -> None:
    with InstanceMetadata() as machine, RecordingProxy(moto.url) as proxy:
        server = lake(
            {"hive": s3_catalog(proxy.url, warehouse="s3://lake/row34", access_key=None)},
            environment={
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": machine.url,
                "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
                "AWS_CONFIG_FILE": str(tmp_path / "none"),
            },
        )
        server.run("CREATE SCHEMA hive.s")
        assert any(path.endswith(f"/iam/security-credentials/{ROLE}") for path in machine.requests)
        assert proxy.requests
        for request in proxy.requests:
            assert f"Credential={machine.access_key}/" in request.headers["authorization"]
            assert request.headers["x-amz-security-token"] == "the-token-of-the-machine"
        asked = len(machine.requests)
        server.run("SHOW TABLES FROM hive.s")
        assert len(machine.requests) == asked, "the keys are kept"
