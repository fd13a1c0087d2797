"""The optimizer: rules in order, each seen once. What DuckDB does better (join order, decorrelation) is left to it."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.ir.nodes import PlanNode
from lodestar_server.plan.optimizer.rule import Rule, RuleContext
from lodestar_server.plan.optimizer.rules.fold_constants import FoldConstants
from lodestar_server.plan.optimizer.rules.inline_shared_relations import InlineSharedRelations
from lodestar_server.plan.optimizer.rules.prune_unused_columns import PruneUnusedColumns
from lodestar_server.plan.optimizer.rules.push_limit_into_table_scan import PushLimitIntoTableScan
from lodestar_server.plan.optimizer.rules.push_predicate_into_table_scan import PushPredicateIntoTableScan

RULES: tuple[Rule, ...] = (
    FoldConstants(),
    InlineSharedRelations(),
    PushPredicateIntoTableScan(),
    PushLimitIntoTableScan(),
    PruneUnusedColumns(),
)


def optimize(plan: PlanNode, context: RuleContext, disabled: Sequence[str] = ()) -> PlanNode:
    """The plan after every rule that is not disabled by name."""
    for rule in RULES:
        if rule.name not in disabled:
            plan = rule.apply(plan, context)
    return plan
