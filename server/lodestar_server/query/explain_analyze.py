"""EXPLAIN ANALYZE: runs a statement, throws its rows away, and tells what running it was like."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import pyarrow as pa

from lodestar_server.plan import printer
from lodestar_server.query.plans import answer, planned
from lodestar_server.query.results import OutputColumn, QueryPhase, ResultSink, RowEncoding
from lodestar_server.query.statement import StatementContext
from lodestar_server.session import SessionChanges
from lodestar_server.spi.properties import DataSize
from lodestar_server.spi.types import VARCHAR
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.parser import ast
from lodestar_server.sql.rewrite.listing import listing

Run = Callable[[StatementContext, ast.Statement, ResultSink], None]


class CountingSink:
    """Takes the rows of a statement that nobody reads; its phases go on to the real sink."""

    encoding = RowEncoding.ARROW

    def __init__(self, real: ResultSink) -> None:
        self._real = real
        self.rows = 0
        self.bytes = 0

    def enter(self, phase: QueryPhase) -> None:
        """Passed on."""
        self._real.enter(phase)

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        """Passed on."""
        self._real.describe(query_type, update_type)

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        """Nobody sees them."""

    def append(self, batch: pa.RecordBatch) -> None:
        """Counted."""
        self.rows += batch.num_rows
        self.bytes += batch.nbytes

    def update_count(self, count: int | None) -> None:
        """Nobody sees it."""

    def change_session(self, changes: SessionChanges) -> None:
        """Statements that change the session are refused before."""

    def finish(self) -> None:
        """The statement around it finishes."""


def explain_analyze(statement: StatementContext, node: ast.ExplainAnalyze, results: ResultSink, run: Run) -> None:
    """Run the inner statement with `run` and answer with its plan and figures."""
    sink = CountingSink(results)
    started, cpu = time.perf_counter(), time.thread_time()
    run(statement, node.statement, sink)
    elapsed, used = time.perf_counter() - started, time.thread_time() - cpu
    progress = statement.query.progress
    head = (
        f"Lodestar version: {statement.services.node_version}\n"
        f"Elapsed: {elapsed * 1000:.2f}ms, coordinator CPU: {used * 1000:.2f}ms\n"
        f"Input: {progress.processed_rows} rows ({progress.processed_bytes}B), "
        f"Physical input: {DataSize(progress.physical_input_bytes)}, "
        f"Output: {sink.rows} rows ({sink.bytes}B), Peak memory: {progress.peak_memory_bytes}B\n"
    )
    text = head + "".join(printer.print_text(one) for one in statement.plans)
    answer(statement, planned(statement, _value(text)), results, spoolable=False)


def _value(text: str) -> BoundQuery:
    return listing([("Query Plan", VARCHAR)], [(text,)])
