"""Servers that are killed at each step of a statement: when the first, the second, … change of a store or metastore has
had its effect and before its answer is given.

No part of the server knows of it: the man in the middle counts the requests that change something, and kills.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException

from integration.lake.asking import Lake
from integration.lake.faults.leftovers import check_leftovers
from integration.lake.faults.world import ROWS, catalogs, values
from integration.services.moto import Moto
from integration.services.proxy import RecordingProxy, Request
from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Outcome

_READING = ("AWSGlue.Get", "AWSGlue.BatchGet")


class Executioner:
    """Kills when a change has passed."""

    def __init__(self, proxy: RecordingProxy) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._at = 0
        self.changes = 0
        self.last = ""
        proxy.after = self._passed

    def arm(self, pid: int, at: int = 0) -> None:
        """Count from now on; at the change of this number the process ends."""
        with self._lock:
            self._pid, self._at, self.changes = pid, at, 0

    def _passed(self, request: Request) -> None:
        target = request.headers.get("x-amz-target", "")
        if request.method in ("GET", "HEAD") or target.startswith(_READING):
            return
        with self._lock:
            self.changes += 1
            self.last = f"{request.method} {target or request.path}"
            if self._at and self.changes == self._at:
                os.killpg(self._pid, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of statement: what it is for a marker, and the rows of markers before and after it.

    `first` is run by a server that lives. `table` is asked for its rows; with `{}` the statement makes it.
    """

    name: str
    table: str
    sql: Callable[[int], str]
    before: Callable[[int], dict[int, int]]
    after: Callable[[int], dict[int, int]]
    first: Callable[[int], str] | None = None

    def of(self, marker: int) -> str:
        """The table of a marker."""
        return self.table.format(marker)


def _insert(table: str) -> Callable[[int], str]:
    return lambda marker: f"INSERT INTO {table} VALUES {values(marker)}"


def _new_partition(table: str) -> Callable[[int], str]:
    """Two partitions that are there and one that is not."""
    return lambda marker: (
        f"INSERT INTO {table} VALUES ({marker}, 0, 'a', 'p0'), ({marker}, 1, 'b', 'p1'), "
        f"({marker}, 2, 'c', 'q{marker}')"
    )


def _create(table: str, properties: str = "") -> Callable[[int], str]:
    return lambda marker: (
        f"CREATE TABLE {table.format(marker)} {properties} AS "
        f"SELECT * FROM (VALUES {values(marker)}) AS t(w, n, name, p)"
    )


def _nothing(marker: int) -> dict[int, int]:
    return {}


def _rows(marker: int) -> dict[int, int]:
    return {marker: ROWS}


def _old(marker: int) -> dict[int, int]:
    return {-marker: ROWS}


def _merge(table: str) -> Callable[[int], str]:
    return lambda marker: (
        f"MERGE INTO {table} t USING (VALUES {values(-marker)}, {values(marker)}) AS s(w, n, name, p) "
        "ON t.w = s.w AND t.n = s.n WHEN MATCHED THEN DELETE "
        "WHEN NOT MATCHED THEN INSERT VALUES (s.w, s.n, s.name, s.p)"
    )


def _before_it(table: str) -> Callable[[int], str]:
    return lambda marker: f"INSERT INTO {table} VALUES {values(-marker)}"


_BY_P = "WITH (partitioned_by = ARRAY['p'])"
VIEW = "ice.k.view"
KINDS = (
    Kind("hive insert", "hive.k.plain", _insert("hive.k.plain"), _nothing, _rows),
    Kind("hive insert into partitions", "hive.k.parts", _new_partition("hive.k.parts"), _nothing, _rows),
    Kind("hive create", "hive.k.made_{}", _create("hive.k.made_{}"), _nothing, _rows),
    Kind("hive create with partitions", "hive.k.cut_{}", _create("hive.k.cut_{}", _BY_P), _nothing, _rows),
    Kind("glue insert", "glue.k.plain", _insert("glue.k.plain"), _nothing, _rows),
    Kind("glue insert into partitions", "glue.k.parts", _new_partition("glue.k.parts"), _nothing, _rows),
    Kind("glue create", "glue.k.made_{}", _create("glue.k.made_{}"), _nothing, _rows),
    Kind("glue create with partitions", "glue.k.cut_{}", _create("glue.k.cut_{}", _BY_P), _nothing, _rows),
    Kind(
        "glue delete",
        "glue.k.gone",
        lambda marker: "DELETE FROM glue.k.gone",
        _old,
        _nothing,
        _before_it("glue.k.gone"),
    ),
    Kind("iceberg insert", "ice.k.plain", _insert("ice.k.plain"), _nothing, _rows),
    Kind("iceberg create", "ice.k.made_{}", _create("ice.k.made_{}"), _nothing, _rows),
    Kind("iceberg merge", "ice.k.parts", _merge("ice.k.parts"), _old, _rows, _before_it("ice.k.parts")),
    Kind(
        "iceberg update",
        "ice.k.parts",
        lambda marker: f"UPDATE ice.k.parts SET w = {marker} WHERE w = {-marker}",
        _old,
        _rows,
        _before_it("ice.k.parts"),
    ),
    Kind(
        "iceberg delete",
        "ice.k.parts",
        lambda marker: f"DELETE FROM ice.k.parts WHERE w = {-marker} AND n >= 0",
        _old,
        _nothing,
        _before_it("ice.k.parts"),
    ),
    Kind(
        "refresh",
        'ice.k."view$materialized_view_storage"',
        lambda marker: f"REFRESH MATERIALIZED VIEW {VIEW}",
        _nothing,
        _rows,
        lambda marker: f"INSERT INTO ice.k.base VALUES {values(marker)}",
    ),
)


def make_tables(lake: Lake) -> None:
    """Those that the statements change."""
    columns = "w bigint, n bigint, name varchar, p varchar"
    for catalog in ("hive", "glue", "ice"):
        lake.run(f"CREATE SCHEMA {catalog}.k")
        lake.run(f"CREATE TABLE {catalog}.k.plain ({columns})")
        properties = _BY_P if catalog != "ice" else "WITH (partitioning = ARRAY['p'])"
        lake.run(f"CREATE TABLE {catalog}.k.parts ({columns}) {properties}")
        lake.run(f"INSERT INTO {catalog}.k.parts VALUES (0, 0, 'zero', 'p0'), (0, 1, 'one', 'p1')")
    lake.run(f"CREATE TABLE glue.k.gone ({columns})")
    lake.run(f"CREATE TABLE ice.k.base ({columns})")
    lake.run(f"CREATE MATERIALIZED VIEW {VIEW} AS SELECT w, n FROM ice.k.base")
    lake.run(f"REFRESH MATERIALIZED VIEW {VIEW}")


class Killings:
    """One server after the other. `found` counts how statements ended."""

    def __init__(self, aws: Moto, proxy: RecordingProxy) -> None:
        self._aws = aws
        self._proxy = proxy
        self._executioner = Executioner(proxy)
        self._lake = Lake(catalogs(proxy.url)).start()
        self._marker = 1
        self.found: Counter[str] = Counter()

    def close(self) -> None:
        """The last server goes."""
        self._proxy.after = None
        self._lake.stop()

    def prepare(self) -> None:
        """Make tables."""
        make_tables(self._lake)

    def kill_at_steps(self, kind: Kind, most: int | None, dice: random.Random) -> tuple[int, int]:
        """At all steps, or some of them; how many were tried, and how many there are."""
        total = self._run(kind, 0)
        chosen = list(range(1, total + 1))
        if most is not None and most < total:
            chosen = sorted(dice.sample(chosen, most))
        for at in chosen:
            self._run(kind, at)
        check_leftovers(self._lake, self._aws, kind.of(self._marker).split(".")[0])
        return len(chosen), total

    def _run(self, kind: Kind, at: int) -> int:
        """Run a statement and kill at a step (0: at none); the number of changes."""
        self._marker += 1
        marker = self._marker
        if kind.first is not None:
            self._lake.run(kind.first(marker))
        self._executioner.arm(self._lake.server.pid, at)
        outcome: Outcome | None = None
        with suppress(OSError, HTTPException):
            outcome = self._lake.ask(kind.sql(marker))
        changes = self._executioner.changes
        self._executioner.arm(0)
        where = f"{kind.name}, killed at step {at} ({self._executioner.last})"
        killed = bool(at) and changes >= at
        if killed:
            self._lake.server.process.kill()
            self._lake.stop()
            self._lake = Lake(catalogs(self._proxy.url)).start()
        answered = outcome is not None and outcome.error is None
        if not answered and not killed:
            raise Failed(f"{where}: {outcome and outcome.error}")
        self._check(kind, marker, answered, where)
        return changes

    def _check(self, kind: Kind, marker: int, answered: bool, where: str) -> None:
        table, lake = kind.of(marker), self._lake
        sql = f"SELECT w, count(*), count(DISTINCT n) FROM {table} WHERE abs(w) = {marker} GROUP BY w"
        asked = lake.ask(sql)
        if asked.error is not None and (asked.error_name != "TABLE_NOT_FOUND" or "{" not in kind.table):
            raise Failed(f"{where}: {asked.error}")
        missing = asked.error is not None
        if any(count != distinct for _, count, distinct in asked.rows):
            raise Failed(f"{where}: rows are there twice: {asked.rows}")
        rows = {w: count for w, count, _ in asked.rows}
        allowed = [kind.after(marker)] if answered else [kind.before(marker), kind.after(marker)]
        if rows not in allowed or ("{" in kind.table and missing == bool(rows)):
            raise Failed(f"{where}: {rows}, allowed are {allowed}")
        self.found["answered" if answered else "whole" if rows == kind.after(marker) else "not at all"] += 1
        again = kind.sql(marker) if missing else None
        if kind.name == "refresh" or (again is None and rows == kind.before(marker) and not answered):
            again = kind.sql(marker)
        if again is not None:
            lake.run(again)
        elif "INSERT" in kind.sql(marker)[:6]:
            self._marker += 1
            lake.run(kind.sql(self._marker))
        found = {w: count for w, count, _ in lake.run(sql)}
        if found != kind.after(marker):
            raise Failed(f"{where}: after the next write {found}, wanted is {kind.after(marker)}")
