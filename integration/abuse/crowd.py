"""Two hundred clients at once, half of which go away without a word: no query stays, nor does its memory."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Statements

CLIENTS = 200
CLIENT_TIMEOUT_SECONDS = 15
"""`query.client.timeout` of the server under test (see run.py)."""
GROWTH_BYTES = 150 << 20
"""Above a server that has done the same work for single clients: some 70 MB were measured. They are holes between
what the server remembers of four hundred queries, and up to 64 MB of last documents that may be asked for again."""
_REST_SECONDS = 25
"""Free memory goes back, and idle threads end, after some seconds without work."""
_SQL = (
    "SELECT * FROM tpch.tiny.orders o JOIN tpch.tiny.customer c ON o.custkey = c.custkey",
    "SELECT count(*) FROM tpch.sf1.lineitem a JOIN tpch.sf1.lineitem b ON a.suppkey = b.suppkey",
)


def check_crowd(url: str, pid: int) -> str:
    """Raises: Failed."""
    # The tables are generated, and each kind of query has run once, before anything is measured.
    Statements(url, timeout=300).run("SELECT count(*) FROM tpch.sf1.lineitem WHERE suppkey < 0 OR quantity < 0")
    for number in range(4):
        _visit(url, number)
    resident = _at_rest(url, pid)
    with ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(lambda number: _visit(url, number), range(CLIENTS)))
    wrong = [outcome for outcome in outcomes if outcome not in ("served", "gone")]
    if wrong:
        raise Failed(f"{len(wrong)} of {CLIENTS} clients: {wrong[0]}")
    grown = _at_rest(url, pid) - resident
    if grown > GROWTH_BYTES:
        raise Failed(f"memory grew by {grown >> 20} MB and stayed")
    gone = outcomes.count("gone")
    return f"{CLIENTS} clients, {gone} vanished; no query left; memory {grown / (1 << 20):+.0f} MB afterwards"


def _at_rest(url: str, pid: int) -> int:
    """The least memory that the process has in the time after its last query has ended. Raises: Failed."""
    watcher = Statements(url)
    deadline = time.monotonic() + CLIENT_TIMEOUT_SECONDS + 30
    running = "SELECT query_id, state FROM system.runtime.queries WHERE state NOT IN ('FINISHED', 'FAILED')"
    while len(left := watcher.run(running).rows) > 1:  # the question itself
        if time.monotonic() > deadline:
            raise Failed(f"queries left behind: {left}")
        time.sleep(0.5)
    least = _resident(pid)
    for _ in range(2 * _REST_SECONDS):
        time.sleep(0.5)
        least = min(least, _resident(pid))
    return least


def _visit(url: str, number: int) -> str:
    """Odd clients read everything, even ones vanish in the middle of a result or of the work."""
    statements = Statements(url, timeout=180)
    try:
        if number % 2:
            outcome = statements.run(_SQL[0])
            return "served" if len(outcome.rows) == 15_000 else f"{len(outcome.rows)} rows, {outcome}"[:300]
        status, document = statements.post(_SQL[number // 2 % 2])
        for _ in range(2):
            if status != 200 or "nextUri" not in document:
                break
            status, document = statements.get(document["nextUri"])
        return "gone" if status == 200 else f"HTTP {status}"
    finally:
        statements.close()


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
