"""The tpcds connector."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lodestar_server.plugins.connectors.tpcds.config import TpcdsConfig, session_properties
from lodestar_server.plugins.connectors.tpcds.dataset import TpcdsDataset
from lodestar_server.plugins.connectors.tpcds.handles import TpcdsColumnHandle, TpcdsTableHandle
from lodestar_server.plugins.connectors.tpcds.metadata import TpcdsMetadata
from lodestar_server.plugins.connectors.tpcds.tables import VERSION_TABLE, tables
from lodestar_server.plugins.connectors.tpcds.version import VersionPageSource
from lodestar_server.plugins.toolkit.generated.connector import GeneratedConnector, GeneratedSplit
from lodestar_server.plugins.toolkit.generated.dataset import GeneratedTable
from lodestar_server.plugins.toolkit.generated.page_source import PassingPageSource
from lodestar_server.spi.connector import ConnectorMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle
from lodestar_server.spi.page import FileScan, PageSource, Split
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.session import ConnectorSession


class TpcdsConnector(GeneratedConnector):
    """Tables of TPC-DS at any scale factor."""

    def __init__(self, config: TpcdsConfig, root: Path) -> None:
        super().__init__(TpcdsDataset(), root, config.cache_max_size)
        self._metadata = TpcdsMetadata()
        self._properties = session_properties(config)

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The same for all transactions."""
        return self._metadata

    def session_properties(self) -> Sequence[PropertyMetadata]:
        """Three."""
        return self._properties

    def resolve(self, table: TableHandle) -> tuple[GeneratedTable, float]:
        """As named."""
        assert isinstance(table, TpcdsTableHandle)
        return tables()[table.table], table.scale

    def name_of(self, column: ColumnHandle) -> str:
        """As in the catalog."""
        assert isinstance(column, TpcdsColumnHandle)
        return column.name

    def passing_parts(self, table: GeneratedTable, scale: float) -> int:
        """Files that are made one by one."""
        return self._store.dataset.parts(table, scale)

    def passing_source(
        self, table: GeneratedTable, scale: float, splits: Sequence[GeneratedSplit], columns: Sequence[str]
    ) -> PageSource:
        """The program starts in milliseconds, so a run for each part is fine."""
        return PassingPageSource(self._store, table, scale, [split.part for split in splits], columns)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """See `GeneratedConnector`; the version of the generator is told by ourselves."""
        definition, scale = self.resolve(table)
        if definition.name != VERSION_TABLE:
            return super().read(transaction, session, table, columns, splits)
        return VersionPageSource(scale, session.start, [self.name_of(column) for column in columns])
