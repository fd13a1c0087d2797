"""Values of ORC files for columns of another type: what Hive allows beyond `parquet_types`, as Trino 476 answers it.

| file | read as | |
|---|---|---|
| boolean | varchar | TRUE, FALSE |
| smallint, integer | date | days since 1970 |
| date | integer, bigint, varchar | days; text |
| tinyint … bigint | decimal | NULL when it does not fit |
| real, double | varchar | NaN is NULL |
| double | real | |
| decimal | tinyint … bigint | rounded down towards zero; NULL when it does not fit |
| decimal | real, double | |
| timestamp | date | |
| varchar | tinyint … bigint, boolean, real, double, timestamp | NULL when it is none; true is a number but 0 |
| varbinary | varchar | `61 0a`, bytes in hexadecimal digits |
"""

from __future__ import annotations

from decimal import ROUND_DOWN
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.convert import check_length
from lodestar_server.plugins.connectors.hive.lines import scalars
from lodestar_server.plugins.connectors.hive.lines.texts import text_of
from lodestar_server.plugins.connectors.hive.parquet_types import file_type
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_TIMESTAMP_COERCION
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGRAL_BITS,
    INTEGRAL_TYPES,
    REAL,
    SMALLINT,
    VARBINARY,
    VARCHAR,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type

_MODERN_ERA = -25_567
"""1900-01-01"""
_KINDS = {
    "bool": "BOOLEAN",
    "int8": "BYTE",
    "int16": "SHORT",
    "int32": "INT",
    "int64": "LONG",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "STRING",
    "binary": "BINARY",
    "date32[day]": "DATE",
    "timestamp[ns]": "TIMESTAMP",
}


def orc_kind(arrow: pa.DataType) -> str:
    """ORC's word for a column's type."""
    if pa.types.is_decimal(arrow):
        return "DECIMAL"
    if pa.types.is_map(arrow):
        return "MAP"
    if pa.types.is_list(arrow):
        return "LIST"
    return "STRUCT" if pa.types.is_struct(arrow) else _KINDS.get(str(arrow), str(arrow).upper())


def is_coerced(wanted: Type, arrow: pa.DataType) -> bool:
    """`coerce` makes the one of the other."""
    found = file_type(arrow)
    if isinstance(wanted, VarcharType):
        bounded = wanted.length is not None and (found in INTEGRAL_TYPES or isinstance(found, DecimalType))
        return bounded or found in (BOOLEAN, DATE, REAL, DOUBLE, VARBINARY)
    if isinstance(wanted, DecimalType):
        return found in INTEGRAL_TYPES
    if wanted == DATE:
        return found in (SMALLINT, INTEGER) or isinstance(found, TimestampType)
    if found == DATE:
        return wanted in (INTEGER, BIGINT)
    if isinstance(found, DecimalType):
        return wanted in INTEGRAL_TYPES or wanted in (REAL, DOUBLE)
    if found == VARCHAR:
        return wanted in INTEGRAL_TYPES or wanted in (BOOLEAN, REAL, DOUBLE) or isinstance(wanted, TimestampType)
    return found == DOUBLE and wanted == REAL


def coerce(values: pa.Array, wanted: Type) -> pa.Array:
    """An array of `arrow_type(wanted)`. Raises: INVALID_ARGUMENTS, HIVE_INVALID_TIMESTAMP_COERCION."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    found = file_type(values.type)
    target = arrow_type(wanted)
    match wanted:
        case VarcharType(length):
            made = _text(values, found)
            if length is None:
                return made
            if found == VARBINARY:
                return pc.utf8_slice_codeunits(made, 0, length)
            check_length(made, found, wanted)
            return made
        case DecimalType():
            return scalars.parse(values.cast(pa.string()), wanted)
        case TimestampType():
            return scalars.parse(values, wanted)
    if wanted == DATE:
        if isinstance(found, TimestampType):
            return pc.floor_temporal(values, unit="day").cast(target)
        return values.cast(pa.int32()).cast(target)
    if found == DATE:
        return values.cast(pa.int32()).cast(target)
    if isinstance(found, DecimalType):
        return _from_decimal(values, wanted, target)
    if found == VARCHAR:
        return _from_text(values, wanted)
    return values.cast(target, safe=False)


def _text(values: pa.Array, found: Type | None) -> pa.Array:
    if found == BOOLEAN:
        return pc.ascii_upper(values.cast(pa.string()))
    if found == VARBINARY:
        return pa.array([None if one is None else one.hex(" ") for one in values.to_pylist()], pa.string())
    assert found is not None
    if found == DATE and (pc.min(values.cast(pa.int32())).as_py() or 0) < _MODERN_ERA:
        raise LodestarError(HIVE_INVALID_TIMESTAMP_COERCION, "Coercion on historical dates is not supported")
    made = text_of(values, found)
    if found not in (REAL, DOUBLE):
        return made
    return pc.if_else(pc.is_nan(values), pa.scalar(None, pa.string()), made)


def _from_decimal(values: pa.Array, wanted: Type, target: pa.DataType) -> pa.Array:
    if wanted in (REAL, DOUBLE):
        return pa.array([None if one is None else float(one) for one in values.to_pylist()], target)
    limit = 2 ** (INTEGRAL_BITS[wanted] - 1)  # type: ignore[index]
    made = []
    for one in values.to_pylist():
        whole = None if one is None else int(one.to_integral_value(ROUND_DOWN))
        made.append(whole if whole is not None and -limit <= whole < limit else None)
    return pa.array(made, target)


def _from_text(values: pa.Array, wanted: Type) -> pa.Array:
    if wanted in (REAL, DOUBLE):
        made = scalars.parse(values, wanted)
        return pc.if_else(pc.is_nan(made), pa.scalar(None, made.type), made)
    whole: Any = pc.match_substring_regex(values, r"^[+-]?[0-9]+$")
    numbers = pc.if_else(whole, values, pa.scalar(None, pa.string()))
    if wanted == BOOLEAN:
        return pc.not_equal(scalars.parse(numbers, BIGINT), 0)
    return scalars.parse(numbers, wanted)
