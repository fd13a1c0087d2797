"""xxHash of values as Trino's types hash them, a column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.execution.kernel.functions.python.digests import xxhash64_of
from lodestar_server.execution.kernel.functions.python.registry import arrow_function, value_function

_MASK = (1 << 64) - 1
_P1, _P2, _P3 = (np.uint64(one) for one in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_P4 = np.uint64(0x85EBCA77C2B2AE63)
_START = np.uint64(0x27D4EB2F165667C5 + 8)


_CACHED = 16_384
"""Values of which every step stays in the cache."""


def _rotated(words: Any, bits: int) -> Any:
    return (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))


def hash_longs(words: Any) -> Any:
    """xxHash64 of eight bytes each; unsigned arrays wrap as they should."""
    made = np.empty(len(words), np.uint64)
    spare = np.empty(min(len(words), _CACHED), np.uint64)
    for start in range(0, len(words), _CACHED):
        part = made[start : start + _CACHED]
        _hash_part(words[start : start + _CACHED], part, spare[: len(part)])
    return made


def _hash_part(words: Any, made: Any, spare: Any) -> None:
    np.multiply(words, _P2, out=made)
    _rotate(made, 31, spare)
    np.multiply(made, _P1, out=made)
    np.bitwise_xor(made, _START, out=made)
    _rotate(made, 27, spare)
    np.multiply(made, _P1, out=made)
    np.add(made, _P4, out=made)
    for bits, factor in ((33, _P2), (29, _P3)):
        np.right_shift(made, np.uint64(bits), out=spare)
        np.bitwise_xor(made, spare, out=made)
        np.multiply(made, factor, out=made)
    np.right_shift(made, np.uint64(32), out=spare)
    np.bitwise_xor(made, spare, out=made)


def _rotate(words: Any, bits: int, spare: Any) -> None:
    np.left_shift(words, np.uint64(bits), out=spare)
    np.right_shift(words, np.uint64(64 - bits), out=words)
    np.bitwise_or(words, spare, out=words)


@arrow_function("trino_hash_long", ["BIGINT"], "UBIGINT")
def hash_long(column: Any) -> pa.Array:
    """Of a long."""
    nulls = np.asarray(column.is_null())
    words = np.asarray(column.fill_null(0), dtype=np.int64).view(np.uint64)
    return pa.array(hash_longs(words), type=pa.uint64(), mask=nulls)


@arrow_function("trino_mix_long", ["BIGINT"], "UBIGINT")
def mix_long(column: Any) -> pa.Array:
    """The plain hash code of a long."""
    nulls = np.asarray(column.is_null())
    words = np.asarray(column.fill_null(0), dtype=np.int64).view(np.uint64)
    return pa.array(_rotated(words * _P2, 31) * _P1, type=pa.uint64(), mask=nulls)


_P5 = np.uint64(0x27D4EB2F165667C5)
_STRIPE = 32
_LANE_TURNS = (1, 7, 12, 18)


def hash_texts(column: Any) -> Any:
    """xxHash64 of each value of a binary column, all at once: a step for each word of the longest one."""
    column = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    sizes = np.asarray(pc.binary_length(column).fill_null(0)).astype(np.int64)
    _, offsets, data = column.buffers()
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    at = np.frombuffer(offsets, kind)[column.offset : column.offset + len(column)].astype(np.int64)
    raw = np.frombuffer((b"" if data is None else data.to_pybytes()) + bytes(8), np.uint8)
    words = np.ndarray((len(raw) - 7,), "<u8", raw, strides=(1,))
    halves = np.ndarray((len(raw) - 3,), "<u4", raw, strides=(1,))
    ends = at + sizes
    with np.errstate(over="ignore"):
        made = np.full(len(at), _P5)
        long = np.flatnonzero(sizes >= _STRIPE)
        if len(long):
            made[long], at[long] = _striped(words, at[long], ends[long])
        made = made + sizes.astype(np.uint64)
        while len(rows := np.flatnonzero(ends - at >= 8)):
            mixed = _rotated(words[at[rows]] * _P2, 31) * _P1
            made[rows] = _rotated(made[rows] ^ mixed, 27) * _P1 + _P4
            at[rows] += 8
        rows = np.flatnonzero(ends - at >= 4)
        made[rows] = _rotated(made[rows] ^ (halves[at[rows]].astype(np.uint64) * _P1), 23) * _P2 + _P3
        at[rows] += 4
        while len(rows := np.flatnonzero(ends > at)):
            made[rows] = _rotated(made[rows] ^ (raw[at[rows]].astype(np.uint64) * _P5), 11) * _P1
            at[rows] += 1
        made = (made ^ (made >> np.uint64(33))) * _P2
        made = (made ^ (made >> np.uint64(29))) * _P3
    return made ^ (made >> np.uint64(32))


def _striped(words: Any, at: Any, ends: Any) -> tuple[Any, Any]:
    """The hashes of what is 32 bytes or longer after its whole stripes, and where the rest begins."""
    at = at.copy()
    starts = (_P1 + _P2, _P2, np.uint64(0), np.uint64(0) - _P1)
    lanes = [np.full(len(at), one) for one in starts]
    while len(rows := np.flatnonzero(ends - at >= _STRIPE)):
        for place, lane in enumerate(lanes):
            lane[rows] = _rotated(lane[rows] + words[at[rows] + 8 * place] * _P2, 31) * _P1
        at[rows] += _STRIPE
    made = sum(_rotated(lane, bits) for lane, bits in zip(lanes, _LANE_TURNS, strict=True))
    for lane in lanes:
        made = (made ^ (_rotated(lane * _P2, 31) * _P1)) * _P1 + _P4
    return made, at


@arrow_function("trino_hash_bytes", ["BLOB"], "UBIGINT")
def hash_bytes(column: Any) -> pa.Array:
    """Of bytes."""
    return pa.array(hash_texts(column), type=pa.uint64(), mask=np.asarray(column.is_null()))


@arrow_function("trino_xxhash64", ["BLOB"], "BLOB")
def xxhash64(column: Any) -> pa.Array:
    """Eight bytes, the highest first."""
    raw = np.ascontiguousarray(hash_texts(column).astype(">u8")).view("S8")
    made = pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(raw), [None, pa.py_buffer(raw.tobytes())])
    present = np.asarray(column.is_valid())
    return pc.if_else(pa.array(present), made.cast(pa.binary()), pa.scalar(None, pa.binary()))


@value_function("trino_hash_words", ["BLOB"], "UBIGINT", pa.uint64())
def hash_words(value: bytes) -> int:
    """Of sixteen bytes as two longs."""
    return xxhash64_of(value[:8]) ^ xxhash64_of(value[8:])


@value_function("trino_hash_int128", ["HUGEINT"], "UBIGINT", pa.uint64())
def hash_int128(value: int) -> int:
    """Of an unscaled long decimal: its halves, the higher one first."""
    high, low = (int(value) >> 64) & _MASK, int(value) & _MASK
    return xxhash64_of(high.to_bytes(8, "little")) ^ xxhash64_of(low.to_bytes(8, "little"))


@value_function("trino_combined_hash", ["UBIGINT[]", "BIGINT"], "UBIGINT", pa.uint64())
def combined_hash(hashes: list[int | None], start: int) -> int:
    """Of a sequence: 31 times what was before, plus the next; NULL counts 0."""
    made = start
    for one in hashes:
        made = (made * 31 + (one or 0)) & _MASK
    return made


@value_function("trino_hash_sum", ["UBIGINT[]"], "UBIGINT", pa.uint64())
def hash_sum(hashes: list[int]) -> int:
    """Of a set."""
    return sum(hashes) & _MASK


@arrow_function("trino_double_bits", ["DOUBLE"], "BIGINT")
def double_bits(column: Any) -> pa.Array:
    """The bits of a double; there is one zero and one NaN."""
    return _bits(column, np.float64, np.int64)


@arrow_function("trino_real_bits", ["FLOAT"], "BIGINT")
def real_bits(column: Any) -> pa.Array:
    """The bits of a real."""
    return _bits(column, np.float32, np.int32)


def _bits(column: Any, floating: Any, integral: Any) -> pa.Array:
    nulls = np.asarray(column.is_null())
    values = np.asarray(column.fill_null(0), dtype=floating)
    return pa.array(bits_of(values, integral).astype(np.int64), type=pa.int64(), mask=nulls)


def bits_of(values: Any, integral: Any) -> Any:
    """The bits of floating point numbers as integers of that type; there is one zero and one NaN."""
    made = values + values.dtype.type(0)
    made[np.isnan(made)] = np.nan
    return made.view(integral)


@arrow_function("trino_checksum_part", ["UBIGINT"], "UBIGINT")
def checksum_part(column: Any) -> pa.Array:
    """What a row adds to a checksum."""
    return pa.array(np.asarray(column, dtype=np.uint64) * _P1, type=pa.uint64())


@value_function("trino_checksum_bytes", ["HUGEINT"], "BLOB", pa.binary())
def checksum_bytes(total: int) -> bytes:
    """The sum's lowest eight bytes, the lowest first."""
    return (int(total) & _MASK).to_bytes(8, "little")
