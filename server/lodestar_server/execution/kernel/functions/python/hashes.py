"""xxHash of values as Trino's types hash them, a column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.execution.kernel.functions.python.parquet_hashes import TEXT, long_hashes, text_hashes
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
    """xxHash64 of eight bytes each: int64 or uint64 numbers."""
    made = np.empty(len(words), np.uint64)
    native = long_hashes()
    if native is None:
        _hash_longs(words.view(np.uint64), made)
    else:
        native(np.ascontiguousarray(words), made)
    return made


def _hash_longs(words: Any, made: Any) -> None:
    """By numpy; unsigned arrays wrap as they should."""
    spare = np.empty(min(len(words), _CACHED), np.uint64)
    for start in range(0, len(words), _CACHED):
        part = made[start : start + _CACHED]
        _hash_part(words[start : start + _CACHED], part, spare[: len(part)])


def _hash_part(words: Any, made: Any, spare: Any) -> None:
    made.fill(_START)
    _mix_in(made, words.copy(), spare)
    _finish(made, spare)


def _mix_in(made: Any, words: Any, spare: Any) -> None:
    """A step of eight bytes each; `words` are used up."""
    np.multiply(words, _P2, out=words)
    _rotate(words, 31, spare)
    np.multiply(words, _P1, out=words)
    np.bitwise_xor(made, words, out=made)
    _rotate(made, 27, spare)
    np.multiply(made, _P1, out=made)
    np.add(made, _P4, out=made)


def _finish(made: Any, spare: Any) -> None:
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
    """xxHash64 of each value of a binary column."""
    column = _whole(column)
    _, offsets, data = column.buffers()
    kind = np.int64 if pa.types.is_large_binary(column.type) else np.int32
    ends = np.frombuffer(offsets, kind)[column.offset : column.offset + len(column) + 1].astype(np.int64)
    at, sizes = ends[:-1].copy(), np.diff(ends)
    raw = np.frombuffer(b"" if data is None else data, np.uint8)
    made = np.empty(len(at), np.uint64)
    native = text_hashes()
    if native is None:
        _hash_texts(raw, at, sizes, made)
        return made
    texts = np.empty(min(len(at), _CACHED), TEXT)
    at += raw.ctypes.data
    for start in range(0, len(at), _CACHED):
        part = slice(start, start + _CACHED)
        given = texts[: len(made[part])]
        given["size"], given["at"] = sizes[part], at[part]
        native(given, made[part])
    return made


def _hash_texts(raw: Any, at: Any, sizes: Any, made: Any) -> None:
    """By numpy, many at once: a step for each word of the longest one."""
    words = np.ndarray((max(len(raw) - 7, 0),), "<u8", raw, strides=(1,))
    halves = np.ndarray((max(len(raw) - 3, 0),), "<u4", raw, strides=(1,))
    for start in range(0, len(at), _CACHED):
        part = slice(start, start + _CACHED)
        made[part] = _hash_part_of_texts(raw, words, halves, at[part], sizes[part])


def _hash_part_of_texts(raw: Any, words: Any, halves: Any, at: Any, sizes: Any) -> Any:
    """Of the bytes at places of `raw`; the other two are views of it from every byte on."""
    made = sizes.view(np.uint64) + _P5
    with np.errstate(over="ignore"):
        if sizes.max(initial=0) >= _STRIPE:
            long = np.flatnonzero(sizes >= _STRIPE)
            striped, at[long] = _striped(words, at[long], at[long] + sizes[long])
            made[long] = striped + sizes[long].view(np.uint64)
        whole = ((sizes & (_STRIPE - 1)) >> 3).astype(np.int8)
        order = None
        if len(whole) and whole.min() != whole.max():
            # Those that have another word stand in front.
            order = np.argsort(-whole, kind="stable")
            made, at, sizes = made[order], at[order], sizes[order]
        spare = np.empty(len(at), np.uint64)
        for step in range(int(whole.max(initial=0))):
            count = np.count_nonzero(whole > step)
            mixed, chosen, free = words[at[:count]], made[:count], spare[:count]
            _mix_in(chosen, mixed, free)
            at[:count] += 8
        halved = np.flatnonzero(sizes & 4)
        if len(halved):
            mixed = halves[at[halved]].astype(np.uint64) * _P1
            made[halved] = _rotated(made[halved] ^ mixed, 23) * _P2 + _P3
            at[halved] += 4
        left = sizes & 3
        for step in range(int(left.max(initial=0))):
            rows = np.flatnonzero(left > step)
            mixed = raw[at[rows] + step] * _P5
            made[rows] = _rotated(made[rows] ^ mixed, 11) * _P1
        _finish(made, spare)
    if order is None:
        return made
    spare[order] = made
    return spare


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


@arrow_function("trino_hash_words", ["BLOB"], "UBIGINT")
def hash_words(column: Any) -> pa.Array:
    """Of sixteen bytes as two longs."""
    filled = _whole(column.fill_null(bytes(16))).cast(pa.binary(16))
    return pa.array(_hash_halves(filled), type=pa.uint64(), mask=np.asarray(column.is_null()))


@arrow_function("trino_hash_int128", ["HUGEINT"], "UBIGINT")
def hash_int128(column: Any) -> pa.Array:
    """Of an unscaled long decimal: its halves."""
    filled = _whole(column.fill_null(0))
    return pa.array(_hash_halves(filled), type=pa.uint64(), mask=np.asarray(column.is_null()))


def _hash_halves(column: Any) -> Any:
    """Of values of sixteen bytes without NULLs."""
    words = np.frombuffer(column.buffers()[1], np.uint64)[2 * column.offset : 2 * (column.offset + len(column))]
    return hash_longs(words[0::2]) ^ hash_longs(words[1::2])


def _whole(column: Any) -> Any:
    if not isinstance(column, pa.ChunkedArray):
        return column
    # To combine copies even what is in one piece.
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _items(lists: Any) -> tuple[Any, Any, Any]:
    """The numbers of a column of lists, 0 for NULL, and where each list begins and ends."""
    values = np.asarray(lists.values.fill_null(0))
    offsets = np.asarray(lists.offsets).astype(np.int64)
    return values, offsets[:-1], np.where(np.asarray(lists.is_null()), offsets[:-1], offsets[1:])


@arrow_function("trino_combined_hash", ["UBIGINT[]", "BIGINT"], "UBIGINT")
def combined_hash(hashes: Any, start: Any) -> pa.Array:
    """Of a sequence: 31 times what was before, plus the next; NULL counts 0."""
    lists = _whole(hashes)
    values, begins, ends = _items(lists)
    made = np.asarray(start).astype(np.uint64)
    for place in range(int((ends - begins).max(initial=0))):
        rows = np.flatnonzero(ends - begins > place)
        made[rows] = made[rows] * np.uint64(31) + values[begins[rows] + place]
    return pa.array(made, type=pa.uint64(), mask=np.asarray(lists.is_null()))


@arrow_function("trino_hash_sum", ["UBIGINT[]"], "UBIGINT")
def hash_sum(hashes: Any) -> pa.Array:
    """Of a set."""
    lists = _whole(hashes)
    values, begins, ends = _items(lists)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(values, dtype=np.uint64)])
    return pa.array(sums[ends] - sums[begins], type=pa.uint64(), mask=np.asarray(lists.is_null()))


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
