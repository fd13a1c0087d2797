#!/usr/bin/env python3
"""The scripts of tests/sql against a server that speaks Trino's protocol: ours, or a real Trino.

usage: slt.py [PATH ...] --server http://127.0.0.1:8080 [--update]

With --update the answers in the scripts become the server's: do that with a real Trino only, and read the diff.
The server needs the catalogs tpch, memory, hive and iceberg.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.sql.script import agrees, catalog_of, read_script, write_script  # noqa: E402


class Client:
    """One session over the statement protocol, with the standard library only."""

    def __init__(self, server: str) -> None:
        self.server = server
        self.headers = {
            "X-Trino-User": "tester",
            "X-Trino-Catalog": "memory",
            "X-Trino-Schema": "default",
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Transaction-Id": "NONE",
            "X-Trino-Client-Capabilities": "PATH,PARAMETRIC_DATETIME,SESSION_AUTHORIZATION",
        }
        self.session: dict[str, str] = {}
        self.prepared: dict[str, str] = {}

    def answer(self, sql: str) -> tuple[str, tuple[str, ...]]:
        """Kind and answer, as scripts write them."""
        rows: list[str] = []
        columns: list[dict[str, str]] | None = None
        document, headers = self._send(f"{self.server}/v1/statement", sql.encode())
        while True:
            self._learn(headers)
            columns = document.get("columns", columns)
            rows += [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in document.get("data") or []]
            if "nextUri" not in document:
                break
            document, headers = self._send(document["nextUri"], None)
        error = document.get("error")
        if error is not None:
            return "error", (_error_line(error),)
        if document.get("updateType") is not None:
            count = document.get("updateCount")
            return "statement", (document["updateType"] + ("" if count is None else f" {count}"),)
        head = " | ".join(f"{one['name']} {one['type']}" for one in columns or [])
        return "query", (head, *rows)

    def _send(self, uri: str, body: bytes | None) -> tuple[dict, list[tuple[str, str]]]:
        headers = dict(self.headers)
        if self.session:
            headers["X-Trino-Session"] = ",".join(f"{key}={value}" for key, value in self.session.items())
        if self.prepared:
            headers["X-Trino-Prepared-Statement"] = ",".join(f"{k}={v}" for k, v in self.prepared.items())
        request = urllib.request.Request(uri, data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=300) as response:
            return json.loads(response.read()), response.getheaders()

    def _learn(self, headers: list[tuple[str, str]]) -> None:
        for key, value in headers:
            match key.lower():
                case "x-trino-set-catalog":
                    self.headers["X-Trino-Catalog"] = value
                case "x-trino-set-schema":
                    self.headers["X-Trino-Schema"] = value
                case "x-trino-set-path":
                    self.headers["X-Trino-Path"] = value
                case "x-trino-set-session":
                    name, _, text = value.partition("=")
                    self.session[name] = text
                case "x-trino-clear-session":
                    self.session.pop(value, None)
                case "x-trino-added-prepare":
                    name, _, text = value.partition("=")
                    self.prepared[name] = text
                case "x-trino-deallocated-prepare":
                    self.prepared.pop(value, None)
                case "x-trino-started-transaction-id":
                    self.headers["X-Trino-Transaction-Id"] = value
                case "x-trino-clear-transaction-id":
                    self.headers["X-Trino-Transaction-Id"] = "NONE"


def _error_line(error: dict) -> str:
    location = error.get("errorLocation")
    message = error["message"]
    place = ""
    if location is not None:
        place = f"{location['lineNumber']}:{location['columnNumber']} "
        message = message.removeprefix(f"line {location['lineNumber']}:{location['columnNumber']}: ")
    return f"{error['errorName']} {place}{message}".replace("\n", "\\n")


def main() -> int:
    """Run the scripts; the exit code is 1 when an answer differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="*", type=Path, default=[ROOT / "tests" / "sql"])
    parser.add_argument("--server", required=True)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    scripts = sorted(script for path in options.paths for script in ([path] if path.is_file() else path.rglob("*.slt")))
    steps = differing = 0
    for script in scripts:
        schema = "script_" + script.stem.replace("-", "_")
        client = Client(options.server.rstrip("/"))
        place = f"{catalog_of(script)}.{schema}"
        for sql in (f"DROP SCHEMA IF EXISTS {place} CASCADE", f"CREATE SCHEMA {place}", f"USE {place}"):
            client.answer(sql)
        answered = []
        for step in read_script(script):
            kind, answer = client.answer(step.sql.replace("{schema}", schema))
            answer = tuple(line.replace(schema, "{schema}") for line in answer)
            steps += 1
            if not agrees(step, kind, answer):
                differing += 1
                if not options.update:
                    print(f"{script}:{step.line}\n{step.sql}\n  want {step.kind} {step.answer}\n  got  {kind} {answer}")
            answered.append(step.answered(kind, answer))
        client.answer(f"DROP SCHEMA {place} CASCADE")
        if options.update:
            write_script(script, answered)
    print(f"{len(scripts)} scripts, {steps} statements, {differing} {'updated' if options.update else 'different'}")
    return 1 if differing and not options.update else 0


if __name__ == "__main__":
    sys.exit(main())
