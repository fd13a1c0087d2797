"""The connector's handles and splits."""

from __future__ import annotations

from lodestar_server.plugins.connectors.tpch.tables import schema_of_scale
from lodestar_server.spi.handles import ColumnHandle, TableHandle, WriteHandle
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class TpchTableHandle(TableHandle):
    """A table at a scale factor."""

    table: str
    scale: float

    def __str__(self) -> str:
        return f"{schema_of_scale(self.scale)}:{self.table}"


@frozen
class TpchColumnHandle(ColumnHandle):
    """A column by its plain name; `shown` is the name in the catalog."""

    name: str
    shown: str
    type: Type

    def __str__(self) -> str:
        return f"tpch:{self.shown}"


@frozen
class TpchAnalyzeHandle(WriteHandle):
    """ANALYZE, which counts."""
