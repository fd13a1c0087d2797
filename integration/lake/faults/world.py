"""What the faults meet: a bucket with tables of two connectors, writes with markers, and what has to be there."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

from integration.lake.asking import Lake, s3_catalog
from integration.toolbox.lanes import Failed

BUCKET = "faults"
ROWS = 3
"""Of every marker."""
TABLES = ("hive.f.plain", "hive.f.parts", "ice.f.plain", "ice.f.parts")
RETRIES = 3
_SOCKET_SECONDS = 1


class Model:
    """What has to be in each table: marker → rows (0 or all of them)."""

    def __init__(self) -> None:
        self.markers: dict[str, dict[int, int]] = {table: {} for table in TABLES}

    def check(self, lake: Lake, table: str, undecided: dict[int, tuple[int, ...]]) -> None:
        """Compare with the table. `undecided`: numbers of rows that a marker may have."""
        found = dict(lake.run(f"SELECT w, count(*) FROM {table} GROUP BY w"))
        known = self.markers[table]
        for marker in sorted({*found, *known, *undecided}):
            allowed = undecided.get(marker, (known.get(marker, 0),))
            if found.get(marker, 0) not in allowed:
                raise Failed(f"{table}: marker {marker} has {found.get(marker, 0)} rows, allowed are {allowed}")
        if lake.run(f"SELECT count(*) FROM (SELECT w, n FROM {table} GROUP BY w, n HAVING count(*) > 1)") != [[0]]:
            raise Failed(f"{table}: rows are there twice")
        self.markers[table] = {marker: count for marker, count in found.items() if count}


def values(marker: int) -> str:
    """Rows of a marker; they go to three partitions."""
    return ", ".join(f"({marker}, {n}, 'text {marker}-{n}', 'p{n}')" for n in range(ROWS))


def statement(dice: random.Random, model: Model, marker: int) -> tuple[str, str, dict[int, tuple[int, ...]]]:
    """A write, its table, and what it may leave: nothing, or everything."""
    table = dice.choice(TABLES)
    there = list(model.markers[table])
    insert = f"INSERT INTO {table} VALUES {values(marker)}"
    if table.startswith("hive") or not there or dice.random() < 0.4:
        return insert, table, {marker: (0, ROWS)}
    old = dice.choice(there)
    match dice.choice(["delete", "update", "merge"]):
        case "delete":
            return f"DELETE FROM {table} WHERE w = {old}", table, {old: (0, ROWS)}
        case "update":
            return f"UPDATE {table} SET w = {marker} WHERE w = {old}", table, {old: (0, ROWS), marker: (0, ROWS)}
    merge = (
        f"MERGE INTO {table} t USING (VALUES {values(old)}, {values(marker)}) AS s(w, n, name, p) "
        "ON t.w = s.w AND t.n = s.n WHEN MATCHED THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT VALUES (s.w, s.n, s.name, s.p)"
    )
    return merge, table, {old: (0, ROWS), marker: (0, ROWS)}


def expected(sql: str, model: Model, table: str, marker: int, allowed: dict[int, tuple[int, ...]]) -> dict[int, int]:
    """What a write that succeeded leaves of its markers."""
    if sql.startswith("INSERT"):
        return {marker: ROWS}
    return {one: ROWS if one == marker else 0 for one in allowed}


def catalogs(url: str) -> dict[str, dict[str, str]]:
    """Two connectors, impatient with the store."""
    hurry = {
        "s3_max__error__retries": str(RETRIES),
        "s3_socket__timeout": f"{_SOCKET_SECONDS}s",
        "s3_socket__connect__timeout": f"{_SOCKET_SECONDS}s",
    }
    hive = s3_catalog(url, warehouse=f"s3://{BUCKET}/hive", **hurry)
    orphans = {"iceberg_remove__orphan__files_min__retention": "0s"}
    ice = s3_catalog(url, "iceberg", warehouse=f"s3://{BUCKET}/ice", **hurry, **orphans)
    glue = {
        **{key: value for key, value in hive.items() if not key.startswith("hive.metastore")},
        "hive.metastore": "glue",
        "hive.metastore.glue.region": "eu-west-1",
        "hive.metastore.glue.endpoint-url": url,
        "hive.metastore.glue.aws-access-key": "glueuser",
        "hive.metastore.glue.aws-secret-key": "secret",
        "hive.metastore.glue.default-warehouse-dir": f"s3://{BUCKET}/glue",
    }
    return {"hive": hive, "ice": ice, "glue": glue}


def make_tables(lake: Lake) -> None:
    """Empty ones."""
    columns = "w bigint, n bigint, name varchar, p varchar"
    for catalog in ("hive", "ice"):
        lake.run(f"CREATE SCHEMA {catalog}.f")
    lake.run(f"CREATE TABLE hive.f.plain ({columns}) WITH (format = 'PARQUET')")
    lake.run(f"CREATE TABLE hive.f.parts ({columns}) WITH (format = 'ORC', partitioned_by = ARRAY['p'])")
    lake.run(f"CREATE TABLE ice.f.plain ({columns})")
    lake.run(f"CREATE TABLE ice.f.parts ({columns}) WITH (partitioning = ARRAY['p'])")


def check_together(lake: Lake, table: str, allowed: dict[int, tuple[int, ...]]) -> None:
    """Of a statement with two effects both have happened, or none."""
    names = ", ".join(map(str, allowed))
    found = lake.run(f"SELECT w, count(*) FROM {table} WHERE w IN ({names}) GROUP BY w")
    if len(found) != 1 or found[0][1] != ROWS:
        raise Failed(f"{table}: half of a change, {found}")


def check_external(sql: str, error: Any) -> None:
    """The world's fault, and told as such."""
    if error["errorType"] != "EXTERNAL":
        raise Failed(f"{sql[:80]}: {error['errorName']} ({error['errorType']}): {error['message'][:200]}")


def tell(name: str, ends: Counter[str]) -> None:
    """How they ended."""
    listed = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    print(f"{name}: {sum(ends.values())}: {listed}", flush=True)
