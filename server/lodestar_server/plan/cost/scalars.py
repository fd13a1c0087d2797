"""What the value of an expression is like."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from lodestar_server.ir import Call, Cast, Coalesce, Constant, Expression, SymbolRef
from lodestar_server.plan.cost.estimates import (
    NO_VALUES,
    NOTHING_KNOWN,
    ColumnEstimate,
    PlanEstimate,
    ValueRange,
    as_number,
)
from lodestar_server.spi.types import INTEGRAL_TYPES

_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "$add": lambda a, b: a + b,
    "$subtract": lambda a, b: a - b,
    "$multiply": lambda a, b: a * b,
    "$divide": lambda a, b: a / b if b else math.copysign(math.inf, a) if a else math.nan,
}


def estimate_value(expression: Expression, source: PlanEstimate) -> ColumnEstimate:
    """The estimate of an expression over rows of a plan."""
    match expression:
        case SymbolRef(symbol=symbol):
            return source.column(symbol)
        case Constant(value=None):
            return NO_VALUES
        case Constant(type=type_, value=value):
            number = as_number(type_, value)
            range_ = ValueRange(distinct=1) if math.isnan(number) else ValueRange(number, number, 1)
            return ColumnEstimate(range_, 0.0)
        case Cast(value=inner, target=target):
            return _cast(estimate_value(inner, source), target in INTEGRAL_TYPES)
        case Coalesce(values=operands):
            result = estimate_value(operands[0], source)
            for operand in operands[1:]:
                result = _coalesce(result, estimate_value(operand, source))
            return result
        case Call(function=function, arguments=(operand,)) if function.name == "$negate":
            column = estimate_value(operand, source)
            range_ = replace(column.range, low=-column.range.high, high=-column.range.low)
            return replace(column, range=range_)
        case Call(function=function, arguments=(left, right)) if function.name == "$modulo":
            return _modulo(estimate_value(left, source), estimate_value(right, source))
        case Call(function=function, arguments=(left, right)) if function.name in _ARITHMETIC:
            one, other = estimate_value(left, source), estimate_value(right, source)
            return _arithmetic(_ARITHMETIC[function.name], one, other)
    return NOTHING_KNOWN


def _cast(column: ColumnEstimate, integral: bool) -> ColumnEstimate:
    low, high = column.range.low, column.range.high
    if integral and math.isfinite(low) and math.isfinite(high):
        low, high = float(round(low)), float(round(high))
    distinct = column.distinct
    if integral and math.isfinite(high - low):
        distinct = min(distinct, high - low + 1)
    return ColumnEstimate(ValueRange(low, high, distinct), column.nulls, column.size)


def _coalesce(first: ColumnEstimate, second: ColumnEstimate) -> ColumnEstimate:
    if first.nulls == 0:
        return first
    if first.nulls == 1:
        return second
    return ColumnEstimate(first.range.union(second.range), first.nulls * second.nulls, first.size)


def _arithmetic(
    operation: Callable[[float, float], float], one: ColumnEstimate, other: ColumnEstimate
) -> ColumnEstimate:
    nulls = one.nulls + other.nulls - one.nulls * other.nulls
    if one.range.empty or other.range.empty:
        return NO_VALUES
    if operation is _ARITHMETIC["$divide"] and other.range.low < 0 < other.range.high:
        return ColumnEstimate(ValueRange(distinct=one.distinct * other.distinct), nulls)
    corners = [operation(a, b) for a in (one.range.low, one.range.high) for b in (other.range.low, other.range.high)]
    if any(math.isnan(corner) for corner in corners):
        return ColumnEstimate(ValueRange(distinct=one.distinct * other.distinct), nulls)
    return ColumnEstimate(ValueRange(min(corners), max(corners), one.distinct * other.distinct), nulls)


def _modulo(one: ColumnEstimate, other: ColumnEstimate) -> ColumnEstimate:
    """A rest is no further from zero than the divisor and the dividend are, and on the dividend's side."""
    if one.range.empty or other.range.empty:
        return NO_VALUES
    nulls = one.nulls + other.nulls - one.nulls * other.nulls
    furthest = max(abs(other.range.low), abs(other.range.high))
    low, high = max(-furthest, one.range.low), min(furthest, one.range.high)
    if one.range.high <= 0:
        high = 0.0
    elif one.range.low >= 0:
        low = 0.0
    return ColumnEstimate(ValueRange(low, high, one.distinct * other.distinct), nulls)
