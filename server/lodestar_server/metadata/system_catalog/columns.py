"""Columns written as text, for the wide tables of the catalog."""

from __future__ import annotations

from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.types.text import parse_type


def columns_of(text: str) -> tuple[ColumnMetadata, ...]:
    """`"a varchar; b bigint"` → columns."""
    made = []
    for part in text.split(";"):
        name, type_text = part.split(maxsplit=1)
        made.append(ColumnMetadata(name, parse_type(type_text.strip())))
    return tuple(made)
