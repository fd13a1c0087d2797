"""Walking a tree without recursion, so that no depth of nesting can exhaust the stack."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from lodestar_server.sql.parser.ast.base import Node
from lodestar_server.sql.parser.ast.names import QualifiedName

_FIELD_NAMES: dict[type, tuple[str, ...]] = {}


def children(node: Node) -> list[Node]:
    """The direct parts of a node that are nodes, in the order of the class's fields; parts of names are not parts."""
    kind = type(node)
    names = _FIELD_NAMES.get(kind)
    if names is None:
        names = _FIELD_NAMES[kind] = tuple(entry.name for entry in fields(node) if entry.name != "at")
    found: list[Node] = []
    for name in names:
        _collect(getattr(node, name), found)
    return found


def walk(node: Node) -> Iterator[Node]:
    """A node and everything under it, parents first, in the order of the text."""
    pending = [node]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(children(current)))


def _collect(value: Any, found: list[Node]) -> None:
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple) and not isinstance(value, QualifiedName):
        for entry in value:
            _collect(entry, found)
