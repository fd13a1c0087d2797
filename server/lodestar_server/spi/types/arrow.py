"""The Arrow column of "one encoding table": how a value of each type travels in a page.

| type | Arrow | value |
|---|---|---|
| boolean, tinyint … bigint, real, double | bool_, int8 … int64, float32, float64 | itself |
| decimal(p,s) | decimal128(p,s) | itself |
| varchar, char, json | string | char without trailing blanks; json canonical: keys sorted, no blanks |
| varbinary, sketches, Geometry and friends | binary | sketches in Trino's serialised form, geometry as WKB |
| uuid, ipaddress | binary | 16 bytes, network order; IPv4 is mapped into IPv6 |
| date | date32 | |
| time(p) | int64 | picoseconds of the day |
| time(p) with time zone | struct<t: int64, o: int16> | picoseconds of the local day; offset in minutes |
| timestamp(p), p <= 6 | timestamp[us] | |
| timestamp(p), p > 6 | struct<t: timestamp[us], p: int32> | whole microseconds; picoseconds of the microsecond |
| timestamp(p) with time zone, p <= 6 | struct<t: timestamp[us], z: string> | UTC; zone as Trino prints it |
| … p > 6 | struct<t: timestamp[us], p: int32, z: string> | |
| interval year to month / day to second | int32 months / int64 milliseconds | |
| array, map, row | list, map, struct<f0, f1, …> | field names are generated, names are in the type |
| BingTile, color | int64, int32 | |
| unknown | bool_, always null | |

A page is a `pyarrow.RecordBatch` whose columns have exactly these types.
"""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa

from lodestar_server.spi.types import scalars, special
from lodestar_server.spi.types.base import Type
from lodestar_server.spi.types.datetime import TimestampType, TimestampTzType, TimeType, TimeTzType
from lodestar_server.spi.types.nested import ArrayType, MapType, RowType
from lodestar_server.spi.types.scalars import CharType, DecimalType, VarcharType

MICROSECOND_PRECISION = 6
"""Up to this many fraction digits a timestamp is a plain Arrow timestamp."""

_SIMPLE: dict[Type, pa.DataType] = {
    scalars.BOOLEAN: pa.bool_(),
    scalars.TINYINT: pa.int8(),
    scalars.SMALLINT: pa.int16(),
    scalars.INTEGER: pa.int32(),
    scalars.BIGINT: pa.int64(),
    scalars.REAL: pa.float32(),
    scalars.DOUBLE: pa.float64(),
    scalars.JSON: pa.string(),
    scalars.DATE: pa.date32(),
    scalars.INTERVAL_YEAR_MONTH: pa.int32(),
    scalars.INTERVAL_DAY_SECOND: pa.int64(),
    scalars.UNKNOWN: pa.bool_(),
    special.BING_TILE: pa.int64(),
    special.COLOR: pa.int32(),
}


def row_field_name(index: int) -> str:
    """The generated name of a row's field in Arrow and in the kernel; `index` from 0."""
    return f"f{index}"


@lru_cache(maxsize=4096)
def arrow_type(type_: Type) -> pa.DataType:
    """The Arrow type that carries values of `type_`; types not named in the table are opaque bytes."""
    match type_:
        case DecimalType(precision, scale):
            return pa.decimal128(precision, scale)
        case VarcharType() | CharType():
            return pa.string()
        case TimeType():
            return pa.int64()
        case TimeTzType():
            return pa.struct([("t", pa.int64()), ("o", pa.int16())])
        case TimestampType(precision):
            if precision <= MICROSECOND_PRECISION:
                return pa.timestamp("us")
            return pa.struct([("t", pa.timestamp("us")), ("p", pa.int32())])
        case TimestampTzType(precision):
            parts: list[tuple[str, pa.DataType]] = [("t", pa.timestamp("us"))]
            if precision > MICROSECOND_PRECISION:
                parts.append(("p", pa.int32()))
            return pa.struct([*parts, ("z", pa.string())])
        case ArrayType(element):
            return pa.list_(arrow_type(element))
        case MapType(key, value):
            return pa.map_(arrow_type(key), arrow_type(value))
        case RowType(fields):
            return pa.struct([(row_field_name(i), arrow_type(field.type)) for i, field in enumerate(fields)])
        case _:
            return _SIMPLE.get(type_, pa.binary())
