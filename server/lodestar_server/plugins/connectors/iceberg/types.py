"""Iceberg's types and Trino's, there and back; which other type a column gets whose type Iceberg lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    FixedOf,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import DUPLICATE_COLUMN_NAME, GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    UUID,
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
    TimeType,
    Type,
    VarcharType,
)

MICROSECONDS = 6

_SIMPLE: dict[IcebergType, Type] = {
    ice.BOOLEAN: BOOLEAN,
    ice.INT: INTEGER,
    ice.LONG: BIGINT,
    ice.FLOAT: REAL,
    ice.DOUBLE: DOUBLE,
    ice.DATE: DATE,
    ice.TIME: TimeType(MICROSECONDS),
    ice.TIMESTAMP: TimestampType(MICROSECONDS),
    ice.TIMESTAMPTZ: TimestampTzType(MICROSECONDS),
    ice.STRING: VARCHAR,
    ice.UUID: UUID,
    ice.BINARY: VARBINARY,
}
_KINDS = {"timestamp_ns": "TIMESTAMP_NANO", "timestamptz_ns": "TIMESTAMP_NANO"}
_BACK: dict[Type, IcebergType] = {theirs: ours for ours, theirs in _SIMPLE.items()}


@lru_cache(maxsize=4096)
def to_trino(type_: IcebergType) -> Type:
    """Raises: GENERIC_INTERNAL_ERROR for a type that Trino does not read."""
    match type_:
        case DecimalOf():
            return DecimalType(type_.precision, type_.scale)
        case FixedOf():
            return VARBINARY
        case Struct(fields):
            return RowType(tuple(RowField(one.name, to_trino(one.type)) for one in fields))
        case ListOf():
            return ArrayType(to_trino(type_.element))
        case MapOf():
            return MapType(to_trino(type_.key), to_trino(type_.value))
    found = _SIMPLE.get(type_)
    if found is None:
        kind = _KINDS.get(str(type_).partition("(")[0], str(type_).partition("(")[0].upper())
        raise LodestarError(
            GENERIC_INTERNAL_ERROR, f"Cannot convert from Iceberg type '{type_}' ({kind}) to Trino type"
        )
    return found


def to_iceberg(type_: Type, next_id: Callable[[], int]) -> IcebergType:
    """A type with new ids. Raises: NOT_SUPPORTED, DUPLICATE_COLUMN_NAME."""
    match type_:
        case DecimalType(precision, scale):
            return DecimalOf(precision, scale)
        case VarcharType():
            return ice.STRING
        case RowType(fields):
            return _struct(type_, fields, next_id)
        case ArrayType(element):
            number = next_id()
            return ListOf(number, to_iceberg(element, next_id))
        case MapType(key, value):
            key_id, value_id = next_id(), next_id()
            return MapOf(key_id, to_iceberg(key, next_id), value_id, to_iceberg(value, next_id))
    found = _BACK.get(type_)
    if found is not None:
        return found
    match type_:
        case TimeType(precision):
            not_supported(f'Time precision ({precision}) not supported for Iceberg. Use "time(6)" instead.')
        case TimestampType(precision):
            not_supported(f'Timestamp precision ({precision}) not supported for Iceberg. Use "timestamp(6)" instead.')
        case TimestampTzType(precision):
            not_supported(
                f"Timestamp precision ({precision}) not supported for Iceberg. "
                'Use "timestamp(6) with time zone" instead.'
            )
    not_supported(f"Type not supported for Iceberg: {type_.display}")


def _struct(row: RowType, fields: tuple[RowField, ...], next_id: Callable[[], int]) -> Struct:
    taken: set[str] = set()
    made = []
    ids = [next_id() for _ in fields]
    for number, one in zip(ids, fields, strict=True):
        if one.name is None:
            not_supported(f"Row type field does not have a name: {row.display}")
        if one.name.lower() in taken:
            raise LodestarError(DUPLICATE_COLUMN_NAME, f"Field name '{one.name.lower()}' specified more than once")
        taken.add(one.name.lower())
        made.append(Field(number, one.name, to_iceberg(one.type, next_id)))
    return Struct(tuple(made))


def supported_type(type_: Type) -> Type:
    """The type that a column gets when a user asks for this one."""
    match type_:
        case TimestampTzType():
            return TimestampTzType(MICROSECONDS)
        case TimestampType():
            return TimestampType(MICROSECONDS)
        case TimeType():
            return TimeType(MICROSECONDS)
        case CharType():
            return VARCHAR
        case ArrayType(element):
            return ArrayType(supported_type(element))
        case MapType(key, value):
            return MapType(supported_type(key), supported_type(value))
        case RowType(fields):
            return RowType(tuple(RowField(one.name, supported_type(one.type)) for one in fields))
    return INTEGER if type_ in (TINYINT, SMALLINT) else type_


def hive_type(type_: IcebergType) -> str:
    """A column's type as the metastore tells other readers."""
    match type_:
        case DecimalOf():
            return f"decimal({type_.precision},{type_.scale})"
        case FixedOf():
            return "binary"
        case Struct(fields):
            return f"struct<{','.join(f'{one.name}:{hive_type(one.type)}' for one in fields)}>"
        case ListOf():
            return f"array<{hive_type(type_.element)}>"
        case MapOf():
            return f"map<{hive_type(type_.key)},{hive_type(type_.value)}>"
    names = {"int": "int", "long": "bigint", "time": "string", "timestamptz": "timestamp", "uuid": "string"}
    return names.get(str(type_), str(type_))
