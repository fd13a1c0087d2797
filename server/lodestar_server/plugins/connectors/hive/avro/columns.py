"""Which columns of a Hive table are encoded as a whole: those whose schema is the one that the table's types have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.avro.schemas import Schema
from lodestar_server.plugins.toolkit import avro_encoding as avro
from lodestar_server.plugins.toolkit.avro_encoding import Encoder, Optional
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)

_HALF_MILLISECOND = 500
"""In microseconds."""
_SIMPLE: Mapping[Type, tuple[str, str | None, Any]] = {
    BOOLEAN: ("boolean", None, avro.booleans),
    INTEGER: ("int", None, avro.longs),
    BIGINT: ("long", None, avro.longs),
    REAL: ("float", None, avro.floats),
    DOUBLE: ("double", None, avro.floats),
    VARBINARY: ("bytes", None, avro.texts),
    DATE: ("int", "date", avro.longs),
}
"""The word of Avro, its logical type, and the encoder."""


def column_encoders(schema: Schema, names: Sequence[str], types: Sequence[Type]) -> list[Encoder] | None:
    """One for each column. None where rows have to be encoded one by one: fields in another order, of other types,
    without null, or that the table does not have."""
    if [field["name"] for field in schema["fields"]] != list(names):
        return None
    found = [_encoder(type_, field["type"]) for type_, field in zip(types, schema["fields"], strict=True)]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _encoder(type_: Type, schema: Schema) -> Encoder | None:
    if not isinstance(schema, list) or len(schema) != 2 or "null" not in schema:
        return None
    null = schema.index("null")
    union = Optional(null)
    other = schema[1 - null]
    node = other if isinstance(other, dict) else {"type": other}
    kind, logical = node.get("type"), node.get("logicalType")
    if type_ in _SIMPLE:
        word, wanted, make = _SIMPLE[type_]
        found: Encoder | None = make(union)
        return found if (kind, logical) == (word, wanted) else None
    match type_:
        case VarcharType() if kind == "string":
            return avro.texts(union)
        case CharType(length) if kind == "string":
            return _padded(length, union)
        case DecimalType() if (kind, logical) == ("bytes", "decimal"):
            return avro.decimals(union)
        case TimestampType() if (kind, logical) == ("long", "timestamp-millis"):
            return _milliseconds(union)
        case ArrayType(element) if kind == "array":
            item = _encoder(element, node.get("items"))
            return None if item is None else avro.arrays(item, union)
        case MapType(key, value) if kind == "map" and key == VarcharType():
            item = _encoder(value, node.get("values"))
            return None if item is None else avro.maps(avro.texts(None), item, union)
        case RowType(fields) if kind == "record":
            names = [str(field.name) for field in fields]
            inside = column_encoders(node, names, [field.type for field in fields])
            return None if inside is None else avro.records(inside, union)
    return None


def _padded(length: int, union: Optional) -> Encoder:
    encode = avro.texts(union)
    return lambda values: encode(pc.utf8_rpad(values, length))


def _milliseconds(union: Optional) -> Encoder:
    """Rounded half up."""
    encode = avro.longs(union)

    def encoded(values: pa.Array) -> list[avro.Part]:
        micros = (values.flatten()[0] if pa.types.is_struct(values.type) else values).cast(pa.int64())
        found = avro.floored(pc.add(micros, _HALF_MILLISECOND), 1000)
        return encode(found)

    return encoded
