"""Walking and rebuilding expressions. Subqueries' relations are opaque here: `map_subqueries` reaches into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
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


def _branches(node: Case | SimpleCase) -> tuple[Expression, ...]:
    return tuple(part for branch in node.branches for part in branch)


_LEAVES: frozenset[type[Expression]] = frozenset((Constant, SymbolRef, ScalarSubquery, Exists))
_CHILDREN: dict[type[Expression], Callable[[Any], tuple[Expression, ...]]] = {
    Call: attrgetter("arguments"),
    RoutineCall: attrgetter("arguments"),
    Cast: lambda node: (node.value,),
    Not: lambda node: (node.value,),
    IsNull: lambda node: (node.value,),
    Try: lambda node: (node.value,),
    InSubquery: lambda node: (node.value,),
    QuantifiedComparison: lambda node: (node.value,),
    Comparison: attrgetter("left", "right"),
    Between: attrgetter("value", "minimum", "maximum"),
    In: lambda node: (node.value, *node.items),
    Logical: attrgetter("terms"),
    Case: lambda node: (*_branches(node), node.default),
    SimpleCase: lambda node: (node.operand, *_branches(node), node.default),
    Coalesce: attrgetter("values"),
    NullIf: attrgetter("value", "other"),
    RowConstructor: attrgetter("fields"),
    FieldAccess: lambda node: (node.base,),
    ArrayConstructor: attrgetter("elements"),
    Lambda: lambda node: (node.body,),
}
"""A look-up, not a match: planning asks some thousand times a query."""


def children(node: Expression) -> tuple[Expression, ...]:
    """The direct sub-expressions in the order of evaluation."""
    kind = node.__class__
    if kind in _LEAVES:
        return ()
    return _CHILDREN[kind](node)


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
        if current.__class__ not in _LEAVES:
            stack.extend(reversed(_CHILDREN[current.__class__](current)))


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
