"""Columns of pages in other forms: raw values (what partitions and bounds are made of), and the arrays of files."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.transforms import raw_arrow_type
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    FixedOf,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)

_MICROSECOND = 1_000_000
"""In picoseconds."""
_UUID_BYTES = 16


def raw_array(type_: IcebergType, values: pa.Array) -> pa.Array:
    """A page's column of a type without fields as raw values, see `format/values.py`."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    target = raw_arrow_type(type_)
    if type_ == ice.TIME:
        return pc.divide(values, _MICROSECOND)
    if type_ == ice.TIMESTAMPTZ:
        return _instants(values).cast(target)
    if type_ in (ice.DATE, ice.TIMESTAMP):
        return values.cast(target)
    return values


def _instants(values: pa.StructArray) -> pa.Array:
    """timestamp[us] of `timestamp with time zone`, NULL where the value is."""
    return values.flatten()[0]


def file_type(type_: IcebergType, form: str) -> pa.DataType:
    """The Arrow type that a file's writer takes; fields of nested types have their ids. `form` is PARQUET or ORC."""
    match type_:
        case Struct(fields):
            return pa.struct([file_field(one, form) for one in fields])
        case ListOf():
            element = Field(type_.element_id, "element", type_.element, type_.element_required)
            return pa.list_(file_field(element, form))
        case MapOf():
            key = Field(type_.key_id, "key", type_.key, True)
            value = Field(type_.value_id, "value", type_.value, type_.value_required)
            return pa.map_(file_field(key, form), file_field(value, form))
        case FixedOf():
            return pa.binary(type_.length) if form == "PARQUET" else pa.binary()
        case DecimalOf():
            return pa.decimal128(type_.precision, type_.scale)
    if type_ == ice.DATE:
        return pa.date32()
    if type_ == ice.TIME:
        return pa.time64("us") if form == "PARQUET" else pa.int64()
    if type_ == ice.TIMESTAMP:
        return pa.timestamp("us")
    if type_ == ice.TIMESTAMPTZ:
        return pa.timestamp("us", "UTC")
    if type_ == ice.UUID:
        return pa.uuid() if form == "PARQUET" else pa.binary()
    return raw_arrow_type(type_)


def file_field(field: Field, form: str) -> pa.Field:
    """With its id. Columns of files may be NULL even where the table's may not: the table's schema decides."""
    nullable = not field.required
    metadata: Mapping[str, str]
    if form == "PARQUET":
        metadata = {"PARQUET:field_id": str(field.id)}
    else:
        metadata = {
            "iceberg.id": str(field.id),
            "iceberg.required": "true" if field.required else "false",
            **_orc_attributes(field.type),
        }
    return pa.field(field.name, file_type(field.type, form), nullable, metadata)


def _orc_attributes(type_: IcebergType) -> dict[str, str]:
    if type_ == ice.TIME:
        return {"iceberg.long-type": "TIME"}
    if type_ == ice.UUID:
        return {"iceberg.binary-type": "UUID"}
    if isinstance(type_, FixedOf):
        return {"iceberg.binary-type": "FIXED", "iceberg.length": str(type_.length)}
    return {}


def file_array(values: pa.Array, type_: IcebergType, form: str) -> pa.Array:
    """A page's column as an array of `file_type`."""
    target = file_type(type_, form)
    match type_:
        case Struct(fields):
            parts = [file_array(values.field(i), one.type, form) for i, one in enumerate(fields)]
            return pa.StructArray.from_arrays(parts, fields=list(target), mask=values.is_null())
        case ListOf():
            return _with_children(values, target, [file_array(values.values, type_.element, form)])
        case MapOf():
            keys, items = file_array(values.keys, type_.key, form), file_array(values.items, type_.value, form)
            entries = pa.StructArray.from_arrays([keys, items], fields=[target.key_field, target.item_field])
            return _with_children(values, target, [entries])
    if type_ == ice.TIME:
        micros = pc.divide(values, _MICROSECOND)
        return micros.cast(target)
    if type_ == ice.TIMESTAMPTZ:
        return _instants(values).cast(target)
    if type_ == ice.UUID and form == "PARQUET":
        return pa.ExtensionArray.from_storage(target, values.cast(pa.binary(_UUID_BYTES)))
    return values if values.type == target else values.cast(target)


def orc_keeps(values: pa.Array, type_: IcebergType) -> bool:
    """Whether pyarrow's ORC writer writes a page's column so that every reader gets the same back.

    It gives instants before 1970 with a fraction of a second negative nanoseconds; ORC for Java refuses them.
    """
    match type_:
        case Struct(fields):
            return all(orc_keeps(part, one.type) for part, one in zip(values.flatten(), fields, strict=True))
        case ListOf():
            return orc_keeps(values.flatten(), type_.element)
        case MapOf():
            return orc_keeps(values.keys, type_.key) and orc_keeps(values.items, type_.value)
    if type_ not in (ice.TIMESTAMP, ice.TIMESTAMPTZ):
        return True
    micros = raw_array(type_, values).drop_null().to_numpy(zero_copy_only=False)
    return not bool(((micros < 0) & (micros % 1_000_000 != 0)).any())


def _with_children(values: pa.Array, wanted: pa.DataType, children: list[pa.Array]) -> pa.Array:
    return pa.Array.from_buffers(
        wanted,
        len(values),
        values.buffers()[:2],
        null_count=values.null_count,
        offset=values.offset,
        children=children,
    )


def group_rows(keys: list[pa.Array], rows: int) -> list[tuple[int, np.ndarray[tuple[int], np.dtype[np.int64]]]]:
    """Rows with equal keys together: the place of the first of them and the places of all, in order."""
    if not keys:
        return [(0, np.arange(rows))]
    combined = np.zeros(rows, np.int64)
    for key in keys:
        encoded = key.dictionary_encode(null_encoding="encode")
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        combined = combined * max(len(encoded.dictionary), 1) + codes
        # Keeps the numbers small, however many keys there are.
        combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    order = np.argsort(combined, kind="stable")
    bounds = np.flatnonzero(np.diff(combined[order])) + 1
    return [(int(part[0]), part) for part in np.split(order, bounds) if len(part)]
