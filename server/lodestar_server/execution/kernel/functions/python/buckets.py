"""Murmur3 with 32 bits, as Iceberg has it for buckets; results are not negative."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import arrow_function
from lodestar_server.spi.murmur3 import hash_bytes, hash_longs


@arrow_function("trino_bucket_long", ["BIGINT"], "INTEGER")
def bucket_long(column: Any) -> pa.Array:
    """Of eight bytes, little endian."""
    numbers = np.ascontiguousarray(np.asarray(column.fill_null(0), dtype=np.int64))
    return _found(hash_longs(numbers), column)


@arrow_function("trino_bucket_bytes", ["BLOB"], "INTEGER")
def bucket_bytes(column: Any) -> pa.Array:
    """Of bytes."""
    filled = column.fill_null(b"").cast(pa.large_binary())
    whole = filled.combine_chunks() if isinstance(filled, pa.ChunkedArray) else filled
    if not len(whole):
        return pa.array([], pa.int32())
    _, offsets, data = whole.buffers()
    places = np.frombuffer(offsets, np.int64)[whole.offset : whole.offset + len(whole) + 1]
    return _found(hash_bytes(b"" if data is None else data.to_pybytes(), places), column)


@arrow_function("trino_bucket_number", ["HUGEINT"], "INTEGER")
def bucket_number(column: Any) -> pa.Array:
    """Of an unscaled decimal: big endian, as short as it may be."""
    numbers = [None if one is None else int(one) for one in column.to_pylist()]
    shortest = [
        None if one is None else one.to_bytes((one if one >= 0 else ~one).bit_length() // 8 + 1, "big", signed=True)
        for one in numbers
    ]
    return bucket_bytes(pa.array(shortest, pa.binary()))


def _found(hashes: Any, column: Any) -> pa.Array:
    return pa.array(hashes & np.int32(0x7FFFFFFF), pa.int32(), mask=np.asarray(column.is_null()))
