#!/usr/bin/env python3
"""Runs the integration lanes one after the other and ends with a summary line.

usage: run.py [LANE …] [--list]

A lane is a program under integration/: exit code 0 is passed, 77 is skipped (something it needs is not here; it says
what), anything else is failed. Its output is shown when it fails, and kept in integration/.cache/logs.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOGS = ROOT / "integration" / ".cache" / "logs"
SKIPPED = 77


@dataclass(frozen=True, slots=True)
class Lane:
    """`path` is its program under integration/, `minutes` its time limit.

    `beside`: it waits for other people's servers most of the time, so it runs beside the lanes after it. `alone`: it
    measures memory and time, so nothing may run beside it.
    """

    name: str
    path: str
    minutes: int
    about: str
    beside: bool = False
    alone: bool = False


Ended = tuple[str, float, str]
"""A lane's result, its seconds, what it printed."""

Told = tuple[str, str]
"""A lane's result, and why it failed."""

WIDTH, SHOWN = 200, 4
"""Of a failed lane at the end: characters of a line, and lines."""

LANES = (
    Lane("lake", "lake/rows.py", 40, "tables in every store and metastore, each row of its table a test", beside=True),
    Lane("wheel", "install/wheel.py", 5, "a built wheel in a fresh environment"),
    Lane("conformance", "conformance/replay.py", 20, "recorded answers of a Trino, where ../shared has them"),
    Lane("tpcds", "conformance/tpcds.py", 5, "recorded answers of TPC-DS over the same rows, where ../shared has them"),
    Lane("wire", "conformance/replay_wire.py", 10, "recorded exchanges, where ../shared has them"),
    Lane("trino-python", "compat/trino_python.py", 10, "the stock Python client and its own tests"),
    Lane("own-driver", "compat/own_driver/run.py", 10, "our driver against a real Trino"),
    Lane("trino-cli", "compat/trino_cli.py", 5, "the official command line"),
    Lane("cli", "compat/cli/compare.py", 15, "our command line prints what the official one prints"),
    Lane("trino-jdbc", "compat/trino_jdbc.py", 10, "the official JDBC driver"),
    Lane("aiotrino", "compat/aiotrino_client.py", 5, "aiotrino"),
    Lane("trino-js", "compat/trino_js.py", 5, "the JavaScript client"),
    Lane("ibis", "compat/ibis_backend.py", 10, "ibis"),
    Lane("own-dialect", "compat/own_dialect.py", 10, "our SQLAlchemy dialect under SQLAlchemy's compliance suite"),
    Lane("dbt", "compat/dbt_project.py", 10, "a dbt project"),
    Lane("superset", "compat/superset_calls.py", 10, "the calls of Superset"),
    Lane("faults", "lake/faults/run.py", 30, "a store in trouble, a killed server: every statement once or not at all"),
    Lane("interchange", "lake/interchange/lane.py", 30, "tables between us, Spark, pyarrow, DuckDB, pyorc, fastavro"),
    Lane("fuzz", "fuzz/lane.py", 15, "a thousand random queries before the judges"),
    Lane(
        "abuse", "abuse/run.py", 15, "nesting, mutations, slow sockets, vanishing clients, memory, kill -9", alone=True
    ),
)


def main() -> int:
    """The exit code is 1 when a lane failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lanes", nargs="*", metavar="LANE", choices=[[], *(lane.name for lane in LANES)])
    parser.add_argument("--list", action="store_true", help="the lanes and what they show")
    options = parser.parse_args()
    if options.list:
        for lane in LANES:
            print(f"{lane.name:14} {lane.about}")
        return 0
    # A background job of a shell is started with SIGINT ignored, and so would be what the lanes interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    chosen = [lane for lane in LANES if not options.lanes or lane.name in options.lanes]
    started = time.monotonic()
    ends: list[Told] = []
    with ThreadPoolExecutor(1) as aside:
        waiting: list[tuple[Lane, Future[Ended]]] = []
        for number, lane in enumerate(chosen, 1):
            if lane.alone:
                ends += [_tell(*one) for one in waiting]
                waiting = []
            print(f"[{number}/{len(chosen)}] {lane.name}: {lane.about} …", flush=True)
            if lane.beside:
                waiting.append((lane, aside.submit(_run, lane)))
            else:
                ends.append(_tell(lane, _run(lane)))
        ends += [_tell(*one) for one in waiting]
    minutes = (time.monotonic() - started) / 60
    counts = [result for result, _ in ends]
    # Once more at the end, where a log that was cut still has it.
    for _, why in ends:
        print(why, end="")
    summary = ", ".join(f"{counts.count(result)} {result}" for result in ("passed", "skipped", "failed"))
    print(f"integration lanes: {summary} in {minutes:.1f} min")
    return 1 if "failed" in counts else 0


def _tell(lane: Lane, ended: Ended | Future[Ended]) -> Told:
    """Say how a lane ended, and wait for that when it runs aside."""
    result, seconds, output = ended.result() if isinstance(ended, Future) else ended
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "")
    name = f"{lane.name} " if lane.beside else ""
    print(f"    {name}{result} in {seconds:.0f} s: {last}", flush=True)
    if result == "failed":
        print("\n".join(f"    | {line}" for line in output.splitlines()[-60:]), flush=True)
    return result, f"failed: {lane.name}: {_why(output)}\n" if result == "failed" else ""


def _why(output: str) -> str:
    lines = [line for line in output.splitlines() if line.strip()]
    faults = [line for line in lines if line.startswith(("FAILED", "ERROR"))] or lines
    return " / ".join(line[:WIDTH] for line in faults[-SHOWN:])


def _run(lane: Lane) -> Ended:
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{lane.name}.log"
    started = time.monotonic()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, ROOT / "integration" / lane.path],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = child.wait(lane.minutes * 60)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            output.write(f"\nstopped after {lane.minutes} minutes\n".encode())
            code = -1
    result = "passed" if code == 0 else "skipped" if code == SKIPPED else "failed"
    return result, time.monotonic() - started, log.read_text("utf-8", "replace")


if __name__ == "__main__":
    sys.exit(main())
