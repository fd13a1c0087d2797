"""The official JDBC driver: a Java program walks it, and what it prints is what a real Trino made it print.

    trino_jdbc.py [--record http://127.0.0.1:8080]

`jdbc/expected.txt` was recorded from a Trino 476 with the catalogs tpch and memory; --record writes it anew. With
LODESTAR_TEST_TRINO the walk is also made there, which shows that the file still holds.
"""

from __future__ import annotations

import argparse
import difflib
import re
import subprocess
from pathlib import Path

from integration.compat.clients import Peer, clean_environment, peers
from integration.toolbox.cache import ROOT, cached
from integration.toolbox.java import maven_artifact, require_java
from integration.toolbox.lanes import Failed, run_lane

SOURCES = ROOT / "integration" / "compat" / "jdbc"
EXPECTED = SOURCES / "expected.txt"
DRIVER = "io.trino:trino-jdbc:476"
SECONDS = 240

_VARYING = (
    (re.compile(r"\d{8}_\d{6}_\d{5}_[a-z0-9]{5}"), "QUERY"),
    (re.compile(r"127\.0\.0\.1:\d+"), "SERVER"),
    (re.compile(r"\[([BI])@[0-9a-f]+"), r"[\1@HASH"),
    (re.compile(r"(Connection|Statement|Array)@[0-9a-f]+"), r"\1@HASH"),
    # The text of an object is as long as its hash code happens to be.
    (re.compile(r"(@HASH', 'varchar)\(\d+\)"), r"\1(N)"),
)


def main() -> None:
    """Raises: Failed, Skip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--record", metavar="URL", help="write expected.txt from this Trino")
    options = parser.parse_args()
    java, classpath = _compiled()
    if options.record:
        lines = _walk(java, classpath, Peer("Trino", options.record.rstrip("/")))
        EXPECTED.write_text("\n".join(lines) + "\n", "utf-8")
        print(f"{len(lines)} lines recorded")
        return
    expected = EXPECTED.read_text("utf-8").split("\n")[:-1]
    with peers() as servers:
        for peer in servers:
            _compare(expected, _walk(java, classpath, peer), peer)


def _compiled() -> tuple[Path, str]:
    """The JVM and the class path."""
    home = require_java(17)
    driver = maven_artifact(DRIVER)
    classes = cached("jdbc", "classes")
    classes.mkdir(exist_ok=True)
    sources = sorted(SOURCES.glob("*.java"))
    command = [home / "bin" / "javac", "-d", classes, "-cp", driver, *sources]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise Failed(f"the walk does not compile: {answer.stderr[-3000:]}")
    return home / "bin" / "java", f"{classes}:{driver}"


def _walk(java: Path, classpath: str, peer: Peer) -> list[str]:
    language = ("-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US")
    encoding = ("-Dfile.encoding=UTF-8", "-Dstdout.encoding=UTF-8")
    address = peer.url.split("://", 1)[1]
    try:
        answer = subprocess.run(
            [java, *language, *encoding, "-cp", classpath, "Main", address],
            env=clean_environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Failed(f"the walk against {peer.name} does not end") from None
    if answer.returncode:
        raise Failed(f"the walk against {peer.name} broke: {answer.stderr[-3000:]}")
    return [_normalised(line) for line in answer.stdout.split("\n")[:-1]]


def _normalised(line: str) -> str:
    for pattern, text in _VARYING:
        line = pattern.sub(text, line)
    return line


def _compare(expected: list[str], found: list[str], peer: Peer) -> None:
    missing = [line for line in found if line.startswith("NOT WALKED")]
    differences = list(difflib.unified_diff(expected, found, "expected", peer.name, n=0, lineterm=""))
    changed = sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in differences)
    print(f"{peer.name}: {len(found)} lines of {DRIVER.rsplit(':', 1)[0]}, {changed} lines of difference", flush=True)
    if missing or differences:
        raise Failed("\n".join([*missing, *(line[:400] for line in differences[:80])]))


if __name__ == "__main__":
    run_lane(main)
