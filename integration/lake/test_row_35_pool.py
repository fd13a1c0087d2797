"""Row 35: the region that is signed for is the setting's, and so is the largest number of sockets."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from integration.lake.asking import parquet, s3_catalog, upload
from integration.services.proxy import RecordingProxy
from integration.services.rclone import RcloneS3

FILES = 40


@pytest.mark.parametrize(("connections", "region"), [(3, "ap-nowhere-1"), (8, "us-east-1")])
def test_region_and_pool(gateway: RcloneS3, lake: Any, connections: int, region: str) -> None:
    files = {
        f"s3://lake/row35-{connections}/{number}.parquet": parquet(
            pa.table({"x": range(number * 50_000, (number + 1) * 50_000)})
        )
        for number in range(FILES)
    }
    upload(s3_catalog(gateway.url), files)
    with RecordingProxy(gateway.url, latency=0.01) as proxy:
        server = lake(
            {
                "hive": s3_catalog(
                    proxy.url,
                    warehouse=f"s3://lake/warehouse35-{connections}",
                    s3_region=region,
                    s3_max__connections=str(connections),
                )
            }
        )
        server.run("CREATE SCHEMA hive.s")
        server.run(
            f"CREATE TABLE hive.s.t (x bigint) WITH (format = 'PARQUET', external_location = 's3://lake/row35-{connections}')"
        )
        total = FILES * 50_000
        assert server.run("SELECT sum(x) FROM hive.s.t") == [[total * (total - 1) // 2]]
        assert 1 < proxy.most_sockets <= connections
        for request in proxy.requests:
            assert f"/{region}/s3/aws4_request" in request.headers["authorization"]
