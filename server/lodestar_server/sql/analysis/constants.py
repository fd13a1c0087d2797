"""Expressions that stand where only a value may: properties, arguments of procedures, session values."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Constant, Expression
from lodestar_server.spi.errors import EXPRESSION_NOT_CONSTANT, TYPE_MISMATCH, LodestarError
from lodestar_server.spi.types import Type
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.collector import CallCollector
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.syntax import check_scalar, walk_expression
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.walk import children


def check_constants(values: Sequence[ast.Expression]) -> None:
    """Values for the parameters of a prepared statement name no columns. Raises: EXPRESSION_NOT_CONSTANT."""
    for value in values:
        if names_columns(value):
            message = "Constant expression cannot contain column references"
            raise LodestarError(EXPRESSION_NOT_CONSTANT, message, location=value.at)


def names_columns(node: ast.Node) -> bool:
    """Some part of an expression is a name, those of its types apart."""
    if isinstance(node, ast.DataType):
        return False
    return isinstance(node, ast.Identifier) or any(map(names_columns, children(node)))


def refuse_subqueries(node: ast.Expression) -> None:
    """Raises: EXPRESSION_NOT_CONSTANT for an expression with one."""
    for part in walk_expression(node):
        if isinstance(part, ast.SubqueryExpression | ast.ExistsPredicate):
            message = "Constant expression cannot contain a subquery"
            raise LodestarError(EXPRESSION_NOT_CONSTANT, message, location=part.at)


def bind_constant(analysis: Analysis, node: ast.Expression, collector: CallCollector | None = None) -> Expression:
    """An expression without columns and subqueries, bound; with a collector, one of aggregates too.

    Raises: EXPRESSION_NOT_CONSTANT, what analysis raises.
    """
    refuse_subqueries(node)
    return ExpressionAnalyzer(analysis, Scope(), collector, correlation=False).analyze(node)


def constant_type(analysis: Analysis, node: ast.Expression) -> Type:
    """The type of an expression without columns, whether it has a value or not. Raises: see `bind_constant`."""
    return bind_constant(analysis, node, CallCollector(analysis.symbols, node.at)).type


def evaluate_constant(analysis: Analysis, node: ast.Expression, expected: Type | None = None) -> Constant:
    """The value of an expression without columns, coerced to `expected` when given.

    Raises: LodestarError(TYPE_MISMATCH) when it cannot be coerced; what analysis and evaluation raise.
    """
    # The type is judged before an aggregate is refused.
    collector = CallCollector(analysis.symbols, node.at)
    bound = bind_constant(analysis, node, collector)
    if expected is not None and bound.type != expected:
        if not can_coerce(bound.type, expected):
            message = f"Cannot cast type {bound.type.display} to {expected.display}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        bound = coerce(bound, expected)
    check_scalar(node, "Expression")
    collector.check_calls()
    return analysis.evaluator.evaluate(bound)
