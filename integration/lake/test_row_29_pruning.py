"""Row 29: only the partitions that match are listed and read; fewer columns and better compression cost fewer bytes."""

from __future__ import annotations

from typing import Any

from integration.lake.asking import s3_catalog
from integration.services.proxy import RecordingProxy, Request
from integration.services.rclone import RcloneS3

PARTITIONS = 20


def _of_data(request: Request) -> bool:
    return request.method == "GET" and "/p=" in request.path and not request.path.endswith(".trinoSchema")


def _listed(request: Request) -> str:
    return request.query.get("prefix", [""])[0] if "list-type" in request.query else ""


def test_other_partitions_are_left_alone(gateway: RcloneS3, lake: Any) -> None:
    with RecordingProxy(gateway.url) as proxy:
        server = lake({"hive": s3_catalog(proxy.url, warehouse="s3://lake/warehouse29")})
        server.run("CREATE SCHEMA hive.s")
        rows = (
            "SELECT x AS id, cast(x AS varchar) AS text, x % 20 AS p "
            "FROM UNNEST(sequence(0, 9)) AS a(i) CROSS JOIN UNNEST(sequence(i * 10000 + 1, i * 10000 + 10000)) AS b(x)"
        )
        for codec in ("ZSTD", "NONE"):
            server.run(
                f"CREATE TABLE hive.s.t_{codec} WITH (format = 'PARQUET', partitioned_by = ARRAY['p']) AS {rows}",
                X_Trino_Session=f"hive.compression_codec={codec}",
            )

        def cost(sql: str, answer: list[list[Any]]) -> tuple[int, list[Request]]:
            server.run("CALL hive.system.flush_metadata_cache()")
            proxy.forget()
            assert server.run(sql) == answer
            data = [one for one in proxy.requests if _of_data(one)]
            return sum(one.received for one in data), data

        everything, _ = cost("SELECT sum(id), count(text) FROM hive.s.t_none", [[5000050000, 100000]])
        some, requests = cost("SELECT sum(id), count(text) FROM hive.s.t_none WHERE p = 3", [[249965000, 5000]])
        assert requests and all("/p=3/" in one.path for one in requests)
        listed = [_listed(one) for one in proxy.requests if "/p=" in _listed(one)]
        assert listed and all(prefix.endswith("/p=3/") for prefix in listed)
        assert some * (PARTITIONS - 1) <= everything

        fewer_columns, _ = cost("SELECT sum(id) FROM hive.s.t_none", [[5000050000]])
        compressed, _ = cost("SELECT sum(id), count(text) FROM hive.s.t_zstd", [[5000050000, 100000]])
        assert fewer_columns < everything
        assert compressed < everything
        assert cost("SELECT count(*) FROM hive.s.t_none WHERE p IN (1, 2)", [[10000]])[0] < everything / 5
