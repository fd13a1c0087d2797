"""Expressions inside nodes: finding them, changing them, and the columns that a plan takes from around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from lodestar_server.ir.aggregates import AggregateCall, FrameBound, Ordering, WindowCall, WindowFrame
from lodestar_server.ir.expressions import (
    Exists,
    Expression,
    InSubquery,
    Lambda,
    QuantifiedComparison,
    ScalarSubquery,
    SymbolRef,
)
from lodestar_server.ir.nodes.base import PlanNode, walk_plan
from lodestar_server.ir.nodes.leaves import Values
from lodestar_server.ir.nodes.patterns import MatchRows
from lodestar_server.ir.nodes.relational import Aggregate, Filter, Join, Limit, Project, Sort, Unnest, Window
from lodestar_server.ir.symbols import Symbol
from lodestar_server.ir.walk import walk

Change = Callable[[Expression], Expression]


def expressions_of(node: PlanNode) -> Iterator[Expression]:
    """The expressions that stand in one node itself."""
    match node:
        case Values(rows=rows):
            for row in rows:
                yield from row
        case Filter(predicate=predicate):
            yield predicate
        case Project(assignments=assignments):
            for _, expression in assignments:
                yield expression
        case Join(condition=condition):
            yield condition
        case Sort(ordering=ordering):
            yield from (one.key for one in ordering)
        case Limit(ties=ties):
            yield from (one.key for one in ties)
        case Unnest(collections=collections):
            yield from (expression for expression, _ in collections)
        case Aggregate(aggregations=aggregations):
            for _, call in aggregations:
                yield from _aggregate_parts(call)
        case MatchRows():
            yield from (SymbolRef(symbol) for symbol in node.inputs)
        case Window():
            yield from node.partition_by
            yield from (one.key for one in node.ordering)
            for _, window_call in node.calls:
                yield from window_call.arguments
                yield from (one.key for one in window_call.ordering)
                for bound in (window_call.frame.start, window_call.frame.end):
                    if bound.offset is not None:
                        yield bound.offset
                    if bound.target is not None:
                        yield SymbolRef(bound.target)
                if window_call.filter is not None:
                    yield window_call.filter


def _aggregate_parts(call: AggregateCall) -> Iterator[Expression]:
    yield from call.arguments
    if call.filter is not None:
        yield call.filter
    yield from (one.key for one in call.ordering)


def map_expressions(node: PlanNode, change: Change) -> PlanNode:
    """The node with every expression in it changed; its sources and symbols stay."""
    match node:
        case Values():
            return replace(node, rows=tuple(tuple(change(one) for one in row) for row in node.rows))
        case Filter():
            return replace(node, predicate=change(node.predicate))
        case Project():
            return replace(node, assignments=tuple((symbol, change(one)) for symbol, one in node.assignments))
        case Join():
            return replace(node, condition=change(node.condition))
        case Sort():
            return replace(node, ordering=_orderings(node.ordering, change))
        case Limit():
            return replace(node, ties=_orderings(node.ties, change))
        case Unnest():
            return replace(node, collections=tuple((change(one), symbols) for one, symbols in node.collections))
        case Aggregate():
            return replace(
                node, aggregations=tuple((symbol, map_aggregate(call, change)) for symbol, call in node.aggregations)
            )
        case Window():
            return replace(
                node,
                partition_by=tuple(change(one) for one in node.partition_by),
                ordering=_orderings(node.ordering, change),
                calls=tuple((symbol, map_window_call(call, change)) for symbol, call in node.calls),
            )
    return node


def _orderings(orderings: tuple[Ordering, ...], change: Change) -> tuple[Ordering, ...]:
    return tuple(replace(one, key=change(one.key)) for one in orderings)


def map_aggregate(call: AggregateCall, change: Change) -> AggregateCall:
    """The call with its expressions changed."""
    return replace(
        call,
        arguments=tuple(change(one) for one in call.arguments),
        filter=None if call.filter is None else change(call.filter),
        ordering=_orderings(call.ordering, change),
    )


def map_window_call(call: WindowCall, change: Change) -> WindowCall:
    """The call with its expressions changed; frame targets stay the columns they are."""

    def bound(one: FrameBound) -> FrameBound:
        return one if one.offset is None else replace(one, offset=change(one.offset))

    return replace(
        call,
        arguments=tuple(change(one) for one in call.arguments),
        filter=None if call.filter is None else change(call.filter),
        ordering=_orderings(call.ordering, change),
        frame=WindowFrame(call.frame.unit, bound(call.frame.start), bound(call.frame.end)),
    )


def subplans(expression: Expression) -> Iterator[PlanNode]:
    """The plans of the subqueries in an expression, not those nested in these."""
    if isinstance(expression, SymbolRef):
        return
    for part in walk(expression):
        if isinstance(part, _SUBQUERIES):
            yield part.relation


_SUBQUERIES = (ScalarSubquery, Exists, InSubquery, QuantifiedComparison)


def free_symbols(root: PlanNode) -> Iterator[SymbolRef]:
    """References of a plan to columns that it does not compute: its correlation with the query around it."""
    made: set[Symbol] = set()
    used: list[SymbolRef] = []
    _collect(root, made, used)
    seen: set[Symbol] = set()
    for reference in used:
        if reference.symbol not in made and reference.symbol not in seen:
            seen.add(reference.symbol)
            yield reference


def _collect(root: PlanNode, made: set[Symbol], used: list[SymbolRef]) -> None:
    for node in walk_plan(root):
        made.update(node.outputs)
        for expression in expressions_of(node):
            for part in walk(expression):
                if isinstance(part, SymbolRef):
                    used.append(part)
                elif isinstance(part, Lambda):
                    made.update(part.parameters)
                elif isinstance(part, ScalarSubquery | Exists | InSubquery | QuantifiedComparison):
                    _collect(part.relation, made, used)
