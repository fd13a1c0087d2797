"""Rebuilding plans, subqueries inside expressions included."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.ir import Expression, map_subqueries
from lodestar_server.ir.nodes import PlanNode, map_expressions, subplans
from lodestar_server.ir.nodes.walk import expressions_of

Visit = Callable[[PlanNode], PlanNode]


def rebuild(node: PlanNode, visit: Visit) -> PlanNode:
    """The node with `visit` applied to its sources and to the plans of its subqueries; the same object if unchanged."""
    sources = tuple(visit(source) for source in node.sources)
    if any(new is not old for new, old in zip(sources, node.sources, strict=True)):
        node = node.with_sources(sources)
    return rebuild_subqueries(node, visit)


def rebuild_subqueries(node: PlanNode, visit: Visit) -> PlanNode:
    """The node with `visit` applied to the plans of subqueries in its expressions."""
    if not any(True for expression in expressions_of(node) for _ in subplans(expression)):
        return node

    def change(expression: Expression) -> Expression:
        return map_subqueries(expression, visit)

    return map_expressions(node, change)
