"""Column figures as Trino keeps them in the metastore, and their sum over two sets of rows.

`{"nullsCount": 3, "distinctValuesCount": 7, "integerStatistics": {"min": 1, "max": 9}}`; texts have
`maxValueSizeInBytes` and `averageColumnLength`, of values that are not NULL; booleans `trueCount` and `falseCount`;
`min` and `max` are numbers, for dates texts. NULL counts as one of the distinct values, as it does in Hive.
Source: Trino StatisticsUpdateMode, AbstractHiveStatisticsProvider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from lodestar_server.plugins.toolkit.calendar import day_number
from lodestar_server.spi.values import frozen

Figures = Mapping[str, Any]

RANGES = ("integerStatistics", "doubleStatistics", "decimalStatistics", "dateStatistics")


@frozen
class Known:
    """What is known of some rows: how many they are (None: nobody knows), and figures of their columns."""

    rows: int | None
    figures: Mapping[str, Figures]


def merge_figures(old: Known, new: Known) -> dict[str, Figures]:
    """Figures of columns that both know; what only one knows is not known of their sum."""
    return {
        name: _merged(_Column(old.rows, figures), _Column(new.rows, new.figures[name]))
        for name, figures in old.figures.items()
        if name in new.figures
    }


def distinct_values(figures: Figures, rows: int) -> int | None:
    """Without NULL, and no more than there can be. None: not known."""
    if "booleanStatistics" in figures:
        counts = [figures["booleanStatistics"].get(key) for key in ("trueCount", "falseCount")]
        if None not in counts:
            return sum(map(bool, counts))
    found, nulls = figures.get("distinctValuesCount"), figures.get("nullsCount") or 0
    if found is None:
        return None
    if found > 0 and nulls > 0:
        found -= 1
    if found == 0 and nulls < rows:
        found = 1
    return max(min(int(found), rows - nulls), 0)


@frozen
class _Column:
    rows: int | None
    figures: Figures

    @property
    def nulls(self) -> int:
        return int(self.figures.get("nullsCount") or 0)

    @property
    def average_length(self) -> float | None:
        found = self.figures.get("averageColumnLength")
        return None if found is None else float(found)

    @property
    def is_filled(self) -> bool:
        """It is known to have no NULL."""
        return self.figures.get("nullsCount") == 0

    @property
    def is_empty(self) -> bool:
        """It is known to have nothing else."""
        return self.rows is not None and self.figures.get("nullsCount") == self.rows


def _average_length(old: _Column, new: _Column) -> float | None:
    if old.rows is None or new.rows is None:
        return None
    if old.rows == old.nulls:
        return new.average_length
    if new.rows == new.nulls:
        return old.average_length
    if old.average_length is None or new.average_length is None:
        return None
    filled = (old.rows - old.nulls, new.rows - new.nulls)
    return (old.average_length * filled[0] + new.average_length * filled[1]) / sum(filled)


def _distinct_with_null(old: _Column, new: _Column) -> int | None:
    counts = [one.figures.get("distinctValuesCount") for one in (old, new)]
    for count, one, other in ((counts[0], old, new), (counts[1], new, old)):
        if count is not None and one.is_filled and other.is_empty:
            return int(count) + 1
    both = [int(count) for count in counts if count is not None]
    return max(both) if len(both) == len(counts) else None


def _merged(before: _Column, after: _Column) -> Figures:
    old, new = before.figures, after.figures
    made: dict[str, Any] = {}
    for name in RANGES:
        if name in old and name in new:
            order = day_number if name == "dateStatistics" else Decimal
            made[name] = {}
            for key, pick in (("min", min), ("max", max)):
                known = [one[name][key] for one in (old, new) if one[name].get(key) is not None]
                if known:
                    made[name][key] = pick(known, key=order)
    if "booleanStatistics" in old and "booleanStatistics" in new:
        made["booleanStatistics"] = {
            key: old["booleanStatistics"].get(key, 0) + new["booleanStatistics"].get(key, 0)
            for key in ("trueCount", "falseCount")
        }
    _both(made, old, new, "maxValueSizeInBytes", max)
    _both(made, old, new, "nullsCount", lambda a, b: a + b)
    for name, value in (
        ("averageColumnLength", _average_length(before, after)),
        ("distinctValuesCount", _distinct_with_null(before, after)),
    ):
        if value is not None:
            made[name] = value
    return made


def _both(made: dict[str, Any], old: Figures, new: Figures, name: str, join: Callable[[Any, Any], Any]) -> None:
    if name in old and name in new:
        made[name] = join(old[name], new[name])
