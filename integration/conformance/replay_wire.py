"""Repeats recorded HTTP exchanges with a real Trino, byte by byte where the bytes matter, and compares."""

from __future__ import annotations

import subprocess
import sys

from integration.conformance.shared import recorded_server, require_oracle
from integration.toolbox.lanes import Failed, run_lane

FLOOR = 94
"""Percent of the exchanges that have to be equal."""


def main() -> None:
    """Raises: Failed."""
    oracle = require_oracle()
    recordings = sorted((oracle / "wire").glob("raw.*.jsonl"))
    with recorded_server() as server:
        command = [sys.executable, oracle / "replay_wire.py", *recordings, "--server", server.url, "--min", str(FLOOR)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        print(answer.stdout)
    if answer.returncode:
        raise Failed(f"fewer than {FLOOR} % of the exchanges are equal\n{answer.stderr[-2000:]}")


if __name__ == "__main__":
    run_lane(main)
