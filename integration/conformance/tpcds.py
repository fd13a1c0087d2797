"""TPC-DS: the queries that a real Trino was asked over its tpcds catalog, asked of our lake over the same rows."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from integration.conformance.shared import require_oracle
from integration.toolbox.lanes import Failed, Skip, run_lane
from integration.toolbox.lodestar import Lodestar
from integration.toolbox.statements import Statements

_TABLE = re.compile(r"CREATE TABLE (\w+) \(.*?\n\)", re.DOTALL)
NOT_OF_HIVE = {"dbgen_version"}
"""It has a time of day, which a Hive table cannot; no query reads it."""


def main() -> None:
    """Raises: Failed, Skip."""
    oracle = require_oracle()
    data = oracle / "data" / "tpcds-tiny"
    if not data.is_dir():
        raise Skip("no ../shared/oracle/data/tpcds-tiny here")
    recordings = sorted((oracle / "queries" / "tpcds").glob("tpcds*.jsonl"))
    with tempfile.TemporaryDirectory(prefix="lodestar-tpcds-") as directory:
        shutil.copytree(data, Path(directory) / "tpcds")
        lake = {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///metastore",
            "fs.native-local.enabled": "true",
            "local.location": directory,
        }
        with Lodestar({"lake": lake}) as server:
            _create_tables(Statements(server.url), (data / "schema.sql").read_text())
            command = [sys.executable, oracle / "replay.py", *recordings, "--server", server.url]
            command += ["--map", "tpcds=lake", "--min", "100", "--failures", Path(directory) / "differences.jsonl"]
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            print(answer.stdout)
            if answer.returncode:
                raise Failed((Path(directory) / "differences.jsonl").read_text()[:5000] + answer.stderr[-2000:])


def _create_tables(statements: Statements, schema: str) -> None:
    commands = ["CREATE SCHEMA lake.tiny"]
    for table in _TABLE.finditer(schema):
        name = table[1]
        if name not in NOT_OF_HIVE:
            place = f"WITH (format = 'PARQUET', external_location = 'local:///tpcds/{name}')"
            commands.append(table[0].replace(f"TABLE {name}", f"TABLE lake.tiny.{name}", 1) + place)
    for command in commands:
        outcome = statements.run(command)
        if outcome.error is not None:
            raise Failed(f"{command}\n{outcome.error['message']}")


if __name__ == "__main__":
    run_lane(main)
