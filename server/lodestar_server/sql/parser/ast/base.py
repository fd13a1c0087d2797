"""The roots of the families. Nodes are values: frozen, compared by content, never by place. Names and parts follow
Trino's `io.trino.sql.tree`; lists are tuples, an absent part is None.
"""

from __future__ import annotations

from lodestar_server.sql.parser.ast.node import Node


class Expression(Node):
    """Anything that has a value; also type names, which stand where expressions do (CAST)."""


class Statement(Node):
    """What a client sends."""


class Relation(Node):
    """What stands in FROM."""


class QueryBody(Relation):
    """What stands under WITH and above ORDER BY: SELECT, VALUES, TABLE, a set operation or a query in parentheses."""
