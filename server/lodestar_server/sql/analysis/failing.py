"""Expressions that refuse a row when they are evaluated."""

from __future__ import annotations

from lodestar_server import ir
from lodestar_server.ir import Constant, Expression
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.types import INTEGER, UNKNOWN, VARCHAR, Type


def fail(code: ErrorCode, message: str, type_: Type) -> Expression:
    """An expression that raises."""
    function = ir.FunctionRef("fail", (INTEGER, VARCHAR), UNKNOWN, deterministic=False)
    raised = ir.Call(function, (Constant(INTEGER, code.code), Constant(VARCHAR, message)))
    return ir.Cast(raised, type_)
