"""Arrow columns in Avro's binary encoding, a column at a time.

An encoder makes of a column some parts: arrays of bytes of which the first values, one after another, are the first
row's encoding. Rows are the parts of all columns joined, which Arrow does; numbers are matrices of bytes, one row each,
of which a mask takes those that count. Null in a part stands for no bytes.

Source: the specification of Avro 1.11, "Binary Encoding".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.toolkit.decimal_bytes import digits_of, first_digits, width_of
from lodestar_server.spi.values import frozen

Part = Any
"""An array of bytes, or a scalar: the same bytes in every row."""
Encoder = Callable[[pa.Array], list[Part]]
_Bytes = np.ndarray[Any, np.dtype[np.uint8]]
_Numbers = np.ndarray[Any, Any]
_Valid = np.ndarray[Any, np.dtype[np.bool_]]
_MOST_BYTES = 256 << 20
"""Of a page that is encoded at once."""


@frozen
class Optional:
    """A union of null and one other branch. `null`: the place of null, 0 or 1."""

    null: int = 0

    @property
    def null_mark(self) -> int:
        """The byte before nothing."""
        return 2 * self.null

    @property
    def value_mark(self) -> int:
        """The byte before a value."""
        return 2 - 2 * self.null


Union = Optional | None
"""None: a type that has no null."""


def longs(union: Union) -> Encoder:
    """Integers of any size."""
    return lambda values: [_varints(_integers(values), _valid(values), union)]


def booleans(union: Union) -> Encoder:
    """One byte."""

    def encode(values: pa.Array) -> list[Part]:
        found = values.fill_null(False).to_numpy(zero_copy_only=False).view(np.uint8)
        return [_fixed(found.reshape(-1, 1), _valid(values), union)]

    return encode


def floats(union: Union) -> Encoder:
    """Of four or eight bytes."""

    def encode(values: pa.Array) -> list[Part]:
        found = _raw(values, np.dtype(f"f{values.type.bit_width // 8}"))
        return [_fixed(found.view(np.uint8).reshape(-1, found.itemsize), _valid(values), union)]

    return encode


def texts(union: Union) -> Encoder:
    """Texts or bytes of any length."""

    def encode(values: pa.Array) -> list[Part]:
        lengths = pc.binary_length(values).fill_null(0).to_numpy(zero_copy_only=False)
        return [_varints(lengths, _valid(values), union), values.cast(pa.binary())]

    return encode


def blocks(union: Union) -> Encoder:
    """Bytes of one length: the schema knows it."""

    def encode(values: pa.Array) -> list[Part]:
        return [*_marks(_valid(values), len(values), union), values.cast(pa.binary())]

    return encode


def decimals(union: Union, size: int | None = None) -> Encoder:
    """decimal128 in two's complement. `size`: of fixed ones; as short as it may be, with its length, without it."""

    def encode(values: pa.Array) -> list[Part]:
        width = width_of(values.type.precision) if size is None else size
        return [(_minimal if size is None else _fixed)(digits_of(values, width), _valid(values), union)]

    return encode


def records(fields: Sequence[Encoder], union: Union) -> Encoder:
    """Structs; `fields` in the order of the schema, which is that of the struct."""

    def encode(values: pa.Array) -> list[Part]:
        parts = [part for place, field in enumerate(fields) for part in field(values.field(place))]
        valid = _valid(values)
        if valid is None:
            return [*_marks(None, len(values), union), *parts]
        return [*_marks(valid, len(values), union), _without(join(parts, len(values)), valid)]

    return encode


def arrays(item: Encoder, union: Union) -> Encoder:
    """Lists: one block with all items, and its end."""
    return lambda values: _items(values, values.values, item, union)


def maps(key: Encoder, item: Encoder, union: Union) -> Encoder:
    """Maps: one block with all entries, and its end. An array of records of two fields is the same."""
    entry = records((key, item), None)

    def encode(values: pa.Array) -> list[Part]:
        entries = pa.StructArray.from_arrays([values.keys, values.items], ["key", "value"])
        return _items(values, entries, entry, union)

    return encode


def rows(encoders: Sequence[Encoder], page: pa.RecordBatch) -> list[pa.Array]:
    """Each row of a page in bytes; in several arrays when it is large."""
    if page.nbytes > _MOST_BYTES and page.num_rows > 1:
        half = page.num_rows // 2
        return [*rows(encoders, page.slice(0, half)), *rows(encoders, page.slice(half))]
    parts = [part for encode, values in zip(encoders, page.columns, strict=True) for part in encode(values)]
    return [join(parts, page.num_rows)]


def join(parts: Sequence[Part], count: int) -> pa.Array:
    """The parts of each of `count` rows, one after another."""
    if not any(isinstance(part, pa.Array) for part in parts):
        parts = [*parts, _binary(np.empty(0, np.uint8), np.zeros(count + 1, np.int32))]
    return pc.binary_join_element_wise(*parts, pa.scalar(b""), null_handling="skip")


def floored(values: pa.Array, divisor: int) -> pa.Array:
    """64-bit integers divided, rounded towards the lesser."""
    valid = _valid(values)
    return pa.array(_integers(values) // divisor, pa.int64(), mask=None if valid is None else ~valid)


def offsets_of(values: pa.Array) -> _Numbers:
    """Where the values of lists or bytes begin, and where the last one ends. An empty array may have no offsets."""
    if not len(values):
        return np.zeros(1, np.int32)
    return np.frombuffer(values.buffers()[1], np.int32)[values.offset : values.offset + len(values) + 1]


# Parts


def _valid(values: pa.Array) -> _Valid | None:
    """None when nothing is null."""
    return values.is_valid().to_numpy(zero_copy_only=False) if values.null_count else None


def _raw(values: pa.Array, kind: np.dtype[Any]) -> _Numbers:
    """As they lie, whatever is in the slots of nulls."""
    if not len(values):
        return np.empty(0, kind)
    return np.frombuffer(values.buffers()[1], kind)[values.offset : values.offset + len(values)]


def _integers(values: pa.Array) -> _Numbers:
    found = _raw(values, np.dtype(f"i{values.type.bit_width // 8}"))
    valid = _valid(values)
    return found if valid is None else np.where(valid, found, 0)


def _marks(valid: _Valid | None, count: int, union: Union) -> list[Part]:
    if union is None:
        return []
    if valid is None:
        return [pa.scalar(bytes((union.value_mark,)))]
    marks = np.where(valid, union.value_mark, union.null_mark).astype(np.uint8)
    return [_binary(marks, np.arange(count + 1, dtype=np.int32))]


def _varints(numbers: _Numbers, valid: _Valid | None, union: Union) -> pa.Array:
    """Zig-zag numbers: seven bits a byte, the lowest first, more to follow where the highest bit is set."""
    wide = numbers.astype(np.int64, copy=False)
    left = ((wide << 1) ^ (wide >> 63)).view(np.uint64)
    width = max(1, -(-int(left.max(initial=0)).bit_length() // 7))
    room, body = _room(len(left), width, union)
    lengths = np.ones(len(left), np.int32)
    for place in range(width):
        low = left & 0x7F
        left = left >> np.uint64(7)
        more = left != 0
        body[:, place] = low | (more.astype(np.uint64) << np.uint64(7))
        lengths += more
    return _packed(room, width, None if width == 1 else lengths, valid, union)


def _fixed(content: _Bytes, valid: _Valid | None, union: Union) -> pa.Array:
    room, body = _room(content.shape[0], content.shape[1], union)
    body[:] = content
    return _packed(room, content.shape[1], None, valid, union)


def _minimal(digits: _Bytes, valid: _Valid | None, union: Union) -> pa.Array:
    """Big-endian numbers without what their sign says anyway, after their length, which is less than 64."""
    count, width = digits.shape
    first = first_digits(digits)
    room, body = _room(count, width + 1, union)
    body[:, 0] = (width - first) * 2
    body[:, 1:] = digits
    kept = np.arange(width + 1) > first[:, None]
    kept[:, 0] = True
    return _masked(room, kept, width + 1 - first, valid, union)


def _room(count: int, width: int, union: Union) -> tuple[_Bytes, _Bytes]:
    """A matrix, and the part of it behind the marks of the union."""
    marked = 0 if union is None else 1
    room = np.empty((count, width + marked), np.uint8)
    if union is not None:
        room[:, 0] = union.value_mark
    return room, room[:, marked:]


def _packed(room: _Bytes, width: int, lengths: _Numbers | None, valid: _Valid | None, union: Union) -> pa.Array:
    count = len(room)
    if lengths is None and valid is None:
        return _binary(room.reshape(-1), np.arange(count + 1, dtype=np.int32) * room.shape[1])
    if lengths is None:
        return _masked(room, np.ones((count, width), np.bool_), np.full(count, width), valid, union)
    return _masked(room, np.arange(width) < lengths[:, None], lengths, valid, union)


def _masked(room: _Bytes, kept: _Valid, lengths: _Numbers, valid: _Valid | None, union: Union) -> pa.Array:
    """The bytes that are kept: `lengths` of them in each row, and the marks."""
    if valid is not None:
        kept &= valid[:, None]
        lengths = np.where(valid, lengths, 0)
    if union is not None:
        if valid is not None:
            room[~valid, 0] = union.null_mark
        kept = np.concatenate((np.ones((len(room), 1), np.bool_), kept), axis=1)
        lengths = lengths + 1
    offsets = np.zeros(len(room) + 1, np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return _binary(room[kept], offsets)


def _items(values: pa.Array, children: pa.Array, item: Encoder, union: Union) -> list[Part]:
    """Lists with the encoded children of each; `children`: of all lists of the buffer."""
    offsets = offsets_of(values)
    first, last = int(offsets[0]), int(offsets[-1])
    inside = children.slice(first, last - first)
    content = join(item(inside), len(inside))
    data = content.buffers()[2]
    found = _binary(b"" if data is None else data, offsets_of(content)[offsets - first])
    valid = _valid(values)
    counts = np.diff(offsets)
    if valid is not None:
        counts = np.where(valid, counts, 0)
        found = _without(found, valid)
    # The count of an empty list is its end.
    ended = np.zeros(len(values) + 1, np.int32)
    np.cumsum(counts > 0, out=ended[1:])
    end = _binary(np.zeros(int(ended[-1]), np.uint8), ended)
    return [_varints(counts, valid, union), found, end]


def _without(values: pa.Array, valid: _Valid) -> pa.Array:
    return pc.if_else(pa.array(valid), values, pa.scalar(None, pa.binary()))


def _binary(content: Any, offsets: _Numbers) -> pa.Array:
    data = content if isinstance(content, pa.Buffer) else pa.py_buffer(content)
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets), data])
