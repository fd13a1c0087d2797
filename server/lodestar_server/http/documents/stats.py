"""The figures of a query: short in lists, long in its own document."""

from __future__ import annotations

from typing import Any

from lodestar_server.http.documents.pieces import (
    NO_SIZE,
    NO_TIME,
    duration,
    instant,
    percentages,
    present,
    progress_of,
    size,
)
from lodestar_server.protocol.results import DocumentFigures
from lodestar_server.query.dispatch import Query
from lodestar_server.query.state import QueryState


def basic_stats(query: Query, figures: DocumentFigures, now: float) -> dict[str, Any]:
    """The `queryStats` of lists."""
    progress = progress_of(query)
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
        "internalNetworkInputDataSize": NO_SIZE,
        "cumulativeUserMemory": 0.0,
        "failedCumulativeUserMemory": 0.0,
        "userMemoryReservation": NO_SIZE if query.done else size(progress.peak_memory_bytes),
        "totalMemoryReservation": NO_SIZE if query.done else size(progress.peak_memory_bytes),
        "peakUserMemoryReservation": size(progress.peak_memory_bytes),
        "peakTotalMemoryReservation": size(progress.peak_memory_bytes),
        "planningTime": duration(progress.planning_nanos / 1e9),
        "analysisTime": duration(progress.analysis_nanos / 1e9),
        "totalCpuTime": duration(progress.cpu_nanos / 1e9),
        "failedCpuTime": NO_TIME,
        "totalScheduledTime": duration(progress.wall_nanos / 1e9),
        "failedScheduledTime": NO_TIME,
        "finishingTime": duration(timeline.finishing(now)),
        "physicalInputReadTime": NO_TIME,
        "fullyBlocked": query.done,
        "blockedReasons": [],
        **percentages(figures),
    }
    return present(found)


def full_stats(query: Query, figures: DocumentFigures, now: float) -> dict[str, Any]:
    """The `queryStats` of one query."""
    progress = progress_of(query)
    timeline = query.timeline
    ended, started = timeline.ended, timeline.entered(QueryState.PLANNING)
    tasks = 1 if figures.scheduled and figures.root_stage is not None else 0
    memory = NO_SIZE if query.done else size(progress.peak_memory_bytes)
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
        "resourceWaitingTime": NO_TIME,
        "dispatchingTime": NO_TIME,
        "executionTime": duration(timeline.executing(now) or 0.0),
        "analysisTime": duration(progress.analysis_nanos / 1e9),
        "planningTime": duration(progress.planning_nanos / 1e9),
        "planningCpuTime": duration(progress.planning_nanos / 1e9),
        "startingTime": NO_TIME,
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
        "revocableMemoryReservation": NO_SIZE,
        "totalMemoryReservation": memory,
        "peakUserMemoryReservation": peak,
        "peakRevocableMemoryReservation": NO_SIZE,
        "peakTotalMemoryReservation": peak,
        "peakTaskUserMemory": peak,
        "peakTaskRevocableMemory": NO_SIZE,
        "peakTaskTotalMemory": peak,
        "scheduled": figures.scheduled,
        **percentages(figures),
        "totalScheduledTime": duration(progress.wall_nanos / 1e9),
        "failedScheduledTime": NO_TIME,
        "totalCpuTime": duration(progress.cpu_nanos / 1e9),
        "failedCpuTime": NO_TIME,
        "totalBlockedTime": NO_TIME,
        "fullyBlocked": query.done,
        "blockedReasons": [],
    }
    for name, volume, rows in (
        ("physicalInput", scanned, read),
        ("internalNetworkInput", NO_SIZE, 0),
        ("rawInput", scanned, read),
        ("processedInput", size(progress.processed_bytes), read),
        ("output", size(progress.output_bytes), progress.output_rows),
    ):
        capital = name[0].upper() + name[1:]
        found |= {
            f"{name}DataSize": volume,
            f"failed{capital}DataSize": NO_SIZE,
            f"{name}Positions": rows,
            f"failed{capital}Positions": 0,
        }
        if name == "physicalInput":
            found |= {"physicalInputReadTime": NO_TIME, "failedPhysicalInputReadTime": NO_TIME}
    found |= {
        "inputBlockedTime": NO_TIME,
        "failedInputBlockedTime": NO_TIME,
        "outputBlockedTime": NO_TIME,
        "failedOutputBlockedTime": NO_TIME,
        "physicalWrittenDataSize": written,
        "failedPhysicalWrittenDataSize": NO_SIZE,
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
    return present(found)
