"""system.metadata: catalogs, table_comments, materialized_views."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.names_wanted import wanted_catalogs, wanted_prefixes
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.spi.connector import MaterializedViewDefinition, RelationKind
from lodestar_server.spi.names import QualifiedName, SchemaTableName
from lodestar_server.spi.types.values import PICOSECONDS_PER_MICROSECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CatalogsTable(EngineTable):
    """Catalogs and their connectors."""

    name = SchemaTableName("metadata", "catalogs")
    columns = columns_of("catalog_name varchar; connector_id varchar; connector_name varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per catalog that works."""
        visible = set(metadata.list_catalogs())
        for one in metadata.services.catalogs:
            if one.name in visible:
                yield (one.name, one.name, one.connector_name)


class TableCommentsTable(EngineTable):
    """Comments of tables and views."""

    name = SchemaTableName("metadata", "table_comments")
    columns = columns_of("catalog_name varchar; schema_name varchar; table_name varchar; comment varchar")

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per relation, with or without comment."""
        for name in wanted_catalogs(metadata, constraint, "catalog_name"):
            for prefix in wanted_prefixes(metadata, name, constraint, "schema_name", "table_name"):
                for table, comment in metadata.table_comments(name, prefix):
                    yield (name, table.schema, table.table, comment)


class MaterializedViewsTable(EngineTable):
    """Materialized views and how fresh their rows are."""

    name = SchemaTableName("metadata", "materialized_views")
    columns = columns_of(
        "catalog_name varchar; schema_name varchar; name varchar; storage_catalog varchar; storage_schema varchar;"
        " storage_table varchar; freshness varchar; last_fresh_time timestamp(9) with time zone; comment varchar;"
        " definition varchar"
    )

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """One per materialized view."""
        for name in wanted_catalogs(metadata, constraint, "catalog_name"):
            for prefix in wanted_prefixes(metadata, name, constraint, "schema_name", "name"):
                for table, kind in metadata.list_tables(name, prefix.schema, prefix.table).items():
                    if kind is not RelationKind.MATERIALIZED_VIEW:
                        continue
                    one = QualifiedName(name, table.schema, table.table)
                    view = metadata.find_materialized_view(one)
                    if view is None:
                        continue
                    yield (name, table.schema, table.table, *self._facts(metadata, one, view))

    def _facts(
        self, metadata: MetadataReading, name: QualifiedName, view: MaterializedViewDefinition
    ) -> tuple[object, ...]:
        storage = view.storage
        at = ("", "", "") if storage is None else (storage.catalog, storage.schema, storage.name)
        freshness = metadata.materialized_view_freshness(name)
        last = None if freshness.last_fresh_time is None else (_picoseconds(freshness.last_fresh_time), "UTC")
        return (*at, freshness.freshness.value, last, view.comment or "", view.original_sql)


def _picoseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1) * PICOSECONDS_PER_MICROSECOND
