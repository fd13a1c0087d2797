"""The route of one statement on one page.

text → AST (EXECUTE resolved) → transaction → SHOW and DESCRIBE become queries → bound → optimized → executed → rows.
A query that comes again has its plan in a memory, as long as the catalogs answer what they did.
Statements that change something without a plan are commands.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from lodestar_server.metadata.facade import Metadata
from lodestar_server.query import writes
from lodestar_server.query.commands import COMMANDS, run_transaction_control
from lodestar_server.query.explain import explain
from lodestar_server.query.explain_analyze import explain_analyze
from lodestar_server.query.materialized_views import refresh_materialized_view
from lodestar_server.query.plan_memory import PlanMemory
from lodestar_server.query.plans import answer, planned
from lodestar_server.query.preparation import PreparedStatement, parsed, prepare
from lodestar_server.query.recall import Answer, Answers
from lodestar_server.query.results import QueryPhase, ResultSink, RowEncoding
from lodestar_server.query.row_changes import change_rows
from lodestar_server.query.services import EngineServices
from lodestar_server.query.session_properties import with_session
from lodestar_server.query.show_stats import show_stats
from lodestar_server.query.statement import StatementContext
from lodestar_server.query.statement_types import is_transaction_control, query_type, update_type
from lodestar_server.query.table_procedures import execute_on_table
from lodestar_server.session import QueryContext
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.parser import ast
from lodestar_server.sql.rewrite.describe import describe_input, describe_output
from lodestar_server.sql.rewrite.statements import rewrite


class Pipeline(Protocol):
    """What dispatch hands a statement to; blocking, called on a worker thread."""

    def run(self, text: str, context: QueryContext, results: ResultSink) -> None:
        """Run a statement to its end. Raises: LodestarError; the caller turns anything else into an internal error."""

    def recall(self, text: str, context: QueryContext, encoding: RowEncoding) -> Answer | None:
        """The answer to a statement that cannot have another one than last time; takes microseconds."""


class EnginePipeline:
    """The pipeline of a server. Thread-safe."""

    def __init__(self, services: EngineServices) -> None:
        self._services = services
        self._answers = Answers()
        self.plans = PlanMemory()

    def recall(self, text: str, context: QueryContext, encoding: RowEncoding) -> Answer | None:
        """See `Pipeline`."""
        return self._answers.find(text, context, encoding)

    def run(self, text: str, context: QueryContext, results: ResultSink) -> None:
        """See `Pipeline`."""
        prepared = prepare(text, context.session)
        results = self._answers.recorder(text, parsed(text), context, results)
        results.describe(query_type(prepared.statement), None)
        results.enter(QueryPhase.PLANNING)
        if is_transaction_control(prepared.statement):
            run_transaction_control(prepared.statement, self._services, context.session, results)
        else:
            self._run_in_transaction(prepared, context, results)
        results.finish()

    def _run_in_transaction(self, prepared: PreparedStatement, context: QueryContext, results: ResultSink) -> None:
        services = self._services
        with services.metadata.transactions.statement(context.session.transaction_id) as transaction:
            metadata = Metadata(services.metadata, context.session, transaction, time_zone=context.time_zone)
            metadata.check_session_properties()
            statement = StatementContext(services, context, metadata, transaction, prepared.parameters)
            run_statement(statement, prepared.statement, results, self.plans if prepared.is_remembered else None)
            results.enter(QueryPhase.FINISHING)
        results.change_session(statement.changes)


def run_statement(
    statement: StatementContext, node: ast.Statement, results: ResultSink, memory: PlanMemory | None = None
) -> None:
    """Run one statement inside its transaction. `memory`: what knows its plan, if it is a query."""
    write = _WRITES.get(type(node))
    if write is not None:
        results.describe(query_type(node), update_type(node))
        write(statement, node, results)
        return
    command = COMMANDS.get(type(node))
    if command is not None:
        results.describe(query_type(node), update_type(node))
        command(statement, node)
        results.begin((), spoolable=False)
        return
    if isinstance(node, ast.ExplainAnalyze):
        explain_analyze(statement, node, results, run_statement)
        return
    if isinstance(node, ast.Query):
        statement = with_session(statement, node)
    query = _query(statement, node)
    if query is None:
        raise LodestarError(NOT_SUPPORTED, f"Unsupported statement type: {type(node).__name__}")
    plan = planned(statement, query, memory if query is node else None)
    answer(statement, plan, results, spoolable=isinstance(node, ast.Query))


def _query(statement: StatementContext, node: ast.Statement) -> ast.Query | BoundQuery | None:
    """The query that answers a statement, None for a statement that nothing here can run."""
    match node:
        case ast.Explain():
            return explain(statement, node)
        case ast.ShowStats():
            return show_stats(statement, node)
        case ast.DescribeInput():
            return describe_input(node, statement.rewrite_context(), partial(_query, statement))
        case ast.DescribeOutput():
            return describe_output(node, statement.rewrite_context(), partial(_query, statement))
    return rewrite(node, statement.rewrite_context())


_WRITES: dict[type[ast.Statement], Callable[[StatementContext, Any, ResultSink], None]] = {
    ast.Insert: writes.insert,
    ast.CreateTableAsSelect: writes.create_table_as,
    ast.Delete: change_rows,
    ast.Update: change_rows,
    ast.Merge: change_rows,
    ast.Analyze: writes.analyze_table,
    ast.RefreshMaterializedView: refresh_materialized_view,
    ast.TableExecute: execute_on_table,
}
