"""Tables whose rows are made of Python values when they are read: system.*, information_schema, `t$partitions`.

An `EngineTable` is one of ours, which asks the metadata of the statement; a `SystemTable` (spi) is a connector's. For a
statement both become a `ComputedTable`: columns and a function that gives rows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.handles import ColumnHandle, TableHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import PageSource, Split
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import BIGINT, BOOLEAN, VARCHAR, Type
from lodestar_server.spi.types.values import rows_to_pages
from lodestar_server.spi.values import frozen

if TYPE_CHECKING:
    from lodestar_server.metadata.reading import MetadataReading

Constraint = Mapping[str, Domain]
"""Column name → allowed values; a column that is absent is not restricted."""

Rows = Iterable[Sequence[Any]]

ENFORCED_TYPES = (VARCHAR, BIGINT, BOOLEAN)
"""Types whose predicates are checked here, on the Python values, so that the engine need not check them again."""


class EngineTable:
    """A table of the engine's own catalogs."""

    name: SchemaTableName
    columns: tuple[ColumnMetadata, ...]

    def rows(self, metadata: MetadataReading, catalog: str, constraint: Constraint) -> Rows:
        """Rows as seen by the statement of `metadata` in `catalog`; `constraint` may be used to do less."""
        raise NotImplementedError


@frozen
class ComputedColumn(ColumnHandle):
    """A column of a computed table."""

    name: str
    type: Type

    def __str__(self) -> str:
        return self.name


@frozen
class ComputedTableHandle(TableHandle):
    """A computed table; rows outside `constraint` are left out."""

    name: SchemaTableName
    constraint: TupleDomain = TupleDomain(())

    def __str__(self) -> str:
        return str(self.name)


@frozen
class ComputedSplit(Split):
    """The whole table."""


@frozen
class ComputedTable:
    """A computed table inside one statement."""

    columns: tuple[ColumnMetadata, ...]
    rows: Callable[[Constraint], Rows]

    @property
    def handles(self) -> dict[str, ColumnHandle]:
        """Column name → handle, in order."""
        return {column.name: ComputedColumn(column.name, column.type) for column in self.columns}


class ComputedPageSource(PageSource):
    """Pages of the columns asked for; rows that the handle's constraint excludes are left out."""

    def __init__(self, table: ComputedTable, handle: ComputedTableHandle, columns: Sequence[ColumnHandle]) -> None:
        self._table = table
        self._handle = handle
        self._columns = columns
        self._closed = threading.Event()

    def pages(self) -> Iterator[pa.RecordBatch]:
        """One row after the other, page by page."""
        if self._handle.constraint.is_none:
            return
        domains = {_column(handle).name: domain for handle, domain in self._handle.constraint.domains.items()}
        position = {column.name: i for i, column in enumerate(self._table.columns)}
        checks = [(position[name], domain) for name, domain in domains.items()]
        wanted = [position[_column(handle).name] for handle in self._columns]
        types = [_column(handle).type for handle in self._columns]
        yield from rows_to_pages(types, self._rows(domains, checks, wanted))

    def _rows(self, domains: Constraint, checks: list[tuple[int, Domain]], wanted: list[int]) -> Rows:
        for row in self._table.rows(domains):
            if self._closed.is_set():
                return
            if all(domain.contains(row[i]) for i, domain in checks):
                yield [row[i] for i in wanted]

    def close(self) -> None:
        """The next row is the last."""
        self._closed.set()


def push_filter(handle: ComputedTableHandle, predicate: TupleDomain) -> tuple[ComputedTableHandle, TupleDomain] | None:
    """The handle with the predicate's part on simple types, and the rest; None when nothing changes."""
    if predicate.is_none:
        return ComputedTableHandle(handle.name, TupleDomain.none()), TupleDomain.all()
    taken = predicate.filter(lambda column, domain: _column(column).type in ENFORCED_TYPES)
    merged = handle.constraint.intersect(taken)
    if merged == handle.constraint:
        return None
    rest = predicate.filter(lambda column, domain: _column(column).type not in ENFORCED_TYPES)
    return ComputedTableHandle(handle.name, merged), rest


def _column(handle: ColumnHandle) -> ComputedColumn:
    assert isinstance(handle, ComputedColumn)
    return handle


def wanted_values(constraint: Constraint, column: str) -> tuple[Any, ...] | None:
    """The only values that the column may have, None when there may be others."""
    domain = constraint.get(column)
    return None if domain is None else domain.single_values


def may_be(constraint: Constraint, column: str, value: Any) -> bool:
    """The constraint lets a row with this value pass."""
    domain = constraint.get(column)
    return domain is None or domain.contains(value)
