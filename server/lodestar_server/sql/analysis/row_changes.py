"""DELETE, UPDATE and MERGE: their predicates and values, checked in the order in which Trino checks them."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir.nodes import Filter, PlanNode
from lodestar_server.spi.connector import TableMetadata
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    DUPLICATE_COLUMN_NAME,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import BOOLEAN, Type
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.relations import analyze_relation
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.select import analyze_where
from lodestar_server.sql.analysis.writes import types_match
from lodestar_server.sql.parser import ast


def analyze_delete(analysis: Analysis, node: ast.Delete) -> PlanNode:
    """The rows that a DELETE removes."""
    return _matching_rows(analysis, node.table, node.where)


def check_assignments(node: ast.Update, table: TableMetadata) -> None:
    """The columns that an UPDATE sets exist. Raises: COLUMN_NOT_FOUND."""
    known = {column.name for column in table.columns}
    for assignment in node.assignments:
        name = assignment.name.value.lower()
        if name not in known:
            message = f"The UPDATE SET target column {name} doesn't exist"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=assignment.name.at)


def analyze_update(analysis: Analysis, node: ast.Update, table: TableMetadata) -> PlanNode:
    """The rows that an UPDATE changes. Raises: TYPE_MISMATCH, what its expressions raise."""
    relation = analyze_relation(analysis, node.table, Scope())
    plan = _filtered(analysis, relation, node.where)
    expressions = ExpressionAnalyzer(analysis, _scope(relation))
    types = {column.name: column.type for column in table.columns}
    targets = [types[assignment.name.value.lower()] for assignment in node.assignments]
    values = [expressions.analyze(assignment.value).type for assignment in node.assignments]
    if not types_match(targets, values):
        message = (
            "UPDATE table column types don't match SET expressions: "
            f"Table: [{_shown(targets)}], Expressions: [{_shown(values)}]"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return plan


def analyze_merge(analysis: Analysis, node: ast.Merge, table: TableMetadata) -> None:
    """Check the predicate and the cases of a MERGE."""
    target = analyze_relation(analysis, node.target, Scope())
    source = analyze_relation(analysis, node.source, Scope())
    scope = Scope(fields=(*target.fields, *source.fields))
    expressions = ExpressionAnalyzer(analysis, scope)
    _check_boolean(expressions, node.predicate, "The MERGE predicate")
    types = {column.name: column.type for column in table.columns if not column.hidden}
    for number, case in enumerate(node.cases):
        _check_case(expressions, node, number, case, types)


def merge_target(node: ast.Merge) -> ast.Table:
    """The table that a MERGE changes."""
    target = node.target.relation if isinstance(node.target, ast.AliasedRelation) else node.target
    assert isinstance(target, ast.Table)
    return target


def _check_case(
    expressions: ExpressionAnalyzer, node: ast.Merge, number: int, case: ast.MergeCase, types: dict[str, Type]
) -> None:
    names: list[str] = []
    values: tuple[ast.Expression, ...] = ()
    if isinstance(case, ast.MergeUpdate):
        names = [assignment.name.value.lower() for assignment in case.assignments]
        values = tuple(assignment.value for assignment in case.assignments)
    elif isinstance(case, ast.MergeInsert):
        names = [column.value.lower() for column in case.columns] or list(types)
        values = case.values
    for position, name in enumerate(names):
        if name not in types:
            message = f"Merge column name does not exist in target table: {name}"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=node.at)
        if name in names[:position]:
            message = f"Merge column name is specified more than once: {name}"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=node.at)
    if case.condition is not None:
        _check_boolean(expressions, case.condition, "WHERE clause predicate")
    targets = [types[name] for name in names]
    given = [expressions.analyze(value).type for value in values]
    if not types_match(targets, given):
        message = (
            f"MERGE table column types don't match for MERGE case {number}, SET expressions: "
            f"Table: [{_shown(targets)}], Expressions: [{_shown(given)}]"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=case.at)


def _check_boolean(expressions: ExpressionAnalyzer, node: ast.Expression, what: str) -> None:
    type_ = expressions.analyze(node).type
    if not can_coerce(type_, BOOLEAN):
        message = f"{what} must evaluate to a boolean: actual type {type_.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)


def _matching_rows(analysis: Analysis, table: ast.Table, where: ast.Expression | None) -> PlanNode:
    return _filtered(analysis, analyze_relation(analysis, table, Scope()), where)


def _filtered(analysis: Analysis, relation: RelationPlan, where: ast.Expression | None) -> PlanNode:
    if where is None:
        return relation.node
    return Filter(relation.node, analyze_where(analysis, _scope(relation), where))


def _scope(relation: RelationPlan) -> Scope:
    return Scope(fields=relation.fields)


def _shown(types: Sequence[Type]) -> str:
    return ", ".join(type_.display for type_ in types)
