"""What a Parquet file has (its Arrow schema as pyarrow reads it) against what a table wants.

| file | read as |
|---|---|
| int8 … int64 | any integer, double, decimal, varchar; int32 also as date |
| float | real, double, varchar |
| double | double, varchar |
| decimal | decimal, varchar |
| string, binary | varchar, char, varbinary |
| timestamp (INT96 too) | timestamp of any precision, varchar |
| date, boolean | themselves |

Source: answers of Trino 476 for external tables over the same file. Two of its answers are not followed: int32 read as
real (it takes the bits for a float) and int32 read as date are refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGRAL_TYPES,
    REAL,
    SMALLINT,
    TINYINT,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    Type,
    VarcharType,
)

_SIMPLE: Mapping[pa.DataType, Type] = {
    pa.bool_(): BOOLEAN,
    pa.int8(): TINYINT,
    pa.uint8(): SMALLINT,
    pa.int16(): SMALLINT,
    pa.uint16(): INTEGER,
    pa.int32(): INTEGER,
    pa.uint32(): BIGINT,
    pa.int64(): BIGINT,
    pa.float32(): REAL,
    pa.float64(): DOUBLE,
    pa.string(): VARCHAR,
    pa.large_string(): VARCHAR,
    pa.string_view(): VARCHAR,
    pa.binary(): VARBINARY,
    pa.large_binary(): VARBINARY,
    pa.binary_view(): VARBINARY,
    pa.date32(): DATE,
}
_PRECISION = {"s": 3, "ms": 3, "us": 6, "ns": 9}


def file_type(arrow: pa.DataType) -> Type | None:
    """The type of a file's column, None for one that has no counterpart. An instant is a timestamp with time zone."""
    simple = _SIMPLE.get(arrow)
    if simple is not None:
        return simple
    if pa.types.is_decimal(arrow):
        return DecimalType(arrow.precision, arrow.scale) if arrow.precision <= 38 else None
    if pa.types.is_timestamp(arrow):
        precision = _PRECISION[arrow.unit]
        return TimestampType(precision) if arrow.tz is None else TimestampTzType(precision)
    if pa.types.is_fixed_size_binary(arrow):
        return VARBINARY
    if pa.types.is_dictionary(arrow):
        return file_type(arrow.value_type)
    if pa.types.is_map(arrow):
        key, value = file_type(arrow.key_type), file_type(arrow.item_type)
        return None if key is None or value is None else MapType(key, value)
    if pa.types.is_list(arrow) or pa.types.is_large_list(arrow):
        element = file_type(arrow.value_type)
        return None if element is None else ArrayType(element)
    if pa.types.is_struct(arrow):
        fields = []
        for field in arrow:
            inside = file_type(field.type)
            if inside is None:
                return None
            fields.append(RowField(field.name, inside))
        return RowType(tuple(fields))
    return None


def check_readable(form: str, column: str, wanted: Type, arrow: pa.DataType) -> None:
    """Raises NOT_SUPPORTED when the file's values cannot become the table's."""
    found = file_type(arrow)
    if found is None or not _readable(wanted, found):
        not_supported(f"Unsupported Trino column type ({wanted}) for {form} column ([{column}] {arrow})")


def _readable(wanted: Type, found: Type) -> bool:
    match wanted:
        case ArrayType(element):
            return isinstance(found, ArrayType) and _readable(element, found.element)
        case MapType(key, value):
            return isinstance(found, MapType) and _readable(key, found.key) and _readable(value, found.value)
        case RowType(fields):
            if not isinstance(found, RowType):
                return False
            there = fields_by_name(found)
            return all(
                _readable(field.type, there[name].type)
                for field in fields
                if (name := (field.name or "").lower()) in there
            )
        case DecimalType():
            return isinstance(found, DecimalType) or found in (TINYINT, SMALLINT, INTEGER)
        case VarcharType():
            plain = (*INTEGRAL_TYPES, REAL, DOUBLE, VARCHAR, VARBINARY)
            return found in plain or isinstance(found, DecimalType | TimestampType | TimestampTzType)
        case CharType():
            return found in (VARCHAR, VARBINARY)
        case TimestampType() | TimestampTzType():
            return isinstance(found, TimestampType | TimestampTzType)
    if wanted in INTEGRAL_TYPES:
        return found in INTEGRAL_TYPES
    if wanted == DOUBLE:
        return found in (*INTEGRAL_TYPES, REAL, DOUBLE)
    if wanted == VARBINARY:
        return found in (VARCHAR, VARBINARY)
    return wanted == found


def fields_by_name(row: RowType) -> dict[str, RowField]:
    """Fields under their names in lower case; the first wins."""
    found: dict[str, RowField] = {}
    for field in row.fields:
        found.setdefault((field.name or "").lower(), field)
    return found


def kernel_reads_exactly(wanted: Type, found: Type) -> bool:
    """The kernel's reader and its cast give exactly what Trino gives; else the values are converted here."""
    match wanted:
        case ArrayType(element):
            return isinstance(found, ArrayType) and _same_nested(element, found.element)
        case MapType(key, value):
            return isinstance(found, MapType) and _same_nested(key, found.key) and _same_nested(value, found.value)
        case RowType():
            return _same_nested(wanted, found)
        case VarcharType() | CharType():
            return found == VARCHAR
        case TimestampType(precision):
            # Its timestamps hold microseconds.
            return isinstance(found, TimestampType) and found.precision <= 6 and precision <= 6
        case DecimalType():
            return isinstance(found, DecimalType)
    if wanted in INTEGRAL_TYPES:
        return found in INTEGRAL_TYPES
    return wanted == found or (wanted == DOUBLE and found in (*INTEGRAL_TYPES, REAL))


def _same_nested(wanted: Type, found: Type) -> bool:
    match wanted:
        case ArrayType(element):
            return isinstance(found, ArrayType) and _same_nested(element, found.element)
        case MapType(key, value):
            return isinstance(found, MapType) and _same_nested(key, found.key) and _same_nested(value, found.value)
        case RowType(fields):
            if not isinstance(found, RowType) or len(fields) != len(found.fields):
                return False
            return all(
                (ours.name or "").lower() == (theirs.name or "").lower() and _same_nested(ours.type, theirs.type)
                for ours, theirs in zip(fields, found.fields, strict=True)
            )
        case VarcharType(length):
            return length is None and found == VARCHAR
        case TimestampType():
            return wanted == found
    return wanted == found
