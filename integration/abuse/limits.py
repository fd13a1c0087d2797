"""A query over its memory fails alone; a cancelled one gives its threads back."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from integration.toolbox.lanes import Failed
from integration.toolbox.statements import Statements

FREE_SECONDS = 2.0
# Every value is kept until the end, which does not fit into what the session allows.
_GREEDY = (
    "SELECT cardinality(array_agg(comment || cast(orderkey AS varchar) || cast(partkey AS varchar))) "
    "FROM tpch.sf1.lineitem"
)
_LONG_JOIN = (
    "SELECT count(*), sum(a.quantity * b.quantity) FROM tpch.sf1.lineitem a "
    "JOIN tpch.sf1.lineitem b ON a.suppkey = b.suppkey AND a.quantity < b.quantity"
)


def check_memory_limit(url: str) -> str:
    """Raises: Failed."""
    greedy = Statements(url, timeout=180, X_Trino_Session="query_max_memory=64MB,query_max_memory_per_node=64MB")
    answers: list[object] = []
    stop = threading.Event()

    def neighbour() -> None:
        statements = Statements(url, timeout=60)
        while not stop.is_set():
            answers.append(statements.run("SELECT count(*) FROM tpch.tiny.orders").rows)

    thread = threading.Thread(target=neighbour)
    thread.start()
    try:
        outcome = greedy.run(_GREEDY)
    finally:
        stop.set()
        thread.join()
    if outcome.error_name != "EXCEEDED_LOCAL_MEMORY_LIMIT":
        raise Failed(f"the greedy query: {outcome.error_name or outcome.rows[:1]} {outcome.error}"[:500])
    wrong = [answer for answer in answers if answer != [[15_000]]]
    if wrong:
        raise Failed(f"its neighbour got {wrong[0]}")
    return f"{outcome.error_name}: {dict(outcome.error or {})['message']}; {len(answers)} neighbours' answers right"


def check_cancel_frees_threads(url: str, pid: int) -> str:
    """Raises: Failed."""
    statements = Statements(url, timeout=60)
    status, document = statements.post(_LONG_JOIN)
    while status == 200 and document["stats"]["state"] != "RUNNING":
        if "nextUri" not in document:
            raise Failed(f"the long join ended too early: {document}"[:500])
        status, document = statements.get(document["nextUri"])
    time.sleep(1.0)
    busy = _cpu_share(pid, 0.5)
    if statements.cancel(document["nextUri"]) != 204:
        raise Failed("DELETE was not answered with 204")
    cancelled = time.monotonic()
    while (share := _cpu_share(pid, 0.25)) > 0.2:
        if time.monotonic() - cancelled > FREE_SECONDS:
            raise Failed(f"{FREE_SECONDS:.0f} s after DELETE the server still uses {share:.0%} of a core")
    seconds = time.monotonic() - cancelled
    return f"{busy:.0%} of a core before DELETE, {share:.0%} after {seconds:.2f} s"


def _cpu_share(pid: int, seconds: float) -> float:
    """Cores' worth of processor time a process uses, over a moment."""
    before, started = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - started)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
