"""The memory connector: pages out of the store and into it."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from lodestar_server.plugins.connectors.memory.config import MemoryConfig
from lodestar_server.plugins.connectors.memory.handles import (
    MemoryColumnHandle,
    MemorySplit,
    MemoryTableHandle,
    MemoryTransactionHandle,
    MemoryWriteHandle,
)
from lodestar_server.plugins.connectors.memory.metadata import MemoryMetadata
from lodestar_server.plugins.connectors.memory.store import MemoryPage, MemoryStore
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page


class MemoryConnector(Connector):
    """Writes are immediate, so only in autocommit."""

    supports_not_null_columns = True

    def __init__(self, config: MemoryConfig) -> None:
        self._store = MemoryStore(config.max_data_per_node)
        self._splits = config.splits_per_node or os.cpu_count() or 1
        self._metadata = MemoryMetadata(self._store)
        self._numbers = itertools.count()
        self._snapshots: dict[TransactionHandle, dict[int, tuple[MemoryPage, ...]]] = {}

    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Any level: a transaction sees each table as it was when it first read it."""
        handle = MemoryTransactionHandle(next(self._numbers))
        self._snapshots[handle] = {}
        return handle

    def commit(self, transaction: TransactionHandle) -> None:
        """Everything is done already."""
        self._snapshots.pop(transaction, None)

    def rollback(self, transaction: TransactionHandle) -> None:
        """Nothing to undo: an open write was aborted."""
        self._snapshots.pop(transaction, None)

    def _pages(self, transaction: TransactionHandle, table: MemoryTableHandle) -> tuple[MemoryPage, ...]:
        # Splits name pages by their place: all of one transaction have to mean the same tuple.
        seen = self._snapshots.setdefault(transaction, {})
        pages = seen.get(table.table_id)
        if pages is None:
            pages = seen.setdefault(table.table_id, self._store.table(table.table_id, table.name).pages)
        return pages

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
        """Pages in equal shares; one share when there is a limit."""
        assert isinstance(table, MemoryTableHandle)
        pages = self._pages(transaction, table)
        shares = 1 if table.limit is not None else max(1, min(self._splits, len(pages)))
        edges = [len(pages) * i // shares for i in range(shares + 1)]
        for start, end in itertools.pairwise(edges):
            part = pages[start:end]
            yield MemorySplit(
                start,
                end,
                size_bytes=sum(page.batch.nbytes for page in part),
                row_count=sum(page.batch.num_rows for page in part),
            )

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """The pages as they are."""
        assert isinstance(table, MemoryTableHandle)
        pages = self._pages(transaction, table)
        chosen = [page for split in splits if isinstance(split, MemorySplit) for page in pages[split.start : split.end]]
        handles = [column for column in columns if isinstance(column, MemoryColumnHandle)]
        return MemoryPageSource(chosen, handles, table.limit)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """A writer; several may write at once."""
        assert isinstance(handle, MemoryWriteHandle)
        return MemoryPageSink(self._store, handle)


class MemoryPageSource(PageSource):
    """Columns out of stored pages; NULLs for a column that a page does not have."""

    def __init__(self, pages: Sequence[MemoryPage], columns: Sequence[MemoryColumnHandle], limit: int | None) -> None:
        self._pages = pages
        self._columns = columns
        self._limit = limit
        self._closed = threading.Event()

    def pages(self) -> Iterator[pa.RecordBatch]:
        """At most `limit` rows together."""
        left = self._limit
        for page in self._pages:
            if self._closed.is_set() or left == 0:
                return
            batch = self._select(page)
            if left is not None:
                batch = batch.slice(0, left)
                left -= batch.num_rows
            self.completed_bytes += batch.nbytes
            yield batch

    def _select(self, page: MemoryPage) -> pa.RecordBatch:
        rows = page.batch.num_rows
        if not self._columns:
            return empty_columns_page(rows)
        place = {number: i for i, number in enumerate(page.columns)}
        arrays = [
            page.batch.column(place[column.column_id])
            if column.column_id in place
            else pa.nulls(rows, arrow_type(column.type))
            for column in self._columns
        ]
        return pa.RecordBatch.from_arrays(arrays, [column.name for column in self._columns])

    def close(self) -> None:
        """No further page."""
        self._closed.set()


class MemoryPageSink(PageSink):
    """Hands pages to the store, where they wait to be published."""

    def __init__(self, store: MemoryStore, handle: MemoryWriteHandle) -> None:
        self._store = store
        self._handle = handle

    def append(self, page: pa.RecordBatch) -> None:
        """Raises: MEMORY_LIMIT_EXCEEDED."""
        self._store.add(self._handle.write_id, self._handle.columns, page)
        self.written_bytes += page.nbytes

    def finish(self) -> list[bytes]:
        """The store knows the pages already."""
        return []

    def abort(self) -> None:
        """The write as a whole is discarded by `abort_write`."""
