"""The jmx connector: two schemas of computed rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from lodestar_server.plugins.connectors.jmx.beans import BeanCatalog, BeanHistory, Columns
from lodestar_server.plugins.connectors.jmx.config import JmxConfig
from lodestar_server.plugins.connectors.jmx.process_beans import ProcessBeans
from lodestar_server.spi.connector import (
    ColumnMetadata,
    Connector,
    ConnectorMetadata,
    RelationKind,
    TableMetadata,
    TableVersion,
    not_supported,
)
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.page import FileScan, PageSource, Split
from lodestar_server.spi.plugin import ConnectorContext
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import Type
from lodestar_server.spi.types.values import rows_to_pages
from lodestar_server.spi.values import frozen

CURRENT = "current"
HISTORY = "history"


@frozen
class JmxTableHandle(TableHandle):
    """A table with the columns that it had when it was looked up."""

    name: SchemaTableName
    columns: Columns

    def __str__(self) -> str:
        return f"{self.name.schema}.{self.name.table}"


@frozen
class JmxColumnHandle(ColumnHandle):
    """A column."""

    name: str
    type: Type

    def __str__(self) -> str:
        return self.name


@frozen
class JmxSplit(Split):
    """This node."""


class JmxMetadata(ConnectorMetadata):
    """Nothing can be changed."""

    def __init__(self, beans: BeanCatalog, history: BeanHistory) -> None:
        self._beans = beans
        self._history = history

    def list_schema_names(self, session: ConnectorSession) -> list[str]:
        """Two."""
        return [CURRENT, HISTORY]

    def list_tables(
        self, session: ConnectorSession, schema: str | None = None
    ) -> Mapping[SchemaTableName, RelationKind]:
        """A table per bean."""
        names: list[SchemaTableName] = []
        if schema in (None, CURRENT):
            names += [SchemaTableName(CURRENT, table) for table in self._beans.by_table()]
        if schema in (None, HISTORY):
            names += [SchemaTableName(HISTORY, table) for table in self._history.tables]
        return dict.fromkeys(names, RelationKind.TABLE)

    def find_table(
        self, session: ConnectorSession, name: SchemaTableName, version: TableVersion | None = None
    ) -> TableHandle | None:
        """One bean, or all that a name with `*` matches."""
        if version is not None:
            not_supported("This connector does not support versioned tables")
        if name.schema == CURRENT:
            found = self._beans.matching(name.table)
            return JmxTableHandle(name, self._beans.columns(found)) if found else None
        if name.schema == HISTORY and name.table in self._history.tables:
            return JmxTableHandle(name, self._history.columns(name.table))
        return None

    def table_metadata(self, session: ConnectorSession, table: TableHandle) -> TableMetadata:
        """Columns as found."""
        assert isinstance(table, JmxTableHandle)
        return TableMetadata(table.name, tuple(ColumnMetadata(name, type_) for name, type_ in table.columns))

    def column_handles(self, session: ConnectorSession, table: TableHandle) -> Mapping[str, ColumnHandle]:
        """Columns as found."""
        assert isinstance(table, JmxTableHandle)
        return {name: JmxColumnHandle(name, type_) for name, type_ in table.columns}


class JmxConnector(Connector):
    """Reads beans when it is asked; samples some of them in the background when told to."""

    def __init__(self, context: ConnectorContext, config: JmxConfig) -> None:
        sources = [ProcessBeans()] if context.beans is None else [context.beans, ProcessBeans()]
        self._beans = BeanCatalog(context.node_id, sources)
        self._history = BeanHistory(self._beans, config.tables, config.max_entries)
        self._metadata = JmxMetadata(self._beans, self._history)
        self._stopped = threading.Event()
        if self._history.tables:
            threading.Thread(target=self._sample, args=(config.dump_period,), name="jmx-history", daemon=True).start()

    def _sample(self, period: float) -> None:
        while not self._stopped.wait(period):
            self._history.sample(int(time.time() * 1000) * 1_000_000_000)

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
        """One."""
        return (JmxSplit(),)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """Values of now, or samples."""
        assert isinstance(table, JmxTableHandle)
        wanted = [column.name for column in columns if isinstance(column, JmxColumnHandle)]
        return JmxPageSource(self._beans, self._history, table, wanted)

    def shutdown(self) -> None:
        """Stop sampling."""
        self._stopped.set()


class JmxPageSource(PageSource):
    """A page of bean values."""

    def __init__(self, beans: BeanCatalog, history: BeanHistory, table: JmxTableHandle, columns: Sequence[str]) -> None:
        self._beans = beans
        self._history = history
        self._table = table
        self._columns = columns

    def pages(self) -> Iterator[pa.RecordBatch]:
        """Read now."""
        place = {name: i for i, (name, _) in enumerate(self._table.columns)}
        wanted = [place[name] for name in self._columns]
        types = [self._table.columns[i][1] for i in wanted]
        yield from rows_to_pages(types, ([row[i] for i in wanted] for row in self._rows()))

    def _rows(self) -> Iterator[Sequence[object]]:
        if self._table.name.schema == HISTORY:
            yield from self._history.rows(self._table.name.table)
            return
        for bean in self._beans.matching(self._table.name.table):
            yield self._beans.row(bean, self._table.columns)
