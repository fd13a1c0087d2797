"""Numbers in spellings that DuckDB does not read."""

from __future__ import annotations

import math
import unicodedata
from decimal import ROUND_HALF_UP, Context, Decimal

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import DIVISION_BY_ZERO, NUMERIC_VALUE_OUT_OF_RANGE


@value_function("trino_read_hexadecimal", ["VARCHAR"], "VARCHAR", pa.string())
def read_hexadecimal(text: str) -> str | None:
    """A hexadecimal floating-point number as decimal text."""
    try:
        return repr(float.fromhex(text.rstrip("fFdD") if "p" in text.lower() else text))
    except (ValueError, OverflowError):
        return repr(math.inf)


@value_function("trino_fold_digits", ["VARCHAR"], "VARCHAR", pa.string())
def fold_digits(text: str) -> str | None:
    """Decimal digits of any script as ASCII digits, signs kept; None when another character is among them."""
    folded = ""
    for character in text:
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            folded += str(digit)
        elif character in "+-":
            folded += character
        else:
            return None
    return folded


_WIDE = Context(prec=120)
_LIMIT = Decimal(10) ** 38


def _fitting(value: Decimal, scale: int) -> str:
    if abs(value.scaleb(scale, _WIDE)) >= _LIMIT:
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
    return _fitting(_WIDE.remainder(Decimal(left), divisor).quantize(Decimal(1).scaleb(-scale), context=_WIDE), scale)
