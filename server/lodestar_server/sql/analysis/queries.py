"""Whole queries: WITH, set operations, and ORDER BY, OFFSET, LIMIT around a body that is not a SELECT."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from lodestar_server import ir
from lodestar_server.functions.coercions import common_super_type
from lodestar_server.ir import Expression, Ordering, Symbol
from lodestar_server.ir.nodes import (
    Limit,
    PlanNode,
    Project,
    SetOperation,
    SetOperator,
    Shared,
    SharedScan,
    Sort,
    subplans,
    walk_plan,
)
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.session import QueryWarning
from lodestar_server.spi.errors import (
    AMBIGUOUS_NAME,
    DUPLICATE_COLUMN_NAME,
    DUPLICATE_NAMED_QUERY,
    INVALID_ARGUMENTS,
    INVALID_COLUMN_REFERENCE,
    MISMATCHED_COLUMN_ALIASES,
    MISSING_COLUMN_NAME,
    MISSING_ORDER_BY,
    NOT_SUPPORTED,
    NUMERIC_VALUE_OUT_OF_RANGE,
    TYPE_MISMATCH,
    Location,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.sql.analysis import recursion
from lodestar_server.sql.analysis.calls import ordering_of
from lodestar_server.sql.analysis.casts import can_cast, coerce
from lodestar_server.sql.analysis.constants import check_no_subquery
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.patterns.labels import refuse_in_recursion
from lodestar_server.sql.analysis.relations import NamedQuery, analyze_relation, extend
from lodestar_server.sql.analysis.routines.inline import add_inline_function
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.parser import ast, format_expression

REDUNDANT_ORDER_BY = QueryWarning(2, "REDUNDANT_ORDER_BY", "ORDER BY in subquery may have no effect")


def analyze_query(analysis: Analysis, query: ast.Query, outer: Scope) -> RelationPlan:
    """A query; `outer` is what lies beyond its boundary: columns it may be correlated with, WITH queries."""
    for function in query.functions:
        add_inline_function(analysis, function)
    scope = Scope(parent=outer, query_boundary=True)
    shared: list[NamedQuery] = []
    if query.with_ is not None:
        scope, shared = _with(analysis, query.with_, scope)
    plan = analyze_body(analysis, query.body, scope)
    plan = _order_and_limit(analysis, query, plan, scope)
    return RelationPlan(_share(plan.node, shared), plan.fields)


def _with(analysis: Analysis, node: ast.With, scope: Scope) -> tuple[Scope, list[NamedQuery]]:
    named: dict[str, object] = {}
    inner = Scope(parent=scope.parent, query_boundary=True, named_queries=named)
    shared: list[NamedQuery] = []
    for query in node.queries:
        name = query.name.value.lower()
        if name in named:
            message = f"WITH query name '{name}' specified more than once"
            raise LodestarError(DUPLICATE_NAMED_QUERY, message, location=query.at)
        if node.recursive:
            refuse_in_recursion(query.query)
        plan = recursion.analyze(analysis, query, name, inner) if node.recursive else None
        again: Callable[[], RelationPlan] | None = None
        if plan is None:
            again = partial(_named_plan, analysis, query, _so_far(inner, named))
            plan = again()
        key = analysis.next_shared_key
        analysis.next_shared_key += 1
        # The definition gives just its visible columns, in order and each once, so that readers can map by position.
        fields = plan.visible_fields
        copies = [analysis.symbols.like(one.symbol) for one in fields]
        relation = Project(
            plan.node, tuple((copy, ir.SymbolRef(one.symbol)) for copy, one in zip(copies, fields, strict=True))
        )
        plan = RelationPlan(
            relation,
            tuple(
                Field(copy, one.name, None, False, one.origin, one.aliased)
                for copy, one in zip(copies, fields, strict=True)
            ),
        )
        # Trino writes the query out at each reference: one that is asked twice may answer twice.
        entry = NamedQuery(key, plan, again=again if _is_volatile(plan.node) else None)
        named[name] = entry
        shared.append(entry)
    return inner, shared


def _so_far(scope: Scope, named: Mapping[str, object]) -> Scope:
    """The scope with the names of now: later WITH queries may have the same names as tables."""
    return replace(scope, named_queries=dict(named))


def _named_plan(analysis: Analysis, query: ast.WithQuery, scope: Scope) -> RelationPlan:
    was_top, analysis.top_level = analysis.top_level, False
    plan = analyze_query(analysis, query.query, scope)
    analysis.top_level = was_top
    if query.column_names is None:
        return plan
    return RelationPlan(plan.node, renamed_fields(plan, query.column_names))


def _is_volatile(node: PlanNode) -> bool:
    return not all(ir.is_deterministic(one) for part in walk_plan(node) for one in expressions_of(part))


def renamed_fields(plan: RelationPlan, names: Sequence[ast.Identifier]) -> tuple[Field, ...]:
    """The visible fields under the names of a column list.

    Raises: LodestarError(MISMATCHED_COLUMN_ALIASES | DUPLICATE_COLUMN_NAME).
    """
    check_column_aliases(names, len(plan.visible_fields))
    return tuple(one.renamed(one.relation, name.value) for one, name in zip(plan.visible_fields, names, strict=True))


def check_column_aliases(names: Sequence[ast.Identifier], expected: int) -> None:
    """A column list names each column once."""
    if len(names) != expected:
        message = f"Column alias list has {len(names)} entries but relation has {expected} columns"
        raise LodestarError(MISMATCHED_COLUMN_ALIASES, message, location=names[0].at)
    seen: set[str] = set()
    for name in names:
        if name.value.lower() in seen:
            message = f"Column name '{name.value}' specified more than once"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=name.at)
        seen.add(name.value.lower())


def _share(node: PlanNode, shared: list[NamedQuery]) -> PlanNode:
    """Put the definitions that are read around the plan, the first declared outermost."""
    for entry in reversed(shared):
        if _reads(node, entry.key):
            node = Shared(entry.key, entry.plan.node, node)
    return node


def _reads(root: PlanNode, key: int) -> bool:
    pending = [root]
    while pending:
        for node in walk_plan(pending.pop()):
            if isinstance(node, SharedScan) and node.key == key:
                return True
            for expression in expressions_of(node):
                pending.extend(subplans(expression))
    return False


def analyze_body(analysis: Analysis, body: ast.QueryBody, scope: Scope) -> RelationPlan:
    """The part of a query between WITH and ORDER BY."""
    from lodestar_server.sql.analysis.select import analyze_select

    match body:
        case ast.QuerySpecification():
            return analyze_select(analysis, body, scope)
        case ast.SetOperation():
            return _set_operation(analysis, body, scope)
    plan = analyze_relation(analysis, body, scope)
    if isinstance(body, ast.Table):  # TABLE t names all columns
        for one in plan.visible_fields:
            analysis.select_column(one)
    return plan


_OPERATORS = {
    ast.Union: SetOperator.UNION,
    ast.Intersect: SetOperator.INTERSECT,
    ast.Except: SetOperator.EXCEPT,
}


def _set_operation(analysis: Analysis, node: ast.SetOperation, scope: Scope) -> RelationPlan:
    # A chain of one operator leans left; taking it apart with a loop keeps thousands of UNIONs off the stack.
    chain = [node]
    left = node.left
    while isinstance(left, ast.SetOperation) and _alike(chain[-1], left):
        chain.append(left)
        left = left.left
    chain.reverse()
    if chain[0].corresponding is not None and chain[0].corresponding.columns:
        raise LodestarError(NOT_SUPPORTED, "CORRESPONDING with columns is unsupported", location=chain[0].at)
    inputs = [_set_input(analysis, chain[0].left, scope)]
    types: list[Type] = []
    for link in chain:
        right = _set_input(analysis, link.right, scope)
        if link.corresponding is not None:
            inputs[-1], right = _corresponding(link, inputs[-1], right)
        types = _unified(link, types or [one.type for one in inputs[0].fields], right)
        inputs.append(right)
    name = type(node).__name__.upper()
    if not isinstance(node, ast.Union) or node.distinct:
        for type_ in types:
            if not type_.comparable:
                suffix = " DISTINCT" if isinstance(node, ast.Union) else ""
                message = f"Type {type_.display} is not comparable and therefore cannot be used in {name}{suffix}"
                raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    coerced = [_coerced(analysis, one, types) for one in inputs]
    symbols = tuple(analysis.symbols.new(t, one.symbol.hint) for t, one in zip(types, inputs[0].fields, strict=True))
    fields = tuple(
        Field(symbol, one.name, one.relation, False, one.origin, one.aliased)
        for symbol, one in zip(symbols, inputs[0].fields, strict=True)
    )
    relation = SetOperation(
        _OPERATORS[type(node)],
        node.distinct,
        tuple(one for one, _ in coerced),
        tuple(mapping for _, mapping in coerced),
        symbols,
    )
    return RelationPlan(relation, fields)


def _alike(outer: ast.SetOperation, inner: ast.SetOperation) -> bool:
    same = type(outer) is type(inner) and outer.distinct == inner.distinct
    return same and outer.corresponding is None and inner.corresponding is None


def _set_input(analysis: Analysis, node: ast.QueryBody, scope: Scope) -> RelationPlan:
    was_top, analysis.top_level = analysis.top_level, False
    plan = analyze_body(analysis, node, scope)
    analysis.top_level = was_top
    return RelationPlan(plan.node, tuple(plan.visible_fields))


def _unified(node: ast.SetOperation, types: list[Type], right: RelationPlan) -> list[Type]:
    name = type(node).__name__.upper()
    if len(types) != len(right.fields):
        message = f"{name} query has different number of fields: {len(types)}, {len(right.fields)}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    found: list[Type] = []
    for position, (type_, other) in enumerate(zip(types, right.fields, strict=True), 1):
        common = common_super_type(type_, other.type)
        if common is None:
            message = f"column {position} in {name} query has incompatible types: {type_.display}, {other.type.display}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        found.append(common)
    return found


def _corresponding(
    node: ast.SetOperation, left: RelationPlan, right: RelationPlan
) -> tuple[RelationPlan, RelationPlan]:
    assert node.corresponding is not None
    by_name = [_fields_by_name(node, plan) for plan in (left, right)]
    names = [name for name in by_name[0] if name in by_name[1]]
    if not names:
        raise LodestarError(MISMATCHED_COLUMN_ALIASES, "No corresponding columns", location=node.at)
    return (
        RelationPlan(left.node, tuple(by_name[0][name] for name in names)),
        RelationPlan(right.node, tuple(by_name[1][name] for name in names)),
    )


def _fields_by_name(node: ast.SetOperation, plan: RelationPlan) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for one in plan.fields:
        if one.name is None:
            message = "Anonymous columns are not allowed in set operations with CORRESPONDING"
            raise LodestarError(MISSING_COLUMN_NAME, message, location=node.at)
        if one.name.lower() in found:
            message = f"Duplicate columns found when using CORRESPONDING in set operations: {one.name.lower()}"
            raise LodestarError(AMBIGUOUS_NAME, message, location=node.at)
        found[one.name.lower()] = one
    return found


def _coerced(analysis: Analysis, plan: RelationPlan, types: list[Type]) -> tuple[PlanNode, tuple[Symbol, ...]]:
    assignments: list[tuple[Symbol, Expression]] = []
    mapping: list[Symbol] = []
    for one, type_ in zip(plan.fields, types, strict=True):
        if one.type == type_:
            mapping.append(one.symbol)
        else:
            symbol = analysis.symbols.new(type_, one.symbol.hint)
            assignments.append((symbol, coerce(ir.SymbolRef(one.symbol), type_)))
            mapping.append(symbol)
    return extend(plan.node, assignments), tuple(mapping)


# ORDER BY, OFFSET, LIMIT


def _order_and_limit(analysis: Analysis, query: ast.Query, plan: RelationPlan, scope: Scope) -> RelationPlan:
    if query.order_by is None and query.offset is None and query.limit is None:
        return plan
    node = plan.node
    ordering: tuple[Ordering, ...] = ()
    if query.order_by is not None:
        expressions = ExpressionAnalyzer(analysis, Scope(plan.fields, parent=scope))
        keys = [_sort_key(expressions, query, item, plan) for item in query.order_by.sort_items]
        node, ordering = with_sort_keys(analysis, node, keys)
    return RelationPlan(
        sorted_and_limited(analysis, node, ordering, query.order_by, query.offset, query.limit), plan.fields
    )


def _sort_key(expressions: ExpressionAnalyzer, query: ast.Query, item: ast.SortItem, plan: RelationPlan) -> Ordering:
    key: Expression
    if isinstance(item.sort_key, ast.LongLiteral):
        key = ir.SymbolRef(output_at(item.sort_key, plan.visible_fields).symbol)
    else:
        key = expressions.analyze(item.sort_key)
    check_orderable(key.type, item.sort_key, query.at)
    return ordering_of(item, key)


def output_at(node: ast.LongLiteral, fields: Sequence[Field]) -> Field:
    """The output column at an ordinal of ORDER BY."""
    if not 1 <= node.value <= len(fields):
        message = f"ORDER BY position {node.value} is not in select list"
        raise LodestarError(INVALID_COLUMN_REFERENCE, message, location=node.at)
    return fields[node.value - 1]


def check_orderable(type_: Type, key: ast.Expression, at: Location) -> None:
    """ORDER BY needs an order."""
    if not type_.orderable:
        # A position is a reference to a field by the time that Trino looks at its type.
        shown = f":input({key.value - 1})" if isinstance(key, ast.LongLiteral) else format_expression(key)
        message = f"Type {type_.display} is not orderable, and therefore cannot be used in ORDER BY: {shown}"
        raise LodestarError(TYPE_MISMATCH, message, location=at)


def with_sort_keys(
    analysis: Analysis, node: PlanNode, keys: Sequence[Ordering]
) -> tuple[PlanNode, tuple[Ordering, ...]]:
    """The node with every sort key as a column, and the ordering over columns."""
    made: list[tuple[Symbol, Expression]] = []
    ordering: list[Ordering] = []
    for key in keys:
        expression = key.key
        if not isinstance(expression, ir.SymbolRef):
            symbol = analysis.symbols.new(expression.type, "sort")
            made.append((symbol, expression))
            expression = ir.SymbolRef(symbol)
        ordering.append(Ordering(expression, key.ascending, key.nulls_first))
    return extend(node, made), tuple(ordering)


def sorted_and_limited(
    analysis: Analysis,
    node: PlanNode,
    ordering: tuple[Ordering, ...],
    order_by: ast.OrderBy | None,
    offset: ast.Offset | None,
    limit: ast.Limit | ast.FetchFirst | None,
) -> PlanNode:
    """Sort and limit on top of a node. An order without effect is dropped, with a warning."""
    skipped = 0 if offset is None else row_count(analysis, offset.row_count, "OFFSET", offset.at) or 0
    count, ties = None, False
    if limit is not None:
        count, ties = limit_count(analysis, limit)
        if ties and order_by is None:
            message = "FETCH FIRST WITH TIES clause requires ORDER BY"
            raise LodestarError(MISSING_ORDER_BY, message, location=limit.at)
    if order_by is not None:
        if not analysis.top_level and offset is None and limit is None:
            analysis.context.warnings.append(REDUNDANT_ORDER_BY)
        else:
            node = Sort(node, ordering)
    if skipped or count is not None:
        node = Limit(node, count, skipped, ordering if ties else ())
    return node


def limit_count(analysis: Analysis, node: ast.Limit | ast.FetchFirst) -> tuple[int | None, bool]:
    """The number of rows (None: all) and whether ties of the last stay."""
    if isinstance(node, ast.FetchFirst):
        count = 1 if node.row_count is None else row_count(analysis, node.row_count, "FETCH FIRST", node.at, minimum=1)
        return count, node.with_ties
    if isinstance(node.row_count, ast.AllRows):
        return None, False
    return row_count(analysis, node.row_count, "LIMIT", node.at), False


def row_count(analysis: Analysis, node: ast.Expression, clause: str, at: Location, *, minimum: int = 0) -> int | None:
    """A count of rows: a literal, or a parameter's value; None while a statement is only described."""
    if isinstance(node, ast.LongLiteral):
        value: int | None = node.value
    else:
        value = _parameter_count(analysis, node, clause)
    if value is not None and value < minimum:
        what = "must be positive" if minimum else "must be greater or equal to 0"
        message = f"{clause} row count {what} (actual value: {value})"
        raise LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message, location=at)
    return value


def _parameter_count(analysis: Analysis, node: ast.Expression, clause: str) -> int | None:
    assert isinstance(node, ast.Parameter)
    if analysis.describing:
        analysis.parameter_types[node.index] = BIGINT
        return None
    if node.index < len(analysis.parameters):
        check_no_subquery(analysis.parameters[node.index])
    bound = ExpressionAnalyzer(analysis, Scope()).analyze(node)
    given = analysis.parameters[node.index]
    if not can_cast(bound.type, BIGINT) or common_super_type(bound.type, BIGINT) != BIGINT:
        message = f"Cannot cast type {bound.type.display} to bigint"
        raise LodestarError(TYPE_MISMATCH, message, location=given.at)
    value = analysis.evaluator.evaluate(coerce(bound, BIGINT)).value
    if value is None:
        message = f"Parameter value provided for {clause} is NULL: {format_expression(given)}"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    assert isinstance(value, int)
    return value
