"""numeric_histogram: buckets that are merged where it costs least.

Source: the behaviour of Trino's NumericHistogram.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass
from itertools import pairwise

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function

_BUFFER = 100


@dataclass(slots=True)
class _Bucket:
    number: int
    value: float
    weight: float
    left: _Bucket | None = None
    right: _Bucket | None = None
    valid: bool = True

    @property
    def penalty(self) -> float:
        if self.right is None:
            return math.inf
        total = self.weight + self.right.weight
        if total == 0:
            return math.nan
        difference = self.value - self.right.value
        squared = total * total
        # Weights whose square vanishes are compared as Java does: 0 / 0 is no number.
        share = self.weight * self.right.weight / squared if squared else math.nan
        return total * difference * difference * share


@value_function(
    "trino_numeric_histogram",
    ["BIGINT", "STRUCT(v DOUBLE, w DOUBLE)[]"],
    "STRUCT(key DOUBLE, value DOUBLE)[]",
    pa.list_(pa.struct([("key", pa.float64()), ("value", pa.float64())])),
)
def numeric_histogram(buckets: int, rows: list[dict[str, float]]) -> list[dict[str, float]]:
    """At most `buckets` values with weights, in order."""
    made: list[tuple[float, float]] = []
    for row in rows:
        if len(made) == buckets + _BUFFER:
            made = _compacted(made, buckets)
        made.append((row["v"], row["w"]))
    return [{"key": value, "value": weight} for value, weight in _compacted(made, buckets)]


def _compacted(pairs: list[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    unique: list[tuple[float, float]] = []
    for value, weight in sorted(pairs, key=lambda pair: (math.isnan(pair[0]), pair[0])):
        if unique and unique[-1][0] == value:
            unique[-1] = (value, unique[-1][1] + weight)
        else:
            unique.append((value, weight))
    return unique if len(unique) <= count else _merged(unique, count)


def _merged(pairs: list[tuple[float, float]], count: int) -> list[tuple[float, float]]:
    chain = [_Bucket(number, value, weight) for number, (value, weight) in enumerate(pairs)]
    for left, right in pairwise(chain):
        left.right, right.left = right, left
    queue: list[tuple[float, int, int, _Bucket]] = []
    turn = 0

    def push(bucket: _Bucket) -> None:
        nonlocal turn
        turn += 1
        heapq.heappush(queue, (bucket.penalty, bucket.number, turn, bucket))

    for bucket in chain:
        push(bucket)
    remaining = len(chain)
    while remaining > count:
        current = heapq.heappop(queue)[3]
        if not current.valid or current.right is None:
            continue
        right = current.right
        weight = current.weight + right.weight
        total = current.value * current.weight + right.value * right.weight
        value = total / weight if weight else math.nan
        right.valid = current.valid = False
        made = _Bucket(current.number, value, weight, current.left, right.right)
        if made.right is not None:
            made.right.left = made
        if made.left is not None:
            replaced = made.left
            replaced.valid = False
            copy = _Bucket(replaced.number, replaced.value, replaced.weight, replaced.left, made)
            if copy.left is not None:
                copy.left.right = copy
            made.left = copy
            push(copy)
        push(made)
        remaining -= 1
    return sorted((bucket.value, bucket.weight) for _, _, _, bucket in queue if bucket.valid)
