"""xxHash of values as Trino's types hash them, a column at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.digests import xxhash64_of
from lodestar_server.execution.kernel.functions.python.registry import arrow_function, value_function

_MASK = (1 << 64) - 1
_P1, _P2, _P3 = (np.uint64(one) for one in (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_P4 = np.uint64(0x85EBCA77C2B2AE63)
_START = np.uint64(0x27D4EB2F165667C5 + 8)


def _rotated(words: Any, bits: int) -> Any:
    return (words << np.uint64(bits)) | (words >> np.uint64(64 - bits))


def hash_longs(words: Any) -> Any:
    """xxHash64 of eight bytes each; unsigned arrays wrap as they should."""
    made = _START ^ (_rotated(words * _P2, 31) * _P1)
    made = _rotated(made, 27) * _P1 + _P4
    made = (made ^ (made >> np.uint64(33))) * _P2
    made = (made ^ (made >> np.uint64(29))) * _P3
    return made ^ (made >> np.uint64(32))


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


@value_function("trino_hash_bytes", ["BLOB"], "UBIGINT", pa.uint64())
def hash_bytes(value: bytes) -> int:
    """Of bytes."""
    return xxhash64_of(value)


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
    values = np.asarray(column.fill_null(0), dtype=floating).copy()
    values[np.isnan(values)] = np.nan
    values = values + floating(0)
    return pa.array(values.view(integral).astype(np.int64), type=pa.int64(), mask=nulls)


@arrow_function("trino_checksum_part", ["UBIGINT"], "UBIGINT")
def checksum_part(column: Any) -> pa.Array:
    """What a row adds to a checksum."""
    return pa.array(np.asarray(column, dtype=np.uint64) * _P1, type=pa.uint64())


@value_function("trino_checksum_bytes", ["HUGEINT"], "BLOB", pa.binary())
def checksum_bytes(total: int) -> bytes:
    """The sum's lowest eight bytes, the lowest first."""
    return (int(total) & _MASK).to_bytes(8, "little")
