"""Go: programs of the module proxy, built once."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from integration.toolbox.cache import cached
from integration.toolbox.lanes import Skip


def go_program(module: str, version: str) -> Path:
    """The program at the root of a module. Raises: Skip."""
    home = cached("go", f"{module.rsplit('/', 1)[-1]}-{version}")
    program = home / module.rsplit("/", 1)[-1]
    if program.exists():
        return program
    go = shutil.which("go")
    if go is None:
        raise Skip("no Go")
    answer = subprocess.run(
        [go, "install", f"{module}@{version}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GOBIN": str(home), "CGO_ENABLED": "0"},
    )
    if answer.returncode or not program.exists():
        raise Skip(f"{module} cannot be built: {answer.stderr.strip()[-300:]}")
    return program
