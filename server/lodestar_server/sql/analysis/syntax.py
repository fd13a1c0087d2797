"""Questions about expressions before they are bound: which aggregates, windows and columns stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lodestar_server.functions import registry
from lodestar_server.ir import FunctionKind
from lodestar_server.spi.errors import EXPRESSION_NOT_SCALAR, LodestarError
from lodestar_server.sql.parser import ast, format_expression
from lodestar_server.sql.parser.ast.walk import children


def walk_expression(node: ast.Node) -> Iterator[ast.Node]:
    """A node and what is under it, children first as Trino lists them, without the insides of subqueries."""
    # Parents first and the last child before the first, then turned around: without a generator for each level.
    found: list[ast.Node] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if not isinstance(current, ast.Query):
            found.append(current)
            pending.extend(children(current))
    return reversed(found)


def function_kind(name: ast.QualifiedName) -> FunctionKind | None:
    """What kind of built-in function a name means; None when there is none."""
    parts = name.parts
    if len(parts) > 1 and parts[:-1] != ("system", "builtin"):
        return None
    signatures = registry.find_signatures(parts[-1])
    return signatures[0].kind if signatures else None


def is_aggregate_call(node: ast.Node) -> bool:
    """A call that makes its SELECT an aggregation."""
    return (
        isinstance(node, ast.FunctionCall)
        and node.window is None
        and (node.filter is not None or node.order_by is not None or function_kind(node.name) is FunctionKind.AGGREGATE)
    )


def is_window_call(node: ast.Node) -> bool:
    """A call with OVER, or a measure of a pattern window."""
    if isinstance(node, ast.WindowOperation):
        return True
    return isinstance(node, ast.FunctionCall) and (
        node.window is not None or function_kind(node.name) is FunctionKind.WINDOW
    )


def aggregate_calls(nodes: Iterable[ast.Node]) -> list[ast.FunctionCall]:
    """The aggregate calls in expressions."""
    return [
        part
        for node in nodes
        for part in walk_expression(node)
        if isinstance(part, ast.FunctionCall) and is_aggregate_call(part)
    ]


def window_calls(nodes: Iterable[ast.Node]) -> list[ast.Expression]:
    """Calls with OVER and pattern measures in expressions."""
    return [
        part
        for node in nodes
        for part in walk_expression(node)
        if (isinstance(part, ast.FunctionCall) and part.window is not None) or isinstance(part, ast.WindowOperation)
    ]


def check_scalar(node: ast.Expression, clause: str) -> None:
    """Refuse aggregates, window functions and GROUPING in a clause.

    Raises: LodestarError(EXPRESSION_NOT_SCALAR) at the expression.
    """
    parts = list(walk_expression(node))
    found = [part for part in parts if is_aggregate_call(part)]
    found += [part for part in parts if is_window_call(part)]
    found += [part for part in parts if isinstance(part, ast.GroupingOperation)]
    if found:
        shown = ", ".join(format_expression(part) for part in found if isinstance(part, ast.Expression))
        message = f"{clause} cannot contain aggregations, window functions or grouping operations: [{shown}]"
        raise LodestarError(EXPRESSION_NOT_SCALAR, message, location=node.at)


def qualified_name(node: ast.Expression) -> tuple[ast.Identifier, ...] | None:
    """The identifiers of `a` or `a.b.c`; None when it is no dotted name."""
    parts: list[ast.Identifier] = []
    current: ast.Expression = node
    while isinstance(current, ast.DereferenceExpression):
        if current.field is None:
            return None
        parts.append(current.field)
        current = current.base
    if not isinstance(current, ast.Identifier):
        return None
    parts.append(current)
    return tuple(reversed(parts))
