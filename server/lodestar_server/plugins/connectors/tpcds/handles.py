"""The connector's handles."""

from __future__ import annotations

from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class TpcdsTableHandle(TableHandle):
    """A table at a scale factor."""

    table: str
    scale: float

    def __str__(self) -> str:
        return f"{self.table}:sf{self.scale}"


@frozen
class TpcdsColumnHandle(ColumnHandle):
    """A column."""

    name: str
    type: Type

    def __str__(self) -> str:
        return f"tpcds:{self.name}"
