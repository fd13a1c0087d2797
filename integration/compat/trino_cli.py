"""The official command line against our server, compared with what it printed of a real Trino.

    trino_cli.py [--record http://127.0.0.1:8080]

`trino_cli_expected.txt` was recorded from a Trino 476 with the catalogs tpch and memory; --record writes it anew. With
LODESTAR_TEST_TRINO the cases run there too.
"""

from __future__ import annotations

import argparse
import difflib
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from integration.compat.clients import Peer, clean_environment, peers
from integration.compat.slt import Client
from integration.toolbox.cache import ROOT
from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.lanes import Failed, run_lane

EXPECTED = ROOT / "integration" / "compat" / "trino_cli_expected.txt"
CLI = "io.trino:trino-cli:476:jar:executable"
SECONDS = 60
SCHEMA = "cli_lane"

FORMATS = (
    "ALIGNED", "VERTICAL", "TSV", "TSV_HEADER", "CSV", "CSV_HEADER", "CSV_UNQUOTED", "CSV_HEADER_UNQUOTED",
    "MARKDOWN", "NULL", "AUTO",
)  # fmt: skip
VALUES = """
SELECT 1 AS i, -2.5e10 AS d, REAL '1.5' AS r, nan() AS n, DECIMAL '12.50' AS m, true AS b, 'it''s "quoted", a|b' AS s,
  U&'gr\\00fc\\00dfe \\+01F600' AS u, 'two' || chr(10) || 'lines' || chr(9) || 'tab\\' AS w, CAST('ab' AS CHAR(4)) AS c,
  X'00FF41' AS x, DATE '2024-02-29' AS dt, TIME '01:02:03.456' AS t, TIMESTAMP '2024-02-29 01:02:03.123456' AS ts,
  TIMESTAMP '2024-07-01 12:00:00.000 Europe/Berlin' AS tz, INTERVAL '14' MONTH AS ym,
  INTERVAL '1 02:03:04.567' DAY TO SECOND AS ds, UUID '12151fd2-7586-11e9-8f9e-2a86e4085a59' AS id,
  IPADDRESS '10.0.0.1' AS ip, JSON '{"a": [1, null]}' AS j, ARRAY[1, NULL, 3] AS a, MAP(ARRAY['k'], ARRAY[NULL]) AS mp,
  CAST(ROW(1, 'x') AS ROW(f INTEGER, g VARCHAR)) AS rw
UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, '', NULL, NULL, NULL, X'', NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, ARRAY[], MAP(), NULL
ORDER BY 1
"""
SLOW = "SELECT count(*) FROM tpch.sf1000.lineitem a JOIN tpch.sf1000.lineitem b ON a.partkey = b.partkey"

_VARYING = (
    (re.compile(r"\d{8}_\d{6}_\d{5}_[a-z0-9]{5}"), "QUERY"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "SERVER"),
)
_JVM_SAYS = re.compile(
    r"^(WARNING: (?:A restricted|java\.lang|Use --enable|Restricted).*|.*org\.jline.*|.*dumb terminal.*)$"
)


@dataclass(frozen=True, slots=True)
class Case:
    """One run: options, and what is on its standard input. `{file}` in an option is a file with `text` in it."""

    name: str
    options: tuple[str, ...]
    text: str = ""


def _execute(name: str, sql: str, *options: str) -> Case:
    return Case(name, (*options, "--execute", sql))


CASES = (
    *(_execute(f"output {one}", VALUES, "--output-format", one) for one in FORMATS),
    # Nested values end this command line with an error of its own when it writes JSON.
    _execute(
        "output JSON",
        "SELECT 1 AS i, -2.5e10 AS d, nan() AS n, DECIMAL '12.50' AS m, true AS b, 'it''s \"q\"' AS s, NULL AS z,"
        " DATE '2024-02-29' AS dt, INTERVAL '14' MONTH AS ym, JSON '{\"a\": [1, null]}' AS j, X'00FF41' AS x",
        *("--output-format", "JSON"),
    ),
    _execute("no rows", "SELECT name FROM tpch.tiny.nation WHERE false", "--output-format", "ALIGNED"),
    _execute(
        "several statements",
        f"CREATE SCHEMA memory.{SCHEMA}; USE memory.{SCHEMA}; CREATE TABLE t (a BIGINT, b VARCHAR);"
        " INSERT INTO t VALUES (1, 'x'), (2, 'a;b'); SELECT * FROM t ORDER BY 1; CREATE TABLE u AS SELECT * FROM t;"
        " PREPARE p FROM SELECT b FROM t WHERE a = ?; EXECUTE p USING 2; DEALLOCATE PREPARE p; SHOW TABLES;"
        " SET SESSION query_max_run_time = '1h'; RESET SESSION query_max_run_time; START TRANSACTION;"
        " SELECT count(*) FROM tpch.tiny.region; ROLLBACK; SET TIME ZONE 'Asia/Tokyo'; SELECT current_timezone();"
        f" DROP TABLE t; DROP SCHEMA memory.{SCHEMA} CASCADE",
    ),
    _execute("a page and more", "SELECT orderkey, comment FROM tpch.tiny.lineitem ORDER BY 1, linenumber LIMIT 3"),
    _execute(
        "catalog and schema",
        "SHOW TABLES; SELECT * FROM region ORDER BY 1",
        *("--catalog", "tpch", "--schema", "tiny"),
    ),
    _execute(
        "session options",
        "SELECT current_user, current_timezone(), current_catalog",
        *("--session", "query_max_run_time=7m", "--timezone", "Asia/Kathmandu", "--user", "somebody"),
        *("--client-tags", "a,b", "--client-info", "x", "--source", "lane", "--trace-token", "t"),
        *("--extra-credential", "k=v", "--disable-compression"),
    ),
    _execute("a wrong session property", "SELECT 1", "--session", "nothing=1"),
    _execute("syntax error", "SELECT 1;\nSELEC 2;\nSELECT 3"),
    _execute("an error on the second line", "SELECT 1,\n  nothing FROM tpch.tiny.nation"),
    _execute("an error goes on", "SELECT 1; SELECT * FROM tpch.tiny.nothing; SELECT 3", "--ignore-errors"),
    _execute("an error at run time", "SELECT 1 / (nationkey - 3) FROM tpch.tiny.nation"),
    Case("file", ("--file", "{file}"), "-- a comment\nSELECT 'from a file';\n/* more */ SELECT 2 AS two\n;\n"),
    Case("a file that ends in the middle", ("-f", "{file}", "--output-format", "CSV_HEADER"), "SELECT 1 AS x"),
    Case("standard input", ("--output-format", "TSV"), "SELECT 'from stdin';\nSELECT 2;\n"),
    _execute("explain", "EXPLAIN (TYPE VALIDATE) SELECT 1; DESCRIBE tpch.tiny.region", "--output-format", "ALIGNED"),
    _execute("a catalog that is not there", "SELECT 1; SHOW TABLES", "--catalog", "nothing", "--schema", "x"),
)  # fmt: skip


def main() -> None:
    """Raises: Failed, Skip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", metavar="URL", help="write the expected file from this Trino")
    options = parser.parse_args()
    command = [str(require_java(17) / "bin" / "java"), "-jar", str(maven_artifact(CLI))]
    if options.record:
        lines = list(_transcript(command, Peer("Trino", options.record.rstrip("/"))))
        EXPECTED.write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{len(lines)} lines recorded")
        return
    expected = EXPECTED.read_text("utf-8").split("\n")[:-1]
    with peers() as servers:
        for peer in servers:
            found = list(_transcript(command, peer))
            differences = list(difflib.unified_diff(expected, found, "expected", peer.name, n=0, lineterm=""))
            outcome = "as expected" if not differences else "DIFFERENT"
            print(f"{peer.name}: {len(CASES)} runs of the command line, {len(found)} lines, {outcome}", flush=True)
            if differences:
                raise Failed("\n".join(line[:400] for line in differences[:80]))
            print(f"{peer.name}: {_interrupt(command, peer)}", flush=True)


def _transcript(command: list[str], peer: Peer) -> Iterator[str]:
    """What each case printed: its output after a bar, its complaints after a mark."""
    _drop(peer)
    for case in CASES:
        code, output, complaints = _run([*command, "--server", peer.url], case)
        yield f"== {case.name}: exit {code}"
        yield from (f"| {line}" for line in _lines(output))
        yield from (f"! {line}" for line in _lines(complaints) if not _JVM_SAYS.match(line))
    _drop(peer)


def _drop(peer: Peer) -> None:
    Client(peer.url).answer(f"DROP SCHEMA IF EXISTS memory.{SCHEMA} CASCADE")


def _run(command: list[str], case: Case) -> tuple[int, str, str]:
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "statements.sql"
        file.write_text(case.text, "utf-8")
        answer = subprocess.run(
            [*command, *(option.replace("{file}", str(file)) for option in case.options)],
            input="" if "{file}" in case.options else case.text,
            env=_environment(directory),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    return answer.returncode, answer.stdout, answer.stderr


def _environment(home: str) -> dict[str, str]:
    quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
    language = "-Duser.timezone=UTC -Duser.language=en -Dfile.encoding=UTF-8 -Dstdout.encoding=UTF-8"
    java = f"{quick} {language} -Duser.name=tester"
    return clean_environment(TERM="dumb", HOME=home, JDK_JAVA_OPTIONS=java, LC_ALL="C.UTF-8")


def _lines(text: str) -> list[str]:
    for pattern, name in _VARYING:
        text = pattern.sub(name, text)
    return [line for line in text.split("\n") if not line.startswith("NOTE: Picked up JDK_JAVA_OPTIONS")][:-1]


def _interrupt(command: list[str], peer: Peer) -> str:
    """A running query, then Ctrl-C: the query ends on the server, the command line with it. Raises: Failed."""
    source = f"lane-{os.getpid()}"
    watch = f"SELECT state, error_code FROM system.runtime.queries WHERE source = '{source}'"
    client = Client(peer.url)
    with tempfile.TemporaryDirectory() as directory:
        child = subprocess.Popen(
            [*command, "--server", peer.url, "--source", source, "--execute", SLOW],
            env=_environment(directory),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(client, watch, "RUNNING")
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    last = _await(client, watch, "FAILED")
    if child.returncode == 0 or "USER_CANCELED" not in last:
        raise Failed(f"after Ctrl-C the command line ended with {child.returncode}, the query with {last}")
    return f"Ctrl-C ended a running query: exit {child.returncode}, {last}"


def _await(client: Client, watch: str, state: str) -> str:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        _, answer = client.answer(watch)
        if len(answer) > 1 and state in answer[1]:
            return answer[1]
        time.sleep(0.1)
    raise Failed(f"no query of the command line became {state}: {answer}")


if __name__ == "__main__":
    run_lane(main)
