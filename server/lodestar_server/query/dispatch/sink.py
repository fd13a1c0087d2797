"""The worker's side of a query: where the pipeline puts phases, columns, rows and changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa

from lodestar_server.execution.spool.segments import SegmentStore
from lodestar_server.execution.spool.spool import ResultSpool
from lodestar_server.query.dispatch.query import Query
from lodestar_server.query.results import OutputColumn, QueryPhase, RowEncoding, SessionChanges
from lodestar_server.query.state import QueryState
from lodestar_server.session import Capability

_STATES = {
    QueryPhase.PLANNING: QueryState.PLANNING,
    QueryPhase.STARTING: QueryState.STARTING,
    QueryPhase.RUNNING: QueryState.RUNNING,
    QueryPhase.FINISHING: QueryState.FINISHING,
}


class QuerySink:
    """A `ResultSink` for one query; used by its worker thread only. Methods raise once the query was cancelled."""

    def __init__(
        self,
        query: Query,
        make_spool: Callable[[Query], ResultSpool],
        make_segments: Callable[[], SegmentStore],
    ) -> None:
        self._query = query
        self._make_segments = make_segments
        self._make_spool = make_spool
        parametric = Capability.PARAMETRIC_DATETIME in query.session.capabilities
        self.encoding = RowEncoding.JSON_TEXT if parametric else RowEncoding.JSON_TEXT_LEGACY

    @property
    def final_encoding(self) -> RowEncoding:
        """What `encoding` will be for a plain query."""
        return self.encoding if self._query.request.encoding is None else RowEncoding.ARROW

    def enter(self, phase: QueryPhase) -> None:
        """The pipeline has reached a phase. Reaching PLANNING says that the statement is accepted."""
        self._check()
        query = self._query
        if not query.dispatched:
            query.dispatched = True
        if not query.advance(_STATES[phase]):
            query.notify()

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        """What kind of statement it is."""
        self._query.query_type = query_type
        self._query.update_type = update_type

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        """The columns."""
        self._check()
        if columns:
            if spoolable and self._query.request.encoding is not None:
                self.encoding = RowEncoding.ARROW
                self._query.segments = self._make_segments()
            self._query.spool = self._make_spool(self._query)
        self._query.columns = tuple(columns)
        self._query.notify()

    def append(self, batch: pa.RecordBatch) -> None:
        """Rows; blocks while too much is unread."""
        self._check()
        query = self._query
        if query.spool is None:
            query.spool = self._make_spool(query)
        query.spool.append(batch)
        progress = query.context.progress if query.context is not None else None
        if progress is not None:
            progress.output_rows = query.spool.total_rows
            progress.output_bytes = query.spool.total_bytes
        query.notify()

    def update_count(self, count: int | None) -> None:
        """The count of an INSERT, DELETE …"""
        self._query.update_count = count

    def change_session(self, changes: SessionChanges) -> None:
        """Headers for the client."""
        self._query.changes = changes

    def finish(self) -> None:
        """Everything is appended and committed."""
        self._query.mark_complete()

    def _check(self) -> None:
        if self._query.context is not None:
            self._query.context.cancellation.check()
