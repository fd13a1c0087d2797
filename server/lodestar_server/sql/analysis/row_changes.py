"""DELETE, UPDATE and MERGE: the rows that change and their new values, checked in the order in which Trino checks them.

Each becomes a plan whose columns are those of a page of row changes (`spi.row_changes`): the operation, the row id, and
the table's columns. Source: Trino StatementAnalyzer (visitDelete, visitUpdate, visitMerge) and QueryPlanner.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Constant, Expression, Symbol
from lodestar_server.ir.nodes import Filter, PlanNode, Project, TableScan, walk_plan
from lodestar_server.spi.connector import ColumnMetadata, TableMetadata
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    GENERIC_INTERNAL_ERROR,
    INVALID_ARGUMENTS,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.row_changes import RowIdColumn, RowOperation
from lodestar_server.spi.types import TINYINT, Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.hiding import refuse_hidden, visible_rows
from lodestar_server.sql.analysis.relations import analyze_relation
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.select import analyze_where
from lodestar_server.sql.analysis.writes import not_null, refuse_views, types_match, write_target
from lodestar_server.sql.parser import ast

Check = Callable[[], None]
"""Asked once the table is known to be there: whether its user may do that."""


def unchecked() -> None:
    """Nobody asks."""


@frozen
class Refused:
    """Why a statement does not work on a table with row filters, or with column masks; None: it does."""

    filters: str | None = None
    masks: str | None = None


@frozen
class ChangedTable:
    """The table whose rows change: what it is, what tells its rows apart, and its columns that are written."""

    name: QualifiedName
    definition: TableMetadata
    row_id: RowIdColumn

    @property
    def columns(self) -> list[ColumnMetadata]:
        """Those that are not hidden, in the table's order."""
        return [column for column in self.definition.columns if not column.hidden]


@frozen
class TargetRows:
    """The rows of the changed table: its relation, with the column of the row ids in the scan."""

    relation: RelationPlan
    row_id: Symbol

    def column(self, name: str) -> Expression:
        """The value before the change of a column of the table."""
        for one in self.relation.fields:
            if one.origin is not None and one.origin[1] == name:
                return ir.SymbolRef(one.symbol)
        raise LodestarError(COLUMN_NOT_FOUND, f"Column '{name}' cannot be resolved")


@frozen
class RowChanges:
    """A plan of changes; `columns` are those of a page of row changes, in order."""

    plan: PlanNode
    row_id: Symbol
    columns: tuple[Symbol, ...]

    def scan(self, plan: PlanNode) -> TableScan:
        """The scan of the changed rows in the optimized form of the plan; its own where the optimizer left none."""
        scans = [one for root in (plan, self.plan) for one in walk_plan(root) if isinstance(one, TableScan)]
        return next(one for one in scans if any(symbol == self.row_id for symbol, _ in one.columns))


def changed_table(
    analysis: Analysis, node: ast.Statement, table: ast.Table, message: str, check: Check, refused: Refused
) -> ChangedTable:
    """The table that a statement changes; `message` refuses a view. Raises: NOT_SUPPORTED, TABLE_NOT_FOUND."""
    name = analysis.qualify(table.name, table.at)
    refuse_views(analysis.catalog, name, message, node.at)
    found = write_target(analysis.catalog, name, table.at)
    definition = analysis.catalog.table_metadata(found)
    if isinstance(node, ast.Update):
        _check_assignments(node, definition)
    check()
    columns = [column.name for column in definition.columns]
    refuse_hidden(analysis, name, columns, node.at, filters=refused.filters, masks=refused.masks)
    return ChangedTable(name, definition, analysis.catalog.row_id_column(found))


def target_rows(analysis: Analysis, node: ast.Relation, table: ChangedTable) -> TargetRows:
    """The rows of a table, perhaps under an alias, with their ids."""
    # To change rows is not to read them: only what conditions and values name is.
    selected = dict(analysis.selected)
    analysis.changing = True
    try:
        relation = analyze_relation(analysis, node, Scope())
    finally:
        analysis.changing = False
    analysis.selected = selected
    scan = relation.node
    assert isinstance(scan, TableScan)
    row_id = analysis.symbols.new(table.row_id.type, "row_id")
    scan = replace(scan, columns=(*scan.columns, (row_id, table.row_id.handle)))
    return TargetRows(RelationPlan(scan, relation.fields), row_id)


def changes(
    analysis: Analysis,
    rows: PlanNode,
    row_id: Symbol,
    table: ChangedTable,
    operation: Expression,
    value: Callable[[ColumnMetadata], Expression],
) -> RowChanges:
    """A plan that gives for each of `rows` its operation, its id and the `value` of each column."""
    changed = analysis.symbols.like(row_id)
    assignments = [(analysis.symbols.new(TINYINT, "operation"), operation), (changed, ir.SymbolRef(row_id))]
    for column in table.columns:
        assignments.append((analysis.symbols.new(column.type, column.name), value(column)))
    plan = Project(rows, tuple(assignments))
    return RowChanges(plan, row_id, plan.outputs)


def constant_operation(operation: RowOperation) -> Constant:
    """The operation as a value of its column."""
    return Constant(TINYINT, int(operation))


_UNDELETABLE = Refused(masks="Delete from table with column mask")
_UNCHANGEABLE = Refused(
    "Updating a table with a row filter is not supported", "Updating a table with column masks is not supported"
)


def analyze_delete(analysis: Analysis, node: ast.Delete, check: Check = unchecked) -> RowChanges:
    """The rows that a DELETE removes: of those that its user may see."""
    table = changed_table(analysis, node, node.table, "Deleting from {} is not supported", check, _UNDELETABLE)
    target = target_rows(analysis, node.table, table)
    seen = visible_rows(analysis, node.table.at, table.name, target.relation)
    rows = _filtered(analysis, seen, node.where)
    operation = constant_operation(RowOperation.DELETE)
    return changes(analysis, rows, target.row_id, table, operation, lambda column: Constant(column.type, None))


def _check_assignments(node: ast.Update, table: TableMetadata) -> None:
    """The columns that an UPDATE sets exist. Raises: COLUMN_NOT_FOUND."""
    known = {column.name for column in table.columns}
    for assignment in node.assignments:
        name = assignment.name.value.lower()
        if name not in known:
            message = f"The UPDATE SET target column {name} doesn't exist"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=assignment.name.at)


def analyze_update(analysis: Analysis, node: ast.Update, check: Check = unchecked) -> RowChanges:
    """The rows that an UPDATE changes, and what they become. Raises: TYPE_MISMATCH, what its expressions raise."""
    table = changed_table(analysis, node, node.table, "Updating {} is not supported", check, _UNCHANGEABLE)
    target = target_rows(analysis, node.table, table)
    rows = _filtered(analysis, target.relation, node.where)
    expressions = ExpressionAnalyzer(analysis, scope_of(target.relation))
    names = [assignment.name.value.lower() for assignment in node.assignments]
    values = [expressions.analyze(assignment.value) for assignment in node.assignments]
    _refuse_repeated(names)
    types = {column.name: column.type for column in table.definition.columns}
    targets, given = [types[name] for name in names], [value.type for value in values]
    if not types_match(targets, given):
        message = (
            "UPDATE table column types don't match SET expressions: "
            f"Table: [{shown(targets)}], Expressions: [{shown(given)}]"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    for assignment, type_ in zip(node.assignments, targets, strict=True):
        expressions.note_parameter(assignment.value, type_)
    new = dict(zip(names, values, strict=True))

    def value(column: ColumnMetadata) -> Expression:
        if column.name not in new:
            return target.column(column.name)
        made = stored(new[column.name], column.type)
        return made if column.nullable else not_null(made, column, INVALID_ARGUMENTS)

    operation = constant_operation(RowOperation.UPDATE)
    return changes(analysis, rows, target.row_id, table, operation, value)


def _refuse_repeated(names: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name in names[:position]:
            raise LodestarError(GENERIC_INTERNAL_ERROR, f"Multiple entries with same key: {name}=[] and {name}=[]")


def stored(value: Expression, target: Type) -> Expression:
    """The value as the column holds it: as CAST does it, which cuts text that is too long."""
    source = value.type
    if source == target:
        return value
    return coerce(value, target) if can_coerce(source, target) else ir.Cast(value, target)


def _filtered(analysis: Analysis, relation: RelationPlan, where: ast.Expression | None) -> PlanNode:
    if where is None:
        return relation.node
    return Filter(relation.node, analyze_where(analysis, scope_of(relation), where))


def scope_of(*relations: RelationPlan) -> Scope:
    """What expressions over the columns of these relations see."""
    return Scope(fields=[one for relation in relations for one in relation.fields])


def shown(types: Sequence[Type]) -> str:
    """Types in a message."""
    return ", ".join(type_.display for type_ in types)
