"""Figures about queries, for whoever watches this server."""

from __future__ import annotations

from functools import partial

from lodestar_server.observability.metrics import Metrics
from lodestar_server.query.dispatch.manager import QueryManager
from lodestar_server.spi.errors import ErrorType

_FAILURES = {
    ErrorType.USER: "UserErrorFailures",
    ErrorType.INTERNAL: "InternalFailures",
    ErrorType.RESOURCES: "InsufficientResourcesFailures",
    ErrorType.EXTERNAL: "ExternalFailures",
}


def publish_queries(metrics: Metrics, manager: QueryManager) -> None:
    """Counts of queries, and what their waiting results take."""
    totals = manager.totals
    bean = metrics.bean("trino.execution:name=QueryManager", "Queries of this coordinator")
    bean.gauge("RunningQueries", "Queries that are running", lambda: manager.running_count)
    bean.gauge("QueuedQueries", "Queries that wait", lambda: len(manager.active) - manager.running_count)
    bean.counter("SubmittedQueries_TotalCount", "Queries posted", lambda: totals.submitted)
    bean.counter("CompletedQueries_TotalCount", "Queries finished", lambda: totals.finished)
    bean.counter("FailedQueries_TotalCount", "Queries failed", lambda: totals.failed)
    for type_, name in _FAILURES.items():
        bean.counter(f"{name}_TotalCount", f"Queries failed with {type_.value}", partial(totals.failed_with, type_))
    spool = metrics.bean("lodestar.execution:name=ResultSpool", "Results that wait for clients")
    spool.gauge("MemoryBytes", "Memory in use", lambda: manager.spool_budget.memory_used)
    spool.gauge("DiskBytes", "Disk in use", lambda: manager.spool_budget.disk_used)
