"""LIMIT goes to the connector when nothing between changes the number of rows."""

from __future__ import annotations

from dataclasses import replace

from lodestar_server.ir.nodes import Limit, PlanNode, Project, TableScan
from lodestar_server.plan.optimizer.rewrite import rebuild
from lodestar_server.plan.optimizer.rule import RuleContext


class PushLimitIntoTableScan:
    """Limit over (Project over)* TableScan; the Limit goes when the connector guarantees it."""

    name = "push_limit_into_table_scan"

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """See the class."""
        if isinstance(plan, Limit) and plan.count is not None and not plan.ties:
            return self._push(plan, plan.count + plan.offset, context)
        return rebuild(plan, lambda child: self.apply(child, context))

    def _push(self, limit: Limit, count: int, context: RuleContext) -> PlanNode:
        projections: list[Project] = []
        node = limit.source
        while isinstance(node, Project):
            projections.append(node)
            node = node.source
        result = context.catalog.apply_limit(node.table, count) if isinstance(node, TableScan) else None
        if result is None or not isinstance(node, TableScan):
            return rebuild(limit, lambda child: self.apply(child, context))
        table, guaranteed = result
        made: PlanNode = replace(node, table=table)
        for projection in reversed(projections):
            made = replace(projection, source=made)
        return made if guaranteed and limit.offset == 0 else replace(limit, source=made)
