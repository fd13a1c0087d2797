"""The tpch connector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lodestar_server.plugins.connectors.tpch.config import TpchConfig
from lodestar_server.plugins.connectors.tpch.dataset import TpchDataset
from lodestar_server.plugins.connectors.tpch.handles import TpchColumnHandle, TpchTableHandle
from lodestar_server.plugins.connectors.tpch.metadata import TpchMetadata
from lodestar_server.plugins.connectors.tpch.page_source import TextPageSource
from lodestar_server.plugins.connectors.tpch.tables import TABLES, TpchTable
from lodestar_server.plugins.toolkit.discard import DiscardingPageSink
from lodestar_server.plugins.toolkit.generated.connector import GeneratedConnector, GeneratedSplit
from lodestar_server.plugins.toolkit.generated.dataset import TINY, GeneratedTable
from lodestar_server.spi.connector import ConnectorMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import PageSink, PageSource
from lodestar_server.spi.session import ConnectorSession


class TpchConnector(GeneratedConnector):
    """Tables of TPC-H at any scale factor."""

    def __init__(self, config: TpchConfig, root: Path) -> None:
        dataset = TpchDataset(config.double_type_mapping)
        super().__init__(dataset, root, config.cache_max_size)
        self._metadata = TpchMetadata(dataset, config.column_naming)
        self._streams = config.splits_per_node or os.cpu_count() or 1

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The same for all transactions."""
        return self._metadata

    def resolve(self, table: TableHandle) -> tuple[GeneratedTable, float]:
        """Nation and region are the same at all scales."""
        assert isinstance(table, TpchTableHandle)
        definition = TABLES[table.table]
        return definition, TINY if definition.fixed_rows else table.scale

    def name_of(self, column: ColumnHandle) -> str:
        """Without the table's prefix."""
        assert isinstance(column, TpchColumnHandle)
        return column.name

    def passing_parts(self, table: GeneratedTable, scale: float) -> int:
        """A few long ones."""
        return self._streams

    def passing_source(
        self, table: GeneratedTable, scale: float, splits: Sequence[GeneratedSplit], columns: Sequence[str]
    ) -> PageSource:
        """Text as it comes."""
        assert isinstance(table, TpchTable)
        return TextPageSource(self._store, table, scale, [(split.part, split.parts) for split in splits], columns)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """For ANALYZE: the engine counts, nothing is kept."""
        return DiscardingPageSink()
