"""Subqueries inside expressions. DuckDB decorrelates them; a query here is just a SELECT in the scopes around it."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import compare, equals, identity_key, may_be_unknown
from lodestar_server.execution.kernel.functions.registry import GroupCall, require_group
from lodestar_server.execution.kernel.lowering.block import Stage
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering, column_name
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    Comparison,
    ComparisonOperator,
    Exists,
    Expression,
    FunctionRef,
    InSubquery,
    IsNull,
    Logical,
    LogicalOperator,
    QuantifiedComparison,
    Quantifier,
    ScalarSubquery,
    Symbol,
    SymbolRef,
)
from lodestar_server.ir.nodes import Filter, PlanNode, free_symbols


def _lower_scalar(context: Lowering, node: ScalarSubquery) -> Sql:
    return sql.subquery_fragment("({0})", _column(context, node.relation, node.output))


def _column(context: Lowering, relation: PlanNode, output: Symbol) -> Sql:
    return context.relation(relation).query_of([output])


def _lower_exists(context: Lowering, node: Exists) -> Sql:
    return sql.subquery_fragment("EXISTS ({0})", context.relation(node.relation).query([]))


def _lower_in(context: Lowering, node: InSubquery) -> Sql:
    return _in(context, node.value, node.relation, node.output)


def _in(context: Lowering, value: Expression, relation: PlanNode, output: Symbol) -> Sql:
    """IN compares by identity: NaN is in, NULL inside a row equals NULL; only a whole NULL is unknown.

    Trino joins by `=` what a correlated query gives: there neither is found.
    """
    if may_be_unknown(output.type) and next(free_symbols(relation), None) is not None:
        relation = Filter(relation, _comparable(value, output))
    block = context.relation(relation)
    found = block.columns[output]
    key = identity_key(found, output.type)
    if key is not found and not sql.is_simple(found):
        block = block.wrapped(context)
        key = identity_key(block.columns[output], output.type)
    query = block.query([(column_name(output), key)])
    sought = identity_key(context.expression(value), output.type)
    return sql.fragment("({0} IN {1})", sought, sql.subquery_fragment("({0})", query))


def _comparable(value: Expression, found: Symbol) -> Expression:
    """What is equal to itself, or makes the answer unknown."""
    one = SymbolRef(found)
    return Logical(LogicalOperator.OR, (Comparison(ComparisonOperator.EQUAL, one, one), IsNull(one), IsNull(value)))


def _lower_quantified(context: Lowering, node: QuantifiedComparison) -> Sql:
    if node.operator is ComparisonOperator.EQUAL and node.quantifier is Quantifier.ANY:
        return _in(context, node.value, node.relation, node.output)
    if node.operator is ComparisonOperator.NOT_EQUAL and node.quantifier is Quantifier.ALL:
        return sql.negation(_in(context, node.value, node.relation, node.output))
    value = context.expression(node.value)
    return sql.let(_summary(context, node), lambda summary: _compared(node, value, summary))


def _summary(context: Lowering, node: QuantifiedComparison) -> Sql:
    """How many rows, how many values, the least and the greatest one."""
    block = context.relation(node.relation).reaching(context, Stage.WHERE)
    if not sql.is_simple(block.columns[node.output]):
        block = block.wrapped(context)
    column, type_ = block.columns[node.output], node.output.type

    def extreme(name: str) -> Sql:
        function = FunctionRef(name, (type_,), type_)
        return require_group(function, over_window=False)(GroupCall(function, (), (column,), context))

    summary = sql.struct(
        n=sql.fixed_fragment("count()"),
        m=sql.fixed_fragment("count({0})", column),
        low=extreme("min"),
        high=extreme("max"),
    )
    block.group = sql.fragment("()")
    return sql.subquery_fragment("({0})", block.query([("k1", summary)]))


def _compared(node: QuantifiedComparison, value: Sql, summary: Sql) -> Sql:
    """Trino compares with the extreme values only, then lets NULLs among the values make the answer unknown."""
    type_ = node.output.type
    low, high = sql.field(summary, "low"), sql.field(summary, "high")
    every = node.quantifier is Quantifier.ALL
    match node.operator:
        case ComparisonOperator.EQUAL:
            answer = sql.conjunction([equals(low, high, type_), equals(value, high, type_)])
        case ComparisonOperator.NOT_EQUAL:
            differ = [sql.negation(equals(one, high, type_)) for one in (low, value)]
            answer = sql.disjunction(differ)
        case _:
            upwards = node.operator in (ComparisonOperator.LESS, ComparisonOperator.LESS_OR_EQUAL)
            answer = compare(node.operator.value, value, low if upwards == every else high, type_)
    complete = sql.binary("=", sql.field(summary, "n"), sql.field(summary, "m"))
    unknown = sql.case([(complete, sql.boolean(every))], sql.typed_null("BOOLEAN"))
    joined = sql.conjunction([answer, unknown]) if every else sql.disjunction([answer, unknown])
    return sql.case([(sql.fragment("{0} = 0", sql.field(summary, "n")), sql.boolean(every))], joined)


EXPRESSIONS[ScalarSubquery] = _lower_scalar
EXPRESSIONS[Exists] = _lower_exists
EXPRESSIONS[InSubquery] = _lower_in
EXPRESSIONS[QuantifiedComparison] = _lower_quantified
