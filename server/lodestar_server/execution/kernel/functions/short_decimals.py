"""Quotients and remainders of decimals in 64 bits, where the digits of both sides fit: most rows of most tables.

DuckDB divides 128-bit integers some thirty times slower than 64-bit ones, and sums have a precision of 38 whatever they
hold, so it is the values that decide. The digits of a value with many places come from a double, where it has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from math import gcd

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import DecimalType
from lodestar_server.spi.values import frozen

_DIGITS = 18
"""Of a decimal in 64 bits."""
_EXACT = 2**49
"""Divided by a power of ten and multiplied by it again, a double is less than a half away from such a whole number."""
_DIGITS_OF_DOUBLE = 15
"""Of `_EXACT`."""
_WORTH = 1000
"""Below that, too few values fit to ask each of them."""


@frozen
class Operand:
    """A side of an operator: its digits are taken times ten to the power of `more`.

    `whole`: the value is still the BIGINT that became the decimal.
    """

    value: Sql
    type: DecimalType
    more: int = 0
    whole: bool = False

    @property
    def factor(self) -> int:
        """The power of ten that makes the value a whole number, and `more`."""
        return self.type.scale + self.more

    @property
    def widest(self) -> int:
        """The precision up to which the digits fit."""
        return _DIGITS - 1 - self.factor if self.factor else _DIGITS

    @property
    def through_double(self) -> bool:
        """Whether a double gives the digits: multiplied as a decimal, the value would keep its places beside them."""
        return not self.certain and self.type.scale > _DIGITS - 1 - _DIGITS_OF_DOUBLE

    @property
    def possible(self) -> bool:
        """Some values with digits before the point fit."""
        if self.through_double:
            return self.factor >= 0 and _WORTH * 10**self.factor <= _EXACT
        return self.factor >= 0 and self.widest > self.type.scale

    @property
    def certain(self) -> bool:
        """Every value fits."""
        return self.whole or self.type.precision <= self.widest

    @property
    def most_digits(self) -> int:
        """Of the whole number, where it fits."""
        return _DIGITS_OF_DOUBLE if self.through_double else min(self.type.precision, self.widest) + self.more

    def fits(self) -> Sql:
        """Whether the digits fit; not true of NULL."""
        if self.through_double:
            whole, part = divmod(_EXACT, 10**self.factor)
            places = f"{part:0{self.factor}}"[: self.type.scale]
            limit = f"CAST('{whole}.{places}' AS DECIMAL(38,{self.type.scale}))"
            return sql.fragment(f"({{0}} BETWEEN -{limit} AND {limit})", self.value)
        return sql.is_not_null(self._narrowed())

    def _narrowed(self) -> Sql:
        """The value in 64 bits, NULL where it does not fit."""
        if self.certain:
            return self.value
        return sql.fragment(f"TRY_CAST({{0}} AS DECIMAL({self.widest},{self.type.scale}))", self.value)

    def digits(self) -> Sql:
        """The whole number, a BIGINT; NULL where it does not fit."""
        if self.whole:
            return self.value
        if self.through_double:
            return sql.fragment(f"TRY_CAST(round(CAST({{0}} AS DOUBLE) * 1e{self.factor}) AS BIGINT)", self.value)
        value = self._narrowed()
        if self.factor:
            step = f"CAST('1{'0' * self.factor}' AS DECIMAL({self.factor + 1},0))"
            value = sql.fragment(f"({{0}} * {step})", value)
        return sql.cast(value, "BIGINT")


def in_short(
    operands: tuple[Operand, Operand], result: Callable[[Operand, Operand], Sql], otherwise: Callable[..., Sql]
) -> Sql:
    """`result` over both sides, with simple values, where their digits fit; else `otherwise` over the values."""
    left, right = operands
    if not (left.possible and right.possible):
        return otherwise(left.value, right.value)

    def chosen(a: Sql, b: Sql) -> Sql:
        sides = (replace(left, value=a), replace(right, value=b))
        fits = [one.fits() for one in sides if not one.certain]
        short = result(*sides)
        return sql.case([(sql.chain("AND", fits), short)], otherwise(a, b)) if fits else short

    return sql.let_all((left.value, right.value), chosen)


def divided_half_up(left: Operand, right: Operand, divisor: int | None) -> Sql:
    """The quotient of the digits, rounded half away from zero; `divisor`: the digits on the right if they are known."""
    digits = right.digits()
    # The least BIGINT has no absolute value, its half has.
    half = "abs({0} // 2)" if right.whole else "(abs({0}) >> 1)"
    half = sql.fragment(half, digits) if divisor is None else sql.number(abs(divisor) // 2)
    # Half of the divisor, toward the sign of the dividend, before a division that cuts off.
    return sql.fragment(
        "(({0} + CASE WHEN {1} < 0 THEN -{2} ELSE {2} END) // {3})", left.digits(), left.value, half, digits
    )


@frozen
class Inverse:
    """One divided by a decimal: `text` is a literal of so many digits."""

    text: str
    precision: int


def finite_inverse(digits: int, scale: int) -> Inverse | None:
    """What to multiply by instead of dividing by a decimal of these digits; None where it never ends."""
    if digits == 0:
        return None
    numerator, denominator = Fraction(10**scale, digits).as_integer_ratio()
    places = 0
    while denominator > 1 and places < _DIGITS:
        common = gcd(denominator, 10)
        if common == 1:
            return None
        numerator, denominator, places = numerator * (10 // common), denominator // common, places + 1
    if denominator > 1:
        return None
    whole = f"{abs(numerator):0{places + 1}}"
    text = f"{whole[:-places]}.{whole[-places:]}" if places else whole
    precision = max(len(text.replace(".", "").lstrip("0")), places)
    sign = "-" if numerator < 0 else ""
    return Inverse(f"CAST('{sign}{text}' AS DECIMAL({precision},{places}))", precision)


def average_in_doubles(total: Sql, count: Sql, type_: DecimalType, otherwise: Sql) -> Sql:
    """A sum of decimals by the count of its terms, half away from zero; `otherwise` where a double has too few digits.

    Of whole numbers below 2^52 a quotient that is no half is farther from each half than a division of doubles errs,
    and halves are doubles: it rounds as the exact quotient does.
    """
    whole, part = divmod(_EXACT, 10**type_.scale)
    limit = f"CAST('{whole}.{part:0{type_.scale}}' AS DECIMAL(38,{type_.scale}))" if type_.scale else f"{whole}"
    power = f"1e{type_.scale}"
    digits = f"round(CAST({{0}} AS DOUBLE) * {power})" if type_.scale else "CAST({0} AS DOUBLE)"
    quotient = f"CAST(round({digits} / {{1}}) / {power} AS {duckdb_type(type_)})"
    text = f"CASE WHEN {{0}} BETWEEN -{limit} AND {limit} THEN {quotient} WHEN {{1}} > 0 THEN {{2}} END"
    return sql.fragment(text, total, count, otherwise)


def from_digits(digits: Sql, type_: DecimalType, most: int = _DIGITS + 1) -> Sql:
    """A BIGINT of at most so many digits as a decimal. Raises where it has too many."""
    if type_.scale == 0:
        return sql.cast(digits, duckdb_type(type_))
    # Multiplying by 0.01 moves the point without rounding.
    step = f"CAST('0.{'0' * (type_.scale - 1)}1' AS DECIMAL({type_.scale},{type_.scale}))"
    return sql.cast(sql.fragment(f"(CAST({{0}} AS DECIMAL({most},0)) * {step})", digits), duckdb_type(type_))
