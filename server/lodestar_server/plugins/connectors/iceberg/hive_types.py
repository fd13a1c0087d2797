"""What a column of Hive would be in a table of Iceberg. Source: Trino 476, `migrate` and `add_files_from_table`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.types import (
    DecimalOf,
    Field,
    IcebergType,
    ListOf,
    MapOf,
    Struct,
)
from lodestar_server.plugins.toolkit.metastore.model import HiveColumn
from lodestar_server.spi.connector import not_supported

_SIMPLE = {
    "boolean": ice.BOOLEAN,
    "tinyint": ice.INT,
    "smallint": ice.INT,
    "int": ice.INT,
    "bigint": ice.LONG,
    "float": ice.FLOAT,
    "double": ice.DOUBLE,
    "string": ice.STRING,
    "varchar": ice.STRING,
    "char": ice.STRING,
    "binary": ice.BINARY,
    "date": ice.DATE,
    "timestamp": ice.TIMESTAMP,
    "timestamp with local time zone": ice.TIMESTAMPTZ,
}


def iceberg_fields(columns: Sequence[HiveColumn]) -> tuple[Field, ...]:
    """Columns with ids from 1, those of nested fields after all of the columns. Raises: NOT_SUPPORTED."""
    ids = iter(range(len(columns) + 1, 1 << 31))
    return tuple(
        Field(place, one.name, iceberg_type(one.type, ids), doc=one.comment) for place, one in enumerate(columns, 1)
    )


def iceberg_type(text: str, ids: Iterator[int]) -> IcebergType:
    """The type that holds values of Hive's type `text`. Raises: NOT_SUPPORTED."""
    name, _, inside = text.strip().lower().partition("<" if "<" in text else "(")
    parts = _split(inside[:-1]) if inside else []
    match name.strip():
        case "decimal":
            precision, scale = (*(int(part) for part in parts), 10, 0)[:2] if len(parts) != 1 else (int(parts[0]), 0)
            return DecimalOf(precision, scale)
        case "array":
            id_ = next(ids)
            return ListOf(id_, iceberg_type(parts[0], ids))
        case "map":
            key, value = next(ids), next(ids)
            return MapOf(key, iceberg_type(parts[0], ids), value, iceberg_type(parts[1], ids))
        case "struct":
            named = [part.split(":", 1) for part in parts]
            places = [next(ids) for _ in named]
            return Struct(
                tuple(Field(id_, field, iceberg_type(of, ids)) for id_, (field, of) in zip(places, named, strict=True))
            )
    found = _SIMPLE.get(name.strip())
    if found is None:
        not_supported(f"Unsupported Hive type: {text}")
    return found


def _split(text: str) -> list[str]:
    """At commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for place, sign in enumerate(text):
        if sign in "<(":
            depth += 1
        elif sign in ">)":
            depth -= 1
        elif sign == "," and not depth:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
