"""Intake of statements, and the queries of this coordinator: started, found, killed, forgotten.

Intake never loses a query: whatever goes wrong after the id is given out is the failure of a query that can be asked
about. Everything here runs on the event loop, except `_run`, which is a worker thread's life with one query.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from lodestar_server.execution.spool.budget import SpoolBudget, SpoolConfig
from lodestar_server.execution.spool.chunks import arrow_rows, text_rows
from lodestar_server.execution.spool.files import SpoolDirectory
from lodestar_server.execution.spool.segments import SegmentStore
from lodestar_server.execution.spool.spool import ResultSpool
from lodestar_server.observability.memory import release_memory
from lodestar_server.protocol.requests import StatementRequest
from lodestar_server.query.config import QueryConfig
from lodestar_server.query.dispatch.groups import SingleGroup
from lodestar_server.query.dispatch.kinds import may_start_early, statement_hash, statement_kind
from lodestar_server.query.dispatch.mailbox import Mailbox
from lodestar_server.query.dispatch.query import Query
from lodestar_server.query.dispatch.sink import QuerySink
from lodestar_server.query.dispatch.tracker import Attention, QueryHistory, abandoned_error, overdue_error
from lodestar_server.query.dispatch.workers import Workers
from lodestar_server.query.results import ResultSink
from lodestar_server.query.state import QueryState
from lodestar_server.session import QueryContext, Session
from lodestar_server.session.system_properties import SystemProperties
from lodestar_server.session.time_zones import require_zone
from lodestar_server.spi.errors import (
    ADMINISTRATIVELY_KILLED,
    ADMINISTRATIVELY_PREEMPTED,
    GENERIC_INTERNAL_ERROR,
    PERMISSION_DENIED,
    QUERY_TEXT_TOO_LARGE,
    SERVER_SHUTTING_DOWN,
    USER_CANCELED,
    ErrorType,
    LodestarError,
)
from lodestar_server.spi.properties import DataSize

if TYPE_CHECKING:
    # Its module is the whole engine.
    from lodestar_server.query.pipeline import Pipeline

T = TypeVar("T")
log = logging.getLogger(__name__)

TRACKER_SECONDS = 1.0
LOG_SECONDS = 0.02
IDLE_SECONDS = 3.0
"""Without a query for so long, memory that is free goes back to the system."""
_MEMORY_PROPERTIES = ("query_max_memory", "query_max_memory_per_node")
_KEPT_TEXT_LENGTH = 100_000


class AccessChecks:
    """What dispatch asks of access control; without one, nobody may act for somebody else."""

    def check_can_impersonate(self, authenticated: str, user: str) -> None:
        """Raises: LodestarError(PERMISSION_DENIED)."""
        if authenticated != user:
            message = f"Access Denied: User {authenticated} cannot impersonate user {user}"
            raise LodestarError(PERMISSION_DENIED, message)

    def check_can_execute_query(self, session: Session) -> None:
        """Raises: LodestarError(PERMISSION_DENIED)."""


@dataclass(slots=True)
class QuerySettings:
    """What the manager is built from; each has a default that works alone."""

    queries: QueryConfig = field(default_factory=QueryConfig)
    spool: SpoolConfig = field(default_factory=SpoolConfig)
    properties: SystemProperties = field(default_factory=SystemProperties)
    access: AccessChecks = field(default_factory=AccessChecks)
    check_path: Callable[[str], None] = lambda text: None
    """Raises LodestarError for an SQL path that does not parse."""
    server_time_zone: str = "UTC"
    forced_time_zone: str | None = None


class QueryManager:
    """All queries of this coordinator. Make it on the event loop that serves the clients."""

    def __init__(
        self,
        pipeline: Pipeline,
        directory: SpoolDirectory,
        settings: QuerySettings | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or QuerySettings()
        self._pipeline = pipeline
        self._directory = directory
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._mailbox = Mailbox(self._loop)
        queries = self.settings.queries
        self.spool_budget = SpoolBudget(self.settings.spool.memory, self.settings.spool.disk)
        self.groups = SingleGroup(
            min(queries.max_concurrent_queries, queries.worker_threads), queries.max_queued_queries
        )
        self._history = QueryHistory(queries.max_history, queries.min_expire_age)
        self._queries: dict[str, Query] = {}
        self._lingering: dict[str, Query] = {}
        self._workers = Workers(queries.worker_threads, "query")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="spool")
        self._tracker: asyncio.TimerHandle | None = self._loop.call_later(TRACKER_SECONDS, self._tick)
        self._attention = Attention()
        self._due = self._loop.time() + TRACKER_SECONDS
        self._draining = False
        self._one_done = asyncio.Event()
        self.on_completed: list[Callable[[Query], None]] = []
        """Told of every query that is done, on the event loop; must not raise."""
        self.totals = QueryTotals()
        self._unlogged: list[Query] = []
        self._idle_since = clock()
        self._done_at_release = 0

    # Intake.

    def register(self, request: StatementRequest) -> Query:
        """A new query in QUEUED. A read-only statement may start at once."""
        query = Query(request, self._mailbox, clock=self._clock)
        query.on_done = self._done
        self._queries[query.id] = query
        self.totals.submitted += 1
        if len(request.text) > _KEPT_TEXT_LENGTH and len(request.text) > self.settings.queries.max_length:
            self._refuse_length(query)
        elif (
            self.settings.queries.speculative_start
            and not self._draining
            and self.groups.has_room
            and may_start_early(request.text)
        ):
            query.early = True
            self.start(query)
        return query

    def start(self, query: Query) -> None:
        """Hand a query to dispatch; more than once does no harm."""
        if query.started or query.done:
            return
        query.started = True
        try:
            self._prepare(query)
            if self.groups.submit(query):
                self._submit(query)
        except LodestarError as error:
            query.fail(error)
        except Exception as fault:
            self._internal_error(query, fault)

    def _prepare(self, query: Query) -> None:
        """What is checked before a query queues. Raises: LodestarError."""
        settings = self.settings
        if self._draining:
            raise LodestarError(SERVER_SHUTTING_DOWN, "Server is shutting down")
        if len(query.text) > settings.queries.max_length:
            raise _too_long(query, settings.queries.max_length)
        session = query.session
        self._check_identity(session)
        if session.path:
            settings.check_path(session.path)
        settings.properties.validate(session.system_properties)
        query.context = QueryContext(session, self._time_zone(session), self._deadline(query), self._memory(session))

    def _check_identity(self, session: Session) -> None:
        access = self.settings.access
        authenticated = session.identity.principal or session.original_identity.user
        access.check_can_impersonate(authenticated, session.original_identity.user)
        access.check_can_impersonate(session.original_identity.user, session.identity.user)
        access.check_can_execute_query(session)

    def _time_zone(self, session: Session) -> str:
        """What the server forces, else session property, header, the server's zone. Raises: LodestarError."""
        if self.settings.forced_time_zone is not None:
            return require_zone(self.settings.forced_time_zone)
        zone = session.system_properties.get("time_zone_id")
        if zone is not None:
            return require_zone(zone)
        if not session.time_zone:
            raise LodestarError(GENERIC_INTERNAL_ERROR, "Zone id is an empty string")
        return require_zone(session.time_zone)

    def _memory(self, session: Session) -> DataSize | None:
        """What the client allows the query to use on a node; None is what the node allows."""
        properties = self.settings.properties
        given = [name for name in _MEMORY_PROPERTIES if name in session.system_properties]
        return min((properties.value(session, name) for name in given), default=None)

    def _deadline(self, query: Query) -> float:
        limit = float(self.settings.properties.value(query.session, "query_max_run_time"))
        return query.timeline.created + limit

    def _submit(self, query: Query) -> None:
        assert query.context is not None
        query.advance(QueryState.DISPATCHING)
        sink = QuerySink(query, self._make_spool, self._make_segments)
        known = self._pipeline.recall(query.text, query.context, sink.final_encoding)
        if known is None:
            self._workers.submit(self._run, query, sink, self._pipeline.run)
        else:
            # Telling it takes less time than waking a worker.
            self._run(query, sink, lambda text, context, results: known.tell(context, results))

    # The worker.

    def _run(self, query: Query, sink: QuerySink, answer: Callable[[str, QueryContext, ResultSink], None]) -> None:
        """A worker thread's life with one query. Never raises."""
        assert query.context is not None
        try:
            if query.done:
                return
            answer(query.text, query.context, sink)
            if not query.complete and not query.done:
                message = "The statement ended without a result"
                query.fail(LodestarError(GENERIC_INTERNAL_ERROR, message))
        except LodestarError as error:
            if query.partially_cancelled and query.columns is not None:
                query.mark_complete()
            elif error.code.type is ErrorType.INTERNAL and error.__cause__ is not None and not query.done:
                self._internal_error(query, error)
            else:
                query.fail(error)
        except BaseException as fault:
            self._internal_error(query, fault)
        finally:
            self._mailbox.post(self._leave_group, query)

    def _make_spool(self, query: Query) -> ResultSpool:
        assert query.context is not None
        config = self.settings.spool
        return ResultSpool(
            self.spool_budget,
            self._directory,
            memory_limit=config.memory_per_query,
            patience=config.patience,
            check=query.context.cancellation.check,
            clock=self._clock,
            read_rows=text_rows if query.segments is None else arrow_rows,
        )

    def _make_segments(self) -> SegmentStore:
        limit = self.settings.spool.memory_per_query
        return SegmentStore(self.spool_budget, self._directory, memory_limit=limit)

    def _internal_error(self, query: Query, fault: BaseException) -> None:
        # The client is told no more than that it was one; what happened has to be somewhere.
        log.error("query failed inside", exc_info=fault, extra={"query_id": query.id})
        query.fail(fault)

    def _leave_group(self, query: Query) -> None:
        for waiting in self.groups.finished(query):
            self._submit(waiting)

    # Questions and commands.

    def find(self, query_id: str) -> Query | None:
        """The query of this id while it is remembered."""
        return self._queries.get(query_id)

    def find_segments(self, query_id: str) -> Query | None:
        """The query of this id while it is remembered, or has segments that its client has not acknowledged."""
        return self._queries.get(query_id) or self._lingering.get(query_id)

    @property
    def now(self) -> float:
        """The monotonic clock of the queries."""
        return self._clock()

    @property
    def remembered(self) -> int:
        """How many queries there are, done ones included."""
        return len(self._queries)

    def list_queries(self) -> list[Query]:
        """All queries that are remembered, oldest first."""
        return list(self._queries.values())

    def cancel(self, query: Query) -> None:
        """Its client does not want it any more."""
        self.stop(query, LodestarError(USER_CANCELED, "Query was canceled"))

    def kill(self, query: Query, message: str | None, *, preempted: bool = False) -> bool:
        """An operator stops it; false when it was done."""
        code, verb = (ADMINISTRATIVELY_PREEMPTED, "preempted") if preempted else (ADMINISTRATIVELY_KILLED, "killed")
        told = f"Message: {message}" if message else "No message provided."
        return self.stop(query, LodestarError(code, f"Query {verb}. {told}"))

    def stop(self, query: Query, reason: LodestarError) -> bool:
        """Somebody stops it with an error of theirs; false when it was done. From any thread."""
        query.stopped = not query.done
        return query.fail(reason)

    async def read_blocking(self, action: Callable[[], T]) -> T:
        """Run a short blocking read (a spool file) off the event loop."""
        return await self._loop.run_in_executor(self._readers, action)

    # The end.

    def _done(self, query: Query) -> None:
        """On the loop, when a query is finished or failed."""
        if query.timeline.entered(QueryState.DISPATCHING) is None:
            # It may have waited in its group. One that runs leaves when its worker is back.
            self._leave_group(query)
        self.totals.count(query)
        self._one_done.set()
        for query_id in self._history.remember(query.id, self._clock()):
            self._forget(query_id)
        # The line is written after the answer: its client waits for this very moment.
        self._unlogged.append(query)
        if len(self._unlogged) == 1:
            self._loop.call_later(LOG_SECONDS, self._write_log)
        for told in self.on_completed:
            told(query)

    def _write_log(self) -> None:
        unlogged, self._unlogged = self._unlogged, []
        for query in unlogged:
            _log_completed(query)

    def _forget(self, query_id: str) -> None:
        query = self._queries.pop(query_id, None)
        if query is None:
            return
        if query.segments is not None and query.segments.waiting:
            # It is over, but its client has yet to fetch what it was told of.
            self._lingering[query_id] = query
        else:
            query.release()

    def _tick(self) -> None:
        late = self._loop.time() - self._due
        if late > TRACKER_SECONDS:
            self._attention.missed(self._clock(), late)
            log.warning("the event loop was %.1f s late: the machine has more to do than it can", late)
        try:
            self.track()
        finally:
            if self._tracker is not None:
                self._due = self._loop.time() + TRACKER_SECONDS
                self._tracker = self._loop.call_later(TRACKER_SECONDS, self._tick)

    def track(self) -> None:
        """What time has done: abandon, enforce limits, forget. Once a second."""
        now = self._clock()
        for query in list(self._queries.values()):
            if not query.done:
                self._enforce(query, now)
        for query_id in self._history.expire(now):
            self._forget(query_id)
        for query_id, query in list(self._lingering.items()):
            left_alone = self._attention.since(query.last_heartbeat, now) > self.settings.queries.client_timeout
            if left_alone or query.segments is None or not query.segments.waiting:
                del self._lingering[query_id]
                query.release()
        self._give_back_memory(now)

    def _give_back_memory(self, now: float) -> None:
        """Once after each time of work, when nothing has run for a while."""
        if self.totals.done == self._done_at_release or any(not query.done for query in self._queries.values()):
            self._idle_since = now
        elif now - self._idle_since >= IDLE_SECONDS:
            self._done_at_release = self.totals.done
            self._loop.run_in_executor(self._readers, release_memory)

    def _enforce(self, query: Query, now: float) -> None:
        timeout = self.settings.queries.client_timeout
        if self._attention.since(query.last_heartbeat, now) > timeout:
            query.fail(abandoned_error(query, now))
            return
        error = overdue_error(query, self.settings.properties, now) if query.context is not None else None
        if error is not None:
            query.fail(error)

    def drain(self) -> None:
        """Take no new queries; running ones go on."""
        self._draining = True

    @property
    def running_count(self) -> int:
        """Queries that have been started and are not done."""
        waiting = (QueryState.QUEUED, QueryState.WAITING_FOR_RESOURCES)
        return sum(query.state not in waiting for query in self.active)

    @property
    def active(self) -> list[Query]:
        """Queries that are not done."""
        return [query for query in self._queries.values() if not query.done]

    async def wait_idle(self, seconds: float, at_once: asyncio.Event) -> None:
        """Wait until no query is active, at most so long, or until `at_once` is set."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        stop = asyncio.ensure_future(at_once.wait())
        try:
            while self.active and not stop.done() and loop.time() < end:
                self._one_done.clear()
                done = asyncio.ensure_future(self._one_done.wait())
                await asyncio.wait((done, stop), timeout=end - loop.time(), return_when=asyncio.FIRST_COMPLETED)
                done.cancel()
        finally:
            stop.cancel()

    async def close(self) -> None:
        """Fail what is left and stop the threads."""
        self._draining = True
        if self._tracker is not None:
            self._tracker.cancel()
            self._tracker = None
        for query in self.active:
            query.fail(LodestarError(SERVER_SHUTTING_DOWN, "Server is shutting down"))
        # What was failed just now is told by the mailbox's next delivery; what came before is written here.
        self._write_log()
        # Workers that do not heed their cancellation must not hold up the end.
        self._workers.stop()
        self._readers.shutdown(wait=False)
        for query in (*self._queries.values(), *self._lingering.values()):
            query.release()
        self._directory.remove()

    def join_threads(self, seconds: float) -> bool:
        """After `close`, from a thread: wait until no statement is being worked on; false when some still are."""
        return self._workers.join(seconds)

    def _refuse_length(self, query: Query) -> None:
        """Fail a text that is far too long at once, so that it need not be kept."""
        query.started = True
        query.fail(_too_long(query, self.settings.queries.max_length))
        query.request = StatementRequest(
            query.text[:_KEPT_TEXT_LENGTH], query.session, query.request.capabilities, query.request.tags
        )


@dataclass(slots=True)
class QueryTotals:
    """Counters since the start, for metrics and the UI."""

    submitted: int = 0
    finished: int = 0
    failed: int = 0
    input_rows: int = 0
    input_bytes: int = 0
    cpu_nanos: int = 0
    by_error_type: dict[str, int] = field(default_factory=dict)

    @property
    def done(self) -> int:
        """Queries that have ended."""
        return self.finished + self.failed

    def failed_with(self, type_: ErrorType) -> int:
        """Queries that failed with an error of this type."""
        return self.by_error_type.get(type_.value, 0)

    def count(self, query: Query) -> None:
        """A query is done."""
        if query.failure is None:
            self.finished += 1
        else:
            self.failed += 1
            name = query.failure.code.type.value
            self.by_error_type[name] = self.by_error_type.get(name, 0) + 1
        if query.context is not None:
            progress = query.context.progress
            self.input_rows += progress.processed_rows
            self.input_bytes += progress.processed_bytes
            self.cpu_nanos += progress.cpu_nanos


def _too_long(query: Query, limit: int) -> LodestarError:
    message = f"Query text length ({len(query.text)}) exceeds the maximum length ({limit})"
    return LodestarError(QUERY_TEXT_TOO_LARGE, message)


def _log_completed(query: Query) -> None:
    """One line per query. No literals: a statement is its first word and a hash."""
    if not log.isEnabledFor(logging.INFO):
        return
    now = query.timeline.ended or query.timeline.created
    facts: dict[str, object] = {
        "query_id": query.id,
        "user": query.session.user,
        "source": query.session.source,
        "state": query.state.value,
        "kind": statement_kind(query.text),
        "statement": statement_hash(query.text),
        "elapsed_ms": round(query.timeline.elapsed(now) * 1000),
        "rows": 0 if query.spool is None else query.spool.total_rows,
    }
    if query.failure is not None:
        facts["error"] = query.failure.code.name
    log.info("query completed", extra=facts)
    if log.isEnabledFor(logging.DEBUG):
        log.debug("statement", extra={"query_id": query.id, "text": query.text})
