"""Answers that cannot change: what statements of nothing but literals gave, kept for those who ask again.

Connection pools ask `SELECT 1` before every loan, so this is the most frequent statement of all. Its answer depends on
no table, no clock and no setting; from here it comes without a worker thread, in microseconds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from lodestar_server.query.results import OutputColumn, QueryPhase, ResultSink, RowEncoding, SessionChanges
from lodestar_server.session import Progress, QueryContext
from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.walk import walk

MAX_ANSWERS = 256
MAX_TEXT_LENGTH = 1000
MAX_ANSWER_BYTES = 16 << 10

_UNCHANGING = (
    ast.Query,
    ast.QuerySpecification,
    ast.Select,
    ast.SingleColumn,
    ast.Identifier,
    ast.Values,
    ast.Row,
    ast.NullLiteral,
    ast.BooleanLiteral,
    ast.LongLiteral,
    ast.DecimalLiteral,
    ast.DoubleLiteral,
    ast.StringLiteral,
)
"""Without a FROM an identifier is an alias. Datetime literals are not here: some depend on the session's zone."""


@frozen
class Answer:
    """A whole result, ready to be told again."""

    query_type: str | None
    columns: tuple[OutputColumn, ...]
    spoolable: bool
    batches: tuple[pa.RecordBatch, ...]
    progress: Progress

    def tell(self, context: QueryContext, results: ResultSink) -> None:
        """What the pipeline would do, without its work."""
        results.describe(self.query_type, None)
        results.enter(QueryPhase.PLANNING)
        results.enter(QueryPhase.STARTING)
        results.begin(self.columns, spoolable=self.spoolable)
        results.enter(QueryPhase.RUNNING)
        context.progress = replace(self.progress)
        for batch in self.batches:
            results.append(batch)
        results.enter(QueryPhase.FINISHING)
        results.change_session(SessionChanges())
        results.finish()


class Answers:
    """The answers of a server, the least recently asked for forgotten first. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, RowEncoding], Answer] = OrderedDict()

    def find(self, text: str, context: QueryContext, encoding: RowEncoding) -> Answer | None:
        """The answer to a text in an encoding, when there is one and the session cannot make it another."""
        if not self._kept or not _plain(context):
            return None
        with self._lock:
            found = self._kept.get((text, encoding))
            if found is not None:
                self._kept.move_to_end((text, encoding))
        return found

    def recorder(self, text: str, statement: ast.Statement, context: QueryContext, results: ResultSink) -> ResultSink:
        """A sink that keeps the answer, if it is one that cannot change; else `results` itself.

        `statement`: the text's own tree. What an EXECUTE stands for is not in its text: each session has its own.
        """
        if len(text) > MAX_TEXT_LENGTH or not _plain(context):
            return results
        if not isinstance(statement, ast.Query) or not all(isinstance(node, _UNCHANGING) for node in walk(statement)):
            return results
        return _Recorder(self, text, context, results)

    def keep(self, text: str, encoding: RowEncoding, answer: Answer) -> None:
        """Remember an answer."""
        with self._lock:
            self._kept[text, encoding] = answer
            while len(self._kept) > MAX_ANSWERS:
                self._kept.popitem(last=False)


def _plain(context: QueryContext) -> bool:
    """Whether the session has nothing that is checked, or that joins a transaction, on the way of a statement."""
    session = context.session
    return not session.catalog_properties and not session.roles and session.transaction_id is None


class _Recorder:
    """Passes everything on, and keeps it when the statement has succeeded."""

    def __init__(self, answers: Answers, text: str, context: QueryContext, results: ResultSink) -> None:
        self._answers, self._text, self._context, self._results = answers, text, context, results
        self._query_type: str | None = None
        self._columns: tuple[OutputColumn, ...] = ()
        self._spoolable = False
        self._batches: list[pa.RecordBatch] = []
        self._size_bytes = 0

    @property
    def encoding(self) -> RowEncoding:
        """The wrapped sink's."""
        return self._results.encoding

    @encoding.setter
    def encoding(self, value: RowEncoding) -> None:
        self._results.encoding = value

    def enter(self, phase: QueryPhase) -> None:
        self._results.enter(phase)

    def describe(self, query_type: str | None, update_type: str | None) -> None:
        self._query_type = query_type
        self._results.describe(query_type, update_type)

    def begin(self, columns: Sequence[OutputColumn], *, spoolable: bool) -> None:
        self._columns, self._spoolable = tuple(columns), spoolable
        self._results.begin(columns, spoolable=spoolable)

    def append(self, batch: pa.RecordBatch) -> None:
        self._size_bytes += batch.nbytes
        if self._size_bytes <= MAX_ANSWER_BYTES:
            self._batches.append(batch)
        self._results.append(batch)

    def update_count(self, count: int | None) -> None:
        self._results.update_count(count)

    def change_session(self, changes: SessionChanges) -> None:
        self._results.change_session(changes)

    def finish(self) -> None:
        # A warning is told to the one who asked; it is not part of an answer.
        if self._size_bytes <= MAX_ANSWER_BYTES and not self._context.warnings:
            progress = replace(self._context.progress, cpu_nanos=0, wall_nanos=0, analysis_nanos=0, planning_nanos=0)
            answer = Answer(self._query_type, self._columns, self._spoolable, tuple(self._batches), progress)
            self._answers.keep(self._text, self.encoding, answer)
        self._results.finish()
