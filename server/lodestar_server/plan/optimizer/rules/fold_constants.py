"""Arithmetic on constants is done once, while planning: `d_month_seq BETWEEN 1200 AND 1200 + 11` is then a range.

Only what cannot fail and means one thing is done here; an expression that would raise stays and raises when it runs.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from lodestar_server.ir import Call, Cast, Comparison, Constant, Expression, children, with_children
from lodestar_server.ir.nodes import PlanNode, map_expressions
from lodestar_server.plan.optimizer.rewrite import rebuild
from lodestar_server.plan.optimizer.rule import RuleContext
from lodestar_server.spi.types import (
    BIGINT,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGRAL_TYPES,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    SMALLINT,
    TINYINT,
    DecimalType,
    Type,
    VarcharType,
)
from lodestar_server.sql.analysis.decimal_comparisons import against_constant
from lodestar_server.sql.analysis.literals import parse_date

_BITS: dict[Type, int] = {TINYINT: 7, SMALLINT: 15, INTEGER: 31, BIGINT: 63}
_EPOCH = date(1970, 1, 1).toordinal()
_MILLIS_PER_DAY = 86_400_000
_PLAIN_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class FoldConstants:
    """Replaces calls and casts whose arguments are constants by their value."""

    name = "fold_constants"

    def apply(self, plan: PlanNode, context: RuleContext) -> PlanNode:
        """See the class."""
        return _visit(plan)


def _visit(node: PlanNode) -> PlanNode:
    node = rebuild(node, _visit)
    changed = False

    def change(expression: Expression) -> Expression:
        nonlocal changed
        folded = fold(expression)
        changed = changed or folded is not expression
        return folded

    made = map_expressions(node, change)
    return made if changed else node


def fold(expression: Expression) -> Expression:
    """The expression with its constant parts evaluated; the same object when there are none."""
    parts = children(expression)
    if not parts:
        return expression
    folded = tuple(map(fold, parts))
    if any(new is not old for new, old in zip(folded, parts, strict=True)):
        expression = with_children(expression, folded)
    if isinstance(expression, Call | Cast) and all(isinstance(one, Constant) for one in folded):
        values = [one.value for one in folded if isinstance(one, Constant)]
        if None not in values:
            known = _cast(expression, values[0]) if isinstance(expression, Cast) else _call(expression, values)
            if known is not None:
                return Constant(expression.type, known)
    if isinstance(expression, Comparison) and folded[0].__class__ is not folded[1].__class__:
        return against_constant(expression.operator, *folded) or expression
    return expression


def _call(call: Call, values: list[Any]) -> Any | None:
    function = _ARITHMETIC.get(call.function.name)
    if function is None:
        return None
    types = call.function.arguments
    if all(type_ in INTEGRAL_TYPES for type_ in types):
        return _fitting(function(*values), call.type) if call.type in types else None
    if isinstance(call.type, DecimalType) and all(isinstance(type_, DecimalType) for type_ in types):
        return _decimal(call, values)
    if len(types) == 2 and call.type == DATE and call.function.name in ("$add", "$subtract"):
        if types[0] == DATE:
            sign = 1 if call.function.name == "$add" else -1
            return _shifted(values[0], types[1], sign * values[1])
        if types[1] == DATE and call.function.name == "$add":
            return _shifted(values[1], types[0], values[0])
    return None


_ARITHMETIC: dict[str, Callable[..., int]] = {
    "$add": lambda a, b: a + b,
    "$subtract": lambda a, b: a - b,
    "$multiply": lambda a, b: a * b,
    "$negate": lambda a: -a,
}


def _decimal(call: Call, digits: list[int]) -> int | None:
    """The digits of a sum, difference or product; None where the result's scale would cut some off."""
    type_ = call.type
    assert isinstance(type_, DecimalType)
    scales = [one.scale for one in call.function.arguments if isinstance(one, DecimalType)]
    if call.function.name == "$multiply":
        return _digits(digits[0] * digits[1], type_) if sum(scales) == type_.scale else None
    if any(scale > type_.scale for scale in scales):
        return None
    widened = [one * 10 ** (type_.scale - scale) for one, scale in zip(digits, scales, strict=True)]
    return _digits(_ARITHMETIC[call.function.name](*widened), type_)


def _shifted(days: int, interval: Type, amount: int) -> int | None:
    """A date moved by an interval; None for what raises, or leaves the years of Python's dates."""
    try:
        if interval == INTERVAL_DAY_SECOND:
            moved, rest = divmod(amount, _MILLIS_PER_DAY)
            return None if rest else date.fromordinal(days + _EPOCH + moved).toordinal() - _EPOCH
        if interval == INTERVAL_YEAR_MONTH:
            start = date.fromordinal(days + _EPOCH)
            year, month = divmod(start.year * 12 + start.month - 1 + amount, 12)
            last = calendar.monthrange(year, month + 1)[1]
            return date(year, month + 1, min(start.day, last)).toordinal() - _EPOCH
    except (ValueError, OverflowError):
        return None
    return None


def _fitting(value: int, type_: Type) -> int | None:
    limit = 1 << _BITS[type_]
    return value if -limit <= value < limit else None


def _cast(cast: Cast, value: Any) -> Any | None:
    source, target = cast.value.type, cast.target
    if source in INTEGRAL_TYPES:
        if target in INTEGRAL_TYPES:
            return _fitting(value, target)
        if target == DOUBLE:
            return float(value)
        if isinstance(target, DecimalType):
            return _digits(value * 10**target.scale, target)
    if isinstance(source, DecimalType) and isinstance(target, DecimalType) and target.scale >= source.scale:
        return _digits(value * 10 ** (target.scale - source.scale), target)
    if isinstance(source, VarcharType):
        if target == DATE and _PLAIN_DATE.fullmatch(value):
            try:
                return parse_date(value).value
            except ValueError:
                return None
        if isinstance(target, VarcharType) and (target.length is None or len(value) <= target.length):
            return value
    return None


def _digits(value: int, type_: DecimalType) -> int | None:
    return value if abs(value) < 10**type_.precision else None
