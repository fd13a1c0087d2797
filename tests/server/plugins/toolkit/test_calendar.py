"""Dates of any year."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from lodestar_server.plugins.toolkit.calendar import day_number, day_text


@pytest.mark.parametrize(
    ("days", "text"),
    [
        (0, "1970-01-01"),
        (-1, "1969-12-31"),
        (19_782, "2024-02-29"),
        (-719_162, "0001-01-01"),
        (-719_163, "0000-12-31"),
        (-719_528, "0000-01-01"),
        (-719_529, "-0001-12-31"),
        (2_932_896, "9999-12-31"),
        (2_932_897, "+10000-01-01"),
        (3_789_742, "+12345-12-18"),
    ],
)
def test_texts(days: int, text: str) -> None:
    assert day_text(days) == text
    assert day_number(text) == days


def test_as_python_where_python_can() -> None:
    for days in range(-700_000, 2_900_000, 9_973):
        assert day_text(days) == (date(1970, 1, 1) + timedelta(days=days)).isoformat()


@pytest.mark.parametrize("text", ["", "2024", "2024-13-01", "2023-02-29", "24-01-01", "2024-01-01 00:00:00", "x"])
def test_no_dates(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|range|day|month"):
        day_number(text)
