"""Subqueries inside expressions: scalar, EXISTS, IN and quantified comparisons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.functions.coercions import common_super_type
from lodestar_server.ir import Expression, Symbol
from lodestar_server.ir.nodes import Join, JoinKind, PlanNode, Project, Values, free_symbols
from lodestar_server.spi.errors import NOT_SUPPORTED, TYPE_MISMATCH, LodestarError
from lodestar_server.spi.types import UNKNOWN, RowField, RowType, Type
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import RelationPlan
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.parser import ast

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer

_COMPARISONS = {
    "=": ir.ComparisonOperator.EQUAL,
    "<>": ir.ComparisonOperator.NOT_EQUAL,
    "<": ir.ComparisonOperator.LESS,
    "<=": ir.ComparisonOperator.LESS_OR_EQUAL,
    ">": ir.ComparisonOperator.GREATER,
    ">=": ir.ComparisonOperator.GREATER_OR_EQUAL,
}


def _analyze(analyzer: ExpressionAnalyzer, node: ast.Expression, *, in_lambda: bool = False) -> RelationPlan:
    assert isinstance(node, ast.SubqueryExpression)
    if analyzer.in_lambda and not in_lambda:
        raise LodestarError(NOT_SUPPORTED, "Lambda expression cannot contain subqueries", location=node.at)
    return analyzer.analysis.subquery(node.query, _outer(analyzer))


def _outer(analyzer: ExpressionAnalyzer) -> Scope:
    """What a subquery sees around it."""
    return Scope(parent=analyzer.scope, closed=not analyzer.correlation)


def _row_type(plan: RelationPlan) -> RowType:
    return RowType(tuple(RowField(field.name, field.type) for field in plan.visible_fields))


def scalar(analyzer: ExpressionAnalyzer, node: ast.SubqueryExpression) -> Expression:
    """(query) as a value; several columns are one row.

    No row is a row of NULLs then, as Trino has it: it makes the row of what is there behind the check for one row. In a
    correlated subquery it does so before, and the value is NULL.
    """
    plan = _analyze(analyzer, node)
    fields = plan.visible_fields
    if len(fields) == 1:
        return ir.ScalarSubquery(plan.node, fields[0].symbol, at=node.query.at)
    if next(free_symbols(plan.node), None) is None:
        plan = replace(plan, node=Join(JoinKind.LEFT, Values((), ((),)), plan.node))
    relation, output = _packed(analyzer, plan, _row_type(plan))
    return ir.ScalarSubquery(relation, output, at=node.query.at)


def exists(analyzer: ExpressionAnalyzer, node: ast.ExistsPredicate) -> Expression:
    """EXISTS (query)."""
    assert isinstance(node.subquery, ast.SubqueryExpression)
    plan = _analyze(analyzer, node.subquery, in_lambda=True)
    return ir.Exists(plan.node, at=node.at)


def _packed(analyzer: ExpressionAnalyzer, plan: RelationPlan, row: RowType) -> tuple[PlanNode, Symbol]:
    """The subquery with its columns in one row column of the type `row`."""
    fields = plan.visible_fields
    values = tuple(coerce(ir.SymbolRef(f.symbol), want.type) for f, want in zip(fields, row.fields, strict=True))
    output = analyzer.analysis.symbols.new(row, "row")
    return Project(plan.node, ((output, ir.RowConstructor(values, row)),)), output


def _comparable(
    analyzer: ExpressionAnalyzer, node: ast.Expression, value_node: ast.Expression, subquery: ast.Expression
) -> tuple[Expression, PlanNode, Symbol, Type]:
    """Both sides of a predicate over a subquery in their common type."""
    value = analyzer.analyze(value_node)
    plan = _analyze(analyzer, subquery)
    fields = plan.visible_fields
    row = _row_type(plan)
    wrapped = value.type if isinstance(value.type, RowType) or value.type == UNKNOWN else RowType.anonymous(value.type)
    common = common_super_type(wrapped, row)
    if common is None:
        message = (
            f"Value expression and result of subquery must be of the same type: {wrapped.display} vs {row.display}"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    assert isinstance(common, RowType)
    if len(fields) == 1:
        type_ = common.fields[0].type
        if isinstance(value.type, RowType):
            value = ir.FieldAccess(value, 0)
        analyzer.note_parameter(value_node, type_)
        relation, output = _coerced_column(analyzer, plan, type_)
        return coerce(value, type_), relation, output, common
    relation, output = _packed(analyzer, plan, common)
    return coerce(value, common), relation, output, common


def _coerced_column(analyzer: ExpressionAnalyzer, plan: RelationPlan, type_: Type) -> tuple[PlanNode, Symbol]:
    field = plan.visible_fields[0]
    if field.type == type_:
        return plan.node, field.symbol
    output = analyzer.analysis.symbols.new(type_, field.symbol.hint)
    return Project(plan.node, ((output, coerce(ir.SymbolRef(field.symbol), type_)),)), output


def in_subquery(analyzer: ExpressionAnalyzer, node: ast.InPredicate, subquery: ast.SubqueryExpression) -> Expression:
    """value IN (query)."""
    value, relation, output, _ = _comparable(analyzer, node, node.value, subquery)
    return ir.InSubquery(value, relation, output, at=node.at)


def quantified(analyzer: ExpressionAnalyzer, node: ast.QuantifiedComparisonExpression) -> Expression:
    """value op ALL|ANY|SOME (query)."""
    value, relation, output, common = _comparable(analyzer, node, node.value, node.subquery)
    operator = _COMPARISONS[node.operator.value]
    by_equality = operator in (ir.ComparisonOperator.EQUAL, ir.ComparisonOperator.NOT_EQUAL)
    if not (common.comparable if by_equality else common.orderable):
        ability = "comparable" if by_equality else "orderable"
        message = f"Type [{common.display}] must be {ability} in order to be used in quantified comparison"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    quantifier = ir.Quantifier.ALL if node.quantifier is ast.Quantifier.ALL else ir.Quantifier.ANY
    # Trino makes an aggregation of the others, whose place is that of the query.
    assert isinstance(node.subquery, ast.SubqueryExpression)
    at = node.at if by_equality else node.subquery.query.at
    return ir.QuantifiedComparison(operator, quantifier, value, relation, output, at=at)
