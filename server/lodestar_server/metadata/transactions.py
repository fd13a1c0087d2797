"""Engine transactions: one per statement (autocommit) or START TRANSACTION … COMMIT, over the catalogs they touch.

A connector's transaction begins with the first use of its catalog. What ends a transaction, and with which words:

| state | statement | COMMIT | ROLLBACK |
|---|---|---|---|
| active | runs | commits | rolls back |
| failed (by a statement) | TRANSACTION_ALREADY_ABORTED | TRANSACTION_ALREADY_ABORTED, then unknown | ends it |
| unknown (ended, expired) | UNKNOWN_TRANSACTION | UNKNOWN_TRANSACTION | succeeds |
| none | autocommit | NOT_IN_TRANSACTION | NOT_IN_TRANSACTION |

Source: the recorded scripts of Trino 476.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from types import TracebackType

from lodestar_server.metadata.catalogs import Catalog, CatalogManager
from lodestar_server.spi.connector import Connector, ConnectorMetadata
from lodestar_server.spi.errors import (
    AUTOCOMMIT_WRITE_CONFLICT,
    INCOMPATIBLE_CLIENT,
    MULTI_CATALOG_WRITE_CONFLICT,
    NOT_IN_TRANSACTION,
    NOT_SUPPORTED,
    READ_ONLY_VIOLATION,
    TRANSACTION_ALREADY_ABORTED,
    UNKNOWN_TRANSACTION,
    LodestarError,
)
from lodestar_server.spi.handles import TransactionHandle
from lodestar_server.spi.values import frozen

DEFAULT_ISOLATION = "READ UNCOMMITTED"

_log = logging.getLogger(__name__)


class TransactionState(Enum):
    """Where a transaction is."""

    ACTIVE = "ACTIVE"
    FAILED = "FAILED"
    ENDED = "ENDED"


@dataclass(eq=False, slots=True)
class CatalogTransaction:
    """A catalog inside a transaction."""

    catalog: Catalog
    handle: TransactionHandle
    metadata: ConnectorMetadata

    @property
    def connector(self) -> Connector:
        """The catalog's connector."""
        return self.catalog.connector


@frozen
class TransactionInfo:
    """A row of system.runtime.transactions. `idle_seconds` 0 while a statement runs."""

    transaction_id: str
    isolation: str
    read_only: bool
    autocommit: bool
    created: datetime
    idle_seconds: int
    written_catalog: str | None
    catalogs: tuple[str, ...]


class Transaction:
    """One transaction. Thread-safe: workers of one query share it."""

    def __init__(
        self, catalogs: CatalogManager, *, isolation: str, read_only: bool, autocommit: bool, now: Callable[[], float]
    ) -> None:
        self.transaction_id = str(uuid.uuid4())
        self.isolation = isolation
        self.read_only = read_only
        self.autocommit = autocommit
        self.created = datetime.now(UTC)
        self.state = TransactionState.ACTIVE
        self._catalogs = catalogs
        self._now = now
        self._lock = threading.RLock()
        self._begun: dict[str, CatalogTransaction] = {}
        self._written: str | None = None
        self._idle_since: float | None = None

    def find_catalog(self, name: str) -> Catalog | None:
        """The catalog as this transaction sees it: once used it stays, even when it is dropped meanwhile."""
        begun = self._begun.get(name)
        return self._catalogs.find(name) if begun is None else begun.catalog

    def require_catalog(self, name: str) -> Catalog:
        """Raises: CATALOG_NOT_FOUND, CATALOG_NOT_AVAILABLE."""
        begun = self._begun.get(name)
        return self._catalogs.require(name) if begun is None else begun.catalog

    def enter(self, name: str) -> CatalogTransaction:
        """The catalog's transaction, begun now when this is the first use.

        Raises: CATALOG_NOT_FOUND; UNSUPPORTED_ISOLATION_LEVEL.
        """
        begun = self._begun.get(name)
        if begun is not None:
            return begun
        with self._lock:
            begun = self._begun.get(name)
            if begun is None:
                self.check_active()
                catalog = self._catalogs.require(name)
                handle = catalog.connector.begin_transaction(self.isolation, self.read_only, self.autocommit)
                begun = CatalogTransaction(catalog, handle, catalog.connector.metadata(handle))
                self._catalogs.acquire(catalog)
                self._begun[name] = begun
        return begun

    def check_write(self, name: str) -> CatalogTransaction:
        """The catalog's transaction, for changing it.

        Raises: READ_ONLY_VIOLATION, MULTI_CATALOG_WRITE_CONFLICT, AUTOCOMMIT_WRITE_CONFLICT.
        """
        begun = self.enter(name)
        with self._lock:
            if self.read_only:
                raise LodestarError(READ_ONLY_VIOLATION, "Cannot execute write in a read-only transaction")
            if self._written not in (None, name):
                raise LodestarError(
                    MULTI_CATALOG_WRITE_CONFLICT,
                    "Multi-catalog writes not supported in a single transaction. "
                    f"Already wrote to catalog {self._written}",
                )
            if begun.connector.single_statement_writes and not self.autocommit:
                raise LodestarError(AUTOCOMMIT_WRITE_CONFLICT, f"Catalog only supports writes using autocommit: {name}")
            self._written = name
        return begun

    def check_active(self) -> None:
        """Raises: TRANSACTION_ALREADY_ABORTED after a failure."""
        if self.state is TransactionState.FAILED:
            raise LodestarError(
                TRANSACTION_ALREADY_ABORTED,
                "Current transaction is aborted, commands ignored until end of transaction block",
            )

    def set_idle(self, idle: bool) -> None:
        """Between two statements the transaction is idle."""
        self._idle_since = self._now() if idle else None

    def idle_seconds(self) -> float:
        """How long no statement has run in it."""
        since = self._idle_since
        return 0.0 if since is None else self._now() - since

    @property
    def info(self) -> TransactionInfo:
        """What system.runtime.transactions shows."""
        return TransactionInfo(
            self.transaction_id,
            self.isolation,
            self.read_only,
            self.autocommit,
            self.created,
            int(self.idle_seconds()),
            self._written,
            tuple(sorted(self._begun)),
        )

    def commit(self) -> None:
        """Commit what was only read first, what was written last. A failing write rolls back and raises."""
        with self._lock:
            self._end(TransactionState.ENDED)
            order = sorted(self._begun.values(), key=lambda one: one.catalog.name == self._written)
            try:
                for i, one in enumerate(order):
                    try:
                        one.connector.commit(one.handle)
                    except BaseException:
                        self._roll_back(order[i + 1 :])
                        raise
            finally:
                self._leave()

    def roll_back(self, *, failed: bool = False) -> None:
        """Undo everything, once; `failed` keeps the transaction as one that waits for its ROLLBACK. Never raises."""
        with self._lock:
            if self.state is TransactionState.ACTIVE:
                self._roll_back(list(self._begun.values()))
                self._leave()
            self._end(TransactionState.FAILED if failed else TransactionState.ENDED)

    def _roll_back(self, order: list[CatalogTransaction]) -> None:
        for one in order:
            try:
                one.connector.rollback(one.handle)
            except Exception:  # the statement's own error is the one to tell
                _log.exception("rollback in catalog %s failed", one.catalog.name)

    def _end(self, state: TransactionState) -> None:
        self.state = state

    def _leave(self) -> None:
        for one in self._begun.values():
            self._catalogs.release(one.catalog)
        self._begun = {}


class TransactionManager:
    """The transactions of this server. Thread-safe."""

    def __init__(self, catalogs: CatalogManager, *, now: Callable[[], float] = time.monotonic) -> None:
        self._catalogs = catalogs
        self._now = now
        self._lock = threading.Lock()
        self._transactions: dict[str, Transaction] = {}

    def start(
        self,
        current: str | None,
        *,
        isolation: str = DEFAULT_ISOLATION,
        read_only: bool = False,
        client_supports_transactions: bool = True,
    ) -> Transaction:
        """START TRANSACTION; `current` is the session's transaction id.

        Raises: INCOMPATIBLE_CLIENT; NOT_SUPPORTED inside another transaction.
        """
        if not client_supports_transactions:
            raise LodestarError(INCOMPATIBLE_CLIENT, "Client does not support transactions")
        if current is not None:
            raise LodestarError(NOT_SUPPORTED, "Nested transactions not supported")
        return self._begin(isolation, read_only, autocommit=False)

    def commit(self, current: str | None) -> None:
        """COMMIT. Raises: NOT_IN_TRANSACTION, UNKNOWN_TRANSACTION, TRANSACTION_ALREADY_ABORTED, the connector's."""
        transaction = self._take(current)
        if transaction is None:
            raise _unknown(current)
        if transaction.state is TransactionState.FAILED:
            raise LodestarError(TRANSACTION_ALREADY_ABORTED, "Current transaction has already been aborted")
        transaction.commit()

    def roll_back(self, current: str | None) -> None:
        """ROLLBACK; succeeds for one that is gone already. Raises: NOT_IN_TRANSACTION."""
        transaction = self._take(current)
        if transaction is not None:
            transaction.roll_back()

    def statement(self, current: str | None) -> StatementTransaction:
        """The transaction for one statement, as a context manager.

        `with manager.statement(session.transaction_id) as transaction:` commits or rolls back an autocommit
        transaction at the end; in an explicit one an exception makes the transaction fail.
        Raises: UNKNOWN_TRANSACTION, TRANSACTION_ALREADY_ABORTED.
        """
        if current is None:
            return StatementTransaction(self, self._begin(DEFAULT_ISOLATION, False, autocommit=True))
        transaction = self._transactions.get(current)
        if transaction is None:
            raise _unknown(current)
        transaction.check_active()
        transaction.set_idle(False)
        return StatementTransaction(self, transaction)

    def fail(self, current: str | None) -> None:
        """A statement failed outside `statement` (a nested START, a COMMIT inside EXECUTE …): same consequence."""
        transaction = None if current is None else self._transactions.get(current)
        if transaction is not None:
            transaction.roll_back(failed=True)

    def finish(self, transaction: Transaction, *, failed: bool) -> None:
        """A statement is done."""
        if transaction.autocommit:
            with self._lock:
                self._transactions.pop(transaction.transaction_id, None)
            if failed:
                transaction.roll_back()
            else:
                transaction.commit()
        else:
            if failed:
                transaction.roll_back(failed=True)
            transaction.set_idle(True)

    def expire(self, idle_timeout: float) -> int:
        """Roll back transactions that have been idle for longer; the number of them."""
        with self._lock:
            old = [one for one in self._transactions.values() if one.idle_seconds() > idle_timeout]
            for one in old:
                del self._transactions[one.transaction_id]
        for one in old:
            _log.info("transaction %s expired", one.transaction_id)
            one.roll_back()
        return len(old)

    def list_transactions(self) -> list[TransactionInfo]:
        """For system.runtime.transactions."""
        with self._lock:
            transactions = list(self._transactions.values())
        return [one.info for one in transactions]

    def _begin(self, isolation: str, read_only: bool, *, autocommit: bool) -> Transaction:
        transaction = Transaction(
            self._catalogs, isolation=isolation, read_only=read_only, autocommit=autocommit, now=self._now
        )
        if not autocommit:
            transaction.set_idle(True)
        with self._lock:
            self._transactions[transaction.transaction_id] = transaction
        return transaction

    def _take(self, current: str | None) -> Transaction | None:
        if current is None:
            raise LodestarError(NOT_IN_TRANSACTION, "No transaction in progress")
        with self._lock:
            return self._transactions.pop(current, None)


class StatementTransaction:
    """The context manager of `TransactionManager.statement`."""

    __slots__ = ("_manager", "transaction")

    def __init__(self, manager: TransactionManager, transaction: Transaction) -> None:
        self._manager = manager
        self.transaction = transaction

    def __enter__(self) -> Transaction:
        return self.transaction

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._manager.finish(self.transaction, failed=error is not None)


def _unknown(transaction_id: str | None) -> LodestarError:
    return LodestarError(
        UNKNOWN_TRANSACTION,
        f"Unknown transaction ID: {transaction_id}. Possibly expired? Commands ignored until end of transaction block",
    )
