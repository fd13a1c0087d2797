from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.metastore.glue.figures import figures_from, figures_to


@pytest.mark.parametrize(
    ("type_", "figures"),
    [
        ("boolean", {"booleanStatistics": {"trueCount": 3, "falseCount": 4}, "nullsCount": 1}),
        ("bigint", {"integerStatistics": {"min": -5, "max": 9}, "distinctValuesCount": 4, "nullsCount": 0}),
        ("double", {"doubleStatistics": {"min": -1.5, "max": 2.5}, "distinctValuesCount": 2, "nullsCount": 0}),
        (
            "decimal(10,2)",
            {
                "decimalStatistics": {"min": Decimal("-129.00"), "max": Decimal("327.68")},
                "distinctValuesCount": 2,
                "nullsCount": 0,
            },
        ),
        (
            "date",
            {"dateStatistics": {"min": "1969-12-30", "max": "2020-02-29"}, "distinctValuesCount": 2, "nullsCount": 5},
        ),
        (
            "varchar(7)",
            {
                "maxValueSizeInBytes": 7,
                "averageColumnLength": 3.5,
                "distinctValuesCount": 2,
                "nullsCount": 0,
            },
        ),
        ("binary", {"maxValueSizeInBytes": 7, "averageColumnLength": 3.5, "nullsCount": 0}),
    ],
)
def test_figures_survive(type_: str, figures: dict[str, Any]) -> None:
    (written,) = figures_to({"c": type_}, {"c": figures})
    assert written["ColumnType"] == type_
    assert figures_from([written]) == {"c": figures}


def test_an_empty_range_stays_empty() -> None:
    figures = {"integerStatistics": {}, "distinctValuesCount": 0, "nullsCount": 3}
    assert figures_from(figures_to({"c": "int"}, {"c": figures})) == {"c": figures}


def test_types_without_figures_are_left_out() -> None:
    assert figures_to({"c": "array<int>"}, {"c": {"nullsCount": 1}, "gone": {"nullsCount": 1}}) == []
