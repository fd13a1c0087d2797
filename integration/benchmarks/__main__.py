"""Ratios and times, measured in one run on one machine that does nothing else.

usage: python -m integration.benchmarks [PART …] [--runs N] [--trino]

Parts: start, select, tpch, json, arrow, tpcds, planning, lake (default: all). Exit code 1 when a goal was missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from integration.benchmarks.figures import Figure
from integration.demo.data import make_all
from integration.demo.tour import create_tables
from integration.toolbox.lanes import Failed
from integration.toolbox.lodestar import Lodestar

DATA = Path(__file__).parents[2] / ".demo"
PARTS = ("start", "select", "tpch", "json", "arrow", "tpcds", "planning", "lake")


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m integration.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", choices=[[], *PARTS])
    parser.add_argument("--runs", type=int, default=3, help="of each query; the best counts (default 3)")
    parser.add_argument("--trino", action="store_true", help="also a real Trino 476 on the same files")
    options = parser.parse_args()
    parts = options.parts or PARTS
    missed = 0
    schemas = make_all(DATA / "sample", 1, print)
    for part in PARTS:
        if part not in parts:
            continue
        print(f"{part} …", flush=True)
        for figure in _measure(part, schemas, options.runs):
            print(f"  {figure}", flush=True)
            missed += not figure.met
    if options.trino:
        from integration.benchmarks.real_trino import compare_with_trino

        for figure in compare_with_trino(DATA, schemas["tpch"], options.runs):
            print(f"  {figure}", flush=True)
    print(f"{missed} goals missed" if missed else "all goals met")
    return 1 if missed else 0


def _measure(part: str, schemas: dict[str, Path], runs: int) -> Iterator[Figure]:
    # What a part does not need is not imported: the memory of this process is none of the server's business.
    from integration.benchmarks import answers, tpch_queries

    if part == "start":
        yield from answers.time_start(DATA, runs)
        return
    if part == "lake":
        from integration.benchmarks.lake import measure_lake

        yield from measure_lake(schemas["tpch"], runs)
        return
    if part in ("tpcds", "planning"):
        yield from _measure_tpcds(part, runs)
        return
    with Lodestar(data_dir=DATA, config={"query.max-memory-per-node": tpch_queries.MEMORY}) as server:
        create_tables(server.url, schemas)
        dsn = f"lodestar://bench@127.0.0.1:{server.port}/lake/tpch"
        if part == "select":
            yield from answers.time_select_one(server, dsn)
        elif part == "tpch":
            yield from tpch_queries.compare_tpch(dsn, schemas["tpch"], runs)
        elif part == "json":
            yield from answers.time_json_pages(server)
        elif part == "arrow":
            yield from answers.time_arrow(dsn)


def _measure_tpcds(part: str, runs: int) -> Iterator[Figure]:
    from integration.benchmarks import planning, tpcds_queries
    from integration.benchmarks.tpcds_data import make_tpcds

    directory = make_tpcds(DATA / "sample" / "tpcds-sf1", 1, print)
    if part == "planning":
        yield from planning.time_planning(DATA, directory, runs)
        return
    with Lodestar(data_dir=DATA, config={"query.max-memory-per-node": tpcds_queries.MEMORY}) as server:
        create_tables(server.url, {"tpcds": directory})
        dsn = f"lodestar://bench@127.0.0.1:{server.port}/lake/tpcds"
        yield from tpcds_queries.compare_tpcds(dsn, server.pid, directory, runs)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as reason:
        sys.exit(f"FAILED: {reason}")
