"""Text with indentation: what the formats of queries and statements write into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lodestar_server.sql.parser import ast

_INDENT = "   "

Write = Callable[["Writer", Any, int], None]

# One function per class of statement, relation or part of one that spans lines; it is given the writer, the node and
# the indentation.
WRITES: dict[type[ast.Node], Write] = {}


class Writer:
    """Pieces of a text."""

    __slots__ = ("_pieces",)

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def text(self) -> str:
        """Everything written."""
        return "".join(self._pieces)

    def add(self, *pieces: str) -> None:
        """Write at the current place."""
        self._pieces += pieces

    def add_indented(self, indent: int, *pieces: str) -> None:
        """Write after the indentation; the line must have been ended."""
        self._pieces.append(_INDENT * indent)
        self._pieces += pieces

    def node(self, node: ast.Node, indent: int) -> None:
        """Write a node."""
        WRITES[type(node)](self, node, indent)

    def definitions(self, elements: Sequence[str], indent: int) -> None:
        """Write one element on the current line, or several on lines of their own."""
        if len(elements) == 1:
            self.add(" ", elements[0], "\n")
            return
        self.add("\n")
        last = len(elements) - 1
        for place, element in enumerate(elements):
            self.add_indented(indent, element, "\n" if place == last else ",\n")


def indented(indent: int) -> str:
    """The indentation of a line."""
    return _INDENT * indent
