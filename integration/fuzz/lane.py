"""A short run of random queries: a new finding fails the lane and says its number."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from integration.toolbox.lanes import Failed, run_lane

SEED = 1
QUERIES = 1000
OPEN = {430: "DuckDB finds a subquery inside a lambda where concat_ws has subqueries in its separator and its parts"}
"""Findings that are not mended yet, by the number of their query."""


def main() -> None:
    """Raises: Failed for a finding that is not open, and for an open one that is gone."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as file:
        command = [sys.executable, "-m", "integration.fuzz", "--seed", str(SEED), "--queries", str(QUERIES)]
        subprocess.run([*command, "--findings", file.name], check=False)
        found = {json.loads(line)["query"] for line in Path(file.name).read_text("utf-8").split("\n") if line}
    if found != set(OPEN):
        raise Failed(f"seed {SEED}: new findings at {sorted(found - set(OPEN))}, mended {sorted(set(OPEN) - found)}")


if __name__ == "__main__":
    run_lane(main)
