"""From a predicate on name columns to the listings that are needed: one table, some schemas, or everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lodestar_server.metadata.computed import Constraint, may_be, wanted_values
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.spi.names import TablePrefix


def wanted_catalogs(metadata: MetadataReading, constraint: Constraint, column: str) -> list[str]:
    """Catalogs that may have rows."""
    return [name for name in metadata.list_catalogs() if may_be(constraint, column, name)]


def wanted_schemas(metadata: MetadataReading, catalog: str, constraint: Constraint, column: str) -> list[str]:
    """Schemas of the catalog that may have rows; schemas asked for by name are not looked for in a listing."""
    named = wanted_values(constraint, column)
    if named is not None:
        visible: Sequence[str] = metadata.services.access.filter_schemas(
            metadata.session.identity, catalog, sorted(named)
        )
        visible = metadata.access(catalog).filter_schemas(visible)
        return [name for name in visible if metadata.schema_exists(catalog, name)]
    return [name for name in metadata.list_schemas(catalog) if may_be(constraint, column, name)]


def wanted_prefixes(
    metadata: MetadataReading, catalog: str, constraint: Constraint, schema_column: str, table_column: str
) -> Iterator[TablePrefix]:
    """Prefixes whose tables are all that may have rows; a name that is asked for is never listed for.

    Without any restriction the one empty prefix; schema names without table names: a prefix per schema; with table
    names: a prefix per schema and table.
    """
    tables = wanted_values(constraint, table_column)
    if schema_column not in constraint and tables is None:
        yield TablePrefix()
        return
    for schema in wanted_schemas(metadata, catalog, constraint, schema_column):
        if tables is None:
            yield TablePrefix(schema)
        else:
            for table in sorted(tables):
                yield TablePrefix(schema, table)
