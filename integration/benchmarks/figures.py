"""One measured figure with what it is compared with, and how figures are printed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` of `unit`; `goal` with `at_most` or at least; None where there is none."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    at_most: bool = True

    @property
    def met(self) -> bool:
        """No goal is met too."""
        if self.goal is None:
            return True
        return self.value <= self.goal if self.at_most else self.value >= self.goal

    def __str__(self) -> str:
        text = f"{self.name:58} {self.value:12,.3f} {self.unit}"
        if self.goal is None:
            return text
        sign = "<=" if self.at_most else ">="
        return f"{text:84} goal {sign} {self.goal:g} {self.unit}: {'met' if self.met else 'MISSED'}"


def seconds_of(action: Callable[[], object]) -> float:
    """How long an action takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def best_of(runs: int, action: Callable[[], object]) -> float:
    """Seconds of the quickest run: what the machine's other work has disturbed least."""
    return min(seconds_of(action) for _ in range(runs))


def median_of(runs: int, action: Callable[[], object]) -> float:
    """Seconds of the run in the middle."""
    return statistics.median(seconds_of(action) for _ in range(runs))


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM, shared pages included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def processor_seconds(pid: int) -> float:
    """What a process has used of the processors so far, all of its threads together; in steps of a hundredth."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
