#!/usr/bin/env python3
"""The official command line and ours print the same: rows in every format, updates, failures, exit codes.

Both run against our server, and against a real Trino too when LODESTAR_TEST_TRINO names one (http://host:port).
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from integration.toolbox.environments import own_python
from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.lanes import Failed, run_lane
from integration.toolbox.lodestar import Lodestar

OFFICIAL = "io.trino:trino-cli:476:jar:executable"
JAVA = 19
"""Older ones print some floating point numbers with more digits than they need."""
HERE = Path(__file__).parent
VALUES, NESTED = str(HERE / "values.sql"), str(HERE / "nested.sql")
FORMATS = (
    *("AUTO", "ALIGNED", "VERTICAL", "TSV", "TSV_HEADER", "CSV", "CSV_HEADER", "CSV_UNQUOTED", "CSV_HEADER_UNQUOTED"),
    *("JSON", "MARKDOWN", "NULL"),
)
SECONDS = 120

_QUERY_ID = re.compile(r"\d{8}_\d{6}_\d{5}_\w{5}")
_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_TERMINAL_COMPLAINT = re.compile(r".*org\.jline\..*\n|WARNING: Unable to create a system terminal.*\n")


@dataclass(frozen=True, slots=True)
class Case:
    """What is typed; `input` is piped in."""

    arguments: tuple[str, ...]
    input: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out, without what differs from run to run."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        """For a report."""
        return [f"exit code {self.code}", *self.out.splitlines(), "errors:", *self.err.splitlines()]


def cases() -> Iterator[Case]:
    """Everything that is compared."""
    for name in FORMATS:
        yield Case(("--output-format", name, "--file", VALUES, "--ignore-errors"))
        if name in ("ALIGNED", "VERTICAL", "TSV", "CSV", "MARKDOWN"):
            # In JSON the official client of this version cannot print nested values.
            yield Case(("--output-format", name, "--file", NESTED, "--ignore-errors"))
    for text in (
        "select * from nope; select 1",
        "select 1 +",
        "select\n  x\nfrom\n  nope",
        "select 1; select 2 -- foo\n;  -- only comment\n;; /* x */ ; select 'a;b'",
        "select 'open; select 2;",
        "select 1 /* open; select 2;",
        "",
        "use tpch.tiny; select count(*) from nation; show tables; describe region",
        "create table memory.default.compared (x int); insert into memory.default.compared values 1,2; "
        "insert into memory.default.compared values 3; select * from memory.default.compared order by x; "
        "create table memory.default.compared2 as select 1 y; drop table memory.default.compared2; "
        "drop table memory.default.compared",
        "prepare p from select ?; execute p using 5; deallocate prepare p; execute p using 5",
        "set session query_max_run_time='1h'; reset session query_max_run_time; set time zone 'Europe/Paris'; "
        "select current_timezone()",
        "start transaction; select 1; commit; commit",
        "with function g() returns int begin return 3; end select g(); select 3",
        "select 1; select cast('x' as bigint); select 3",
        "show catalogs; show schemas from tpch like 't%'; explain (type validate) select 1",
    ):
        yield Case(("--ignore-errors", "--output-format", "ALIGNED", "--execute", text))
    yield Case(("--execute", "select 1; select nope; select 3"))
    yield Case((), "select 1; select 'two' -- end")
    yield Case(("--output-format", "TSV_HEADER"), "select 1 x;\nselect nope;\nselect 3")
    yield Case(("--execute", "select 1", "--file", VALUES))
    yield Case(("--file", "/nowhere/x.sql"))
    yield Case(("--catalog", "tpch", "--schema", "tiny", "--execute", "select current_catalog, current_schema"))
    yield Case(("--timezone", "Europe/Paris", "--execute", "select current_timezone()"))
    yield Case(("--session", "query_max_run_time=5m", "--execute", "show session like 'query_max_run_time'"))
    yield Case(("--session", "no_such_property=1", "--execute", "select 1"))
    yield Case(("--output-format", "VERTICAL", "--execute", "select * from tpch.tiny.nation order by nationkey"))
    many = "select orderkey, comment from tpch.tiny.orders order by orderkey"
    yield Case(("--output-format", "ALIGNED", "--execute", many))
    yield Case(("--output-format", "CSV_HEADER", "--execute", many))


def compare(url: str, official: Sequence[str], ours: Sequence[str]) -> list[str]:
    """The differences, each told in some lines."""
    found = []
    for case in cases():
        here, there = (answer([*program, "--server", url, "--user", "compare"], case) for program in (ours, official))
        shown = " ".join(case.arguments) + (f" < {case.input!r}" if case.input else "")
        if here == there:
            print(f"same     {shown[:100]!r}", flush=True)
            continue
        print(f"DIFFERS  {shown!r}", flush=True)
        for line in difflib.unified_diff(there.lines(), here.lines(), "official", "ours", n=1, lineterm=""):
            print(f"  {line}")
        found.append(shown)
    return found


def answer(program: Sequence[str], case: Case) -> Answer:
    """Run one of the two."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("TRINO_", "LODESTAR_", "XDG_"))},
        "TZ": "UTC",
        "TERM": "dumb",
    }
    try:
        done = subprocess.run(
            [*program, *case.arguments],
            input=case.input.encode(),
            capture_output=True,
            env=environment,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        return Answer(-1, _steady(late.stdout or b""), f"not done after {SECONDS} seconds")
    return Answer(done.returncode, _steady(done.stdout), _steady(done.stderr))


def _steady(output: bytes) -> str:
    text = _TERMINAL_COMPLAINT.sub("", output.decode("utf-8", "replace"))
    return _COLOR.sub("", _QUERY_ID.sub("QUERY", text))


def main() -> None:
    """Raises: Skip, Failed."""
    java = require_java(JAVA) / "bin" / "java"
    official = [
        str(java),
        "-XX:TieredStopAtLevel=1",
        "--enable-native-access=ALL-UNNAMED",
        "-jar",
        str(maven_artifact(OFFICIAL)),
    ]
    ours = [str(own_python()), "-m", "lodestar.cli.main"]
    different = []
    with Lodestar() as server:
        different += compare(server.url, official, ours)
    trino = os.environ.get("LODESTAR_TEST_TRINO")
    if trino:
        different += compare(trino, official, ours)
    total = sum(1 for _ in cases()) * (2 if trino else 1)
    if different:
        raise Failed(f"{len(different)} of {total} outputs differ from the official client's")
    print(f"{total} outputs are those of the official client")


if __name__ == "__main__":
    sys.exit(run_lane(main))
