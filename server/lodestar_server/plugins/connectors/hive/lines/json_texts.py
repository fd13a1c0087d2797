"""Columns of values to JSON texts, column by column. Source: what Trino 476 writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.lines.simple import list_lengths
from lodestar_server.plugins.connectors.hive.lines.splitting import bytes_of, content_of
from lodestar_server.plugins.connectors.hive.lines.texts import text_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_UNSERIALIZABLE_JSON_VALUE
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BOOLEAN,
    DOUBLE,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
)

_SPECIAL = '["\\\\\\x00-\\x1f]'
_SPECIAL_BYTES = bytes([*b'"\\', *range(32)])


class JsonEncoder:
    """Pages to lines. `openx`: fields of NULL are left out, decimals and bytes are texts, timestamps end with Z."""

    def __init__(self, names: Sequence[str], types: Sequence[Type], *, openx: bool = False) -> None:
        self._row = list(zip(names, types, strict=True))
        self._openx = openx

    def encode(self, page: pa.RecordBatch) -> memoryview:
        """One line per row, LF included. Raises: HIVE_UNSERIALIZABLE_JSON_VALUE for NaN and infinity, unless OpenX."""
        if self._openx and any(column.null_count for column in page.columns):
            return content_of(pc.binary_join_element_wise(self._object(page.columns, self._row), "\n", ""))
        # What stands between two values is put there once, so that a value is copied once.
        parts: list[Any] = []
        between = "{"
        for values, (name, type_) in zip(page.columns, self._row, strict=True):
            text, mark = self._bare(values, type_)
            if text.null_count:
                text, mark = pc.binary_join_element_wise(mark, text, mark, "").fill_null("null"), ""
            parts += [f"{between}{_quote(name)}:{mark}", text]
            between = f"{mark},"
        parts.append(f"{between[:-1]}}}\n")
        return content_of(pc.binary_join_element_wise(*parts, ""))

    def _object(self, columns: Sequence[pa.Array], fields: Sequence[tuple[str, Type]]) -> pa.Array:
        parts: list[Any] = []
        for values, (name, type_) in zip(columns, fields, strict=True):
            named = pc.binary_join_element_wise(f",{_quote(name)}:", self._value(values, type_), "")
            parts.append(named.fill_null("" if self._openx else f",{_quote(name)}:null"))
        if not parts:
            return pa.array([], pa.string())
        inside = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*parts, ""), 1)
        return pc.binary_join_element_wise("{", inside, "}", "")

    def _value(self, values: pa.Array, type_: Type) -> pa.Array:
        """Strings, NULL where the value is."""
        text, mark = self._bare(values, type_)
        return pc.binary_join_element_wise(mark, text, mark, "") if mark else text

    def _bare(self, values: pa.Array, type_: Type) -> tuple[pa.Array, str]:
        """Strings, NULL where the value is, and the mark that belongs before and behind them: a quote or nothing."""
        made = self._unquoted(values, type_)
        return (_escaped(self._text(values, type_)), '"') if made is None else (made, "")

    def _unquoted(self, values: pa.Array, type_: Type) -> pa.Array | None:
        match type_:
            case ArrayType(element):
                return self._list(values, self._value(values.flatten(), element).fill_null("null"), "[", "]")
            case MapType(key, value):
                whole = values.take(pa.array(np.arange(len(values)))) if values.offset or values.null_count else values
                start, end = whole.offsets[0].as_py(), whole.offsets[len(whole)].as_py()
                keys = self._key(whole.keys.slice(start, end - start), key)
                items = self._value(whole.items.slice(start, end - start), value).fill_null("null")
                return self._list(whole, pc.binary_join_element_wise(keys, items, ":"), "{", "}")
            case RowType(fields):
                named = [((field.name or ""), field.type) for field in fields]
                made = self._object(values.flatten(), named)
                return pc.if_else(values.is_null(), pa.scalar(None, pa.string()), made)
            case DecimalType():
                return None if self._openx else text_of(values, type_)
        if type_ in (DOUBLE, REAL):
            if not self._openx and pc.any(pc.invert(pc.is_finite(values))).as_py():
                wrong = values.filter(pc.invert(pc.is_finite(values)).fill_null(False))
                shown = text_of(wrong, type_)[0].as_py()
                raise LodestarError(HIVE_UNSERIALIZABLE_JSON_VALUE, f"Invalid value to Insert: {shown}")
            return text_of(values, type_)
        if type_ == BOOLEAN or type_ in INTEGRAL_TYPES:
            return text_of(values, type_)
        return None

    def _text(self, values: pa.Array, type_: Type) -> pa.Array:
        if type_ == VARBINARY and not self._openx:
            # Bytes that are no UTF-8 are lost, as with Hive.
            made = [None if one is None else one.decode(errors="replace") for one in values.to_pylist()]
            return pa.array(made, pa.string())
        text = text_of(values, type_)
        if isinstance(type_, TimestampType) and self._openx:
            text = pc.binary_join_element_wise(pc.replace_substring(text, " ", "T"), "Z", "")
        return text

    def _key(self, values: pa.Array, type_: Type) -> pa.Array:
        return pc.binary_join_element_wise("", _escaped(self._text(values, type_)), "", '"')

    def _list(self, values: pa.Array, parts: pa.Array, start: str, end: str) -> pa.Array:
        lengths = pc.fill_null(list_lengths(values), 0).to_numpy(zero_copy_only=False)
        offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
        made = pc.binary_join(pa.ListArray.from_arrays(offsets, parts), ",")
        made = pc.binary_join_element_wise(start, made, end, "")
        return pc.if_else(values.is_null(), pa.scalar(None, pa.string()), made)


def _escaped(values: pa.Array) -> pa.Array:
    content = bytes_of(values)[0].tobytes()
    if len(content.translate(None, _SPECIAL_BYTES)) == len(content):
        return values
    odd = pc.match_substring_regex(values, _SPECIAL).fill_null(False)
    rest = [_quote(one)[1:-1] for one in values.filter(odd).to_pylist()]
    return pc.replace_with_mask(values, odd, pa.array(rest, pa.string()))


def _quote(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
