"""Column figures as Trino keeps them in the metastore, and their sum over two sets of rows.

`{"nullsCount": 3, "distinctValuesCount": 7, "integerStatistics": {"min": 1, "max": 9}}`; texts have
`maxValueSizeInBytes` and `averageColumnLength`; booleans `trueCount` and `falseCount`; `min` and `max` are numbers,
for dates texts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from lodestar_server.plugins.toolkit.calendar import day_number

Figures = Mapping[str, Any]

RANGES = ("integerStatistics", "doubleStatistics", "decimalStatistics", "dateStatistics")


def merge_figures(old: Mapping[str, Figures], new: Mapping[str, Figures]) -> dict[str, Figures]:
    """Figures of columns that both know; what only one knows is not known of their sum."""
    return {name: _merged(old[name], new[name]) for name in old if name in new}


def _merged(old: Figures, new: Figures) -> Figures:
    made: dict[str, Any] = {}
    for name in RANGES:
        if name in old and name in new:
            order = day_number if name == "dateStatistics" else Decimal
            made[name] = {
                key: pick(old[name][key], new[name][key], key=order)
                for key, pick in (("min", min), ("max", max))
                if old[name].get(key) is not None and new[name].get(key) is not None
            }
    if "booleanStatistics" in old and "booleanStatistics" in new:
        made["booleanStatistics"] = {
            key: old["booleanStatistics"].get(key, 0) + new["booleanStatistics"].get(key, 0)
            for key in ("trueCount", "falseCount")
        }
    _both(made, old, new, "maxValueSizeInBytes", max)
    lengths = [float(one["averageColumnLength"]) for one in (old, new) if "averageColumnLength" in one]
    if lengths:  # rows without values have none
        made["averageColumnLength"] = sum(lengths) / len(lengths)
    _both(made, old, new, "nullsCount", lambda a, b: a + b)
    _both(made, old, new, "distinctValuesCount", max)
    return made


def _both(made: dict[str, Any], old: Figures, new: Figures, name: str, join: Callable[[Any, Any], Any]) -> None:
    if name in old and name in new:
        made[name] = join(old[name], new[name])
