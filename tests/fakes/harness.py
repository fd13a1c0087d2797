"""One connector under the hand: statements in autocommit, rows in, rows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lodestar_server.spi.connector import (
    ColumnMetadata,
    Connector,
    ConnectorMetadata,
    SaveMode,
    TableMetadata,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession, Identity
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.values import rows_to_pages
from tests.fakes.reading import read_rows

Row = Sequence[Any]


def table(
    schema: str, name: str, columns: Sequence[tuple[str, Type]], comment: str | None = None, **properties: Any
) -> TableMetadata:
    """A definition."""
    made = tuple(ColumnMetadata(column, type_) for column, type_ in columns)
    return TableMetadata(SchemaTableName(schema, name), made, properties, comment)


@dataclass(frozen=True)
class Statement:
    """One statement's view of the connector."""

    connector: Connector
    handle: TransactionHandle
    metadata: ConnectorMetadata
    session: ConnectorSession

    def require(self, schema: str, name: str) -> TableHandle:
        found = self.metadata.find_table(self.session, SchemaTableName(schema, name))
        assert found is not None, f"no table {schema}.{name}"
        return found

    def column(self, table: TableHandle, name: str) -> ColumnHandle:
        return self.metadata.column_handles(self.session, table)[name]

    def columns(self, schema: str, name: str) -> list[tuple[str, str]]:
        """Visible columns as (name, type)."""
        described = self.metadata.table_metadata(self.session, self.require(schema, name))
        return [(column.name, column.type.display) for column in described.columns if not column.hidden]

    def source(self, table: TableHandle, names: Sequence[str] | None = None) -> tuple[Any, list[Type]]:
        described = self.metadata.table_metadata(self.session, table)
        types = {column.name: column.type for column in described.columns}
        if names is None:
            names = [column.name for column in described.columns if not column.hidden]
        handles = self.metadata.column_handles(self.session, table)
        wanted = [handles[name] for name in names]
        splits = list(self.connector.splits(self.handle, self.session, table, wanted, TupleDomain.all()))
        source = self.connector.read(self.handle, self.session, table, wanted, splits)
        return source, [types[name] for name in names]

    def read(self, table: TableHandle, names: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a handle; the visible columns when no names are given."""
        source, types = self.source(table, names)
        try:
            return read_rows(source, types)
        finally:
            if isinstance(source, PageSource):
                source.close()

    def rows(self, schema: str, name: str, names: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
        return self.read(self.require(schema, name), names)

    def write(self, handle: WriteHandle, types: Sequence[Type], rows: Iterable[Row]) -> list[bytes]:
        sink = self.connector.page_sink(self.handle, self.session, handle)
        try:
            for page in rows_to_pages(types, rows):
                sink.append(page)
            return sink.finish()
        except BaseException:
            sink.abort()
            raise

    def create_with_rows(self, definition: TableMetadata, rows: Iterable[Row]) -> None:
        """CREATE TABLE AS."""
        handle = self.metadata.begin_create_table(self.session, definition, SaveMode.FAIL)
        fragments = self.write(handle, [column.type for column in definition.columns], rows)
        self.metadata.finish_create_table(self.session, handle, fragments)

    def insert(self, schema: str, name: str, rows: Iterable[Row]) -> None:
        """INSERT of all visible columns."""
        table = self.require(schema, name)
        described = self.metadata.table_metadata(self.session, table)
        visible = [column for column in described.columns if not column.hidden]
        handles = self.metadata.column_handles(self.session, table)
        handle = self.metadata.begin_insert(self.session, table, [handles[column.name] for column in visible])
        fragments = self.write(handle, [column.type for column in visible], rows)
        self.metadata.finish_insert(self.session, handle, fragments)


class Harness:
    """A connector and a user."""

    def __init__(self, connector: Connector, user: str = "alice") -> None:
        self.connector = connector
        self.user = user
        self._queries = 0

    def session(self, **properties: Any) -> ConnectorSession:
        self._queries += 1
        defaults = {one.name: one.default for one in self.connector.session_properties()}
        return ConnectorSession(
            f"20260101_000000_{self._queries:05d}_abcde",
            Identity(self.user),
            None,
            "UTC",
            "en_US",
            datetime(2026, 1, 1, tzinfo=UTC),
            None,
            defaults | properties,
        )

    @contextmanager
    def statement(self, *, autocommit: bool = True, **properties: Any) -> Iterator[Statement]:
        """Committed at the end, rolled back after an exception."""
        handle = self.connector.begin_transaction("READ UNCOMMITTED", False, autocommit)
        metadata = self.connector.metadata(handle)
        try:
            yield Statement(self.connector, handle, metadata, self.session(**properties))
        except BaseException:
            self.connector.rollback(handle)
            raise
        self.connector.commit(handle)
