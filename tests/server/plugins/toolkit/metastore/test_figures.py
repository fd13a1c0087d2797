"""Sums of column figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.metastore.figures import merge_figures


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            {"integerStatistics": {"min": 1, "max": 5}, "nullsCount": 1, "distinctValuesCount": 3},
            {"integerStatistics": {"min": -1, "max": 2}, "nullsCount": 2, "distinctValuesCount": 7},
            {"integerStatistics": {"min": -1, "max": 5}, "nullsCount": 3, "distinctValuesCount": 7},
        ),
        (
            {"doubleStatistics": {"min": Decimal("0.5")}, "nullsCount": 0},
            {"doubleStatistics": {"min": 0.25, "max": 2.0}},
            {"doubleStatistics": {"min": 0.25}},
        ),
        (
            {"dateStatistics": {"min": "-0044-03-15", "max": "2024-01-01"}},
            {"dateStatistics": {"min": "0001-01-01", "max": "+12345-01-01"}},
            {"dateStatistics": {"min": "-0044-03-15", "max": "+12345-01-01"}},
        ),
        (
            {"integerStatistics": {"min": None, "max": 1}},
            {"integerStatistics": {"min": 1, "max": 2}},
            {"integerStatistics": {"max": 2}},
        ),
        (
            {"booleanStatistics": {"trueCount": 1, "falseCount": 2}},
            {"booleanStatistics": {"trueCount": 3, "falseCount": 4}},
            {"booleanStatistics": {"trueCount": 4, "falseCount": 6}},
        ),
        (
            {"maxValueSizeInBytes": 3, "averageColumnLength": 2.0},
            {"maxValueSizeInBytes": 5, "averageColumnLength": Decimal("4.0")},
            {"maxValueSizeInBytes": 5, "averageColumnLength": 3.0},
        ),
    ],
)
def test_sums(old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_figures({"a": old}, {"a": new}) == {"a": expected}


def test_only_what_both_know() -> None:
    assert merge_figures({"a": {"nullsCount": 1}, "b": {}}, {"a": {"nullsCount": 1}, "c": {}}) == {
        "a": {"nullsCount": 2}
    }
