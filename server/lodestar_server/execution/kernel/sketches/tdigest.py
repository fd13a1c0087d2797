"""The merging t-digest as Trino keeps it: means and weights of clusters that are small at both ends."""

from __future__ import annotations

import struct
from math import inf, log
from typing import Any

import numpy as np

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR
from lodestar_server.spi.values import frozen

COMPRESSION = 100.0
_HEAD = struct.Struct("<BddddI")


def _broken(message: str) -> ValueError:
    return ValueError(marked(GENERIC_INTERNAL_ERROR, message))


@frozen
class TDigest:
    """Sorted means, their weights, and the least and the greatest value."""

    minimum: float
    maximum: float
    compression: float
    means: Any
    weights: Any

    @property
    def total(self) -> float:
        """The weight of all."""
        return float(self.weights.sum())

    @staticmethod
    def of(values: Any, weights: Any) -> TDigest:
        """Of float64 arrays. Raises: as Trino, an internal error for NaN."""
        if np.isnan(values).any():
            raise _broken("value is NaN")
        if np.isinf(values).any():
            raise _broken("value must be finite")
        return _merged(float(values.min()), float(values.max()), COMPRESSION, values, weights)

    @staticmethod
    def union(digests: list[TDigest]) -> TDigest:
        """Of all."""
        means = np.concatenate([digest.means for digest in digests])
        weights = np.concatenate([digest.weights for digest in digests])
        low, high = min(digest.minimum for digest in digests), max(digest.maximum for digest in digests)
        return _merged(low, high, max(digest.compression for digest in digests), means, weights)

    def serialize(self) -> bytes:
        """Trino's bytes."""
        head = _HEAD.pack(0, self.minimum, self.maximum, self.compression, self.total, len(self.means))
        return b"".join((head, self.means.astype("<f8").tobytes(), self.weights.astype("<f8").tobytes()))

    @staticmethod
    def deserialize(data: bytes) -> TDigest:
        """Raises: as Trino, an internal error for bytes of another form."""
        try:
            form, low, high, compression, _, count = _HEAD.unpack_from(data)
            means = np.frombuffer(data, "<f8", count, _HEAD.size)
            weights = np.frombuffer(data, "<f8", count, _HEAD.size + 8 * count)
        except (struct.error, ValueError):
            raise _broken("Invalid t-digest") from None
        if form != 0:
            raise _broken("Invalid t-digest")
        return TDigest(low, high, compression, means, weights)

    def value_at(self, quantile: float) -> float:
        """Between the clusters' middles, straight. Raises: as Trino, an internal error outside 0 … 1."""
        if not 0 <= quantile <= 1:
            raise _broken("quantiles should be in [0, 1] range")
        means, weights, total = self.means, self.weights, self.total
        if len(means) == 0:
            return float("nan")
        if len(means) == 1:
            return float(means[0])
        offset = quantile * total
        if offset < 1:
            return self.minimum
        if offset > total - 1:
            return self.maximum
        first, last = float(weights[0]), float(weights[-1])
        if first > 1 and offset < first / 2:
            return _between(offset, 1, self.minimum, first / 2, float(means[0]))
        if last > 1 and total - offset <= last / 2:
            return _between(total - offset, 1, self.maximum, last / 2, float(means[-1]))
        steps = (weights[:-1] + weights[1:]) / 2
        reached = np.cumsum(np.concatenate(([first / 2], steps)))
        index = int(np.searchsorted(reached[1:], offset, side="right"))
        if index >= len(steps):
            return self.maximum
        left, right = float(reached[index]), float(reached[index + 1])
        if weights[index] == 1:
            if offset - left < 0.5:
                return float(means[index])
            left += 0.5
        if weights[index + 1] == 1:
            if right - offset <= 0.5:
                return float(means[index + 1])
            right -= 0.5
        return _between(offset, left, float(means[index]), right, float(means[index + 1]))


def _between(x: float, x0: float, y0: float, x1: float, y1: float) -> float:
    return y0 + (x - x0) / (x1 - x0) * (y1 - y0)


def _merged(low: float, high: float, compression: float, means: Any, weights: Any) -> TDigest:
    order = np.argsort(means, kind="stable")
    means, weights = means[order], weights[order]
    total = float(weights.sum())
    scale = compression / (4 * log(total / compression) + 24) if total > 0 else inf
    made_means: list[float] = []
    made_weights: list[float] = []
    mean, weight, before, size = float(means[0]), float(weights[0]), 0.0, 0.0
    for next_mean, next_weight in zip(means[1:].tolist(), weights[1:].tolist(), strict=True):
        joint = weight + next_weight
        reached = min((before + joint) / total, 1.0)
        if joint <= total * min(size, reached * (1 - reached) / scale):
            mean += (next_mean - mean) * next_weight / joint
            weight = joint
            continue
        made_means.append(mean)
        made_weights.append(weight)
        before += weight
        size = before / total * (1 - before / total) / scale
        mean, weight = next_mean, next_weight
    made_means.append(mean)
    made_weights.append(weight)
    return TDigest(low, high, compression, np.array(made_means), np.array(made_weights))
