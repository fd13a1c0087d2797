"""Numbers as Java prints them."""

from __future__ import annotations

from decimal import Decimal


def java_float(value: float, *, single: bool = False) -> str:
    """A double or float as Java prints it: `1.0`, `1.0E10`, `NaN`."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if str(value).startswith("-") else "0.0"
    digits, exponent = _digits(_shortest(value, single=single))
    sign = "-" if value < 0 else ""
    if -3 <= exponent < 7:
        shifted = Decimal(digits).scaleb(exponent - len(digits) + 1)
        plain = format(shifted, "f")
        return sign + (plain if "." in plain else plain + ".0")
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"


def _shortest(value: float, *, single: bool) -> str:
    """The shortest text that reads as the value; of two digits at least, then the one nearest to the value."""
    import numpy as np

    read = np.float32 if single else float
    text = str(read(value))
    if len(_digits(text)[0]) == 1:
        two = f"{Decimal(float(read(value))):.1e}"
        if read(two) == read(value):
            return two
    return text


def _digits(text: str) -> tuple[str, int]:
    """Significant digits and the decimal exponent of the first of them."""
    number = Decimal(text.lstrip("-"))
    digits = "".join(map(str, number.as_tuple().digits)).lstrip("0")
    exponent = number.adjusted()
    return digits.rstrip("0") or "0", exponent
