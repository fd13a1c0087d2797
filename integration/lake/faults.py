"""The lane `faults`: a store that answers badly, a server that is killed. Every statement happens once or not at all.

1. Writes (INSERT, CREATE TABLE AS, DELETE, UPDATE, MERGE) to tables of a bucket behind a proxy that answers
   503, breaks lines, cuts bodies short, keeps silent and changes bits of pages, at random. Each write has a marker of
   its own; afterwards the marker is there with all of its rows, exactly once, or not at all, and a write that
   succeeded is there.
2. Reads with the same trouble: right rows, or an error of type EXTERNAL.
3. The server is killed (SIGKILL) in the middle of writes; another one over the same bucket finds each of them whole
   or not at all, and goes on writing.

The numbers are small for every day's run; `--writes 300 --reads 1000 --kills 20` takes a quarter of an hour.

usage: faults.py [--writes N] [--reads N] [--kills N] [--seed S]
"""

from __future__ import annotations

import argparse
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from integration.lake.asking import Lake, s3_catalog
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request, Trouble
from integration.toolbox.lanes import Failed, run_lane
from lodestar_server.plugins.toolkit.parquet_checksums import PageHeader, column_chunks

BUCKET = "faults"
ROWS = 3
"""Of every marker."""
TABLES = ("hive.f.plain", "hive.f.parts", "ice.f.plain", "ice.f.parts")
RETRIES = 3
_QUICK = ("unavailable", "reset", "short", "damaged")
_SILENCE_SECONDS = 1.5
_SOCKET_SECONDS = 1


class Store:
    """The bucket, and the man in the middle."""

    def __init__(self, proxy: RecordingProxy, dice: random.Random) -> None:
        self._proxy = proxy
        self._dice = dice
        self.met: Counter[str] = Counter()
        self.last = ""

    def make_trouble(self) -> None:
        """Somewhere in what comes next: short enough to be outlived by retries, or too long for them."""
        kind = self._dice.choice([*_QUICK, *_QUICK, *_QUICK, "silent"])
        count = self._dice.choice([1, 1, 2, RETRIES, RETRIES + 2, 3 * RETRIES])
        self.met[kind] += 1
        spared = self._dice.randrange(12)
        lock = threading.Lock()

        def applies(request: Request) -> bool:
            nonlocal spared
            with lock:
                spared -= 1
                return spared < 0

        trouble = Trouble(0 if kind == "damaged" else count, applies=applies)
        match kind:
            case "unavailable":
                trouble.status = 503
            case "reset":
                trouble.reset = True
            case "short":
                trouble.short = True
            case "silent":
                trouble.silence = _SILENCE_SECONDS
                trouble.count = min(count, 2)
            case "damaged":
                self._proxy.rewrite = self._damage(count)
        self._proxy.troubles = [trouble]
        self.last = f"{kind}, {trouble.count} times after {spared} requests"

    def _damage(self, count: int) -> Callable[[Request, bytes], bytes]:
        """Another bit in a page of the next Parquet files that are sent whole. What a footer or an ORC file says has
        no checksum by their formats: there is nothing by which damage could be seen."""
        lock = threading.Lock()

        def rewrite(request: Request, content: bytes) -> bytes:
            nonlocal count
            if not (request.method == "GET" and content[:4] == content[-4:] == b"PAR1"):
                return content
            with lock:
                count -= 1
                if count < 0:
                    return content
                chunks = column_chunks(content)
                assert chunks is not None
                start = self._dice.choice(chunks.starts)
                header = PageHeader(memoryview(content), start)
                if header.size < 1:
                    return content
                damaged = bytearray(content)
                damaged[self._dice.randrange(header.end, header.end + header.size)] ^= 1 << self._dice.randrange(8)
                return bytes(damaged)

        return rewrite

    def calm(self) -> None:
        """No more of it."""
        self._proxy.troubles = []
        self._proxy.rewrite = None


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
    return {"hive": hive, "ice": s3_catalog(url, "iceberg", warehouse=f"s3://{BUCKET}/ice", **hurry)}


def make_tables(lake: Lake) -> None:
    """Empty ones."""
    columns = "w bigint, n bigint, name varchar, p varchar"
    for catalog in ("hive", "ice"):
        lake.run(f"CREATE SCHEMA {catalog}.f")
    lake.run(f"CREATE TABLE hive.f.plain ({columns}) WITH (format = 'PARQUET')")
    lake.run(f"CREATE TABLE hive.f.parts ({columns}) WITH (format = 'ORC', partitioned_by = ARRAY['p'])")
    lake.run(f"CREATE TABLE ice.f.plain ({columns})")
    lake.run(f"CREATE TABLE ice.f.parts ({columns}) WITH (partitioning = ARRAY['p'])")


def write(lake: Lake, store: Store, model: Model, dice: random.Random, count: int) -> Counter[str]:
    """Writes with trouble, each checked in calm."""
    ends: Counter[str] = Counter()
    for marker in range(1, count + 1):
        sql, table, allowed = statement(dice, model, marker)
        if dice.random() < 0.1:
            created = f"{table.partition('.')[0]}.f.made_{marker}"
            ends[create(lake, store, created, marker)] += 1
            continue
        store.make_trouble()
        outcome = lake.ask(sql)
        store.calm()
        if outcome.error is None:
            ends["done"] += 1
            wanted = expected(sql, model, table, marker, allowed)
            allowed = {one: (rows,) for one, rows in wanted.items()}
        else:
            ends[outcome.error_name] += 1
            check_external(sql, outcome.error)
            if len(allowed) == 2:
                check_together(lake, table, allowed)
        model.check(lake, table, allowed)
    return ends


def check_together(lake: Lake, table: str, allowed: dict[int, tuple[int, ...]]) -> None:
    """Of a statement with two effects both have happened, or none."""
    names = ", ".join(map(str, allowed))
    found = lake.run(f"SELECT w, count(*) FROM {table} WHERE w IN ({names}) GROUP BY w")
    if len(found) != 1 or found[0][1] != ROWS:
        raise Failed(f"{table}: half of a change, {found}")


def create(lake: Lake, store: Store, table: str, marker: int) -> str:
    """CREATE TABLE AS in trouble: the table is there with all of its rows, or its name is free."""
    sql = f"CREATE TABLE {table} AS SELECT * FROM (VALUES {values(marker)}) AS t(w, n, name, p)"
    store.make_trouble()
    outcome = lake.ask(sql)
    store.calm()
    again = lake.ask(f"SELECT count(*) FROM {table}")
    if outcome.error is None and again.rows != [[ROWS]]:
        raise Failed(f"{table} was made, but {again.rows or again.error_name}")
    if outcome.error is not None:
        check_external(sql, outcome.error)
        if again.error is None:
            if again.rows != [[ROWS]]:
                raise Failed(f"{table} is there with {again.rows}")
        elif again.error_name != "TABLE_NOT_FOUND":
            raise Failed(f"{table} is neither there nor not: {again.error_name}")
        elif lake.ask(sql).error is not None:
            raise Failed(f"{table} cannot be made again")
    return "done" if outcome.error is None else outcome.error_name


def check_external(sql: str, error: Any) -> None:
    """The world's fault, and told as such."""
    if error["errorType"] != "EXTERNAL":
        raise Failed(f"{sql[:80]}: {error['errorName']} ({error['errorType']}): {error['message'][:200]}")


def read(lake: Lake, store: Store, model: Model, dice: random.Random, count: int) -> Counter[str]:
    """Reads with trouble."""
    ends: Counter[str] = Counter()
    for number in range(count):
        table = dice.choice(TABLES)
        known = model.markers[table]
        queries: list[tuple[str, list[list[Any]]]] = [
            (f"SELECT count(*), count(DISTINCT w) FROM {table}", [[sum(known.values()), len(known)]]),
            (f"SELECT sum(w * n) FROM {table} WHERE n > 0", [[sum(w * 3 for w in known) or None]]),
            (f"SELECT max(w), count(name) FROM {table} WHERE p = 'p1'", [[max(known, default=None), len(known)]]),
        ]
        sql, wanted = dice.choice(queries)
        if number % 3:
            store.make_trouble()
        outcome = lake.ask(sql)
        store.calm()
        if outcome.error is not None:
            ends[outcome.error_name] += 1
            check_external(sql, outcome.error)
        elif outcome.rows != wanted:
            raise Failed(f"{sql} gave {outcome.rows}, not {wanted}: {store.last}")
        else:
            ends["right"] += 1
    return ends


def kill(url: str, model: Model, dice: random.Random, count: int, first: int) -> Counter[str]:
    """Servers that die while they write."""
    ends: Counter[str] = Counter()
    for marker in range(first, first + count):
        lake = Lake(catalogs(url)).start()
        sql, table, allowed = statement(dice, model, marker)
        moment = dice.uniform(0.0, 0.25)
        done = threading.Event()

        def run(lake: Lake = lake, sql: str = sql, done: threading.Event = done) -> None:
            try:
                if lake.ask(sql).error is None:
                    done.set()
            except (OSError, HTTPException):
                pass

        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(moment)
        lake.server.process.kill()
        thread.join()
        lake.stop()
        next_lake = Lake(catalogs(url)).start()
        try:
            if done.is_set():
                wanted = expected(sql, model, table, marker, allowed)
                allowed = {one: (rows,) for one, rows in wanted.items()}
            elif len(allowed) == 2:
                check_together(next_lake, table, allowed)
            before = model.markers[table].get(marker, 0)
            model.check(next_lake, table, allowed)
            ends[
                "answered" if done.is_set() else "kept" if model.markers[table].get(marker, 0) != before else "lost"
            ] += 1
        finally:
            next_lake.stop()
    return ends


def tell(name: str, ends: Counter[str]) -> None:
    """How they ended."""
    listed = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    print(f"{name}: {sum(ends.values())}: {listed}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--writes", type=int, default=40)
    parser.add_argument("--reads", type=int, default=120)
    parser.add_argument("--kills", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    model = Model()
    with Moto() as aws, RecordingProxy(aws.url) as proxy:
        aws.make_bucket(BUCKET)
        store = Store(proxy, dice)
        lake = Lake(catalogs(proxy.url)).start()
        try:
            make_tables(lake)
            for name, ends in (
                ("writes", write(lake, store, model, dice, arguments.writes)),
                ("reads", read(lake, store, model, dice, arguments.reads)),
            ):
                print(
                    f"{name}: {sum(ends.values())}: {', '.join(f'{count} {end}' for end, count in ends.most_common())}"
                )
        finally:
            lake.stop()
        tell("kills", kill(proxy.url, model, dice, arguments.kills, arguments.writes + 1))
        trouble = ", ".join(f"{count} {kind}" for kind, count in store.met.most_common())
        print(f"trouble: {trouble}; {len(proxy.requests)} requests; seed {arguments.seed}")


if __name__ == "__main__":
    run_lane(main)
