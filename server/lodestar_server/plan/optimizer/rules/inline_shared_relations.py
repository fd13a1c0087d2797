"""A WITH query that is read once need not be shared: its definition takes the place of the reader."""

from __future__ import annotations

from collections import Counter

from lodestar_server.ir import SymbolRef
from lodestar_server.ir.nodes import PlanNode, Project, Shared, SharedScan, subplans, walk_plan
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.plan.optimizer.rewrite import rebuild
from lodestar_server.plan.optimizer.rule import RuleContext


class InlineSharedRelations:
    """Inlines definitions with one reader; a filter above can then reach the tables inside."""

    name = "inline_shared_relations"

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """See the class."""
        readers: Counter[int] = Counter()
        definitions: dict[int, PlanNode] = {}
        _count(plan, readers, definitions)
        once = {key for key in definitions if readers[key] == 1}
        return _inline(plan, once, definitions) if once else plan


def _count(root: PlanNode, readers: Counter[int], definitions: dict[int, PlanNode]) -> None:
    for node in walk_plan(root):
        if isinstance(node, SharedScan):
            readers[node.key] += 1
        elif isinstance(node, Shared):
            definitions[node.key] = node.definition
        for expression in expressions_of(node):
            for plan in subplans(expression):
                _count(plan, readers, definitions)


def _inline(node: PlanNode, once: set[int], definitions: dict[int, PlanNode]) -> PlanNode:
    if isinstance(node, Shared) and node.key in once:
        return _inline(node.body, once, definitions)
    if isinstance(node, SharedScan) and node.key in once:
        source = _inline(definitions[node.key], once, definitions)
        outputs = zip(node.symbols, source.outputs, strict=True)
        return Project(source, tuple((symbol, SymbolRef(column)) for symbol, column in outputs))
    return rebuild(node, lambda child: _inline(child, once, definitions))
