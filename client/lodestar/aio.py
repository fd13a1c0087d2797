"""The asynchronous twin of PEP 249: the same operations, awaited.

A test holds it to `Connection` and `Cursor`: the same methods with the same arguments.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import weakref
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from lodestar.connection import ConnectionCore
from lodestar.cursor import CursorCore, RowValues
from lodestar.errors import DatabaseError, Error, NotSupportedError, TransportError
from lodestar.protocol.encodings import require_encoding
from lodestar.protocol.operations import Operation, cancel
from lodestar.protocol.statement import Statement
from lodestar.session import ClientSession
from lodestar.settings import ConnectionSettings
from lodestar.transport.asynchronous import AsyncTransport

T = TypeVar("T")


class AsyncConnection:
    """A connection for tasks of one event loop. `async with await aconnect(…)` commits and closes like `Connection`."""

    def __init__(self, settings: ConnectionSettings, *, transport: AsyncTransport | None = None) -> None:
        self._core = ConnectionCore(settings)
        self._transport = transport or AsyncTransport(settings.transport)
        self._cursors: weakref.WeakSet[AsyncCursor] = weakref.WeakSet()
        self._tasks: set[asyncio.Task[None]] = set()
        self._heart: asyncio.Task[None] | None = None
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

    def cursor(self, *, arrow: bool | None = None, wire_values: bool | None = None) -> AsyncCursor:
        """A new cursor; see `Connection.cursor`. Raises: InterfaceError when closed."""
        settings = self._core.settings
        self._core.check_open()
        cursor = AsyncCursor(
            self,
            wire_values=settings.wire_values if wire_values is None else wire_values,
            arrow=settings.arrow if arrow is None else arrow,
        )
        self._cursors.add(cursor)
        return cursor

    async def execute(self, operation: str, parameters: Sequence[Any] | None = None, **options: Any) -> AsyncCursor:
        """A new cursor that has executed a statement."""
        cursor = self.cursor()
        await cursor.execute(operation, parameters, **options)
        return cursor

    async def commit(self) -> None:
        """Commit the transaction, if there is one."""
        self._core.check_open()
        await self.run(self._core.end_transaction("COMMIT"))

    async def rollback(self) -> None:
        """Roll the transaction back, if there is one."""
        self._core.check_open()
        await self.run(self._core.end_transaction("ROLLBACK"))

    async def close(self) -> None:
        """Cancel what runs, roll back, and let go of the sockets."""
        if self._core.closed:
            return
        if self._heart is not None:
            self._heart.cancel()
        await self.cancel_orphans()
        for cursor in self.open_cursors():
            with contextlib.suppress(DatabaseError):
                await cursor.close()
        try:
            with contextlib.suppress(DatabaseError):
                await self.run(self._core.end_transaction("ROLLBACK"))
        finally:
            self._core.closed = True
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self._transport.close()

    async def cancel_orphans(self) -> None:
        """Cancel what nobody can fetch any more."""
        while self.orphans:
            with contextlib.suppress(DatabaseError):
                await self.run(cancel(self.orphans.popleft(), self._core.limits()))

    def open_cursors(self) -> list[AsyncCursor]:
        """Cursors that are in use."""
        return [cursor for cursor in list(self._cursors) if not cursor.closed]

    def watch(self) -> None:
        """A cursor has an unfinished statement: keep it alive."""
        if self._heart is None and self._core.settings.heartbeat_seconds > 0:
            self._heart = asyncio.ensure_future(self._beat_regularly())

    async def beat(self, now: float) -> bool:
        """Ask for every query that was left alone too long (`now` is monotonic); false when there is none to watch."""
        cursors = [one for one in self.open_cursors() if one.unfinished]
        for cursor in cursors:
            if now - cursor.last_contact >= self._core.settings.heartbeat_seconds:
                with contextlib.suppress(DatabaseError):
                    await self.run(cursor.heartbeat())
        return bool(cursors)

    async def _beat_regularly(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._core.settings.heartbeat_seconds / 2)
                if not await self.beat(time.monotonic()):
                    return
        finally:
            self._heart = None

    def cancel_later(self, cursor: AsyncCursor) -> None:
        """Cancel a cursor's statement without waiting: its own task was cancelled."""

        async def end() -> None:
            with contextlib.suppress(Error):
                await self.run(cursor.cancelling())

        task = asyncio.ensure_future(end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self, operation: Operation[T]) -> T:
        """Drive an operation to its end."""
        transport = self._transport
        try:
            effect = next(operation)
            while True:
                try:
                    answer = await transport.perform(effect)
                except TransportError as fault:
                    effect = operation.throw(fault)
                else:
                    effect = operation.send(answer)
        except StopIteration as done:
            result: T = done.value
            return result

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and not self.closed:
                await self.commit()
        finally:
            await self.close()


class AsyncCursor(CursorCore):
    """A cursor for one task; `cancel` may be called by any other."""

    arraysize = 1000

    def __init__(self, connection: AsyncConnection, *, wire_values: bool = False, arrow: bool = False) -> None:
        super().__init__(connection._core, wire_values=wire_values, arrow=arrow)
        self._connection = connection

    async def _run(self, operation: Operation[T]) -> T:
        try:
            return await self._connection.run(operation)
        except asyncio.CancelledError:
            # Nobody waits for the statement any more; the server should not go on.
            self._connection.cancel_later(self)
            raise
        finally:
            if self.unfinished:
                self._connection.watch()

    @property
    def connection(self) -> AsyncConnection:
        """The connection that made this cursor."""
        return self._connection

    async def execute(
        self,
        operation: str,
        parameters: Sequence[Any] | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Self:
        """Run a statement with a value for each question mark; see `Cursor.execute`."""
        await self._connection.cancel_orphans()
        await self._run(self.execution(operation, parameters, timeout))
        return self

    async def executemany(
        self,
        operation: str,
        seq_of_parameters: Iterable[Sequence[Any]],
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Self:
        """Run a statement once for each row of values; see `Cursor.executemany`."""
        await self._run(self.many_execution(operation, seq_of_parameters, timeout))
        return self

    async def fetchone(self) -> RowValues | None:
        """The next row, None after the last."""
        self.check_result()
        row = self.take_row()
        if row is None and await self._run(self.filling()):
            row = self.take_row()
        return row

    async def fetchmany(self, size: int | None = None) -> list[RowValues]:
        """The next `size` rows (`arraysize` without), fewer at the end."""
        self.check_result()
        wanted = self.arraysize if size is None else size
        found = self.take_rows(wanted)
        while len(found) < wanted and await self._run(self.filling()):
            found += self.take_rows(wanted - len(found))
        return found

    async def fetchall(self) -> list[RowValues]:
        """All rows that are left."""
        self.check_result()
        found = self.take_rows()
        while await self._run(self.filling()):
            found += self.take_rows()
        return found

    async def fetch_arrow_batches(self) -> AsyncIterator[Any]:
        """The rows that are left, as Arrow record batches, as they come; see `Cursor.fetch_arrow_batches`."""
        require_encoding("arrow")
        self.check_result()
        while True:
            for batch in self.take_batches():
                yield batch
            if not await self._run(self.filling()):
                return

    async def fetch_arrow_table(self) -> Any:
        """The rows that are left, as one Arrow table."""
        batches = [batch async for batch in self.fetch_arrow_batches()]
        return self.make_table(batches)

    async def fetch_df(self) -> Any:
        """The rows that are left, as a pandas data frame."""
        return (await self.fetch_arrow_table()).to_pandas()

    async def cancel(self) -> None:
        """Cancel the running statement; the task that waits for it gets an OperationalError."""
        await self._run(self.cancelling())

    async def close(self) -> None:
        """Cancel what runs and let go of the rows."""
        if not self.closed:
            self.closed = True
            await self._run(self.forgetting())

    def callproc(self, name: str, parameters: Sequence[Any] | None = None) -> None:
        """Raises: NotSupportedError; procedures are called by `CALL`."""
        raise NotSupportedError("Procedures are called by execute('CALL …')")

    def nextset(self) -> None:
        """None: a statement has one result."""
        return None

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Does nothing, as PEP 249 allows."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Does nothing, as PEP 249 allows."""

    def __del__(self) -> None:
        # Nobody can fetch its rows any more, but here is no place to talk to servers.
        if self.unfinished and self.statement is not None:
            self._connection.orphans.append(self.statement)

    async def __aiter__(self) -> AsyncIterator[RowValues]:
        self.check_result()
        while True:
            for row in self.take_rows():
                yield row
            if not await self._run(self.filling()):
                return

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
