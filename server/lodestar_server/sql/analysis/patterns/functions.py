"""Calls inside DEFINE and MEASURES: FIRST, LAST, PREV, NEXT, CLASSIFIER, MATCH_NUMBER, aggregates.

Source: Trino ExpressionAnalyzer (analyzePhysicalNavigation and its neighbours).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.ir import AggregateCall, Expression
from lodestar_server.spi.errors import (
    INVALID_ARGUMENTS,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_NAVIGATION_NESTING,
    INVALID_PATTERN_RECOGNITION_FUNCTION,
    INVALID_PROCESSING_MODE,
    NESTED_AGGREGATION,
    NESTED_WINDOW,
    NOT_SUPPORTED,
    NUMERIC_VALUE_OUT_OF_RANGE,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.sql.analysis.patterns.slots import PatternScope
from lodestar_server.sql.analysis.syntax import function_kind, qualified_name, walk_expression
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.ast.walk import children

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer

_NAVIGATIONS = ("first", "last", "prev", "next")
_FUNCTIONS = (*_NAVIGATIONS, "classifier", "match_number")
_MAX_OFFSET = 2**31 - 1


def is_pattern_function(node: ast.Node) -> bool:
    """A call that only row pattern recognition knows."""
    return (
        isinstance(node, ast.FunctionCall)
        and len(node.name.parts) == 1
        and not node.name.original_parts[0].delimited
        and node.name.suffix in _FUNCTIONS
    )


def _is_navigation(node: ast.Node) -> bool:
    return isinstance(node, ast.FunctionCall) and is_pattern_function(node) and node.name.suffix in _NAVIGATIONS


def _is_aggregate(node: ast.Node) -> bool:
    return isinstance(node, ast.FunctionCall) and function_kind(node.name) is ir.FunctionKind.AGGREGATE


def is_all_rows(node: ast.Node) -> bool:
    """`label.*`."""
    return isinstance(node, ast.DereferenceExpression) and node.field is None


def check_all_rows(node: ast.FunctionCall, in_pattern: bool) -> None:
    """`label.*` stands only in count(label.*). Raises: LodestarError(INVALID_FUNCTION_ARGUMENT)."""
    found = next((one for one in node.arguments if is_all_rows(one)), None)
    if found is None:
        return
    if not (in_pattern and _is_aggregate(node) and node.name.suffix == "count") or len(node.arguments) > 1:
        message = "label.* syntax is only supported as the only argument of row pattern count function"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=found.at)


def check_processing_mode(node: ast.FunctionCall, in_pattern: bool) -> None:
    """RUNNING and FINAL in front of what cannot have them. Raises: LodestarError(INVALID_PROCESSING_MODE)."""
    mode = node.processing_mode
    if mode is None:
        return
    if not in_pattern:
        message = f"{mode.mode.value} semantics is not supported out of pattern recognition context"
        raise LodestarError(INVALID_PROCESSING_MODE, message, location=mode.at)
    if not _is_aggregate(node):
        message = (
            f"{mode.mode.value} semantics is supported only for FIRST(), LAST() and aggregation functions. "
            f"Actual: {node.name}"
        )
        raise LodestarError(INVALID_PROCESSING_MODE, message, location=mode.at)


def analyze(analyzer: ExpressionAnalyzer, scope: PatternScope, node: ast.FunctionCall) -> Expression | None:
    """A call in the context of a row pattern, None when it is an ordinary one."""
    if is_pattern_function(node):
        _check_decorations(node)
        match node.name.suffix:
            case "match_number":
                return _match_number(scope, node)
            case "classifier":
                return _classifier(scope, node)
            case _:
                return _navigation(analyzer, scope, node)
    if not _is_aggregate(node):
        return None
    name = node.name
    if node.window is not None:
        message = f"Cannot use OVER with {name} aggregate function in pattern recognition context"
        raise LodestarError(NESTED_WINDOW, message, location=node.at)
    refused = (("FILTER", node.filter), ("ORDER BY", node.order_by), ("DISTINCT", node.distinct or None))
    for what, part in refused:
        if part is not None:
            message = f"Cannot use {what} with {name} aggregate function in pattern recognition context"
            raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    return _aggregate(analyzer, scope, node)


def _check_decorations(node: ast.FunctionCall) -> None:
    refused = (
        ("OVER", node.window),
        ("FILTER", node.filter),
        ("ORDER BY", node.order_by),
        ("DISTINCT", node.distinct or None),
    )
    for what, part in refused:
        if part is not None:
            message = f"Cannot use {what} with {node.name} pattern recognition function"
            raise LodestarError(INVALID_PATTERN_RECOGNITION_FUNCTION, message, location=node.at)
    mode = node.processing_mode
    if mode is not None and node.name.suffix not in ("first", "last"):
        message = f"{mode.mode.value} semantics is not supported with {node.name} pattern recognition function"
        raise LodestarError(INVALID_PROCESSING_MODE, message, location=mode.at)


def _match_number(scope: PatternScope, node: ast.FunctionCall) -> Expression:
    if scope.in_window:
        message = "MATCH_NUMBER function is not supported in window"
        raise LodestarError(INVALID_PATTERN_RECOGNITION_FUNCTION, message, location=node.at)
    if node.arguments:
        message = "MATCH_NUMBER pattern recognition function takes no arguments"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)
    return scope.match_number()


def _classifier(scope: PatternScope, node: ast.FunctionCall) -> Expression:
    if len(node.arguments) > 1:
        message = "CLASSIFIER pattern recognition function takes no arguments or 1 argument"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)
    if not node.arguments:
        return scope.classifier(None)
    argument = node.arguments[0]
    if not isinstance(argument, ast.Identifier):
        message = (
            "CLASSIFIER function argument should be primary pattern variable or subset name. "
            f"Actual: {type(argument).__name__}"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=argument.at)
    if argument.canonical not in scope.labels:
        message = f"{argument.value} is not a primary pattern variable or subset name"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=argument.at)
    return scope.classifier(argument.canonical)


def _navigation(analyzer: ExpressionAnalyzer, scope: PatternScope, node: ast.FunctionCall) -> Expression:
    name = node.name.suffix
    _check_arguments(node)
    _check_no_aggregates(node)
    _check_nesting(node)
    physical = name in ("prev", "next")
    offset = node.arguments[1].value if len(node.arguments) == 2 else int(physical)  # type: ignore[attr-defined]
    if physical:
        inner = replace(scope.navigation, shift=-offset if name == "prev" else offset)
    else:
        running = node.processing_mode is None or node.processing_mode.mode is ast.ProcessingModeType.RUNNING
        inner = replace(scope.navigation, last=name == "last", running=running, offset=offset)
    bound = replace(analyzer, pattern=scope.moved(inner)).analyze(node.arguments[0])
    if not _argument_labels(node, 0):
        message = (
            f"Pattern navigation function '{name.upper()}' must contain at least one column reference or CLASSIFIER()"
        )
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    return bound


def check_in_subquery(value: ast.Expression, scope: PatternScope) -> None:
    """What is looked for in a subquery is a plain row of the match. Raises: LodestarError(NOT_SUPPORTED)."""
    parts = list(walk_expression(value))
    for part in parts:
        if isinstance(part, ast.FunctionCall) and is_pattern_function(part):
            message = f"IN-PREDICATE with {part.name.suffix} function is not yet supported"
            raise LodestarError(NOT_SUPPORTED, message, location=part.at)
    for part in parts:
        name = qualified_name(part) if isinstance(part, ast.DereferenceExpression) else None
        if name is not None and name[0].canonical in scope.labels:
            message = "IN-PREDICATE with labeled column reference is not yet supported"
            raise LodestarError(NOT_SUPPORTED, message, location=part.at)


def _check_arguments(node: ast.FunctionCall) -> None:
    if len(node.arguments) not in (1, 2):
        message = f"{node.name} pattern recognition function requires 1 or 2 arguments"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)
    if len(node.arguments) == 1:
        return
    offset = node.arguments[1]
    if not isinstance(offset, ast.LongLiteral):
        message = f"{node.name} pattern recognition navigation function requires a number as the second argument"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)
    message = ""
    if offset.value < 0:
        message = (
            f"{node.name} pattern recognition navigation function requires a non-negative number as the second "
            f"argument (actual: {offset.value})"
        )
    elif offset.value > _MAX_OFFSET:
        message = (
            f"The second argument of {node.name} pattern recognition navigation function must not exceed "
            f"{_MAX_OFFSET} (actual: {offset.value})"
        )
    if message:
        raise LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message, location=node.at)


def _check_nesting(node: ast.FunctionCall) -> None:
    name = node.name.suffix
    nested = [part for part in _calls(node.arguments[:1]) if _is_navigation(part)]
    if not nested:
        return
    at, message = nested[0].at, None
    inner = nested[0].name.suffix
    if name in ("first", "last"):
        message = f"Cannot nest {inner} pattern navigation function inside {name} pattern navigation function"
    elif len(nested) > 1:
        at = nested[1].at
        message = f"Cannot nest multiple pattern navigation functions inside {name} pattern navigation function"
    elif inner in ("prev", "next"):
        message = f"Cannot nest {inner} pattern navigation function inside {name} pattern navigation function"
    elif nested[0] is not node.arguments[0]:
        message = "Immediate nesting is required for pattern navigation functions"
    if message is not None:
        raise LodestarError(INVALID_NAVIGATION_NESTING, message, location=at)


def _calls(nodes: Sequence[ast.Node]) -> list[ast.FunctionCall]:
    return [part for node in nodes for part in walk_expression(node) if isinstance(part, ast.FunctionCall)]


def _check_no_aggregates(node: ast.FunctionCall) -> None:
    for part in _calls(node.arguments):
        if _is_aggregate(part):
            message = f"Cannot nest {part.name} aggregate function inside {node.name} function"
            raise LodestarError(NESTED_AGGREGATION, message, location=part.at)


def _references(node: ast.Node) -> Iterator[str | None]:
    """The labels of the columns that an expression names, None for a column without label."""
    pending: list[ast.Node] = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.Query) or (is_pattern_function(part) and part.name.suffix == "classifier"):  # type: ignore[attr-defined]
            continue
        if isinstance(part, ast.DereferenceExpression) and isinstance(part.base, ast.Identifier):
            yield part.base.canonical
        elif isinstance(part, ast.Identifier):
            yield None
        else:
            pending.extend(children(part))


def _argument_labels(node: ast.FunctionCall, index: int) -> set[str | None]:
    """The one label (None: any) that the arguments of a call are about, empty when they read no row."""
    found = {label for argument in node.arguments for label in _references(argument)}
    for call in _calls(node.arguments[index : index + 1]):
        if is_pattern_function(call) and call.name.suffix == "classifier":
            labels = [one.canonical for one in call.arguments[:1] if isinstance(one, ast.Identifier)]
            found.add(labels[0] if labels else None)
    if len(found) > 1:
        message = f"All labels and classifiers inside the call to '{node.name.suffix}' must match"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    return found


def _aggregate(analyzer: ExpressionAnalyzer, scope: PatternScope, node: ast.FunctionCall) -> Expression:
    from lodestar_server.sql.analysis.calls import bind_call, builtin_name

    check_processing_mode(node, in_pattern=True)
    for argument in node.arguments:
        if isinstance(argument, ast.DereferenceExpression) and argument.field is None:
            base = argument.base
            label = base.canonical if isinstance(base, ast.Identifier) else str(base)
            if label not in scope.labels:
                message = f"{label} is not a primary pattern variable or subset name"
                raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=base.at)
    inside = scope.inside_aggregate()
    plain = replace(node, arguments=tuple(one for one in node.arguments if not is_all_rows(one)))
    function, arguments = bind_call(replace(analyzer, pattern=inside), builtin_name(node), plain)
    _check_no_aggregates(node)
    for part in _calls(node.arguments):
        if _is_navigation(part):
            message = f"Cannot nest {part.name.suffix} pattern navigation function inside {node.name} function"
            raise LodestarError(INVALID_NAVIGATION_NESTING, message, location=part.at)
    labels = set[str | None]()
    for index in range(len(node.arguments)):
        labels |= _argument_labels(node, index)
    if len(labels) > 1:
        message = "All aggregate function arguments must apply to rows matched with the same label"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    running = node.processing_mode is None or node.processing_mode.mode is ast.ProcessingModeType.RUNNING
    return scope.add_aggregate(AggregateCall(function, arguments), next(iter(labels), None), running, inside)
