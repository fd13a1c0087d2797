"""Java's texts of floating-point numbers."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction


def java_double(value: float) -> str:
    """Double.toString: in full between 0.001 and 10000000, else with an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign, digit_values, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, digit_values)).rstrip("0") or "0"
    point = len(digit_values) + exponent
    prefix = "-" if sign else ""
    if -3 < point <= 7:
        if point <= 0:
            return f"{prefix}0.{'0' * -point}{digits}"
        whole, fraction = digits[:point].ljust(point, "0"), digits[point:]
        return f"{prefix}{whole}.{fraction or '0'}"
    return f"{prefix}{digits[0]}.{digits[1:] or '0'}E{point - 1}"


def cast_double(value: float) -> str:
    """What CAST to varchar prints: DecimalFormat's digits, always with an exponent.

    From 2 to the power of 53 up to that of 63 these are all digits of the integer but the insignificant ones; else the
    shortest ones that are strictly nearer to the value than to its neighbours.
    """
    if value - value != 0:
        return java_double(value)
    magnitude, sign = abs(value), "-" if math.copysign(1, value) < 0 else ""
    if magnitude == 0:
        return f"{sign}0E0"
    if 2.0**53 <= magnitude < 2.0**63:
        insignificant = _insignificant_digits(math.frexp(magnitude)[1] - 55)
        unit = 10**insignificant
        rounded = (int(magnitude) + unit // 2) // unit * unit
        return sign + scientific(Decimal(rounded))
    if magnitude == 5e-324:
        return f"{sign}4.9E-324"
    exact = Fraction(magnitude)
    below = Fraction(math.nextafter(magnitude, 0))
    next_up = math.nextafter(magnitude, math.inf)
    above = 2 * exact - below if math.isinf(next_up) else Fraction(next_up)
    for digits in range(len(repr(magnitude).split("e")[0].replace(".", "").strip("0")), 18):
        text = f"{magnitude:.{max(digits, 1) - 1}e}"
        if (below + exact) / 2 < Fraction(text) < (above + exact) / 2:
            return sign + scientific(Decimal(text))
    return sign + scientific(Decimal(repr(magnitude)))


def _insignificant_digits(power: int) -> int:
    """Decimal digits below the precision of an integer whose last bit is worth two to this power."""
    return int(power * math.log10(2)) if power > 1 else 0


def scientific(value: Decimal) -> str:
    """`1.25E7` of a positive number."""
    _, digit_values, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    digits = "".join(map(str, digit_values))
    shown = digits.rstrip("0") or "0"
    return f"{shown[0]}.{shown[1:] or '0'}E{len(digits) - 1 + exponent}"
