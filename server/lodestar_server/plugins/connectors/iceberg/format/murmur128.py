"""Murmur3 with 128 bits, its first half, of whole columns: what sketches of distinct values are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_C1 = np.uint64(0x87C37B91114253D5)
_C2 = np.uint64(0x4CF5AD432745937F)
_SEED = np.uint64(9001)
_FIVE = np.uint64(5)
_BLOCK = 16


def _rotated(values: Words, by: int) -> Words:
    return (values << np.uint64(by)) | (values >> np.uint64(64 - by))


def _first(word: Words) -> Words:
    return _rotated(word * _C1, 31) * _C2


def _second(word: Words) -> Words:
    return _rotated(word * _C2, 33) * _C1


def _spread(state: Words) -> Words:
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    state = (state ^ (state >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return state ^ (state >> np.uint64(33))


def _finished(one: Words, two: Words, lengths: Words) -> Words:
    one, two = one ^ lengths, two ^ lengths
    one = one + two
    two = two + one
    one, two = _spread(one), _spread(two)
    return one + two


def hash_fixed(values: npt.NDArray[np.generic]) -> Words:
    """Of numbers of at most 8 bytes each, little endian."""
    size = values.dtype.itemsize
    words = np.ascontiguousarray(values).view(f"<u{size}").astype(np.uint64)
    with np.errstate(over="ignore"):
        state = np.full(len(words), _SEED)
        return _finished(state ^ _first(words), state, np.full(len(words), size, np.uint64))


def hash_bytes(content: bytes, offsets: npt.NDArray[np.int64]) -> Words:
    """Of the byte strings that lie between `offsets` (one more than there are strings) in `content`."""
    padded = content + b"\0" * _BLOCK
    # A word at every byte: they overlap.
    words: Words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))
    starts = offsets[:-1]
    lengths = offsets[1:] - starts
    blocks, rest = lengths // _BLOCK, lengths % _BLOCK
    one = np.full(len(lengths), _SEED)
    two = np.full(len(lengths), _SEED)
    with np.errstate(over="ignore"):
        for block in range(int(blocks.max(initial=0))):
            rows = np.nonzero(blocks > block)[0]
            at = starts[rows] + _BLOCK * block
            a = one[rows] ^ _first(words[at])
            a = (_rotated(a, 27) + two[rows]) * _FIVE + np.uint64(0x52DCE729)
            b = two[rows] ^ _second(words[at + 8])
            b = (_rotated(b, 31) + a) * _FIVE + np.uint64(0x38495AB5)
            one[rows], two[rows] = a, b
        at = starts + _BLOCK * blocks
        rows = np.nonzero(rest > 8)[0]
        two[rows] ^= _second(words[at[rows] + 8] & _mask(rest[rows] - 8))
        rows = np.nonzero(rest > 0)[0]
        one[rows] ^= _first(words[at[rows]] & _mask(np.minimum(rest[rows], 8)))
        return _finished(one, two, lengths.astype(np.uint64))


def _mask(count: npt.NDArray[np.int64]) -> Words:
    """Of so many low bytes, 1 to 8."""
    return np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - np.uint64(8) * count.astype(np.uint64))
