"""What the system catalog asks of the rooms above: nodes, queries, tasks; killing a query.

The query room implements it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol

from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen


@frozen
class NodeInfo:
    """A row of system.runtime.nodes; `state` in lower case: active, shutting_down …"""

    node_id: str
    http_uri: str
    node_version: str
    coordinator: bool
    state: str


@frozen
class QueryInfo:
    """A row of system.runtime.queries. Times are aware; None when not reached. `error_code` is the code's name."""

    query_id: str
    state: str
    user: str
    source: str | None
    query: str
    resource_group: tuple[str, ...] | None
    queued_millis: int
    analysis_millis: int
    planning_millis: int
    created: datetime
    started: datetime | None
    last_heartbeat: datetime | None
    end: datetime | None
    error_type: str | None = None
    error_code: str | None = None


@frozen
class TaskInfo:
    """A row of system.runtime.tasks."""

    node_id: str
    task_id: str
    stage_id: str
    query_id: str
    state: str
    splits: int
    queued_splits: int
    running_splits: int
    completed_splits: int
    split_scheduled_millis: int
    split_cpu_millis: int
    split_blocked_millis: int
    raw_input_bytes: int
    raw_input_rows: int
    processed_input_bytes: int
    processed_input_rows: int
    output_bytes: int
    output_rows: int
    physical_input_bytes: int
    physical_written_bytes: int
    created: datetime | None
    start: datetime | None
    last_heartbeat: datetime | None
    end: datetime | None


@frozen
class RuleStats:
    """A row of system.runtime.optimizer_rule_stats. Times in nanoseconds; `percentiles`: fraction → time."""

    rule_name: str
    invocations: int
    matches: int
    failures: int
    average_time: float
    percentiles: Mapping[float, float]


class KillOutcome(Enum):
    """What became of an attempt to kill a query."""

    KILLED = "KILLED"
    NOT_FOUND = "NOT_FOUND"
    NOT_RUNNING = "NOT_RUNNING"


class RuntimeSource(Protocol):
    """The running server. Thread-safe. Only what `user` may see is listed."""

    def list_nodes(self) -> Iterable[NodeInfo]:
        """Every node of the cluster."""
        ...

    def list_queries(self, user: str) -> Iterable[QueryInfo]:
        """Running queries and the history."""
        ...

    def list_tasks(self, user: str) -> Iterable[TaskInfo]:
        """Tasks of the queries in `list_queries`."""
        ...

    def list_rule_stats(self) -> Iterable[RuleStats]:
        """The optimizer's rules since the start."""
        ...

    def kill_query(self, query_id: str, reason: LodestarError, user: str) -> KillOutcome:
        """End a query with this error. Raises: PERMISSION_DENIED."""
        ...


class IdleRuntime:
    """A server without queries: the default, for tools and tests."""

    def __init__(self, nodes: Iterable[NodeInfo] = ()) -> None:
        self._nodes = tuple(nodes)

    def list_nodes(self) -> Iterable[NodeInfo]:
        """The given ones."""
        return self._nodes

    def list_queries(self, user: str) -> Iterable[QueryInfo]:
        """None."""
        return ()

    def list_tasks(self, user: str) -> Iterable[TaskInfo]:
        """None."""
        return ()

    def list_rule_stats(self) -> Iterable[RuleStats]:
        """None."""
        return ()

    def kill_query(self, query_id: str, reason: LodestarError, user: str) -> KillOutcome:
        """There is none to kill."""
        return KillOutcome.NOT_FOUND
