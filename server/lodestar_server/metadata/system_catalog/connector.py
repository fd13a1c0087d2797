"""The connector behind `system`: schemas and names; its rows are made by the metadata facade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestar_server.metadata.runtime_source import RuntimeSource
from lodestar_server.metadata.system_catalog.kill_query import kill_query_procedure
from lodestar_server.metadata.system_catalog.tables import SYSTEM_TABLES
from lodestar_server.spi.connector import Connector, ConnectorMetadata, RelationKind
from lodestar_server.spi.handles import TransactionHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.procedures import Procedure
from lodestar_server.spi.session import ConnectorSession


class SystemMetadata(ConnectorMetadata):
    """Names only."""

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """jdbc, metadata, runtime."""
        return sorted({table.name.schema for table in SYSTEM_TABLES})

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """Every table."""
        names = (table.name for table in SYSTEM_TABLES if schema in (None, table.name.schema))
        return dict.fromkeys(names, RelationKind.TABLE)


class SystemConnector(Connector):
    """Nothing can be changed."""

    def __init__(self, runtime: RuntimeSource) -> None:
        self._metadata = SystemMetadata()
        self._procedures = (kill_query_procedure(runtime),)

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The same for all transactions."""
        return self._metadata

    def procedures(self) -> Sequence[Procedure]:
        """runtime.kill_query."""
        return self._procedures
