"""The text of a type in DESCRIBE, information_schema and system.jdbc: field names of rows are not quoted."""

from __future__ import annotations

from lodestar_server.spi.types import (
    DEFAULT_DATETIME_PRECISION,
    ArrayType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)


def type_label(type_: Type, *, omit_datetime_precision: bool = False) -> str:
    """`row(a integer, B c varchar)`; `omit_datetime_precision` leaves out the default: `timestamp`.

    Source: the answers of Trino 476; the session property omit_datetime_type_precision.
    """
    match type_:
        case ArrayType(element):
            return f"array({type_label(element, omit_datetime_precision=omit_datetime_precision)})"
        case MapType(key, value):
            labels = (type_label(part, omit_datetime_precision=omit_datetime_precision) for part in (key, value))
            return f"map({', '.join(labels)})"
        case RowType(fields):
            parts = (
                (field.name + " " if field.name is not None else "")
                + type_label(field.type, omit_datetime_precision=omit_datetime_precision)
                for field in fields
            )
            return f"row({', '.join(parts)})"
        case TimeType(precision) | TimeTzType(precision) | TimestampType(precision) | TimestampTzType(precision):
            if omit_datetime_precision and precision == DEFAULT_DATETIME_PRECISION:
                return type_.base
    return type_.display
