"""TPC-H, 22 queries over the same Parquet files: through the server and the driver, against bare DuckDB."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

import lodestar
from integration.benchmarks.figures import Figure, seconds_of
from integration.toolbox.lanes import Failed

QUERIES = Path(__file__).with_name("tpch")
MEMORY = "8GB"
RATIO = 1.15


def compare_tpch(dsn: str, files: Path, runs: int) -> Iterator[Figure]:
    """`files` has a directory per table. Raises: Failed when the answers differ."""
    bare = duckdb.connect(config={"threads": len(os.sched_getaffinity(0)), "memory_limit": MEMORY})
    for folder in sorted(path for path in files.iterdir() if path.is_dir()):
        bare.execute(f"CREATE VIEW {folder.name} AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    ours_total = bare_total = 0.0
    ratios = []
    with lodestar.connect(dsn) as connection:
        for path in sorted(QUERIES.glob("q*.sql")):
            text = path.read_text()
            _check_same(path.stem, connection.execute(text).fetchall(), bare.execute(text).fetchall())
            ours, theirs = math.inf, math.inf
            for _ in range(runs):  # by turns, so that what else the machine does hits both
                ours = min(ours, seconds_of(lambda text=text: connection.execute(text).fetchall()))
                theirs = min(theirs, seconds_of(lambda text=text: bare.execute(text).fetchall()))
            ours_total, bare_total = ours_total + ours, bare_total + theirs
            ratios.append(ours / theirs)
            print(f"    {path.stem}: {ours * 1000:7.1f} ms, bare DuckDB {theirs * 1000:7.1f} ms, {ours / theirs:.2f}")
    yield Figure("TPC-H SF1 Parquet, 22 queries / bare DuckDB, total time", ours_total / bare_total, "x", RATIO)
    yield Figure("TPC-H, geometric mean of the ratios", math.prod(ratios) ** (1 / len(ratios)), "x")
    bare.close()


def _check_same(name: str, ours: list[Any], theirs: list[Any]) -> None:
    """Trino rounds averages of decimals, DuckDB gives doubles: numbers are compared to six digits."""
    if len(ours) != len(theirs):
        raise Failed(f"{name}: {len(ours)} rows, DuckDB has {len(theirs)}")
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine, other, strict=True):
            same = a == b
            if isinstance(a, Decimal | float | int) and isinstance(b, Decimal | float | int):
                same = math.isclose(a, b, rel_tol=1e-6, abs_tol=0.006)
            if not same:
                raise Failed(f"{name}: {a!r}, DuckDB has {b!r}")
