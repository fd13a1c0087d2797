"""Connections: a session with a server, and the transactions in it."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from lodestar.errors import DatabaseError, InterfaceError, TransportError
from lodestar.heartbeats import Heartbeats
from lodestar.protocol.documents import PageData
from lodestar.protocol.messages import HttpResponse, header_lines
from lodestar.protocol.operations import Limits, Operation, advance, cancel, start
from lodestar.protocol.statement import RequestHeaders, Statement
from lodestar.session import RESULT_AT_ONCE, ClientSession, apply_headers, session_headers
from lodestar.settings import ISOLATION_LEVELS, ConnectionSettings
from lodestar.transport.blocking import BlockingTransport
from lodestar.version import VERSION

if TYPE_CHECKING:
    from lodestar.cursor import Cursor

T = TypeVar("T")


class ConnectionCore:
    """What both kinds of connections are: settings, the session, and operations on it. No I/O."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self.settings = settings
        self.session = settings.session
        self.isolation_level = settings.isolation_level
        self.closed = False
        self._lock = threading.Lock()
        self._formatted: tuple[ClientSession, list[tuple[str, str]], RequestHeaders] | None = None
        encoding = "gzip" if settings.compression else "identity"
        self._common = [
            ("User-Agent", f"lodestar-python/{VERSION}"),
            ("Accept-Encoding", encoding),
            ("Accept", "application/json"),
        ]

    def request_headers(
        self,
        encodings: Sequence[str] | None = None,
        prepared: Mapping[str, str] | None = None,
        *,
        at_once: bool = False,
    ) -> RequestHeaders:
        """The header lines of a statement in the session as it is now. Raises: InterfaceError.

        `encodings` is what this statement offers instead of the connection, `prepared` are statements of its own.
        `at_once`: its POST may be answered with the result.
        """
        auth = [] if self.settings.auth is None else self.settings.auth.headers()
        formatted = self._formatted
        offered = self.settings.encodings if encodings is None else encodings
        usual = encodings is None and not prepared and at_once
        if usual and formatted is not None and formatted[0] is self.session and formatted[1] == auth:
            return formatted[2]
        session = self.session
        if prepared:
            session = replace(session, prepared={**session.prepared, **prepared})
        if at_once:
            session = replace(session, capabilities=(*session.capabilities, RESULT_AT_ONCE))
        own = [*auth, *self.settings.http_headers]
        statement = [*self._common, ("Content-Type", "text/plain; charset=utf-8"), *own, *session_headers(session)]
        if offered:
            statement.append(("X-Trino-Query-Data-Encoding", ",".join(offered)))
        poll = [*self._common, *own, *(("X-Trino-User", one) for one in (session.user,) if one)]
        headers = RequestHeaders(header_lines(statement), header_lines(poll), header_lines(self._common))
        if usual:
            self._formatted = self.session, auth, headers
        return headers

    def apply(self, response: HttpResponse) -> None:
        """Take over what a response changes in the session."""
        with self._lock:
            self.session = apply_headers(self.session, response.headers)

    def limits(self, seconds: float | None = None) -> Limits:
        """How patient an operation is that may take `seconds` in all."""
        deadline = None if seconds is None else time.monotonic() + seconds
        return Limits(self.settings.retries, self.settings.transport.request_seconds, time.monotonic, deadline)

    def run_quietly(self, text: str, limits: Limits) -> Operation[None]:
        """A statement without rows, to its end."""
        statement = Statement(self.settings.origin, text, self.request_headers(()))
        yield from start(statement, limits, self.apply)
        while not statement.done:
            data: PageData | None = yield from advance(statement, limits, self.apply)
            del data

    def begin_lazily(self, limits: Limits) -> Operation[None]:
        """Start a transaction unless there is one or none is wanted."""
        if self.isolation_level is None or self.session.transaction_id is not None:
            return
        access = "READ ONLY" if self.settings.read_only else "READ WRITE"
        yield from self.run_quietly(f"START TRANSACTION ISOLATION LEVEL {self.isolation_level}, {access}", limits)

    def end_transaction(self, word: str) -> Operation[None]:
        """COMMIT or ROLLBACK, if there is a transaction."""
        if self.session.transaction_id is None:
            return
        try:
            yield from self.run_quietly(word, self.limits())
        except DatabaseError as fault:
            gone = fault.error_name in ("UNKNOWN_TRANSACTION", "NOT_IN_TRANSACTION")
            if gone or word == "ROLLBACK":
                self._forget_transaction()
            if not (gone and word == "ROLLBACK"):
                raise

    def _forget_transaction(self) -> None:
        with self._lock:
            self.session = apply_headers(self.session, [("x-trino-clear-transaction-id", "true")])

    def set_isolation_level(self, level: str | None) -> None:
        """Raises: InterfaceError inside a transaction or for an unknown level."""
        wanted = None if level is None or level.upper() == "AUTOCOMMIT" else level.upper().replace("_", " ")
        if wanted is not None and wanted not in ISOLATION_LEVELS:
            raise InterfaceError(f"Unknown isolation level: {level}")
        if wanted != self.isolation_level and self.session.transaction_id is not None:
            raise InterfaceError("A transaction is in progress: commit or roll back first")
        self.isolation_level = wanted

    def check_open(self) -> None:
        """Raises: InterfaceError."""
        if self.closed:
            raise InterfaceError("The connection is closed")


class Connection:
    """A connection of PEP 249. Threads may share it; each should have a cursor of its own.

    Nothing is sent before the first statement. `with connect(…) as connection` commits (rolls back after an
    exception) and closes.
    """

    from lodestar.errors import (
        DatabaseError,
        DataError,
        Error,
        IntegrityError,
        InterfaceError,
        InternalError,
        NotSupportedError,
        OperationalError,
        ProgrammingError,
        Warning,
    )

    def __init__(self, settings: ConnectionSettings, *, transport: BlockingTransport | None = None) -> None:
        self._core = ConnectionCore(settings)
        self._transport = transport or BlockingTransport(settings.transport)
        self._cursors: weakref.WeakSet[Cursor] = weakref.WeakSet()
        self._heartbeats = Heartbeats(self, settings.heartbeat_seconds)
        self.orphans: deque[Statement] = deque()
        """Unfinished statements whose cursors nobody holds any more; they are cancelled with the next one."""

    @property
    def session(self) -> ClientSession:
        """The session as the server's answers left it."""
        return self._core.session

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._core.closed

    @property
    def autocommit(self) -> bool:
        """Whether every statement is a transaction of its own."""
        return self._core.isolation_level is None

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        self._core.set_isolation_level(None if value else self._core.isolation_level or "READ UNCOMMITTED")

    @property
    def isolation_level(self) -> str:
        """`AUTOCOMMIT`, or the level of transactions, which begin with the next statement."""
        return self._core.isolation_level or "AUTOCOMMIT"

    @isolation_level.setter
    def isolation_level(self, value: str | None) -> None:
        self._core.set_isolation_level(value)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self._core.session.transaction_id is not None

    def cursor(self, *, arrow: bool | None = None, wire_values: bool | None = None) -> Cursor:
        """A new cursor. `arrow=True`: ask the server for Arrow, `wire_values=True`: rows as the JSON has them.

        Without them as the connection was told. Raises: InterfaceError when closed.
        """
        from lodestar.cursor import Cursor

        settings = self._core.settings
        self._core.check_open()
        self.cancel_orphans()
        cursor = Cursor(
            self,
            wire_values=settings.wire_values if wire_values is None else wire_values,
            arrow=settings.arrow if arrow is None else arrow,
        )
        self._cursors.add(cursor)
        return cursor

    def execute(self, operation: str, parameters: Sequence[Any] | None = None, **options: Any) -> Cursor:
        """A new cursor that has executed a statement."""
        cursor = self.cursor()
        cursor.execute(operation, parameters, **options)
        return cursor

    def commit(self) -> None:
        """Commit the transaction, if there is one."""
        self._core.check_open()
        self.run(self._core.end_transaction("COMMIT"))

    def rollback(self) -> None:
        """Roll the transaction back, if there is one."""
        self._core.check_open()
        self.run(self._core.end_transaction("ROLLBACK"))

    def close(self) -> None:
        """Cancel what runs, roll back, and let go of the sockets."""
        if self._core.closed:
            return
        self._heartbeats.stop()
        self.cancel_orphans()
        for cursor in self.open_cursors():
            with contextlib.suppress(DatabaseError):
                cursor.close()
        try:
            with contextlib.suppress(DatabaseError):
                self.run(self._core.end_transaction("ROLLBACK"))
        finally:
            self._core.closed = True
            self._transport.close()

    def cancel_orphans(self) -> None:
        """Cancel what nobody can fetch any more."""
        while self.orphans:
            with contextlib.suppress(DatabaseError):
                self.run(cancel(self.orphans.popleft(), self._core.limits()))

    def open_cursors(self) -> list[Cursor]:
        """Cursors that are in use."""
        return [cursor for cursor in list(self._cursors) if not cursor.closed]

    def watch(self) -> None:
        """A cursor has an unfinished statement: keep it alive."""
        self._heartbeats.watch()

    def run(self, operation: Operation[T]) -> T:
        """Drive an operation to its end."""
        transport = self._transport
        try:
            effect = next(operation)
            while True:
                try:
                    answer = transport.perform(effect)
                except TransportError as fault:
                    effect = operation.throw(fault)
                else:
                    effect = operation.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self.closed:
                self.commit()
        finally:
            self.close()
