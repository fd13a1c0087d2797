"""Names: which need quotes, and how a schema names its catalog."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy.sql.base import DialectKWArgs
from sqlalchemy.sql.compiler import IdentifierPreparer
from sqlalchemy.sql.elements import quoted_name

# Source: Trino 476's grammar; every other keyword may be a name as it stands.
_RESERVED = """
    alter and as auto between by case cast constraint create cross cube current_catalog current_date current_path
    current_role current_schema current_time current_timestamp current_user deallocate delete describe distinct drop
    else end escape except exists extract false for from full group grouping having in inner insert intersect into is
    join json_array json_exists json_object json_query json_table json_value lateral left like listagg localtime
    localtimestamp natural normalize not null on or order outer prepare recursive right rollup select skip table then
    trim true uescape union unnest using values when where with
"""
RESERVED_WORDS = frozenset(_RESERVED.split())

_PART = re.compile(r'"((?:[^"]|"")*)"|([^."]+)')


def split_schema(schema: str) -> tuple[str | None, str]:
    """(catalog or None, schema) of `schema`, `catalog.schema` or, where a name holds a dot, `"a.b".schema`.

    A `quoted_name` that says whether it is quoted is one name, dots and all. What is not two parts is one name too.
    """
    if getattr(schema, "quote", None) is not None:
        return None, schema
    parts, place = [], 0
    while place < len(schema):
        part = _PART.match(schema, place)
        if part is None:
            return None, schema
        parts.append(part[2] if part[1] is None else part[1].replace('""', '"'))
        place = part.end()
        if place < len(schema):
            if schema[place] != "." or place + 1 == len(schema):
                return None, schema
            place += 1
    if len(parts) == 2:
        return parts[0], parts[1]
    return None, parts[0] if len(parts) == 1 else schema


def catalog_of(element: Any) -> str | None:
    """The table's option `lodestar_catalog`."""
    if not isinstance(element, DialectKWArgs):
        return None
    catalog: str | None = element.dialect_kwargs.get("lodestar_catalog")
    return catalog


class LodestarIdentifierPreparer(IdentifierPreparer):
    """Quotes names as Trino needs them: `$` and anything beyond ASCII letters, digits and `_` are never bare."""

    reserved_words = set(RESERVED_WORDS)
    legal_characters = re.compile(r"^[A-Z0-9_]+$", re.IGNORECASE)

    def quote_schema(self, schema: str, force: Any = None) -> str:
        """`catalog.schema` is two names."""
        catalog, name = split_schema(schema)
        quoted = super().quote_schema(name)
        return quoted if catalog is None else f"{self.quote(catalog)}.{quoted}"

    def format_schema(self, name: str) -> str:
        """As `quote_schema`, for CREATE and DROP SCHEMA."""
        return self.quote_schema(name)

    def format_table(self, table: Any, use_schema: bool = True, name: str | None = None) -> str:
        """With the catalog of the option `lodestar_catalog` in front of the schema."""
        text = super().format_table(table, use_schema, name)
        return self.with_catalog(table, text) if use_schema else text

    def with_catalog(self, table: Any, text: str) -> str:
        """`text`, a table name that begins with its schema, with the table's own catalog in front."""
        catalog = catalog_of(table)
        if catalog is None or not self.schema_for_object(table):
            return text
        return f"{self.quote(quoted_name(catalog, None))}.{text}"
