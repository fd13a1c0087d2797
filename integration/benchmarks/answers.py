"""How long a client waits: for SELECT 1, for the first answer of a new server, for six million rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import trino

import lodestar
from integration.benchmarks.figures import Figure, best_of, median_of, resident_bytes
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements

_ROWS = 6_001_215
_LINEITEM = "SELECT * FROM lake.tpch.lineitem"


def time_select_one(server: Lodestar, dsn: str) -> Iterator[Figure]:
    """Medians over 500 statements on one connection."""
    stock = trino.dbapi.connect(host="127.0.0.1", port=server.port, user="bench")

    def run_stock() -> None:
        cursor = stock.cursor()
        cursor.execute("SELECT 1")
        assert cursor.fetchall() == [[1]]

    with lodestar.connect(dsn) as ours:

        def run_ours() -> None:
            assert ours.execute("SELECT 1").fetchall() == [(1,)]

        for action in (run_stock, run_ours):
            best_of(100, action)
        yield Figure("SELECT 1, p50, stock Python client", median_of(500, run_stock) * 1000, "ms", 2.0)
        yield Figure("SELECT 1, p50, our driver", median_of(500, run_ours) * 1000, "ms", 1.2)


def time_json_pages(server: Lodestar) -> Iterator[Figure]:
    """Every row of lineitem as JSON, read off the socket without parsing; and what that costs the server."""
    statements = Statements(server.url, timeout=120)
    before = resident_bytes(server.pid)
    peak = _Peak(server.pid)
    started = time.perf_counter()
    rows = _drain(statements, _LINEITEM)
    seconds = time.perf_counter() - started
    grown = peak.stop() - before
    assert rows == _ROWS, rows
    yield Figure("6 M rows of lineitem as JSON pages", rows / seconds / 1e6, "M rows/s", 0.8, at_most=False)
    yield Figure("server memory growth meanwhile", grown / 2**20, "MB", 150)


def time_arrow(dsn: str) -> Iterator[Figure]:
    """Every row of lineitem as an Arrow table in the client."""
    with lodestar.connect(dsn, arrow=True) as connection:

        def fetch() -> None:
            table = connection.execute(_LINEITEM).fetch_arrow_table()
            assert table.num_rows == _ROWS

        seconds = best_of(3, fetch)
    yield Figure("6 M rows of lineitem as Arrow, our driver", _ROWS / seconds / 1e6, "M rows/s", 2.5, at_most=False)


def time_start(data_dir: Path, runs: int) -> Iterator[Figure]:
    """From the start of the process to the first right answer; and the memory of a server that has answered once.

    The data directory has been used before, as a user's has: the very first question about generated data takes the
    second that its generator needs to begin.
    """
    seconds, idle = [], []
    for _ in range(runs + 1):
        started = time.perf_counter()
        with Lodestar(data_dir=data_dir) as server:
            while True:
                if Statements(server.url).run("SELECT count(*) FROM tpch.tiny.nation").rows == [[25]]:
                    break
            seconds.append(time.perf_counter() - started)
            time.sleep(5)
            idle.append(resident_bytes(server.pid))
    yield Figure("start to first answer", min(seconds[1:]), "s", 1.2)
    yield Figure("idle memory", min(idle[1:]) / 2**20, "MB", 220)


class _Peak:
    """The largest resident memory of a process while it is watched."""

    def __init__(self, pid: int) -> None:
        self._pid, self._largest, self._end = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._end.wait(0.05):
            self._largest = max(self._largest, resident_bytes(self._pid))

    def stop(self) -> int:
        self._end.set()
        self._thread.join()
        return self._largest


def _drain(statements: Statements, sql: str) -> int:
    """Rows of a result, counted by the server's own figures; only the end of each document is read."""
    status, document = statements.post(sql)
    uri = document["nextUri"]
    rows = 0
    while True:
        status, body = statements.request("GET", uri[uri.index("/v1/") :])
        assert status == 200, status
        rows += body.count(b"],[") + 1 if b'"data":[' in body else 0
        head = body[:2000]
        at = head.find(b'"nextUri":"')
        if at < 0:
            return rows
        uri = head[at + 11 : head.index(b'"', at + 11)].decode()
