"""Requests and bytes that questions cost: one partition of a thousand, and what footers can answer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from integration.benchmarks.figures import Figure, best_of
from integration.benchmarks.lake.places import BUCKET, Serving, bucket_of, create_tables, remote_catalog
from integration.services.proxy import RecordingProxy
from integration.services.rclone import RcloneS3

PARTITIONS = 1_000
_ROWS = 2_000


def count_requests(tpch: Path, runs: int) -> Iterator[Figure]:
    """`tpch`: a directory per table."""
    gateway = RcloneS3(BUCKET)
    bucket = bucket_of(gateway)
    for number in range(PARTITIONS):
        directory = bucket / "pruned" / f"p={number}"
        directory.mkdir(parents=True)
        pq.write_table(pa.table({"id": range(number * _ROWS, (number + 1) * _ROWS)}), directory / "one.parquet")
    (bucket / "tpch").mkdir()
    shutil.copytree(tpch / "lineitem", bucket / "tpch" / "lineitem")
    with (
        tempfile.TemporaryDirectory() as metastore,
        gateway,
        RecordingProxy(gateway.url) as proxy,
        Serving({"hive": remote_catalog(proxy.url, Path(metastore))}) as server,
    ):
        create_tables(server, "hive.tpch", f"s3://{BUCKET}/tpch", bucket / "tpch")
        yield from _pruning(server, proxy, runs)
        yield from _metadata(server, proxy, runs)


def _pruning(server: Serving, proxy: RecordingProxy, runs: int) -> Iterator[Figure]:
    server.run(
        "CREATE TABLE hive.tpch.pruned (id bigint, p integer) WITH "
        f"(format = 'PARQUET', partitioned_by = ARRAY['p'], external_location = 's3://{BUCKET}/pruned')"
    )
    server.run("CALL hive.system.sync_partition_metadata('tpch', 'pruned', 'ADD')")
    costs = {}
    for name, where in (("one", "WHERE p = 617"), ("all", "")):
        sql = f"SELECT count(*), sum(id) FROM hive.tpch.pruned {where}"
        server.run("CALL hive.system.flush_metadata_cache()")
        proxy.forget()
        server.run(sql)
        costs[name] = proxy.count(), proxy.bytes_received, best_of(runs, server.timed(sql))
    for name, (requests, size, seconds) in costs.items():
        shown = f"{name} of {PARTITIONS} partitions"
        yield Figure(f"{shown}: requests of the first query", requests, "requests", 3 if name == "one" else None)
        yield Figure(f"{shown}: bytes", size, "bytes")
        yield Figure(f"{shown}: a second query", seconds * 1000, "ms")
    yield Figure("all partitions / one of them: bytes", costs["all"][1] / costs["one"][1], "x", 500, at_most=False)
    yield Figure("all partitions / one of them: time", costs["all"][2] / costs["one"][2], "x", 10, at_most=False)


_QUESTIONS = {
    "count(*)": "SELECT count(*) FROM hive.tpch.lineitem",
    "min and max": "SELECT min(l_orderkey), max(l_orderkey), min(l_shipdate), max(l_shipdate) FROM hive.tpch.lineitem",
    "a scan of two columns": "SELECT sum(l_orderkey), sum(l_quantity) FROM hive.tpch.lineitem",
}


def _metadata(server: Serving, proxy: RecordingProxy, runs: int) -> Iterator[Figure]:
    seconds = {}
    for name, sql in _QUESTIONS.items():
        server.run("CALL hive.system.flush_metadata_cache()")
        proxy.forget()
        server.run(sql)
        requests, size = proxy.count(), proxy.bytes_received
        seconds[name] = best_of(runs, server.timed(sql))
        yield Figure(f"lineitem, {name}: requests", requests, "requests")
        yield Figure(f"lineitem, {name}: bytes", size, "bytes", None if "scan" in name else 1 << 20)
        yield Figure(f"lineitem, {name}: a second query", seconds[name] * 1000, "ms")
    scan = seconds.pop("a scan of two columns")
    for name, one in seconds.items():
        yield Figure(f"lineitem, a scan / {name}: time", scan / one, "x", 5, at_most=False)
