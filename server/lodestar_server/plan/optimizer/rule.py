"""What a rule is: a plan in, a plan out. It sees nodes and the catalogs, nothing else."""

from __future__ import annotations

from typing import Protocol

from lodestar_server.ir import SymbolAllocator
from lodestar_server.ir.nodes import PlanNode
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.predicate import TupleDomain
from lodestar_server.spi.values import frozen


class PushdownCatalog(Protocol):
    """The pushdown abilities of catalogs; the metadata facade of the statement's transaction."""

    def apply_filter(self, table: CatalogTable, predicate: TupleDomain) -> tuple[CatalogTable, TupleDomain] | None:
        """The table with part of the predicate taken over, and what remains; None when nothing changes."""
        ...

    def apply_limit(self, table: CatalogTable, limit: int) -> tuple[CatalogTable, bool] | None:
        """The table with the limit taken over, and whether that is a guarantee; None when nothing changes."""
        ...


@frozen
class RuleContext:
    """What rules may use."""

    catalog: PushdownCatalog
    symbols: SymbolAllocator


class Rule(Protocol):
    """One improvement of plans. `name` switches it off in the session property `disabled_optimizer_rules`."""

    name: str

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """The improved plan, or the same object when the rule does not fire."""
        ...
