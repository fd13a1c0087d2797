"""Arithmetic and comparison of SQL values inside a path: Trino's operators, found by the types at hand.

A fault of an operator is a `PathFault` without an explanation. Source: Trino PathEvaluationVisitor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

import numpy as np

from lodestar_server.execution.kernel.functions.python.jsonpath.items import Typed, is_numeric, is_text
from lodestar_server.functions.coercions import common_super_type
from lodestar_server.functions.operators import ADD, DIVIDE, MODULO, MULTIPLY, SUBTRACT, find_operator
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, INTEGRAL_BITS, REAL, CharType, DecimalType, Type

_OPERATORS = {"+": ADD, "-": SUBTRACT, "*": MULTIPLY, "/": DIVIDE, "%": MODULO}
_NAMES = {"+": "ADD", "-": "SUBTRACT", "*": "MULTIPLY", "/": "DIVIDE", "%": "MODULUS"}
_WIDE = Context(prec=100)


class PathFault(ValueError):
    """A path that cannot be evaluated; the text is what follows `path evaluation failed: `."""


def calculate(operator: str, left: Typed, right: Typed) -> Typed:
    """`left operator right`. Raises: PathFault."""
    try:
        function = find_operator(_OPERATORS[operator], (left.type, right.type))
    except LodestarError:
        function = None
    if function is None or not is_numeric(function.result):
        shown = f"({left.type.display}, {right.type.display})"
        raise PathFault(f"invalid operand types to {_NAMES[operator]} operator {shown}")
    a, b = (_coerced(one, kind) for one, kind in zip((left, right), function.arguments, strict=True))
    try:
        return Typed(function.result, _KINDS[_kind(function.result)](operator, a, b, function.result))
    except ArithmeticError:
        raise PathFault("") from None


def _kind(kind: Type) -> str:
    if isinstance(kind, DecimalType):
        return "decimal"
    return "floating" if kind in (DOUBLE, REAL) else "integer"


def _coerced(item: Typed, kind: Type) -> Any:
    value = item.value
    if kind in (DOUBLE, REAL):
        return float(value)
    if isinstance(kind, DecimalType):
        return Decimal(value)
    return value


def _integers(operator: str, a: int, b: int, kind: Type) -> int:
    match operator:
        case "+":
            made = a + b
        case "-":
            made = a - b
        case "*":
            made = a * b
        case "/":
            made = abs(a) // abs(b)
            made = made if (a < 0) == (b < 0) else -made
        case _:
            made = abs(a) % abs(b)
            made = -made if a < 0 else made
    return _within(made, kind)


def _within(value: int, kind: Type) -> int:
    half = 1 << (INTEGRAL_BITS[kind] - 1)  # type: ignore[index]
    if not -half <= value < half:
        raise ArithmeticError("overflow")
    return value


def _floats(operator: str, a: float, b: float, kind: Type) -> float:
    match operator:
        case "+":
            made = a + b
        case "-":
            made = a - b
        case "*":
            made = a * b
        case "/":
            made = _quotient(a, b)
        case _:
            made = math.fmod(a, b) if b and math.isfinite(a) else math.nan
    return float(np.float32(made)) if kind == REAL else made


def _quotient(a: float, b: float) -> float:
    if b:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _decimals(operator: str, a: Decimal, b: Decimal, kind: Type) -> Decimal:
    assert isinstance(kind, DecimalType)
    match operator:
        case "+":
            made = _WIDE.add(a, b)
        case "-":
            made = _WIDE.subtract(a, b)
        case "*":
            made = _WIDE.multiply(a, b)
        case "/":
            made = _WIDE.divide(a, b)
        case _:
            made = _WIDE.remainder(a, b)
    made = made.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP, _WIDE)
    if made and made.adjusted() >= kind.precision - kind.scale:
        raise ArithmeticError("overflow")
    return made


_KINDS: dict[str, Callable[..., Any]] = {"integer": _integers, "floating": _floats, "decimal": _decimals}


def negated(item: Typed) -> Typed:
    """-item. Raises: PathFault."""
    if item.type in INTEGRAL_BITS:
        try:
            return Typed(item.type, _within(-item.value, item.type))
        except ArithmeticError:
            raise PathFault("") from None
    if isinstance(item.type, DecimalType):
        return Typed(item.type, item.value.copy_negate() if item.value else item.value)
    return Typed(item.type, -item.value)


def absolute(item: Typed) -> Typed:
    """abs(item). Raises: PathFault."""
    if item.type in (DOUBLE, REAL):
        return Typed(item.type, abs(item.value))
    return negated(item) if item.value < 0 else item


def rounded(item: Typed, *, up: bool) -> Typed:
    """ceiling or floor."""
    if item.type in INTEGRAL_BITS:
        return item
    if isinstance(item.type, DecimalType):
        kind = item.type
        made = item.value.quantize(Decimal(1), ROUND_CEILING if up else ROUND_FLOOR, _WIDE)
        return Typed(DecimalType(kind.precision - kind.scale + min(kind.scale, 1), 0), made)
    if not math.isfinite(item.value):
        return item
    whole = float(math.ceil(item.value) if up else math.floor(item.value))
    return Typed(item.type, math.copysign(whole, item.value) if whole == 0 else whole)


def array_index(item: Typed) -> int:
    """A number as a place in an array, rounded half up. Raises: PathFault."""
    if item.type in INTEGRAL_BITS:
        return int(item.value)
    try:
        index = int(Decimal(item.value).quantize(Decimal(1), ROUND_HALF_UP, Context(prec=400)))
        return _within(index, BIGINT)
    except (ArithmeticError, ValueError):
        raise PathFault("") from None


def compare(operator: str, left: Typed, right: Typed) -> bool | None:
    """`left operator right`; None when the types cannot be compared."""
    a_type, b_type = left.type, right.type
    a, b = left.value, right.value
    if is_numeric(a_type) and is_numeric(b_type):
        common = common_super_type(a_type, b_type)
        if common == REAL:
            a, b = float(np.float32(a)), float(np.float32(b))
        elif common == DOUBLE:
            a, b = float(a), float(b)
    elif is_text(a_type) and is_text(b_type):
        if isinstance(a_type, CharType) or isinstance(b_type, CharType):
            a, b = a.rstrip(" "), b.rstrip(" ")
    elif a_type.base in _DAYS and b_type.base in _DAYS:
        a, b = _moment_key(a), _moment_key(b)
    elif a_type.base != b_type.base:
        return None
    elif a_type.base == "time":
        a, b = _moment_key(a), _moment_key(b)
    match operator:
        case "==":
            return bool(a == b)
        case "<>":
            return bool(a != b)
        case "<":
            return bool(a < b)
        case ">":
            return bool(a > b)
        case "<=":
            return bool(a <= b)
    return bool(a >= b)


_DAYS = ("date", "timestamp")


def _moment_key(text: str) -> tuple[int, str, str, str]:
    """What orders the texts of dates, of timestamps and of times: sign, date, time, fraction."""
    day, _, time = text.rpartition(" ") if " " in text else (("", "", text) if ":" in text else (text, "", "00:00:00"))
    clock, _, fraction = time.partition(".")
    return (0 if day.startswith("-") else 1, day.lstrip("+-").rjust(18, "0"), clock, fraction.ljust(12, "0"))


def whole(value: int) -> Typed:
    """An integer that a method or `last` gives."""
    return Typed(INTEGER, value)
