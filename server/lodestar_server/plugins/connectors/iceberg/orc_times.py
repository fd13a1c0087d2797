"""Types of columns in an ORC file as pyarrow tells them, for those with timestamps that it cannot read."""

from __future__ import annotations

import pyarrow as pa

from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    VARBINARY,
    VARCHAR,
    ArrayType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    Type,
)

_MICROSECONDS = 6
_PLAIN: dict[pa.DataType, Type] = {
    pa.bool_(): BOOLEAN,
    pa.int8(): TINYINT,
    pa.int16(): SMALLINT,
    pa.int32(): INTEGER,
    pa.int64(): BIGINT,
    pa.float32(): REAL,
    pa.float64(): DOUBLE,
    pa.string(): VARCHAR,
    pa.binary(): VARBINARY,
    pa.date32(): DATE,
}


def has_timestamps(type_: pa.DataType) -> bool:
    """At any depth."""
    if pa.types.is_timestamp(type_):
        return True
    return any(has_timestamps(type_.field(place).type) for place in range(type_.num_fields))


def row_type(type_: pa.DataType) -> Type:
    """The type that rows are read as; instants are timestamps of UTC. Raises: ArrowInvalid for one that is not read."""
    if pa.types.is_timestamp(type_):
        return TimestampType(_MICROSECONDS)
    if pa.types.is_decimal(type_):
        return DecimalType(type_.precision, type_.scale)
    if pa.types.is_list(type_):
        return ArrayType(row_type(type_.value_type))
    if pa.types.is_map(type_):
        return MapType(row_type(type_.key_type), row_type(type_.item_type))
    if pa.types.is_struct(type_):
        parts = [type_.field(place) for place in range(type_.num_fields)]
        return RowType(tuple(RowField(one.name, row_type(one.type)) for one in parts))
    if type_ not in _PLAIN:
        raise pa.ArrowInvalid(f"no rows of {type_}")
    return _PLAIN[type_]


def in_micros(type_: pa.DataType) -> pa.DataType:
    """With timestamps as `row_type` reads them; what the fields tell of themselves stays."""
    if pa.types.is_timestamp(type_):
        return pa.timestamp("us")
    if pa.types.is_list(type_):
        return pa.list_(_in_micros(type_.value_field))
    if pa.types.is_map(type_):
        return pa.map_(_in_micros(type_.key_field), _in_micros(type_.item_field))
    if pa.types.is_struct(type_):
        return pa.struct([_in_micros(type_.field(place)) for place in range(type_.num_fields)])
    return type_


def named_as(values: pa.Array, target: pa.DataType) -> pa.Array:
    """The same values under the names of a type of the same shape. `values` is no slice."""
    children: list[pa.Array]
    if pa.types.is_struct(target):
        children = [named_as(values.field(place), target.field(place).type) for place in range(target.num_fields)]
        return pa.Array.from_buffers(target, len(values), values.buffers()[:1], children=children)
    if pa.types.is_list(target):
        children = [named_as(values.values, target.value_type)]
    elif pa.types.is_map(target):
        parts = [named_as(values.keys, target.key_type), named_as(values.items, target.item_type)]
        children = [pa.StructArray.from_arrays(parts, fields=[target.key_field, target.item_field])]
    else:
        return values
    return pa.Array.from_buffers(target, len(values), values.buffers()[:2], children=children)


def _in_micros(field: pa.Field) -> pa.Field:
    return field.with_type(in_micros(field.type))
