"""Columns that nobody reads are not computed and not scanned. An error in a column that is not read never shows."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.ir import Symbol, SymbolRef, map_subqueries
from lodestar_server.ir.nodes import (
    Aggregate,
    Filter,
    Join,
    Limit,
    Output,
    PlanNode,
    Project,
    RecursiveUnion,
    Sample,
    SetOperation,
    SetOperator,
    Shared,
    SharedScan,
    Sort,
    TableScan,
    TableWrite,
    Unnest,
    Values,
    Window,
    map_expressions,
    subplans,
)
from lodestar_server.ir.nodes.walk import expressions_of, free_symbols
from lodestar_server.ir.walk import walk
from lodestar_server.plan.optimizer.rule import RuleContext


class PruneUnusedColumns:
    """From the root down: each node keeps the columns that its reader asks for."""

    name = "prune_unused_columns"

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """See the class."""
        return _prune(plan, set(plan.outputs))


def _used(node: PlanNode) -> set[Symbol]:
    """Columns that the node's own expressions read, those of correlated subqueries included."""
    found: set[Symbol] = set()
    for expression in expressions_of(node):
        for part in walk(expression):
            if isinstance(part, SymbolRef):
                found.add(part.symbol)
        for plan in subplans(expression):
            found.update(reference.symbol for reference in free_symbols(plan))
    return found


def _with_pruned_subqueries(node: PlanNode) -> PlanNode:
    if not any(True for expression in expressions_of(node) for _ in subplans(expression)):
        return node
    return map_expressions(node, lambda one: map_subqueries(one, lambda plan: _prune(plan, set(plan.outputs))))


def _prune(node: PlanNode, wanted: set[Symbol]) -> PlanNode:
    match node:
        case TableScan():
            kept = tuple(pair for pair in node.columns if pair[0] in wanted)
            return node if len(kept) == len(node.columns) else replace(node, columns=kept)
        case Project():
            kept_assignments = tuple(pair for pair in node.assignments if pair[0] in wanted)
            if len(kept_assignments) != len(node.assignments):
                node = replace(node, assignments=kept_assignments)
        case Aggregate():
            kept_calls = tuple(pair for pair in node.aggregations if pair[0] in wanted)
            if len(kept_calls) != len(node.aggregations) and (kept_calls or node.keys):
                node = replace(node, aggregations=kept_calls)
        case Window():
            kept_windows = tuple(pair for pair in node.calls if pair[0] in wanted)
            if not kept_windows:
                return _prune(node.source, wanted)
            if len(kept_windows) != len(node.calls):
                node = replace(node, calls=kept_windows)
        case Values():
            return _prune_values(_with_pruned_subqueries(node), wanted)
        case SetOperation():
            return _prune_set_operation(node, wanted)
    node = _with_pruned_subqueries(node)
    below = wanted | _used(node)
    match node:
        case Output() | TableWrite():
            below = set(node.columns)
        case Project():
            below = _used(node)
        case Aggregate():
            below = _used(node) | set(node.keys)
        case Filter() | Sort() | Limit() | Sample() | Window() | Unnest():
            pass
        case Join() if node.lateral:
            below |= {reference.symbol for reference in free_symbols(node.right)}
        case RecursiveUnion() | SharedScan():
            below = {symbol for source in node.sources for symbol in source.outputs}
        case Shared():
            return node.with_sources((_prune(node.definition, set(node.definition.outputs)), _prune(node.body, wanted)))
    sources = tuple(_prune(source, below) for source in node.sources)
    if any(new is not old for new, old in zip(sources, node.sources, strict=True)):
        node = node.with_sources(sources)
    return node


def _prune_values(node: PlanNode, wanted: set[Symbol]) -> PlanNode:
    assert isinstance(node, Values)
    kept = [i for i, symbol in enumerate(node.symbols) if symbol in wanted]
    if len(kept) == len(node.symbols):
        return node
    return Values(tuple(node.symbols[i] for i in kept), tuple(tuple(row[i] for i in kept) for row in node.rows))


def _prune_set_operation(node: SetOperation, wanted: set[Symbol]) -> PlanNode:
    """Only UNION ALL can lose columns: the others compare whole rows."""
    if node.operator is SetOperator.UNION and not node.distinct:
        kept = [i for i, symbol in enumerate(node.symbols) if symbol in wanted]
        if len(kept) != len(node.symbols):
            node = replace(
                node,
                symbols=tuple(node.symbols[i] for i in kept),
                mappings=tuple(tuple(mapping[i] for i in kept) for mapping in node.mappings),
            )
    inputs = tuple(_prune(one, set(mapping)) for one, mapping in zip(node.inputs, node.mappings, strict=True))
    return replace(node, inputs=inputs)
