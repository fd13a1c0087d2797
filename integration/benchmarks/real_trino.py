"""A real Trino on the same files: the 22 queries of TPC-H through our driver, on Trino and on ours, by turns."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import lodestar
from integration.benchmarks.figures import Figure, seconds_of
from integration.benchmarks.tpch_queries import MEMORY, QUERIES
from integration.demo.tour import create_tables
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.trino import Trino


def compare_with_trino(data: Path, files: Path, runs: int) -> Iterator[Figure]:
    """`files`, a directory per table, is below `data`. Raises: Skip when there is no Trino to be had."""
    lake = {
        "connector.name": "hive",
        "hive.metastore": "file",
        "hive.metastore.catalog.dir": "local:///metastore-of-trino",
        "fs.native-local.enabled": "true",
        "local.location": str(data),
    }
    ours_total = trino_total = 0.0
    config = {"query.max-memory-per-node": MEMORY}
    with (
        Trino({"lake": lake, "tpch": {"connector.name": "tpch"}}) as trino,
        Lodestar(data_dir=data, config=config) as own,
    ):
        for url in (trino.url, own.url):
            create_tables(url, {"tpch": files})
        place = "lodestar://bench@127.0.0.1:{}/lake/tpch"
        with lodestar.connect(place.format(trino.port)) as theirs, lodestar.connect(place.format(own.port)) as ours:
            for path in sorted(QUERIES.glob("q*.sql")):
                text = path.read_text()
                best = [math.inf, math.inf]
                for _ in range(runs + 1):  # the first run warms both up
                    for number, connection in enumerate((ours, theirs)):
                        seconds = seconds_of(lambda to=connection, text=text: to.execute(text).fetchall())
                        best[number] = min(best[number], seconds)
                ours_total, trino_total = ours_total + best[0], trino_total + best[1]
                mine, other = best
                print(f"    {path.stem}: {mine * 1000:7.1f} ms, Trino {other * 1000:7.1f} ms, {mine / other:.2f}")
    yield Figure("TPC-H SF1 Parquet, 22 queries / a real Trino 476, total time", ours_total / trino_total, "x")
