"""Queries as the management endpoints describe them: basic info, full info, the UI's list, resource groups.

Durations and sizes are texts (`1.23ms`, `16MB`), instants ISO 8601 in UTC. Keys without a value are left out, as in
Trino. Figures that a JVM has and this server has not are zero.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lodestar_server.config.version import COMPATIBLE_VERSION
from lodestar_server.protocol.failure import error_code, failure_info, warning_objects
from lodestar_server.protocol.results import DocumentFigures, StageFigures
from lodestar_server.protocol.types import wire_type
from lodestar_server.query.dispatch import GroupFigures, Query
from lodestar_server.query.dispatch.figures import document_figures
from lodestar_server.query.state import QueryState
from lodestar_server.session import Progress, Session
from lodestar_server.session.time_zones import canonical_zone, zone_key
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.properties import DataSize, Duration

_PATH_ELEMENT = re.compile(r'\s*("(?:[^"]|"")*"|[^\s.,"]+)\s*\.\s*("(?:[^"]|"")*"|[^\s.,"]+)\s*')
_PREVIEW_LENGTH = 300
_NO_SIZE = "0B"
_NO_TIME = "0.00s"


def instant(moment: datetime) -> str:
    """`2026-07-14T09:30:12.123Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def duration(seconds: float) -> str:
    """`1.23ms`."""
    return str(Duration(max(seconds, 0.0)))


def size(count: int) -> str:
    """`16MB`."""
    return str(DataSize(count))


def describe_session(query: Query, default_path: str) -> dict[str, Any]:
    """The `session` of a query."""
    session = query.session
    zone = _zone(query)
    found: dict[str, Any] = {
        "queryId": query.id,
        "querySpan": {},
        "transactionId": session.transaction_id or str(uuid.uuid5(uuid.NAMESPACE_OID, query.id)),
        "clientTransactionSupport": session.transactions,
        "user": session.user,
        "originalUser": session.original_identity.user,
        "setOriginalRoles": [],
        "groups": sorted(session.identity.groups),
        "originalUserGroups": sorted(session.original_identity.groups),
        "principal": session.identity.principal or session.user,
        "enabledRoles": sorted(session.identity.roles),
        "source": session.source,
        "catalog": session.catalog,
        "schema": session.schema,
        "path": _path(session.path or default_path),
        "traceToken": session.trace_token,
        "timeZoneKey": zone_key(zone),
        "locale": session.locale,
        "remoteUserAddress": session.remote_address,
        "userAgent": session.user_agent,
        "clientInfo": session.client_info,
        "clientTags": list(query.request.tags),
        "clientCapabilities": list(query.request.capabilities),
        "resourceEstimates": dict(session.resource_estimates),
        "start": instant(session.start),
        "systemProperties": dict(session.system_properties),
        "catalogProperties": {catalog: dict(values) for catalog, values in session.catalog_properties.items()},
        "catalogRoles": {
            catalog: {"type": role.kind.value, **({"role": role.role} if role.role is not None else {})}
            for catalog, role in session.roles.items()
            if catalog != "system"
        },
        "preparedStatements": dict(session.prepared_statements),
        "protocolName": session.protocol_prefix,
        "timeZone": zone,
    }
    return _present(found)


def basic_info(query: Query, base: str, now: float, default_path: str) -> dict[str, Any]:
    """One entry of `/v1/query`."""
    figures = document_figures(query, now, with_rows=False)
    found = {
        "queryId": query.id,
        "session": describe_session(query, default_path),
        "resourceGroupId": list(query.group),
        "state": query.state.value,
        "scheduled": figures.scheduled,
        "self": f"{base}/v1/query/{query.id}",
        "query": query.text,
        "updateType": query.update_type,
        "queryStats": basic_stats(query, figures, now),
        **_error(query),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
    }
    return _present(found)


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
        **_error(query),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
        "clientTags": list(query.request.tags),
    }
    return _present(found)


def full_info(query: Query, base: str, now: float, default_path: str, *, pruned: bool) -> dict[str, Any]:
    """`/v1/query/{id}`."""
    figures = document_figures(query, now, with_rows=False)
    changes = query.changes
    stats = full_stats(query, figures, now)
    found: dict[str, Any] = {
        "queryId": query.id,
        "session": describe_session(query, default_path),
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
        "outputStage": _output_stage(query, figures, stats, pruned),
        "failureInfo": None if query.error is None else failure_info(query.error),
        "warnings": [] if query.context is None else warning_objects(query.context.warnings),
        "inputs": [],
        "referencedTables": [],
        "routines": [],
        "finalQueryInfo": query.done,
        "resourceGroupId": list(query.group),
        "queryType": query.query_type,
        "retryPolicy": "NONE",
        "pruned": pruned,
        "version": {"version": COMPATIBLE_VERSION},
        **_error(query),
        "scheduled": figures.scheduled,
        **_progress(figures),
    }
    return _present(found)


def basic_stats(query: Query, figures: DocumentFigures, now: float) -> dict[str, Any]:
    """The `queryStats` of lists."""
    progress = _figures_of(query)
    timeline = query.timeline
    ended = timeline.ended
    found: dict[str, Any] = {
        "createTime": instant(query.created_at),
        "endTime": None if ended is None else instant(query.instant(ended)),
        "queuedTime": duration(timeline.queued(now)),
        "elapsedTime": duration(timeline.elapsed(now)),
        "executionTime": duration(timeline.executing(now) or 0.0),
        "failedTasks": 0,
        "totalDrivers": progress.total_splits,
        "queuedDrivers": figures.queued_splits,
        "runningDrivers": figures.running_splits,
        "completedDrivers": figures.completed_splits,
        "blockedDrivers": 0,
        "rawInputDataSize": size(progress.physical_input_bytes),
        "rawInputPositions": progress.processed_rows,
        "spilledDataSize": size(progress.spilled_bytes),
        "physicalInputDataSize": size(progress.physical_input_bytes),
        "physicalWrittenDataSize": size(progress.physical_written_bytes),
        "internalNetworkInputDataSize": _NO_SIZE,
        "cumulativeUserMemory": 0.0,
        "failedCumulativeUserMemory": 0.0,
        "userMemoryReservation": _NO_SIZE if query.done else size(progress.peak_memory_bytes),
        "totalMemoryReservation": _NO_SIZE if query.done else size(progress.peak_memory_bytes),
        "peakUserMemoryReservation": size(progress.peak_memory_bytes),
        "peakTotalMemoryReservation": size(progress.peak_memory_bytes),
        "planningTime": duration(progress.planning_nanos / 1e9),
        "analysisTime": duration(progress.analysis_nanos / 1e9),
        "totalCpuTime": duration(progress.cpu_nanos / 1e9),
        "failedCpuTime": _NO_TIME,
        "totalScheduledTime": duration(progress.wall_nanos / 1e9),
        "failedScheduledTime": _NO_TIME,
        "finishingTime": duration(timeline.finishing(now)),
        "physicalInputReadTime": _NO_TIME,
        "fullyBlocked": query.done,
        "blockedReasons": [],
        **_progress(figures),
    }
    return _present(found)


def full_stats(query: Query, figures: DocumentFigures, now: float) -> dict[str, Any]:
    """The `queryStats` of one query."""
    progress = _figures_of(query)
    timeline = query.timeline
    ended, started = timeline.ended, timeline.entered(QueryState.PLANNING)
    tasks = 1 if figures.scheduled and figures.root_stage is not None else 0
    memory = _NO_SIZE if query.done else size(progress.peak_memory_bytes)
    peak = size(progress.peak_memory_bytes)
    scanned = size(progress.physical_input_bytes)
    read, written = progress.processed_rows, size(progress.physical_written_bytes)
    found: dict[str, Any] = {
        "createTime": instant(query.created_at),
        "executionStartTime": None if started is None else instant(query.instant(started)),
        "lastHeartbeat": instant(query.instant(query.last_heartbeat)),
        "endTime": None if ended is None else instant(query.instant(ended)),
        "elapsedTime": duration(timeline.elapsed(now)),
        "queuedTime": duration(timeline.queued(now)),
        "resourceWaitingTime": _NO_TIME,
        "dispatchingTime": _NO_TIME,
        "executionTime": duration(timeline.executing(now) or 0.0),
        "analysisTime": duration(progress.analysis_nanos / 1e9),
        "planningTime": duration(progress.planning_nanos / 1e9),
        "planningCpuTime": duration(progress.planning_nanos / 1e9),
        "startingTime": _NO_TIME,
        "finishingTime": duration(timeline.finishing(now)),
        "totalTasks": tasks,
        "runningTasks": 0 if query.done else tasks,
        "completedTasks": tasks if query.done else 0,
        "failedTasks": 0,
        "totalDrivers": progress.total_splits,
        "queuedDrivers": figures.queued_splits,
        "runningDrivers": figures.running_splits,
        "blockedDrivers": 0,
        "completedDrivers": figures.completed_splits,
        "cumulativeUserMemory": 0.0,
        "failedCumulativeUserMemory": 0.0,
        "userMemoryReservation": memory,
        "revocableMemoryReservation": _NO_SIZE,
        "totalMemoryReservation": memory,
        "peakUserMemoryReservation": peak,
        "peakRevocableMemoryReservation": _NO_SIZE,
        "peakTotalMemoryReservation": peak,
        "peakTaskUserMemory": peak,
        "peakTaskRevocableMemory": _NO_SIZE,
        "peakTaskTotalMemory": peak,
        "scheduled": figures.scheduled,
        **_progress(figures),
        "totalScheduledTime": duration(progress.wall_nanos / 1e9),
        "failedScheduledTime": _NO_TIME,
        "totalCpuTime": duration(progress.cpu_nanos / 1e9),
        "failedCpuTime": _NO_TIME,
        "totalBlockedTime": _NO_TIME,
        "fullyBlocked": query.done,
        "blockedReasons": [],
    }
    for name, volume, rows in (
        ("physicalInput", scanned, read),
        ("internalNetworkInput", _NO_SIZE, 0),
        ("rawInput", scanned, read),
        ("processedInput", size(progress.processed_bytes), read),
        ("output", size(progress.output_bytes), progress.output_rows),
    ):
        capital = name[0].upper() + name[1:]
        found |= {
            f"{name}DataSize": volume,
            f"failed{capital}DataSize": _NO_SIZE,
            f"{name}Positions": rows,
            f"failed{capital}Positions": 0,
        }
        if name == "physicalInput":
            found |= {"physicalInputReadTime": _NO_TIME, "failedPhysicalInputReadTime": _NO_TIME}
    found |= {
        "inputBlockedTime": _NO_TIME,
        "failedInputBlockedTime": _NO_TIME,
        "outputBlockedTime": _NO_TIME,
        "failedOutputBlockedTime": _NO_TIME,
        "physicalWrittenDataSize": written,
        "failedPhysicalWrittenDataSize": _NO_SIZE,
        "stageGcStatistics": [],
        "dynamicFiltersStats": {
            "dynamicFilterDomainStats": [],
            "lazyDynamicFilters": 0,
            "replicatedDynamicFilters": 0,
            "totalDynamicFilters": 0,
            "dynamicFiltersCompleted": 0,
        },
        "operatorSummaries": [],
        "optimizerRulesSummaries": [],
        "spilledDataSize": size(progress.spilled_bytes),
        "logicalWrittenDataSize": written,
        "writtenPositions": query.update_count or 0,
    }
    return _present(found)


def running_query(query: Query, now: float) -> dict[str, Any]:
    """One entry of `/v1/queryState` and of a group's `runningQueries`."""
    progress = _figures_of(query)
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
    return _present(found)


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
        "memoryUsage": _NO_SIZE,
        "cpuUsage": _NO_TIME,
        "numQueuedQueries": group.queued,
        "numRunningQueries": len(group.running),
        "numEligibleSubGroups": 0,
        "subGroups": [],
        "runningQueries": [running_query(query, now) for query in group.running],
    }


def _output_stage(query: Query, figures: DocumentFigures, stats: dict[str, Any], pruned: bool) -> dict[str, Any] | None:
    """The tree of stages; pruned, its root alone."""
    root = figures.root_stage
    if root is None:
        return None
    types = [wire_type(column.type) for column in query.columns or ()]
    shared = {key: stats[key] for key in _STAGE_KEYS}
    ended = query.timeline.ended

    def describe(stage: StageFigures) -> dict[str, Any]:
        counts = {
            "totalDrivers": stage.total_splits,
            "queuedDrivers": stage.queued_splits,
            "runningDrivers": stage.running_splits,
            "completedDrivers": stage.completed_splits,
        }
        found = {
            "schedulingComplete": None if ended is None else instant(query.instant(ended)),
            "getSplitDistribution": {},
            "splitSourceMetrics": {},
            **shared,
            **counts,
            "bufferedDataSize": _NO_SIZE if query.spool is None else size(query.spool.ready_bytes),
            "outputBufferUtilization": {"total": 0, **dict.fromkeys(_PERCENTILES, 0.0)},
            "outputBufferMetrics": {},
            "gcInfo": {"stageId": int(stage.stage_id), **dict.fromkeys(_GC_KEYS, 0)},
            "operatorSummaries": [],
        }
        return {
            "stageId": f"{query.id}.{stage.stage_id}",
            "state": stage.state,
            "coordinatorOnly": False,
            "types": types,
            "stageStats": _present(found),
            "tasks": [],
            "subStages": [] if pruned else [describe(one) for one in stage.sub_stages],
            "tables": {},
        }

    return describe(root)


_PERCENTILES = ("min", "max", "p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99")
_GC_KEYS = ("tasks", "fullGcTasks", "minFullGcSec", "maxFullGcSec", "totalFullGcSec", "averageFullGcSec")
_STAGE_KEYS = (
    "totalTasks",
    "runningTasks",
    "completedTasks",
    "failedTasks",
    "blockedDrivers",
    "cumulativeUserMemory",
    "failedCumulativeUserMemory",
    "userMemoryReservation",
    "revocableMemoryReservation",
    "totalMemoryReservation",
    "peakUserMemoryReservation",
    "peakRevocableMemoryReservation",
    "totalScheduledTime",
    "failedScheduledTime",
    "totalCpuTime",
    "failedCpuTime",
    "totalBlockedTime",
    "fullyBlocked",
    "blockedReasons",
    *(
        name
        for kind in ("physicalInput", "internalNetworkInput", "rawInput", "processedInput", "output")
        for capital in (kind[0].upper() + kind[1:],)
        for name in (f"{kind}DataSize", f"failed{capital}DataSize", f"{kind}Positions", f"failed{capital}Positions")
    ),
    "physicalInputReadTime",
    "failedPhysicalInputReadTime",
    "inputBlockedTime",
    "failedInputBlockedTime",
    "outputBlockedTime",
    "failedOutputBlockedTime",
    "physicalWrittenDataSize",
    "failedPhysicalWrittenDataSize",
)


def _figures_of(query: Query) -> Progress:
    return Progress() if query.context is None else query.context.progress


def _progress(figures: DocumentFigures) -> dict[str, float]:
    if figures.progress_percentage is None:
        return {}
    return {"progressPercentage": figures.progress_percentage, "runningPercentage": 0.0}


def _error(query: Query) -> dict[str, Any]:
    if query.error is None:
        return {}
    return {"errorType": query.error.code.type.value, "errorCode": error_code(query.error.code)}


def _zone(query: Query) -> str:
    if query.context is not None:
        return query.context.time_zone
    return _canonical_or_utc(query.session)


def _canonical_or_utc(session: Session) -> str:
    try:
        return canonical_zone(session.time_zone)
    except LodestarError:
        return "UTC"


def _path(raw: str) -> dict[str, Any]:
    """The SQL path: the built-in schemas, then what names a catalog and a schema."""
    elements = [("system", "$query"), ("system", "builtin")]
    for item in raw.split(","):
        match = _PATH_ELEMENT.fullmatch(item)
        if match is not None:
            elements.append((_identifier(match[1]), _identifier(match[2])))
    return {"path": [{"catalogName": catalog, "schemaName": schema} for catalog, schema in elements], "rawPath": raw}


def _identifier(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text.lower()


def _present(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if value is not None}
