"""The quantile digest as Trino keeps it: a binary tree over the bits of a number, whose light branches are folded.

Values are 64-bit numbers in an order-keeping form (see `sortable_doubles`); in the tree their sign bit is turned, so
that they sort as unsigned.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR
from lodestar_server.spi.values import frozen

DEFAULT_ACCURACY = 0.01
_HEAD = struct.Struct("<BddqqqI")
_NODE = struct.Struct("<BdQ")
_SIGN = 1 << 63
_BITS = 64


def _broken(message: str) -> ValueError:
    return ValueError(marked(GENERIC_INTERNAL_ERROR, message))


def sortable_doubles(values: Any) -> Any:
    """float64 → int64 in the same order."""
    bits = values.view(np.int64)
    return bits ^ ((bits >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))


def from_sortable_doubles(values: Any) -> Any:
    """The inverse of `sortable_doubles`."""
    return (values ^ ((values >> 63) & np.int64(0x7FFFFFFFFFFFFFFF))).view(np.float64)


def sortable_reals(values: Any) -> Any:
    """float32 → int64 in the same order."""
    bits = values.view(np.int32)
    return (bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))).astype(np.int64)


def from_sortable_reals(values: Any) -> Any:
    """The inverse of `sortable_reals`."""
    bits = values.astype(np.int32)
    return (bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))).view(np.float32)


@frozen
class Node:
    """The weight of the values that share their bits from `level` up; level 0 is one value.

    `order` tells which came first: a branch keeps the bits of the first value below it.
    """

    bits: int
    level: int
    count: float
    order: int = 0

    @property
    def upper(self) -> int:
        """The greatest value below the node, signed."""
        return (self.bits | (1 << self.level) - 1) - _SIGN

    @property
    def branch(self) -> int:
        """The least bits below the node."""
        return self.bits >> self.level << self.level


@frozen
class QDigest:
    """Nodes with weight in the order of a walk that visits children first."""

    accuracy: float
    minimum: int
    maximum: int
    nodes: tuple[Node, ...]

    @property
    def total(self) -> float:
        """The weight of all."""
        return sum(node.count for node in self.nodes)

    @staticmethod
    def of(values: Any, weights: Any, accuracy: float) -> QDigest:
        """Of int64 values and weights, in the order they came."""
        unique, first, inverse = np.unique(values, return_index=True, return_inverse=True)
        counts = np.bincount(inverse, weights=weights)
        bits = unique.astype(np.int64).view(np.uint64) ^ np.uint64(_SIGN)
        return _made(accuracy, int(unique[0]), int(unique[-1]), (bits, np.zeros(len(bits), dtype=int), counts, first))

    @staticmethod
    def union(digests: list[QDigest]) -> QDigest:
        """Of all."""
        known: dict[tuple[int, int], list[Any]] = {}
        for digest in digests:
            for node in digest.nodes:
                row = known.setdefault((node.branch, node.level), [node.bits, node.level, 0.0, len(known)])
                row[2] += node.count
        low, high = min(one.minimum for one in digests), max(one.maximum for one in digests)
        bits, levels, counts, orders = zip(*known.values(), strict=True)
        columns = (np.array(bits, dtype=np.uint64), np.array(levels), np.array(counts), np.array(orders))
        return _made(max(one.accuracy for one in digests), low, high, columns)

    def value_at(self, quantile: float) -> int:
        """The first value below which more than the quantile of the weight lies."""
        if not 0 <= quantile <= 1:
            raise _broken("quantile must be between [0,1]")
        wanted, reached = quantile * self.total, 0.0
        for node in self.nodes:
            reached += node.count
            if reached > wanted:
                return min(node.upper, self.maximum)
        return self.maximum

    def quantile_at(self, value: int) -> float | None:
        """The share of the weight below a value; None outside of what was seen."""
        if not self.minimum <= value <= self.maximum:
            return None
        below = 0.0
        for node in self.nodes:
            if node.upper >= value:
                break
            below += node.count
        return below / self.total

    def serialize(self) -> bytes:
        """Trino's bytes."""
        written = _tree(self.nodes)
        head = _HEAD.pack(0, self.accuracy, 0.0, 0, self.minimum, self.maximum, len(written))
        return head + b"".join(written)

    @staticmethod
    def deserialize(data: bytes) -> QDigest:
        """Raises: as Trino, an internal error for bytes of another form."""
        try:
            form, accuracy, _, _, low, high, count = _HEAD.unpack_from(data)
            parts = [_NODE.unpack_from(data, _HEAD.size + index * _NODE.size) for index in range(count)]
        except struct.error:
            raise _broken("Invalid quantile digest") from None
        if form != 0:
            raise _broken("Invalid quantile digest")
        nodes = (
            Node(bits, (head >> 2) + 1 if head & 3 else 0, weight, order)
            for order, (head, weight, bits) in enumerate(parts)
        )
        return QDigest(accuracy, low, high, tuple(node for node in nodes if node.count))


def _made(accuracy: float, low: int, high: int, columns: _Columns) -> QDigest:
    nodes = [Node(*row) for row in zip(*(column.tolist() for column in _folded(accuracy, columns)), strict=True)]
    # Children first, left before right: by the end of what a node covers, then from the leaves up.
    return QDigest(accuracy, low, high, tuple(sorted(nodes, key=lambda node: (node.upper, node.level))))


_Columns = tuple[Any, Any, Any, Any]
"""Nodes as arrays: bits (uint64), level, count and order."""


def _folded(accuracy: float, columns: _Columns) -> _Columns:
    """Light siblings as one, level by level, until there are few enough nodes."""
    arranged = np.argsort(columns[3], kind="stable")
    bits, levels, counts, orders = (column[arranged] for column in columns)
    bound = float(counts.sum()) * accuracy / _BITS
    level = 0
    while bound > 1 and len(bits) > 3 * _BITS / accuracy and level < _BITS:
        level += 1
        branches = bits >> np.uint64(level) if level < _BITS else np.zeros_like(bits)
        _, first, family, sizes = np.unique(branches, return_index=True, return_inverse=True, return_counts=True)
        weights = np.bincount(family, weights=counts)
        folds = (weights < bound) & (sizes > 1)
        if not folds.any():
            continue
        head = np.zeros(len(bits), dtype=bool)
        head[first] = True
        folded = folds[family]
        counts = np.where(folded & head, weights[family], counts)
        levels = np.where(folded, level, levels)
        kept = ~folded | head
        bits, levels, counts, orders = bits[kept], levels[kept], counts[kept], orders[kept]
    return bits, levels, counts, orders


def _tree(nodes: tuple[Node, ...]) -> list[bytes]:
    """Nodes as Trino writes them, with the branching nodes between that have no weight."""
    if not nodes:
        return []
    ordered = sorted(nodes, key=lambda node: (node.branch, -node.level))
    written: list[bytes] = []
    _write(ordered, 0, len(ordered), written)
    return written


def _write(ordered: list[Node], start: int, end: int, written: list[bytes]) -> Node:
    """The tree of some nodes, each before those below it; gives the one that came first."""
    top = ordered[start]
    last = ordered[end - 1]
    level = max((top.branch ^ last.branch).bit_length(), top.level)
    weighted = top.level == level
    first = start + 1 if weighted else start
    middle = first
    half = 1 << level - 1 if level else 0
    while middle < end and not ordered[middle].bits & half:
        middle += 1
    left, right = middle > first and level > 0, end > middle and level > 0
    below = [top] if weighted else []
    if left:
        below.append(_write(ordered, first, middle, written))
    if right:
        below.append(_write(ordered, middle, end, written))
    earliest = min(below, key=lambda node: node.order)
    flags = (left and 1) | (right and 2)
    count = top.count if weighted else 0.0
    head = (level - 1) << 2 | flags if level else 0
    written.append(_NODE.pack(head, count, top.bits if weighted else earliest.bits))
    return earliest
