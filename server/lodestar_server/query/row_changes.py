"""DELETE, UPDATE and MERGE.

A DELETE whose rows a connector can remove as a whole is left to it. Everything else is a plan of row changes, from
which the connector's sink takes pages (`spi.row_changes`).
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.ir.nodes import PlanNode, Project, TableDelete, TableScan, TableWrite
from lodestar_server.query.plans import answer_count, begun, optimized, run_write
from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.handles import CatalogTable, WriteHandle, WriteKind, WriteTarget
from lodestar_server.spi.types import BIGINT
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.merges import analyze_merge, merge_target
from lodestar_server.sql.analysis.row_changes import RowChanges, analyze_delete, analyze_update
from lodestar_server.sql.parser import ast

RowChange = ast.Delete | ast.Update | ast.Merge


@frozen
class PlannedChanges:
    """The optimized plan of a statement's changes."""

    changes: RowChanges
    plan: PlanNode
    analysis: Analysis

    @property
    def table(self) -> CatalogTable:
        """The changed table as it is scanned, with what was pushed into it."""
        return self.changes.scan(self.plan).table

    def writing(self, target: WriteTarget) -> TableWrite:
        """The plan with its writer."""
        return TableWrite(self.plan, target, self.changes.columns, self.analysis.symbols.new(BIGINT, "rows"))


def change_rows(statement: StatementContext, node: RowChange, results: ResultSink) -> None:
    """DELETE, UPDATE, MERGE."""
    planned = plan_changes(statement, node)
    metadata = statement.metadata
    removed = _removed_as_a_whole(statement, node, planned)
    if removed is not None:
        statement.plans[-1] = removed
        answer_count(metadata.execute_delete(removed.table), results)
        return
    target = metadata.begin_row_changes(planned.table)
    with begun(statement, target):
        plan = planned.writing(target)
        statement.plans[-1] = plan
        count = run_write(statement, plan, target, results)
    answer_count(count, results)


def plan_changes(statement: StatementContext, node: RowChange) -> PlannedChanges:
    """Check a statement that changes rows and plan it."""
    analysis = statement.new_analysis()

    def check() -> None:
        _check_access(statement, node)

    match node:
        case ast.Delete():
            changes = analyze_delete(analysis, node, check)
        case ast.Update():
            changes = analyze_update(analysis, node, check)
        case ast.Merge():
            changes = analyze_merge(analysis, node, check)
    return PlannedChanges(changes, optimized(statement, changes.plan, analysis), analysis)


def _check_access(statement: StatementContext, node: RowChange) -> None:
    """Raises: PERMISSION_DENIED."""
    table = merge_target(node) if isinstance(node, ast.Merge) else node.table
    name = statement.qualify(table.name, table.at)
    access = statement.metadata.access(name.catalog)
    match node:
        case ast.Delete():
            access.check_can_delete_from_table(name.schema_table)
        case ast.Update():
            access.check_can_update_table_columns(name.schema_table, _assigned(node.assignments))
        case ast.Merge():
            if any(isinstance(case, ast.MergeInsert) for case in node.cases):
                access.check_can_insert_into_table(name.schema_table)
            if any(isinstance(case, ast.MergeDelete) for case in node.cases):
                access.check_can_delete_from_table(name.schema_table)
            updates = [one for case in node.cases if isinstance(case, ast.MergeUpdate) for one in case.assignments]
            if updates:
                access.check_can_update_table_columns(name.schema_table, _assigned(updates))


def _assigned(assignments: Sequence[ast.UpdateAssignment]) -> list[str]:
    return list(dict.fromkeys(one.name.value.lower() for one in assignments))


def explained_changes(statement: StatementContext, node: RowChange) -> PlanNode:
    """The plan of a statement that changes rows, as EXPLAIN shows it: nothing begins."""
    planned = plan_changes(statement, node)
    removed = _removed_as_a_whole(statement, node, planned)
    if removed is not None:
        return removed
    table = planned.table
    columns = tuple((symbol.hint, symbol.type) for symbol in planned.changes.columns)
    return planned.writing(WriteTarget(table.catalog, table.name, WriteHandle(), columns, WriteKind.ROW_CHANGES))


def _removed_as_a_whole(statement: StatementContext, node: RowChange, planned: PlannedChanges) -> TableDelete | None:
    """A DELETE of nothing but a whole scan, when the connector takes it."""
    plan = planned.plan
    while isinstance(plan, Project):
        plan = plan.source
    if not isinstance(node, ast.Delete) or not isinstance(plan, TableScan):
        return None
    table = statement.metadata.apply_delete(plan.table)
    return None if table is None else TableDelete(table, planned.analysis.symbols.new(BIGINT, "rows"))
