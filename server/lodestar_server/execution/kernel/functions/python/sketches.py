"""The functions over sketches that DuckDB calls back for. Aggregates get the list of their group's values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.execution.kernel.functions.python.hashes import bits_of
from lodestar_server.execution.kernel.functions.python.hashes import hash_longs as hash_words
from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.functions.python.registry import arrow_function, value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.execution.kernel.sketches import hashing, qdigest
from lodestar_server.execution.kernel.sketches.hyperloglog import Hashed, HyperLogLog, count_distinct, index_bits_of
from lodestar_server.execution.kernel.sketches.qdigest import QDigest
from lodestar_server.execution.kernel.sketches.set_digest import SetDigest
from lodestar_server.execution.kernel.sketches.tdigest import TDigest

_BINARY = pa.binary()


def _whole(column: Any) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    # To combine copies even what is in one piece.
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _groups(*columns: Any) -> list[tuple[Any, ...] | None]:
    """The numbers of each list as arrays, row by row; None for a row with a NULL."""
    rows: list[tuple[Any, ...] | None] = []
    arrays = [_whole(column) for column in columns]
    for index in range(len(arrays[0])):
        parts = [array[index] for array in arrays]
        rows.append(
            tuple(part.values.to_numpy(zero_copy_only=False) for part in parts)
            if all(part.is_valid for part in parts)
            else None
        )
    return rows


@arrow_function("trino_sketch_hash_long", ["BIGINT"], "BIGINT")
def hash_long(values: Any) -> pa.Array:
    """Of numbers."""
    column = _whole(values)
    filled = column.fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(hashing.hash_longs(filled), mask=column.is_null().to_numpy(zero_copy_only=False))


@arrow_function("trino_sketch_hash_double", ["DOUBLE"], "BIGINT")
def hash_double(values: Any) -> pa.Array:
    """Of the bits of numbers; there is one NaN."""
    column = _whole(values)
    filled = column.fill_null(0.0).to_numpy(zero_copy_only=False)
    filled = np.where(np.isnan(filled), np.nan, filled)
    hashes = hashing.hash_longs(filled.view(np.int64))
    return pa.array(hashes, mask=column.is_null().to_numpy(zero_copy_only=False))


@arrow_function("trino_sketch_hash_real", ["FLOAT"], "BIGINT")
def hash_real(values: Any) -> pa.Array:
    """Of the bits of numbers."""
    column = _whole(values)
    filled = column.fill_null(0.0).to_numpy(zero_copy_only=False)
    hashes = hashing.hash_longs(filled.view(np.int32).astype(np.int64))
    return pa.array(hashes, mask=column.is_null().to_numpy(zero_copy_only=False))


@value_function("trino_sketch_hash_bytes", ["BLOB"], "BIGINT", pa.int64())
def hash_bytes(data: bytes) -> int:
    """Of bytes."""
    return hashing.hash_bytes(data)


@arrow_function("trino_log_of", ["BIGINT[]"], "BLOB")
def log_of(hashes: Any) -> pa.Array:
    """HyperLogLog of hashes."""
    return pa.array([row and HyperLogLog.of(row[0]).serialize() for row in _groups(hashes)], type=_BINARY)


def _distinct(kind: str, parameter: str, hashed: Hashed) -> None:
    """The estimate of distinct values of a list with a standard error; 0 without values."""

    def count(values: Any, errors: Any) -> pa.Array:
        lists, wanted = _whole(values), _whole(errors)
        flat = lists.values.to_numpy(zero_copy_only=False)
        offsets = lists.offsets.to_numpy().astype(np.int64)
        # What is NULL may take up place all the same.
        absent = np.asarray(pc.or_(lists.is_null(), wanted.is_null()))
        starts, ends = offsets[:-1], np.where(absent, offsets[:-1], offsets[1:])
        counts = np.zeros(len(lists), dtype=np.int64)
        for error in wanted.unique().drop_null().to_pylist():
            chosen = np.asarray(pc.equal(wanted.fill_null(-1.0), error))
            counts[chosen] = count_distinct(flat, starts[chosen], ends[chosen], hashed, index_bits_of(error))
        return pa.array(counts)

    arrow_function(f"trino_distinct_{kind}", [f"{parameter}[]", "DOUBLE"], "BIGINT")(count)


_distinct("long", "BIGINT", hash_words)
_distinct("double", "DOUBLE", lambda values: hash_words(bits_of(values, np.int64)))
_distinct("hash", "UBIGINT", lambda values: values)


@arrow_function("trino_weighted_positions", ["DOUBLE[]", "DOUBLE[]"], "BIGINT[]")
def weighted_positions(weights: Any, percentiles: Any) -> pa.Array:
    """From 1: where the weights so far pass each part of their sum, else the last."""
    made = [
        row and np.minimum(np.searchsorted(sums, row[1] * sums[-1], side="right") + 1, len(sums))
        for row in _groups(weights, percentiles)
        for sums in (np.cumsum(row[0]) if row else np.empty(0),)
    ]
    return pa.array(made, type=pa.list_(pa.int64()))


def _merge(name: str, union: Callable[[list[bytes]], bytes]) -> None:
    def run(rows: Any) -> pa.Array:
        lists = ([one for one in row or () if one is not None] for row in _whole(rows).to_pylist())
        return pa.array([union(row) if row else None for row in lists], type=_BINARY)

    arrow_function(name, ["BLOB[]"], "BLOB")(run)


def _merged_logs(parts: list[bytes]) -> bytes:
    logs = list(map(HyperLogLog.deserialize, parts))
    for other in logs[1:]:
        logs[0].merge(other)
    return logs[0].serialize()


_merge("trino_merged_logs", _merged_logs)
_merge("trino_merged_qdigests", lambda parts: QDigest.union(list(map(QDigest.deserialize, parts))).serialize())
_merge("trino_merged_tdigests", lambda parts: TDigest.union(list(map(TDigest.deserialize, parts))).serialize())
_merge("trino_merged_sets", lambda parts: SetDigest.union(list(map(SetDigest.deserialize, parts))).serialize())


@value_function("trino_log_cardinality", ["BLOB"], "BIGINT", pa.int64())
def log_cardinality(data: bytes) -> int:
    """Of a HyperLogLog."""
    return HyperLogLog.deserialize(data).cardinality()


@value_function("trino_dense_log", ["BLOB"], "BLOB", _BINARY)
def dense_log(data: bytes) -> bytes:
    """A P4HyperLogLog of a HyperLogLog."""
    return HyperLogLog.deserialize(data).serialize(dense=True)


_SORTABLE: dict[str, tuple[str, Callable[[Any], Any], Callable[[Any], Any], pa.DataType]] = {
    "bigint": ("BIGINT", lambda values: values.astype(np.int64), lambda values: values, pa.int64()),
    "double": ("DOUBLE", qdigest.sortable_doubles, qdigest.from_sortable_doubles, pa.float64()),
    "real": ("FLOAT", qdigest.sortable_reals, qdigest.from_sortable_reals, pa.float32()),
}


def _register_qdigest(kind: str) -> None:
    held, encode, decode, arrow = _SORTABLE[kind]

    def made(values: Any, weights: Any, accuracies: Any) -> pa.Array:
        blobs: list[bytes | None] = []
        for row, accuracy in zip(_groups(values, weights), _whole(accuracies).to_pylist(), strict=True):
            if row is None or accuracy is None or len(row[0]) == 0:
                blobs.append(None)
                continue
            if not 0 < accuracy < 1:
                shown = java_double(accuracy)
                raise refused(f"Percentile accuracy must be exclusively between 0 and 1, was {shown}")
            if (row[1] <= 0).any():
                raise refused(f"Percentile weight must be > 0, was {row[1][np.argmax(row[1] <= 0)]}")
            blobs.append(QDigest.of(encode(row[0]), row[1], accuracy).serialize())
        return pa.array(blobs, type=_BINARY)

    def values_at(digests: Any, quantiles: Any) -> pa.Array:
        rows: list[list[Any] | None] = []
        for blob, wanted in zip(_whole(digests).to_pylist(), _whole(quantiles).to_pylist(), strict=True):
            if blob is None or wanted is None:
                rows.append(None)
                continue
            digest = QDigest.deserialize(blob)
            found = np.array([digest.value_at(one or 0.0) for one in wanted], dtype=np.int64)
            rows.append(decode(found).tolist())
        return pa.array(rows, type=pa.list_(arrow))

    def quantile_at(digests: Any, values: Any) -> pa.Array:
        column = _whole(values)
        sortable = encode(column.fill_null(0).to_numpy(zero_copy_only=False)).tolist()
        rows = zip(_whole(digests).to_pylist(), column.is_valid().to_pylist(), sortable, strict=True)
        shares = [
            QDigest.deserialize(blob).quantile_at(value) if valid and blob is not None else None
            for blob, valid, value in rows
        ]
        return pa.array(shares, type=pa.float64())

    arrow_function(f"trino_qdigest_of_{kind}", [f"{held}[]", "BIGINT[]", "DOUBLE"], "BLOB")(made)
    arrow_function(f"trino_qdigest_values_{kind}", ["BLOB", "DOUBLE[]"], f"{held}[]")(values_at)
    arrow_function(f"trino_qdigest_quantile_{kind}", ["BLOB", held], "DOUBLE")(quantile_at)


for _kind in _SORTABLE:
    _register_qdigest(_kind)


@arrow_function("trino_tdigest_of", ["DOUBLE[]", "DOUBLE[]"], "BLOB")
def tdigest_of(values: Any, weights: Any) -> pa.Array:
    """Of values and weights."""
    blobs: list[bytes | None] = []
    for row in _groups(values, weights):
        if row is None or len(row[0]) == 0:
            blobs.append(None)
            continue
        light = ~((row[1] >= 1) & np.isfinite(row[1]))
        if light.any():
            weight = float(row[1][np.argmax(light)])
            if not np.isfinite(weight):
                raise refused(f"weight must be finite, was {java_double(weight)}")
            raise refused(f"weight must be >= 1, was {java_double(float(row[1][np.argmax(light)]))}")
        blobs.append(TDigest.of(*row).serialize())
    return pa.array(blobs, type=_BINARY)


@arrow_function("trino_tdigest_values", ["BLOB", "DOUBLE[]"], "DOUBLE[]")
def tdigest_values(digests: Any, quantiles: Any) -> pa.Array:
    """At quantiles that rise."""
    rows: list[list[float] | None] = []
    for blob, wanted in zip(_whole(digests).to_pylist(), _whole(quantiles).to_pylist(), strict=True):
        if blob is None or wanted is None:
            rows.append(None)
            continue
        rows.append(_tdigest_values(TDigest.deserialize(blob), [one or 0.0 for one in wanted]))
    return pa.array(rows, type=pa.list_(pa.float64()))


def _tdigest_values(digest: TDigest, wanted: Sequence[float]) -> list[float]:
    if list(wanted) != sorted(wanted):
        raise refused("percentiles must be sorted in increasing order")
    return [digest.value_at(quantile) for quantile in wanted]


@arrow_function("trino_set_of", ["BIGINT[]"], "BLOB")
def set_of(hashes: Any) -> pa.Array:
    """Digest of the set of values with these hashes."""
    return pa.array([row and SetDigest.of(row[0]).serialize() for row in _groups(hashes)], type=_BINARY)


@value_function("trino_set_cardinality", ["BLOB"], "BIGINT", pa.int64())
def set_cardinality(data: bytes) -> int:
    """Of a set."""
    return SetDigest.deserialize(data).cardinality()


@value_function("trino_jaccard_index", ["BLOB", "BLOB"], "DOUBLE", pa.float64())
def jaccard_index(left: bytes, right: bytes) -> float:
    """How alike two sets are."""
    return SetDigest.deserialize(left).jaccard_index(SetDigest.deserialize(right))


@value_function("trino_intersection_cardinality", ["BLOB", "BLOB"], "BIGINT", pa.int64())
def intersection_cardinality(left: bytes, right: bytes) -> int:
    """How many values two sets share."""
    return SetDigest.deserialize(left).intersection_cardinality(SetDigest.deserialize(right))


_COUNTS = pa.list_(pa.struct([("key", pa.int64()), ("value", pa.int16())]))


@value_function("trino_hash_counts", ["BLOB"], "STRUCT(key BIGINT, value SMALLINT)[]", _COUNTS)
def hash_counts(data: bytes) -> list[dict[str, int]]:
    """Each hash and how often it came."""
    return [{"key": key, "value": value} for key, value in SetDigest.deserialize(data).counts.items()]
