"""Row 37: ranges of one file are fetched side by side; many files cost hardly more time than a few."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.orc as orc
import pytest

from integration.lake.asking import parquet, s3_catalog, upload
from integration.services.proxy import RecordingProxy, Trouble
from integration.services.rclone import RcloneS3

LATENCY = 0.02


@pytest.fixture(scope="module")
def proxy(gateway: RcloneS3) -> Any:
    with RecordingProxy(gateway.url, latency=LATENCY) as between:
        yield between


def _catalog(proxy: RecordingProxy, number: int) -> dict[str, dict[str, str]]:
    return {"hive": s3_catalog(proxy.url, warehouse=f"s3://lake/warehouse37-{number}")}


def test_one_file_is_read_in_ranges_that_overlap(gateway: RcloneS3, proxy: RecordingProxy, lake: Any) -> None:
    rows = 1_000_000
    content = parquet(pa.table({"x": range(rows), "y": range(rows)}), rows // 10)
    upload(s3_catalog(gateway.url), {"s3://lake/row37a/one.parquet": content})
    server = lake(_catalog(proxy, 1))
    server.run("CREATE SCHEMA hive.s")
    server.run(
        "CREATE TABLE hive.s.t (x bigint, y bigint) WITH (format = 'PARQUET', external_location = 's3://lake/row37a')"
    )
    proxy.forget()
    assert server.run("SELECT sum(x) FROM hive.s.t") == [[rows * (rows - 1) // 2]]
    ranges = [one for one in proxy.requests if one.path.endswith("one.parquet")]
    assert len(ranges) >= 10 and all(one.range for one in ranges)
    assert proxy.most_at_once() >= 4


def test_a_text_file_is_read_in_ranges_that_overlap(gateway: RcloneS3, proxy: RecordingProxy, lake: Any) -> None:
    content = "".join(f"{number},some words here\n" for number in range(1_000_000))
    upload(s3_catalog(gateway.url), {"s3://lake/row37b/one.csv": content.encode()})
    server = lake(_catalog(proxy, 2))
    server.run("CREATE SCHEMA hive.s")
    server.run(
        "CREATE TABLE hive.s.t (x varchar, y varchar) WITH (format = 'CSV', external_location = 's3://lake/row37b')"
    )
    proxy.forget()
    assert server.run("SELECT count(*), max(y) FROM hive.s.t") == [[1_000_000, "some words here"]]
    ranges = [one for one in proxy.requests if one.path.endswith("one.csv")]
    assert len(ranges) > 2 and all(one.range for one in ranges)


def test_stripes_of_an_orc_file_are_read_side_by_side(gateway: RcloneS3, proxy: RecordingProxy, lake: Any) -> None:
    rows = 400_000
    content = io.BytesIO()
    # Values that no encoding makes small: five megabytes, ten stripes and more.
    numbers = np.random.default_rng(37).integers(0, 1 << 62, rows)
    with orc.ORCWriter(content, stripe_size=1 << 18, compression="uncompressed", batch_size=4_096) as writer:
        for start in range(0, rows, 20_000):
            writer.write(pa.table({"id": range(start, start + 20_000), "x": numbers[start : start + 20_000]}))
    assert orc.ORCFile(io.BytesIO(content.getvalue())).nstripes >= 8
    upload(s3_catalog(gateway.url), {"s3://lake/row37o/one.orc": content.getvalue()})
    server = lake(_catalog(proxy, 7))
    server.run("CREATE SCHEMA hive.s")
    server.run(
        "CREATE TABLE hive.s.t (id bigint, x bigint) WITH (format = 'ORC', external_location = 's3://lake/row37o')"
    )
    proxy.forget()
    expected = [[rows, rows * (rows - 1) // 2, int(numbers.max())]]
    assert server.run("SELECT count(*), sum(id), max(x) FROM hive.s.t") == expected
    assert 3 <= proxy.most_at_once() <= 8
    # Statistics tell that no stripe has such rows: there is nothing to read side by side.
    assert server.run("SELECT count(*), sum(x) FROM hive.s.t WHERE id < 0") == [[0, None]]


def test_a_hundred_files_do_not_wait_for_each_other(gateway: RcloneS3, proxy: RecordingProxy, lake: Any) -> None:
    rows = 30_000
    files = {
        f"s3://lake/row37c/{number:03}.parquet": parquet(pa.table({"x": range(number * rows, (number + 1) * rows)}))
        for number in range(100)
    }
    upload(s3_catalog(gateway.url), files)
    server = lake(_catalog(proxy, 3))
    server.run("CREATE SCHEMA hive.s")
    server.run("CREATE TABLE hive.s.t (x bigint) WITH (format = 'PARQUET', external_location = 's3://lake/row37c')")
    proxy.forget()
    assert server.run("SELECT sum(x) FROM hive.s.t") == [[100 * rows * (100 * rows - 1) // 2]]
    assert proxy.most_at_once() >= 10


def test_trouble_on_the_way_is_ridden_out(gateway: RcloneS3, proxy: RecordingProxy, lake: Any) -> None:
    server = lake(_catalog(proxy, 4))
    server.run("CREATE SCHEMA hive.s")
    server.run("CREATE TABLE hive.s.t AS SELECT x FROM UNNEST(sequence(1, 1000)) AS t(x)")
    for trouble in (
        Trouble(10, status=503),
        Trouble(2, status=503, headers={"Retry-After": "1"}),
        Trouble(3, reset=True),
        Trouble(3, short=True, applies=lambda request: request.method == "GET"),
    ):
        proxy.troubles = [trouble]
        began = time.monotonic()
        assert server.run("SELECT sum(x) FROM hive.s.t") == [[500500]]
        if trouble.headers:
            assert time.monotonic() - began >= 1
        assert trouble.count == 0
    proxy.troubles = [Trouble(10**6, status=503)]
    try:
        server2 = lake({"hive": {**_catalog(proxy, 4)["hive"], "s3.max-error-retries": "2"}})
        name, message = server2.fails("SELECT sum(x) FROM hive.s.t")
        assert name == "HIVE_FILESYSTEM_ERROR" and "Status Code: 503" in message
    finally:
        proxy.troubles = []
