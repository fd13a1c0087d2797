"""The base of every plan node: frozen, with typed output symbols and sources."""

from __future__ import annotations

from collections.abc import Iterator

from lodestar_server.ir import Symbol
from lodestar_server.spi.values import frozen


@frozen
class PlanNode:
    """A relation computed from its sources. A frozen value: rules make new nodes."""

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        """The columns of the relation, in order; no symbol twice."""
        raise TypeError(f"{type(self).__name__} has no outputs")

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        """The relations that it reads, in order."""
        return ()

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        """The same node over other sources."""
        if sources:
            raise TypeError(f"{type(self).__name__} has no sources")
        return self


def walk_plan(node: PlanNode) -> Iterator[PlanNode]:
    """The node and everything below it, parents first; subqueries inside expressions are not entered."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.sources))
