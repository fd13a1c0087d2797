"""Scripts of SQL with their answers (`*.slt`).

    # a comment
    statement [session key=value …]
    CREATE TABLE t (a integer)
    ----
    CREATE TABLE

    query [ordered]
    SELECT a, b FROM t
    ----
    a integer | b varchar(1)
    [1,"x"]

    error
    SELECT nosuch
    ----
    COLUMN_NOT_FOUND 1:8 Column 'nosuch' cannot be resolved

A step is separated from the next by an empty line. Rows are the JSON of the wire, one a line; without `ordered` they
are compared in any order. The answer of a statement is its update type and, when there is one, its count.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

SEPARATOR = "----"


@dataclass(frozen=True, slots=True)
class Step:
    """One statement: `kind` is statement, query or error; `answer` its lines."""

    line: int
    kind: str
    ordered: bool
    sql: str
    answer: tuple[str, ...]
    comments: tuple[str, ...] = ()

    def answered(self, kind: str, answer: tuple[str, ...]) -> Step:
        """The same statement with another answer."""
        return replace(self, kind=kind, answer=answer)


def catalog_of(path: Path) -> str:
    """The catalog in which a script runs: those under `lake` need one that changes rows and stores materialized views.

    A real Trino runs them in its catalogs of these names, too.
    """
    return {"lake": "iceberg", "hive": "hive"}.get(path.parent.name, "memory")


def read_script(path: Path) -> list[Step]:
    """The steps of a file. Raises: ValueError with the line of what is malformed."""
    return list(_steps(path))


def _steps(path: Path) -> Iterator[Step]:
    comments: list[str] = []
    for number, block in _blocks(path.read_text("utf-8").splitlines()):
        while block and block[0].startswith("#"):
            comments.append(block.pop(0))
            number += 1
        if not block:
            continue
        kind, *options = block[0].split()
        if kind not in ("statement", "query", "error") or set(options) - {"ordered"}:
            raise ValueError(f"{path}:{number}: not the head of a step: {block[0]}")
        body = block[1:]
        split = body.index(SEPARATOR) if SEPARATOR in body else len(body)
        yield Step(
            number, kind, "ordered" in options, "\n".join(body[:split]), tuple(body[split + 1 :]), tuple(comments)
        )
        comments = []


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def write_script(path: Path, steps: list[Step]) -> None:
    """The inverse of `read_script`."""
    parts: list[str] = []
    for step in steps:
        head = f"{step.kind} ordered" if step.ordered and step.kind == "query" else step.kind
        parts.append("\n".join([*step.comments, head, step.sql, SEPARATOR, *step.answer]))
    path.write_text("\n\n".join(parts) + "\n", "utf-8")


def agrees(step: Step, kind: str, answer: tuple[str, ...]) -> bool:
    """The server's answer is the expected one."""
    if kind != step.kind:
        return False
    if kind != "query":
        return answer == step.answer
    want, got = (list(map(_row, lines[1:])) for lines in (step.answer, answer))
    return answer[:1] == step.answer[:1] and (want == got if step.ordered else sorted(want) == sorted(got))


def _row(text: str) -> str:
    """A row in one spelling: `1.0E-5` and `0.00001` are one number, but `1` and `1.0` are not."""
    return json.dumps(json.loads(text))
