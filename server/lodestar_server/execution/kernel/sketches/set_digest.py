"""The digest of a set: the smallest hashes with how often each came, and a HyperLogLog of all."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.sketches.hyperloglog import HyperLogLog
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR
from lodestar_server.spi.values import frozen

_VERSION = 1
_INDEX_BITS = 11
_MAX_HASHES = 8192
_MAX_COUNT = 0x7FFF


@frozen
class SetDigest:
    """`counts`: hash → times, in order."""

    log: HyperLogLog
    max_hashes: int
    counts: dict[int, int]

    @staticmethod
    def of(hashes: Any) -> SetDigest:
        """Of an int64 array."""
        unique, counts = np.unique(hashes, return_counts=True)
        kept = zip(unique[:_MAX_HASHES].tolist(), np.minimum(counts, _MAX_COUNT).tolist(), strict=False)
        return SetDigest(HyperLogLog.of(unique, _INDEX_BITS), _MAX_HASHES, dict(kept))

    @staticmethod
    def union(digests: list[SetDigest]) -> SetDigest:
        """Of all."""
        log = digests[0].log
        for other in digests[1:]:
            log.merge(other.log)
        counts: dict[int, int] = {}
        for digest in digests:
            for value, times in digest.counts.items():
                counts[value] = min(counts.get(value, 0) + times, _MAX_COUNT)
        limit = min(digest.max_hashes for digest in digests)
        return SetDigest(log, limit, dict(sorted(counts.items())[:limit]))

    @property
    def exact(self) -> bool:
        """No hash was left out."""
        return len(self.counts) < self.max_hashes

    def cardinality(self) -> int:
        """How many distinct values there were."""
        return len(self.counts) if self.exact else self.log.cardinality()

    def jaccard_index(self, other: SetDigest) -> float:
        """The share of the smallest hashes of both that each has."""
        size = min(len(self.counts), len(other.counts))
        if size == 0:
            return float("nan")
        smallest = sorted(self.counts.keys() | other.counts.keys())[:size]
        return sum(value in self.counts and value in other.counts for value in smallest) / size

    def intersection_cardinality(self, other: SetDigest) -> int:
        """How many values both had, about."""
        if self.exact and other.exact:
            return len(self.counts.keys() & other.counts.keys())
        both = SetDigest.deserialize(self.serialize())
        both.log.merge(other.log)
        shared = round(self.jaccard_index(other) * both.log.cardinality())
        return min(shared, self.cardinality(), other.cardinality())

    def serialize(self) -> bytes:
        """Trino's bytes."""
        log, count = self.log.serialize(), len(self.counts)
        head = struct.pack("<Bi", _VERSION, len(log))
        return (
            head
            + log
            + struct.pack("<ii", self.max_hashes, count)
            + struct.pack(f"<{count}q", *self.counts)
            + struct.pack(f"<{count}h", *self.counts.values())
        )

    @staticmethod
    def deserialize(data: bytes) -> SetDigest:
        """Raises: as Trino, an internal error for bytes of another form."""
        try:
            version, length = struct.unpack_from("<Bi", data)
            offset = 5 + length
            limit, count = struct.unpack_from("<ii", data, offset)
            hashes = struct.unpack_from(f"<{count}q", data, offset + 8)
            times = struct.unpack_from(f"<{count}h", data, offset + 8 + 8 * count)
        except struct.error:
            raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Cannot deserialize set digest")) from None
        if version != _VERSION:
            raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Cannot deserialize set digest"))
        return SetDigest(HyperLogLog.deserialize(data[5:offset]), limit, dict(zip(hashes, times, strict=True)))
