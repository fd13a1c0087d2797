"""columns, tables, views and schemata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lodestar_server.metadata.catalogs import INFORMATION_SCHEMA
from lodestar_server.metadata.computed import Constraint, EngineTable, Rows, may_be
from lodestar_server.metadata.names_wanted import wanted_prefixes, wanted_schemas
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.type_labels import type_label
from lodestar_server.spi.connector import ColumnMetadata, RelationKind
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.types import BIGINT, VARCHAR, Type

_HIDDEN = {"comment", "extra_info", "column_comment", "table_comment"}


def table_columns(*columns: str | tuple[str, Type]) -> tuple[ColumnMetadata, ...]:
    """Columns of a table of information_schema; varchar when no type is given."""
    pairs = [(column, VARCHAR) if isinstance(column, str) else column for column in columns]
    return tuple(ColumnMetadata(name, type_, hidden=name in _HIDDEN) for name, type_ in pairs)


class ColumnsTable(EngineTable):
    """One row per visible column of a table or view."""

    name = SchemaTableName(INFORMATION_SCHEMA, "columns")
    columns = table_columns(
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        ("ordinal_position", BIGINT),
        "column_default",
        "is_nullable",
        "data_type",
        "comment",
        "extra_info",
        "column_comment",
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Tables by name are looked up one by one."""
        if not may_be(constraint, "table_catalog", catalog):
            return
        for prefix in wanted_prefixes(metadata, catalog, constraint, "table_schema", "table_name"):
            for name, columns in metadata.list_columns(catalog, prefix):
                for position, column in enumerate(columns, 1):
                    yield (
                        catalog,
                        name.schema,
                        name.table,
                        column.name,
                        position,
                        column.default,
                        "YES" if column.nullable else "NO",
                        type_label(column.type, omit_datetime_precision=metadata.omit_datetime_precision),
                        column.comment,
                        column.extra_info,
                        column.comment,
                    )


class TablesTable(EngineTable):
    """One row per table or view; a materialized view is a BASE TABLE."""

    name = SchemaTableName(INFORMATION_SCHEMA, "tables")
    columns = table_columns("table_catalog", "table_schema", "table_name", "table_type", "table_comment")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """`table_comment` is always NULL."""
        if not may_be(constraint, "table_catalog", catalog):
            return
        for prefix in wanted_prefixes(metadata, catalog, constraint, "table_schema", "table_name"):
            for name, kind in metadata.list_tables(catalog, prefix.schema, prefix.table).items():
                shown = "VIEW" if kind is RelationKind.VIEW else "BASE TABLE"
                yield (catalog, name.schema, name.table, shown, None)


class ViewsTable(EngineTable):
    """One row per view, with its text."""

    name = SchemaTableName(INFORMATION_SCHEMA, "views")
    columns = table_columns("table_catalog", "table_schema", "table_name", "view_definition")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Views only, not materialized views."""
        if not may_be(constraint, "table_catalog", catalog):
            return
        for prefix in wanted_prefixes(metadata, catalog, constraint, "table_schema", "table_name"):
            for name, kind in metadata.list_tables(catalog, prefix.schema, prefix.table).items():
                if kind is RelationKind.VIEW:
                    view = metadata.find_view(QualifiedName(catalog, name.schema, name.table))
                    if view is not None:
                        yield (catalog, name.schema, name.table, view.original_sql)


class SchemataTable(EngineTable):
    """One row per schema, information_schema among them."""

    name = SchemaTableName(INFORMATION_SCHEMA, "schemata")
    columns = table_columns("catalog_name", "schema_name")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Iterator[tuple[Any, ...]]:
        """Schemas by name are looked up, not listed."""
        if may_be(constraint, "catalog_name", catalog):
            for schema in wanted_schemas(metadata, catalog, constraint, "schema_name"):
                yield (catalog, schema)
