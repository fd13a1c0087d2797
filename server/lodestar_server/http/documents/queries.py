"""One query: in a list, in the list of the web UI, in full, as work of a resource group."""

from __future__ import annotations

from typing import Any

from lodestar_server.config.version import COMPATIBLE_VERSION
from lodestar_server.http.documents.lineage import describe_lineage
from lodestar_server.http.documents.pieces import NO_SIZE, NO_TIME, error_of, instant, percentages, present, progress_of
from lodestar_server.http.documents.session import describe_session
from lodestar_server.http.documents.stages import output_stage
from lodestar_server.http.documents.stats import basic_stats, full_stats
from lodestar_server.protocol.failure import failure_info, warning_objects
from lodestar_server.query.dispatch import GroupFigures, Query
from lodestar_server.query.dispatch.figures import document_figures
from lodestar_server.session.lineage import Lineage
from lodestar_server.spi.properties import DataSize

_PREVIEW_LENGTH = 300


def basic_info(query: Query, base: str, now: float) -> dict[str, Any]:
    """One entry of `/v1/query`."""
    figures = document_figures(query, now, with_rows=False)
    found = {
        "queryId": query.id,
        "session": describe_session(query),
        "resourceGroupId": list(query.group),
        "state": query.state.value,
        "scheduled": figures.scheduled,
        "self": f"{base}/v1/query/{query.id}",
        "query": query.text,
        "updateType": query.update_type,
        "queryStats": basic_stats(query, figures, now),
        **error_of(query),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
    }
    return present(found)


def ui_info(query: Query, base: str, now: float) -> dict[str, Any]:
    """One entry of `/ui/api/query`."""
    figures = document_figures(query, now, with_rows=False)
    session = query.session
    found = {
        "queryId": query.id,
        "sessionUser": session.user,
        "sessionPrincipal": session.identity.principal or session.user,
        "sessionSource": session.source,
        "resourceGroupId": list(query.group),
        "state": query.state.value,
        "scheduled": figures.scheduled,
        "self": f"{base}/v1/query/{query.id}",
        "queryTextPreview": query.text[:_PREVIEW_LENGTH],
        "updateType": query.update_type,
        "queryStats": basic_stats(query, figures, now),
        **error_of(query),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
        "clientTags": list(query.request.tags),
    }
    return present(found)


def full_info(query: Query, base: str, now: float, *, pruned: bool) -> dict[str, Any]:
    """`/v1/query/{id}`."""
    figures = document_figures(query, now, with_rows=False)
    changes = query.changes
    stats = full_stats(query, figures, now)
    found: dict[str, Any] = {
        "queryId": query.id,
        "session": describe_session(query),
        "state": query.state.value,
        "self": f"{base}/v1/query/{query.id}",
        "fieldNames": [column.name for column in query.columns or ()],
        "query": query.text,
        "queryStats": stats,
        "setCatalog": changes and changes.set_catalog,
        "setSchema": changes and changes.set_schema,
        "setPath": changes and changes.set_path,
        "setAuthorizationUser": changes and changes.set_authorization_user,
        "resetAuthorizationUser": bool(changes and changes.reset_authorization_user),
        "setOriginalRoles": [str(role) for role in changes.set_original_roles] if changes else [],
        "setSessionProperties": dict(changes.set_session) if changes else {},
        "resetSessionProperties": list(changes.clear_session) if changes else [],
        "setRoles": {name: str(role) for name, role in changes.set_roles.items()} if changes else {},
        "addedPreparedStatements": dict(changes.added_prepare) if changes else {},
        "deallocatedPreparedStatements": list(changes.deallocated_prepare) if changes else [],
        "startedTransactionId": changes and changes.started_transaction_id,
        "clearTransactionId": bool(changes and changes.clear_transaction),
        "updateType": query.update_type,
        "outputStage": output_stage(query, figures, stats, pruned),
        "failureInfo": None if query.error is None else failure_info(query.error),
        "warnings": [] if query.context is None else warning_objects(query.context.warnings),
        **describe_lineage(Lineage() if query.context is None else query.context.lineage),
        "finalQueryInfo": query.done,
        "resourceGroupId": list(query.group),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
        "pruned": pruned,
        "version": {"version": COMPATIBLE_VERSION},
        **error_of(query),
        "scheduled": figures.scheduled,
        **percentages(figures),
    }
    return present(found)


def running_query(query: Query, now: float) -> dict[str, Any]:
    """One entry of `/v1/queryState` and of a group's `runningQueries`."""
    progress = progress_of(query)
    figures = document_figures(query, now, with_rows=False)
    found: dict[str, Any] = {
        "queryId": query.id,
        "queryState": query.state.value,
        "resourceGroupId": list(query.group),
        "query": query.text,
        "createTime": instant(query.created_at),
        "user": query.session.user,
        "source": query.session.source,
        "clientInfo": query.session.client_info,
        "catalog": query.session.catalog,
        "schema": query.session.schema,
        "progress": {
            "elapsedTimeMillis": figures.elapsed_millis,
            "queuedTimeMillis": figures.queued_millis,
            "cpuTimeMillis": figures.cpu_millis,
            "scheduledTimeMillis": figures.wall_millis,
            "currentMemoryBytes": progress.peak_memory_bytes,
            "peakMemoryBytes": progress.peak_memory_bytes,
            "inputRows": progress.processed_rows,
            "inputBytes": progress.processed_bytes,
            "blocked": False,
            "progressPercentage": figures.progress_percentage or 0.0,
        },
    }
    return present(found)


def group_state(group: GroupFigures, now: float) -> dict[str, Any]:
    """`/v1/resourceGroupState/{path}`."""
    room = len(group.running) < group.max_running
    state = "CAN_RUN" if room else "CAN_QUEUE" if group.queued < group.max_queued else "FULL"
    return {
        "id": list(group.path),
        "state": state,
        "schedulingPolicy": "FAIR",
        "schedulingWeight": 1,
        "softMemoryLimit": str(DataSize.parse("8PB")),
        "softConcurrencyLimit": 0,
        "hardConcurrencyLimit": group.max_running,
        "maxQueuedQueries": group.max_queued,
        "memoryUsage": NO_SIZE,
        "cpuUsage": NO_TIME,
        "numQueuedQueries": group.queued,
        "numRunningQueries": len(group.running),
        "numEligibleSubGroups": 0,
        "subGroups": [],
        "runningQueries": [running_query(query, now) for query in group.running],
    }
