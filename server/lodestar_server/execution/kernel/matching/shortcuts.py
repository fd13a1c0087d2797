"""Conditions simple enough to be answered here instead of by DuckDB: comparisons and logic over plain values.

Only what Python and Trino see alike is taken: whole numbers, decimals, doubles (NaN too), booleans, varchar and dates
compare alike, NULL is None. Anything else is left to DuckDB.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any

from lodestar_server.ir import (
    Between,
    Cast,
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    In,
    IsNull,
    Logical,
    LogicalOperator,
    Not,
    Symbol,
    SymbolRef,
)
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    INTEGRAL_TYPES,
    DecimalType,
    Type,
    VarcharType,
)

Answer = Callable[[Any], Any]
"""The values of the slots, by position → the value of the expression."""

_COMPARE: dict[ComparisonOperator, Callable[[Any, Any], bool]] = {
    ComparisonOperator.EQUAL: operator.eq,
    ComparisonOperator.NOT_EQUAL: operator.ne,
    ComparisonOperator.LESS: operator.lt,
    ComparisonOperator.LESS_OR_EQUAL: operator.le,
    ComparisonOperator.GREATER: operator.gt,
    ComparisonOperator.GREATER_OR_EQUAL: operator.ge,
}
_WIDER: dict[Type, tuple[Type, ...]] = {
    BIGINT: INTEGRAL_TYPES,
    INTEGER: tuple(one for one in INTEGRAL_TYPES if one != BIGINT),
}


def is_plain(type_: Type) -> bool:
    """Values of the type are the same things in Python: as Arrow gives them, and as constants (but for decimals)."""
    return type_ in (*INTEGRAL_TYPES, BOOLEAN, DATE, DOUBLE) or isinstance(type_, VarcharType | DecimalType)


def shortcut(expression: Expression, slots: Mapping[Symbol, int]) -> Answer | None:
    """A function with the value of the expression, None when it is not simple enough."""
    if not is_plain(expression.type):
        return None
    match expression:
        case SymbolRef(symbol=symbol):
            position = slots.get(symbol)
            return None if position is None else operator.itemgetter(position)
        case Constant(value=value):
            if isinstance(expression.type, DecimalType) or expression.type == DATE:
                return None
            return lambda values: value
        case Cast():
            return _cast(expression, slots)
        case Not():
            return _negated(shortcut(expression.value, slots))
        case IsNull():
            return _is_null(shortcut(expression.value, slots))
        case Comparison():
            return _comparison(expression.operator, expression.left, expression.right, slots)
        case Between():
            low = _comparison(ComparisonOperator.GREATER_OR_EQUAL, expression.value, expression.minimum, slots)
            high = _comparison(ComparisonOperator.LESS_OR_EQUAL, expression.value, expression.maximum, slots)
            return None if low is None or high is None else _all((low, high))
        case In():
            equal = [_comparison(ComparisonOperator.EQUAL, expression.value, one, slots) for one in expression.items]
            found = tuple(one for one in equal if one is not None)
            return _any(found) if len(found) == len(equal) else None
        case Logical():
            terms = tuple(one for one in (shortcut(term, slots) for term in expression.terms) if one is not None)
            if len(terms) < len(expression.terms):
                return None
            return _all(terms) if expression.operator is LogicalOperator.AND else _any(terms)
    return None


def _negated(inner: Answer | None) -> Answer | None:
    if inner is None:
        return None
    value_of = inner

    def answer(values: Any) -> bool | None:
        value = value_of(values)
        return None if value is None else not value

    return answer


def _is_null(inner: Answer | None) -> Answer | None:
    if inner is None:
        return None
    value_of = inner
    return lambda values: value_of(values) is None


def _cast(expression: Cast, slots: Mapping[Symbol, int]) -> Answer | None:
    """Casts that keep the value: to wider whole numbers and longer texts."""
    source, target = expression.value.type, expression.target
    if isinstance(source, VarcharType) and isinstance(target, VarcharType):
        kept = target.length is None or (source.length is not None and source.length <= target.length)
    else:
        kept = source == target or source in _WIDER.get(target, ())
    return shortcut(expression.value, slots) if kept else None


def _comparison(
    operator_: ComparisonOperator, left: Expression, right: Expression, slots: Mapping[Symbol, int]
) -> Answer | None:
    compare = _COMPARE.get(operator_)
    a, b = shortcut(left, slots), shortcut(right, slots)
    if compare is None or a is None or b is None:
        return None

    def answer(values: Any) -> bool | None:
        x, y = a(values), b(values)
        return None if x is None or y is None else compare(x, y)

    return answer


def _all(terms: tuple[Answer, ...]) -> Answer:
    def answer(values: Any) -> bool | None:
        found: bool | None = True
        for term in terms:
            value = term(values)
            if value is False:
                return False
            if value is None:
                found = None
        return found

    return answer


def _any(terms: tuple[Answer, ...]) -> Answer:
    def answer(values: Any) -> bool | None:
        found: bool | None = False
        for term in terms:
            value = term(values)
            if value is True:
                return True
            if value is None:
                found = None
        return found

    return answer
