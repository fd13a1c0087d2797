"""Combinations of positions."""

from __future__ import annotations

from itertools import combinations
from math import comb

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused

_MAX_COMBINATIONS = 100_000


@value_function("trino_combination_indices", ["BIGINT", "BIGINT"], "BIGINT[][]", pa.list_(pa.list_(pa.int64())))
def combination_indices(length: int, size: int) -> list[tuple[int, ...]]:
    """Choices of `size` positions from 1 … length, ordered by the last one first. Raises when there are too many."""
    if comb(length, size) > _MAX_COMBINATIONS:
        raise refused("combinations exceed max size")
    return sorted(combinations(range(1, length + 1), size), key=lambda chosen: chosen[::-1])
