"""Column figures (see `figures.py`) ↔ the metastore's structs of statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from lodestar_server.plugins.toolkit.calendar import day_number, day_text
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs

Figures = Mapping[str, Any]

ENGINE = "hive"
"""Under this name figures are kept; every engine that shares the metastore uses it."""

_LONGS = ("tinyint", "smallint", "int", "bigint", "timestamp")
_DOUBLES = ("float", "double")
_TEXTS = ("string", "varchar", "char")


def figures_from(found: Iterable[Any]) -> dict[str, Figures]:
    """Column name → figures. What Impala writes for "unknown" is left out."""
    return {one.colName: _read(one.statsData) for one in found}


def _read(data: Any) -> Figures:
    made: dict[str, Any] = {}
    for kind, name in (
        (data.longStats, "integerStatistics"),
        (data.doubleStats, "doubleStatistics"),
        (data.decimalStats, "decimalStatistics"),
        (data.dateStats, "dateStatistics"),
    ):
        if kind is not None:
            made[name] = {
                key: _value(value)
                for key, value in (("min", kind.lowValue), ("max", kind.highValue))
                if value is not None
            }
            _add(made, "distinctValuesCount", kind.numDVs)
            _add_nulls(made, kind.numNulls)
            return made
    if data.booleanStats is not None:
        kind = data.booleanStats
        if kind.numTrues is not None and kind.numFalses not in (None, -1):
            made["booleanStatistics"] = {"trueCount": kind.numTrues, "falseCount": kind.numFalses}
        _add_nulls(made, kind.numNulls)
        return made
    kind = data.stringStats if data.stringStats is not None else data.binaryStats
    if kind is not None:
        _add(made, "maxValueSizeInBytes", kind.maxColLen)
        _add(made, "averageColumnLength", kind.avgColLen)
        if data.stringStats is not None:
            _add(made, "distinctValuesCount", kind.numDVs)
        _add_nulls(made, kind.numNulls)
    return made


def _value(value: Any) -> Any:
    if hasattr(value, "daysSinceEpoch"):
        return day_text(value.daysSinceEpoch)
    if hasattr(value, "unscaled"):
        unscaled = int.from_bytes(_bytes(value.unscaled), "big", signed=True)
        return Decimal(unscaled).scaleb(-value.scale)
    return value


def _bytes(value: Any) -> bytes:
    # Binary that happens to be text arrives as text.
    return value.encode() if isinstance(value, str) else bytes(value)


def _add(made: dict[str, Any], name: str, value: Any) -> None:
    if value is not None:
        made[name] = value


def _add_nulls(made: dict[str, Any], count: int | None) -> None:
    if count is not None and count >= 0:
        made["nullsCount"] = count


def figures_to(columns: Mapping[str, str], figures: Mapping[str, Figures]) -> list[Any]:
    """Structs for columns that are known; `columns`: name → type of Hive. Types that have no figures are left out."""
    found = []
    for name, one in figures.items():
        data = _written(columns.get(name, ""), one)
        if data is not None:
            found.append(structs().ColumnStatisticsObj(name, columns[name], data))
    return found


def _written(type_: str, figures: Figures) -> Any:
    api = structs()
    base = type_.partition("(")[0]
    nulls, distinct = figures.get("nullsCount", 0), figures.get("distinctValuesCount", 0)
    if base == "boolean":
        counts = figures.get("booleanStatistics", {})
        data = api.BooleanColumnStatsData(counts.get("trueCount", 0), counts.get("falseCount", 0), nulls)
        return api.ColumnStatisticsData(booleanStats=data)
    if base in _LONGS:
        low, high = _range(figures, "integerStatistics", int)
        return api.ColumnStatisticsData(longStats=api.LongColumnStatsData(low, high, nulls, distinct))
    if base in _DOUBLES:
        low, high = _range(figures, "doubleStatistics", float)
        return api.ColumnStatisticsData(doubleStats=api.DoubleColumnStatsData(low, high, nulls, distinct))
    if base == "decimal":
        low, high = _range(figures, "decimalStatistics", _decimal)
        return api.ColumnStatisticsData(decimalStats=api.DecimalColumnStatsData(low, high, nulls, distinct))
    if base == "date":
        low, high = _range(figures, "dateStatistics", lambda text: api.Date(day_number(text)))
        return api.ColumnStatisticsData(dateStats=api.DateColumnStatsData(low, high, nulls, distinct))
    longest, average = figures.get("maxValueSizeInBytes", 0), float(figures.get("averageColumnLength", 0.0))
    if base in _TEXTS:
        return api.ColumnStatisticsData(stringStats=api.StringColumnStatsData(longest, average, nulls, distinct))
    if base == "binary":
        return api.ColumnStatisticsData(binaryStats=api.BinaryColumnStatsData(longest, average, nulls))
    return None


def _range(figures: Figures, name: str, convert: Any) -> tuple[Any, Any]:
    found = figures.get(name, {})
    low, high = found.get("min"), found.get("max")
    return (None if low is None else convert(low)), (None if high is None else convert(high))


def _decimal(value: Any) -> Any:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    unscaled = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    unscaled = -unscaled if sign else unscaled
    size = (unscaled.bit_length() + 8) // 8
    return structs().Decimal(max(-exponent, 0), unscaled.to_bytes(size, "big", signed=True))
