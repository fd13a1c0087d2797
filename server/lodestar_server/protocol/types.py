"""Types on the wire: the `type` text and `typeSignature` of a column.

Two dialects: with the client capability PARAMETRIC_DATETIME, and the legacy one, in which datetime types have no
precision. The display names of DESCRIBE and `typeof` are the types' own (`Type.display`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson

from lodestar_server.spi.types import (
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    QDigestType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)

UNBOUNDED_LENGTH = 2_147_483_647

_BARE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_DATETIME = (TimestampType, TimestampTzType, TimeType, TimeTzType)

_RESERVED_WORDS = """
ALTER AND AS AUTO BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH
CURRENT_ROLE CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP
ELSE END ESCAPE EXCEPT EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS
JOIN JSON_ARRAY JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP
NATURAL NORMALIZE NOT NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE
UESCAPE UNION UNNEST USING VALUES WHEN WHERE WITH
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())
"""Words that a row field's name must be quoted for. Source: the reserved keywords of Trino's language."""


@lru_cache(maxsize=4096)
def wire_type(type_: Type, parametric_datetime: bool = True) -> str:
    """The text of `type`: `decimal(10, 2)`, `row(a bigint)`, `INTERVAL DAY TO SECOND`."""
    match type_:
        case DecimalType():
            return f"decimal({type_.precision}, {type_.scale})"
        case ArrayType():
            return f"array({wire_type(type_.element, parametric_datetime)})"
        case MapType():
            return f"map({wire_type(type_.key, parametric_datetime)}, {wire_type(type_.value, parametric_datetime)})"
        case RowType():
            return f"row({', '.join(_field(field, parametric_datetime) for field in type_.fields)})"
    if type_ in (INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH):
        return type_.display.upper()
    if isinstance(type_, _DATETIME) and not parametric_datetime:
        return type_.base
    return type_.display


@lru_cache(maxsize=4096)
def type_signature(type_: Type, parametric_datetime: bool = True) -> orjson.Fragment:
    """The text of the `typeSignature` object; `arguments` is always there.

    Each level is a text of its own, because the encoder goes down 254 levels and no further.
    """
    signature = {"rawType": type_.base, "arguments": _arguments(type_, parametric_datetime)}
    return orjson.Fragment(orjson.dumps(signature))


@lru_cache(maxsize=1024)
def render_columns(columns: tuple[tuple[str, Type], ...], parametric_datetime: bool) -> bytes:
    """The JSON array of a result's columns, from (name, type) pairs."""
    return orjson.dumps(
        [
            {
                "name": name,
                "type": wire_type(type_, parametric_datetime),
                "typeSignature": type_signature(type_, parametric_datetime),
            }
            for name, type_ in columns
        ]
    )


def _arguments(type_: Type, parametric_datetime: bool) -> list[dict[str, Any]]:
    match type_:
        case VarcharType():
            return _longs(UNBOUNDED_LENGTH if type_.length is None else type_.length)
        case CharType():
            return _longs(type_.length)
        case DecimalType():
            return _longs(type_.precision, type_.scale)
        case TimestampType() | TimestampTzType() | TimeType() | TimeTzType():
            return _longs(type_.precision) if parametric_datetime else []
        case RowType():
            return [{"kind": "NAMED_TYPE", "value": _named(field, parametric_datetime)} for field in type_.fields]
        case ArrayType() | MapType() | QDigestType():
            return _types(type_.children, parametric_datetime)
    return _types(type_.children, parametric_datetime)


def _longs(*numbers: int) -> list[dict[str, Any]]:
    return [{"kind": "LONG", "value": number} for number in numbers]


def _types(types: Sequence[Type], parametric_datetime: bool) -> list[dict[str, Any]]:
    return [{"kind": "TYPE", "value": type_signature(one, parametric_datetime)} for one in types]


def _named(field: RowField, parametric_datetime: bool) -> dict[str, Any]:
    signature = {"typeSignature": type_signature(field.type, parametric_datetime)}
    return signature if field.name is None else {"fieldName": {"name": field.name}, **signature}


def _field(field: RowField, parametric_datetime: bool) -> str:
    text = wire_type(field.type, parametric_datetime)
    if field.name is None:
        return text
    if _BARE_NAME.fullmatch(field.name) and field.name.upper() not in _RESERVED:
        return f"{field.name} {text}"
    quoted = field.name.replace('"', '""')
    return f'"{quoted}" {text}'
