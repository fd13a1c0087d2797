"""Theta sketches of the distinct values of columns, in the form that Iceberg's statistics files hold.

Up to some thousand values they are exact; beyond, the smallest hashes stand for all. Source: Apache DataSketches'
compact theta sketch, "Preamble Layout".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.murmur128 import hash_bytes, hash_fixed
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType, Primitive
from lodestar_server.plugins.connectors.iceberg.raw_arrays import raw_array
from lodestar_server.plugins.toolkit.decimal_bytes import shortest

_NOMINAL = 4096
_REBUILD = 7680
"""With more hashes than this only `_NOMINAL` are kept."""
_MAX = 2**63 - 1
_SEED_HASH = 0x93CC
_READ_ONLY, _EMPTY, _COMPACT, _ORDERED, _SINGLE = 2, 4, 8, 16, 32

Hashes = npt.NDArray[np.uint64]


class ThetaSketch:
    """Called from one thread."""

    def __init__(self, hashes: Hashes | None = None, theta: int = _MAX) -> None:
        self._hashes: Hashes = np.empty(0, np.uint64) if hashes is None else hashes
        self._theta = theta

    def add(self, hashes: Hashes) -> None:
        """Values by their hashes, of 63 bits."""
        kept = np.unique(hashes[(hashes != 0) & (hashes < np.uint64(self._theta))])
        if len(kept):
            places = np.searchsorted(self._hashes, kept)
            known = np.zeros(len(kept), np.bool_)
            inside = places < len(self._hashes)
            known[inside] = self._hashes[places[inside]] == kept[inside]
            self._hashes = np.insert(self._hashes, places[~known], kept[~known])
            self._cut(_REBUILD)

    def merge(self, other: ThetaSketch) -> None:
        """With all values of another one."""
        self._theta = min(self._theta, other._theta)
        both = np.unique(np.concatenate([self._hashes, other._hashes]))
        self._hashes = both[both < np.uint64(self._theta)]
        self._cut(_NOMINAL)

    def _cut(self, limit: int) -> None:
        if len(self._hashes) > limit:
            self._theta = int(self._hashes[_NOMINAL])
            self._hashes = self._hashes[:_NOMINAL]

    @property
    def is_exact(self) -> bool:
        """It has every value."""
        return self._theta == _MAX

    @property
    def estimate(self) -> int:
        """The number of distinct values."""
        return len(self._hashes) if self._theta == _MAX else int(len(self._hashes) / (self._theta / 2**63))

    def to_bytes(self) -> bytes:
        """The compact form."""
        count = len(self._hashes)
        flags = _READ_ONLY | _COMPACT | _ORDERED
        if self._theta == _MAX and count < 2:
            flags |= _SINGLE if count else _EMPTY
            return struct.pack("<4BBBH", 1, 3, 3, 0, 0, flags, _SEED_HASH) + self._hashes.astype("<u8").tobytes()
        longs = 2 if self._theta == _MAX else 3
        made = struct.pack("<4BBBHif", longs, 3, 3, 0, 0, flags, _SEED_HASH, count, 1.0)
        if longs == 3:
            made += struct.pack("<q", self._theta)
        return made + self._hashes.astype("<u8").tobytes()


def read_sketch(content: bytes) -> ThetaSketch:
    """The inverse of `to_bytes`. Raises: ValueError, struct.error for what is none."""
    longs, version, family, _, _, flags, _ = struct.unpack_from("<4BBBH", content)
    longs &= 0x3F
    if version != 3 or family != 3:
        raise ValueError("not a compact theta sketch")
    if longs == 1:
        empty = bool(flags & _EMPTY) or len(content) < 16
        return ThetaSketch(None if empty else np.frombuffer(content, "<u8", 1, 8).astype(np.uint64))
    (count,) = struct.unpack_from("<i", content, 8)
    theta = struct.unpack_from("<q", content, 16)[0] if longs == 3 else _MAX
    return ThetaSketch(np.sort(np.frombuffer(content, "<u8", count, 8 * longs).astype(np.uint64)), theta)


def merged(sketches: Iterable[bytes]) -> ThetaSketch:
    """One of several."""
    found = ThetaSketch()
    for one in sketches:
        found.merge(read_sketch(one))
    return found


class DistinctCounters:
    """A sketch for each column of a type without fields."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._fields = fields
        self._sketches = {one.id: ThetaSketch() for one in fields if isinstance(one.type, Primitive)}

    def add(self, columns: Sequence[pa.Array]) -> None:
        """More rows: one array per field, of the pages' types."""
        for task in self.tasks(columns):
            task()

    def tasks(self, columns: Sequence[pa.Array]) -> list[Callable[[], None]]:
        """The same as tasks that have nothing to do with each other: one for each column."""
        return [
            partial(_add, sketch, field.type, values)
            for field, values in zip(self._fields, columns if self._fields else (), strict=True)
            if (sketch := self._sketches.get(field.id)) is not None and values.null_count < len(values)
        ]

    def sketches(self) -> dict[int, bytes]:
        """By column id."""
        return {id_: sketch.to_bytes() for id_, sketch in self._sketches.items()}


def _add(sketch: ThetaSketch, type_: IcebergType, values: pa.Array) -> None:
    # Of many values most hashes are left out, whether they are there once or more often.
    sketch.add(value_hashes(type_, values, once=sketch.is_exact))


def value_hashes(type_: IcebergType, values: pa.Array, *, once: bool = True) -> Hashes:
    """Of the values in a column of a page. `once`: each is hashed once, which is cheaper when there are few."""
    raw = raw_array(type_, values).drop_null()
    if once:
        raw = pc.unique(raw)
    if type_ == ice.BOOLEAN:
        raw = raw.cast(pa.int8())
    if pa.types.is_integer(raw.type) or pa.types.is_floating(raw.type):
        return _shifted(hash_fixed(raw.to_numpy(zero_copy_only=False)))
    if isinstance(type_, DecimalOf):
        raw = shortest(raw)
    if pa.types.is_string(raw.type):
        raw = raw.cast(pa.binary())
    if pc.any(pc.equal(pc.binary_length(raw), 0)).as_py():
        raw = raw.filter(pc.greater(pc.binary_length(raw), 0))
    places, content = _bytes_of(raw)
    return _shifted(hash_bytes(content, places))


def _bytes_of(values: pa.Array) -> tuple[npt.NDArray[np.int64], bytes]:
    """Where binary values begin in their content, and where the last one ends."""
    if not len(values):
        return np.zeros(1, np.int64), b""
    _, offsets, content = values.buffers()
    places = np.frombuffer(offsets, np.int32)[values.offset : values.offset + len(values) + 1].astype(np.int64)
    first, last = int(places[0]), int(places[-1])
    return places - first, b"" if content is None else content.slice(first, last - first).to_pybytes()


def _shifted(hashes: Hashes) -> Hashes:
    return hashes >> np.uint64(1)
