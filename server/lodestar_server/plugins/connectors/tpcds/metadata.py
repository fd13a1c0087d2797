"""Names and facts of tpcds tables; nothing can be changed."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.plugins.connectors.tpcds.handles import TpcdsColumnHandle, TpcdsTableHandle
from lodestar_server.plugins.connectors.tpcds.tables import SCHEMAS, statistics, tables
from lodestar_server.plugins.toolkit.generated.dataset import scale_of_schema
from lodestar_server.spi.connector import (
    ColumnMetadata,
    ConnectorMetadata,
    RelationKind,
    TableMetadata,
    TableVersion,
    not_supported,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.statistics import UNKNOWN_STATISTICS, ColumnStatistics, TableStatistics


class TpcdsMetadata(ConnectorMetadata):
    """The same for all transactions."""

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """The usual ones; see `schema_exists`."""
        return list(SCHEMAS)

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        """Any positive scale factor."""
        return scale_of_schema(schema) is not None

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Twenty-five per schema."""
        schemas = SCHEMAS if schema is None else (schema,) if scale_of_schema(schema) is not None else ()
        return {SchemaTableName(one, table): RelationKind.TABLE for one in schemas for table in tables()}

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """The table at the schema's scale factor."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        scale = scale_of_schema(name.schema)
        return None if scale is None or name.table not in tables() else TpcdsTableHandle(name.table, scale)

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """All columns may be null."""
        assert isinstance(table, TpcdsTableHandle)
        columns = tuple(ColumnMetadata(name, type_) for name, type_ in tables()[table.table].columns.items())
        return TableMetadata(SchemaTableName(f"sf{table.scale}", table.table), columns)

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """No column is hidden."""
        assert isinstance(table, TpcdsTableHandle)
        return {name: TpcdsColumnHandle(name, type_) for name, type_ in tables()[table.table].columns.items()}

    def statistics(self, session: ConnectorSession, table: TableHandle) -> TableStatistics:
        """Known for three scale factors, as in Trino."""
        assert isinstance(table, TpcdsTableHandle)
        found = statistics().get((table.scale, table.table))
        if found is None:
            return UNKNOWN_STATISTICS
        columns: dict[ColumnHandle, ColumnStatistics] = {
            handle: found.columns[name]
            for name, handle in self.column_handles(session, table).items()
            if name in found.columns
        }
        return TableStatistics(found.rows, columns)
