"""One tracked query: its state, its results, and everything that clients and operators may ask of it.

Two threads touch it: the event loop (clients, operators, the tracker) and the worker that runs the statement. Moves of
the state are under a lock; the rest is written by the worker and read by the loop, each field once or growing only.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from lodestar_server.execution.spool.segments import SegmentStore
from lodestar_server.execution.spool.spool import ResultSpool
from lodestar_server.protocol.failure import Failure, failure_of
from lodestar_server.protocol.identifiers import Slugs
from lodestar_server.protocol.requests import StatementRequest
from lodestar_server.query.dispatch.mailbox import Mailbox
from lodestar_server.query.results import OutputColumn, SessionChanges
from lodestar_server.query.state import QueryState, QueryTimeline
from lodestar_server.session import QueryContext, Session
from lodestar_server.spi.errors import LodestarError


class Query:
    """A query from its POST until it is forgotten. Instants are seconds on the monotonic clock."""

    def __init__(
        self,
        request: StatementRequest,
        mailbox: Mailbox,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.request = request
        self.session: Session = request.session
        self.id = request.session.query_id
        self.slugs = Slugs()
        self.created_at: datetime = request.session.start
        self.timeline = QueryTimeline(clock())
        self.last_heartbeat = self.timeline.created
        self.context: QueryContext | None = None
        self.group: tuple[str, ...] = ("global",)
        self.started = False
        """Handed to dispatch: at the first poll, or at its POST."""
        self.early = False
        """Started at its POST, before any poll."""

        self.query_type: str | None = None
        self.update_type: str | None = None
        self.update_count: int | None = None
        self.columns: tuple[OutputColumn, ...] | None = None
        self.spool: ResultSpool | None = None
        self.segments: SegmentStore | None = None
        """Of a result that travels in segments."""
        self.changes: SessionChanges | None = None
        self.complete = False
        """The worker has appended everything and committed."""
        self.failure: Failure | None = None
        self.dispatched = False
        """The statement has been accepted: later errors are told on the executing URIs."""
        self.partially_cancelled = False
        self.stopped = False
        """Its client or an operator ended it."""

        self._clock = clock
        self._mailbox = mailbox
        self._lock = threading.Lock()
        self._waiters: list[asyncio.Future[None]] = []
        self._waiting = False
        self.on_done: Callable[[Query], None] = _nothing

    @property
    def text(self) -> str:
        """The statement as the client wrote it."""
        return self.request.text

    @property
    def state(self) -> QueryState:
        """Where the query is."""
        return self.timeline.state

    @property
    def done(self) -> bool:
        """Finished or failed."""
        return self.timeline.state.done

    @property
    def error(self) -> LodestarError | None:
        """Why it failed."""
        return None if self.failure is None else self.failure.error

    def instant(self, moment: float) -> datetime:
        """A monotonic moment of this query as wall-clock time."""
        return self.created_at + timedelta(seconds=moment - self.timeline.created)

    def heartbeat(self) -> None:
        """Its client has asked."""
        self.last_heartbeat = self._clock()

    # Moves; from any thread.

    def advance(self, state: QueryState) -> bool:
        """Move on; false when that is behind the query. Waiting clients look again."""
        with self._lock:
            moved = self.timeline.advance(state, self._clock())
        if moved:
            if state.done:
                self._ended()
            self.notify()
        return moved

    def fail(self, exception: BaseException) -> bool:
        """End the query with an error; false when it was done. Running work is cancelled."""
        failure = failure_of(exception, self.id)
        with self._lock:
            if self.done:
                return False
            self.failure = failure
            self.timeline.advance(QueryState.FAILED, self._clock())
        if self.context is not None:
            self.context.cancellation.cancel(failure.error)
        self.release()
        self._ended()
        self.notify()
        return True

    def release(self) -> None:
        """Free the rows that wait for the client."""
        if self.spool is not None:
            self.spool.close()
        if self.segments is not None:
            self.segments.close()

    def cancel_partially(self, reason: LodestarError) -> None:
        """Stop the work but keep the rows there are: the query ends as if that had been all."""
        if self.done or self.complete or self.context is None:
            return
        self.partially_cancelled = True
        self.context.cancellation.cancel(reason)

    def mark_dispatched(self) -> None:
        """The statement was accepted."""
        self.dispatched = True
        self.notify()

    def mark_complete(self) -> None:
        """The worker is through; the query is finished when its client has everything."""
        self.complete = True
        if self.spool is None or self.spool.empty or self.update_type is not None:
            # Nothing the client could still lose, or a statement whose effect does not depend on its client.
            self.advance(QueryState.FINISHED)
        self.notify()

    def _ended(self) -> None:
        self._mailbox.post(self.on_done, self)

    # Waiting; on the event loop.

    def notify(self) -> None:
        """Something changed: wake the clients that wait. From any thread."""
        if self._waiting:
            self._mailbox.post(self._wake)

    def _wake(self) -> None:
        self._waiting = False
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait_until(self, ready: Callable[[], bool], deadline: float) -> bool:
        """Sleep until `ready()` or the deadline on the loop's clock; the answer is `ready()` at the end.

        `ready` is asked after announcing the wait, so that no change between asking and sleeping is missed.
        """
        loop = asyncio.get_running_loop()
        while not ready():
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            self._waiting = True
            if ready():
                return True
            remaining = deadline - loop.time()
            if remaining <= 0:
                return False
            timer = loop.call_later(remaining, _expire, waiter)
            try:
                await waiter
            finally:
                timer.cancel()
        return True


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _nothing(query: Query) -> None:
    """Until the manager says what to do at the end."""
