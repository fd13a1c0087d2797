"""Asks our server what a real Trino was asked, and compares: the share that is equal, with floors that only rise.

usage: replay.py [--whole]

Without --whole every tenth fact. Writes report.md beside this file when it has asked everything.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from integration.conformance.shared import recorded_server, require_oracle
from integration.toolbox.lanes import Failed, run_lane

REPORT = Path(__file__).with_name("report.md")
CAUSES = Path(__file__).with_name("causes.tsv")
"""Why facts differ: a pattern of their ids and statements, and the cause. The first that fits counts."""
SAMPLE = 10
_ROW = re.compile(r"^(\S+)\s+(\d+)\s+([\d.]+)%\s+([\d.]+)%\s+(\d+)", re.MULTILINE)

ABSENT = ("postgresql",)
"""Recordings of connectors that do not exist yet: reported, without a floor."""
OTHER_SERVER = ("access.jsonl", "security.jsonl", "secure.jsonl", "spooling", "raw.")
"""Recorded on servers of another configuration, or asked by `replay_wire.py`."""
SECURED = "secure.jsonl"
"""Recorded with hive.security=sql-standard."""


@dataclass(frozen=True, slots=True)
class Claim:
    """At least `floor` percent of the facts in these recordings are equal by value."""

    name: str
    patterns: tuple[str, ...]
    floor: float
    sampled: bool = True
    secured: bool = False


CLAIMS = (
    Claim("TPC-H", ("queries/tpch.jsonl",), 100, sampled=False),
    Claim("syntax errors", ("errors/syntax*.jsonl",), 99.5),
    Claim("recorded clients", ("wire/clients*.jsonl",), 98),
    Claim("functions", ("functions/*.jsonl",), 99.3),
    Claim("types", ("types/*.jsonl",), 99),
    Claim("queries", ("queries/*.jsonl",), 99),
    Claim("errors", ("errors/*.jsonl",), 99),
    Claim("statements", ("statements/*.jsonl", "*/blackhole/*.jsonl"), 98.5),
    Claim("Hive and Iceberg", ("*/hive/*.jsonl", "*/iceberg/*.jsonl", "interop/*.jsonl"), 98.5),
    Claim("metadata", ("metadata/*.jsonl",), 97),
    Claim("connectors that do not exist yet", ("*/*.jsonl", "*/*/*.jsonl"), 0),
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a claim: the table of replay.py, its last line, and the differences."""

    claim: Claim
    rows: tuple[tuple[str, int, float, float, int], ...]
    differences: tuple[dict[str, object], ...]

    @property
    def total(self) -> tuple[str, int, float, float, int]:
        return self.rows[-1]

    @property
    def crashed(self) -> list[str]:
        """Facts that ended in an internal error where Trino has none."""
        return [
            str(one["id"])
            for one in self.differences
            if _error(one["got"]) == "GENERIC_INTERNAL_ERROR" and _error(one["want"]) != "GENERIC_INTERNAL_ERROR"
        ]


SECURED_CLAIM = Claim("Hive's roles and privileges", (f"*/hive/{SECURED}",), 100, sampled=False, secured=True)


def main() -> None:
    """Raises: Failed for the claims that do not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", action="store_true", help="every fact")
    whole = parser.parse_args().whole
    oracle = require_oracle()
    broken: list[str] = []
    results = []

    def ask(claim: Claim, url: str) -> None:
        result = _replay(oracle, claim, url, 1 if whole or not claim.sampled else SAMPLE)
        results.append(result)
        _, facts, value, strict, _ = result.total
        line = f"{claim.name}: {facts} facts, {value:.2f} % value, {strict:.2f} % strict"
        print(line, flush=True)
        if value < claim.floor:
            broken.append(f"{line} (floor {claim.floor} %)")
        if result.crashed:
            broken.append(f"{claim.name}: internal errors at {', '.join(result.crashed)}")

    with recorded_server() as server:
        for claim in CLAIMS:
            ask(claim, server.url)
    with recorded_server("sql-standard") as server:
        ask(SECURED_CLAIM, server.url)
    if whole:
        REPORT.write_text(_report(results), "utf-8")
    if broken:
        raise Failed("; ".join(broken))


def _facts_of(claim: Claim, oracle: Path, folder: Path) -> list[Path]:
    """Copies, in `folder`, of the claim's recordings with those facts that are the claim's.

    What shows a connector that does not exist yet is among the facts of such connectors, wherever it was recorded: the
    list of all catalogs is.
    """
    found = sorted(path for pattern in claim.patterns for path in oracle.glob(pattern))
    if not claim.secured:
        found = [path for path in found if not any(other in path.name for other in OTHER_SERVER)]
    files = []
    for path in found:
        inside = path.relative_to(oracle)
        absent = any(name in inside.as_posix() for name in ABSENT)
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [one for one in lines if (absent or any(name in one for name in ABSENT)) == (claim.floor == 0)]
        if kept:
            files.append(folder / inside)
            files[-1].parent.mkdir(parents=True, exist_ok=True)
            files[-1].write_text("".join(kept), "utf-8")
    return files


def _replay(oracle: Path, claim: Claim, url: str, sample: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="facts-") as folder:
        files = _facts_of(claim, oracle, Path(folder))
        differences = Path(folder) / "differences.jsonl"
        # Roles belong to a whole catalog: scripts about them would see each other's.
        threads = "1" if claim.secured else "4"
        command = [sys.executable, oracle / "replay.py", *files, "--server", url, "--threads", threads]
        command += ["--sample", str(sample), "--failures", differences]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = [(row[0], int(row[1]), float(row[2]), float(row[3]), int(row[4])) for row in _ROW.findall(answer.stdout)]
        if not rows:
            raise Failed(f"replay.py said nothing: {answer.stdout[-500:]}{answer.stderr[-500:]}")
        return Result(claim, tuple(rows), tuple(json.loads(line) for line in differences.open()))


def _error(answer: object) -> str:
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error["name"]) if isinstance(error, dict) else ""


def _report(results: list[Result]) -> str:
    """The claims, every recording that is not equal throughout, and why: causes, or kinds where nothing is claimed."""
    lines = [
        "# Recorded answers of a Trino 476, asked of Lodestar",
        "",
        "Made by `make conformance`. *Value*: types, rows, update counts and error names are equal. *Strict*: names of",
        "columns, messages, positions and headers too.",
        "",
        "| claim | facts | value % | strict % | floor % |",
        "|---|---:|---:|---:|---:|",
    ]
    for result in results:
        _, facts, value, strict, _ = result.total
        floor = f"{result.claim.floor:g}" if result.claim.floor else ""
        lines.append(f"| {result.claim.name} | {facts} | {value:.2f} | {strict:.2f} | {floor} |")
    for result in results:
        open_rows = [row for row in result.rows[:-1] if row[2] < 100]
        if not open_rows:
            continue
        lines += [
            "",
            f"## {result.claim.name}",
            "",
            "| recording | facts | value % | strict % |",
            "|---|---:|---:|---:|",
        ]
        lines += [f"| {name} | {facts} | {value:.2f} | {strict:.2f} |" for name, facts, value, strict, _ in open_rows]
        if result.claim.floor:
            what, counted = "cause", Counter(map(_cause, result.differences)).most_common()
        else:
            what, counted = "difference", Counter(map(_kind, result.differences)).most_common(12)
        lines += ["", f"| {what} | facts |", "|---|---:|"]
        lines += [f"| {one} | {count} |" for one, count in counted]
    return "\n".join(lines) + "\n"


@cache
def _causes() -> list[tuple[re.Pattern[str], str]]:
    lines = CAUSES.read_text("utf-8").splitlines()[1:]
    return [(re.compile(pattern), cause) for pattern, cause in (line.split("\t") for line in lines)]


def _cause(difference: dict[str, object]) -> str:
    text = f"{difference['id']} {difference['sql']}"
    found = (cause for pattern, cause in _causes() if pattern.search(text))
    return next(found, f"Not explained: {difference['id']}")


def _kind(difference: dict[str, object]) -> str:
    want, got = _error(difference["want"]), _error(difference["got"])
    if want and got:
        return f"{got} instead of {want}" if want != got else f"the text of {want}"
    return f"{got}, Trino answers" if got else f"an answer, Trino says {want}" if want else str(difference["kind"])


if __name__ == "__main__":
    run_lane(main)
