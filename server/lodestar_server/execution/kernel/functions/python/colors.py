"""Colours of a terminal. Source: answers of Trino 476; the mixing is that of java.awt.Color.

A colour is an integer: red, green and blue in a byte each, or below zero one of the terminal's own.
"""

from __future__ import annotations

import colorsys
import math
import re

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.errors import EXCEEDED_FUNCTION_MEMORY_LIMIT

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_SHORT = re.compile("#[0-9a-fA-F]{3}")
_RESET = "\x1b[0m"
_LEVELS = 6
_MAX_BAR = 1 << 20


@value_function("trino_color", ["VARCHAR"], "INTEGER", pa.int32())
def color(text: str) -> int:
    """`red` or `#f0a`."""
    if text in NAMES:
        return -NAMES.index(text) - 1
    if not _SHORT.fullmatch(text):
        raise refused(f"Invalid color: '{text}'")
    return int("".join(digit * 2 for digit in text[1:]), 16)


@value_function("trino_rgb", ["BIGINT", "BIGINT", "BIGINT"], "INTEGER", pa.int32())
def rgb(red: int, green: int, blue: int) -> int:
    """Of three components up to 255."""
    for name, part in (("red", red), ("green", green), ("blue", blue)):
        if not 0 <= part <= 255:
            raise refused(f"{name} must be between 0 and 255")
    return red << 16 | green << 8 | blue


@value_function("trino_mixed_color", ["DOUBLE", "INTEGER", "INTEGER"], "INTEGER", pa.int32())
def mixed(fraction: float, low: int, high: int) -> int:
    """Between two colours, on the wheel of hues."""
    for name, color in (("lowColor", low), ("highColor", high)):
        if color < 0:
            raise refused(f"{name} not a valid RGB color")
    return _mixed(fraction, low, high)


def _mixed(fraction: float, low: int, high: int) -> int:
    share = min(max(fraction, 0.0), 1.0) if fraction == fraction else 0.0
    parts = [one + (other - one) * share for one, other in zip(_hsv(low), _hsv(high), strict=True)]
    made = 0
    for part in colorsys.hsv_to_rgb(*parts):
        made = made << 8 | int(part * 255 + 0.5)
    return made


def _hsv(value: int) -> tuple[float, float, float]:
    return colorsys.rgb_to_hsv(*(part / 255 for part in value.to_bytes(3)))


def _number(value: int) -> int:
    """In the terminal's palette of 256."""
    if value < 0:
        return -value - 1
    made = 0
    for part in value.to_bytes(3):
        made = made * _LEVELS + part * _LEVELS // 256
    return 16 + made


@value_function("trino_render", ["VARCHAR", "INTEGER"], "VARCHAR", pa.string())
def render(text: str, value: int) -> str:
    """The text in a colour."""
    return f"\x1b[38;5;{_number(value)}m{text}{_RESET}"


@value_function("trino_bar", ["DOUBLE", "BIGINT", "INTEGER", "INTEGER"], "VARCHAR", pa.string())
def bar(share: float, width: int, low: int, high: int) -> str:
    """A bar that fills a share of its width."""
    if width > _MAX_BAR:
        # Trino tries, and runs out of memory.
        raise ValueError(marked(EXCEEDED_FUNCTION_MEMORY_LIMIT, f"Bar of {width} characters is too wide"))
    if not math.isfinite(share * width):
        share = 1.0 if share > 0 else 0.0
    count = min(max(int(share * width), 0), max(width, 0))
    if count and min(low, high) < 0:
        raise refused("color is not a valid rgb value")
    blocks = [
        f"\x1b[38;5;{_number(_mixed(index / (width - 1) if width > 1 else 0.0, low, high))}m\u2588"
        for index in range(count)
    ]
    return "".join(blocks) + _RESET + " " * (width - count)
