"""Plans: from a query's syntax tree to rows for the client, or for a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa

from lodestar_server.execution.kernel.lowering.statement import RowFormat
from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes import Output, PlanNode, TableWrite
from lodestar_server.plan.decorrelation import check_correlations
from lodestar_server.plan.optimizer.optimizer import RULES, optimize
from lodestar_server.plan.optimizer.rule import RuleContext
from lodestar_server.query.lineage import lineage_of
from lodestar_server.query.plan_memory import PlanMemory, Planned
from lodestar_server.query.results import OutputColumn, QueryPhase, ResultSink, RowEncoding
from lodestar_server.query.sources import StatementSources
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.errors import INVALID_SESSION_PROPERTY, LodestarError
from lodestar_server.spi.handles import WriteTarget
from lodestar_server.spi.types import BIGINT
from lodestar_server.sql.analysis.analyzer import bind_query
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.parser import ast

_FORMATS = {
    RowEncoding.JSON_TEXT: RowFormat.JSON,
    RowEncoding.JSON_TEXT_LEGACY: RowFormat.LEGACY_JSON,
    RowEncoding.ARROW: RowFormat.ARROW,
}
ROWS = OutputColumn("rows", BIGINT)


def plan_query(statement: StatementContext, query: ast.Query | BoundQuery) -> BoundQuery:
    """Bind a query (unless it is) and optimize its plan."""
    analysis = statement.new_analysis()
    bound = query if isinstance(query, BoundQuery) else bind_query(analysis, query)
    plan = optimized(statement, bound.plan, analysis)
    assert isinstance(plan, Output)
    return BoundQuery(plan, bound.fields, bound.tables, bound.relation)


def planned(statement: StatementContext, query: ast.Query | BoundQuery, memory: PlanMemory | None = None) -> Planned:
    """`plan_query`, or what a memory has of it."""
    if memory is None or isinstance(query, BoundQuery):
        return Planned(plan_query(statement, query))
    return memory.planned(statement, query, plan_query)


def optimized(statement: StatementContext, plan: PlanNode, analysis: Analysis) -> PlanNode:
    """The plan after the rules; remembered for EXPLAIN ANALYZE."""
    statement.metadata.check_selected(analysis.selected)
    disabled = _disabled_rules(statement.property_value("disabled_optimizer_rules"))
    best = optimize(plan, RuleContext(statement.metadata, analysis.symbols), disabled)
    if analysis.outer_names:
        check_correlations(best, analysis.evaluator.evaluate)
    statement.plans.append(best)
    statement.query.lineage = lineage_of(statement.metadata, analysis, plan, best)
    return best


def _disabled_rules(text: str | None) -> tuple[str, ...]:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    for name in names:
        if all(rule.name != name for rule in RULES):
            raise LodestarError(INVALID_SESSION_PROPERTY, f"There is no optimizer rule '{name}'")
    return names


def answer(statement: StatementContext, planned: Planned, results: ResultSink, *, spoolable: bool) -> None:
    """Run an optimized query and hand its rows to the client."""
    results.enter(QueryPhase.STARTING)
    columns = [OutputColumn(one.name, one.type) for one in planned.bound.fields]
    sources = StatementSources(statement.metadata)
    # Before the kernel has it: clients want to know the columns of a query that computes for long, or fails.
    results.begin(columns, spoolable=spoolable)
    rows = _FORMATS[results.encoding]
    results.enter(QueryPhase.RUNNING)
    kernel, context = statement.services.kernel, statement.query
    with kernel.run(planned.lowered(kernel, context, rows), context, sources, rows) as execution:
        for batch in execution.batches():
            results.append(batch)


def write(
    statement: StatementContext,
    analysis: Analysis,
    source: PlanNode,
    symbols: Sequence[Symbol],
    target: WriteTarget,
    results: ResultSink,
) -> int:
    """Run a query into a table; the number of rows. Leaves nothing behind when it fails.

    The rows are visible after the commit of the statement's transaction.
    """
    with begun(statement, target):
        row_count = analysis.symbols.new(BIGINT, "rows")
        plan = optimized(statement, TableWrite(source, target, tuple(symbols), row_count), analysis)
        return run_write(statement, plan, target, results)


@contextmanager
def begun(statement: StatementContext, target: WriteTarget) -> Iterator[None]:
    """A write that has begun: an exception aborts it."""
    try:
        yield
    except BaseException:
        statement.metadata.abort_write(target)
        raise


def run_write(statement: StatementContext, plan: PlanNode, target: WriteTarget, results: ResultSink) -> int:
    """Run an optimized TableWrite and hand its pieces to the connector; the number of rows."""
    metadata = statement.metadata
    results.enter(QueryPhase.STARTING)
    sink = metadata.page_sink(target)
    try:
        results.enter(QueryPhase.RUNNING)
        count = statement.services.kernel.write(plan, statement.query, StatementSources(metadata), sink)
        fragments = sink.finish()
    except BaseException:
        sink.abort()
        raise
    metadata.finish_write(target, fragments)
    return count


def answer_count(count: int | None, results: ResultSink) -> None:
    """The one-row result of a statement that changes rows. An unknown count is NULL."""
    results.begin([ROWS], spoolable=False)
    results.append(single_row(count, results.encoding))
    results.update_count(count)


def single_row(value: int | None, encoding: RowEncoding) -> pa.RecordBatch:
    """One bigint in the encoding of a result."""
    if encoding is RowEncoding.ARROW:
        return pa.record_batch({"rows": pa.array([value], pa.int64())})
    return pa.record_batch({"row": pa.array([f"[{'null' if value is None else value}],"], pa.string())})
