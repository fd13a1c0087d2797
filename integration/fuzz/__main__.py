"""Random queries against the engine in this process, judged.

usage: python -m integration.fuzz [--seed S] [--queries N] [--from FIRST] [--findings FILE] [--show]

Query n of a seed is always the same: `--from n --queries 1 --show` shows one. The work is done by a child process; when
that dies or hangs, the query is a finding and the next child goes on behind it. Exit code 1 when there are findings.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from integration.fuzz.judges import HUNG, Court, Finding, Tally, elapsed
from integration.fuzz.tables import catalogs, fill
from integration.toolbox.inprocess import Engine

MAX_FINDINGS = 400
"""Of one run."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m integration.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--findings", type=Path, help="a file for all of them, one JSON object a line")
    parser.add_argument("--show", action="store_true", help="also what was refused as not well typed")
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        return _work(options)
    started = time.monotonic()
    found: list[dict[str, Any]] = []
    totals: Counter[str] = Counter()
    refused: dict[str, str] = {}
    first, end = options.first, options.first + options.queries
    with tempfile.TemporaryDirectory(prefix="lodestar-fuzz-") as directory:
        report = Path(directory) / "report.jsonl"
        while first < end and len(found) < MAX_FINDINGS:
            report.write_text("")
            command = [sys.executable, "-m", "integration.fuzz", "--seed", str(options.seed), "--from", str(first)]
            child = subprocess.run([*command, "--queries", str(end - first), "--child", report], check=False)
            last = first
            for line in report.read_text("utf-8").split("\n")[:-1]:
                entry = json.loads(line)
                if "tally" in entry:
                    totals.update(entry["tally"])
                    refused.update(entry["refused"])
                elif "what" in entry:
                    found.append(entry)
                else:
                    last = entry["at"]
            if child.returncode == 0:
                break
            what = "hangs" if child.returncode == HUNG else f"the process died with {child.returncode}"
            found.append({"query": last, "what": what, "statements": [f"--seed {options.seed} --from {last}"]})
            first = last + 1
    _print(options, found, totals, refused, elapsed(started))
    return 1 if found else 0


def _work(options: argparse.Namespace) -> int:
    """The child: writes the number of each query before it runs it, findings, and in the end the figures."""
    with options.child.open("a", encoding="utf-8", buffering=1) as report, tempfile.TemporaryDirectory() as lake:
        tally = Tally()
        with Engine(catalogs(Path(lake)), schema=("memory", "fuzz")) as engine:
            fill(engine)
            court = Court(engine, tally)
            for number in range(options.first, options.first + options.queries):
                report.write(json.dumps({"at": number}) + "\n")
                try:
                    court.judge(Random(f"{options.seed}:{number}"))
                except Finding as finding:
                    entry = {"query": number, "what": finding.what, "statements": finding.statements}
                    report.write(json.dumps(entry) + "\n")
        figures = Counter({f"error {name}": count for name, count in tally.errors.items()})
        figures.update({f"compared {name}": count for name, count in tally.compared.items()})
        figures.update(queries=tally.queries, statements=tally.statements, rows=tally.rows)
        report.write(json.dumps({"tally": figures, "refused": tally.refused}) + "\n")
    return 0


def _print(
    options: argparse.Namespace,
    found: list[dict[str, Any]],
    totals: Counter[str],
    refused: dict[str, str],
    seconds: float,
) -> None:
    for entry in found[:20]:
        print(f"finding at query {entry['query']}: {entry['what'][:500]}")
        print("\n".join(f"    {text[:2000]}" for text in entry["statements"]))
    if options.findings is not None:
        options.findings.write_text("".join(json.dumps(one) + "\n" for one in found), "utf-8")
    if options.show:
        for text in refused.values():
            print(f"refused: {text}")
    errors = {name.removeprefix("error "): count for name, count in totals.items() if name.startswith("error ")}
    compared = {name.removeprefix("compared "): count for name, count in totals.items() if name.startswith("compared ")}
    failed = sum(errors.values())
    print(f"errors that users may get: {dict(sorted(errors.items(), key=lambda one: -one[1])[:12])}")
    print(f"comparisons: {compared}")
    print(
        f"seed {options.seed}: {totals['queries']} queries, {totals['statements']} statements "
        f"({totals['statements'] - failed} answered with {totals['rows']} rows, {failed} refused), "
        f"{len(found)} findings in {seconds:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
