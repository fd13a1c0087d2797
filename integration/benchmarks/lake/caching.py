"""What a metastore is asked: the first query and the second one, and one partition of a thousand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from integration.benchmarks.figures import Figure, best_of
from integration.benchmarks.lake.places import Serving
from integration.lake.metastores import catalog
from integration.services.hive_metastore import HiveMetastore
from integration.services.thrift_proxy import ThriftProxy
from integration.toolbox.lanes import Skip

PARTITIONS = 1_000
_CACHED = {"hive_metastore__cache__ttl": "1h"}


def count_metastore_calls(runs: int) -> Iterator[Figure]:
    """A real Hive Metastore; nothing where it cannot be had."""
    try:
        metastore = HiveMetastore()
        metastore.start()
    except Skip as reason:
        print(f"    left out: {reason}")
        return
    try:
        with ThriftProxy(metastore.port) as proxy:
            catalogs = {
                "cached": catalog(proxy.uri, metastore.warehouse, **_CACHED),
                "plain": catalog(proxy.uri, metastore.warehouse),
            }
            with Serving(catalogs) as server:
                yield from _measure(server, proxy, metastore.warehouse, runs)
    finally:
        metastore.close()


def _measure(server: Serving, proxy: ThriftProxy, warehouse: Path, runs: int) -> Iterator[Figure]:
    server.run("CREATE SCHEMA plain.bench")
    server.run(
        "CREATE TABLE plain.bench.many (id bigint, p integer) WITH (format = 'PARQUET', partitioned_by = ARRAY['p'])"
    )
    server.run("INSERT INTO plain.bench.many VALUES (0, 0)")
    (table,) = (found.parent for found in warehouse.rglob("p=0"))
    for number in range(1, PARTITIONS):
        (table / f"p={number}").mkdir()
        pq.write_table(pa.table({"id": [number]}), table / f"p={number}" / "one.parquet")
    server.run("CALL plain.system.sync_partition_metadata('bench', 'many', 'ADD')")
    sql = "SELECT count(*), sum(id) FROM {}.bench.many WHERE p = 617"
    server.run("SELECT 1")
    proxy.forget()
    first = best_of(1, server.timed(sql.format("cached")))
    calls = proxy.total
    proxy.forget()
    second = best_of(runs, server.timed(sql.format("cached")))
    calls_again = proxy.total
    yield Figure("metadata cache: calls of the first query", calls, "calls")
    yield Figure("metadata cache: calls of the second query", calls_again, "calls", 0)
    yield Figure("metadata cache: the first query", first * 1000, "ms")
    yield Figure("metadata cache: the second query", second * 1000, "ms")
    proxy.forget()
    plain = best_of(1, server.timed(sql.format("plain")))
    yield Figure(f"one of {PARTITIONS} partitions, no cache: calls", proxy.total, "calls")
    yield Figure(f"one of {PARTITIONS} partitions, no cache: query", plain * 1000, "ms")
    print(f"    {dict(proxy.calls)}")
