"""The tpch connector: which of its three ways to read a table takes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from lodestar_server.plugins.connectors.tpch.config import TpchConfig
from lodestar_server.plugins.connectors.tpch.handles import TpchColumnHandle, TpchSplit, TpchTableHandle
from lodestar_server.plugins.connectors.tpch.metadata import TpchMetadata
from lodestar_server.plugins.connectors.tpch.page_source import (
    BuildingPageSource,
    GeneratedPageSource,
    MemoryPageSource,
)
from lodestar_server.plugins.connectors.tpch.store import SmallTables, TableStore
from lodestar_server.plugins.connectors.tpch.tables import ROW_NUMBER, TABLES, TINY, TpchTable
from lodestar_server.plugins.toolkit.discard import DiscardingPageSink
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileColumn, FileFormat, FileScan, FileSlice, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession


class TpchConnector(Connector):
    """Small tables come from memory, kept ones from Parquet parts, the rest straight from the generator."""

    def __init__(self, config: TpchConfig, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(root / "running")
        self._store = TableStore(root.resolve(), config.double_type_mapping, config.cache_max_size)
        self._small = SmallTables(self._store)
        self._metadata = TpchMetadata(self._store, config.column_naming)
        self._streams = config.splits_per_node or os.cpu_count() or 1
        self.local_roots = (str(self._store.root),)

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """The same for all transactions."""
        return self._metadata

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """A part of some 600,000 rows each; a table that is made anew comes in a few long ones."""
        definition, scale = _resolve(table)
        rows, size = definition.estimated_rows(scale), definition.estimated_bytes(scale)
        if self._small.fits(definition, scale):
            parts = 1
        elif self._store.keeps(definition, scale):
            parts = self._store.parts(definition, scale)
        else:
            parts = self._streams
        # One scan is read in one way: parts that become files while others are still being made do not change it.
        computed = any(_name(column) == ROW_NUMBER for column in columns)
        stored = not computed and self._store.find(definition, scale, range(1, parts + 1)) is not None
        for part in range(1, parts + 1):
            yield TpchSplit(part, parts, stored, size_bytes=size // parts, row_count=rows // parts)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """Files when all parts are there and no computed column is wanted; else pages."""
        definition, scale = _resolve(table)
        names = [_name(column) for column in columns]
        chosen = [split for split in splits if isinstance(split, TpchSplit)]
        if self._small.fits(definition, scale):
            return MemoryPageSource(self._small, definition, scale, names)
        if not self._store.keeps(definition, scale):
            return GeneratedPageSource(
                self._store, definition, scale, [(split.part, split.parts) for split in chosen], names
            )
        parts = [split.part for split in chosen]
        stored = all(split.stored for split in chosen)
        paths = self._store.find(definition, scale, parts) if stored else None
        if paths is None:
            return BuildingPageSource(self._store, definition, scale, parts, names)
        types = dict(zip((one.name for one in definition.columns), self._store.types(definition), strict=True))
        slices = []
        for path in paths:
            size = path.stat().st_size
            slices.append(FileSlice(str(path), 0, size, size))
        wanted = tuple(FileColumn(types[name], name) for name in names)
        return [FileScan(FileFormat.PARQUET, wanted, tuple(slices), root=str(self._store.root))]

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """For ANALYZE: the engine counts, nothing is kept."""
        return DiscardingPageSink()

    def shutdown(self) -> None:
        """Stop running generators."""
        self._store.close()


def _resolve(table: TableHandle) -> tuple[TpchTable, float]:
    """The definition, and the scale factor under which its rows are kept: nation and region are always the same."""
    assert isinstance(table, TpchTableHandle)
    definition = TABLES[table.table]
    return definition, TINY if definition.fixed_rows else table.scale


def _name(column: ColumnHandle) -> str:
    assert isinstance(column, TpchColumnHandle)
    return column.name


def _remove_leftovers(running: Path) -> None:
    """Directories of runs whose process is gone."""
    for directory in running.glob("*-*"):
        pid = directory.name.split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(directory, ignore_errors=True)
