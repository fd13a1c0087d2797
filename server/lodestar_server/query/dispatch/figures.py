"""The numbers of a query as its documents show them."""

from __future__ import annotations

from lodestar_server.protocol.results import DocumentFigures, StageFigures
from lodestar_server.query.dispatch.query import Query
from lodestar_server.query.state import QueryState

_NANOS = 1_000_000
_WITHOUT_STAGES = frozenset({"DATA_DEFINITION", None})


def document_figures(query: Query, now: float, *, with_rows: bool) -> DocumentFigures:
    """The `stats` of a document. One with rows never says less than RUNNING: some clients ignore rows before."""
    timeline = query.timeline
    state = timeline.state
    if with_rows and state.rank < QueryState.RUNNING.rank:
        state = QueryState.RUNNING
    progress = None if query.context is None else query.context.progress
    elapsed = round(timeline.elapsed(now) * 1000)
    queued = round(timeline.queued(now) * 1000)
    if progress is None:
        return DocumentFigures(state.value, queued_millis=queued, elapsed_millis=elapsed)
    scheduled = timeline.entered(QueryState.RUNNING) is not None or state is QueryState.RUNNING or query.complete
    total = progress.total_splits
    completed = min(progress.completed_splits, total)
    running = min(progress.running_splits, total - completed)
    root = None
    if query.columns and query.query_type not in _WITHOUT_STAGES and scheduled:
        root = root_stage(query)
    percentage = None
    if scheduled and (total or state.done):
        percentage = 100.0 if query.complete or state is QueryState.FINISHED else 100.0 * completed / max(total, 1)
    return DocumentFigures(
        state.value,
        scheduled=scheduled,
        progress_percentage=percentage,
        nodes=1 if scheduled else 0,
        total_splits=total,
        queued_splits=total - completed - running,
        running_splits=running,
        completed_splits=completed,
        planning_millis=progress.planning_nanos // _NANOS,
        analysis_millis=progress.analysis_nanos // _NANOS,
        cpu_millis=progress.cpu_nanos // _NANOS,
        wall_millis=progress.wall_nanos // _NANOS,
        queued_millis=queued,
        elapsed_millis=elapsed,
        finishing_millis=round(timeline.finishing(now) * 1000),
        processed_rows=progress.processed_rows,
        processed_bytes=progress.processed_bytes,
        physical_input_bytes=progress.physical_input_bytes,
        physical_written_bytes=progress.physical_written_bytes,
        peak_memory_bytes=progress.peak_memory_bytes,
        spilled_bytes=progress.spilled_bytes,
        root_stage=root,
    )


def root_stage(query: Query) -> StageFigures:
    """The stages: the output, and below it, when there are splits, the work on them.

    The embedded kernel runs a plan as one statement, so there is one stage of work whatever the plan.
    """
    assert query.context is not None
    progress = query.context.progress
    if query.failure is not None:
        state = "ABORTED" if query.stopped or query.failure.code.name.startswith("ADMINISTRATIVELY") else "FAILED"
    else:
        state = "FINISHED" if query.complete else "RUNNING"
    completed = min(progress.completed_splits, progress.total_splits)
    running = min(progress.running_splits, progress.total_splits - completed)
    work = StageFigures(
        "1",
        state,
        total_splits=progress.total_splits,
        queued_splits=progress.total_splits - completed - running,
        running_splits=running,
        completed_splits=completed,
        cpu_millis=progress.cpu_nanos // _NANOS,
        wall_millis=progress.wall_nanos // _NANOS,
        processed_rows=progress.processed_rows,
        processed_bytes=progress.processed_bytes,
        physical_input_bytes=progress.physical_input_bytes,
    )
    return StageFigures("0", state, sub_stages=(work,) if progress.total_splits else ())
