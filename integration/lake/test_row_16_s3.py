"""Row 16: tables in a bucket."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import s3_catalog
from integration.lake.operations import check_hive, check_iceberg
from integration.services.moto import Moto


def test_hive_and_iceberg_in_a_bucket(moto: Moto, lake: Any) -> None:
    server = lake({"hive": s3_catalog(moto.url), "ice": s3_catalog(moto.url, "iceberg", warehouse="s3://lake/ice")})
    check_hive(server, "hive", "row16")
    check_iceberg(server, "ice", "row16")
    keys = [*moto.keys("lake", "warehouse/row16"), *moto.keys("lake", "ice/row16")]
    left = [key for key in keys if "/.lodestar/" not in key]
    assert left == [], "what was dropped is gone"
