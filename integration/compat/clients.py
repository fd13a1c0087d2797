"""What the lanes of other people's clients share: the servers they are pointed at, and cases run in their environment.

The cases of a client are a pytest file under `cases/`, run by the interpreter that has the client. LODESTAR_TEST_TRINO
may name a running Trino with the catalogs tpch, memory and jmx: then the same cases run against it first, which shows
that they ask for what Trino does.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.toolbox.cache import ROOT
from integration.toolbox.lanes import Failed
from integration.toolbox.lodestar import Lodestar

CATALOGS: Mapping[str, Mapping[str, str]] = {
    name: {"connector.name": name} for name in ("tpch", "memory", "jmx", "blackhole")
}
CASES = ROOT / "integration" / "compat" / "cases"
_FIGURES = re.compile(r"(\d+) (passed|failed|skipped|errors?|xfailed)")


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that a client is pointed at."""

    name: str
    url: str

    @property
    def port(self) -> int:
        """Of the loopback address, or wherever it is."""
        return int(self.url.rstrip("/").rsplit(":", 1)[1])

    @property
    def host(self) -> str:
        """Name or address."""
        return self.url.split("://", 1)[1].rsplit(":", 1)[0]


@contextmanager
def lodestar(catalogs: Mapping[str, Mapping[str, str]] = CATALOGS) -> Iterator[Peer]:
    """Our server with these catalogs, stopped at the end."""
    with Lodestar(catalogs, config={"catalog.management": "dynamic"}) as server:
        yield Peer("Lodestar", server.url)


def real_trino() -> Peer | None:
    """The Trino that LODESTAR_TEST_TRINO names."""
    url = os.environ.get("LODESTAR_TEST_TRINO")
    return None if not url else Peer("Trino", url.rstrip("/"))


@contextmanager
def peers() -> Iterator[list[Peer]]:
    """The real Trino where there is one, then our server."""
    trino = real_trino()
    with lodestar() as ours:
        yield [ours] if trino is None else [trino, ours]


def clean_environment(**more: str) -> dict[str, str]:
    """Of a client: without the paths of our own packages."""
    return {**{name: value for name, value in os.environ.items() if name != "PYTHONPATH"}, **more}


def run_cases(python: Path, file: str, peer: Peer) -> None:
    """Run a file of cases against a server and print its figures. Raises: Failed with the end of the output."""
    answer = subprocess.run(
        [python, "-m", "pytest", "-c", CASES / "pytest.ini", "--rootdir", CASES, "--tb=short", "-rfE", CASES / file],
        cwd=CASES,
        env=clean_environment(LODESTAR_COMPAT_URL=peer.url),
        capture_output=True,
        text=True,
        check=False,
    )
    lines = answer.stdout.strip().splitlines() or answer.stderr.strip().splitlines() or ["no output"]
    print(f"{peer.name}: {file}: {lines[-1].strip('= ')}", flush=True)
    if answer.returncode:
        raise Failed("\n".join([*lines[-60:], f"{file} against {peer.name}: {lines[-1].strip('= ')}"]))


def figures(output: str) -> dict[str, int]:
    """The counts of pytest's last line, by word."""
    last = output.strip().splitlines()[-1] if output.strip() else ""
    return {word.rstrip("s") if word == "errors" else word: int(count) for count, word in _FIGURES.findall(last)}
