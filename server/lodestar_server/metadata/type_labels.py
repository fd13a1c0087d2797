"""The text of a type in DESCRIBE, information_schema and system.jdbc."""

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
    """As everywhere; `omit_datetime_precision` leaves out the default: `timestamp`.

    Source: the session property omit_datetime_type_precision.
    """
    return _without_precision(type_) if omit_datetime_precision else type_.display


def _without_precision(type_: Type) -> str:
    match type_:
        case ArrayType(element):
            return f"array({_without_precision(element)})"
        case MapType(key, value):
            return f"map({_without_precision(key)}, {_without_precision(value)})"
        case RowType(fields):
            names = (field.name + " " if field.name is not None else "" for field in fields)
            types = (_without_precision(field.type) for field in fields)
            return f"row({', '.join(map(str.__add__, names, types))})"
        case TimeType(precision) | TimeTzType(precision) | TimestampType(precision) | TimestampTzType(precision):
            if precision == DEFAULT_DATETIME_PRECISION:
                return type_.base
    return type_.display
