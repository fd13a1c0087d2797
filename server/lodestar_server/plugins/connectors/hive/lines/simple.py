"""LazySimpleSerDe: fields between separators, a separator for each depth of nesting. Source: answers of Trino 476."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.lines import scalars
from lodestar_server.plugins.connectors.hive.lines.splitting import Numbers, Pieces, content_of, split
from lodestar_server.plugins.connectors.hive.lines.texts import text_of
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.types import ArrayType, CharType, MapType, RowType, Type, VarcharType
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.values import frozen

_LEVELS = (1, 2, 3, 4, 5, 6, 7, 8, 11, *range(14, 27), *range(28, 32), *range(128, 256))
_PLAIN_LEVELS, _MORE_LEVELS = 8, 24


@frozen
class TextOptions:
    """The separators by depth, the one of fields first; bytes as numbers."""

    separators: tuple[int, ...] = _LEVELS[:_PLAIN_LEVELS]
    null: bytes = b"\\N"
    escape: int | None = None
    last_takes_rest: bool = False

    @staticmethod
    def read(properties: Mapping[str, str]) -> TextOptions:
        """From a table's parameters."""
        levels = _PLAIN_LEVELS
        if properties.get("hive.serialization.extend.additional.nesting.levels", "").lower() == "true":
            levels = len(_LEVELS)
        elif properties.get("hive.serialization.extend.nesting.levels", "").lower() == "true":
            levels = _MORE_LEVELS
        collection = properties.get("collection.delim", properties.get("colelction.delim"))
        first = (
            _byte(properties.get("field.delim", properties.get("serialization.format")), 1),
            _byte(collection, 2),
            _byte(properties.get("mapkey.delim"), 3),
        )
        escape = properties.get("escape.delim")
        return TextOptions(
            (*first, *_LEVELS[3:levels]),
            properties.get("serialization.null.format", "\\N").encode(),
            None if escape is None else _byte(escape, ord("\\")),
            properties.get("serialization.last.column.takes.rest", "").lower() == "true",
        )

    def separator(self, depth: int) -> int:
        """Raises: NOT_SUPPORTED beyond the deepest."""
        if depth >= len(self.separators):
            not_supported(f"Too many levels of nesting: text has separators for {len(self.separators)}")
        return self.separators[depth]


def _byte(text: str | None, default: int) -> int:
    if not text:
        return default
    if text.lstrip("+-").isdigit() and -128 <= int(text) < 128:
        return int(text) % 256
    return ord(text[0]) & 0xFF


class SimpleDecoder:
    """Lines to columns given by their places in the table, which has `width` columns."""

    def __init__(self, columns: Sequence[tuple[int, Type]], width: int, options: TextOptions) -> None:
        self._columns = columns
        self._options = options
        self._most = width - 1 if options.last_takes_rest else None

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """A column each."""
        options = self._options
        fields = split(lines, options.separator(0), escape=options.escape, most=self._most)
        return [decode(fields.at(index), type_, 1, options) for index, type_ in self._columns]


def decode(values: pa.Array, wanted: Type, depth: int, options: TextOptions) -> pa.Array:
    """Texts as they are between the separators of the depth above, as `arrow_type(wanted)`."""
    absent = pc.equal(values, pa.scalar(options.null, pa.binary())).fill_null(True)
    if pc.any(absent).as_py():
        values = pc.if_else(absent, pa.scalar(None, pa.binary()), values)
    match wanted:
        case ArrayType(element):
            items = _without_empty(values, split(values, options.separator(depth), escape=options.escape))
            inside = decode(items.parts, element, depth + 1, options)
            return pa.ListArray.from_arrays(items.offsets, inside, type=arrow_type(wanted), mask=values.is_null())
        case MapType():
            return _map(values, wanted, depth, options)
        case RowType(fields):
            most = len(fields) - 1 if options.last_takes_rest else None
            pieces = split(values, options.separator(depth), escape=options.escape, most=most)
            parts = [decode(pieces.at(i), field.type, depth + 1, options) for i, field in enumerate(fields)]
            return pa.StructArray.from_arrays(parts, fields=list(arrow_type(wanted)), mask=values.is_null())
        case VarcharType() | CharType():
            values = _unescaped(values, options.escape)
    return scalars.parse(values, wanted)


def _unescaped(values: pa.Array, escape: int | None) -> pa.Array:
    if escape is None or not pc.any(pc.match_substring(values, bytes([escape]))).as_py():
        return values
    return pc.replace_substring_regex(values, pattern=f"(?s)\\x{{{escape:02x}}}(.)", replacement=r"\1")


def _without_empty(values: pa.Array, pieces: Pieces) -> Pieces:
    """An empty text is a list of nothing, not of one empty text."""
    empty = pc.fill_null(pc.equal(pc.binary_length(values), 0), True).to_numpy(zero_copy_only=False)
    if not empty.any():
        return pieces
    kept = np.ones(len(pieces.parts), bool)
    kept[pieces.starts[empty]] = False
    counts = np.where(empty, 0, pieces.counts)
    return Pieces(pieces.parts.filter(pa.array(kept)), np.cumsum(counts) - counts, counts)


def _map(values: pa.Array, wanted: MapType, depth: int, options: TextOptions) -> pa.Array:
    entries = _without_empty(values, split(values, options.separator(depth), escape=options.escape))
    pairs = split(entries.parts, options.separator(depth + 1), escape=options.escape, most=1)
    keys = decode(pairs.at(0), wanted.key, depth + 2, options)
    items = decode(pairs.at(1), wanted.value, depth + 2, options)
    owner = np.repeat(np.arange(len(values)), entries.counts)
    kept = first_of_each(owner, keys)
    if not kept.all():
        chosen = pa.array(kept)
        keys, items, owner = keys.filter(chosen), items.filter(chosen), owner[kept]
    ends = np.cumsum(np.bincount(owner, minlength=len(values)))
    return map_array(np.concatenate([[0], ends]), keys, items, values.is_null(), wanted)


def map_array(offsets: Numbers, keys: pa.Array, items: pa.Array, missing: pa.Array, wanted: MapType) -> pa.Array:
    """A map is NULL where `missing` says so."""
    mask = missing.to_numpy(zero_copy_only=False)
    marked = (
        pa.array(offsets.astype(np.int32), mask=np.append(mask, False)) if mask.any() else pa.array(offsets, "int32")
    )
    return pa.MapArray.from_arrays(marked, keys, items, type=arrow_type(wanted))


def first_of_each(owner: Numbers, keys: pa.Array) -> Numbers:
    """Which entries stay: of the same key in the same map the first, and none without a key."""
    kept: Numbers = keys.is_valid().to_numpy(zero_copy_only=False).copy()
    if len(keys) < 2:
        return kept
    plain = keys
    if pa.types.is_nested(keys.type):
        plain = pa.array([repr(one) for one in keys.to_pylist()])
    encoded = plain.dictionary_encode(null_encoding="encode")
    codes = owner * max(len(encoded.dictionary), 1) + encoded.indices.to_numpy(zero_copy_only=False)
    _, first = np.unique(codes, return_index=True)
    once = np.zeros(len(keys), bool)
    once[first] = True
    kept &= once
    return kept


def encode(values: pa.Array, type_: Type, depth: int, options: TextOptions) -> pa.Array:
    """Texts (binary) for a field at a depth; NULL as it is written."""
    made = _encode(values, type_, depth, options)
    return made.fill_null(options.null) if made.null_count else made


def _encode(values: pa.Array, type_: Type, depth: int, options: TextOptions) -> pa.Array:
    match type_:
        case ArrayType(element):
            return _joined(values, encode(values.flatten(), element, depth + 1, options), options.separator(depth))
        case MapType(key, value):
            whole = values.take(pa.array(np.arange(len(values)))) if values.offset or values.null_count else values
            start, end = whole.offsets[0].as_py(), whole.offsets[len(whole)].as_py()
            keys = encode(whole.keys.slice(start, end - start), key, depth + 2, options)
            items = encode(whole.items.slice(start, end - start), value, depth + 2, options)
            entries = pc.binary_join_element_wise(keys, items, bytes([options.separator(depth + 1)]))
            return _joined(whole, entries, options.separator(depth))
        case RowType(fields):
            inside = values.flatten()
            parts = [encode(part, field.type, depth + 1, options) for part, field in zip(inside, fields, strict=True)]
            made = pc.binary_join_element_wise(*parts, bytes([options.separator(depth)]))
            return pc.if_else(values.is_null(), pa.scalar(None, pa.binary()), made)
    text = text_of(values, type_).cast(pa.binary())
    if options.escape is not None and isinstance(type_, VarcharType | CharType):
        marks = "".join(f"\\x{{{one:02x}}}" for one in (options.escape, *options.separators))
        return pc.replace_substring_regex(
            text,
            pattern=f"([{marks}])",
            replacement=chr(options.escape) * 2 + r"\1" if options.escape == ord("\\") else chr(options.escape) + r"\1",
        )
    return text


def _joined(values: pa.Array, parts: pa.Array, separator: int) -> pa.Array:
    """The parts of each list with separators between them."""
    lengths = pc.fill_null(list_lengths(values), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    lists = pa.ListArray.from_arrays(offsets, parts)
    made = pc.binary_join(lists, bytes([separator]))
    return pc.if_else(values.is_null(), pa.scalar(None, pa.binary()), made)


def list_lengths(values: pa.Array) -> pa.Array:
    """Of lists and of maps."""
    if not pa.types.is_map(values.type):
        return pc.list_value_length(values)
    offsets = values.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    lengths = np.diff(offsets[: len(values) + 1])
    return pa.array(lengths, pa.int32(), mask=values.is_null().to_numpy(zero_copy_only=False))


class SimpleEncoder:
    """Pages to lines."""

    def __init__(self, types: Sequence[Type], options: TextOptions) -> None:
        self._types = types
        self._options = options

    def encode(self, page: pa.RecordBatch) -> memoryview:
        """One line per row, LF included."""
        parts = [
            encode(column, type_, 1, self._options) for column, type_ in zip(page.columns, self._types, strict=True)
        ]
        parts[-1] = pc.binary_join_element_wise(parts[-1], b"\n", b"")
        return content_of(pc.binary_join_element_wise(*parts, bytes([self._options.separator(0)])))
