"""Decimals as bytes."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from lodestar_server.plugins.toolkit.decimal_bytes import digits_of, first_digits, shortest, width_of


def _java(number: int) -> bytes:
    """BigInteger.toByteArray."""
    return number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)


@pytest.mark.parametrize("precision", [1, 3, 5, 18, 19, 38])
def test_as_short_as_they_may_be(precision: int) -> None:
    most = 10**precision - 1
    edges = [s * (2**p + d) for p in range(0, 127) for d in (-1, 0, 1) for s in (1, -1)]
    numbers = [0, most, -most, *(one for one in edges if abs(one) <= most)]
    values = pa.array([Decimal(one) for one in numbers], pa.decimal128(precision, 0))
    assert shortest(values).to_pylist() == [_java(one) for one in numbers]
    assert shortest(values.slice(1, 2)).to_pylist() == [_java(most), _java(-most)]
    assert shortest(values.slice(0, 0)).to_pylist() == []
    assert max(map(len, map(_java, numbers))) == width_of(precision)


def test_digits_of_one_length() -> None:
    values = pa.array([Decimal("-0.01"), Decimal("2.56")], pa.decimal128(5, 2))
    digits = digits_of(values, 3)
    assert digits.tolist() == [[255, 255, 255], [0, 1, 0]]
    assert np.array_equal(first_digits(digits), [2, 1])
