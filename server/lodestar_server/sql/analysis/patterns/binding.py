"""The expressions of DEFINE and MEASURES, bound over slots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestar_server.spi.errors import NESTED_WINDOW, TYPE_MISMATCH, LodestarError
from lodestar_server.spi.types import BOOLEAN
from lodestar_server.sql.analysis.patterns.assembly import SlottedExpression
from lodestar_server.sql.analysis.patterns.labels import Labels, PatternClauses
from lodestar_server.sql.analysis.patterns.slots import PatternScope, SlotCollector
from lodestar_server.sql.analysis.syntax import window_calls
from lodestar_server.sql.parser import ast

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer


def bind_definitions(
    analyzer: ExpressionAnalyzer, clauses: PatternClauses, labels: Labels, *, in_window: bool = False
) -> dict[int, SlottedExpression]:
    """DEFINE: label → its condition. Raises: LodestarError(TYPE_MISMATCH) for one that is not boolean."""
    found: dict[int, SlottedExpression] = {}
    for one in clauses.definitions:
        bound = bind(analyzer, one.expression, labels, in_window=in_window)
        type_ = bound.expression.type
        if type_ != BOOLEAN:
            message = f"Expression defining a label must be boolean (actual type: {type_.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=one.expression.at)
        found[labels.primary.index(one.name.canonical)] = bound
    return found


def bind(
    analyzer: ExpressionAnalyzer, node: ast.Expression, labels: Labels, *, in_window: bool = False
) -> SlottedExpression:
    """An expression of DEFINE or MEASURES over its slots."""
    nested = window_calls([node])
    if nested and not in_window:
        message = "Cannot nest window functions or row pattern measures inside pattern recognition expressions"
        raise LodestarError(NESTED_WINDOW, message, location=nested[0].at)
    collector = SlotCollector(analyzer.analysis.symbols)
    scoped = analyzer.in_pattern(PatternScope(labels.known, collector, in_window))
    return SlottedExpression(scoped.analyze(node), collector.slots)
