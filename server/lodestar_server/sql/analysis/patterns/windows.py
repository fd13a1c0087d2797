"""Row patterns in windows: each row's frame is cut down to the match that begins at it, or in it.

The matcher gives one row for every row of the source; measures and window functions are computed over the rows of its
match and join the source's columns under their old symbols.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.ir import Constant, Expression, Ordering, Symbol, SymbolRef, WindowCall
from lodestar_server.ir.nodes import PlanNode, Project
from lodestar_server.ir.nodes.patterns import MatchRowsMode, RowPatternProgram
from lodestar_server.spi.errors import (
    AMBIGUOUS_NAME,
    INVALID_WINDOW_FRAME,
    INVALID_WINDOW_MEASURE,
    MISSING_ROW_PATTERN,
    MISSING_VARIABLE_DEFINITIONS,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.patterns import labels as pattern_labels
from lodestar_server.sql.analysis.patterns.assembly import Recognition, SlottedExpression
from lodestar_server.sql.analysis.patterns.binding import bind, bind_definitions
from lodestar_server.sql.analysis.patterns.labels import Labels, PatternClauses
from lodestar_server.sql.parser import ast

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer


@dataclass(slots=True)
class PatternWindow:
    """A window with a row pattern and what a SELECT asks of it. `frame_end`: rows after the current one, None: all."""

    partition_by: tuple[Expression, ...]
    ordering: tuple[Ordering, ...]
    clauses: PatternClauses
    labels: Labels
    definitions: dict[int, SlottedExpression]
    frame_end: Expression | None
    measures: dict[SlottedExpression, Symbol] = field(default_factory=dict)
    calls: dict[WindowCall, Symbol] = field(default_factory=dict)


def check_without_pattern(frame: ast.WindowFrame) -> None:
    """Clauses that only mean something beside PATTERN. Raises: LodestarError(MISSING_ROW_PATTERN)."""
    found: tuple[ast.Node, str] | None = None
    if frame.measures:
        found = frame, "Row pattern measures require PATTERN clause"
    elif frame.after_match_skip_to is not None:
        found = frame.after_match_skip_to, "AFTER MATCH SKIP clause requires PATTERN clause"
    elif frame.pattern_search_mode is not None:
        mode = frame.pattern_search_mode
        found = mode, f"{mode.mode.value} modifier requires PATTERN clause"
    elif frame.subsets:
        found = frame.subsets[0], "Union variable definitions require PATTERN clause"
    elif frame.variable_definitions:
        found = frame.variable_definitions[0], "Primary pattern variable definitions require PATTERN clause"
    if found is not None:
        raise LodestarError(MISSING_ROW_PATTERN, found[1], location=found[0].at)


def clauses_of(frame: ast.WindowFrame) -> PatternClauses:
    """The pattern's clauses of a frame that has one."""
    assert frame.pattern is not None
    return PatternClauses(
        frame.measures,
        frame.after_match_skip_to,
        frame.pattern_search_mode,
        frame.pattern,
        frame.subsets,
        frame.variable_definitions,
    )


def check(
    analyzer: ExpressionAnalyzer, frame: ast.WindowFrame
) -> tuple[PatternClauses, Labels, dict[int, SlottedExpression], dict[ast.Identifier, SlottedExpression]]:
    """Check a frame with a pattern and bind its expressions: the clauses, labels, DEFINE and MEASURES."""
    message = None
    if not frame.variable_definitions:
        raise LodestarError(
            MISSING_VARIABLE_DEFINITIONS, "Pattern recognition requires DEFINE clause", location=frame.at
        )
    if frame.type is not ast.WindowFrameType.ROWS:
        message = "Pattern recognition requires ROWS frame type"
    elif frame.start.type is not ast.FrameBoundType.CURRENT_ROW or frame.end is None:
        message = "Pattern recognition requires frame specified as BETWEEN CURRENT ROW AND ..."
    if message is not None:
        raise LodestarError(INVALID_WINDOW_FRAME, message, location=frame.at)
    clauses = clauses_of(frame)
    labels = pattern_labels.analyze_labels(clauses)
    pattern_labels.refuse_anchors(clauses.pattern)
    definitions = bind_definitions(analyzer, clauses, labels, in_window=True)
    measures = {one.name: bind(analyzer, one.expression, labels, in_window=True) for one in frame.measures}
    return clauses, labels, definitions, measures


def find_measure(node: ast.WindowOperation, frame: ast.WindowFrame | None) -> ast.MeasureDefinition:
    """The measure that `name OVER window` means. Raises: LodestarError(INVALID_WINDOW_MEASURE | AMBIGUOUS_NAME)."""
    measures = () if frame is None else frame.measures
    found = [one for one in measures if one.name.canonical == node.name.canonical]
    if not found:
        message = f"Measure {node.name.value} is not defined in the corresponding window"
        raise LodestarError(INVALID_WINDOW_MEASURE, message, location=node.at)
    if len(found) > 1:
        message = f"Measure {node.name.value} is defined more than once"
        raise LodestarError(AMBIGUOUS_NAME, message, location=node.at)
    return found[0]


def with_pattern_window(analysis: Analysis, relation: PlanNode, window: PatternWindow) -> PlanNode:
    """The relation's columns, the window's measures and its calls."""
    computed: list[tuple[Symbol, Expression]] = []

    def column(expression: Expression) -> Symbol:
        if isinstance(expression, SymbolRef) and expression.symbol in relation.outputs:
            return expression.symbol
        symbol = analysis.symbols.new(expression.type)
        computed.append((symbol, expression))
        return symbol

    partition = tuple(column(one) for one in window.partition_by)
    ordering = tuple(Ordering(SymbolRef(column(one.key)), one.ascending, one.nulls_first) for one in window.ordering)
    frame_end = None if window.frame_end is None else column(coerce(window.frame_end, BIGINT))
    kept = relation.outputs
    if computed:
        relation = Project(relation, (*((one, SymbolRef(one)) for one in kept), *computed))
    clauses, labels = window.clauses, window.labels
    skip, wanted = pattern_labels.skip_mode(clauses.skip_to, labels)
    mode = clauses.search_mode
    program = RowPatternProgram(
        labels.primary,
        pattern_labels.compile_pattern(clauses.pattern, labels),
        MatchRowsMode.EACH,
        skip,
        wanted,
        initial=mode is None or mode.mode is ast.PatternSearchModeType.INITIAL,
    )
    recognition = Recognition(
        analysis,
        relation,
        relation.outputs,
        partition,
        ordering,
        program,
        window.definitions,
        tuple(window.measures),
        frame_end,
        in_window=True,
        calls=tuple((symbol, call) for call, symbol in window.calls.items()),
    )
    recognized = recognition.build()
    rows = recognized.rows
    called = dict(recognized.calls)
    return Project(
        recognized.plan,
        (
            *((one, SymbolRef(rows[one])) for one in kept),
            *zip(window.measures.values(), recognized.measures, strict=True),
            *((symbol, called[symbol]) for symbol in window.calls.values()),
        ),
    )


def frame_end_of(bound: ir.FrameBound) -> Expression | None:
    """How many rows after the current one a frame reaches, None for all."""
    match bound.kind:
        case ir.FrameBoundKind.UNBOUNDED_FOLLOWING:
            return None
        case ir.FrameBoundKind.FOLLOWING:
            return bound.offset
    return Constant(BIGINT, 0)
