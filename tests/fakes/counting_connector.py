"""A connector that counts what it is asked, with a few tables without rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lodestar_server.spi.connector import (
    ColumnMetadata,
    Connector,
    ConnectorMetadata,
    RelationKind,
    TableMetadata,
    TableVersion,
    ViewColumn,
    ViewDefinition,
)
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import Split
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BIGINT, INTEGER

COLUMNS = (ColumnMetadata("a", INTEGER, nullable=False), ColumnMetadata("b", BIGINT, comment="about b"))
VIEW = ViewDefinition("SELECT 1 a", None, None, (ViewColumn("a", INTEGER),), owner="alice")


@dataclass(frozen=True, slots=True)
class CountedTable(TableHandle):
    """A table by name."""

    name: SchemaTableName


@dataclass(frozen=True, slots=True)
class CountedColumn(ColumnHandle):
    """A column by name."""

    name: str


@dataclass(frozen=True, slots=True)
class CountedTransaction(TransactionHandle):
    """A transaction by number."""

    number: int


class CountingConnector(Connector):
    """`tables`: schema → names; a name in `views` is a view. What happens is counted in `calls`.

    `ended` lists transactions as ("commit" | "rollback", number); `fails` names methods that raise.
    """

    def __init__(
        self,
        tables: Mapping[str, Sequence[str]] | None = None,
        *,
        views: Iterable[str] = (),
        single_statement_writes: bool = True,
        fails: Iterable[str] = (),
    ) -> None:
        self.single_statement_writes = single_statement_writes
        self.tables = dict(tables or {})
        self.views = set(views)
        self.calls: Counter[str] = Counter()
        self.ended: list[tuple[str, int]] = []
        self.fails = set(fails)
        self.begun: list[tuple[str, bool, bool]] = []
        self.closed = False

    def count(self, call: str) -> None:
        """One more; raises when the call is to fail."""
        self.calls[call] += 1
        if call in self.fails:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"{call} failed")

    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Remembered in `begun`."""
        self.count("begin")
        self.begun.append((isolation, read_only, autocommit))
        return CountedTransaction(len(self.begun))

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """Counting metadata."""
        return _CountingMetadata(self)

    def commit(self, transaction: TransactionHandle) -> None:
        """Remembered in `ended`."""
        assert isinstance(transaction, CountedTransaction)
        self.ended.append(("commit", transaction.number))
        self.count("commit")

    def rollback(self, transaction: TransactionHandle) -> None:
        """Remembered in `ended`."""
        assert isinstance(transaction, CountedTransaction)
        self.ended.append(("rollback", transaction.number))
        self.count("rollback")

    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """None: there are no rows."""
        return ()

    def shutdown(self) -> None:
        """Remembered."""
        self.closed = True


class _CountingMetadata(ConnectorMetadata):
    def __init__(self, connector: CountingConnector) -> None:
        self._connector = connector

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        self._connector.count("list_schema_names")
        return list(self._connector.tables)

    def schema_exists(self, session: ConnectorSession, schema: str) -> bool:
        self._connector.count("schema_exists")
        return schema in self._connector.tables

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        self._connector.count("list_tables")
        return {
            SchemaTableName(one, name): RelationKind.VIEW if name in self._connector.views else RelationKind.TABLE
            for one, names in self._connector.tables.items()
            if schema in (None, one)
            for name in names
        }

    def _is(self, name: SchemaTableName) -> bool:
        return name.table in self._connector.tables.get(name.schema, ())

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        self._connector.count("find_table")
        return CountedTable(name) if self._is(name) and name.table not in self._connector.views else None

    def find_view(self, session: ConnectorSession, name: SchemaTableName) -> ViewDefinition | None:
        self._connector.count("find_view")
        return VIEW if self._is(name) and name.table in self._connector.views else None

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        assert isinstance(table, CountedTable)
        return TableMetadata(table.name, COLUMNS)

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        return {column.name: CountedColumn(column.name) for column in COLUMNS}

    def drop_schema(self, session: ConnectorSession, schema: str, cascade: bool) -> None:
        self._connector.count("drop_schema")
