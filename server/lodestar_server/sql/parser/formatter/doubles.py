"""The digits Java's DecimalFormat sees in a double.

They are not always the shortest that read back: Java keeps an older conversion for DecimalFormat, which gives at least
two digits to numbers it would write with an exponent (5e-324 is 4.9E-324) and sometimes one digit too many (1e23 is
9.999999999999999E22). The conversion here is that one, over Python's integers.
Source: OpenJDK jdk.internal.math.FloatingDecimal.
"""

from __future__ import annotations

from math import frexp, isinf

_MANTISSA_BITS = 53
_SMALLEST_EXPONENT = -1074
_LOG10_OF_2 = 0.301029995663981


def format_double(value: float) -> str:
    """A double in DecimalFormat's pattern `0.###################E0###`."""
    if isinf(value):
        return "∞" if value > 0 else "-∞"
    sign = "-" if f"{value}".startswith("-") else ""
    if not value:
        return f"{sign}0E0"
    digits, exponent = _digits(abs(value))
    digits = digits.rstrip("0")
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{fraction}E{exponent}"


def _digits(value: float) -> tuple[str, int]:
    """The digits of a positive number and the decimal exponent of the first of them."""
    fraction, exponent = frexp(value)
    binary_exponent = exponent - 1
    significant_bits = min(_MANTISSA_BITS, binary_exponent - _SMALLEST_EXPONENT + 1)
    mantissa = int(fraction * (1 << _MANTISSA_BITS))
    fraction_bits = _MANTISSA_BITS - ((mantissa & -mantissa).bit_length() - 1)
    mantissa >>= _MANTISSA_BITS - fraction_bits
    bits_behind_point = max(0, fraction_bits - binary_exponent - 1)
    if bits_behind_point == 0 and -21 <= binary_exponent <= 62 and fraction_bits < 64:
        return _digits_of_integer(int(value), binary_exponent, significant_bits)
    return _digits_by_division(value, mantissa, fraction_bits, bits_behind_point, binary_exponent, significant_bits)


def _digits_of_integer(value: int, binary_exponent: int, significant_bits: int) -> tuple[str, int]:
    dropped = 0
    if binary_exponent > significant_bits:
        spare_bits = binary_exponent - significant_bits - 1
        dropped = int(spare_bits * _LOG10_OF_2) if spare_bits > 1 else 0
    if dropped:
        unit = 10**dropped
        value, rest = divmod(value, unit)
        value += rest >= unit >> 1
    digits = str(value)
    return digits, len(digits) - 1 + dropped


def _digits_by_division(
    value: float,
    mantissa: int,
    fraction_bits: int,
    bits_behind_point: int,
    binary_exponent: int,
    significant_bits: int,
) -> tuple[str, int]:
    """Long division, until what is left is within half a unit in the last place."""
    exponent = _estimate_decimal_exponent(value, binary_exponent)
    fives = max(0, -exponent)
    numerator_twos = fives + bits_behind_point + binary_exponent
    denominator_fives = max(0, exponent)
    denominator_twos = denominator_fives + bits_behind_point
    margin_twos = numerator_twos - significant_bits
    numerator_twos -= fraction_bits - 1
    common = min(numerator_twos, denominator_twos)
    numerator_twos -= common
    denominator_twos -= common
    margin_twos -= common
    if fraction_bits == 1:
        margin_twos -= 1
    if margin_twos < 0:
        numerator_twos -= margin_twos
        denominator_twos -= margin_twos
        margin_twos = 0
    # Java does this in 64 bits where they suffice, and there a remainder exactly at the margin is not yet close enough.
    numerator_bits = fraction_bits + numerator_twos + _bits_of_five(fives)
    denominator_bits = denominator_twos + 1 + _bits_of_five(denominator_fives + 1)
    exact_margin_counts = numerator_bits >= 64 or denominator_bits >= 64
    rest = (mantissa * 5**fives) << numerator_twos
    denominator = 5**denominator_fives << denominator_twos
    margin = 5**fives << margin_twos
    tens = denominator * 10
    digits: list[int] = []

    quotient, rest = divmod(rest, denominator)
    rest *= 10
    margin *= 10
    low = rest < margin
    high = rest + margin >= tens if exact_margin_counts else rest + margin > tens
    if quotient == 0 and not high:
        exponent -= 1
    else:
        digits.append(quotient)
    if exponent < -3 or exponent >= 8:
        low = high = False
    while not low and not high:
        quotient, rest = divmod(rest, denominator)
        rest *= 10
        margin *= 10
        low = rest < margin
        high = rest + margin >= tens if exact_margin_counts else rest + margin > tens
        digits.append(quotient)
    if high:
        difference = 2 * rest - tens
        if not low or difference > 0 or (difference == 0 and digits[-1] % 2):
            return _rounded_up(digits, exponent)
    return "".join(map(str, digits)), exponent


def _rounded_up(digits: list[int], exponent: int) -> tuple[str, int]:
    text = str(int("".join(map(str, digits))) + 1)
    return text, exponent + len(text) - len(digits)


def _estimate_decimal_exponent(value: float, binary_exponent: int) -> int:
    fraction = frexp(value)[0] * 2
    estimate = (fraction - 1.5) * 0.289529654 + 0.176091259 + binary_exponent * _LOG10_OF_2
    return int(estimate // 1)


def _bits_of_five(power: int) -> int:
    return (5**power).bit_length() if power else 0
