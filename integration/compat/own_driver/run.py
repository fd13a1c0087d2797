#!/usr/bin/env python3
"""Our driver against a real Trino: the one that LODESTAR_TEST_TRINO names, or one of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from integration.toolbox.lanes import Failed, run_lane  # noqa: E402
from integration.toolbox.trino import Trino  # noqa: E402

_NAMED = "LODESTAR_TEST_TRINO"


def main() -> None:
    """Raises: Failed, and Skip when no Trino can be had."""
    named = os.environ.get(_NAMED)
    if named:
        _test(named)
        return
    with Trino({name: {"connector.name": name} for name in ("tpch", "memory")}) as trino:
        _test(trino.url)


def _test(url: str) -> None:
    program = [sys.executable, "-m", "pytest", "-q", str(Path(__file__).parent)]
    if subprocess.run(program, cwd=ROOT, check=False, env={**os.environ, _NAMED: url}).returncode:
        raise Failed("the driver and a real Trino disagree")


if __name__ == "__main__":
    run_lane(main)
