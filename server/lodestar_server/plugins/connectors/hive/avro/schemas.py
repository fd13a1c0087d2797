"""Avro schemas of Hive tables: given by the table's properties, or made from its columns.

| Hive | Avro, always in a union with null |
|---|---|
| boolean, int, bigint, float, double, string, binary | the same in Avro's words |
| decimal(p,s) | bytes, logical type decimal |
| date, timestamp | int, logical type date; long, logical type timestamp-millis |
| varchar(n), char(n) | string, logical type varchar or char with maxLength |
| array, map with texts as keys, struct | array, map, record |

Source: Trino AvroHiveFileUtils.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import orjson

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CANNOT_OPEN_SPLIT
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
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
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)

LITERAL = "avro.schema.literal"
URL = "avro.schema.url"
_NONE = "none"

Schema = Any
"""A schema as JSON: text, list or dict."""

_SIMPLE: Mapping[Type, str] = {
    BOOLEAN: "boolean",
    TINYINT: "int",
    SMALLINT: "int",
    INTEGER: "int",
    BIGINT: "long",
    REAL: "float",
    DOUBLE: "double",
    VARBINARY: "bytes",
}


def check_columns(columns: Sequence[tuple[str, Type]]) -> None:
    """Raises: NOT_SUPPORTED for a type that Avro files cannot have."""
    for name, type_ in columns:
        _check(name, type_)


def _check(name: str, type_: Type) -> None:
    if isinstance(type_, MapType) and type_.key != VarcharType():
        not_supported(f"Column '{name}' has a non-varchar map key, which is not supported by Avro")
    if type_ in (TINYINT, SMALLINT):
        not_supported(f"Column '{name}' is {type_}, which is not supported by Avro. Use integer instead.")
    for child in type_.children:
        _check(name, child)


def table_schema(files: FileSystem, properties: Mapping[str, str]) -> Schema | None:
    """The schema that a table's properties give, None for that of its columns. Raises: HIVE_CANNOT_OPEN_SPLIT."""
    literal = properties.get(LITERAL, "").strip()
    if literal and literal != _NONE:
        return _parsed(literal.encode())
    url = properties.get(URL, "").strip()
    if not url:
        return None
    content = files.read(url)
    if content is None:
        raise _unreadable()
    return _parsed(content)


def _parsed(text: bytes) -> Schema:
    try:
        schema = orjson.loads(text)
    except ValueError:
        raise _unreadable() from None
    if not isinstance(schema, dict) or schema.get("type") != "record":
        raise _unreadable()
    return schema


def _unreadable() -> LodestarError:
    return LodestarError(HIVE_CANNOT_OPEN_SPLIT, "Unable to load or parse schema")


def masked(schema: Schema, names: Sequence[str]) -> Schema:
    """Only some fields of a table's schema, in this order. Raises: HIVE_CANNOT_OPEN_SPLIT for one that it has not."""
    by_name = {field["name"].lower(): field for field in schema["fields"]}
    by_name.update({field["name"]: field for field in schema["fields"]})
    fields = []
    for name in names:
        if name not in by_name:
            full = ".".join(filter(None, (schema.get("namespace"), schema["name"])))
            raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, f"Unable to find column {name} in table Avro schema {full}")
        fields.append(by_name[name])
    return {**schema, "fields": fields}


def schema_of(columns: Sequence[tuple[str, Type]], writer: Schema | None = None) -> Schema:
    """The schema of a table's columns. Records know those of `writer` under their names."""
    maker = _Maker()
    made = maker.record("baseRecord", columns, writer)
    return made


class _Maker:
    def __init__(self) -> None:
        self._numbers: Iterator[int] = count()

    def record(self, name: str, fields: Sequence[tuple[str, Type]], writer: Schema) -> Schema:
        there = {one["name"]: one["type"] for one in writer["fields"]} if isinstance(writer, dict) else {}
        made: dict[str, Any] = {
            "type": "record",
            "name": name,
            "fields": [
                {"name": field, "type": ["null", self.type(type_, there.get(field))], "default": None}
                for field, type_ in fields
            ],
        }
        if isinstance(writer, dict) and writer.get("name"):
            made["aliases"] = [writer["name"].rpartition(".")[2]]
        return made

    def type(self, type_: Type, writer: Schema) -> Schema:
        writer = _without_null(writer)
        match type_:
            case ArrayType(element):
                items = writer.get("items") if isinstance(writer, dict) else None
                return {"type": "array", "items": ["null", self.type(element, items)]}
            case MapType(_, value):
                values = writer.get("values") if isinstance(writer, dict) else None
                return {"type": "map", "values": ["null", self.type(value, values)]}
            case RowType(fields):
                there = writer if isinstance(writer, dict) and "fields" in writer else None
                named = [(str(field.name), field.type) for field in fields]
                return self.record(f"record_{next(self._numbers)}", named, there)
            case VarcharType(None):
                return "string"
            case VarcharType(length):
                return {"type": "string", "logicalType": "varchar", "maxLength": length}
            case CharType(length):
                return {"type": "string", "logicalType": "char", "maxLength": length}
            case DecimalType(precision, scale):
                return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
            case TimestampType():
                return {"type": "long", "logicalType": "timestamp-millis"}
        if type_ == DATE:
            return {"type": "int", "logicalType": "date"}
        return _SIMPLE[type_]


def _without_null(schema: Schema) -> Schema:
    if isinstance(schema, list):
        return next((one for one in schema if one != "null"), None)
    if isinstance(schema, dict) and isinstance(schema.get("type"), dict | list):
        return _without_null(schema["type"])
    return schema


def without_logical_types(schema: Schema) -> Schema:
    """The same, but values are read as they are stored."""
    if isinstance(schema, dict):
        return {key: without_logical_types(one) for key, one in schema.items() if key != "logicalType"}
    if isinstance(schema, list):
        return [without_logical_types(one) for one in schema]
    return schema


def names_in(schema: Schema) -> Iterator[str]:
    """Names of fields, at any depth."""
    if isinstance(schema, list):
        for one in schema:
            yield from names_in(one)
    elif isinstance(schema, dict):
        for field in schema.get("fields", ()):
            yield field["name"]
            yield from names_in(field["type"])
        for key in ("items", "values", "type"):
            yield from names_in(schema.get(key))
