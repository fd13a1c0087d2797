"""Node: npm packages for other people's clients, kept beside the other fetched things."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

from integration.toolbox.cache import cached
from integration.toolbox.lanes import Skip


def require_node() -> Path:
    """The Node interpreter. Raises: Skip."""
    node = shutil.which("node")
    if node is None:
        raise Skip("no Node")
    return Path(node)


def node_packages(*packages: str, name: str) -> Path:
    """A directory whose node_modules has these packages (`name@version`), fetched once. Raises: Skip."""
    npm = shutil.which("npm")
    if npm is None:
        raise Skip("no npm")
    digest = hashlib.blake2b("\n".join(packages).encode(), digest_size=6).hexdigest()
    home = cached("npm", f"{name}-{digest}")
    done = home / "installed"
    if not done.exists():
        home.mkdir(exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", home, *packages]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise Skip(f"{', '.join(packages)} cannot be fetched: {answer.stderr.strip()[-300:]}")
        done.write_text("\n".join(packages))
    return home
