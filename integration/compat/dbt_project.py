"""A dbt project with dbt-trino: seeds, views, tables, increments, tests, a snapshot, the catalogue of its docs.

The project is `dbt/`. It runs in the catalog memory and in a lake (Hive tables in a directory).
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from integration.compat.clients import CASES, CATALOGS, Peer, clean_environment, lodestar, real_trino
from integration.compat.slt import Client
from integration.toolbox.cache import ROOT
from integration.toolbox.environments import python_with
from integration.toolbox.lanes import Failed, run_lane

PACKAGES = ("dbt-core==1.11.*", "dbt-trino==1.11.0")
PROJECT = ROOT / "integration" / "compat" / "dbt"
SCHEMA = "dbt_lane"
STEPS = ("debug", "seed", "run", "run", "test", "snapshot", "docs+generate")
ANSWERS = (
    ("SELECT code, name, population FROM {schema}.countries ORDER BY 1", '["FR","France, the \\"hexagon\\"",68000000]'),
    ("SELECT region, nations FROM {schema}.regions ORDER BY 1", '["AFRICA",5]'),
    ("SELECT count(*), count(DISTINCT orderdate), max(orderdate) FROM {schema}.orders_by_day", '[60,60,"1992-02-29"]'),
    ("SELECT people, countries FROM {schema}.population", "[275000000,3]"),
    ("SELECT count(*) FROM {schema}.nations", "[25]"),
)
"""A question about what the project made, and a row of its answer."""
KEPT = ("SELECT count(*), count(dbt_valid_to) FROM {schema}.countries_kept", "[3,0]")
NO_SNAPSHOTS = {"lake"}
"""A snapshot has timestamps with time zone, which Hive tables do not hold."""


def main() -> None:
    """Raises: Failed, Skip."""
    python = python_with(*PACKAGES, name="dbt")
    trino = real_trino()
    if trino is not None:
        _project(python, trino, "memory")
    with tempfile.TemporaryDirectory(prefix="lake-") as directory:
        lake = {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": directory,
        }
        with lodestar({**CATALOGS, "lake": lake}) as peer:
            for catalog in ("memory", "lake"):
                _project(python, peer, catalog)


def _project(python: Path, peer: Peer, catalog: str) -> None:
    client = Client(peer.url)
    schema = f"{catalog}.{SCHEMA}"
    client.answer(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    steps = [step for step in STEPS if step != "snapshot" or catalog not in NO_SNAPSHOTS]
    with tempfile.TemporaryDirectory() as home:
        answer = subprocess.run(
            [python, CASES / "dbt_steps.py", PROJECT, *steps],
            env=clean_environment(
                LODESTAR_DBT_HOST=peer.host,
                LODESTAR_DBT_PORT=str(peer.port),
                LODESTAR_DBT_CATALOG=catalog,
                LODESTAR_DBT_SCHEMA=SCHEMA,
                LODESTAR_DBT_HOME=home,
            ),
            capture_output=True,
            text=True,
            check=False,
        )
        documented = (Path(home) / "target" / "catalog.json").exists()
    if answer.returncode or not documented:
        raise Failed(f"{answer.stdout}{answer.stderr[-2000:]}\ndbt against {peer.name}, catalog {catalog}")
    nodes = sum(line.startswith("  ") for line in answer.stdout.splitlines())
    print(f"{peer.name}, {catalog}: {len(steps)} steps ({', '.join(steps)}), {nodes} nodes", flush=True)
    for sql, row in ANSWERS if "snapshot" not in steps else (*ANSWERS, KEPT):
        _, found = client.answer(sql.format(schema=schema))
        if row not in found:
            raise Failed(f"{sql}: {found} has no {row}")
    client.answer(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


if __name__ == "__main__":
    run_lane(main)
