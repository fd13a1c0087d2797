"""Columns of data files as pyarrow reads them: found by field id, brought to the pages' types.

A file tells the ids of its fields; one that does not (files of other writers that were added to a table) is read by
names. What a column has been promoted from is read as what it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_BAD_DATA
from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    FixedOf,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.arrow import arrow_type

_ID_KEYS = (b"PARQUET:field_id", b"iceberg.id")
_MICROSECOND = 1_000_000
"""In picoseconds."""


def field_id(field: pa.Field) -> int | None:
    """The id that the file tells."""
    for key in _ID_KEYS:
        if field.metadata and key in field.metadata:
            return int(field.metadata[key])
    return None


def has_ids(schema: pa.Schema) -> bool:
    """The file tells ids."""
    return any(field_id(field) is not None for field in schema)


def places(schema: pa.Schema, columns: Mapping[int, Sequence[str]]) -> dict[int, int]:
    """Column id → place in the file's schema, for those of `columns` (id → names in files) that are there."""
    if has_ids(schema):
        found = {field_id(field): place for place, field in enumerate(schema)}
        return {id_: found[id_] for id_ in columns if id_ in found}
    by_name = {field.name.lower(): place for place, field in reversed(list(enumerate(schema)))}
    return {id_: by_name[name.lower()] for id_, names in columns.items() for name in names if name.lower() in by_name}


def convert(values: pa.Array, wanted: IcebergType) -> pa.Array:
    """An array of `arrow_type(to_trino(wanted))`. Raises: ICEBERG_BAD_DATA."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    try:
        return _convert(values, wanted)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        raise LodestarError(ICEBERG_BAD_DATA, f"Value in file does not fit {wanted}: {fault}") from fault


def _convert(values: pa.Array, wanted: IcebergType) -> pa.Array:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    target = arrow_type(to_trino(wanted))
    match wanted:
        case Struct():
            return _struct(values, wanted, target)
        case ListOf():
            items = _convert(values.flatten(), wanted.element)
            return pa.ListArray.from_arrays(_offsets(values), items, type=target, mask=values.is_null())
        case MapOf():
            return _map(values, wanted, target)
        case FixedOf():
            return values.cast(pa.binary())
        case DecimalOf():
            return values.cast(target)
    if wanted == ice.TIME:
        micros = values if pa.types.is_integer(values.type) else values.cast(pa.time64("us")).cast(pa.int64())
        return pc.multiply(micros, _MICROSECOND)
    if wanted == ice.TIMESTAMP:
        return _micros(values)
    if wanted == ice.TIMESTAMPTZ:
        zone = pa.array(["UTC"] * len(values), pa.string())
        return pa.StructArray.from_arrays([_micros(values), zone], fields=list(target), mask=values.is_null())
    return values if values.type == target else values.cast(target)


def _micros(values: pa.Array) -> pa.Array:
    if not pa.types.is_timestamp(values.type):
        return values.cast(pa.int64()).cast(pa.timestamp("us"))
    plain = pa.timestamp("us")
    if values.type.unit == "ns":
        nanos = values.cast(pa.timestamp("ns")).cast(pa.int64())
        filled = nanos.fill_null(0).to_numpy(zero_copy_only=False)
        missing = values.is_null().to_numpy(zero_copy_only=False)
        return pa.array(np.floor_divide(filled, 1000), pa.int64(), mask=missing).cast(plain)
    return values.cast(pa.timestamp(values.type.unit)).cast(plain)


def hollow_as_null(values: pa.Array, found: pa.DataType, wanted: IcebergType) -> pa.Array:
    """Converted values, but NULL for rows of which a file has none of the fields: so Parquet files are read.

    In the other formats such a row has fields that are NULL. `found` is the type in the file.
    """
    if not isinstance(wanted, Struct) or not pa.types.is_struct(found):
        return values
    if _is_hollow(found, wanted):
        return pa.nulls(len(values), values.type)
    there, by_id = _children(found), _tells_ids(found)
    parts = []
    changed = False
    for place, one in enumerate(wanted.fields):
        part = values.field(place)
        at = there.get(one.id if by_id else one.name.lower())
        if at is not None and isinstance(one.type, Struct):
            made = hollow_as_null(part, found.field(at).type, one.type)
            changed = changed or made is not part
            part = made
        parts.append(part)
    if not changed:
        return values
    return pa.StructArray.from_arrays(parts, fields=list(values.type), mask=values.is_null())


def _is_hollow(found: pa.DataType, wanted: Struct) -> bool:
    if not pa.types.is_struct(found):
        return False
    there, by_id = _children(found), _tells_ids(found)
    for one in wanted.fields:
        at = there.get(one.id if by_id else one.name.lower())
        if at is not None and not (isinstance(one.type, Struct) and _is_hollow(found.field(at).type, one.type)):
            return False
    return bool(wanted.fields)


def _struct(values: pa.StructArray, wanted: Struct, target: pa.DataType) -> pa.Array:
    there = _children(values.type)
    inside = values.flatten()
    parts = []
    for place, one in enumerate(wanted.fields):
        found = there.get(one.id) if _tells_ids(values.type) else there.get(one.name.lower())
        parts.append(
            pa.nulls(len(values), target.field(place).type) if found is None else _convert(inside[found], one.type)
        )
    if not parts:
        return pa.StructArray.from_buffers(target, len(values), [None])
    return pa.StructArray.from_arrays(parts, fields=list(target), mask=values.is_null())


def _tells_ids(struct: pa.DataType) -> bool:
    return any(field_id(struct.field(i)) is not None for i in range(struct.num_fields))


def _children(struct: pa.DataType) -> dict[int | str, int]:
    by_id = _tells_ids(struct)
    found: dict[int | str, int] = {}
    for place in range(struct.num_fields):
        field = struct.field(place)
        key = field_id(field) if by_id else field.name.lower()
        if key is not None:
            found.setdefault(key, place)
    return found


def _map(values: pa.MapArray, wanted: MapOf, target: pa.DataType) -> pa.Array:
    if not pa.types.is_map(values.type):
        raise LodestarError(ICEBERG_BAD_DATA, f"Value in file does not fit {wanted}: {values.type}")
    # Entries of NULL maps may be in the child arrays: take only what the offsets name.
    whole = values.take(pa.array(range(len(values)), pa.int64()))
    keys, items = _convert(whole.keys, wanted.key), _convert(whole.items, wanted.value)
    if not values.null_count:
        return pa.MapArray.from_arrays(whole.offsets, keys, items, type=target)
    valid = [*whole.is_valid().to_pylist(), True]
    offsets = [offset if ok else None for offset, ok in zip(whole.offsets.to_pylist(), valid, strict=True)]
    return pa.MapArray.from_arrays(pa.array(offsets, pa.int32()), keys, items, type=target)


def _offsets(values: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


# what the kernel's own reader may read


def kernel_type(field: pa.Field, wanted: Field, *, by_id: bool) -> IcebergType | None:
    """The type that the kernel finds in the file, None when its reader would not give exactly what is wanted."""
    return _kernel_type(field.type, wanted.type, by_id=by_id)


_PROMOTED: dict[IcebergType, tuple[tuple[pa.DataType, IcebergType], ...]] = {
    ice.LONG: ((pa.int64(), ice.LONG), (pa.int32(), ice.INT)),
    ice.DOUBLE: ((pa.float64(), ice.DOUBLE), (pa.float32(), ice.FLOAT)),
    ice.INT: ((pa.int32(), ice.INT),),
    ice.FLOAT: ((pa.float32(), ice.FLOAT),),
    ice.BOOLEAN: ((pa.bool_(), ice.BOOLEAN),),
    ice.DATE: ((pa.date32(), ice.DATE),),
    ice.TIME: ((pa.time64("us"), ice.TIME),),
    ice.TIMESTAMP: ((pa.timestamp("us"), ice.TIMESTAMP),),
    ice.TIMESTAMPTZ: ((pa.timestamp("us", "UTC"), ice.TIMESTAMPTZ),),
    ice.STRING: ((pa.string(), ice.STRING),),
    ice.BINARY: ((pa.binary(), ice.BINARY),),
}


def _kernel_type(found: pa.DataType, wanted: IcebergType, *, by_id: bool) -> IcebergType | None:
    match wanted:
        case DecimalOf():
            if pa.types.is_decimal(found) and found.scale == wanted.scale and found.precision <= wanted.precision:
                return DecimalOf(found.precision, found.scale)
            return None
        case Struct():
            return wanted if _same_struct(found, wanted, by_id=by_id) else None
        case ListOf():
            return wanted if pa.types.is_list(found) and _same(found.value_type, wanted.element, by_id=by_id) else None
        case MapOf():
            same = (
                pa.types.is_map(found)
                and _same(found.key_type, wanted.key, by_id=by_id)
                and _same(found.item_type, wanted.value, by_id=by_id)
            )
            return wanted if same else None
    if wanted == ice.UUID:
        return wanted if isinstance(found, pa.UuidType) else None
    for arrow, type_ in _PROMOTED.get(wanted, ()):
        if found == arrow:
            return type_
    return None


def _same(found: pa.DataType, wanted: IcebergType, *, by_id: bool) -> bool:
    """The same inside a nested column, where nothing is promoted."""
    return _kernel_type(found, wanted, by_id=by_id) == wanted


def _same_struct(found: pa.DataType, wanted: Struct, *, by_id: bool) -> bool:
    if not pa.types.is_struct(found) or found.num_fields != len(wanted.fields) or not wanted.fields:
        return False
    pairs: Iterator[tuple[pa.Field, Field]] = zip(
        (found.field(i) for i in range(found.num_fields)), wanted.fields, strict=True
    )
    return all(
        theirs.name.lower() == ours.name.lower()
        and (not by_id or field_id(theirs) == ours.id)
        and _same(theirs.type, ours.type, by_id=by_id)
        for theirs, ours in pairs
    )
