"""REFRESH MATERIALIZED VIEW: the rows of the view's query into its storage.

Source: Trino StatementAnalyzer.visitRefreshMaterializedView, LogicalPlanner, IncrementalRefreshVisitor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lodestar_server.ir import Constant
from lodestar_server.ir.nodes import (
    Filter,
    Output,
    PlanNode,
    Project,
    TableScan,
    TableWrite,
    Values,
    subplans,
    walk_plan,
)
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.plan.optimizer.rewrite import rebuild
from lodestar_server.plan.optimizer.rule import RuleContext
from lodestar_server.plan.optimizer.rules.inline_shared_relations import InlineSharedRelations
from lodestar_server.query.plans import answer_count, begun, optimized, write
from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.handles import CatalogTable, TableHandle, WriteHandle, WriteKind, WriteTarget
from lodestar_server.spi.materialized_views import Freshness, RefreshSources
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import BIGINT
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.queries import analyze_query
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.views import parse_view
from lodestar_server.sql.analysis.writes import WriteQuery, write_query
from lodestar_server.sql.parser import ast


@frozen
class PlannedRefresh:
    """A refresh that has not begun; `query` None when the stored rows are fresh."""

    name: QualifiedName
    storage: CatalogTable
    analysis: Analysis
    query: WriteQuery | None


def refresh_materialized_view(
    statement: StatementContext, node: ast.RefreshMaterializedView, results: ResultSink
) -> None:
    """REFRESH MATERIALIZED VIEW. The count is of the rows that were written: those of appended rows, if it appends."""
    planned = plan_refresh(statement, node)
    if planned.query is None:
        answer_count(0, results)
        return
    query = planned.query
    refresh = statement.metadata.begin_refresh(planned.name, planned.storage, _sources(planned, query.plan))
    with begun(statement, refresh.target):
        plan = _reading(query.plan, planned.name.catalog, refresh.tables)
    count = write(statement, planned.analysis, plan, query.symbols, refresh.target, results)
    answer_count(count, results)


def plan_refresh(statement: StatementContext, node: ast.RefreshMaterializedView) -> PlannedRefresh:
    """Check a REFRESH and plan the view's query, whose names are those of the session, as in Trino.

    Raises: TABLE_NOT_FOUND for what is no materialized view or has no storage, what the query raises.
    """
    metadata = statement.metadata
    name = statement.qualify(node.table.name, node.at)
    view = metadata.find_materialized_view(name)
    if view is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Materialized view '{name}' does not exist", location=node.at)
    metadata.access(name.catalog).check_can_refresh_materialized_view(name.schema_table)
    if view.storage is None:
        message = f"Storage Table for materialized view '{name}' does not exist"
        raise LodestarError(TABLE_NOT_FOUND, message, location=node.at)
    analysis = statement.new_analysis()
    # Not as a subquery: an ORDER BY counts.
    source = analyze_query(analysis, parse_view(view.original_sql, name, node), Scope())
    storage = metadata.find_table(view.storage)
    if storage is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{view.storage}' does not exist", location=node.at)
    if metadata.materialized_view_freshness(name).freshness is Freshness.FRESH:
        return PlannedRefresh(name, storage, analysis, None)
    columns = [column for column in metadata.table_metadata(storage).columns if not column.hidden]
    fields = source.visible_fields
    if len(fields) < len(columns):
        message = f"Index {len(fields)} out of bounds for length {len(fields)}"
        raise LodestarError(GENERIC_INTERNAL_ERROR, message)
    context = RuleContext(metadata, analysis.symbols)
    source = replace(
        source, node=InlineSharedRelations().apply(source.node, context), fields=tuple(fields[: len(columns)])
    )
    return PlannedRefresh(name, storage, analysis, write_query(analysis, source, columns, columns))


def explained_refresh(statement: StatementContext, node: ast.RefreshMaterializedView) -> PlanNode:
    """The plan of a REFRESH, as EXPLAIN shows it: nothing begins."""
    planned = plan_refresh(statement, node)
    rows = planned.analysis.symbols.new(BIGINT, "rows")
    if planned.query is None:
        return Output(Values((rows,), ((Constant(BIGINT, 0),),)), ("rows",), (rows,))
    columns = tuple((symbol.hint, symbol.type) for symbol in planned.query.symbols)
    target = WriteTarget(planned.storage.catalog, planned.storage.name, WriteHandle(), columns, WriteKind.REFRESH)
    return optimized(statement, TableWrite(planned.query.plan, target, planned.query.symbols, rows), planned.analysis)


def _sources(planned: PlannedRefresh, plan: PlanNode) -> RefreshSources:
    read = planned.analysis.read
    own = tuple(dict.fromkeys(one.handle for one in read if one.catalog == planned.name.catalog))
    nodes = list(walk_plan(plan))
    inner = any(True for node in nodes for expression in expressions_of(node) for _ in subplans(expression))
    row_wise = not inner and all(isinstance(one, TableScan | Filter | Project) for one in nodes)
    foreign = any(one.catalog != planned.name.catalog for one in read)
    return RefreshSources(own, foreign, row_wise)


def _reading(plan: PlanNode, catalog: str, tables: Mapping[TableHandle, TableHandle]) -> PlanNode:
    """The plan with other tables of a catalog in the place of those that are keys."""

    def visit(node: PlanNode) -> PlanNode:
        if isinstance(node, TableScan) and node.table.catalog == catalog:
            handle = tables.get(node.table.handle, node.table.handle)
            if handle != node.table.handle:
                return replace(node, table=replace(node.table, handle=handle))
            return node
        return rebuild(node, visit)

    return visit(plan)
