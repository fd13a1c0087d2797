"""Numbers in spellings that DuckDB does not read."""

from __future__ import annotations

import math
import unicodedata
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from struct import pack, unpack

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.java_text import cast_double, scientific
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import DIVISION_BY_ZERO, INVALID_FUNCTION_ARGUMENT, NUMERIC_VALUE_OUT_OF_RANGE


@value_function("trino_read_hexadecimal", ["VARCHAR"], "VARCHAR", pa.string())
def read_hexadecimal(text: str) -> str | None:
    """A hexadecimal floating-point number as decimal text."""
    try:
        return repr(float.fromhex(text.rstrip("fFdD") if "p" in text.lower() else text))
    except (ValueError, OverflowError):
        return repr(math.inf)


@value_function("trino_fold_digits", ["VARCHAR"], "VARCHAR", pa.string())
def fold_digits(text: str) -> str | None:
    """Decimal digits of any script as ASCII digits, signs, points and `e` kept; None when another is among them."""
    folded = ""
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            folded += str(digit)
        elif character in "+-.eE":
            folded += character
        else:
            return None
    return folded


@value_function("trino_rounded_real_text", ["VARCHAR"], "VARCHAR", pa.string())
def rounded_real_text(text: str) -> str:
    """Seven digits of a positive number, by the value of the double that the text stands for.

    Java rounds half even, but half up for whole numbers of 64 bits: it does not know that their digits are all.
    """
    value = float(text)
    rounding = ROUND_HALF_UP if value < _TWO_TO_63 and value.is_integer() else ROUND_HALF_EVEN
    return scientific(Context(prec=7, rounding=rounding).plus(Decimal(value)))


_TWO_TO_63 = 2.0**63


@value_function("trino_wide_double_text", ["DOUBLE"], "VARCHAR", pa.string())
def wide_double_text(value: float) -> str:
    """A double beyond 2 to the power of 53, or a tiny one."""
    return cast_double(value)


@value_function("trino_shortest_real_text", ["DOUBLE"], "VARCHAR", pa.string())
def shortest_real_text(value: float) -> str:
    """The shortest text that reads as a positive real, of two digits at least; its last digit is even in a tie."""
    texts = (f"{value:.{digits}e}" for digits in range(1, 9))
    shortest = next(text for text in texts if _as_real(text) == value)
    return str(float(shortest)) if 1e-3 <= value < 1e7 else shortest


def _as_real(text: str) -> float:
    try:
        return float(unpack("f", pack("f", float(text)))[0])
    except OverflowError:
        return math.inf


_WIDE = Context(prec=120)
_LIMIT = Decimal(10) ** 38
_QUOTIENT_LIMIT = 2**128
"""Trino computes the quotient beside the remainder, in 128 bits."""


def _fitting(value: Decimal, scale: int) -> str:
    if value.scaleb(scale, _WIDE).copy_abs() >= _LIMIT:
        raise ValueError(marked(NUMERIC_VALUE_OUT_OF_RANGE, "Decimal overflow"))
    return format(value, "f")


@value_function("trino_divide_decimals", ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR", pa.string())
def divide_decimals(left: str, right: str, scale: int) -> str:
    """The quotient at a scale, rounded half away from zero, of decimals too wide for DuckDB's integers."""
    divisor = Decimal(right)
    if divisor == 0:
        raise ValueError(marked(DIVISION_BY_ZERO, "Division by zero"))
    quotient = _WIDE.divide(Decimal(left), divisor)
    return _fitting(quotient.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _WIDE), scale)


@value_function("trino_decimal_remainder", ["VARCHAR", "VARCHAR", "INTEGER"], "VARCHAR", pa.string())
def decimal_remainder(left: str, right: str, scale: int) -> str:
    """The remainder with the dividend's sign."""
    divisor = Decimal(right)
    if divisor == 0:
        raise ValueError(marked(DIVISION_BY_ZERO, "Division by zero"))
    quotient = _WIDE.divide_int(Decimal(left), divisor)
    if abs(quotient) >= _QUOTIENT_LIMIT:
        raise ValueError(marked(NUMERIC_VALUE_OUT_OF_RANGE, "Decimal overflow"))
    return _fitting(_WIDE.remainder(Decimal(left), divisor).quantize(Decimal(1).scaleb(-scale), context=_WIDE), scale)


@value_function("trino_round_decimal", ["VARCHAR", "BIGINT"], "VARCHAR", pa.string())
def round_decimal(text: str, digits: int) -> str:
    """A decimal rounded half away from zero to some digits after (or, negative, before) the point."""
    if digits < -38:
        return "0"
    return format(Decimal(text).quantize(Decimal(1).scaleb(-min(digits, 38)), ROUND_HALF_UP, _WIDE), "f")


@value_function("trino_truncate_decimal", ["VARCHAR", "BIGINT"], "VARCHAR", pa.string())
def truncate_decimal(text: str, digits: int) -> str:
    """A decimal without the digits beyond some."""
    if digits < -38:
        return "0"
    return format(Decimal(text).quantize(Decimal(1).scaleb(-min(digits, 38)), ROUND_DOWN, _WIDE), "f")


@value_function("trino_sum_of_texts", ["VARCHAR[]", "VARCHAR"], "VARCHAR", pa.string())
def sum_of_texts(numbers: list[str], rest: str) -> str:
    """Whole numbers of any size, and one more, added."""
    return str(sum(map(int, numbers), int(rest)))


@value_function("trino_average_of_texts", ["VARCHAR[]", "VARCHAR", "BIGINT"], "VARCHAR", pa.string())
def average_of_texts(numbers: list[str], rest: str, count: int) -> str:
    """Their sum divided by a count, half away from zero."""
    total = sum(map(int, numbers), int(rest))
    quotient = (2 * abs(total) + count) // (2 * count)
    return str(-quotient if total < 0 else quotient)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@value_function("trino_from_base", ["VARCHAR", "BIGINT"], "BIGINT", pa.int64())
def from_base(text: str, radix: int) -> int:
    """A number in some base, both cases of letters, an optional sign."""
    _check_radix(radix)
    digits = text[1:] if text[:1] in ("+", "-") else text
    allowed = _DIGITS[:radix]
    value = int(digits, radix) if digits and all(digit in allowed for digit in digits.lower()) else None
    if value is not None and text.startswith("-"):
        value = -value
    if value is None or not -(2**63) <= value < 2**63:
        raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, f"Not a valid base-{radix} number: {text}"))
    return value


@value_function("trino_to_base", ["BIGINT", "BIGINT"], "VARCHAR", pa.string())
def to_base(value: int, radix: int) -> str:
    """A number's digits in some base, lower case."""
    _check_radix(radix)
    digits, rest = "", abs(value)
    while rest or not digits:
        rest, digit = divmod(rest, radix)
        digits = _DIGITS[digit] + digits
    return f"-{digits}" if value < 0 else digits


def _check_radix(radix: int) -> None:
    if not 2 <= radix <= 36:
        raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, "Radix must be between 2 and 36"))
