"""A hundred thousand files, found by a query that has none of them to read (they are empty)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from integration.benchmarks.figures import Figure, best_of
from integration.benchmarks.lake.places import BUCKET, Serving, bucket_of, remote_catalog
from integration.lake.asking import REGION
from integration.services.far import FarAway
from integration.services.rclone import RcloneS3
from integration.toolbox.lanes import Failed

LATENCY = 0.02
PARTITIONS = 100
FILES = 1_000
"""Of each partition: what a store tells in one page."""
GOAL = 5


def time_listing() -> Iterator[Figure]:
    """Nothing of a listing is remembered by us."""
    gateway = RcloneS3(BUCKET)
    for number in range(PARTITIONS):
        directory = bucket_of(gateway) / "many" / f"p={number}"
        directory.mkdir(parents=True)
        for file in range(FILES):
            (directory / f"{file:04}.parquet").touch()
    with (
        tempfile.TemporaryDirectory() as metastore,
        gateway,
        FarAway(gateway.url, LATENCY) as far,
        Serving({"hive": remote_catalog(far.url, Path(metastore))}) as server,
    ):
        server.run("CREATE SCHEMA hive.s")
        server.run(
            "CREATE TABLE hive.s.many (id bigint, p integer) WITH "
            f"(format = 'PARQUET', partitioned_by = ARRAY['p'], external_location = 's3://{BUCKET}/many')"
        )
        server.run("CALL hive.system.sync_partition_metadata('s', 'many', 'ADD')")
        sql = "SELECT count(*) FROM hive.s.many"
        server.run(sql)  # The gateway looks at each file once.
        far.forget()
        ours = best_of(1, server.timed(sql))
        requests = far.requests()
        pages = best_of(1, lambda: _one_page_after_another(far.url, gateway))
    shown = f"{PARTITIONS * FILES:,} files, {LATENCY * 1000:.0f} ms away"
    yield Figure(f"{shown}: requests", len(requests), "requests")
    yield Figure(f"{shown}: our listing", ours * 1000, "ms")
    yield Figure(f"{shown}: one page after another", pages * 1000, "ms")
    yield Figure(f"{shown}: one page after another / our listing", pages / ours, "x", GOAL, at_most=False)


def _one_page_after_another(url: str, gateway: RcloneS3) -> None:
    """As a program does that asks Amazon's library for a directory after the other."""
    from botocore.config import Config
    from botocore.session import get_session

    client = get_session().create_client(
        "s3",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=gateway.access_key,
        aws_secret_access_key=gateway.secret_key,
        config=Config(s3={"addressing_style": "path"}),
    )
    found = 0
    for number in range(PARTITIONS):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"many/p={number}/")
        found += sum(len(page.get("Contents", ())) for page in pages)
    if found != PARTITIONS * FILES:
        raise Failed(f"{found} files listed")
