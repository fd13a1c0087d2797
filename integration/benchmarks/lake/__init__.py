"""The speed of tables in stores: ratios within one run on one machine that does nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from integration.benchmarks.figures import Figure


def measure_lake(tpch: Path, runs: int) -> Iterator[Figure]:
    """`tpch`: a directory per table. Three to five minutes."""
    from integration.benchmarks.lake import caching, latency, listing, requests, writing
    from integration.benchmarks.lake import tpch as queries

    yield from latency.time_far_files(runs)
    yield from requests.count_requests(tpch, runs)
    yield from listing.time_listing()
    yield from caching.count_metastore_calls(runs)
    yield from writing.time_writing(tpch, min(runs, 2))
    yield from queries.compare_near_and_far(tpch, runs)
