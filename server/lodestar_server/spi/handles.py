"""Opaque tokens of connectors, as frozen picklable values, and the engine's wrappers around them."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen


@frozen
class ColumnHandle:
    """A connector's name for one column. Subclasses are frozen, hashable, picklable dataclasses.

    `str()` is what EXPLAIN shows.
    """


@frozen
class TableHandle:
    """A connector's name for a relation to scan, with what was pushed into it. Same rules as `ColumnHandle`."""


@frozen
class TransactionHandle:
    """A connector's name for one transaction. Same rules."""


@frozen
class WriteHandle:
    """A connector's name for a write that has begun. Same rules."""


@frozen
class CatalogTable:
    """A table of a catalog inside the current transaction. `str()` is what EXPLAIN shows: catalog and handle."""

    catalog: str
    name: SchemaTableName
    handle: TableHandle

    def __str__(self) -> str:
        return f"{self.catalog}:{self.handle}"


class WriteKind(Enum):
    """What a write is for: its `finish_x` differs. ROW_CHANGES have pages of their own (`spi.row_changes`)."""

    CREATE_TABLE = "CREATE_TABLE"
    INSERT = "INSERT"
    ANALYZE = "ANALYZE"
    ROW_CHANGES = "ROW_CHANGES"
    REFRESH = "REFRESH"
    TABLE_EXECUTE = "TABLE_EXECUTE"


@frozen
class WriteTarget:
    """Where a TableWrite puts its rows; `columns` are the names and types that the sink expects, in order."""

    catalog: str
    name: SchemaTableName
    handle: WriteHandle
    columns: tuple[tuple[str, Type], ...]
    kind: WriteKind
