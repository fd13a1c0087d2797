"""TPC-H from a store through our file system, against the same files on a local disk."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

from integration.benchmarks.figures import Figure, seconds_of
from integration.benchmarks.lake.places import (
    BUCKET,
    Serving,
    bucket_of,
    copy_tables,
    create_tables,
    local_catalog,
    remote_catalog,
)
from integration.services.rclone import RcloneS3
from integration.toolbox.lanes import Failed

QUERIES = Path(__file__).parents[1] / "tpch"
RATIO = 2.0


def compare_near_and_far(tpch: Path, runs: int) -> Iterator[Figure]:
    """`tpch`: a directory per table. Raises: Failed when the answers differ."""
    gateway = RcloneS3(BUCKET)
    bucket = bucket_of(gateway)
    copy_tables(tpch, bucket / "tpch")
    with tempfile.TemporaryDirectory() as metastore, gateway:
        catalogs = {"far": remote_catalog(gateway.url, Path(metastore)), "near": local_catalog(gateway.root)}
        with Serving(catalogs) as server:
            create_tables(server, "far.tpch", f"s3://{BUCKET}/tpch", bucket / "tpch")
            create_tables(server, "near.tpch", f"local:///{BUCKET}/tpch", bucket / "tpch")
            yield from _compare(server, runs)


def _compare(server: Serving, runs: int) -> Iterator[Figure]:
    totals, ratios = {"near": 0.0, "far": 0.0}, []
    for path in sorted(QUERIES.glob("q*.sql")):
        text = path.read_text()
        where = {name: {"X_Trino_Catalog": name, "X_Trino_Schema": "tpch"} for name in totals}
        answers = [server.run(text, **headers) for headers in where.values()]
        if sorted(map(str, answers[0])) != sorted(map(str, answers[1])):
            raise Failed(f"{path.stem}: {answers[0][:3]} near, {answers[1][:3]} far")
        best = dict.fromkeys(totals, math.inf)
        for _ in range(runs):  # by turns, so that what else the machine does hits both
            for name, headers in where.items():
                best[name] = min(best[name], seconds_of(lambda h=headers, t=text: server.run(t, **h)))
        for name, seconds in best.items():
            totals[name] += seconds
        ratios.append(best["far"] / best["near"])
        print(
            f"    {path.stem}: {best['far'] * 1000:7.1f} ms from the store, local {best['near'] * 1000:7.1f} ms, "
            f"{ratios[-1]:.2f}",
            flush=True,
        )
    yield Figure("TPC-H SF1 from S3 / local files, 22 queries, total time", totals["far"] / totals["near"], "x", RATIO)
    yield Figure("TPC-H from S3, geometric mean of the ratios", math.prod(ratios) ** (1 / len(ratios)), "x")
