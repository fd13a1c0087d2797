"""What is said of a query while it runs and when it has ended. Pure: statistics of the protocol in, lines out."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from lodestar.cli.figures import (
    clock_text,
    count_text,
    final_time_text,
    fixed,
    plural,
    progress_bar,
    rate_text,
    size_rate_text,
    size_text,
    waiting_bar,
)

_NARROWEST = 75


@dataclass(frozen=True, slots=True)
class QueryStatus:
    """What the last document said of a query. `stats` are the protocol's: times in milliseconds, sizes in bytes."""

    query_id: str
    info_uri: str | None
    stats: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A figure, 0 when it is missing."""
        return int(self.stats.get(name) or 0)

    @property
    def state(self) -> str:
        """QUEUED, RUNNING, FINISHED, FAILED and so on."""
        return str(self.stats.get("state", ""))

    @property
    def progress(self) -> float:
        """Per cent of the splits that are done."""
        return float(self.stats.get("progressPercentage") or 0.0)


@dataclass(frozen=True, slots=True)
class StatusStyle:
    """How much is told: `debug` adds times and memory; `decimal` sizes are powers of 1000."""

    debug: bool = False
    decimal: bool = False


def final_lines(status: QueryStatus, style: StatusStyle) -> list[str]:
    """What comes behind a query's rows; nothing for a query that never had a split."""
    nodes = status.number("nodes")
    if not nodes or not status.number("totalSplits"):
        return []
    seconds = status.number("elapsedTimeMillis") / 1000
    lines = ["", f"Query {status.query_id}, {status.state}, {nodes:,} {plural('node', nodes)}"]
    if style.debug and status.info_uri:
        lines.append(status.info_uri)
    total, done = status.number("totalSplits"), status.number("completedSplits")
    lines.append(f"Splits: {total:,} total, {done:,} done ({fixed(status.progress, 2)}%)")
    if style.debug:
        lines += _debug_lines(status, seconds, style)
    rows, size = status.number("processedRows"), status.number("processedBytes")
    lines.append(
        f"{final_time_text(status.number('elapsedTimeMillis'))} "
        f"[{count_text(rows)} rows, {size_text(size, decimal=style.decimal)}] "
        f"[{rate_text(rows, seconds)} rows/s, {size_rate_text(size, seconds, decimal=style.decimal)}]"
    )
    return [*lines, ""]


def running_lines(status: QueryStatus, style: StatusStyle, seconds: float, width: int) -> list[str]:
    """The picture of a running query for a terminal of `width` cells, `seconds` after its start."""
    done = int(min(99, status.progress))
    if width < _NARROWEST:
        short = f"{clock_text(seconds)} {done}%"
        return ["", "WARNING: Terminal", "must be at least", "80 characters wide", "", status.state, short]
    nodes, splits = status.number("nodes"), status.number("totalSplits")
    lines = [
        "",
        f"Query {status.query_id}, {status.state}, {nodes:,} {plural('node', nodes)}, {splits:,} splits",
    ]
    if style.debug and status.info_uri and len(status.info_uri) < width:
        lines.append(status.info_uri)
    if not nodes or not splits:
        return lines
    if style.debug:
        queued, running = status.number("queuedSplits"), status.number("runningSplits")
        lines.append(f"Splits:   {queued:,} queued, {running:,} running, {status.number('completedSplits'):,} done")
        lines += _debug_lines(status, seconds, style)
    lines.append(_progress_line(status, style, seconds, width, done))
    root = status.stats.get("rootStage")
    if root:
        header = "STAGE", "S", "ROWS", "ROWS/s", "BYTES", "BYTES/s", "QUEUED", "RUN", "DONE"
        lines += ["", _STAGE_LINE.format(*header), *_stage_lines(root, "", count(), seconds, style)]
    return lines


def running_line(status: QueryStatus, style: StatusStyle, seconds: float) -> str:
    """The same for an output that is no terminal."""
    rows, size = status.number("processedRows"), status.number("processedBytes")
    figures = " ".join(
        (
            count_text(rows),
            size_text(size, decimal=style.decimal, long=False),
            size_rate_text(size, seconds, decimal=style.decimal, long=False),
        )
    )
    splits = "/".join(f"{status.number(name):,}" for name in ("queuedSplits", "runningSplits", "completedSplits"))
    return f"Query {status.query_id} [{status.state}] i[{figures}] o[{figures}] splits[{splits}]"


def _progress_line(status: QueryStatus, style: StatusStyle, seconds: float, width: int, done: int) -> str:
    rows, size = status.number("processedRows"), status.number("processedBytes")
    bar_width = min(width, 100) - _NARROWEST + 17
    if status.stats.get("scheduled"):
        running = math.ceil(float(status.stats.get("runningPercentage") or 0.0))
        bar = f"[{progress_bar(bar_width, done, running)}] {done}%"
    else:
        bar = f"[{waiting_bar(bar_width, math.floor(seconds + 0.5))}]"
    return (
        f"{clock_text(seconds)} [{count_text(rows):>5} rows, {size_text(size, decimal=style.decimal):>6}] "
        f"[{rate_text(rows, seconds):>5} rows/s, {size_rate_text(size, seconds, decimal=style.decimal):>8}] {bar}"
    )


def _debug_lines(status: QueryStatus, seconds: float, style: StatusStyle) -> list[str]:
    rows, size, nodes = status.number("processedRows"), status.number("processedBytes"), status.number("nodes")
    cpu, wall = status.number("cpuTimeMillis"), status.number("wallTimeMillis")
    active = int(min(100.0, cpu * 100 / wall)) if wall else 0
    parallelism = cpu / 1000 / seconds if seconds > 0 else 0.0
    lines = [
        f"CPU Time: {fixed(cpu / 1000, 1)}s total, {rate_text(rows, cpu / 1000):>5} rows/s, "
        f"{size_rate_text(size, cpu / 1000, decimal=style.decimal):>8}, {active}% active",
        f"Per Node: {fixed(parallelism / nodes, 1)} parallelism, {rate_text(rows / nodes, seconds):>5} rows/s, "
        f"{size_rate_text(size // nodes, seconds, decimal=style.decimal):>8}",
        f"Parallelism: {fixed(parallelism, 1)}",
        f"Peak Memory: {size_text(status.number('peakMemoryBytes'), decimal=style.decimal)}",
    ]
    spilled = status.number("spilledBytes")
    return [*lines, f"Spilled: {size_text(spilled, decimal=style.decimal)}"] if spilled else lines


_STAGE_LINE = "{:>10}{:>1}  {:>5}  {:>6}  {:>5}  {:>7}  {:>6}  {:>5}  {:>5}"


def _stage_lines(
    stage: Mapping[str, Any], indent: str, numbers: Iterator[int], seconds: float, style: StatusStyle
) -> Iterator[str]:
    rows, size = int(stage.get("processedRows") or 0), int(stage.get("processedBytes") or 0)
    state = str(stage.get("state") or " ")
    elapsed = 0.0 if stage.get("done") else seconds
    yield _STAGE_LINE.format(
        (indent + str(next(numbers))).ljust(10, "."),
        "X" if state == "FAILED" else state[0],
        count_text(rows),
        rate_text(rows, elapsed),
        size_text(size, decimal=style.decimal, long=False),
        size_rate_text(size, elapsed, decimal=style.decimal, long=False),
        *(str(stage.get(name) or 0) for name in ("queuedSplits", "runningSplits", "completedSplits")),
    )
    substages: Sequence[Mapping[str, Any]] = stage.get("subStages") or ()
    for substage in substages:
        yield from _stage_lines(substage, indent + "  ", numbers, seconds, style)
