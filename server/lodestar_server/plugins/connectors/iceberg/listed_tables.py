"""`system.iceberg_tables`: which of the metastore's tables are Iceberg's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables, is_iceberg
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.predicate import Domain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.types import VARCHAR

_SCHEMA = "table_schema"


class ListedTables(SystemTable):
    """Views and tables of other formats are left out."""

    name = SchemaTableName("system", "iceberg_tables")
    columns = (ColumnMetadata(_SCHEMA, VARCHAR), ColumnMetadata("table_name", VARCHAR))

    def __init__(self, tables: IcebergTables) -> None:
        self._metastore = tables.metastore

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        """Only schemas of the constraint are looked into."""
        wanted = constraint.get(_SCHEMA)
        for schema in self._metastore.list_databases():
            if wanted is not None and not wanted.contains(schema):
                continue
            for table in self._metastore.list_tables(schema):
                entry = self._metastore.find_table(SchemaTableName(schema, table))
                if entry is not None and is_iceberg(entry):
                    yield schema, table
