"""Partition values as Hive writes them, and typed values.

A value is text in the metastore; `__HIVE_DEFAULT_PARTITION__` stands for NULL (and for the empty text).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any, Protocol

from lodestar_server.plugins.toolkit.calendar import day_number, day_text
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_PARTITION_VALUE
from lodestar_server.plugins.toolkit.metastore.partition_names import NULL_VALUE, make_partition_name
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_BITS,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    CharType,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)

NULL_VALUE_OF_HIVE = "\\N"

_EPOCH_TIME = datetime(1970, 1, 1)
_PICOSECONDS = 1_000_000_000_000
_DECIMALS = Context(prec=76)
_ALLOWED = (*INTEGRAL_TYPES, BOOLEAN, DATE, DOUBLE, REAL)
_NUMBERS = (*INTEGRAL_TYPES, DOUBLE, REAL)


class PartitionColumn(Protocol):
    """A column handle, for one."""

    @property
    def name(self) -> str: ...

    @property
    def type(self) -> Type: ...


def check_partition_type(column: str, type_: Type) -> None:
    """Raises NOT_SUPPORTED for a type that cannot be in a partition's name."""
    if type_ in _ALLOWED or isinstance(type_, VarcharType | CharType | DecimalType | TimestampType):
        return
    not_supported(f"Unsupported type [{type_}] for partition: {column}")


def write_value(type_: Type, value: Any) -> str:
    """A typed value (as in `ir.Constant`) as partition text. Raises: HIVE_INVALID_PARTITION_VALUE."""
    if value is None:
        return NULL_VALUE
    text = _text(type_, value)
    if isinstance(type_, VarcharType | CharType):
        if not text:
            return NULL_VALUE
        if any(not " " <= c <= "~" for c in text):
            shown = " ".join(f"{byte:02X}" for byte in text.encode())
            raise LodestarError(
                HIVE_INVALID_PARTITION_VALUE,
                "Hive partition keys can only contain printable ASCII characters (0x20 - 0x7E). "
                f"Invalid value: {shown}",
            )
    return text


def _text(type_: Type, value: Any) -> str:
    match type_:
        case DecimalType(_, scale):
            return format(Decimal(value).scaleb(-scale, _DECIMALS), "f")
        case CharType(length):
            return str(value).ljust(length)
        case TimestampType(precision):
            seconds, rest = divmod(value, _PICOSECONDS)
            moment = (_EPOCH_TIME + timedelta(seconds=seconds)).isoformat(" ")
            digits = f"{rest:012d}"[:precision].rstrip("0")
            return f"{moment}.{digits or '0'}"
    if type_ == BOOLEAN:
        return "true" if value else "false"
    if type_ == DATE:
        return day_text(value)
    if type_ in (DOUBLE, REAL):
        return java_float(value, single=type_ == REAL)
    return str(value)


def read_values(columns: Sequence[PartitionColumn], texts: Sequence[str]) -> tuple[Any, ...]:
    """Partition texts as typed values. Raises: HIVE_INVALID_PARTITION_VALUE."""
    found = []
    for column, text in zip(columns, texts, strict=True):
        try:
            found.append(None if text in (NULL_VALUE, NULL_VALUE_OF_HIVE) else _value(column.type, text))
        except (ValueError, InvalidOperation, OverflowError):
            name = make_partition_name([one.name for one in columns], texts)
            raise LodestarError(
                HIVE_INVALID_PARTITION_VALUE,
                f"Invalid partition value '{text}' for {_label(column.type)} partition key: {name}",
            ) from None
    return tuple(found)


def _label(type_: Type) -> str:
    if isinstance(type_, TimestampType):
        return "TIMESTAMP"
    if type_ == REAL:
        return "FLOAT"
    return str(type_).upper() if type_ in _ALLOWED else str(type_)


def _value(type_: Type, text: str) -> Any:
    if not text and (type_ in _NUMBERS or isinstance(type_, DecimalType)):
        return 0
    match type_:
        case VarcharType(length):
            if length is not None and len(text) > length:
                raise ValueError
            return text
        case CharType(length):
            trimmed = text.rstrip(" ")
            if len(trimmed) > length:
                raise ValueError
            return trimmed
        case DecimalType(precision, scale):
            unscaled = int(Decimal(text).scaleb(scale, _DECIMALS).quantize(Decimal(1), ROUND_HALF_UP, _DECIMALS))
            if len(str(abs(unscaled))) > precision:
                raise ValueError
            return unscaled
        case TimestampType():
            whole, _, fraction = text.partition(".")
            moment = datetime.fromisoformat(whole)
            seconds = (moment - _EPOCH_TIME) // timedelta(seconds=1)
            return seconds * _PICOSECONDS + int(fraction.ljust(12, "0")[:12] or "0")
    if type_ == BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise ValueError
        return text.lower() == "true"
    if type_ == DATE:
        return _midnight(text)
    if type_ in (DOUBLE, REAL):
        return float(text)
    if type_ == VARBINARY:
        return text.encode()
    number = int(text)
    bits = INTEGRAL_BITS[type_]  # type: ignore[index]
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError
    return number


def _midnight(text: str) -> int:
    day, blank, time = text.partition(" ")
    if blank and time.strip("0:.") != "":
        raise ValueError
    return day_number(day)
