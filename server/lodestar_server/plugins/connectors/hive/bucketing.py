"""Which bucket a row belongs to, as Hive counts: version 1 by Java's hash codes, version 2 by Murmur3.

Source: Trino HiveBucketingV1, HiveBucketingV2, with the oddities of Hive that they keep.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from lodestar_server.plugins.connectors.hive.foreign import has_hive_buckets
from lodestar_server.plugins.connectors.hive.lines.splitting import bytes_of
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    ArrayType,
    MapType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import arrow_to_values, values_to_arrow
from lodestar_server.spi.values import frozen

Hashes = np.ndarray[Any, Any]
"""uint32, one per row; sums and products wrap around."""

_VERSIONS = ("1", "2")
_SIMPLE = (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, DATE)
_SEED = 104_729
_MOST_LOOKUPS = 1000
_FACTOR = np.uint32(31)
_POSITIVE = np.uint32(0x7FFF_FFFF)


@frozen
class SortColumn:
    """A column by which the rows of a file are sorted: up with NULLs first, or down with NULLs last."""

    name: str
    descending: bool


@frozen
class BucketLayout:
    """How rows are spread over files."""

    columns: tuple[str, ...]
    count: int
    version: int
    sorted_by: tuple[SortColumn, ...] = ()


def hashable(type_: Type) -> bool:
    """Tables may be bucketed by columns of this type."""
    match type_:
        case ArrayType(element):
            return hashable(element)
        case MapType(key, value):
            return hashable(key) and hashable(value)
        case VarcharType():
            return True
    return type_ in _SIMPLE


def layout_for_writing(table: Table, sorting: bool) -> BucketLayout | None:
    """None for a table without buckets. Raises: NOT_SUPPORTED."""
    bucketing = table.bucketing
    if bucketing is None or not has_hive_buckets(table):
        return None
    version = table.parameters.get("bucketing_version", "1")
    if version not in _VERSIONS:
        not_supported(f"Unsupported bucketing version: '{version}'")
    if bucketing.sorted_by and not sorting:
        not_supported("Writing to bucketed sorted Hive tables is disabled")
    order = tuple(SortColumn(one.name, one.descending) for one in bucketing.sorted_by)
    return BucketLayout(bucketing.columns, bucketing.count, int(version), order)


def wanted_buckets(table: Table, domains: Mapping[str, Domain]) -> frozenset[int] | None:
    """Buckets that may have rows which the domains of columns allow; None when that may be any."""
    bucketing = table.bucketing
    version = table.parameters.get("bucketing_version", "1")
    if bucketing is None or not has_hive_buckets(table) or version not in _VERSIONS:
        return None
    chosen = []
    for name in bucketing.columns:
        domain = domains.get(name)
        # Zeros of both signs are equal, but their hashes are not.
        if domain is None or domain.type in (DOUBLE, REAL) or not hashable(domain.type):
            return None
        values = domain.single_values
        if values is None:
            return None
        chosen.append((domain.type, values))
    if math.prod(len(values) for _, values in chosen) > _MOST_LOOKUPS:
        return None
    rows = list(itertools.product(*(values for _, values in chosen)))
    columns = [(values_to_arrow(type_, [row[place] for row in rows]), type_) for place, (type_, _) in enumerate(chosen)]
    layout = BucketLayout(bucketing.columns, bucketing.count, int(version))
    return frozenset(int(number) for number in bucket_numbers(layout, columns))


def bucket_numbers(layout: BucketLayout, columns: Sequence[tuple[pa.Array, Type]]) -> np.ndarray[Any, Any]:
    """The bucket of each row, from the bucketing columns in order."""
    rows = len(columns[0][0])
    made = np.zeros(rows, np.uint32)
    for values, type_ in columns:
        made = made * _FACTOR + hashes(values, type_, layout.version)
    buckets: np.ndarray[Any, Any] = (made & _POSITIVE).astype(np.int64) % layout.count
    return buckets


def hashes(values: pa.Array, type_: Type, version: int) -> Hashes:
    """One column's; NULL has 0."""
    made = _hashes(values, type_, version)
    if values.null_count:
        made = made.copy()
        made[values.is_null().to_numpy(zero_copy_only=False)] = 0
    return made


def _hashes(values: pa.Array, type_: Type, version: int) -> Hashes:
    match type_:
        case ArrayType() | MapType():
            found = [None if one is None else _nested(one, type_, version) for one in arrow_to_values(type_, values)]
            return np.array([one or 0 for one in found], np.uint32)
        case VarcharType(length):
            data, offsets = bytes_of(values)
            if version == 1:
                return _java_bytes(data, offsets, 0 if length is None else 1)
            return murmur3(data, offsets)
    if type_ == BOOLEAN:
        made: Hashes = values.fill_null(False).cast(pa.uint32()).to_numpy()
        return made
    numbers = _plain(values, type_)
    if type_ == TINYINT:
        return numbers.astype(np.int32).view(np.uint32)
    if version == 1:
        return _java_number(numbers, type_)
    return murmur3(*_big_endian(numbers, type_))


def _plain(values: pa.Array, type_: Type) -> np.ndarray[Any, Any]:
    """Numbers; of REAL and DOUBLE their bits, with one NaN."""
    if type_ == DATE:
        values = values.cast(pa.int32())
    numbers: np.ndarray[Any, Any] = values.fill_null(0).to_numpy(zero_copy_only=False)
    if type_ in (REAL, DOUBLE):
        numbers = np.where(np.isnan(numbers), numbers.dtype.type(np.nan), numbers)
        return numbers.view(np.int32 if type_ == REAL else np.int64)
    return numbers


def _java_number(numbers: np.ndarray[Any, Any], type_: Type) -> Hashes:
    if type_ in (BIGINT, DOUBLE):
        wide = numbers.view(np.uint64)
        return ((wide >> np.uint64(32)) ^ wide).astype(np.uint32)
    return numbers.astype(np.int32).view(np.uint32)


def _big_endian(numbers: np.ndarray[Any, Any], type_: Type) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    if type_ == REAL:  # the bits are taken for a number, and the bits of that one are hashed
        numbers = numbers.astype(np.float32).view(np.int32)
    elif type_ == DOUBLE:
        numbers = numbers.astype(np.float64).view(np.int64)
    size = numbers.dtype.itemsize
    data = numbers.astype(numbers.dtype.newbyteorder(">")).view(np.uint8)
    return data, np.arange(len(numbers) + 1, dtype=np.int64) * size


def _java_bytes(data: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any], initial: int) -> Hashes:
    made = np.full(len(offsets) - 1, initial, np.uint32)
    lengths = np.diff(offsets)
    signed = data.view(np.int8).astype(np.int32).view(np.uint32)
    rows = np.arange(len(lengths))
    place = 0
    while len(rows := rows[lengths[rows] > place]):
        made[rows] = made[rows] * _FACTOR + signed[offsets[rows] + place]
        place += 1
    return made


def murmur3(data: np.ndarray[Any, Any], offsets: np.ndarray[Any, Any]) -> Hashes:
    """Murmur3 of 32 bits as Hive has it: bytes at the end have a sign."""
    lengths = np.diff(offsets)
    made: Hashes = np.full(len(lengths), _SEED, np.uint32)
    wide = data.astype(np.uint32)
    rows = np.arange(len(lengths))
    block = 0
    while len(rows := rows[lengths[rows] >= block + 4]):
        at = offsets[rows] + block
        word = wide[at] | wide[at + 1] << 8 | wide[at + 2] << 16 | wide[at + 3] << 24
        mixed = made[rows] ^ _mix(word)
        made[rows] = _rotated(mixed, 13) * np.uint32(5) + np.uint32(0xE6546B64)
        block += 4
    signed = data.view(np.int8).astype(np.int32).view(np.uint32)
    rest: np.ndarray[Any, Any] = lengths % 4
    begin = offsets[:-1] + lengths - rest
    tail: Hashes = np.zeros(len(lengths), np.uint32)
    for place in (2, 1, 0):
        longer = np.flatnonzero(rest > place)
        tail[longer] ^= signed[begin[longer] + place] << np.uint32(8 * place)
    ends: Hashes = np.where(rest > 0, made ^ _mix(tail), made) ^ lengths.astype(np.uint32)
    ends = (ends ^ ends >> np.uint32(16)) * np.uint32(0x85EBCA6B)
    ends = (ends ^ ends >> np.uint32(13)) * np.uint32(0xC2B2AE35)
    ends ^= ends >> np.uint32(16)
    return ends


def _mix(word: Hashes) -> Hashes:
    return _rotated(word * np.uint32(0xCC9E2D51), 15) * np.uint32(0x1B873593)


def _rotated(word: Hashes, bits: int) -> Hashes:
    return word << np.uint32(bits) | word >> np.uint32(32 - bits)


def _nested(value: Any, type_: Type, version: int) -> int:
    match type_:
        case ArrayType(element):
            made = 0
            for one in hashes(values_to_arrow(element, value), element, version).tolist():
                made = made * 31 + one
        case MapType(key, item):
            keys = hashes(values_to_arrow(key, [one for one, _ in value]), key, version)
            # Values always by version 1.
            items = hashes(values_to_arrow(item, [one for _, one in value]), item, 1)
            made = sum((keys ^ items).tolist())
    return made & 0xFFFF_FFFF
