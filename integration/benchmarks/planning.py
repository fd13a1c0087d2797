"""How long it takes from a text to a plan: the 99 queries of TPC-DS, and whether long texts cost in proportion."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from integration.benchmarks.figures import Figure
from integration.benchmarks.tpcds_data import query_texts
from integration.demo.data import table_columns
from integration.toolbox.inprocess import Engine

MEDIAN_MS = 12
MOST_MS = 80
GROWTH = 1.5
"""Twice the text may take this many times twice the time."""

_LINEAR: tuple[tuple[str, int, Callable[[int], str]], ...] = (
    (
        "SELECT of n columns",
        500,
        lambda n: f"SELECT {', '.join(f'orderkey + {i} AS c{i}' for i in range(n))} FROM lineitem",
    ),
    (
        "n aggregates of a group",
        500,
        lambda n: f"SELECT {', '.join(f'sum(tax + {i})' for i in range(n))} FROM lineitem GROUP BY partkey",
    ),
    (
        "n columns of a derived table",
        500,
        lambda n: (
            f"SELECT {', '.join(f'c{i}' for i in range(n))} FROM ("
            f"SELECT {', '.join(f'orderkey + {i} AS c{i}' for i in range(n))} FROM lineitem) WHERE c1 > 5"
        ),
    ),
    (
        "IN list of n numbers",
        2000,
        lambda n: f"SELECT * FROM orders WHERE orderkey IN ({', '.join(map(str, range(n)))})",
    ),
    (
        "IN list of n texts",
        2000,
        lambda n: "SELECT * FROM orders WHERE clerk IN (" + ", ".join(f"'{i}'" for i in range(n)) + ")",
    ),
    (
        "OR of n comparisons",
        500,
        lambda n: "SELECT 1 FROM orders WHERE " + " OR ".join(f"orderkey = {i}" for i in range(n)),
    ),
    (
        "AND of n comparisons",
        500,
        lambda n: "SELECT 1 FROM orders WHERE " + " AND ".join(f"orderkey <> {i}" for i in range(n)),
    ),
    ("VALUES of n rows", 1000, lambda n: "VALUES " + ", ".join(f"({i}, 'a{i}')" for i in range(n))),
    ("UNION ALL of n", 200, lambda n: " UNION ALL ".join(f"SELECT {i}" for i in range(n))),
)


def time_planning(lake: Path, directory: Path, runs: int) -> Iterator[Figure]:
    """`lake` is the root of the local file system, `directory` inside of it that of `make_tpcds`."""
    catalogs = {
        "tpch": {"connector.name": "tpch"},
        "lake": {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore-of-planning",
            "fs.native-local.enabled": "true",
            "local.location": str(lake),
        },
    }
    with Engine(catalogs, schema=("lake", "tpcds")) as engine:
        engine.run("CREATE SCHEMA IF NOT EXISTS lake.tpcds")
        for folder in sorted(directory.iterdir()):
            columns = ", ".join(f"{name} {kind}" for name, kind in table_columns(folder / "part-0.parquet"))
            place = f"local:///{folder.relative_to(lake)}"
            engine.run(
                f"CREATE TABLE IF NOT EXISTS {folder.name} ({columns}) "
                f"WITH (format = 'PARQUET', external_location = '{place}')"
            )
        times = {
            number: min(engine.time_plan(text).planning for _ in range(runs + 1))
            for number, text in query_texts(directory).items()
        }
    slowest = max(times, key=lambda number: times[number])
    yield Figure("TPC-DS, text to plan, median of 99", statistics.median(times.values()) * 1000, "ms", MEDIAN_MS)
    yield Figure(f"TPC-DS, text to plan, the slowest (q{slowest:02})", times[slowest] * 1000, "ms", MOST_MS)
    yield from _growth(runs)


def _growth(runs: int) -> Iterator[Figure]:
    with Engine({"tpch": {"connector.name": "tpch"}}, schema=("tpch", "tiny")) as engine:
        for name, size, text in _LINEAR:
            small = large = math.inf
            for _ in range(runs + 2):  # by turns, so that what else the machine does hits both
                small = min(small, _whole(engine, text(size)))
                large = min(large, _whole(engine, text(2 * size)))
            yield Figure(f"{name}, n = {size}", small * 1000, "ms")
            yield Figure(f"{name}, twice as many / twice the time", large / small / 2, "x", GROWTH)


def _whole(engine: Engine, text: str) -> float:
    """Seconds of the processor: a few milliseconds elapsed tell of whatever else the machine does, not of growth."""
    timing = engine.time_plan(text, time.process_time)
    return timing.planning + timing.lower
