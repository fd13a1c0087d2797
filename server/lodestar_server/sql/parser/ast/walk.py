"""Walking a tree without recursion, so that no depth of nesting can exhaust the stack."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any

from lodestar_server.sql.parser.ast.names import QualifiedName
from lodestar_server.sql.parser.ast.node import Node


def children(node: Node) -> list[Node]:
    """The direct parts of a node that are nodes, in the order of the class's fields; parts of names are not parts."""
    found: list[Node] = []
    for name in node._compared:
        _collect(getattr(node, name), found)
    return found


def walk(node: Node, without: type | UnionType = NoneType) -> Iterator[Node]:
    """A node and everything under it, parents first, in the order of the text; not what is `without` and below."""
    pending = [node]
    while pending:
        current = pending.pop()
        if not isinstance(current, without):
            yield current
            pending.extend(reversed(children(current)))


def _collect(value: Any, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple) and not isinstance(value, QualifiedName):
        for entry in value:
            _collect(entry, found)
