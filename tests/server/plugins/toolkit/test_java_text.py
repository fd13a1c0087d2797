"""Doubles and floats as Java prints them."""

from __future__ import annotations

import math

import pytest

from lodestar_server.plugins.toolkit.java_text import java_float


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1.0"),
        (-0.0, "-0.0"),
        (0.001, "0.001"),
        (0.0001, "1.0E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-1.5e300, "-1.5E300"),
        (5e-324, "4.9E-324"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_doubles(value: float, text: str) -> None:
    assert java_float(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.1, "0.1"), (16777216.0, "1.6777216E7"), (3.4028235e38, "3.4028235E38")])
def test_floats(value: float, text: str) -> None:
    assert java_float(value, single=True) == text
