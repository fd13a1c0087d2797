"""A connector of generated tables: which of the ways to read a table takes."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path

from lodestar_server.plugins.toolkit.generated.dataset import Dataset, GeneratedTable
from lodestar_server.plugins.toolkit.generated.page_source import BuildingPageSource, MemoryPageSource
from lodestar_server.plugins.toolkit.generated.store import SmallTables, TableStore
from lodestar_server.spi.connector import Connector
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle
from lodestar_server.spi.page import FileColumn, FileFormat, FileScan, FileSlice, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.values import frozen


@frozen
class GeneratedSplit(Split):
    """Part `part` (from 1) of `parts`. `stored`: all parts were files when the scan began, so all are read as files."""

    part: int
    parts: int
    stored: bool = False


class GeneratedConnector(Connector):
    """Small tables come from memory, kept ones from Parquet parts, the rest as they are made."""

    def __init__(self, dataset: Dataset, root: Path, cache_bytes: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(root / "running")
        self._store = TableStore(root.resolve(), dataset, cache_bytes)
        self._small = SmallTables(self._store)
        self.local_roots = (str(self._store.root),)

    @abstractmethod
    def resolve(self, table: TableHandle) -> tuple[GeneratedTable, float]:
        """The definition, and the scale factor under which its rows are kept."""

    @abstractmethod
    def name_of(self, column: ColumnHandle) -> str:
        """The column's name in the store."""

    @abstractmethod
    def passing_parts(self, table: GeneratedTable, scale: float) -> int:
        """In how many pieces a table is made that is too big to be kept."""

    @abstractmethod
    def passing_source(
        self, table: GeneratedTable, scale: float, splits: Sequence[GeneratedSplit], columns: Sequence[str]
    ) -> PageSource:
        """Pieces of such a table."""

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """A part of some 600,000 rows each, or pieces of a table that is made anew."""
        definition, scale = self.resolve(table)
        rows, size = definition.estimated_rows(scale), definition.estimated_bytes(scale)
        if self._small.fits(definition, scale):
            parts = 1
        elif self._store.keeps(definition, scale):
            parts = self._store.dataset.parts(definition, scale)
        else:
            parts = self.passing_parts(definition, scale)
        # One scan is read in one way: parts that become files while others are still being made do not change it.
        known = self._store.dataset.types(definition)
        computed = any(self.name_of(column) not in known for column in columns)
        stored = not computed and self._store.find(definition, scale, range(1, parts + 1)) is not None
        for part in range(1, parts + 1):
            yield GeneratedSplit(part, parts, stored, size_bytes=size // parts, row_count=rows // parts)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """Files when all parts are there and no computed column is wanted; else pages."""
        definition, scale = self.resolve(table)
        names = [self.name_of(column) for column in columns]
        chosen = [split for split in splits if isinstance(split, GeneratedSplit)]
        if self._small.fits(definition, scale):
            return MemoryPageSource(self._small, self._store, definition, scale, names)
        if not self._store.keeps(definition, scale):
            return self.passing_source(definition, scale, chosen, names)
        parts = [split.part for split in chosen]
        stored = all(split.stored for split in chosen)
        paths = self._store.find(definition, scale, parts) if stored else None
        if paths is None:
            return BuildingPageSource(self._store, definition, scale, parts, names)
        types = self._store.dataset.types(definition)
        slices = []
        for path in paths:
            size = path.stat().st_size
            slices.append(FileSlice(str(path), 0, size, size))
        wanted = tuple(FileColumn(types[name], name, never_nan=True) for name in names)
        return [FileScan(FileFormat.PARQUET, wanted, tuple(slices), root=str(self._store.root))]

    def shutdown(self) -> None:
        """Stop running generators."""
        self._store.close()


def _remove_leftovers(running: Path) -> None:
    """Directories of runs whose process is gone."""
    for directory in running.glob("*-*"):
        pid = directory.name.split("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(directory, ignore_errors=True)
