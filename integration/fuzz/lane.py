"""A short run of random queries: a finding fails the lane and says its number."""

from __future__ import annotations

import subprocess
import sys

from integration.toolbox.lanes import Failed, run_lane

SEED = 1
QUERIES = 1000


def main() -> None:
    """Raises: Failed for a finding."""
    command = [sys.executable, "-m", "integration.fuzz", "--seed", str(SEED), "--queries", str(QUERIES)]
    if subprocess.run(command, check=False).returncode:
        shown = f"python -m integration.fuzz --seed {SEED} --from N --queries 1"
        raise Failed(f"findings of seed {SEED}; `{shown}` shows one")


if __name__ == "__main__":
    run_lane(main)
