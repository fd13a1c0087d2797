"""Asks our server what a real Trino was asked, and compares: the share that is equal, with floors.

Catalogs whose connector does not exist yet are left out with a warning, so their answers count as wrong.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from integration.conformance.shared import recorded_server, require_oracle
from integration.toolbox.lanes import Failed, run_lane

_TOTAL = re.compile(r"^(?:all|\S+)\s+(\d+)\s+([\d.]+)%\s+([\d.]+)%\s+(\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Claim:
    """At least `floor` percent of the facts in these recordings are equal by value, and none ends the server's way."""

    name: str
    patterns: tuple[str, ...]
    floor: float


CLAIMS = (
    Claim("TPC-H", ("queries/tpch.jsonl",), 100),
    Claim("syntax errors", ("errors/syntax*.jsonl",), 95),
    Claim("recorded clients", ("wire/clients*.jsonl",), 95),
    Claim("everything", ("*/*.jsonl", "*/*/*.jsonl"), 75),
)
OTHER_SERVER = {"access.jsonl", "security.jsonl"}
"""Recorded on a server with access control, which has a configuration of its own."""


def main() -> None:
    """Raises: Failed for the claims that do not hold."""
    oracle = require_oracle()
    broken: list[str] = []
    with recorded_server() as server:
        for claim in CLAIMS:
            files = sorted(path for pattern in claim.patterns for path in oracle.glob(pattern))
            files = [path for path in files if path.name not in OTHER_SERVER and not path.name.startswith("raw")]
            facts, value, strict, crashed = _replay(oracle, files, server.url)
            line = f"{claim.name}: {facts} facts, {value:.2f} % value, {strict:.2f} % strict, {crashed} crashed"
            print(line, flush=True)
            if value < claim.floor or crashed:
                broken.append(f"{line} (floor {claim.floor} %)")
    if broken:
        raise Failed("; ".join(broken))


def _replay(oracle: Path, files: list[Path], url: str) -> tuple[int, float, float, int]:
    command = [sys.executable, oracle / "replay.py", *files, "--server", url, "--threads", "4"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    totals = _TOTAL.findall(answer.stdout)
    if not totals:
        raise Failed(f"replay.py said nothing: {answer.stdout[-500:]}{answer.stderr[-500:]}")
    facts, value, strict, crashed = totals[-1]
    return int(facts), float(value), float(strict), int(crashed)


if __name__ == "__main__":
    run_lane(main)
