"""A killed writer leaves the warehouse as it was or as it was to become, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.crashes import NEW, OLD, _prepare, see

pytestmark = pytest.mark.slow
PROJECT = Path(__file__).parents[5]

BEFORE = {"s.parts": (OLD, 3), "s.plain": (OLD, 3)}
EMPTY: tuple[list[Any], int | None] = ([], 0)

AFTER: dict[str, dict[str, Any]] = {
    "create": BEFORE | {"s.new": (NEW, 3)},
    "create_partitioned": BEFORE | {"s.new": (NEW, 3)},
    "insert": BEFORE | {"s.plain": (OLD + NEW, 6)},
    "insert_partitions": BEFORE | {"s.parts": (OLD + NEW, 6)},
    "overwrite": BEFORE | {"s.parts": ([(3, "b"), *NEW], 4)},
    "delete": BEFORE | {"s.plain": EMPTY},
    "delete_partitions": BEFORE | {"s.parts": EMPTY},
    "drop": {"s.plain": BEFORE["s.plain"]},
    "rename": {name.replace("s.", "s2."): rows for name, rows in BEFORE.items()},
}


def start(*arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(PROJECT / "server"), str(PROJECT)])
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.crashes", *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        text=True,
    )


def plain(state: dict[str, Any]) -> dict[str, Any]:
    return {name: ([tuple(row) for row in rows], count) for name, (rows, count) in state.items()}


@pytest.mark.parametrize("scenario", sorted(AFTER))
def test_whole_or_not_at_all(tmp_path: Path, scenario: str) -> None:
    process = start(scenario, str(tmp_path))
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0
    runs = [json.loads(line) for line in out.splitlines()]
    states = [plain(run["state"]) for run in runs]
    assert [run["left"] for run in runs] == [[]] * len(runs)
    assert [run["killed"] for run in runs] == [True] * (len(runs) - 1) + [False]
    # First nothing has happened, from some change on everything has.
    assert states[0] == BEFORE
    assert states[-1] == AFTER[scenario]
    turn = states.index(AFTER[scenario])
    assert states == [BEFORE] * turn + [AFTER[scenario]] * (len(states) - turn)


def test_writers_in_several_processes(tmp_path: Path) -> None:
    root = tmp_path / "warehouse"
    _prepare(root)
    writers = [start("writer", str(root), str(first), "10") for first in (100, 200)]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    found = see(root)
    assert found["left"] == []
    for name in ("s.plain", "s.parts"):
        rows, count = found["state"][name]
        assert count == len(rows) == len(OLD) + 20
        assert {row[0] for row in rows} == {1, 2, 3, *range(100, 110), *range(200, 210)}
