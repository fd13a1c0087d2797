#!/usr/bin/env python3
"""Our driver against the Trino that LODESTAR_TEST_TRINO names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from integration.toolbox.lanes import Failed, Skip, run_lane  # noqa: E402


def main() -> None:
    """Raises: Skip, Failed."""
    if not os.environ.get("LODESTAR_TEST_TRINO"):
        raise Skip("LODESTAR_TEST_TRINO names no server")
    program = [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent)]
    if subprocess.run(program, cwd=ROOT, check=False).returncode:
        raise Failed("the driver and a real Trino disagree")


if __name__ == "__main__":
    run_lane(main)
