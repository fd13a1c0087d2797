"""Walking and rebuilding expressions. Subqueries' relations are opaque here: `map_subqueries` reaches into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from lodestar_server.ir.expressions import (
    ArrayConstructor,
    Between,
    Call,
    Case,
    Cast,
    Coalesce,
    Comparison,
    Constant,
    Exists,
    Expression,
    FieldAccess,
    In,
    InSubquery,
    IsNull,
    Lambda,
    Logical,
    LogicalOperator,
    Not,
    NullIf,
    QuantifiedComparison,
    RowConstructor,
    ScalarSubquery,
    SimpleCase,
    SymbolRef,
    Try,
)
from lodestar_server.ir.routines import RoutineCall
from lodestar_server.ir.symbols import Symbol


def children(node: Expression) -> tuple[Expression, ...]:
    """The direct sub-expressions in the order of evaluation."""
    match node:
        case Constant() | SymbolRef() | ScalarSubquery() | Exists():
            return ()
        case Call() | RoutineCall():
            return node.arguments
        case Cast() | Not() | IsNull() | Try():
            return (node.value,)
        case Comparison():
            return (node.left, node.right)
        case Between():
            return (node.value, node.minimum, node.maximum)
        case In():
            return (node.value, *node.items)
        case Logical():
            return node.terms
        case Case():
            return (*(part for branch in node.branches for part in branch), node.default)
        case SimpleCase():
            return (node.operand, *(part for branch in node.branches for part in branch), node.default)
        case Coalesce():
            return node.values
        case NullIf():
            return (node.value, node.other)
        case RowConstructor():
            return node.fields
        case FieldAccess():
            return (node.base,)
        case ArrayConstructor():
            return node.elements
        case Lambda():
            return (node.body,)
        case InSubquery() | QuantifiedComparison():
            return (node.value,)
        case _:
            raise TypeError(f"not an expression: {node!r}")


def with_children(node: Expression, parts: tuple[Expression, ...]) -> Expression:
    """The same node over other sub-expressions, given as `children` gives them."""
    match node:
        case Constant() | SymbolRef() | ScalarSubquery() | Exists():
            return node
        case Call() | RoutineCall():
            return replace(node, arguments=parts)
        case Cast() | Not() | IsNull() | Try() | InSubquery() | QuantifiedComparison():
            return replace(node, value=parts[0])
        case Comparison():
            return replace(node, left=parts[0], right=parts[1])
        case Between():
            return Between(*parts)
        case In():
            return In(parts[0], parts[1:])
        case Logical():
            return replace(node, terms=parts)
        case Case():
            return Case(_pairs(parts[:-1]), parts[-1])
        case SimpleCase():
            return SimpleCase(parts[0], _pairs(parts[1:-1]), parts[-1])
        case Coalesce():
            return Coalesce(parts)
        case NullIf():
            return replace(node, value=parts[0], other=parts[1])
        case RowConstructor():
            return replace(node, fields=parts)
        case FieldAccess():
            return replace(node, base=parts[0])
        case ArrayConstructor():
            return replace(node, elements=parts)
        case Lambda():
            return replace(node, body=parts[0])
        case _:
            raise TypeError(f"not an expression: {node!r}")


def _pairs(parts: tuple[Expression, ...]) -> tuple[tuple[Expression, Expression], ...]:
    return tuple((a, b) for i, (a, b) in enumerate(pairwise(parts)) if i % 2 == 0)


def walk(node: Expression) -> Iterator[Expression]:
    """The node and everything below it, parents first."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(children(current)))


def transform(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """Rebuild bottom-up: `change` sees each node after its children; unchanged parts are shared."""
    parts = children(node)
    if parts:
        changed = tuple(transform(part, change) for part in parts)
        if any(new is not old for new, old in zip(changed, parts, strict=True)):
            node = with_children(node, changed)
    return change(node)


def replace_symbols(node: Expression, mapping: Mapping[Symbol, Expression]) -> Expression:
    """The expression with columns replaced; does not reach into subqueries' relations."""
    if not mapping:
        return node

    def change(part: Expression) -> Expression:
        return mapping.get(part.symbol, part) if isinstance(part, SymbolRef) else part

    return transform(node, change)


def map_subqueries(node: Expression, change: Callable[[Any], Any]) -> Expression:
    """The expression with every subquery's relation replaced by `change(relation)`."""

    def visit(part: Expression) -> Expression:
        if isinstance(part, ScalarSubquery | Exists | InSubquery | QuantifiedComparison):
            return replace(part, relation=change(part.relation))
        return part

    return transform(node, visit)


def referenced_symbols(node: Expression) -> set[Symbol]:
    """The columns read outside of subqueries' relations, without the parameters of lambdas inside."""
    found: set[Symbol] = set()
    bound: set[Symbol] = set()
    for part in walk(node):
        if isinstance(part, SymbolRef):
            found.add(part.symbol)
        elif isinstance(part, Lambda):
            bound.update(part.parameters)
    return found - bound


def is_deterministic(node: Expression) -> bool:
    """No call may give another value for the same row."""
    for part in walk(node):
        if isinstance(part, Call) and not part.function.deterministic:
            return False
        if isinstance(part, RoutineCall) and not part.routine.deterministic:
            return False
    return True


def conjuncts(node: Expression) -> list[Expression]:
    """The terms of a (nested) AND, left to right; the node itself when it is none."""
    if isinstance(node, Logical) and node.operator is LogicalOperator.AND:
        return [term for part in node.terms for term in conjuncts(part)]
    return [node]
