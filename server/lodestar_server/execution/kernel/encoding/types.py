"""The DuckDB column of the encoding table: which DuckDB type holds each Trino type.

| Trino | DuckDB | value |
|---|---|---|
| boolean, tinyint … bigint, real, double | BOOLEAN, TINYINT … BIGINT, FLOAT, DOUBLE | itself |
| decimal(p,s) | DECIMAL(p,s) | itself |
| varchar, char, json, JsonPath, JoniRegExp, CodePoints | VARCHAR | char without trailing blanks; json canonical |
| varbinary, uuid, ipaddress, opaque types | BLOB | uuid and ipaddress 16 bytes in network order |
| date | DATE | |
| time(p); with time zone | BIGINT; STRUCT(t BIGINT, o SMALLINT) | picoseconds of the (local) day; offset in minutes |
| timestamp(p), p <= 6; above | TIMESTAMP; STRUCT(t TIMESTAMP, p INTEGER) | p: picoseconds of the microsecond |
| timestamp(p) with time zone | STRUCT(t TIMESTAMP, [p INTEGER,] z VARCHAR) | UTC and the zone |
| interval year to month; day to second | INTEGER; BIGINT | months; milliseconds |
| array, map, row | LIST, MAP, STRUCT(f0, f1, …) | |
| unknown | BOOLEAN | always NULL |

Arrow carries the same values in the types of `spi/types/arrow.py`: DuckDB reads and writes those without conversion.
"""

from __future__ import annotations

from functools import lru_cache

from lodestar_server.spi.types import (
    BIGINT,
    BING_TILE,
    BOOLEAN,
    CODE_POINTS,
    COLOR,
    DATE,
    DOUBLE,
    INTEGER,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    JONI_REGEXP,
    JSON,
    JSON_2016,
    JSON_PATH,
    REAL,
    SMALLINT,
    TINYINT,
    UNKNOWN,
    ArrayType,
    CharType,
    DecimalType,
    FunctionType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION, row_field_name

_SIMPLE: dict[Type, str] = {
    BOOLEAN: "BOOLEAN",
    TINYINT: "TINYINT",
    SMALLINT: "SMALLINT",
    INTEGER: "INTEGER",
    BIGINT: "BIGINT",
    REAL: "FLOAT",
    DOUBLE: "DOUBLE",
    DATE: "DATE",
    JSON: "VARCHAR",
    JSON_2016: "VARCHAR",
    JSON_PATH: "VARCHAR",
    JONI_REGEXP: "VARCHAR",
    CODE_POINTS: "VARCHAR",
    INTERVAL_YEAR_MONTH: "INTEGER",
    INTERVAL_DAY_SECOND: "BIGINT",
    UNKNOWN: "BOOLEAN",
    BING_TILE: "BIGINT",
    COLOR: "INTEGER",
}


@lru_cache(maxsize=4096)
def duckdb_type(type_: Type) -> str:
    """The text of the DuckDB type that holds values of `type_`; types not named above are opaque bytes."""
    match type_:
        case DecimalType(precision, scale):
            return f"DECIMAL({precision},{scale})"
        case VarcharType() | CharType():
            return "VARCHAR"
        case TimeType():
            return "BIGINT"
        case TimeTzType():
            return "STRUCT(t BIGINT, o SMALLINT)"
        case TimestampType(precision):
            return "TIMESTAMP" if precision <= MICROSECOND_PRECISION else "STRUCT(t TIMESTAMP, p INTEGER)"
        case TimestampTzType(precision):
            picoseconds = "" if precision <= MICROSECOND_PRECISION else "p INTEGER, "
            return f"STRUCT(t TIMESTAMP, {picoseconds}z VARCHAR)"
        case ArrayType(element):
            return f"{duckdb_type(element)}[]"
        case MapType(key, value):
            return f"MAP({duckdb_type(key)}, {duckdb_type(value)})"
        case RowType(fields):
            held = (f"{row_field_name(index)} {duckdb_type(field.type)}" for index, field in enumerate(fields))
            return f"STRUCT({', '.join(held)})"
        case FunctionType():
            raise TypeError("a lambda has no encoding")
        case _:
            return _SIMPLE.get(type_, "BLOB")


def has_picoseconds(type_: Type) -> bool:
    """A timestamp whose encoding has a `p` field beside the microseconds."""
    return isinstance(type_, TimestampType | TimestampTzType) and type_.precision > MICROSECOND_PRECISION
