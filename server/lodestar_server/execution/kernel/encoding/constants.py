"""Printing values that are known before execution; the Python values are those of `ir.Constant`."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type, has_picoseconds
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
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

PICOSECONDS_PER_MICROSECOND = 1_000_000
_EPOCH = date(1970, 1, 1)
_MIN_INT32, _MAX_INT32 = -(2**31), 2**31 - 1


def constant(type_: Type, value: Any) -> Sql:
    """The literal of a value, with exactly the DuckDB type of `type_`."""
    held = duckdb_type(type_)
    if value is None:
        return sql.typed_null(held)
    match type_:
        case DecimalType(_, scale):
            return sql.fragment(f"CAST('{decimal_text(value, scale)}' AS {held})")
        case TimestampType():
            return _timestamp(type_, value)
        case TimestampTzType():
            picoseconds, zone = value
            return _timestamp(type_, picoseconds, zone)
        case TimeTzType():
            picoseconds, offset = value
            return sql.struct(t=sql.fragment(f"CAST({picoseconds} AS BIGINT)"), o=_integer(offset, "SMALLINT"))
        case ArrayType(element):
            if not value:
                return sql.fragment(f"CAST([] AS {held})")
            return sql.fragment("[{*}]", *(constant(element, one) for one in value))
        case MapType(key, element):
            keys = constant(ArrayType(key), tuple(entry[0] for entry in value))
            values = constant(ArrayType(element), tuple(entry[1] for entry in value))
            return sql.call("map", keys, values)
        case RowType(fields):
            parts = zip(fields, value, strict=True)
            return sql.struct(
                **{row_field_name(index): constant(one.type, part) for index, (one, part) in enumerate(parts)}
            )
    if type_ == BOOLEAN:
        return sql.boolean(value)
    if type_ == DATE:
        return _date(value)
    if type_ in (DOUBLE, REAL):
        return _floating(value, held)
    if isinstance(value, str):
        return sql.text(value)
    if isinstance(value, bytes):
        return sql.blob(value)
    return _integer(value, held)


def _integer(value: int, held: str) -> Sql:
    # DuckDB reads a small literal as INTEGER and a large one as BIGINT; the smallest BIGINT is read as a HUGEINT.
    plain = "INTEGER" if _MIN_INT32 < value <= _MAX_INT32 else "BIGINT"
    if held == plain and value > -(2**63):
        return sql.number(value)
    return sql.fragment(f"CAST({value} AS {held})")


def _floating(value: float, held: str) -> Sql:
    if math.isnan(value):
        return sql.fragment(f"CAST('nan' AS {held})")
    if math.isinf(value):
        return sql.fragment(f"CAST('{'-' if value < 0 else ''}inf' AS {held})")
    return sql.fragment(f"CAST('{value!r}' AS {held})")


def decimal_text(unscaled: int, scale: int) -> str:
    """`12.34` of 1234 with scale 2."""
    if scale == 0:
        return str(unscaled)
    digits = str(abs(unscaled)).rjust(scale + 1, "0")
    return f"{'-' if unscaled < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def _date(days: int) -> Sql:
    try:
        day = _EPOCH + timedelta(days=days)
    except OverflowError:
        if days == _MAX_INT32:
            return sql.fragment("CAST('infinity' AS DATE)")
        return sql.fragment(f"make_date({days})")
    return sql.fragment(f"CAST('{day.isoformat()}' AS DATE)")


def _timestamp(type_: Type, picoseconds: int, zone: str | None = None) -> Sql:
    microseconds, rest = divmod(picoseconds, PICOSECONDS_PER_MICROSECOND)
    instant = sql.fragment(f"make_timestamp({microseconds})")
    fields = {"t": instant}
    if has_picoseconds(type_):
        fields["p"] = sql.fragment(f"CAST({rest} AS INTEGER)")
    if zone is not None:
        fields["z"] = sql.text(zone)
    return instant if len(fields) == 1 else sql.struct(**fields)


def bigint(value: int) -> Sql:
    """A BIGINT literal."""
    return constant(BIGINT, value)


def integer(value: int) -> Sql:
    """An INTEGER literal."""
    return constant(INTEGER, value)
