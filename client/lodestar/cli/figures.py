"""Counts, sizes, rates and times as people read them: three significant digits and a unit."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

_COUNT_UNITS = ("", "K", "M", "B", "T", "Q")
_SIZE_UNITS = ("B", "K", "M", "G", "T", "P")


def count_text(count: int) -> str:
    """`999`, `1000`, `1.5K`, `15M`. A unit begins above its thousand."""
    fractional, unit = float(count), 0
    while fractional > 1000 and unit < len(_COUNT_UNITS) - 1:
        fractional, unit = fractional / 1000, unit + 1
    return _three_digits(fractional) + _COUNT_UNITS[unit]


def rate_text(count: float, seconds: float) -> str:
    """A count per second, `0` when there is no time."""
    return count_text(int(_per_second(count, seconds)))


def size_text(size: float, *, decimal: bool = False, long: bool = True) -> str:
    """`0B`, `1.97GiB`; with `decimal` in powers of 1000 and `GB`. Not `long`: `1.97Gi`."""
    divisor = 1000 if decimal else 1024
    fractional, unit = float(size), 0
    while fractional >= divisor and unit < len(_SIZE_UNITS) - 1:
        fractional, unit = fractional / divisor, unit + 1
    name = _SIZE_UNITS[unit]
    if unit:
        name += ("" if decimal else "i") + ("B" if long else "")
    return _three_digits(fractional) + name


def size_rate_text(size: float, seconds: float, *, decimal: bool = False, long: bool = True) -> str:
    """`4.44MiB/s`; not `long`: `4.44Mi`."""
    rate = size_text(math.floor(_per_second(size, seconds) + 0.5), decimal=decimal, long=False)
    if not long:
        return rate
    return (rate if rate.endswith("B") else rate + "B") + "/s"


def clock_text(seconds: float) -> str:
    """`1:05`."""
    whole = math.floor(seconds + 0.5)
    return f"{whole // 60}:{whole % 60:02d}"


def final_time_text(milliseconds: int) -> str:
    """`0.25` seconds; from a minute on `1:05`."""
    return clock_text(milliseconds / 1000) if milliseconds >= 60_000 else fixed(milliseconds / 1000, 2)


def fixed(value: float, places: int) -> str:
    """So many places behind the point, half rounded up."""
    return str(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def plural(word: str, count: int) -> str:
    """The word with an s unless there is one."""
    return word if count == 1 else word + "s"


def progress_bar(width: int, done: int, running: int) -> str:
    """`====>>>   `: done and running are percentages."""
    pending = max(0, 100 - done - running)
    done_cells = min(width, _ceil(done * width, 100))
    pending_cells = min(width, _ceil(pending * width, 100))
    least = 1 if running > 0 else 0
    running_cells = max(min(width, _ceil(running * width, 100)), least)
    # What rounding up has added is taken from what is pending, then running, then done.
    if done_cells + running_cells + pending_cells != width and pending > 0:
        pending_cells = max(0, width - done_cells - running_cells)
    if done_cells + running_cells + pending_cells != width:
        running_cells = max(least, width - done_cells - pending_cells)
    if done_cells + running_cells + pending_cells > width and done > 0:
        done_cells = max(0, width - running_cells - pending_cells)
    return "=" * done_cells + ">" * running_cells + " " * pending_cells


def waiting_bar(width: int, tick: int) -> str:
    """`   <=>   `, wandering to and fro while nothing is known."""
    span = width - 3
    place = tick % span
    if (tick // span) % 2:
        place = span - place
    return " " * place + "<=>" + " " * (span - place)


def _per_second(count: float, seconds: float) -> float:
    return count / seconds if seconds > 0 else 0.0


def _three_digits(value: float) -> str:
    places = 2 if value < 10 else 1 if value < 100 else 0
    text = str(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))
    return text.rstrip("0").rstrip(".") if places else text


def _ceil(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
