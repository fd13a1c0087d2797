"""Row 20: a store that is not Amazon's, by a path-style endpoint and a region of its own."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import REGION, s3_catalog
from integration.lake.operations import check_hive
from integration.services.proxy import RecordingProxy
from integration.services.rclone import RcloneS3


def test_a_gateway_of_another_make(gateway: RcloneS3, lake: Any) -> None:
    with RecordingProxy(gateway.url) as proxy:
        server = lake({"hive": s3_catalog(proxy.url, warehouse="s3a://lake/row20")})
        check_hive(server, "hive", "row20")
        assert proxy.requests
        for request in proxy.requests:
            assert request.path.startswith("/lake"), "the bucket is in the path"
            assert f"/{REGION}/s3/aws4_request" in request.headers["authorization"]
