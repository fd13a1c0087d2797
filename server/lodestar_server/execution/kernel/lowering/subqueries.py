"""Subqueries inside expressions. DuckDB decorrelates them; a query here is just a SELECT in the scopes around it."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import has_own_order, identity_key, order_key
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering, column_name
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    ComparisonOperator,
    Exists,
    InSubquery,
    QuantifiedComparison,
    Quantifier,
    ScalarSubquery,
    Symbol,
)
from lodestar_server.ir.nodes import PlanNode


def _lower_scalar(context: Lowering, node: ScalarSubquery) -> Sql:
    return sql.fixed_fragment("({0})", _column(context, node.relation, node.output))


def _column(context: Lowering, relation: PlanNode, output: Symbol) -> Sql:
    return context.relation(relation).query_of([output])


def _lower_exists(context: Lowering, node: Exists) -> Sql:
    return sql.fixed_fragment("EXISTS ({0})", context.relation(node.relation).query([]))


def _lower_in(context: Lowering, node: InSubquery) -> Sql:
    return _in(context, context.expression(node.value), node.relation, node.output)


def _in(context: Lowering, value: Sql, relation: PlanNode, output: Symbol) -> Sql:
    """IN compares by identity: NaN is in, NULL inside a row equals NULL; only a whole NULL is unknown."""
    block = context.relation(relation)
    found = block.columns[output]
    key = identity_key(found, output.type)
    if key is not found and not sql.is_simple(found):
        block = block.wrapped(context)
        key = identity_key(block.columns[output], output.type)
    query = block.query([(column_name(output), key)])
    return sql.fixed_fragment("({0} IN ({1}))", identity_key(value, output.type), query)


def _lower_quantified(context: Lowering, node: QuantifiedComparison) -> Sql:
    value = context.expression(node.value)
    if node.operator is ComparisonOperator.EQUAL and node.quantifier is Quantifier.ANY:
        return _in(context, value, node.relation, node.output)
    if node.operator is ComparisonOperator.NOT_EQUAL and node.quantifier is Quantifier.ALL:
        return sql.negation(_in(context, value, node.relation, node.output))
    type_ = node.output.type
    block = context.relation(node.relation)
    if not has_own_order(type_) and not sql.is_simple(block.columns[node.output]):
        block = block.wrapped(context)
    query = block.query([(column_name(node.output), order_key(block.columns[node.output], type_))])
    operator = f"{node.operator.value} {node.quantifier.value}"
    return sql.fixed_fragment(f"({{0}} {operator} ({{1}}))", order_key(value, type_), query)


EXPRESSIONS[ScalarSubquery] = _lower_scalar
EXPRESSIONS[Exists] = _lower_exists
EXPRESSIONS[InSubquery] = _lower_in
EXPRESSIONS[QuantifiedComparison] = _lower_quantified
