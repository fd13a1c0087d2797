"""The blackhole connector: pages of zeros, a sink without bottom."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from lodestar_server.plugins.connectors.blackhole.handles import (
    ROW_ID,
    BlackholeColumnHandle,
    BlackholeSplit,
    BlackholeTableHandle,
    BlackholeWriteHandle,
)
from lodestar_server.plugins.connectors.blackhole.metadata import BlackholeMetadata
from lodestar_server.plugins.connectors.blackhole.properties import TABLE_PROPERTIES
from lodestar_server.spi.connector import Connector, ConnectorMetadata, not_supported
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import empty_columns_page, values_to_arrow

_ZERO_TYPES = (*INTEGRAL_TYPES, REAL, DOUBLE, DATE)


class BlackholeConnector(Connector):
    """Only in autocommit, as nothing can be taken back."""

    def __init__(self) -> None:
        self._metadata = BlackholeMetadata()

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
        """As many as the table says."""
        assert isinstance(table, BlackholeTableHandle)
        rows = table.pages_per_split * table.rows_per_page
        return (BlackholeSplit(number, row_count=rows) for number in range(table.split_count))

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """The same page again and again, but for the rows' ids."""
        assert isinstance(table, BlackholeTableHandle)
        handles = [column for column in columns if isinstance(column, BlackholeColumnHandle)]
        numbers = [split.number for split in splits if isinstance(split, BlackholeSplit)]
        return BlackholePageSource(table, handles, numbers)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """Swallows."""
        assert isinstance(handle, BlackholeWriteHandle)
        return BlackholePageSink(handle.table.delay_seconds)

    def table_properties(self) -> Sequence[PropertyMetadata]:
        """Sizes and delays."""
        return TABLE_PROPERTIES


class BlackholePageSource(PageSource):
    """The pages of the splits with these numbers."""

    def __init__(
        self, table: BlackholeTableHandle, columns: Sequence[BlackholeColumnHandle], splits: Sequence[int]
    ) -> None:
        self._table = table
        self._columns = columns
        self._splits = splits
        self._closed = threading.Event()

    def pages(self) -> Iterator[pa.RecordBatch]:
        """After a delay each."""
        each = self._table.pages_per_split
        numbers = [split * each + page for split in self._splits for page in range(each)]
        if not numbers:
            return
        page = self._page()
        for number in numbers:
            if self._closed.wait(self._table.delay_seconds) if self._table.delay_seconds else self._closed.is_set():
                return
            yield self._numbered(page, number)

    def _page(self) -> pa.RecordBatch:
        rows = self._table.rows_per_page
        if not self._columns:
            return empty_columns_page(rows)
        arrays = [
            values_to_arrow(column.type, [zero(column.type, self._table.field_length)] * rows)
            for column in self._columns
        ]
        return pa.RecordBatch.from_arrays(arrays, [column.name for column in self._columns])

    def _numbered(self, page: pa.RecordBatch, number: int) -> pa.RecordBatch:
        if ROW_ID not in self._columns:
            return page
        first = number * page.num_rows
        place = self._columns.index(ROW_ID)
        return page.set_column(place, ROW_ID.name, pa.array(range(first, first + page.num_rows), pa.int64()))

    def close(self) -> None:
        """Ends a delay too."""
        self._closed.set()


class BlackholePageSink(PageSink):
    """Counts bytes, waits, forgets."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._aborted = threading.Event()

    def append(self, page: pa.RecordBatch) -> None:
        """After the delay of the table."""
        if self._delay_seconds:
            self._aborted.wait(self._delay_seconds)
        self.written_bytes += page.nbytes

    def finish(self) -> list[bytes]:
        """Nothing to tell."""
        return []

    def abort(self) -> None:
        """Ends a delay."""
        self._aborted.set()


def zero(type_: Type, field_length: int) -> object:
    """The value of every row. Raises: NOT_SUPPORTED for a type that has none."""
    match type_:
        case VarcharType(length):
            return "*" * (field_length if length is None else min(field_length, length))
        case DecimalType():
            return 0
        case TimestampType(precision) if precision <= 6:
            return 0
    if type_ == VARBINARY:
        return b"*" * field_length
    if type_ == BOOLEAN:
        return False
    if type_ in _ZERO_TYPES:
        return 0
    not_supported(f"Unsupported type [{type_}]")
