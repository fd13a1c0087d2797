#!/usr/bin/env python3
"""Our SQLAlchemy dialect under SQLAlchemy's own compliance suite, in the catalog memory.

usage: own_dialect.py [--driver lodestar] [--driver lodestar+asyncio]

Against a server of ours, and against a real Trino when LODESTAR_TEST_TRINO is its URL (http://host:port); through both
drivers where greenlet is installed, which asyncio needs. Excluded is what `sqlalchemy_lodestar.requirements` says, with
its reason. The suite's schemas are made before and dropped after.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATHS = [str(ROOT / part) for part in (".", "client", "dialect", "server")]
sys.path[:0] = PATHS

from integration.toolbox.lodestar import Lodestar  # noqa: E402

SUITE = ROOT / "integration" / "compat" / "dialect_suite"
SKIPPED = 77
OWN_SCHEMA = "lodestar_dialect_suite"
SCHEMAS = (OWN_SCHEMA, "test_schema", "test_schema_2")  # the last two are the suite's names
DRIVERS = {"lodestar": None, "lodestar+asyncio": "greenlet"}  # and the package that each needs
CATALOGS = {"memory": {"connector.name": "memory"}, "tpch": {"connector.name": "tpch"}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """`failed` are the tests by name, with the first line of what went wrong."""

    passed: int
    excluded: int
    failed: tuple[tuple[str, str], ...]


def main() -> int:
    """0 when nothing failed that was not expected, 77 without SQLAlchemy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", action="append", choices=DRIVERS, help="both without it")
    options = parser.parse_args()
    if importlib.util.find_spec("sqlalchemy") is None:
        print("skipped: SQLAlchemy is not installed")
        return SKIPPED
    drivers = options.driver or [
        name for name, needed in DRIVERS.items() if needed is None or importlib.util.find_spec(needed) is not None
    ]
    trino = os.environ.get("LODESTAR_TEST_TRINO")
    failures = 0
    with Lodestar(CATALOGS, environment={"PYTHONPATH": os.pathsep.join(PATHS)}) as server:
        for driver in drivers:
            failures += _report("our server", server.url, driver)
            if trino:
                failures += _report("a Trino", trino, driver)
    return 1 if failures else 0


def _report(name: str, server: str, driver: str) -> int:
    outcome = run_suite(server, driver)
    for test, reason in outcome.failed:
        print(f"  failed: {test}: {reason}")
    print(
        f"compliance suite through {driver}:// against {name}: {outcome.passed} passed, "
        f"{len(outcome.failed)} failed, {outcome.excluded} excluded",
        flush=True,
    )
    return len(outcome.failed) + (0 if outcome.passed else 1)


def run_suite(server: str, driver: str) -> Outcome:
    """Run the suite against a server, `http://host:port`."""
    address = server.removeprefix("http://").rstrip("/")
    with _schemas(address), tempfile.TemporaryDirectory(prefix="lodestar-suite-") as directory:
        report = Path(directory) / "report.xml"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-c", "setup.cfg", "--rootdir", str(SUITE), "test_suite.py"),
                *("--dburi", f"{driver}://suite@{address}/memory/{OWN_SCHEMA}", f"--junitxml={report}"),
            ],
            cwd=SUITE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([*PATHS, str(SUITE)])},
            check=False,
        )
        return _read(report)


@contextlib.contextmanager
def _schemas(address: str) -> Iterator[None]:
    import lodestar

    with lodestar.connect(f"lodestar://suite@{address}/memory/default") as connection:
        for schema in SCHEMAS:
            connection.execute(f"DROP SCHEMA IF EXISTS memory.{schema} CASCADE")
            connection.execute(f"CREATE SCHEMA memory.{schema}")
        try:
            yield
        finally:
            for schema in SCHEMAS:
                connection.execute(f"DROP SCHEMA IF EXISTS memory.{schema} CASCADE")


def _read(report: Path) -> Outcome:
    if not report.exists():
        return Outcome(0, 0, (("the suite", "did not run"),))
    passed, excluded, failed = 0, 0, []
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        fault = case.find("failure") if case.find("failure") is not None else case.find("error")
        if fault is not None:
            reason = (fault.get("message") or "").strip().splitlines()
            failed.append((f"{case.get('classname')}::{case.get('name')}", reason[0] if reason else ""))
        elif case.find("skipped") is not None:
            excluded += 1
        else:
            passed += 1
    return Outcome(passed, excluded, tuple(failed))


if __name__ == "__main__":
    sys.exit(main())
