"""Calls that are not function calls in the tree: IF, NULLIF, COALESCE, TRY and FORMAT."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.spi.errors import SYNTAX_ERROR, LodestarError
from lodestar_server.sql.parser import ast


def special_form(call: ast.FunctionCall) -> ast.Expression:
    """The node for a call that is written like any other; the call itself if it is one.

    Raises: LodestarError(SYNTAX_ERROR) when it says what only function calls may say (OVER, FILTER, …).
    """
    if len(call.name.parts) != 1:
        return call
    make = _FORMS.get(call.name.parts[0])
    return call if make is None else make(call)


def _if(call: ast.FunctionCall) -> ast.Expression:
    arguments = call.arguments
    _check(len(arguments) in (2, 3), "Invalid number of arguments for 'if' function", call)
    _check_plain(call, "if")
    return ast.IfExpression(arguments[0], arguments[1], arguments[2] if len(arguments) == 3 else None, at=call.at)


def _nullif(call: ast.FunctionCall) -> ast.Expression:
    _check(len(call.arguments) == 2, "Invalid number of arguments for 'nullif' function", call)
    _check_plain(call, "nullif")
    return ast.NullIfExpression(*call.arguments, at=call.at)


def _coalesce(call: ast.FunctionCall) -> ast.Expression:
    _check(len(call.arguments) >= 2, "The 'coalesce' function must have at least two arguments", call)
    _check_plain(call, "coalesce")
    return ast.CoalesceExpression(call.arguments, at=call.at)


def _try(call: ast.FunctionCall) -> ast.Expression:
    _check(len(call.arguments) == 1, "The 'try' function must have exactly one argument", call)
    _check_plain(call, "try")
    return ast.TryExpression(call.arguments[0], at=call.at)


def _format(call: ast.FunctionCall) -> ast.Expression:
    _check(len(call.arguments) >= 2, "The 'format' function must have at least two arguments", call)
    _check_plain(call, "format")
    return ast.Format(call.arguments, at=call.at)


def _check_plain(call: ast.FunctionCall, name: str) -> None:
    _check(call.window is None, f"OVER clause not valid for '{name}' function", call)
    _check(not call.distinct, f"DISTINCT not valid for '{name}' function", call)
    _check(call.null_treatment is None, f"Null treatment clause not valid for '{name}' function", call)
    _check(call.processing_mode is None, f"Running or final semantics not valid for '{name}' function", call)
    _check(call.filter is None, f"FILTER not valid for '{name}' function", call)


def _check(holds: bool, message: str, call: ast.FunctionCall) -> None:
    if not holds:
        raise LodestarError(SYNTAX_ERROR, message, location=call.at)


_FORMS: dict[str, Callable[[ast.FunctionCall], ast.Expression]] = {
    "if": _if,
    "nullif": _nullif,
    "coalesce": _coalesce,
    "try": _try,
    "format": _format,
}
