"""Names of schemas and tables, always in the case in which they are matched: lower."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lodestar_server.spi.values import frozen

_PLAIN = re.compile(r"[a-zA-Z0-9_]+")


def quote_if_needed(part: str) -> str:
    """A part of a name as messages show it: `t`, `"t$partitions"`, `"a""b"`."""
    return part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True, order=True)
class SchemaTableName:
    """A table, view or materialized view inside one catalog."""

    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True, slots=True, order=True)
class QualifiedName:
    """A table, view or function with its catalog: `catalog.schema.name`; its text is the one of error messages."""

    catalog: str
    schema: str
    name: str

    @property
    def schema_table(self) -> SchemaTableName:
        """The name inside its catalog."""
        return SchemaTableName(self.schema, self.name)

    def __str__(self) -> str:
        return f"{quote_if_needed(self.catalog)}.{quote_if_needed(self.schema)}.{quote_if_needed(self.name)}"


@frozen
class TablePrefix:
    """A filter for listings: all schemas, one schema, or one table."""

    schema: str | None = None
    table: str | None = None

    def matches(self, name: SchemaTableName) -> bool:
        """The name is inside the prefix."""
        return self.schema in (None, name.schema) and self.table in (None, name.table)
