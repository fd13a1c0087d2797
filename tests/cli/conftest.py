"""A server of ours inside the tests' process, and the program run against it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lodestar_server.embedded import start

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    """What a run of the program left."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def server_url(tmp_path_factory):
    server = start(data_dir=str(tmp_path_factory.mktemp("data")))
    yield server.url
    server.close()


@pytest.fixture
def environment(tmp_path):
    """Of a child: our own packages, a home without a configuration."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LODESTAR_", "TRINO_", "XDG_"))}
    return {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "client"), "TERM": "xterm", "TZ": "UTC"}


@pytest.fixture
def run(server_url, environment):
    """Run the program against the server; `input` is what is piped in."""

    def run_program(*arguments, input="", server=server_url, **more):
        done = subprocess.run(
            [sys.executable, "-m", "lodestar.cli.main", "--server", server, "--user", "ann", *arguments],
            input=input.encode(),
            capture_output=True,
            env={**environment, **more},
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_program
