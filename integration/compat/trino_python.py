"""The stock Python client: our cases through its API and its SQLAlchemy dialect, and its own integration tests.

The latter run when LODESTAR_TRINO_PYTHON_CLIENT names a checkout of trinodb/trino-python-client. They expect the
catalogs jmx, memory, tpcds and tpch; a few need what a loopback server does not offer (containers, the spooling store).
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from integration.compat.clients import Peer, clean_environment, figures, peers, run_cases
from integration.toolbox.environments import python_with
from integration.toolbox.lanes import Failed, Skip, run_lane
from integration.toolbox.lodestar import Lodestar

CLIENT = "trino[sqlalchemy]==0.340.0"
TEST_TOOLS = ("pandas", "pytest", "boto3", "testcontainers", "docker", "keyring", "httpretty<1.1")
CHECKOUT = "LODESTAR_TRINO_PYTHON_CLIENT"
FLOOR = 440
"""So many of the client's own 526 tests pass at least."""

KNOWN = {
    "test_segments_cursor": "the spooling protocol is not offered",
    "test_spooled_segments": "the spooling protocol is not offered",
    "test_heartbeat_head_requests_during_spooled_download": "needs a container of an object store",
    "test_use_catalog_schema": "needs the catalog tpcds",
    "test_get_catalog_names": "needs the catalog tpcds",
    "test_get_indexes_returns_empty_for_iceberg_table": "needs the connector iceberg",
    "test_get_indexes_returns_partitions_for_hive_table": "needs a hive catalog over file:// locations",
    "test_digest": "needs the sketch functions",
}
"""Starts of names of the client's tests that may fail, and why. Any other failure fails the lane."""

_CATALOGS = {name: {"connector.name": name} for name in ("jmx", "memory", "tpcds", "tpch")}


def main() -> None:
    """Raises: Failed, Skip."""
    python = python_with(CLIENT, *TEST_TOOLS, name="trino-python")
    with peers() as servers:
        for peer in servers:
            run_cases(python, "trino_python_cases.py", peer)
            run_cases(python, "trino_sqlalchemy_cases.py", peer)
    checkout = os.environ.get(CHECKOUT)
    if not checkout:
        print(f"the client's own tests: not run, {CHECKOUT} names no checkout")
        return
    with Lodestar(_CATALOGS, config={"catalog.management": "dynamic", "catalog.unknown-connector": "warn"}) as server:
        _own_tests(python, Path(checkout), Peer("Lodestar", server.url))


def _own_tests(python: Path, checkout: Path, peer: Peer) -> None:
    if not (checkout / "tests" / "integration").is_dir():
        raise Skip(f"{checkout} has no tests/integration")
    answer = subprocess.run(
        [python, "-m", "pytest", "-q", "tests/integration", "-p", "no:cacheprovider", "--tb=no", "-rf"],
        cwd=checkout,
        env=clean_environment(TRINO_RUNNING_HOST=peer.host, TRINO_RUNNING_PORT=str(peer.port), TRINO_VERSION="476"),
        capture_output=True,
        text=True,
        check=False,
    )
    failed = [line.split()[1].split("::")[1] for line in answer.stdout.splitlines() if line.startswith("FAILED")]
    unknown = []
    for name in failed:
        reason = next((why for start, why in KNOWN.items() if name.startswith(start)), None)
        print(f"  {name}: {reason or 'UNEXPECTED'}")
        if reason is None:
            unknown.append(name)
    passed = figures(answer.stdout).get("passed", 0)
    print(f"the client's own tests: {answer.stdout.strip().splitlines()[-1] if answer.stdout.strip() else 'no output'}")
    if unknown or passed < FLOOR:
        says = f"; unexpected: {', '.join(unknown)}" if unknown else ""
        raise Failed(f"{passed} of the client's own tests pass, {FLOOR} at least should{says}\n{answer.stderr[-2000:]}")


if __name__ == "__main__":
    run_lane(main)
