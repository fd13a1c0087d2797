"""Calls of routines: the overload chosen, the arguments coerced, a body that is one expression put in place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.functions import registry
from lodestar_server.functions.resolution import choose, find_function, resolve_function, unexpected_arguments
from lodestar_server.functions.signatures import Signature, Template
from lodestar_server.ir import Constant, Expression, FunctionKind, Routine, Symbol, SymbolRef
from lodestar_server.ir.routines import RoutineCall
from lodestar_server.spi.errors import (
    FUNCTION_NOT_AGGREGATE,
    FUNCTION_NOT_WINDOW,
    NOT_SUPPORTED,
    NULL_TREATMENT_NOT_ALLOWED,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.routines.folding import folded
from lodestar_server.sql.analysis.syntax import function_kind
from lodestar_server.sql.parser import ast

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer


def signature_of(routine: Routine) -> Signature:
    """The routine as overload resolution sees it."""
    types = tuple(one.type for one in routine.parameters)
    return Signature(
        routine.name,
        FunctionKind.SCALAR,
        tuple(_template(one) for one in types),
        _template(routine.result),
        f"{routine.name}({', '.join(one.signature_text for one in types)})",
        {},
        nulls=tuple(range(1, len(types) + 1)) if routine.called_on_null else (),
    )


def _template(type_: Type) -> Template:
    return Template(type_.base, concrete=type_)


def analyze_call(
    analyzer: ExpressionAnalyzer, node: ast.FunctionCall, routines: Sequence[Routine]
) -> Expression | None:
    """A call that means one of the routines; None when a built-in scalar function of the same name fits instead.

    Raises: LodestarError for arguments that fit none.
    """
    name = routines[0].name
    if node.window is not None:
        at = node.at if analyzer.collector is None else analyzer.collector.at
        raise LodestarError(FUNCTION_NOT_WINDOW, f"Not a window function: {node.name}", location=at)
    if node.filter is not None:
        message = "Filter is only valid for aggregation functions"
        raise LodestarError(FUNCTION_NOT_AGGREGATE, message, location=node.at)
    if node.order_by is not None:
        message = "ORDER BY is only valid for aggregation functions"
        raise LodestarError(FUNCTION_NOT_AGGREGATE, message, location=node.at)
    if node.null_treatment is not None:
        message = f"Cannot specify null treatment clause for {name} function"
        raise LodestarError(NULL_TREATMENT_NOT_ALLOWED, message, location=node.at)
    values = [analyzer.analyze(one) for one in node.arguments]
    signatures = [signature_of(one) for one in routines]
    types = [one.type for one in values]
    try:
        chosen = choose(signatures, types)
    except LodestarError as fault:
        raise fault.at(node.at) from None
    if chosen is None:
        if function_kind(node.name) is FunctionKind.SCALAR:
            # The next schema of the path is that of the built-in functions.
            if find_function(name, types) is not None:
                return None
            signatures += registry.find_signatures(name)
        raise unexpected_arguments(str(node.name), types, signatures).at(node.at)
    index = next(i for i, one in enumerate(signatures) if one is chosen.signature)
    routine = routines[index]
    for pending, at in analyzer.analysis.pending_routines:
        if pending is routine:
            message = f"Recursive language functions are not supported: {routine.text}:{routine.result.signature_text}"
            raise LodestarError(NOT_SUPPORTED, message, location=at)
    arguments = tuple(
        coerce(value, parameter.type) for value, parameter in zip(values, routine.parameters, strict=True)
    )
    return expanded(analyzer.analysis.symbols, routine, arguments, node)


def expanded(
    symbols: ir.SymbolAllocator, routine: Routine, arguments: tuple[Expression, ...], node: ast.FunctionCall
) -> Expression:
    """The call as an expression: the body's own where it is one, else a call that the kernel runs."""
    body = folded(routine.body) if routine.deterministic else None
    if body is None:
        return RoutineCall(routine, arguments, at=node.at)
    bound: dict[Symbol, Expression] = {}
    computed: list[tuple[Symbol, Expression]] = []
    for parameter, argument in zip(routine.parameters, arguments, strict=True):
        if isinstance(argument, Constant | SymbolRef):
            bound[parameter] = argument
        else:
            # Evaluated once, however often the body names it.
            fresh = symbols.like(parameter)
            bound[parameter] = SymbolRef(fresh)
            computed.append((fresh, argument))
    value = ir.replace_symbols(body, bound)
    if not routine.called_on_null and routine.parameters:
        missing = tuple(ir.IsNull(bound[one]) for one in routine.parameters)
        any_missing = missing[0] if len(missing) == 1 else ir.Logical(ir.LogicalOperator.OR, missing)
        value = ir.Case(((any_missing, Constant(value.type, None)),), value)
    for symbol, argument in reversed(computed):
        value = let(symbol, argument, value)
    return value


def let(symbol: Symbol, argument: Expression, body: Expression) -> Expression:
    """`body` over a column that holds `argument`: element_at(transform(ARRAY[argument], symbol -> body), 1)."""
    array = ir.ArrayConstructor((argument,), argument.type)
    mapped = ir.Lambda((symbol,), body)
    transform = ir.FunctionRef("transform", (array.type, mapped.type), ir.ArrayConstructor((), body.type).type)
    elements = ir.Call(transform, (array, mapped))
    element_at = resolve_function("element_at", [elements.type, BIGINT])
    return ir.Call(element_at, (elements, Constant(BIGINT, 1)))
