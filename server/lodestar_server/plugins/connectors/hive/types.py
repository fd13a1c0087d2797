"""Hive's type texts (`struct<a:int,b:array<string>>`) and Trino's types.

| Hive | Trino | |
|---|---|---|
| boolean tinyint smallint bigint double date | the same | |
| int, float, binary | integer, real, varbinary | |
| string, varchar(n), char(n) | varchar, varchar(n), char(n) | n to 65535, to 255 |
| decimal(p,s) | decimal(p,s) | `decimal` is decimal(10,0) |
| timestamp | timestamp(3), (6) or (9) | by the session's timestamp_precision |
| array<t>, map<k,v>, struct<a:t> | array, map, row | fields in lower case |

Source: Trino's Hive connector (HiveTypeTranslator and its tests).
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
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
    Type,
    VarcharType,
)

MAX_VARCHAR = 65_535
MAX_CHAR = 255
_DEFAULT_DECIMAL = (10, 0)

_SIMPLE: dict[str, Type] = {
    "boolean": BOOLEAN,
    "tinyint": TINYINT,
    "smallint": SMALLINT,
    "int": INTEGER,
    "integer": INTEGER,
    "bigint": BIGINT,
    "float": REAL,
    "double": DOUBLE,
    "string": VARCHAR,
    "binary": VARBINARY,
    "date": DATE,
}
_NAMES: dict[Type, str] = {type_: name for name, type_ in _SIMPLE.items() if name != "integer"}
_TOKEN = re.compile(r"\s*([<>,:()]|[^<>,:()]+)")


class TimestampPrecision(Enum):
    """The fraction digits of Hive timestamps as the session sees them."""

    MILLISECONDS = 3
    MICROSECONDS = 6
    NANOSECONDS = 9


def to_hive_type(type_: Type) -> str:
    """The text of a type. Raises: NOT_SUPPORTED when Hive has none."""
    match type_:
        case DecimalType(precision, scale):
            return f"decimal({precision},{scale})"
        case VarcharType(length):
            if length is None:
                return "string"
            if length > MAX_VARCHAR:
                not_supported(
                    f"Unsupported Hive type: {type_}. Supported VARCHAR types: VARCHAR(<={MAX_VARCHAR}), VARCHAR."
                )
            return f"varchar({max(length, 1)})"
        case CharType(length):
            if length < 1:
                raise LodestarError(GENERIC_INTERNAL_ERROR, f"invalid char length: {length}")
            if length > MAX_CHAR:
                not_supported(f"Unsupported Hive type: {type_}. Supported CHAR types: CHAR(<={MAX_CHAR}).")
            return f"char({length})"
        case TimestampType():
            return "timestamp"
        case ArrayType(element):
            return f"array<{to_hive_type(element)}>"
        case MapType(key, value):
            return f"map<{to_hive_type(key)},{to_hive_type(value)}>"
        case RowType(fields):
            parts = []
            for field in fields:
                if field.name is None:
                    not_supported(
                        "Anonymous row type is not supported in Hive. Please give each field a name: " + str(type_)
                    )
                parts.append(f"{field.name.lower()}:{to_hive_type(field.type)}")
            return f"struct<{','.join(parts)}>"
    if type_ not in _NAMES:
        not_supported(f"Unsupported Hive type: {type_}")
    name: str = _NAMES[type_]
    return name


@lru_cache(maxsize=4096)
def from_hive_type(text: str, precision: TimestampPrecision = TimestampPrecision.MILLISECONDS) -> Type:
    """The type of a text. Raises: HIVE_INVALID_METADATA for none, NOT_SUPPORTED for union types."""
    reader = _Reader(text, precision)
    type_ = reader.type()
    reader.expect_end()
    return type_


class _Reader:
    def __init__(self, text: str, precision: TimestampPrecision) -> None:
        self._text = text
        self._precision = precision.value
        self._tokens: list[str] = [token.strip() for token in _TOKEN.findall(text)]
        self._at = 0

    def _wrong(self) -> LodestarError:
        return LodestarError(HIVE_INVALID_METADATA, f"Invalid Hive type: {self._text}")

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise self._wrong()
        self._at += 1
        return self._tokens[self._at - 1]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise self._wrong()

    def expect_end(self) -> None:
        if self._at != len(self._tokens):
            raise self._wrong()

    def _numbers(self) -> tuple[int, ...]:
        if self._peek() != "(":
            return ()
        self._next()
        found = [self._number()]
        while self._peek() == ",":
            self._next()
            found.append(self._number())
        self._expect(")")
        return tuple(found)

    def _number(self) -> int:
        word = self._next()
        if not word.isdigit():
            raise self._wrong()
        return int(word)

    def type(self) -> Type:
        name = self._next().lower()
        match name:
            case "decimal":
                numbers = self._numbers() or _DEFAULT_DECIMAL
                return DecimalType(*numbers) if len(numbers) == 2 else DecimalType(numbers[0], 0)
            case "varchar":
                return VarcharType(*self._one_number())
            case "char":
                return CharType(*self._one_number())
            case "timestamp":
                return TimestampType(self._precision)
            case "timestamp with local time zone":
                return TimestampTzType(self._precision)
            case "array":
                self._expect("<")
                element = self.type()
                self._expect(">")
                return ArrayType(element)
            case "map":
                self._expect("<")
                key = self.type()
                self._expect(",")
                value = self.type()
                self._expect(">")
                return MapType(key, value)
            case "struct":
                return self._struct()
            case "uniontype":
                not_supported(f"Unsupported Hive type: {self._text}")
        simple = _SIMPLE.get(name)
        if simple is None:
            raise self._wrong()
        return simple

    def _one_number(self) -> tuple[int]:
        numbers = self._numbers()
        if len(numbers) != 1:
            raise self._wrong()
        return (numbers[0],)

    def _struct(self) -> Type:
        self._expect("<")
        fields = []
        while True:
            name = self._next()
            self._expect(":")
            fields.append(RowField(name, self.type()))
            mark = self._next()
            if mark == ">":
                return RowType(tuple(fields))
            if mark != ",":
                raise self._wrong()


def check_timestamps(column: str, type_: Type, precision: TimestampPrecision) -> None:
    """Raises NOT_SUPPORTED for a timestamp with another precision than the session's, at any depth."""
    if isinstance(type_, TimestampType) and type_.precision != precision.value:
        not_supported(
            f"Incorrect timestamp precision for {type_}; the configured precision is {precision.name}; "
            f"column name: {column}"
        )
    for child in type_.children:
        check_timestamps(column, child, precision)
