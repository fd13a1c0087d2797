"""Orderings, windows, frames and row patterns as Trino writes them."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.expressions import FORMATS, format_expression, joined


def order_by(node: ast.OrderBy) -> str:
    """ORDER BY with every direction spelled out."""
    return f"ORDER BY {', '.join([sort_item(item) for item in node.sort_items])}"


def sort_item(node: ast.SortItem) -> str:
    """One key of ORDER BY."""
    nulls = "" if node.null_ordering is ast.NullOrdering.UNDEFINED else f" {node.null_ordering.value}"
    return f"{format_expression(node.sort_key)} {node.ordering.value}{nulls}"


def window_specification(node: ast.WindowSpecification) -> str:
    """A window in parentheses."""
    parts = []
    if node.existing_window_name is not None:
        parts.append(format_expression(node.existing_window_name))
    if node.partition_by:
        parts.append(f"PARTITION BY {joined(node.partition_by)}")
    if node.order_by is not None:
        parts.append(order_by(node.order_by))
    if node.frame is not None:
        parts.append(_frame(node.frame))
    return f"({' '.join(parts)})"


def _frame(node: ast.WindowFrame) -> str:
    parts = []
    if node.measures:
        parts.append(f"MEASURES {', '.join([measure(entry) for entry in node.measures])}")
    if node.end is None:
        parts.append(f"{node.type.value} {_frame_bound(node.start)}")
    else:
        parts.append(f"{node.type.value} BETWEEN {_frame_bound(node.start)} AND {_frame_bound(node.end)}")
    if node.after_match_skip_to is not None:
        parts.append(skip_to(node.after_match_skip_to))
    if node.pattern_search_mode is not None:
        parts.append(node.pattern_search_mode.mode.value)
    if node.pattern is not None:
        parts.append(f"PATTERN({pattern(node.pattern)})")
    if node.subsets:
        parts.append(f"SUBSET {', '.join([subset(entry) for entry in node.subsets])}")
    if node.variable_definitions:
        parts.append(f"DEFINE {', '.join([definition(entry) for entry in node.variable_definitions])}")
    return " ".join(parts)


def _frame_bound(node: ast.FrameBound) -> str:
    return node.type.value if node.value is None else f"{format_expression(node.value)} {node.type.value}"


# the clauses of row pattern recognition


def measure(node: ast.MeasureDefinition) -> str:
    """`expression AS name`."""
    return f"{format_expression(node.expression)} AS {format_expression(node.name)}"


def definition(node: ast.VariableDefinition) -> str:
    """`name AS expression`."""
    return f"{format_expression(node.name)} AS {format_expression(node.expression)}"


def subset(node: ast.SubsetDefinition) -> str:
    """`name = (a, b)`."""
    return f"{format_expression(node.name)} = ({joined(node.identifiers)})"


def skip_to(node: ast.SkipTo) -> str:
    """AFTER MATCH SKIP …"""
    target = "" if node.identifier is None else f" {format_expression(node.identifier)}"
    return f"AFTER MATCH SKIP {node.position.value}{target}"


def pattern(node: ast.RowPattern) -> str:
    """A row pattern; every group keeps its parentheses."""
    if isinstance(node, ast.PatternVariable):
        return format_expression(node.name)
    if isinstance(node, ast.EmptyPattern):
        return "()"
    if isinstance(node, ast.AnchorPattern):
        return node.type.value
    if isinstance(node, ast.ExcludedPattern):
        return f"{{-{pattern(node.pattern)}-}}"
    if isinstance(node, ast.PatternAlternation):
        return f"({' | '.join([pattern(part) for part in node.patterns])})"
    if isinstance(node, ast.PatternConcatenation):
        return f"({' '.join([pattern(part) for part in node.patterns])})"
    if isinstance(node, ast.PatternPermutation):
        return f"PERMUTE({', '.join([pattern(part) for part in node.patterns])})"
    if isinstance(node, ast.QuantifiedPattern):
        return f"({pattern(node.pattern)}{_quantifier(node.quantifier)})"
    raise TypeError(f"no row pattern: {type(node).__name__}")


def _quantifier(node: ast.PatternQuantifier) -> str:
    reluctant = "" if node.greedy else "?"
    if isinstance(node, ast.RangeQuantifier):
        least = "" if node.at_least is None else format_expression(node.at_least)
        most = "" if node.at_most is None else format_expression(node.at_most)
        return f"{{{least},{most}}}{reluctant}"
    if isinstance(node, ast.ZeroOrMoreQuantifier):
        return f"*{reluctant}"
    if isinstance(node, ast.OneOrMoreQuantifier):
        return f"+{reluctant}"
    return f"?{reluctant}"


FORMATS |= {
    ast.OrderBy: order_by,
    ast.WindowSpecification: window_specification,
    ast.WindowReference: lambda node: format_expression(node.name),
}
