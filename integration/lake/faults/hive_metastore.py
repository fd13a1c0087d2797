"""A Hive Metastore between which and our files processes die: the server at each call of a statement, and the metastore
itself."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from integration.lake.asking import Lake
from integration.lake.faults.leftovers import await_none
from integration.lake.faults.world import ROWS, values
from integration.lake.metastores import catalog
from integration.services.hive_metastore import HiveMetastore
from integration.services.thrift_proxy import ThriftProxy
from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Outcome

_READING = ("get_", "set_ugi", "check_lock")
_COLUMNS = "w bigint, n bigint, name varchar, p varchar"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement. With `{}` in the name of its table the statement makes it."""

    name: str
    table: str
    sql: str


_VALUES = "SELECT * FROM (VALUES {values}) AS t(w, n, name, p)"
KINDS = (
    Kind("insert", "hive.k.plain", "INSERT INTO {table} VALUES {values}"),
    Kind(
        "insert into partitions",
        "hive.k.parts",
        "INSERT INTO {table} VALUES {values}, ({marker}, 9, 'q', 'q{marker}')",
    ),
    Kind("create", "hive.k.made_{}", "CREATE TABLE {table} AS " + _VALUES),
    Kind(
        "create with partitions",
        "hive.k.cut_{}",
        "CREATE TABLE {table} WITH (partitioned_by = ARRAY['p']) AS " + _VALUES,
    ),
    Kind("iceberg insert", "ice.i.plain", "INSERT INTO {table} VALUES {values}"),
    Kind("iceberg create", "ice.i.made_{}", "CREATE TABLE {table} AS " + _VALUES),
    Kind("iceberg delete", "ice.i.gone", "DELETE FROM {table} WHERE w = {marker}"),
)


class Metastores:
    """One metastore after the other over the same tables, and servers that ask it through one door."""

    def __init__(self) -> None:
        self._hive = HiveMetastore()
        self._hive.start()
        self._proxy = ThriftProxy(self._hive.port)
        self._proxy.__enter__()
        self._proxy.passing = self._passing
        self._lock = threading.Lock()
        self._victim: Callable[[], None] | None = None
        self._at = 0
        self._calls = 0
        self._last = ""
        self._marker = 1
        self.found: Counter[str] = Counter()
        self._lake = self._server()
        self._lake.run("CREATE SCHEMA hive.k")
        self._lake.run("CREATE SCHEMA ice.i")
        self._lake.run(f"CREATE TABLE hive.k.plain ({_COLUMNS})")
        self._lake.run(f"CREATE TABLE hive.k.parts ({_COLUMNS}) WITH (partitioned_by = ARRAY['p'])")
        self._lake.run("INSERT INTO hive.k.parts VALUES (0, 0, 'zero', 'p0'), (0, 1, 'one', 'p1')")
        self._lake.run(f"CREATE TABLE ice.i.plain ({_COLUMNS})")
        self._lake.run(f"CREATE TABLE ice.i.gone ({_COLUMNS})")

    def _server(self) -> Lake:
        hurry = {
            "hive_metastore_thrift_client_max__retries": "1",
            "hive_metastore_thrift_client_min__backoff__delay": "10ms",
        }
        made = {
            name: catalog(self._proxy.uri, self._hive.warehouse, connector=connector, **hurry)
            for name, connector in (("hive", "hive"), ("ice", "iceberg"))
        }
        return Lake(made).start()

    def close(self) -> None:
        """Everything goes."""
        self._lake.stop()
        self._proxy.close()
        self._hive.close()

    def _passing(self, call: str) -> None:
        """Before the metastore gets a call."""
        if call.startswith(_READING):
            return
        with self._lock:
            self._calls += 1
            self._last = call
            if self._victim is not None and self._calls == self._at:
                self._victim()

    def kill_at_calls(self, kind: Kind, most: int | None, dice: random.Random) -> tuple[int, int]:
        """The server at calls that change something: all of them or some; how many were tried, and how many there are.

        A call that has begun to pass reaches the metastore, whoever dies.
        """
        total = self._run(kind, 0, None)
        chosen = list(range(1, total + 1))
        if most is not None and most < total:
            chosen = sorted(dice.sample(chosen, most))
        for at in chosen:
            self._run(kind, at, "server")
        return len(chosen), total

    def kill_metastore(self, kind: Kind) -> None:
        """Between the files and the call that tells of them."""
        self._run(kind, 1, "metastore")

    def _run(self, kind: Kind, at: int, victim: str | None) -> int:
        self._marker += 1
        marker = self._marker
        table = kind.table.format(marker)
        deletes = kind.sql.startswith("DELETE")
        if deletes:
            self._lake.run(f"INSERT INTO {table} VALUES {values(marker)}")
        sql = kind.sql.format(table=table, values=values(marker), marker=marker)
        many = ROWS + sql.count(f"'q{marker}'")
        pid = self._lake.server.pid
        with self._lock:
            self._calls, self._at = 0, at
            self._victim = None
            if victim == "server":
                self._victim = lambda: os.killpg(pid, signal.SIGKILL)
            elif victim == "metastore":
                self._victim = self._hive.process.kill
        outcome: Outcome | None = None
        with suppress(OSError, HTTPException):
            outcome = self._lake.ask(sql)
        with self._lock:
            calls, self._victim = self._calls, None
        where = f"{kind.name}, {victim} killed at call {at} ({self._last})"
        if victim == "metastore":
            self._hive.start()
        killed = victim == "server" and calls >= at
        if killed:
            self._lake.server.process.kill()
            self._lake.stop()
            self._lake = self._server()
        answered = outcome is not None and outcome.error is None
        if outcome is not None and outcome.error is not None:
            if victim is None or outcome.error["errorType"] != "EXTERNAL":
                raise Failed(f"{where}: {outcome.error}")
        self._check(kind, table, marker, sql, many, answered, deletes, where)
        return calls

    def _check(
        self,
        kind: Kind,
        table: str,
        marker: int,
        sql: str,
        many: int,
        answered: bool,
        deletes: bool,
        where: str,
    ) -> None:
        done, undone = (0, many) if deletes else (many, 0)
        query = f"SELECT count(*), count(DISTINCT n) FROM {table} WHERE w = {marker}"
        asked = self._lake.ask(query)
        made = "{" in kind.table
        if asked.error is not None and not (made and asked.error_name == "TABLE_NOT_FOUND"):
            raise Failed(f"{where}: {asked.error}")
        rows, distinct = asked.rows[0] if asked.error is None else (0, 0)
        missing = asked.error is not None
        if (
            rows != distinct
            or rows not in ((done,) if answered else (done, undone))
            or (made and missing == bool(rows))
        ):
            raise Failed(f"{where}: {rows} rows of {distinct} numbers, allowed are {done}, or {undone} without answer")
        self.found["answered" if answered else "whole" if rows == done else "not at all"] += 1
        if rows == undone or missing:
            self._lake.run(sql)
        elif not made and not deletes:
            self._lake.run(f"INSERT INTO {table} VALUES {values(-marker)}")
        if self._lake.run(query) != [[done, done]]:
            raise Failed(f"{where}: after the next write {self._lake.run(query)}")

    def check_leftovers(self) -> None:
        """Every file of a Hive table belongs to it. Raises: Failed."""
        await_none("hive metastore", self._leftovers)

    def _leftovers(self) -> list[str]:
        known: set[str] = set()
        for (table,) in self._lake.run("SHOW TABLES FROM hive.k"):
            paths = self._lake.run(f'SELECT DISTINCT "$path" FROM hive.k.{table}')
            known |= {Path(path).name for (path,) in paths}
        return [
            str(path.relative_to(self._hive.warehouse))
            for path in (self._hive.warehouse / "k.db").rglob("*")
            if path.is_file() and path.suffix not in (".changed", ".crc") and path.name not in known
        ]


def measure(most: int | None, dice: random.Random) -> tuple[Counter[str], str]:
    """Kill servers and metastores; how statements ended, and what was tried. Raises: Skip without Java.

    Of a single step for each kind there are two kinds, and one death of the metastore.
    """
    metastores = Metastores()
    started = time.monotonic()
    kinds = [KINDS[0], dice.choice(KINDS[1:])] if most == 1 else list(KINDS)
    try:
        tried = total = deaths = 0
        for kind in kinds:
            some, all_ = metastores.kill_at_calls(kind, most, dice)
            tried, total = tried + some, total + all_
            if most is None or kind is KINDS[0]:
                metastores.kill_metastore(kind)
                deaths += 1
            print(f"hive metastore, {kind.name}: {some} kills at {all_} calls", flush=True)
        metastores.check_leftovers()
        seconds = time.monotonic() - started
        return metastores.found, f"hive metastore, {tried} kills at {total} calls, {deaths} of its own, {seconds:.0f} s"
    finally:
        metastores.close()
