"""Encoded values back as Python values of `ir.Constant`."""

from __future__ import annotations

from datetime import date
from decimal import Context, Decimal
from typing import Any

from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.spi.types import (
    DATE,
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeTzType,
    Type,
)
from lodestar_server.spi.types.arrow import row_field_name

_EPOCH = date(1970, 1, 1)
_WIDE = Context(prec=60)


def python_value(type_: Type, scalar: Any) -> Any:
    """The value of a pyarrow scalar of the type's Arrow form; None for NULL."""
    if not scalar.is_valid:
        return None
    match type_:
        case DecimalType(_, scale):
            return int(Decimal(scalar.as_py()).scaleb(scale, _WIDE))
        case TimestampType():
            if has_picoseconds(type_):
                return scalar["t"].value * 1_000_000 + scalar["p"].as_py()
            return scalar.value * 1_000_000
        case TimestampTzType():
            rest = scalar["p"].as_py() if has_picoseconds(type_) else 0
            return (scalar["t"].value * 1_000_000 + rest, scalar["z"].as_py())
        case TimeTzType():
            return (scalar["t"].as_py(), scalar["o"].as_py())
        case ArrayType(element):
            return tuple(python_value(element, one) for one in scalar.values)
        case MapType(key, element):
            entries = scalar.values
            return tuple((python_value(key, one["key"]), python_value(element, one["value"])) for one in entries)
        case RowType(fields):
            return tuple(python_value(one.type, scalar[row_field_name(i)]) for i, one in enumerate(fields))
    if type_ == DATE:
        return scalar.value
    return scalar.as_py()
