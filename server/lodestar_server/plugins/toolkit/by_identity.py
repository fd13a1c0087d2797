"""A catalog whose files are opened with the credentials of whoever asks: one connector for each standing.

Whatever a connector keeps of files (listings, footers, metadata, ends) it keeps for one standing, so that nobody is
shown what was read with the credentials of somebody else. Connectors themselves know nothing of it.
"""

from __future__ import annotations

import inspect
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.stores.opening import StoreOpener
from lodestar_server.spi.beans import Bean
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.handles import ColumnHandle, TableHandle, TransactionHandle, WriteHandle
from lodestar_server.spi.page import FileScan, PageSink, PageSource, Split
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.procedures import Procedure, TableProcedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.scalar_functions import ConnectorFunction
from lodestar_server.spi.security import ConnectorAccessControl
from lodestar_server.spi.session import ConnectorSession, Identity
from lodestar_server.spi.system_tables import SystemTable
from lodestar_server.spi.table_functions import TableFunction
from lodestar_server.spi.values import frozen

KEPT = 32
"""Standings whose connectors stay when no transaction uses them."""


@frozen
class _Handle(TransactionHandle):
    number: int


class _Inner:
    """A connector of one standing. `uses`: by transactions and calls that run."""

    __slots__ = ("close", "connector", "uses")

    def __init__(self, connector: Connector, close: Callable[[], None]) -> None:
        self.connector = connector
        self.close = close
        self.uses = 0


@frozen
class _Begun:
    inner: _Inner
    handle: TransactionHandle
    metadata: ConnectorMetadata


class _Transaction:
    """The transactions behind one: usually there is one, because one user asks. Thread-safe."""

    def __init__(self, begin: Callable[[Identity], _Begun], keeper: _Begun) -> None:
        self.keeper = keeper
        self._begin = begin
        self._lock = threading.Lock()
        self._begun: dict[Hashable, _Begun] = {}

    def of(self, identity: Identity) -> _Begun:
        """The same for an identity until the end, also when its standing changes meanwhile."""
        key = (identity.user, identity.groups, frozenset(identity.extra_credentials.items()))
        with self._lock:
            found = self._begun.get(key)
            if found is None:
                found = self._begun[key] = self._begin(identity)
            return found

    def any_of(self, identity: Identity) -> _Begun:
        """Some transaction that sees what has been changed here: for questions that no file answers."""
        with self._lock:
            found = next(iter(self._begun.values()), None)
        return found or self.of(identity)

    def all(self) -> list[_Begun]:
        """All that have begun."""
        with self._lock:
            return [*self._begun.values(), self.keeper]


class _Metadata(ConnectorMetadata):
    """Every method that gets a session asks the metadata of whoever that is."""

    def __init__(self, transaction: _Transaction) -> None:
        self._transaction = transaction

    def table_info(self, table: TableHandle) -> Mapping[str, str]:
        """A handle tells it by itself."""
        return self._transaction.keeper.metadata.table_info(table)

    def supports_missing_columns_on_insert(self) -> bool:
        """The same for all."""
        return self._transaction.keeper.metadata.supports_missing_columns_on_insert()


def _asking(name: str) -> Callable[..., Any]:
    def ask(self: _Metadata, session: ConnectorSession, *arguments: Any, **options: Any) -> Any:
        metadata = self._transaction.of(session.identity).metadata
        return getattr(metadata, name)(session, *arguments, **options)

    return ask


for _name, _method in inspect.getmembers(ConnectorMetadata, inspect.isfunction):
    if list(inspect.signature(_method).parameters)[1:2] == ["session"]:
        setattr(_Metadata, _name, _asking(_name))


class _Table(SystemTable):
    def __init__(self, catalog: ConnectorByIdentity, shown: SystemTable) -> None:
        self.name = shown.name
        self.columns = shown.columns
        self._catalog = catalog

    def rows(self, session: ConnectorSession, constraint: dict[str, Domain]) -> Iterable[Sequence[Any]]:
        with self._catalog.lent(session.identity) as connector:
            table = next(one for one in connector.system_tables() if one.name == self.name)
            yield from table.rows(session, constraint)


class ConnectorByIdentity(Connector):
    """`standing`: what an identity means; `make`: the connector for one, and how to shut it down. `keeper`: whose
    connector answers what is the same for all. `kept`: connectors that stay when nobody uses them.
    """

    def __init__(
        self,
        standing: Callable[[Identity], Hashable],
        make: Callable[[Hashable], tuple[Connector, Callable[[], None]]],
        keeper: Identity,
        kept: int = KEPT,
    ) -> None:
        self._standing = standing
        self._make = make
        self._keeper = keeper
        self._kept = kept
        self._lock = threading.Lock()
        self._inners: OrderedDict[Hashable, _Inner] = OrderedDict()
        self._numbers = itertools.count()
        self._transactions: dict[TransactionHandle, _Transaction] = {}
        # What is the same for all is taken from one that always stays.
        self._first = self._taken(keeper)
        same = self._first.connector
        self.single_statement_writes = same.single_statement_writes
        self.supports_not_null_columns = same.supports_not_null_columns
        self.manages_owners = same.manages_owners
        self.controls_access = same.controls_access
        self.supports_grace_period = same.supports_grace_period
        self.local_roots = same.local_roots

    # connectors
    def _taken(self, identity: Identity) -> _Inner:
        """The connector of somebody, in use."""
        standing = self._standing(identity)
        gone: list[_Inner] = []
        with self._lock:
            found = self._inners.pop(standing, None)
            if found is None:
                found = _Inner(*self._make(standing))
            self._inners[standing] = found
            found.uses += 1
            idle = [key for key, one in self._inners.items() if not one.uses]
            gone = [self._inners.pop(key) for key in idle[: max(0, len(self._inners) - self._kept)]]
        for one in gone:
            one.close()
        return found

    def _given_back(self, inner: _Inner) -> None:
        with self._lock:
            inner.uses -= 1

    @contextmanager
    def lent(self, identity: Identity) -> Iterator[Connector]:
        """Somebody's connector, for a call outside of a transaction."""
        inner = self._taken(identity)
        try:
            yield inner.connector
        finally:
            self._given_back(inner)

    # transactions
    def begin_transaction(self, isolation: str, read_only: bool, autocommit: bool) -> TransactionHandle:
        """Of the connectors behind, each when somebody asks for the first time."""

        def begin(identity: Identity) -> _Begun:
            inner = self._taken(identity)
            try:
                handle = inner.connector.begin_transaction(isolation, read_only, autocommit)
                return _Begun(inner, handle, inner.connector.metadata(handle))
            except BaseException:
                self._given_back(inner)
                raise

        made = _Handle(next(self._numbers))
        self._transactions[made] = _Transaction(begin, begin(self._keeper))
        return made

    def metadata(self, transaction: TransactionHandle) -> ConnectorMetadata:
        """That of whoever asks."""
        return _Metadata(self._transactions[transaction])

    def access_control(self, transaction: TransactionHandle, session: ConnectorSession) -> ConnectorAccessControl:
        """Of the transaction; the owner of a view needs no files for it."""
        begun = self._transactions[transaction].any_of(session.identity)
        return begun.inner.connector.access_control(begun.handle, session)

    def commit(self, transaction: TransactionHandle) -> None:
        """Each; after a failure the rest is rolled back."""
        waiting = self._transactions.pop(transaction).all()
        try:
            while waiting:
                begun = waiting.pop(0)
                try:
                    begun.inner.connector.commit(begun.handle)
                finally:
                    self._given_back(begun.inner)
        finally:
            self._roll_back(waiting)

    def rollback(self, transaction: TransactionHandle) -> None:
        """Each."""
        found = self._transactions.pop(transaction, None)
        if found is not None:
            self._roll_back(found.all())

    def _roll_back(self, waiting: Sequence[_Begun]) -> None:
        with ExitStack() as stack:
            for begun in reversed(waiting):
                stack.callback(self._given_back, begun.inner)
                stack.callback(begun.inner.connector.rollback, begun.handle)

    # rows
    def splits(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        predicate: TupleDomain,
    ) -> Iterable[Split]:
        """As whoever asks sees it."""
        begun = self._transactions[transaction].of(session.identity)
        return begun.inner.connector.splits(begun.handle, session, table, columns, predicate)

    def read(
        self,
        transaction: TransactionHandle,
        session: ConnectorSession,
        table: TableHandle,
        columns: Sequence[ColumnHandle],
        splits: Sequence[Split],
    ) -> PageSource | Sequence[FileScan]:
        """With the credentials of whoever asks."""
        begun = self._transactions[transaction].of(session.identity)
        return begun.inner.connector.read(begun.handle, session, table, columns, splits)

    def page_sink(self, transaction: TransactionHandle, session: ConnectorSession, handle: WriteHandle) -> PageSink:
        """The same."""
        begun = self._transactions[transaction].of(session.identity)
        return begun.inner.connector.page_sink(begun.handle, session, handle)

    # what is the same for all
    def session_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.session_properties()

    def schema_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.schema_properties()

    def table_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.table_properties()

    def column_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.column_properties()

    def materialized_view_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.materialized_view_properties()

    def analyze_properties(self) -> Sequence[PropertyMetadata]:
        """The same for all."""
        return self._first.connector.analyze_properties()

    def table_procedures(self) -> Sequence[TableProcedure]:
        """The same for all."""
        return self._first.connector.table_procedures()

    def table_functions(self) -> Sequence[TableFunction]:
        """The same for all."""
        return self._first.connector.table_functions()

    def functions(self) -> Sequence[ConnectorFunction]:
        """The same for all."""
        return self._first.connector.functions()

    def list_beans(self) -> Iterable[Bean]:
        """Caches of metadata are shared."""
        return self._first.connector.list_beans()

    # what somebody calls
    def procedures(self) -> Sequence[Procedure]:
        """They run for whoever calls."""
        return [replace(one, run=self._running(one.schema, one.name)) for one in self._first.connector.procedures()]

    def _running(self, schema: str, name: str) -> Callable[[ConnectorSession, Mapping[str, Any]], None]:
        def run(session: ConnectorSession, arguments: Mapping[str, Any]) -> None:
            with self.lent(session.identity) as connector:
                wanted = next(one for one in connector.procedures() if (one.schema, one.name) == (schema, name))
                wanted.run(session, arguments)

        return run

    def system_tables(self) -> Sequence[SystemTable]:
        """Rows are made for whoever asks."""
        return [_Table(self, one) for one in self._first.connector.system_tables()]

    def shutdown(self) -> None:
        """All of them."""
        with self._lock:
            inners, self._inners = list(self._inners.values()), OrderedDict()
        for one in inners:
            one.close()


def open_for_identities(
    stores: StoreOpener,
    error: ErrorCode,
    keeper: Identity,
    make: Callable[[FileSystem, FileSystem | None], Connector],
) -> Connector:
    """The connector of a catalog, or one for each standing where who asks decides about credentials.

    `make` gets the files as whoever asks reaches them, and as `keeper` does where that is another way. `error`: the
    code of failures of files.
    """
    if not stores.by_identity:
        return make(stores.open(error), None)

    def standing(identity: Identity) -> Hashable:
        return stores.standing(identity, error), stores.standing(keeper, error)

    def open_one(found: Hashable) -> tuple[Connector, Callable[[], None]]:
        assert isinstance(found, tuple)
        own = stores.open(error, found[1])
        connector = make(stores.open(error, found[0]), own)

        def close() -> None:
            connector.shutdown()
            own.close()

        return connector, close

    return ConnectorByIdentity(standing, open_one, keeper)
