"""Column figures (see `figures.py`) ↔ Glue's documents of statistics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from lodestar_server.plugins.toolkit.calendar import day_number, day_text

Figures = Mapping[str, Any]
Document = Mapping[str, Any]

_LONGS = ("tinyint", "smallint", "int", "bigint", "timestamp")
_TEXTS = ("string", "varchar", "char")
_RANGES = {
    "LongColumnStatisticsData": "integerStatistics",
    "DoubleColumnStatisticsData": "doubleStatistics",
    "DecimalColumnStatisticsData": "decimalStatistics",
    "DateColumnStatisticsData": "dateStatistics",
}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def figures_from(found: Iterable[Document]) -> dict[str, Figures]:
    """Column name → figures."""
    return {one["ColumnName"]: _read(one["StatisticsData"]) for one in found}


def _read(data: Document) -> Figures:
    made: dict[str, Any] = {}
    for kind, name in _RANGES.items():
        if kind in data:
            inside = data[kind]
            made[name] = {
                key: _value(inside[bound])
                for key, bound in (("min", "MinimumValue"), ("max", "MaximumValue"))
                if inside.get(bound) is not None
            }
            return _with_counts(made, inside)
    if "BooleanColumnStatisticsData" in data:
        inside = data["BooleanColumnStatisticsData"]
        if inside.get("NumberOfFalses", -1) != -1:
            made["booleanStatistics"] = {
                "trueCount": inside.get("NumberOfTrues", 0),
                "falseCount": inside["NumberOfFalses"],
            }
        return _with_counts(made, inside)
    for kind in ("StringColumnStatisticsData", "BinaryColumnStatisticsData"):
        if kind in data:
            inside = data[kind]
            for name, key in (("maxValueSizeInBytes", "MaximumLength"), ("averageColumnLength", "AverageLength")):
                if inside.get(key) is not None:
                    made[name] = inside[key]
            return _with_counts(made, inside)
    return made


def _with_counts(made: dict[str, Any], inside: Document) -> Figures:
    if inside.get("NumberOfDistinctValues") is not None:
        made["distinctValuesCount"] = inside["NumberOfDistinctValues"]
    if inside.get("NumberOfNulls", -1) >= 0:
        made["nullsCount"] = inside["NumberOfNulls"]
    return made


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return day_text((value.astimezone(UTC) - _EPOCH).days)
    if isinstance(value, Mapping):
        unscaled = int.from_bytes(bytes(value["UnscaledValue"]), "big", signed=True)
        return Decimal(unscaled).scaleb(-int(value["Scale"]))
    return value


def figures_to(columns: Mapping[str, str], figures: Mapping[str, Figures]) -> list[dict[str, Any]]:
    """Documents for columns that are known; `columns`: name → type of Hive. Types without figures are left out."""
    made = []
    now = datetime.now(UTC)
    for name, one in figures.items():
        data = _written(columns.get(name, ""), one)
        if data is not None:
            kind, inside = data
            made.append(
                {
                    "ColumnName": name,
                    "ColumnType": columns[name],
                    "AnalyzedTime": now,
                    "StatisticsData": {"Type": kind.upper(), f"{kind}ColumnStatisticsData": inside},
                }
            )
    return made


def _written(type_: str, figures: Figures) -> tuple[str, dict[str, Any]] | None:
    base = type_.partition("(")[0]
    nulls = {"NumberOfNulls": figures.get("nullsCount", 0)}
    counts = {**nulls, "NumberOfDistinctValues": figures.get("distinctValuesCount", 0)}
    lengths = {
        "MaximumLength": figures.get("maxValueSizeInBytes", 0),
        "AverageLength": float(figures.get("averageColumnLength", 0.0)),
    }
    if base == "boolean":
        known = figures.get("booleanStatistics", {})
        return "Boolean", {
            **nulls,
            "NumberOfTrues": known.get("trueCount", 0),
            "NumberOfFalses": known.get("falseCount", 0),
        }
    if base in _LONGS:
        return "Long", {**counts, **_range(figures, "integerStatistics", int)}
    if base in ("float", "double"):
        return "Double", {**counts, **_range(figures, "doubleStatistics", float)}
    if base == "decimal":
        return "Decimal", {**counts, **_range(figures, "decimalStatistics", _decimal)}
    if base == "date":
        return "Date", {**counts, **_range(figures, "dateStatistics", _date)}
    if base in _TEXTS:
        return "String", {**counts, **lengths}
    if base == "binary":
        return "Binary", {**nulls, **lengths}
    return None


def _range(figures: Figures, name: str, convert: Any) -> dict[str, Any]:
    found = figures.get(name, {})
    return {
        bound: convert(found[key])
        for key, bound in (("min", "MinimumValue"), ("max", "MaximumValue"))
        if found.get(key) is not None
    }


def _date(text: str) -> datetime:
    return _EPOCH + timedelta(days=day_number(text))


def _decimal(value: Any) -> dict[str, Any]:
    number = value if isinstance(value, Decimal) else Decimal(str(value))
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    unscaled = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    unscaled = -unscaled if sign else unscaled
    size = (unscaled.bit_length() + 8) // 8
    return {"UnscaledValue": unscaled.to_bytes(size, "big", signed=True), "Scale": max(-exponent, 0)}
