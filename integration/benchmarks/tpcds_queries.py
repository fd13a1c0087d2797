"""TPC-DS, 99 queries over the same Parquet files: through the server and the driver, against bare DuckDB."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

import lodestar
from integration.benchmarks.figures import Figure, processor_seconds, seconds_of
from integration.benchmarks.tpcds_data import query_texts
from integration.toolbox.lanes import Failed

MEMORY = "8GB"
RATIO = 1.25
PROCESSOR_RATIO = 1.25
"""Of server and driver together: what a machine that does other work, too, can tell."""
_RANKED_BY_AVERAGE = frozenset([44])
"""Ranks by the average of a decimal: Trino rounds it to cents, so that others tie than in DuckDB. What a real Trino
answers is compared on the recorded rows, by the lane tpcds."""


def compare_tpcds(dsn: str, pid: int, directory: Path, runs: int) -> Iterator[Figure]:
    """`directory` is that of `make_tpcds`; `dsn` leads to its tables, `pid` is the server's.

    Raises: Failed when the answers differ.
    """
    bare = duckdb.connect(config={"threads": len(os.sched_getaffinity(0)), "memory_limit": MEMORY})
    for folder in sorted(directory.iterdir()):
        bare.execute(f"CREATE VIEW {folder.name} AS SELECT * FROM read_parquet('{folder}/*.parquet')")
    lines = []
    ours_total = bare_total = new_total = ours_processor = bare_processor = 0.0
    with lodestar.connect(dsn) as connection:
        for number, text in query_texts(directory).items():
            _check_same(number, connection.execute(text).fetchall(), bare.execute(text).fetchall(), text)
            ours = theirs = new = math.inf
            for run in range(runs):  # by turns, so that what else the machine does hits both
                started = time.process_time() + processor_seconds(pid)
                ours = min(ours, seconds_of(lambda text=text: connection.execute(text).fetchall()))
                between = time.process_time()
                ours_processor += between + processor_seconds(pid) - started
                theirs = min(theirs, seconds_of(lambda text=text: bare.execute(text).fetchall()))
                bare_processor += time.process_time() - between
                # Another text each time, which is planned; that of above has its plan from the third time on.
                other = f"{text}\n-- {run}"
                new = min(new, seconds_of(lambda other=other: connection.execute(other).fetchall()))
            ours_total, bare_total, new_total = ours_total + ours, bare_total + theirs, new_total + new
            lines.append((ours - theirs, number, ours, theirs))
    print("    the ten that lose most:")
    for _, number, ours, theirs in sorted(lines, reverse=True)[:10]:
        print(f"    q{number:02}: {ours * 1000:7.1f} ms, bare DuckDB {theirs * 1000:7.1f} ms, {ours / theirs:.2f}")
    yield Figure("TPC-DS SF1 Parquet, queries that answer as DuckDB does", len(lines), "", 99, at_most=False)
    yield Figure("TPC-DS SF1 Parquet, 99 queries / bare DuckDB, total time", ours_total / bare_total, "x", RATIO)
    yield Figure("TPC-DS SF1 Parquet, 99 texts never sent before / bare DuckDB", new_total / bare_total, "x")
    ratio = ours_processor / bare_processor
    yield Figure("TPC-DS SF1 Parquet, 99 queries / bare DuckDB, processor time", ratio, "x", PROCESSOR_RATIO)
    bare.close()


def _check_same(number: int, ours: list[Any], theirs: list[Any], text: str) -> None:
    """Rows in any order; where a LIMIT cut, ties may have been cut differently."""
    if len(ours) != len(theirs):
        raise Failed(f"q{number}: {len(ours)} rows, DuckDB has {len(theirs)}")
    if number in _RANKED_BY_AVERAGE or ("LIMIT" in text.upper() and len(ours) >= 100):
        return
    for mine, other in zip(sorted(ours, key=_order), sorted(theirs, key=_order), strict=True):
        if not all(map(_same, mine, other)):
            raise Failed(f"q{number}: {mine}, DuckDB has {other}")


def _order(row: Any) -> tuple[Any, ...]:
    """By what is exact, then by numbers: near ones of the two sides come to the same place."""
    exact = tuple(str(one) for one in row if not isinstance(one, Decimal | float))
    return exact, tuple(float(one) for one in row if isinstance(one, Decimal | float))


def _same(mine: Any, other: Any) -> bool:
    """Trino rounds averages and quotients of decimals, at each step; DuckDB gives doubles."""
    if isinstance(mine, Decimal | float) and isinstance(other, Decimal | float):
        return math.isclose(mine, other, rel_tol=0.01, abs_tol=0.011)
    return bool(mine == other)
