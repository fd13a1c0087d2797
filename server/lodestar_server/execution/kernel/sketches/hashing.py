"""The 64-bit form of MurmurHash3 that Trino's sketches share."""

from __future__ import annotations

from typing import Any

import numpy as np

_C1, _C2 = 0x87C37B91114253D5, 0x4CF5AD432745937F
_MASK = 0xFFFFFFFFFFFFFFFF


def hash_longs(values: Any) -> Any:
    """Hashes of an int64 array, as int64."""
    with np.errstate(over="ignore"):
        k = values.view(np.uint64) * np.uint64(_C1)
        k = (k << np.uint64(31) | k >> np.uint64(33)) * np.uint64(_C2)
        h2 = np.uint64(8)
        h1 = h2 + (h2 ^ k)
        return (_mixed(h1) + _mixed(h1 + h2)).view(np.int64)


def _mixed(k: Any) -> Any:
    k = (k ^ k >> np.uint64(33)) * np.uint64(0xFF51AFD7ED558CCD)
    k = (k ^ k >> np.uint64(33)) * np.uint64(0xC4CEB9FE1A85EC53)
    return k ^ k >> np.uint64(33)


def hash_bytes(data: bytes) -> int:
    """The first half of the 128-bit hash, signed."""
    h1 = h2 = 0
    whole = len(data) & ~15
    for start in range(0, whole, 16):
        k1 = int.from_bytes(data[start : start + 8], "little")
        k2 = int.from_bytes(data[start + 8 : start + 16], "little")
        h1 ^= _first(k1)
        h1 = (_rotated(h1, 27) + h2) * 5 + 0x52DCE729 & _MASK
        h2 ^= _second(k2)
        h2 = (_rotated(h2, 31) + h1) * 5 + 0x38495AB5 & _MASK
    tail = data[whole:]
    if len(tail) > 8:
        h2 ^= _second(int.from_bytes(tail[8:], "little"))
    if tail:
        h1 ^= _first(int.from_bytes(tail[:8], "little"))
    h1 ^= len(data)
    h2 ^= len(data)
    h1 = h1 + h2 & _MASK
    h2 = h2 + h1 & _MASK
    made = _mixed_one(h1) + _mixed_one(h2) & _MASK
    return made - (1 << 64) if made >> 63 else made


def _first(k: int) -> int:
    return _rotated(k * _C1 & _MASK, 31) * _C2 & _MASK


def _second(k: int) -> int:
    return _rotated(k * _C2 & _MASK, 33) * _C1 & _MASK


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & _MASK


def _mixed_one(k: int) -> int:
    k = (k ^ k >> 33) * 0xFF51AFD7ED558CCD & _MASK
    k = (k ^ k >> 33) * 0xC4CEB9FE1A85EC53 & _MASK
    return k ^ k >> 33
