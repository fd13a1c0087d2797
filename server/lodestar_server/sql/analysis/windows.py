"""Windows: named and inline specifications, frames and their checks, calls over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.functions import operators
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Expression, FrameBound, FrameBoundKind, FrameUnit, FunctionKind, Ordering, WindowFrame
from lodestar_server.ir.aggregates import DEFAULT_FRAME
from lodestar_server.spi.errors import (
    FUNCTION_NOT_WINDOW,
    INVALID_ORDER_BY,
    INVALID_PARTITION_BY,
    INVALID_WINDOW_FRAME,
    INVALID_WINDOW_REFERENCE,
    MISSING_ORDER_BY,
    NESTED_WINDOW,
    NOT_SUPPORTED,
    NULL_TREATMENT_NOT_ALLOWED,
    TYPE_MISMATCH,
    Location,
    LodestarError,
)
from lodestar_server.spi.types import (
    BIGINT,
    INTEGRAL_TYPES,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    DecimalType,
    Type,
)
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.collector import ResolvedWindow, WindowKey
from lodestar_server.sql.analysis.patterns import windows as pattern_windows
from lodestar_server.sql.analysis.patterns.assembly import SlottedExpression
from lodestar_server.sql.analysis.patterns.windows import PatternWindow
from lodestar_server.sql.analysis.syntax import aggregate_calls, check_scalar, window_calls
from lodestar_server.sql.parser import ast, format_expression

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer

_KINDS = {kind: FrameBoundKind[kind.name] for kind in ast.FrameBoundType}
_ORDER_REQUIRED = ("lag", "lead")
_NO_FRAME = ("lag", "lead", "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile")
_NULL_TREATMENT = ("lag", "lead", "first_value", "last_value", "nth_value")
_NUMBERS = ("tinyint", "smallint", "integer", "bigint", "decimal", "real", "double")
_MOMENTS = ("date", "time", "time with time zone", "timestamp", "timestamp with time zone")
_INTERVALS = (INTERVAL_DAY_SECOND, INTERVAL_YEAR_MONTH)


def resolve(analyzer: ExpressionAnalyzer, node: ast.Window) -> ResolvedWindow:
    """The parts of a window, those of the named window it refers to included."""
    named = {} if analyzer.collector is None else analyzer.collector.windows_named
    if isinstance(node, ast.WindowReference):
        base = _named(named, node.name)
        return ResolvedWindow(base.partition_by, base.order_by, base.frame, node)
    if node.existing_window_name is None:
        return ResolvedWindow(node.partition_by, node.order_by, node.frame, node)
    base = _named(named, node.existing_window_name)
    if node.partition_by:
        message = "WINDOW specification with named WINDOW reference cannot specify PARTITION BY"
        raise LodestarError(INVALID_PARTITION_BY, message, location=node.partition_by[0].at)
    if node.order_by is not None and base.order_by is not None:
        message = "Cannot specify ORDER BY if referenced named WINDOW specifies ORDER BY"
        raise LodestarError(INVALID_ORDER_BY, message, location=node.order_by.at)
    if base.frame is not None:
        message = "Cannot reference named WINDOW containing frame specification"
        raise LodestarError(INVALID_WINDOW_REFERENCE, message, location=node.existing_window_name.at)
    return ResolvedWindow(base.partition_by, node.order_by or base.order_by, node.frame, node)


def _named(named: dict[str, ResolvedWindow], name: ast.Identifier) -> ResolvedWindow:
    found = named.get(name.canonical)
    if found is None:
        shown = format_expression(name)
        raise LodestarError(INVALID_WINDOW_REFERENCE, f"Cannot resolve WINDOW name {shown}", location=name.at)
    return found


def bind(analyzer: ExpressionAnalyzer, window: ResolvedWindow) -> WindowKey:
    """PARTITION BY and ORDER BY, bound and checked."""
    items = window.order_by.sort_items if window.order_by is not None else ()
    nested = window_calls((*window.partition_by, *(item.sort_key for item in items), *_frame_values(window.frame)))
    if nested:
        message = "Cannot nest window functions or row pattern measures inside window specification"
        raise LodestarError(NESTED_WINDOW, message, location=nested[0].at)
    partition: list[Expression] = []
    for node in window.partition_by:
        key = analyzer.analyze(node)
        if not key.type.comparable:
            message = (
                f"{key.type.display} is not comparable, and therefore cannot be used in window function PARTITION BY"
            )
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        partition.append(key)
        _remember(analyzer, key, "PARTITION BY expression", node)
    ordering: list[Ordering] = []
    for item in items:
        key = analyzer.analyze(item.sort_key)
        if not key.type.orderable:
            message = f"{key.type.display} is not orderable, and therefore cannot be used in window function ORDER BY"
            raise LodestarError(TYPE_MISMATCH, message, location=item.at)
        _remember(analyzer, key, "ORDER BY expression", item.sort_key)
        ordering.append(
            Ordering(
                key, item.ordering is ast.Ordering.ASCENDING, nulls_first=item.null_ordering is ast.NullOrdering.FIRST
            )
        )
    if window.frame is not None:
        _check_frame(analyzer, window.frame)
    return WindowKey(tuple(partition), tuple(ordering))


def _remember(analyzer: ExpressionAnalyzer, key: Expression, clause: str, node: ast.Expression) -> None:
    if analyzer.collector is not None:
        analyzer.collector.window_places.setdefault(key, (clause, node))


def _frame_values(frame: ast.WindowFrame | None) -> list[ast.Expression]:
    bounds = [] if frame is None else [frame.start, frame.end]
    return [bound.value for bound in bounds if bound is not None and bound.value is not None]


def _check_frame(analyzer: ExpressionAnalyzer, frame: ast.WindowFrame) -> None:
    if frame.pattern is None:
        pattern_windows.check_without_pattern(frame)
    else:
        pattern_windows.check(analyzer, frame)
    start = frame.start.type
    end = ast.FrameBoundType.CURRENT_ROW if frame.end is None else frame.end.type
    bound = ast.FrameBoundType
    message = None
    if start is bound.UNBOUNDED_FOLLOWING:
        message = "Window frame start cannot be UNBOUNDED FOLLOWING"
    elif end is bound.UNBOUNDED_PRECEDING:
        message = "Window frame end cannot be UNBOUNDED PRECEDING"
    elif start is bound.CURRENT_ROW and end is bound.PRECEDING:
        message = "Window frame starting from CURRENT ROW cannot end with PRECEDING"
    elif start is bound.FOLLOWING and end is bound.PRECEDING:
        message = "Window frame starting from FOLLOWING cannot end with PRECEDING"
    elif start is bound.FOLLOWING and end is bound.CURRENT_ROW:
        message = "Window frame starting from FOLLOWING cannot end with CURRENT ROW"
    if message is not None:
        raise LodestarError(INVALID_WINDOW_FRAME, message, location=frame.at)


def frame_of(analyzer: ExpressionAnalyzer, window: ResolvedWindow, key: WindowKey) -> WindowFrame:
    """The frame of a window, bound and checked."""
    frame = window.frame
    if frame is None:
        return DEFAULT_FRAME
    unit = FrameUnit[frame.type.name]
    start = _bound(analyzer, frame.start, "start", unit, window, key)
    if frame.end is None:
        return WindowFrame(unit, start, FrameBound(FrameBoundKind.CURRENT_ROW))
    return WindowFrame(unit, start, _bound(analyzer, frame.end, "end", unit, window, key))


def _bound(
    analyzer: ExpressionAnalyzer,
    bound: ast.FrameBound,
    which: str,
    unit: FrameUnit,
    window: ResolvedWindow,
    key: WindowKey,
) -> FrameBound:
    kind = _KINDS[bound.type]
    if bound.value is None:
        return FrameBound(kind)
    if unit is FrameUnit.RANGE:
        return _range_bound(analyzer, which, bound.value, kind, window, key)
    if unit is FrameUnit.GROUPS and not key.ordering:
        message = "Window frame of type GROUPS PRECEDING or FOLLOWING requires ORDER BY"
        raise LodestarError(MISSING_ORDER_BY, message, location=window.node.at)
    offset = analyzer.analyze(bound.value)
    if not _is_whole(offset.type):
        message = (
            f"Window frame {unit.value} {which} value type must be exact numeric type with scale 0 "
            f"(actual {offset.type.display})"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=bound.value.at)
    value = offset if offset.type.base == "decimal" else coerce(offset, BIGINT)
    _remember(analyzer, value, f"Window frame {which}", bound.value)
    return FrameBound(kind, value)


def _is_whole(type_: Type) -> bool:
    return type_ in INTEGRAL_TYPES or (isinstance(type_, DecimalType) and type_.scale == 0)


def _range_bound(
    analyzer: ExpressionAnalyzer,
    which: str,
    value: ast.Expression,
    kind: FrameBoundKind,
    window: ResolvedWindow,
    key: WindowKey,
) -> FrameBound:
    order_by = window.order_by
    if order_by is None:
        message = "Window frame of type RANGE PRECEDING or FOLLOWING requires ORDER BY"
        raise LodestarError(MISSING_ORDER_BY, message, location=window.node.at)
    if len(order_by.sort_items) != 1:
        message = (
            "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY "
            f"(actual: {len(order_by.sort_items)})"
        )
        raise LodestarError(INVALID_ORDER_BY, message, location=order_by.at)
    sort_key, ascending = key.ordering[0].key, key.ordering[0].ascending
    numeric = sort_key.type.base in _NUMBERS
    if not numeric and sort_key.type.base not in _MOMENTS and sort_key.type not in _INTERVALS:
        message = (
            "Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item type be numeric, datetime or "
            f"interval (actual: {sort_key.type.display})"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=order_by.sort_items[0].sort_key.at)
    offset = analyzer.analyze(value)
    message = (
        f"Window frame RANGE value type ({offset.type.display}) not compatible with "
        f"sort item type ({sort_key.type.display})"
    )
    if (offset.type.base not in _NUMBERS) if numeric else (offset.type not in _INTERVALS):
        raise LodestarError(TYPE_MISMATCH, message, location=value.at)
    backwards = (kind is FrameBoundKind.PRECEDING) == ascending
    function = operators.find_operator(operators.SUBTRACT if backwards else operators.ADD, (sort_key.type, offset.type))
    if function is None:
        raise LodestarError(TYPE_MISMATCH, message, location=value.at)
    if function.result != sort_key.type and not can_coerce(sort_key.type, function.result):
        shown = f"Sort key must evaluate to a {function.result.display} (actual: {sort_key.type.display})"
        raise LodestarError(TYPE_MISMATCH, shown, location=order_by.sort_items[0].sort_key.at)
    moved = ir.Call(
        function, (coerce(sort_key, function.arguments[0]), coerce(offset, function.arguments[1])), at=value.at
    )
    for part in (offset, moved):
        _remember(analyzer, part, f"Window frame {which}", value)
    target = analyzer.analysis.symbols.new(function.result, "frame")
    assert analyzer.collector is not None
    analyzer.collector.frame_targets.append((target, moved))
    return FrameBound(kind, offset, target)


def call(
    analyzer: ExpressionAnalyzer,
    node: ast.FunctionCall,
    window: ResolvedWindow,
    key: WindowKey,
    frame: WindowFrame,
    function: ir.FunctionRef,
    arguments: tuple[Expression, ...],
    condition: Expression | None,
    ordering: tuple[Ordering, ...],
) -> Expression:
    """A call with OVER: checked, and given a column."""
    name = function.name
    if analyzer.collector is None:
        check_scalar(node, "Expression")
    assert analyzer.collector is not None
    fault = _fault_of(node, window, function, analyzer.collector.at)
    if fault is not None:
        analyzer.collector.window_faults.append(fault)
    made = ir.WindowCall(
        function,
        arguments,
        frame,
        ignore_nulls=node.null_treatment is ast.NullTreatment.IGNORE,
        distinct=node.distinct,
        ordering=ordering,
    )
    if window.frame is not None and window.frame.pattern is not None:
        found, _ = _pattern_window(analyzer, window, key)
        return ir.SymbolRef(found.calls.setdefault(made, analyzer.analysis.symbols.new(function.result, name)))
    return analyzer.collector.window(key, made)


def _fault_of(
    node: ast.FunctionCall, window: ResolvedWindow, function: ir.FunctionRef, at: Location
) -> LodestarError | None:
    """What is wrong with a call with OVER whose parts are bound. Trino reports some of it at the SELECT, `at`."""
    name = function.name
    if node.filter is not None:
        return LodestarError(NOT_SUPPORTED, "FILTER is not yet supported for window functions", location=at)
    inside = [*node.arguments, *([] if node.order_by is None else [i.sort_key for i in node.order_by.sort_items])]
    nested = window_calls(inside)
    if nested:
        message = "Cannot nest window functions or row pattern measures inside window function arguments"
        return LodestarError(NESTED_WINDOW, message, location=nested[0].at)
    if name in _ORDER_REQUIRED and window.order_by is None:
        message = f"{node.name} function requires an ORDER BY window clause"
        return LodestarError(MISSING_ORDER_BY, message, location=node.at if node.window is None else node.window.at)
    if name in _NO_FRAME and window.frame is not None:
        message = f"Cannot specify window frame for {node.name} function"
        return LodestarError(INVALID_WINDOW_FRAME, message, location=window.frame.at)
    if name not in _NULL_TREATMENT and node.null_treatment is not None:
        message = f"Cannot specify null treatment clause for {node.name} function"
        return LodestarError(NULL_TREATMENT_NOT_ALLOWED, message, location=node.at)
    if function.kind not in (FunctionKind.AGGREGATE, FunctionKind.WINDOW):
        return LodestarError(FUNCTION_NOT_WINDOW, f"Not a window function: {node.name}", location=at)
    if node.distinct and function.kind is not FunctionKind.AGGREGATE:
        shown = format_expression(node)
        message = f"Only aggregation window functions with DISTINCT are supported: {shown}"
        return LodestarError(NOT_SUPPORTED, message, location=at)
    if node.order_by is not None and function.kind is not FunctionKind.AGGREGATE:
        message = "Only aggregation window functions with ORDER BY are supported"
        return LodestarError(NOT_SUPPORTED, message, location=node.at)
    return None


def _pattern_window(
    analyzer: ExpressionAnalyzer, window: ResolvedWindow, key: WindowKey
) -> tuple[PatternWindow, dict[ast.Identifier, SlottedExpression]]:
    """The pattern window of a call or measure, shared by all that stand over the same one, and its measures."""
    collector, frame = analyzer.collector, window.frame
    assert collector is not None
    assert frame is not None
    known = collector.pattern_windows.get((key, frame))
    if known is None:
        clauses, labels, definitions, measures = pattern_windows.check(analyzer, frame)
        end = pattern_windows.frame_end_of(frame_of(analyzer, window, key).end)
        made = PatternWindow(key.partition_by, key.ordering, clauses, labels, definitions, end)
        known = collector.pattern_windows[key, frame] = made, measures
        expressions = [*(one.expression for one in frame.measures), *(d.expression for d in frame.variable_definitions)]
        if isinstance(window.node, ast.WindowSpecification) and aggregate_calls(expressions):
            # Trino takes aggregates of a window written in the SELECT list for those of the SELECT.
            collector.aggregates_in_window |= window.node not in [one.node for one in collector.windows_named.values()]
    return known


def measure(analyzer: ExpressionAnalyzer, node: ast.WindowOperation) -> Expression:
    """`measure OVER window`."""
    window = resolve(analyzer, node.window)
    definition = pattern_windows.find_measure(node, window.frame)
    if analyzer.collector is None:
        check_scalar(node, "Expression")
    key = bind(analyzer, window)
    found, measures = _pattern_window(analyzer, window, key)
    slotted = measures[definition.name]
    symbol = found.measures.get(slotted)
    if symbol is None:
        name = definition.name.value.lower()
        symbol = found.measures[slotted] = analyzer.analysis.symbols.new(slotted.expression.type, name)
    return ir.SymbolRef(symbol)
