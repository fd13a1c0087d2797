"""A pipeline that answers a handful of statements from a script, through the real sink and spool.

    SELECT 1                          one row
    SELECT <n> ROWS [OF <bytes>]      n rows of (integer, text)
    SELECT SLOW                       announces its column, then runs until it is cancelled
    SELECT TRICKLE <n>                n rows, each after the script's `step` is released
    FAIL <CODE> [AT l:c] message      fails after the statement is accepted
    CRASH                             raises what no pipeline should
    GIVE UP                           the same, caught by a room of the engine
    SET SESSION a = b                 changes the session
    CREATE TABLE t / INSERT           statements without rows, with a count
    SELECT BROKEN                     rows, then an error
Everything else is a syntax error, before the statement is accepted.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence

import orjson
import pyarrow as pa

from lodestar_server.query.results import OutputColumn, QueryPhase, ResultSink, RowEncoding, SessionChanges
from lodestar_server.session import QueryContext, QueryWarning
from lodestar_server.spi.errors import (
    DIVISION_BY_ZERO,
    GENERIC_INTERNAL_ERROR,
    SYNTAX_ERROR,
    Location,
    LodestarError,
    error_code_named,
)
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR, Type

BATCH_ROWS = 10_000


class ScriptedPipeline:
    """See the module. `step` is what TRICKLE waits for; `texts` are the statements that ran, in order."""

    def __init__(self) -> None:
        self.step = threading.Semaphore(0)
        self.texts: list[str] = []
        self.contexts: list[QueryContext] = []
        self.extra: dict[str, Callable[[QueryContext, ResultSink], None]] = {}

    def recall(self, text: str, context: QueryContext, encoding: RowEncoding) -> None:
        return None

    def run(self, text: str, context: QueryContext, results: ResultSink) -> None:
        self.texts.append(text)
        self.contexts.append(context)
        stripped = text.strip()
        for pattern, action in _STATEMENTS:
            match = re.fullmatch(pattern, stripped, re.IGNORECASE | re.DOTALL)
            if match is not None:
                results.enter(QueryPhase.PLANNING)
                action(self, match, context, results)
                return
        if stripped in self.extra:
            results.enter(QueryPhase.PLANNING)
            self.extra[stripped](context, results)
            return
        raise LodestarError(SYNTAX_ERROR, f"mismatched input '{stripped[:20]}'", location=Location(1, 1))


def rows_batch(rows: Sequence[Sequence[object]]) -> pa.RecordBatch:
    """Rows as the kernel hands them to the spool."""
    return pa.record_batch({"row": pa.array([orjson.dumps(list(row)).decode() + "," for row in rows], pa.string())})


def answer(
    results: ResultSink, columns: Sequence[tuple[str, Type]], rows: Sequence[Sequence[object]], kind: str = "SELECT"
) -> None:
    """A whole result."""
    results.describe(kind, None)
    results.begin([OutputColumn(name, type_) for name, type_ in columns], spoolable=True)
    results.enter(QueryPhase.RUNNING)
    if rows:
        results.append(rows_batch(rows))
    results.finish()


def _one(pipeline, match, context, results):
    answer(results, [("_col0", INTEGER)], [[1]])


def _many(pipeline, match, context, results):
    count, width = int(match[1]), int(match[2] or 10)
    results.describe("SELECT", None)
    results.begin([OutputColumn("n", INTEGER), OutputColumn("t", VARCHAR)], spoolable=True)
    results.enter(QueryPhase.RUNNING)
    context.progress.total_splits = context.progress.completed_splits = 1
    for start in range(0, count, BATCH_ROWS):
        results.append(rows_batch([[n, "x" * width] for n in range(start, min(start + BATCH_ROWS, count))]))
    results.finish()


def _slow(pipeline, match, context, results):
    results.describe("SELECT", None)
    results.begin([OutputColumn("_col0", BIGINT)], spoolable=True)
    results.enter(QueryPhase.RUNNING)
    context.progress.total_splits, context.progress.running_splits = 4, 1
    cancelled = threading.Event()
    forget = context.cancellation.on_cancel(cancelled.set)
    cancelled.wait()
    forget()
    context.cancellation.check()


def _trickle(pipeline, match, context, results):
    results.describe("SELECT", None)
    results.begin([OutputColumn("n", INTEGER)], spoolable=True)
    results.enter(QueryPhase.RUNNING)
    for n in range(int(match[1])):
        while not pipeline.step.acquire(timeout=0.02):
            context.cancellation.check()
        results.append(rows_batch([[n]]))
    results.finish()


def _fail(pipeline, match, context, results):
    code = error_code_named(match[1].upper())
    assert code is not None
    location = Location(int(match[2]), int(match[3])) if match[2] else None
    raise LodestarError(code, match[4], location=location)


def _crash(pipeline, match, context, results):
    raise RuntimeError("secret /path/of/the/server")


def _give_up(pipeline, match, context, results):
    try:
        _crash(pipeline, match, context, results)
    except RuntimeError as fault:
        raise LodestarError(GENERIC_INTERNAL_ERROR, "Internal error") from fault


def _set_session(pipeline, match, context, results):
    results.describe(None, "SET SESSION")
    results.begin([], spoolable=False)
    results.change_session(SessionChanges(set_session={match[1]: match[2]}))
    results.finish()


def _create(pipeline, match, context, results):
    results.describe("DATA_DEFINITION", "CREATE TABLE")
    results.begin([], spoolable=False)
    results.finish()


def _insert(pipeline, match, context, results):
    results.describe("INSERT", "INSERT")
    results.begin([OutputColumn("rows", BIGINT)], spoolable=False)
    results.enter(QueryPhase.RUNNING)
    results.append(rows_batch([[3]]))
    results.update_count(3)
    results.enter(QueryPhase.FINISHING)
    results.finish()


def _broken(pipeline, match, context, results):
    results.describe("SELECT", None)
    results.begin([OutputColumn("n", INTEGER)], spoolable=True)
    results.enter(QueryPhase.RUNNING)
    results.append(rows_batch([[1]]))
    raise LodestarError(DIVISION_BY_ZERO, "Division by zero")


def _warn(pipeline, match, context, results):
    context.warnings.append(QueryWarning(2, "REDUNDANT_ORDER_BY", "ORDER BY in subquery may have no effect"))
    answer(results, [("_col0", INTEGER)], [[1]])


def _empty(pipeline, match, context, results):
    answer(results, [("_col0", INTEGER)], [])


_STATEMENTS = [
    (r"SELECT 1|\(SELECT 1\)|VALUES 1|EXECUTE IMMEDIATE 'SELECT 1'", _one),
    (r"SELECT (\d+) ROWS(?: OF (\d+))?", _many),
    (r"SELECT SLOW", _slow),
    (r"SELECT TRICKLE (\d+)", _trickle),
    (r"FAIL (\w+)(?: AT (\d+):(\d+))? (.*)", _fail),
    (r"CRASH", _crash),
    (r"GIVE UP", _give_up),
    (r"SET SESSION (\S+) = (.*)", _set_session),
    (r"CREATE TABLE t", _create),
    (r"INSERT", _insert),
    (r"SELECT BROKEN", _broken),
    (r"SELECT WARN", _warn),
    (r"SELECT NOTHING", _empty),
]
