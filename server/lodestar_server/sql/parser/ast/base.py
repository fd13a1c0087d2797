"""What every node has: a place in the statement. The families' roots live here, their members beside each other.

Nodes are values: frozen, compared by content, never by place. Names and parts follow Trino's `io.trino.sql.tree`;
lists are tuples, an absent part is None.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lodestar_server.spi.errors import Location


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a statement. `at` is where Trino reports errors about it: mostly its first token, but an arithmetic
    or comparison expression is at its operator, a join or a set operation at its left side.
    """

    at: Location = field(compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Expression(Node):
    """Anything that has a value; also type names, which stand where expressions do (CAST)."""


@dataclass(frozen=True, slots=True)
class Statement(Node):
    """What a client sends."""


@dataclass(frozen=True, slots=True)
class Relation(Node):
    """What stands in FROM."""


@dataclass(frozen=True, slots=True)
class QueryBody(Relation):
    """What stands under WITH and above ORDER BY: SELECT, VALUES, TABLE, a set operation or a query in parentheses."""
