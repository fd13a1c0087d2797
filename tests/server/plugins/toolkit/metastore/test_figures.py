"""Sums of column figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.metastore.figures import Known, distinct_values, merge_figures


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
            {"doubleStatistics": {"min": 0.25, "max": 2.0}},
        ),
        (
            {"integerStatistics": {}, "nullsCount": 10},
            {"integerStatistics": {"min": 3, "max": 4}, "nullsCount": 0},
            {"integerStatistics": {"min": 3, "max": 4}, "nullsCount": 10},
        ),
        (
            {"nullsCount": 10},
            {"integerStatistics": {"min": 3, "max": 4}, "nullsCount": 0},
            {"nullsCount": 10},
        ),
        (
            {"dateStatistics": {"min": "-0044-03-15", "max": "2024-01-01"}},
            {"dateStatistics": {"min": "0001-01-01", "max": "+12345-01-01"}},
            {"dateStatistics": {"min": "-0044-03-15", "max": "+12345-01-01"}},
        ),
        (
            {"integerStatistics": {"min": None, "max": 1}},
            {"integerStatistics": {"min": 1, "max": 2}},
            {"integerStatistics": {"min": 1, "max": 2}},
        ),
        (
            {"booleanStatistics": {"trueCount": 1, "falseCount": 2}},
            {"booleanStatistics": {"trueCount": 3, "falseCount": 4}},
            {"booleanStatistics": {"trueCount": 4, "falseCount": 6}},
        ),
        (
            {"maxValueSizeInBytes": 3, "averageColumnLength": 2.0, "nullsCount": 7},
            {"maxValueSizeInBytes": 5, "averageColumnLength": Decimal("4.0"), "nullsCount": 9},
            {"maxValueSizeInBytes": 5, "averageColumnLength": 2.5, "nullsCount": 16},
        ),
        (
            {"averageColumnLength": 2.0, "nullsCount": 0, "distinctValuesCount": 4},
            {"averageColumnLength": 0.0, "nullsCount": 10, "distinctValuesCount": 1},
            {"averageColumnLength": 2.0, "nullsCount": 10, "distinctValuesCount": 5},
        ),
    ],
)
def test_sums(old: dict[str, Any], new: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_figures(Known(10, {"a": old}), Known(10, {"a": new})) == {"a": expected}


def test_only_what_both_know() -> None:
    old, new = {"a": {"nullsCount": 1}, "b": {}}, {"a": {"nullsCount": 1}, "c": {}}
    assert merge_figures(Known(1, old), Known(1, new)) == {"a": {"nullsCount": 2}}


def test_a_length_needs_numbers_of_rows() -> None:
    figures = {"a": {"averageColumnLength": 2.0, "nullsCount": 0}}
    assert merge_figures(Known(None, figures), Known(1, figures)) == {"a": {"nullsCount": 0}}


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"distinctValuesCount": 3, "nullsCount": 1}, 2),
        ({"distinctValuesCount": 3, "nullsCount": 0}, 3),
        ({"distinctValuesCount": 1, "nullsCount": 4}, 1),
        ({"distinctValuesCount": 1, "nullsCount": 5}, 0),
        ({"distinctValuesCount": 9, "nullsCount": 2}, 3),
        ({"distinctValuesCount": 9, "booleanStatistics": {"trueCount": 4, "falseCount": 0}}, 1),
        ({"nullsCount": 0}, None),
    ],
)
def test_null_is_no_distinct_value(figures: dict[str, Any], expected: int | None) -> None:
    assert distinct_values(figures, 5) == expected
