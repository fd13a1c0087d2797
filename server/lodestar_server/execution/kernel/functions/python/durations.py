"""Durations as text. Source: airlift Duration, Trino's human_readable_seconds."""

from __future__ import annotations

import re

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]+)\s*", re.ASCII)
_MILLIS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6, "d": 8.64e7}
_UNITS = {
    "ns": "NANOSECONDS",
    "us": "MICROSECONDS",
    "ms": "MILLISECONDS",
    "s": "SECONDS",
    "m": "MINUTES",
    "h": "HOURS",
    "d": "DAYS",
}


@value_function("trino_parse_duration", ["VARCHAR"], "BIGINT", pa.int64())
def parse_duration(text: str) -> int:
    """Milliseconds of `42.8ms`, rounded."""
    if not text:
        raise refused("duration is empty")
    match = _DURATION.fullmatch(text)
    if match is None:
        raise refused(f"duration is not a valid data duration string: {text}")
    number, unit = float(match[1]), match[2]
    if unit not in _MILLIS:
        raise refused(f"Unknown time unit: {unit}")
    millis = int(number * _MILLIS[unit] + 0.5)
    if millis >= 2**63:
        raise refused(
            f"value {java_double(number)} {_UNITS[unit]} is too large to be represented in requested unit "
            "MILLISECONDS as a long"
        )
    return millis


_MOST_SECONDS = 2**63 - 1
"""Java rounds to a long: more are as many."""
_STEPS = (("week", 604_800), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


@value_function("trino_human_readable_seconds", ["DOUBLE"], "VARCHAR", pa.string())
def human_readable_seconds(value: float) -> str:
    """`1 week, 2 days` of seconds."""
    if value - value != 0:
        raise refused(f"Invalid argument found: {java_double(value)}")
    seconds = min(int(abs(value) + 0.5), _MOST_SECONDS)
    parts = []
    for name, size in _STEPS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {name}{'' if count == 1 else 's'}")
    return ", ".join(parts) or "0 seconds"
