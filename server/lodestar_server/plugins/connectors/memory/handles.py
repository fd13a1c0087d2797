"""The connector's handles and splits."""

from __future__ import annotations

from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import Split
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class MemoryTransactionHandle(TransactionHandle):
    """A transaction by its number."""

    number: int


@frozen
class MemoryTableHandle(TableHandle):
    """A table by its number, which survives renaming."""

    table_id: int
    name: SchemaTableName
    limit: int | None = None

    def __str__(self) -> str:
        return str(self.table_id) if self.limit is None else f"{self.table_id}(limit:{self.limit})"


@frozen
class MemoryColumnHandle(ColumnHandle):
    """A column by its number in the table, which survives renaming."""

    column_id: int
    name: str
    type: Type

    def __str__(self) -> str:
        return str(self.column_id)


@frozen
class MemorySplit(Split):
    """The table's pages from `start` on, `end` excluded."""

    start: int
    end: int


@frozen
class MemoryWriteHandle(WriteHandle):
    """Rows for a table; `write_id` names the pages that wait to be published. `columns` are column numbers."""

    write_id: int
    table_id: int
    columns: tuple[int, ...]
