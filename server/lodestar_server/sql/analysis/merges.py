"""MERGE: the target's rows beside the source's, and for each pair the first case that applies.

Source: Trino StatementAnalyzer.visitMerge and QueryPlanner.plan(Merge).
"""

from __future__ import annotations

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Constant, Expression, FunctionKind, FunctionRef, WindowCall
from lodestar_server.ir.nodes import Filter, Join, JoinKind, PlanNode, Window
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    CONSTRAINT_VIOLATION,
    DUPLICATE_COLUMN_NAME,
    GENERIC_INTERNAL_ERROR,
    MERGE_TARGET_ROW_MULTIPLE_MATCHES,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.row_changes import RowOperation
from lodestar_server.spi.types import BIGINT, BOOLEAN, INTEGER, TINYINT
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.failing import fail
from lodestar_server.sql.analysis.hiding import refuse_hidden
from lodestar_server.sql.analysis.relations import analyze_relation, extend
from lodestar_server.sql.analysis.row_changes import (
    ChangedTable,
    Check,
    Refused,
    RowChanges,
    TargetRows,
    changed_table,
    changes,
    constant_operation,
    scope_of,
    shown,
    stored,
    target_rows,
    unchecked,
)
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.writes import not_null, types_match
from lodestar_server.sql.parser import ast


@frozen
class _Case:
    """A bound WHEN: `values` are the columns that it gives, by name."""

    operation: RowOperation
    condition: Expression | None
    values: dict[str, Expression]

    @property
    def of_target(self) -> bool:
        """WHEN MATCHED."""
        return self.operation is not RowOperation.INSERT


def merge_target(node: ast.Merge) -> ast.Table:
    """The table that a MERGE changes."""
    target = node.target.relation if isinstance(node.target, ast.AliasedRelation) else node.target
    assert isinstance(target, ast.Table)
    return target


_UNMERGEABLE = Refused("Cannot merge into a table with row filters")


def analyze_merge(analysis: Analysis, node: ast.Merge, check: Check = unchecked) -> RowChanges:
    """The rows that a MERGE changes and adds. Raises: what its predicate, conditions and values raise."""
    written = merge_target(node)
    table = changed_table(analysis, node, written, "Merging into {} is not supported", check, _UNMERGEABLE)
    target = target_rows(analysis, node.target, table)
    source = analyze_relation(analysis, node.source, Scope())
    columns = [column.name for column in table.definition.columns]
    refuse_hidden(analysis, table.name, columns, node.at, masks="Cannot merge into a table with column masks")
    scope = scope_of(target.relation, source)
    predicate = _boolean(ExpressionAnalyzer(analysis, scope, correlation=False), node.predicate, "The MERGE predicate")
    expressions = ExpressionAnalyzer(analysis, scope)
    cases = [_case(expressions, node, number, case, table) for number, case in enumerate(node.cases)]
    # Source rows without a match matter only to those who insert them.
    adds = not all(case.of_target for case in cases)
    pairs = Join(JoinKind.RIGHT if adds else JoinKind.INNER, target.relation.node, source.node, predicate)
    return _changes(analysis, pairs, target, table, cases)


def _case(
    expressions: ExpressionAnalyzer, node: ast.Merge, number: int, case: ast.MergeCase, table: ChangedTable
) -> _Case:
    names: list[str] = []
    written: tuple[ast.Expression, ...] = ()
    operation = RowOperation.DELETE
    types = {column.name: column.type for column in table.columns}
    if isinstance(case, ast.MergeUpdate):
        operation = RowOperation.UPDATE
        names = [assignment.name.value.lower() for assignment in case.assignments]
        written = tuple(assignment.value for assignment in case.assignments)
    elif isinstance(case, ast.MergeInsert):
        operation = RowOperation.INSERT
        names = [column.value.lower() for column in case.columns] or list(types)
        written = case.values
        if len(names) != len(written):
            message = f"Number of merge columns ({len(names)}) isn't equal to number of expressions ({len(written)})"
            raise LodestarError(GENERIC_INTERNAL_ERROR, message)
    for position, name in enumerate(names):
        if name not in types:
            message = f"Merge column name does not exist in target table: {name}"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=node.at)
        if name in names[:position]:
            message = f"Merge column name is specified more than once: {name}"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=node.at)
    condition = None
    if case.condition is not None:
        condition = _boolean(expressions, case.condition, "WHERE clause predicate")
    values = [expressions.analyze(value) for value in written]
    targets, given = [types[name] for name in names], [value.type for value in values]
    if not types_match(targets, given):
        message = (
            f"MERGE table column types don't match for MERGE case {number}, SET expressions: "
            f"Table: [{shown(targets)}], Expressions: [{shown(given)}]"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=case.at)
    for value, type_ in zip(written, targets, strict=True):
        expressions.note_parameter(value, type_)
    return _Case(operation, condition, dict(zip(names, values, strict=True)))


def _boolean(expressions: ExpressionAnalyzer, node: ast.Expression, what: str) -> Expression:
    bound = expressions.analyze(node)
    if not can_coerce(bound.type, BOOLEAN):
        message = f"{what} must evaluate to a boolean: actual type {bound.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return coerce(bound, BOOLEAN)


def _changes(
    analysis: Analysis, pairs: PlanNode, target: TargetRows, table: ChangedTable, cases: list[_Case]
) -> RowChanges:
    present = ir.Not(ir.IsNull(ir.SymbolRef(target.row_id)))
    number = analysis.symbols.new(INTEGER, "case_number")
    chosen = ir.SymbolRef(number)
    branches = tuple((_applies(case, present), Constant(INTEGER, index)) for index, case in enumerate(cases))
    rows = extend(pairs, [(number, ir.Case(branches, Constant(INTEGER, None)))])
    rows = _once_each(analysis, rows, target, chosen, present)

    def of_case(index: int) -> Expression:
        return ir.Comparison(ir.ComparisonOperator.EQUAL, chosen, Constant(INTEGER, index))

    def value(column: ColumnMetadata) -> Expression:
        values = [(index, _value(case, column, target)) for index, case in enumerate(cases)]
        given = tuple((of_case(index), one) for index, one in values if one is not None)
        return ir.Case(given, Constant(column.type, None)) if given else Constant(column.type, None)

    operations = tuple((of_case(index), constant_operation(case.operation)) for index, case in enumerate(cases))
    operation = ir.Case(operations, Constant(TINYINT, None))
    return changes(analysis, rows, target.row_id, table, operation, value)


def _applies(case: _Case, present: Expression) -> Expression:
    condition = present if case.of_target else ir.Not(present)
    return condition if case.condition is None else ir.conjunction([condition, case.condition])


def _value(case: _Case, column: ColumnMetadata, target: TargetRows) -> Expression | None:
    """The column's value in a row of the case; None is NULL."""
    if case.operation is RowOperation.DELETE:
        return None
    given = case.values.get(column.name)
    if given is not None:
        value = stored(given, column.type)
    elif case.operation is RowOperation.UPDATE:
        return target.column(column.name)
    elif column.nullable:
        return None
    else:
        value = Constant(column.type, None)
    return value if column.nullable else not_null(value, column, CONSTRAINT_VIOLATION)


def _once_each(
    analysis: Analysis, rows: PlanNode, target: TargetRows, chosen: Expression, present: Expression
) -> PlanNode:
    """The rows that some case has chosen. A target row that meets two source rows in one case, or in none, fails.

    Both in one filter: what no case has chosen is counted, too, so that it must not be filtered before.
    """
    count = analysis.symbols.new(BIGINT, "matches")
    call = WindowCall(FunctionRef("count", (), BIGINT, FunctionKind.AGGREGATE), ())
    counted = Window(rows, (ir.SymbolRef(target.row_id), chosen), (), ((count, call),))
    several = ir.Comparison(ir.ComparisonOperator.GREATER, ir.SymbolRef(count), Constant(BIGINT, 1))
    message = "One MERGE target table row matched more than one source row"
    failure = fail(MERGE_TARGET_ROW_MULTIPLE_MATCHES, message, BOOLEAN)
    return Filter(counted, ir.Case(((ir.conjunction([present, several]), failure),), ir.Not(ir.IsNull(chosen))))
