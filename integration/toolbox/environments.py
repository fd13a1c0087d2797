"""Virtual environments for other people's clients, so that ours stays ours."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from integration.toolbox.cache import cached


def python_with(*packages: str, name: str, constraints: Sequence[str] = ()) -> Path:
    """The interpreter of an environment that has these packages; made once for each list."""
    wanted = "\n".join([*packages, *constraints])
    digest = hashlib.blake2b(wanted.encode(), digest_size=6).hexdigest()
    home = cached("venvs", f"{name}-{digest}")
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        venv.create(home, with_pip=True, clear=True)
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages], check=True
        )
        done.write_text(wanted)
    return python


def own_python() -> Path:
    """The interpreter that runs the lanes."""
    return Path(sys.executable)
