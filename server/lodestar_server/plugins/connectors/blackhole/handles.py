"""The connector's handles and splits."""

from __future__ import annotations

from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import Split
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.spi.values import frozen


@frozen
class BlackholeColumnHandle(ColumnHandle):
    """A column."""

    name: str
    type: Type

    def __str__(self) -> str:
        return f"{self.name}:{self.type}"


@frozen
class BlackholeTableHandle(TableHandle):
    """A whole table: there is nothing else to know. `delay_seconds` passes before each page."""

    name: SchemaTableName
    columns: tuple[BlackholeColumnHandle, ...]
    split_count: int
    pages_per_split: int
    rows_per_page: int
    field_length: int
    delay_seconds: float

    @property
    def rows(self) -> int:
        """How many rows a scan gives."""
        return self.split_count * self.pages_per_split * self.rows_per_page

    def __str__(self) -> str:
        return str(self.name)


ROW_ID = BlackholeColumnHandle("row_id", BIGINT)
"""The place of a row in a scan."""


@frozen
class BlackholeSplit(Split):
    """One of `split_count` equal pieces: its `number`, from 0."""

    number: int


@frozen
class BlackholeWriteHandle(WriteHandle):
    """A write; `table` is the one to create, or the one that swallows."""

    table: BlackholeTableHandle
    replace: bool = False
