"""Processes that are no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[2]


def ended_process() -> str:
    """The name that a process gave itself; it has ended."""
    paths = os.pathsep.join([str(PROJECT / "server"), str(PROJECT)])
    said = subprocess.run(
        [sys.executable, "-c", "from lodestar_server.plugins.toolkit.processes import this_process as p; print(p())"],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return said.stdout.strip()
