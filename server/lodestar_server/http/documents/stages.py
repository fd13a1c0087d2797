"""The tree of stages of a query."""

from __future__ import annotations

from typing import Any

from lodestar_server.http.documents.pieces import NO_SIZE, instant, present, size
from lodestar_server.protocol.results import DocumentFigures, StageFigures
from lodestar_server.protocol.types import wire_type
from lodestar_server.query.dispatch import Query


def output_stage(query: Query, figures: DocumentFigures, stats: dict[str, Any], pruned: bool) -> dict[str, Any] | None:
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
            "bufferedDataSize": NO_SIZE if query.spool is None else size(query.spool.ready_bytes),
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
            "stageStats": present(found),
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
