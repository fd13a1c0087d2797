"""Writes and reads with a store that answers badly, and servers that are killed at random moments."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

from integration.lake.asking import Lake
from integration.lake.faults.world import (
    RETRIES,
    ROWS,
    TABLES,
    Model,
    catalogs,
    check_external,
    check_together,
    expected,
    statement,
    values,
)
from integration.services.proxy import RecordingProxy, Request, Trouble
from integration.toolbox.lanes import Failed
from lodestar_server.plugins.toolkit.parquet_checksums import PageHeader, column_chunks

_QUICK = ("unavailable", "reset", "short", "damaged")
_SILENCE_SECONDS = 1.5


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
