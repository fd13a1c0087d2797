"""Function calls: scalar, aggregate, window, lambda arguments, GROUPING. Windows themselves are in `windows.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.functions import registry
from lodestar_server.functions.binding import Argument, LambdaArgument
from lodestar_server.functions.resolution import resolve_function, unexpected_arguments
from lodestar_server.ir import AggregateCall, Expression, FunctionKind, Ordering
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    EXPRESSION_NOT_IN_DISTINCT,
    FUNCTION_NOT_AGGREGATE,
    FUNCTION_NOT_FOUND,
    INVALID_ARGUMENTS,
    INVALID_PARAMETER_USAGE,
    MISSING_OVER,
    NESTED_AGGREGATION,
    NESTED_WINDOW,
    NOT_SUPPORTED,
    NULL_TREATMENT_NOT_ALLOWED,
    OPERATOR_NOT_FOUND,
    TOO_MANY_ARGUMENTS,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT, BOOLEAN, INTEGER, VARCHAR, FunctionType, Type, VarcharType
from lodestar_server.sql.analysis import session_values, windows
from lodestar_server.sql.analysis.casts import can_cast
from lodestar_server.sql.analysis.collector import CallCollector
from lodestar_server.sql.analysis.lambda_subqueries import lifted
from lodestar_server.sql.analysis.patterns import functions as pattern_functions
from lodestar_server.sql.analysis.routines import calls as routine_calls
from lodestar_server.sql.analysis.routines.stored import catalog_name, find_stored
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.analysis.specialization import check_specialization
from lodestar_server.sql.analysis.syntax import aggregate_calls, check_scalar, function_kind, window_calls
from lodestar_server.sql.analysis.written import find_column
from lodestar_server.sql.parser import ast, format_expression

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.environment import Analysis
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer

MAX_ARGUMENTS = 127
MAX_GROUPING_COLUMNS = 63
MAX_INTEGER_GROUPING_COLUMNS = 31
BUILTIN_SCHEMA = ("system", "builtin")


def builtin_name(node: ast.FunctionCall) -> str:
    """The lower-case name of a built-in function.

    Raises: LodestarError(FUNCTION_NOT_FOUND) for a name with another schema.
    """
    parts = node.name.parts
    if len(parts) > 3:
        raise LodestarError(FUNCTION_NOT_FOUND, f"Invalid function name: {node.name}")
    if len(parts) > 1 and parts[:-1] != BUILTIN_SCHEMA:
        raise LodestarError(FUNCTION_NOT_FOUND, f"Function '{node.name}' not registered", location=node.at)
    return parts[-1]


def connector_function(analysis: Analysis, node: ast.FunctionCall) -> str | None:
    """The engine's name of a function that a catalog has; None when the name means none. Raises: PERMISSION_DENIED."""
    found = catalog_name(analysis, node.name)
    if found is None or analysis.stored_functions is None:
        return None
    function = analysis.stored_functions.find_function(found)
    if function is None:
        return None
    analysis.stored_functions.check_can_execute_function(found, analysis.names.reader, node.at)
    return function.computed_as


def find_routines(analysis: Analysis, node: ast.FunctionCall) -> list[ir.Routine]:
    """The routines that a call's name means: the query's own (those whose body is being read included), then, behind
    built-in functions, those of the path."""
    parts = node.name.parts
    if len(parts) == 1:
        pending = [one for one, _ in analysis.pending_routines if one.name == parts[0]]
        own = [*analysis.routines.get(parts[0], ()), *pending]
        if own or function_kind(node.name) is not None:
            return own
    return [] if parts[:-1] == BUILTIN_SCHEMA else find_stored(analysis, node.name, node.at)


def analyze_call(analyzer: ExpressionAnalyzer, node: ast.FunctionCall) -> Expression:
    """Bind a call; aggregates and window functions become columns of the collector."""
    is_aggregate = function_kind(node.name) is FunctionKind.AGGREGATE
    pattern_functions.check_all_rows(node, analyzer.pattern is not None)
    if analyzer.pattern is not None:
        found = pattern_functions.analyze(analyzer, analyzer.pattern, node)
        if found is not None:
            return found
    pattern_functions.check_processing_mode(node, analyzer.pattern is not None)
    routines = find_routines(analyzer.analysis, node)
    if node.window is None and node.distinct and (not is_aggregate or routines):
        message = "DISTINCT is not supported for non-aggregation functions"
        raise LodestarError(FUNCTION_NOT_AGGREGATE, message, location=node.at)
    if routines:
        called = routine_calls.analyze_call(analyzer, node, routines)
        if called is not None:
            return called
    window = None if node.window is None else windows.resolve(analyzer, node.window)
    key = None if window is None else windows.bind(analyzer, window)
    frame = None if window is None or key is None else windows.frame_of(analyzer, window, key)
    named_before = len(analyzer.collector.output_references) if analyzer.collector is not None else 0
    condition = None
    if node.filter is not None:
        condition = analyzer.analyze_as(node.filter, BOOLEAN, "Filter expression")
    name = connector_function(analyzer.analysis, node) or builtin_name(node)
    if window is None and node.filter is None and node.order_by is None and node.null_treatment is None:
        if name == "typeof" and len(node.arguments) == 1 and not isinstance(node.arguments[0], ast.LambdaExpression):
            return _type_of(analyzer, analyzer.analyze(node.arguments[0]))
        if not node.arguments and (value := session_values.call(analyzer.analysis, name)) is not None:
            return value
    function, arguments = bind_call(analyzer, name, node)
    named_between = len(analyzer.collector.output_references) if analyzer.collector is not None else 0
    ordering = bind_ordering(analyzer, node)
    if window is None and function.kind is FunctionKind.AGGREGATE and analyzer.collector is not None:
        _note_outputs_named(analyzer.collector, named_before, named_between)
    if window is not None and key is not None and frame is not None:
        return windows.call(analyzer, node, window, key, frame, function, arguments, condition, ordering)
    faults = _faults_of(node, function)
    if analyzer.collector is None:
        for fault in faults:
            raise fault
    elif function.kind is FunctionKind.WINDOW:
        analyzer.collector.missing_windows += faults
        return ir.SymbolRef(analyzer.analysis.symbols.new(function.result, name))
    else:
        analyzer.collector.aggregation_faults += faults
    if function.kind is FunctionKind.AGGREGATE:
        return _aggregate(analyzer, node, function, arguments, condition, ordering)
    if node.null_treatment is not None:
        message = f"Cannot specify null treatment clause for {name} function"
        raise LodestarError(NULL_TREATMENT_NOT_ALLOWED, message, location=node.at)
    call = ir.Call(function, arguments, at=node.at)
    return call if analyzer.in_lambda else lifted(analyzer.analysis.symbols, call)


def _type_of(analyzer: ExpressionAnalyzer, value: Expression) -> Expression:
    """The name of a type; the value is computed all the same: it may fail, or differ within a group."""
    name = session_values.text(value.type.display)
    aggregates = [] if analyzer.collector is None else analyzer.collector.aggregates.values()
    if isinstance(value, ir.Constant) or (isinstance(value, ir.SymbolRef) and value.symbol in aggregates):
        return name
    return ir.Case(((ir.IsNull(value), name),), name)


def bind_call(
    analyzer: ExpressionAnalyzer, name: str, node: ast.FunctionCall
) -> tuple[ir.FunctionRef, tuple[Expression, ...]]:
    """The overload and the coerced arguments of a call."""
    bound: list[Expression | None] = []
    types: list[Argument] = []
    for argument in node.arguments:
        if isinstance(argument, ast.LambdaExpression):
            if analyzer.pattern is not None:
                message = "Lambda expression in pattern recognition context is not yet supported"
                raise LodestarError(NOT_SUPPORTED, message, location=argument.at)
            bound.append(None)
            types.append(_lambda_argument(analyzer, argument))
        else:
            value = analyzer.analyze(argument)
            bound.append(value)
            types.append(value.type)
    if name == "listagg" and isinstance(types[0], Type) and not isinstance(types[0], VarcharType):
        shown = format_expression(node.arguments[0])
        message = f"Expected expression of varchar, but '{shown}' has {types[0].display} type"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    function = _resolve(name, types, node)
    if len(types) > MAX_ARGUMENTS:
        raise LodestarError(TOO_MANY_ARGUMENTS, f"Too many arguments for function call {name}()", location=node.at)
    arguments: list[Expression] = []
    for found, argument, expected in zip(bound, node.arguments, function.arguments, strict=True):
        if node.distinct and not expected.comparable:
            message = f"DISTINCT can only be applied to comparable types (actual: {expected.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        if found is not None:
            arguments.append(analyzer.coerced(found, argument, expected, f"Function {function} argument"))
        else:
            assert isinstance(argument, ast.LambdaExpression)
            assert isinstance(expected, FunctionType)
            arguments.append(_bind_lambda(analyzer, argument, expected))
    if function.name == "array_join":
        (element,) = function.arguments[0].children
        if not can_cast(element, VARCHAR):
            raise LodestarError(OPERATOR_NOT_FOUND, f"Cannot cast {element.display} to varchar", location=node.at)
    check_specialization(function, arguments)
    analyzer.analysis.called.setdefault(function.name, analyzer.analysis.names.user)
    return function, tuple(arguments)


def _resolve(name: str, types: list[Argument], node: ast.FunctionCall) -> ir.FunctionRef:
    try:
        return resolve_function(name, types)
    except LodestarError as fault:
        if fault.code is FUNCTION_NOT_FOUND and len(node.name.parts) > 1:
            fault = _not_found(name, types, node)
        elif name.startswith("$"):  # it is called by the name that a catalog has for it
            fault = LodestarError(fault.code, fault.message.replace(name, str(node.name)))
        raise fault.at(node.at) from None


def _not_found(name: str, types: list[Argument], node: ast.FunctionCall) -> LodestarError:
    """The error of a call by a qualified name, which shows that name."""
    signatures = registry.find_signatures(name)
    if not signatures:
        return LodestarError(FUNCTION_NOT_FOUND, f"Function '{node.name}' not registered")
    return unexpected_arguments(str(node.name), types, signatures)


def _lambda_argument(analyzer: ExpressionAnalyzer, node: ast.LambdaExpression) -> LambdaArgument:
    def body_type(parameters: tuple[Type, ...]) -> Type:
        return _bind_body(analyzer, node, parameters)[1].type

    return LambdaArgument(body_type)


def _bind_lambda(analyzer: ExpressionAnalyzer, node: ast.LambdaExpression, expected: FunctionType) -> Expression:
    symbols, body = _bind_body(analyzer, node, expected.arguments)
    return ir.Lambda(symbols, analyzer.coerced(body, node.body, expected.result, "Lambda body"))


def _bind_body(
    analyzer: ExpressionAnalyzer, node: ast.LambdaExpression, types: tuple[Type, ...]
) -> tuple[tuple[ir.Symbol, ...], Expression]:
    if len(types) != len(node.arguments):
        message = f"Expected a lambda that takes {len(types)} argument(s) but got {len(node.arguments)}"
        raise LodestarError(INVALID_PARAMETER_USAGE, message, location=node.at)
    known = (id(node), types, analyzer.scope)
    found = analyzer.analysis.lambda_bodies.get(known)
    if found is not None:
        return found
    analyzer.analysis.context.cancellation.check()
    check_scalar(node.body, "Lambda expression")
    names = [argument.name.value for argument in node.arguments]
    symbols = tuple(analyzer.analysis.symbols.new(t, n.lower()) for t, n in zip(types, names, strict=True))
    fields = [Field(symbol, name) for symbol, name in zip(symbols, names, strict=True)]
    scope = Scope(fields, analyzer.scope, lambda_=True)
    for argument in node.arguments:
        scope.find((argument.name.value.lower(),), argument.name.value.lower(), argument.at)
    inner = analyzer.with_scope(scope, in_lambda=True)
    bound = analyzer.analysis.lambda_bodies[known] = symbols, inner.analyze(node.body)
    return bound


def bind_ordering(analyzer: ExpressionAnalyzer, node: ast.FunctionCall) -> tuple[Ordering, ...]:
    """ORDER BY inside a call."""
    if node.order_by is None:
        return ()
    keys: list[Ordering] = []
    for item in node.order_by.sort_items:
        key = analyzer.analyze(item.sort_key)
        if not key.type.orderable:
            message = f"ORDER BY can only be applied to orderable types (actual: {key.type.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        keys.append(ordering_of(item, key))
    return tuple(keys)


def ordering_of(item: ast.SortItem, key: Expression) -> Ordering:
    """A sort key with its direction; NULLs are last unless NULLS FIRST is written."""
    return Ordering(
        key, item.ordering is ast.Ordering.ASCENDING, nulls_first=item.null_ordering is ast.NullOrdering.FIRST
    )


def _faults_of(node: ast.FunctionCall, function: ir.FunctionRef) -> list[LodestarError]:
    """What is wrong with a call without OVER beyond the types of its arguments."""
    message = ""
    code = FUNCTION_NOT_AGGREGATE
    if function.kind is FunctionKind.AGGREGATE:
        nested: list[ast.FunctionCall] | list[ast.Expression]
        if nested := aggregate_calls(node.arguments):
            code, what = NESTED_AGGREGATION, "aggregations"
        elif nested := window_calls(node.arguments):
            code, what = NESTED_WINDOW, "window functions or row pattern measures"
        if nested:
            shown = ", ".join(format_expression(one) for one in nested)
            message = f"Cannot nest {what} inside aggregation '{node.name}': [{shown}]"
    elif node.filter is not None:
        message = "Filter is only valid for aggregation functions"
    elif node.order_by is not None:
        message = "ORDER BY is only valid for aggregation functions"
    elif function.kind is FunctionKind.WINDOW:
        code, message = MISSING_OVER, f"Window function system.builtin.{function.name} requires an OVER clause"
    return [LodestarError(code, message, location=node.at)] if message else []


def _note_outputs_named(collector: CallCollector, before: int, between: int) -> None:
    """An aggregate in ORDER BY is over the rows of FROM: it cannot name the SELECT list's columns."""
    named = collector.output_references
    if len(named) > between:
        message = "ORDER BY clause in aggregation function must not reference query output columns"
        collector.order_by_faults.append(LodestarError(COLUMN_NOT_FOUND, message, location=named[between]))
    if between > before:
        message = "Invalid reference to output projection attribute from ORDER BY aggregation"
        collector.order_by_faults.append(LodestarError(COLUMN_NOT_FOUND, message, location=named[before]))


def _aggregate(
    analyzer: ExpressionAnalyzer,
    node: ast.FunctionCall,
    function: ir.FunctionRef,
    arguments: tuple[Expression, ...],
    condition: Expression | None,
    ordering: tuple[Ordering, ...],
) -> Expression:
    if analyzer.collector is None:
        # check_scalar of the clause refuses it with the clause's name; here is a place without one.
        check_scalar(node, "Expression")
    assert analyzer.collector is not None
    if node.distinct and node.order_by is not None:
        columns = {find_column(one, analyzer.scope) for one in node.arguments} - {None}
        for item in node.order_by.sort_items:
            key = item.sort_key
            if key not in node.arguments and find_column(key, analyzer.scope) not in columns:
                message = "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments"
                fault = LodestarError(EXPRESSION_NOT_IN_DISTINCT, message, location=key.at)
                analyzer.collector.aggregation_faults.append(fault)
    return analyzer.collector.aggregate(AggregateCall(function, arguments, node.distinct, condition, ordering))


def _grouping_column(analyzer: ExpressionAnalyzer, node: ast.Expression) -> Expression:
    # The names inside GROUPING() have no places in Trino's tree.
    try:
        return analyzer.analyze(node)
    except LodestarError as fault:
        raise LodestarError(fault.code, fault.message) from None


def analyze_grouping(analyzer: ExpressionAnalyzer, node: ast.GroupingOperation) -> Expression:
    """GROUPING(columns): a column that the plan computes from the grouping set."""
    if len(node.columns) > MAX_GROUPING_COLUMNS:
        message = f"GROUPING supports up to {MAX_GROUPING_COLUMNS} column arguments"
        raise LodestarError(TOO_MANY_ARGUMENTS, message, location=node.at)
    named_before = len(analyzer.collector.output_references) if analyzer.collector is not None else 0
    columns = [_grouping_column(analyzer, column) for column in node.columns]
    type_ = INTEGER if len(columns) <= MAX_INTEGER_GROUPING_COLUMNS else BIGINT
    if analyzer.collector is None:
        check_scalar(node, "Expression")
    collector = analyzer.collector
    assert collector is not None
    if len(collector.output_references) > named_before:
        message = "Invalid reference to output of SELECT clause from grouping() expression in ORDER BY"
        collector.order_by_faults.append(LodestarError(INVALID_ARGUMENTS, message))
    keys = {} if collector.keys is None else collector.keys.definitions
    symbols = tuple(
        column.symbol
        if isinstance(column, ir.SymbolRef) and column.symbol not in keys
        else analyzer.analysis.symbols.new(column.type)
        for column in columns
    )
    return collector.grouping(node, symbols, type_)
