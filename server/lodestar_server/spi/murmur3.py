"""Murmur3 with 32 bits, of whole columns: Iceberg spreads rows into buckets by it, and has a function of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_C1 = np.uint32(0xCC9E2D51)
_C2 = np.uint32(0x1B873593)
_ADD = np.uint32(0xE6546B64)
_FIVE = np.uint32(5)

Hashes = npt.NDArray[np.uint32]


def _rotated(values: Hashes, by: int) -> Hashes:
    return (values << np.uint32(by)) | (values >> np.uint32(32 - by))


def _mixed(state: Hashes, block: Hashes) -> Hashes:
    state = state ^ (_rotated(block * _C1, 15) * _C2)
    return _rotated(state, 13) * _FIVE + _ADD


def _finished(state: Hashes, lengths: Hashes) -> Hashes:
    state = state ^ lengths
    state = (state ^ (state >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    state = (state ^ (state >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return state ^ (state >> np.uint32(16))


def hash_longs(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Of 8 bytes each, little endian."""
    bits = values.view(np.uint64)
    state = np.zeros(len(values), np.uint32)
    with np.errstate(over="ignore"):
        state = _mixed(state, (bits & np.uint64(0xFFFFFFFF)).astype(np.uint32))
        state = _mixed(state, (bits >> np.uint64(32)).astype(np.uint32))
        found = _finished(state, np.full(len(values), 8, np.uint32))
    return found.view(np.int32)


def hash_bytes(content: bytes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Of the byte strings that lie between `offsets` (one more than there are strings) in `content`."""
    padded = np.frombuffer(content + b"\0\0\0\0", np.uint8).astype(np.uint32)
    starts = offsets[:-1]
    lengths = offsets[1:] - starts
    blocks, rest = lengths // 4, lengths % 4
    state = np.zeros(len(lengths), np.uint32)
    with np.errstate(over="ignore"):
        for block in range(int(blocks.max(initial=0))):
            rows = np.nonzero(blocks > block)[0]
            state[rows] = _mixed(state[rows], _word(padded, starts[rows] + 4 * block))
        rows = np.nonzero(rest > 0)[0]
        tail = _word(padded, starts[rows] + 4 * blocks[rows])
        tail &= (np.uint64(1) << (np.uint64(8) * rest[rows].astype(np.uint64))).astype(np.uint32) - np.uint32(1)
        state[rows] ^= _rotated(tail * _C1, 15) * _C2
        found = _finished(state, lengths.astype(np.uint32))
    return found.view(np.int32)


def _word(padded: Hashes, at: npt.NDArray[np.int64]) -> Hashes:
    word = padded[at] | padded[at + 1] << np.uint32(8) | padded[at + 2] << np.uint32(16)
    found: Hashes = word | padded[at + 3] << np.uint32(24)
    return found
