"""What the system catalog may know of the running server: its node, its queries, their tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from lodestar_server.metadata.runtime_source import KillOutcome, NodeInfo, QueryInfo, RuleStats, TaskInfo
from lodestar_server.spi.errors import LodestarError

if TYPE_CHECKING:
    from lodestar_server.protocol.results import StageFigures
    from lodestar_server.query.dispatch.manager import QueryManager
    from lodestar_server.query.dispatch.query import Query

_NANOS_PER_MILLI = 1_000_000


class ServerRuntime:
    """The running server as `metadata.runtime_source.RuntimeSource`. Thread-safe.

    The engine is built before the manager of its queries: until `manager` is set there are none.
    """

    def __init__(self, node: Callable[[], NodeInfo]) -> None:
        self._node = node
        self.manager: QueryManager | None = None

    def list_nodes(self) -> Iterable[NodeInfo]:
        """This node: it does all the work."""
        return (self._node(),)

    def list_queries(self, user: str) -> Iterable[QueryInfo]:
        """Every query that is remembered. Without access control everybody sees them all, as in Trino."""
        if self.manager is None:
            return ()
        now = self.manager.now
        return [_query_info(query, now) for query in self.manager.list_queries()]

    def list_tasks(self, user: str) -> Iterable[TaskInfo]:
        """One task for each stage of these queries."""
        if self.manager is None:
            return ()
        node_id, now = self._node().node_id, self.manager.now
        return [task for query in self.manager.list_queries() for task in _tasks(query, node_id, now)]

    def list_rule_stats(self) -> Iterable[RuleStats]:
        """None are counted."""
        return ()

    def kill_query(self, query_id: str, reason: LodestarError, user: str) -> KillOutcome:
        """End a query with `reason`."""
        query = None if self.manager is None else self.manager.find(query_id)
        if self.manager is None or query is None:
            return KillOutcome.NOT_FOUND
        return KillOutcome.KILLED if self.manager.stop(query, reason) else KillOutcome.NOT_RUNNING


def _query_info(query: Query, now: float) -> QueryInfo:
    timeline, context, error = query.timeline, query.context, query.error
    return QueryInfo(
        query_id=query.id,
        state=query.state.value,
        user=query.session.user,
        source=query.session.source,
        query=query.text,
        resource_group=query.group,
        queued_millis=round(timeline.queued(now) * 1000),
        analysis_millis=0 if context is None else context.progress.analysis_nanos // _NANOS_PER_MILLI,
        planning_millis=0 if context is None else context.progress.planning_nanos // _NANOS_PER_MILLI,
        created=query.created_at,
        started=None if timeline.began is None else query.instant(timeline.began),
        last_heartbeat=query.instant(query.last_heartbeat),
        end=None if timeline.ended is None else query.instant(timeline.ended),
        error_type=None if error is None else error.code.type.value,
        error_code=None if error is None else error.code.name,
    )


def _tasks(query: Query, node_id: str, now: float) -> Iterator[TaskInfo]:
    from lodestar_server.query.dispatch.figures import document_figures

    root = document_figures(query, now, with_rows=False).root_stage
    if root is None or query.context is None:
        return
    progress, timeline = query.context.progress, query.timeline
    created = query.instant(timeline.created + timeline.queued(now))
    ended = None if timeline.ended is None else query.instant(timeline.ended)
    for stage in _flat(root):
        stage_id = f"{query.id}.{stage.stage_id}"
        last = stage is root
        yield TaskInfo(
            node_id=node_id,
            task_id=f"{stage_id}.0.0",
            stage_id=stage_id,
            query_id=query.id,
            state=stage.state,
            splits=stage.total_splits,
            queued_splits=stage.queued_splits,
            running_splits=stage.running_splits,
            completed_splits=stage.completed_splits,
            split_scheduled_millis=stage.wall_millis,
            split_cpu_millis=stage.cpu_millis,
            split_blocked_millis=0,
            raw_input_bytes=stage.physical_input_bytes,
            raw_input_rows=stage.processed_rows,
            processed_input_bytes=stage.processed_bytes,
            processed_input_rows=stage.processed_rows,
            output_bytes=progress.output_bytes if last else stage.processed_bytes,
            output_rows=progress.output_rows if last else stage.processed_rows,
            physical_input_bytes=stage.physical_input_bytes,
            physical_written_bytes=0 if last else progress.physical_written_bytes,
            created=created,
            start=created,
            last_heartbeat=query.instant(now) if ended is None else ended,
            end=ended,
        )


def _flat(stage: StageFigures) -> Iterator[StageFigures]:
    yield stage
    for below in stage.sub_stages:
        yield from _flat(below)
