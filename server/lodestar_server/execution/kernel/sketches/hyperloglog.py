"""HyperLogLog as Trino keeps it: a sorted list of hashes' beginnings while that is small, then four bits a bucket."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import Any

import numpy as np

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR

_SPARSE, _DENSE = 2, 3
_PREFIX_BITS, _ZERO_BITS = 26, 6
_GROWTH = 10
"""Entries by which Trino's list grows; the first list has room for one."""
_MAX_DELTA = 15
_MANY_EMPTY = 0.4
INDEX_BITS = 12
STANDARD_ERROR = 0.023
"""Of approx_distinct, where the call does not say."""
EMPTY = struct.pack("<BBh", _SPARSE, INDEX_BITS, 0)

Hashed = Callable[[Any], Any]
"""From an array of values to a uint64 array of their hashes."""


def _itself(hashes: Any) -> Any:
    return hashes


def index_bits_of(standard_error: float) -> int:
    """Bits of the index for an error of the estimate."""
    return (ceil(1.0816 / (standard_error * standard_error)) - 1).bit_length()


def most_entries(index_bits: int, *, merged: bool = False) -> int:
    """What takes no more memory than the buckets: of a list that was merged, or that grew by steps."""
    room = (1 << index_bits) // 8 + 4
    return room if merged else (room - 1) // _GROWTH * _GROWTH + 1


def cardinality_of_list(entries: int) -> int:
    """How many distinct values made a list of so many entries, about."""
    total = 1 << _PREFIX_BITS
    return round(total * log(total / (total - entries)))


@dataclass(slots=True)
class HyperLogLog:
    """Either `entries` (beginning of a hash, 26 bits → zeros after it) or `buckets` (greatest run of zeros + 1)."""

    index_bits: int
    entries: dict[int, int] | None
    buckets: Any = None

    @staticmethod
    def of(hashes: Any, index_bits: int = INDEX_BITS) -> HyperLogLog:
        """Of an int64 array."""
        return HyperLogLog.of_values(hashes.view(np.uint64), _itself, index_bits)

    @staticmethod
    def of_values(values: Any, hashed: Hashed, index_bits: int) -> HyperLogLog:
        """Of what is hashed piece by piece, so that nothing leaves the cache."""
        made = HyperLogLog(index_bits, {})
        most = made._most_entries(merged=False)
        if len(values) <= most:
            made.add(hashed(values).view(np.int64))
            return made
        least = _least_of_buckets(values, hashed, index_bits)
        if np.count_nonzero(least != _NONE) > most:
            made.entries, made.buckets = None, _runs(least, index_bits)
            return made
        # Few distinct values, or few of them that stand for a bucket.
        made.add(np.concatenate([least[least != _NONE], *_others(values, hashed, least, index_bits)]).view(np.int64))
        return made

    def add(self, hashes: Any) -> None:
        """Take in an int64 array of hashes."""
        bits = hashes.view(np.uint64)
        if self.entries is not None:
            bits = np.unique(bits)
            prefixes = (bits >> np.uint64(64 - _PREFIX_BITS)).tolist()
            for prefix, zeros in zip(prefixes, _zeros(bits, _PREFIX_BITS).tolist(), strict=True):
                self.entries[prefix] = max(self.entries.get(prefix, 0), zeros)
            self._settle()
            return
        self.buckets = np.maximum(
            self.buckets, _runs(_least_of_buckets(bits, _itself, self.index_bits), self.index_bits)
        )

    def _most_entries(self, *, merged: bool) -> int:
        return most_entries(self.index_bits, merged=merged)

    def _settle(self, *, merged: bool = False) -> None:
        if self.entries is not None and len(self.entries) > self._most_entries(merged=merged):
            self.to_dense()

    def to_dense(self) -> None:
        """Give up the list."""
        if self.entries is None:
            return
        self.buckets = np.zeros(1 << self.index_bits, dtype=np.int64)
        rest = _PREFIX_BITS - self.index_bits
        for prefix, zeros in self.entries.items():
            low = prefix & (1 << rest) - 1
            run = rest + zeros if low == 0 else rest - low.bit_length()
            bucket = prefix >> rest
            self.buckets[bucket] = max(self.buckets[bucket], run + 1)
        self.entries = None

    def merge(self, other: HyperLogLog) -> None:
        """Take in another of the same size."""
        if self.entries is not None and other.entries is not None:
            for prefix, zeros in other.entries.items():
                self.entries[prefix] = max(self.entries.get(prefix, 0), zeros)
            self._settle(merged=True)
            return
        self.to_dense()
        other.to_dense()
        self.buckets = np.maximum(self.buckets, other.buckets)

    def cardinality(self) -> int:
        """How many distinct values there were, about."""
        if self.entries is not None:
            return cardinality_of_list(len(self.entries))
        total = 1 << self.index_bits
        empty = int((self.buckets == 0).sum())
        if empty > _MANY_EMPTY * total:
            return round(total * log(total / empty))
        raw = _alpha(total) * total * total / float(np.ldexp(1.0, -self.buckets).sum())
        # Below, Trino subtracts a bias that was measured; the other estimator has none to begin with.
        return round(raw if raw > _UNBIASED * total else _estimate(self.buckets, self.index_bits))

    def serialize(self, *, dense: bool = False) -> bytes:
        """Trino's bytes."""
        if dense:
            self.to_dense()
        if self.entries is not None:
            made = [prefix << _ZERO_BITS | zeros for prefix, zeros in sorted(self.entries.items())]
            return struct.pack(f"<BBh{len(made)}I", _SPARSE, self.index_bits, len(made), *made)
        baseline = int(self.buckets.min())
        deltas = self.buckets - baseline
        over = np.flatnonzero(deltas > _MAX_DELTA)
        low = np.minimum(deltas, _MAX_DELTA).astype(np.uint8)
        packed = (low[0::2] << 4 | low[1::2]).tobytes()
        extra = (deltas[over] - _MAX_DELTA).astype(np.uint8).tobytes()
        head = struct.pack("<BBB", _DENSE, self.index_bits, baseline)
        return b"".join((head, packed, struct.pack("<h", len(over)), over.astype("<i2").tobytes(), extra))

    @staticmethod
    def deserialize(data: bytes) -> HyperLogLog:
        """Raises: as Trino, an internal error for bytes of another form."""
        if data[:1] == b"\0":
            raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Sparse v1 encoding no longer supported"))
        try:
            return _read(data)
        except (struct.error, IndexError, ValueError):
            raise ValueError(marked(GENERIC_INTERNAL_ERROR, "Cannot deserialize HyperLogLog")) from None


def _read(data: bytes) -> HyperLogLog:
    form, index_bits = data[0], data[1]
    if form == _SPARSE:
        (count,) = struct.unpack_from("<h", data, 2)
        entries = struct.unpack_from(f"<{count}I", data, 4)
        mask = (1 << _ZERO_BITS) - 1
        return HyperLogLog(index_bits, {entry >> _ZERO_BITS: entry & mask for entry in entries})
    if form != _DENSE:
        raise ValueError(form)
    half = 1 << index_bits - 1
    packed = np.frombuffer(data, np.uint8, half, 3).astype(np.int64)
    buckets = np.stack((packed >> 4, packed & _MAX_DELTA), axis=1).ravel() + data[2]
    (over,) = struct.unpack_from("<h", data, 3 + half)
    places = np.frombuffer(data, "<u2", over, 5 + half)
    buckets[places] += np.frombuffer(data, np.uint8, over, 5 + half + 2 * over)
    return HyperLogLog(index_bits, None, buckets)


_NONE = np.uint64(0xFFFFFFFFFFFFFFFF)
_CACHED = 8_192
"""Values of which what is computed along the way stays in the cache."""


def _pieces(values: Any, hashed: Hashed, index_bits: int) -> Iterator[tuple[Any, Any]]:
    """Hashes and their buckets, some thousand at a time; each overwrites the one before."""
    spare = np.empty(min(len(values), _CACHED), np.intp)
    for start in range(0, len(values), _CACHED):
        bits = hashed(values[start : start + _CACHED])
        buckets = spare[: len(bits)]
        np.right_shift(bits, np.uint64(64 - index_bits), out=buckets.view(np.uint64))
        yield bits, buckets


def _least_of_buckets(values: Any, hashed: Hashed, index_bits: int) -> Any:
    """The hash with the greatest run of zeros of each bucket: the least one. Without any, only ones."""
    least = np.full(1 << index_bits, _NONE)
    for bits, buckets in _pieces(values, hashed, index_bits):
        np.minimum.at(least, buckets, bits)
    return least


def _others(values: Any, hashed: Hashed, least: Any, index_bits: int) -> Iterator[Any]:
    """The distinct ones of those that are not the least of their bucket, piece by piece."""
    for bits, buckets in _pieces(values, hashed, index_bits):
        yield np.unique(bits[bits != least[buckets]])


def _runs(least: Any, index_bits: int) -> Any:
    """The run of zeros + 1 of each bucket, 0 of an empty one."""
    return np.where(least == _NONE, 0, _zeros(least, index_bits) + 1)


def count_distinct(values: Any, starts: Any, ends: Any, hashed: Hashed, index_bits: int) -> list[int]:
    """The estimates of groups, each a range of the array of values."""
    sizes = ends - starts
    short = sizes <= most_entries(index_bits)
    counts = np.zeros(len(sizes), dtype=np.int64)
    if short.any():
        # Lists for sure: the distinct beginnings of all groups are counted at once.
        group = np.repeat(np.arange(len(sizes)), np.where(short, sizes, 0))
        inside = np.arange(len(group)) - np.repeat(np.cumsum(sizes * short) - sizes * short, sizes * short)
        prefixes = hashed(values[starts[group] + inside]) >> np.uint64(64 - _PREFIX_BITS)
        found = np.unique(group.astype(np.uint64) << np.uint64(_PREFIX_BITS) | prefixes)
        counts = np.bincount((found >> np.uint64(_PREFIX_BITS)).astype(np.intp), minlength=len(sizes))
    known = {size: cardinality_of_list(size) for size in np.unique(counts[short]).tolist()}
    return [
        known[count] if is_short else HyperLogLog.of_values(values[start:end], hashed, index_bits).cardinality()
        for count, is_short, start, end in zip(
            counts.tolist(), short.tolist(), starts.tolist(), ends.tolist(), strict=True
        )
    ]


def _zeros(bits: Any, skipped: int) -> Any:
    """Zeros of uint64 numbers after as many bits: at most those that are left."""
    made = np.zeros(len(bits), dtype=np.int64)
    rest = bits << np.uint64(skipped)
    empty = rest == 0
    for width in (32, 16, 8, 4, 2, 1):
        small = rest < np.uint64(1 << 64 - width)
        made += np.where(small, width, 0)
        rest = np.where(small, rest << np.uint64(width), rest)
    return np.where(empty, 64 - skipped, made)


_UNBIASED = 5
"""Times the number of buckets: larger estimates are right as they are."""


def _alpha(total: int) -> float:
    return {16: 0.673, 32: 0.697, 64: 0.709}.get(total) or 0.7213 / (1 + 1.079 / total)


def _estimate(buckets: Any, index_bits: int) -> float:
    """The estimator of O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017)."""
    total, top = 1 << index_bits, 64 - index_bits
    counts = np.bincount(np.minimum(buckets, top + 1), minlength=top + 2).astype(float)
    z = total * _tau(1 - counts[top + 1] / total)
    for run in range(top, 0, -1):
        z = 0.5 * (z + counts[run])
    z += total * _sigma(counts[0] / total)
    return float(total * total / (2 * log(2) * z))


def _sigma(x: float) -> float:
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before = sqrt(x), z
        y *= 0.5
        z -= (1 - x) ** 2 * y
    return z / 3
