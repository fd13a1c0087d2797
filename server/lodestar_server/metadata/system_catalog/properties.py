"""system.metadata.*_properties: what connectors declare."""

from __future__ import annotations

from lodestar_server.metadata.computed import Constraint, EngineTable, Rows
from lodestar_server.metadata.names_wanted import wanted_catalogs
from lodestar_server.metadata.properties import PropertyKind, list_properties
from lodestar_server.metadata.reading import MetadataReading
from lodestar_server.metadata.session_properties import encode_session_value
from lodestar_server.metadata.system_catalog.columns import columns_of
from lodestar_server.spi.names import SchemaTableName


class PropertiesTable(EngineTable):
    """The declared properties of one kind, of all catalogs, hidden ones among them."""

    columns = columns_of(
        "catalog_name varchar; property_name varchar; default_value varchar; type varchar; description varchar"
    )

    def __init__(self, table: str, kind: PropertyKind) -> None:
        self.name = SchemaTableName("metadata", table)
        self._kind = kind

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """A default of NULL is an empty text."""
        wanted = set(wanted_catalogs(metadata, constraint, "catalog_name"))
        for one in metadata.services.catalogs:
            if one.name not in wanted:
                continue
            for declared in sorted(list_properties(one.connector, self._kind), key=lambda declared: declared.name):
                default = None if declared.default is None else declared.encode(declared.default)
                yield (
                    one.name,
                    declared.name,
                    encode_session_value(declared.type, default),
                    declared.type.display,
                    declared.description,
                )


PROPERTY_TABLES = (
    PropertiesTable("schema_properties", PropertyKind.SCHEMA),
    PropertiesTable("table_properties", PropertyKind.TABLE),
    PropertiesTable("column_properties", PropertyKind.COLUMN),
    PropertiesTable("analyze_properties", PropertyKind.ANALYZE),
    PropertiesTable("materialized_view_properties", PropertyKind.MATERIALIZED_VIEW),
)
