"""QueryResults documents, built from pieces: a head, the rows as they lie in the spool, a tail.

Nothing here looks at a row. Keys come in Trino's order and are left out when empty.
"""

from __future__ import annotations

import orjson

from lodestar_server.protocol.failure import error_object, render_warnings
from lodestar_server.session import QueryWarning
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen


@frozen
class StageFigures:
    """One stage of `rootStage`. States: PLANNED SCHEDULING RUNNING PENDING FINISHED ABORTED FAILED."""

    stage_id: str
    state: str
    total_splits: int = 0
    queued_splits: int = 0
    running_splits: int = 0
    completed_splits: int = 0
    cpu_millis: int = 0
    wall_millis: int = 0
    processed_rows: int = 0
    processed_bytes: int = 0
    physical_input_bytes: int = 0
    sub_stages: tuple[StageFigures, ...] = ()


@frozen
class DocumentFigures:
    """The numbers of a document's `stats`. Times in milliseconds, sizes in bytes, percentages 0 to 100."""

    state: str
    scheduled: bool = False
    progress_percentage: float | None = None
    nodes: int = 0
    total_splits: int = 0
    queued_splits: int = 0
    running_splits: int = 0
    completed_splits: int = 0
    planning_millis: int = 0
    analysis_millis: int = 0
    cpu_millis: int = 0
    wall_millis: int = 0
    queued_millis: int = 0
    elapsed_millis: int = 0
    finishing_millis: int = 0
    physical_input_millis: int = 0
    processed_rows: int = 0
    processed_bytes: int = 0
    physical_input_bytes: int = 0
    physical_written_bytes: int = 0
    internal_network_input_bytes: int = 0
    peak_memory_bytes: int = 0
    spilled_bytes: int = 0
    root_stage: StageFigures | None = None


@frozen
class DocumentUris:
    """The URIs of one document, absolute; they hold no character that JSON would escape."""

    info: str
    next: str | None = None
    partial_cancel: str | None = None


def document_head(query_id: str, uris: DocumentUris, columns: bytes | None) -> bytes:
    """From the brace to the columns and a comma. `columns` is the rendered array, None when unknown."""
    parts = ['{"id":"', query_id, '","infoUri":"', uris.info]
    if uris.partial_cancel is not None:
        parts += ('","partialCancelUri":"', uris.partial_cancel)
    if uris.next is not None:
        parts += ('","nextUri":"', uris.next)
    parts.append('",')
    head = "".join(parts).encode()
    return head if columns is None else b'%b"columns":%b,' % (head, columns)


DATA_KEY = b'"data":'
"""Before the rows, an array or the object of segments."""


def document_tail(
    figures: DocumentFigures,
    *,
    error: LodestarError | None = None,
    warnings: tuple[QueryWarning, ...] = (),
    update_type: str | None = None,
    update_count: int | None = None,
) -> bytes:
    """From `stats` to the closing brace."""
    parts = [render_figures(figures)]
    if error is not None:
        parts.append(b',"error":%b' % orjson.dumps(error_object(error)))
    parts.append(b',"warnings":%b' % render_warnings(warnings))
    if update_type is not None:
        parts.append(b',"updateType":%b' % orjson.dumps(update_type))
    if update_count is not None:
        parts.append(b',"updateCount":%d' % update_count)
    parts.append(b"}")
    return b"".join(parts)


def render_figures(figures: DocumentFigures) -> bytes:
    """`"stats":{…}`."""
    f = figures
    progress = ""
    if f.progress_percentage is not None:
        progress = f'"progressPercentage":{f.progress_percentage:.2f},"runningPercentage":0.0,'
    root = "" if f.root_stage is None else f',"rootStage":{_stage(f.root_stage)}'
    return (
        f'"stats":{{"state":"{f.state}","queued":{"true" if f.state == "QUEUED" else "false"},'
        f'"scheduled":{"true" if f.scheduled else "false"},{progress}"nodes":{f.nodes},'
        f'"totalSplits":{f.total_splits},"queuedSplits":{f.queued_splits},"runningSplits":{f.running_splits},'
        f'"completedSplits":{f.completed_splits},"planningTimeMillis":{f.planning_millis},'
        f'"analysisTimeMillis":{f.analysis_millis},"cpuTimeMillis":{f.cpu_millis},"wallTimeMillis":{f.wall_millis},'
        f'"queuedTimeMillis":{f.queued_millis},"elapsedTimeMillis":{f.elapsed_millis},'
        f'"finishingTimeMillis":{f.finishing_millis},"physicalInputTimeMillis":{f.physical_input_millis},'
        f'"processedRows":{f.processed_rows},"processedBytes":{f.processed_bytes},'
        f'"physicalInputBytes":{f.physical_input_bytes},"physicalWrittenBytes":{f.physical_written_bytes},'
        f'"internalNetworkInputBytes":{f.internal_network_input_bytes},"peakMemoryBytes":{f.peak_memory_bytes},'
        f'"spilledBytes":{f.spilled_bytes}{root}}}'
    ).encode()


def _stage(stage: StageFigures) -> str:
    done = "true" if stage.state in ("FINISHED", "ABORTED", "FAILED") else "false"
    return (
        f'{{"stageId":"{stage.stage_id}","state":"{stage.state}","done":{done},"nodes":1,'
        f'"totalSplits":{stage.total_splits},"queuedSplits":{stage.queued_splits},'
        f'"runningSplits":{stage.running_splits},"completedSplits":{stage.completed_splits},'
        f'"cpuTimeMillis":{stage.cpu_millis},"wallTimeMillis":{stage.wall_millis},'
        f'"processedRows":{stage.processed_rows},"processedBytes":{stage.processed_bytes},'
        f'"physicalInputBytes":{stage.physical_input_bytes},"failedTasks":0,"coordinatorOnly":false,'
        f'"subStages":[{",".join(_stage(one) for one in stage.sub_stages)}]}}'
    )


_QUEUED_TAIL = document_tail(DocumentFigures("QUEUED"))


def queued_document(query_id: str, uris: DocumentUris, queued_millis: int, elapsed_millis: int) -> bytes:
    """The document of a query that has no results yet; the answer to POST has both times zero."""
    if not queued_millis and not elapsed_millis:
        return document_head(query_id, uris, None) + _QUEUED_TAIL
    figures = DocumentFigures("QUEUED", queued_millis=queued_millis, elapsed_millis=elapsed_millis)
    return document_head(query_id, uris, None) + document_tail(figures)
