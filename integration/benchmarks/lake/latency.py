"""A store that is twenty milliseconds away: a scan of many files against its own requests, one after another."""

from __future__ import annotations

import http.client
import socket
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from integration.benchmarks.figures import Figure, best_of
from integration.benchmarks.lake.places import BUCKET, Serving, bucket_of, remote_catalog
from integration.services.far import FarAway
from integration.services.rclone import RcloneS3
from integration.toolbox.lanes import Failed

LATENCY = 0.02
FILES = 100
GOAL = 10


_SHAPES = {"small": (1, 5_000), "wide": (8, 30_000)}
"""Columns, of which one is read, and rows: files of 40 KB and of 2 MB."""


def time_far_files(runs: int) -> Iterator[Figure]:
    """`runs` of each query."""
    gateway = RcloneS3(BUCKET)
    for name, (width, rows) in _SHAPES.items():  # Before it starts: it remembers what is in its directories.
        _make_files(bucket_of(gateway) / f"far-{name}", width, rows)
    with gateway:
        for name, (width, rows) in _SHAPES.items():
            yield from _scan(gateway, name, width, FILES * rows, runs)


def _make_files(directory: Path, width: int, rows: int) -> None:
    directory.mkdir()
    for number in range(FILES):
        first = number * rows
        columns = {f"c{i}": pa.array(range(first + i, first + i + rows), pa.int64()) for i in range(width)}
        pq.write_table(pa.table(columns), directory / f"{number:03}.parquet", compression="none", use_dictionary=False)


def _scan(gateway: RcloneS3, name: str, width: int, rows: int, runs: int) -> Iterator[Figure]:
    declared = ", ".join(f"c{i} bigint" for i in range(width))
    with (
        tempfile.TemporaryDirectory() as metastore,
        FarAway(gateway.url, LATENCY) as far,
        Serving({"hive": remote_catalog(far.url, Path(metastore))}) as server,
    ):
        server.run("CREATE SCHEMA hive.s")
        server.run(
            f"CREATE TABLE hive.s.t ({declared}) "
            f"WITH (format = 'PARQUET', external_location = 's3://{BUCKET}/far-{name}')"
        )
        # Connections and the processes' first steps are nobody's measure; the files' footers are not known yet.
        server.run("SELECT count(*) FROM hive.s.t WHERE \"$path\" LIKE '%000.parquet'")
        sums, cold, requests = [], [], []
        for _ in range(runs):
            server.run("CALL hive.system.flush_metadata_cache()")
            far.forget()
            began = time.perf_counter()
            sums.append(server.run("SELECT sum(c0) FROM hive.s.t"))
            cold.append(time.perf_counter() - began)
            requests.append(far.requests())
        if any(found != [[rows * (rows - 1) // 2]] for found in sums):
            raise Failed(f"wrong sum: {sums}")
        again = best_of(runs, server.timed("SELECT sum(c0) FROM hive.s.t"))
        one_by_one = _one_after_another(far.port, requests[0])
    shown = f"{FILES} {name} files, {LATENCY * 1000:.0f} ms away"
    yield Figure(f"{shown}: requests of the first query", len(requests[0]), "requests")
    yield Figure(f"{shown}: the first query", cold[0] * 1000, "ms")
    yield Figure(f"{shown}: a second one", again * 1000, "ms")
    yield Figure(f"{shown}: one request after another / query", one_by_one / cold[0], "x", GOAL, at_most=False)


def _one_after_another(port: int, requests: Sequence[bytes]) -> float:
    """Seconds of the same requests, signatures included, over one connection that stays open."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.perf_counter()
        for head in requests:
            line.sendall(head)
            answer = http.client.HTTPResponse(line)
            answer.begin()
            answer.read()
            if answer.status >= 400:
                raise Failed(f"HTTP {answer.status} for {head[:200]!r}")
        return time.perf_counter() - began
