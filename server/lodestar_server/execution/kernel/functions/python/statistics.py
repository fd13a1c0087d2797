"""Distributions and buckets by textbook formulas; the regularized beta function is Lentz's continued fraction."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.errors import NUMERIC_VALUE_OUT_OF_RANGE

_DOUBLE = pa.float64()
_EPSILON, _TINY, _MAX_STEPS = 1e-16, 1e-300, 10_000


@value_function("trino_normal_cdf", ["DOUBLE", "DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def normal_cdf(mean: float, deviation: float, value: float) -> float:
    """P(N < value)."""
    if deviation <= 0:
        raise refused("standardDeviation must be > 0")
    return 0.5 * math.erfc((mean - value) / (deviation * math.sqrt(2)))


@value_function("trino_inverse_normal_cdf", ["DOUBLE", "DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def inverse_normal_cdf(mean: float, deviation: float, p: float) -> float:
    """The value below which N falls with probability p."""
    if not 0 < p < 1:
        raise refused("p must be 0 > p > 1")
    if deviation <= 0:
        raise refused("sd must be > 0")
    # Trino inverts the error function of 2p - 1, which rounds a small p, the smallest to nothing.
    p = ((2 * p - 1) + 1) / 2
    if p == 0:
        return -math.inf
    guess = NormalDist().inv_cdf(p)
    # One step of Newton's method reaches the last digits.
    error = 0.5 * math.erfc(-guess / math.sqrt(2)) - p
    guess -= error * math.sqrt(2 * math.pi) * math.exp(guess * guess / 2)
    return mean + deviation * guess


def _beta_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > _TINY else _TINY)
    h = d
    for m in range(1, _MAX_STEPS):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + numerator * d
            d = 1 / (d if abs(d) > _TINY else _TINY)
            c = 1 + numerator / c
            c = c if abs(c) > _TINY else _TINY
            h *= d * c
        if abs(d * c - 1) < _EPSILON:
            break
    return h


def regularized_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


@value_function("trino_beta_cdf", ["DOUBLE", "DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def beta_cdf(a: float, b: float, value: float) -> float:
    """P(Beta(a, b) < value)."""
    if not 0 <= value <= 1:
        raise refused("value must be 0 >= v >= 1")
    _check_shape(a, b, value)
    return regularized_beta(a, b, value)


_LARGEST_SHAPE = 1e12
"""Beyond it Trino's continued fraction does not converge either."""


def _check_shape(a: float, b: float, value: float) -> None:
    if not (a > 0 and b > 0):
        raise refused("a, b must be > 0")
    if 0 < value < 1 and max(a, b) > _LARGEST_SHAPE:
        raise refused(f"Continued fraction diverged to NaN for value {value}")


@value_function("trino_inverse_beta_cdf", ["DOUBLE", "DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def inverse_beta_cdf(a: float, b: float, p: float) -> float:
    """The value below which Beta(a, b) falls with probability p, by bisection."""
    if not 0 <= p <= 1:
        raise refused("p must be 0 >= p >= 1")
    _check_shape(a, b, 0.5 if 0 < p < 1 else p)
    return float(p) if p in (0, 1) else _inverse_beta(a, b, p)


@lru_cache(1024)
def _inverse_beta(a: float, b: float, p: float) -> float:
    low, high = 0.0, 1.0
    while True:
        middle = (low + high) / 2
        if middle in (low, high):
            return middle
        if regularized_beta(a, b, middle) < p:
            low = middle
        else:
            high = middle


def _check_freedom(freedom: float) -> None:
    if freedom < 1:
        raise refused("degrees of freedom must be greater than or equal to 1")


@value_function("trino_t_pdf", ["DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def t_pdf(value: float, freedom: float) -> float:
    """The density of Student's t."""
    _check_freedom(freedom)
    half = (freedom + 1) / 2
    try:
        scale = math.lgamma(half) - math.lgamma(freedom / 2) - 0.5 * (math.log(math.pi) + math.log(freedom))
        return math.exp(scale - half * math.log1p(value * value / freedom))
    except OverflowError:
        return math.nan


@value_function("trino_t_cdf", ["DOUBLE", "DOUBLE"], "DOUBLE", _DOUBLE)
def t_cdf(value: float, freedom: float) -> float:
    """P(T < value) of Student's t."""
    _check_freedom(freedom)
    if value == 0:
        return 0.5
    tail = 0.5 * regularized_beta(freedom / 2, 0.5, freedom / (freedom + value * value))
    return tail if value < 0 else 1 - tail


def _wilson(successes: int, trials: int, z: float, sign: int) -> float:
    if successes < 0:
        raise refused("number of successes must not be negative")
    if trials <= 0:
        raise refused("number of trials must be positive")
    if successes > trials:
        raise refused("number of successes must not be larger than number of trials")
    if z < 0:
        raise refused("z-score must not be negative")
    n, p = float(trials), successes / trials
    spread = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (p + z * z / (2 * n) + sign * spread) / (1 + z * z / n)


@value_function("trino_wilson_lower", ["BIGINT", "BIGINT", "DOUBLE"], "DOUBLE", _DOUBLE)
def wilson_lower(successes: int, trials: int, z: float) -> float:
    """The lower end of Wilson's interval."""
    return _wilson(successes, trials, z, -1)


@value_function("trino_wilson_upper", ["BIGINT", "BIGINT", "DOUBLE"], "DOUBLE", _DOUBLE)
def wilson_upper(successes: int, trials: int, z: float) -> float:
    """The upper end of Wilson's interval."""
    return _wilson(successes, trials, z, 1)


_MOST = 2**63 - 1


@value_function("trino_width_bucket", ["DOUBLE", "DOUBLE", "DOUBLE", "BIGINT"], "BIGINT", pa.int64())
def width_bucket(operand: float, first: float, second: float, count: int) -> int:
    """The number of the equal bucket that holds the operand; 0 and count + 1 are outside."""
    if count <= 0:
        raise refused("bucketCount must be greater than 0")
    if math.isnan(operand):
        raise refused("operand must not be NaN")
    if not math.isfinite(first):
        raise refused("first bound must be finite")
    if not math.isfinite(second):
        raise refused("second bound must be finite")
    if first == second:
        raise refused("bounds cannot equal each other")
    low, high = min(first, second), max(first, second)
    if operand < low:
        bucket = 0
    elif operand >= high:
        if count == _MOST:
            message = f"Bucket for value {java_double(operand)} is out of range"
            raise ValueError(marked(NUMERIC_VALUE_OUT_OF_RANGE, message))
        bucket = count + 1
    else:
        # As Java makes a long of a double: none for NaN, and never beyond 64 bits.
        place = float(count) * (operand - low) / (high - low) + 1
        bucket = 0 if math.isnan(place) else _MOST if place >= _MOST else int(place)
    if first < second:
        return bucket
    turned = count - bucket + 1
    return turned if turned <= _MOST else turned - 2**64


@value_function("trino_width_bucket_of_bins", ["DOUBLE", "DOUBLE[]"], "BIGINT", pa.int64())
def width_bucket_of_bins(operand: float, bins: Any) -> int:
    """The number of bin starts at or below the operand."""
    if not bins:
        raise refused("Bins cannot be an empty array")
    if math.isnan(operand):
        raise refused("Operand cannot be NaN")
    # Trino reads a NULL as zero, and does not look at its order.
    given, bins = bins, [one or 0.0 for one in bins]
    low, high = 0, len(bins)
    while low < high:
        if None not in (given[low], given[high - 1]) and bins[low] > bins[high - 1]:
            raise refused("Bin values are not sorted in ascending order")
        middle = (low + high) // 2
        if not math.isfinite(bins[middle]):
            raise refused(f"Bin value must be finite, got {'NaN' if math.isnan(bins[middle]) else 'Infinity'}")
        if operand < bins[middle]:
            high = middle
        else:
            low = middle + 1
    return low
