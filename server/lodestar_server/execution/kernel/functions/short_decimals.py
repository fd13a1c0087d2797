"""Quotients and remainders of decimals in 64 bits, where the digits of both sides fit: most rows of most tables.

DuckDB divides 128-bit integers some thirty times slower than 64-bit ones, and sums have a precision of 38 whatever they
hold, so it is the values that decide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import DecimalType

_DIGITS = 18
"""Of a decimal in 64 bits."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A side of an operator: its digits are taken times ten to the power of `more`."""

    value: Sql
    type: DecimalType
    more: int = 0

    @property
    def factor(self) -> int:
        """The power of ten that makes the value a whole number, and `more`."""
        return self.type.scale + self.more

    @property
    def widest(self) -> int:
        """The precision up to which the digits fit."""
        return _DIGITS - 1 - self.factor if self.factor else _DIGITS

    @property
    def possible(self) -> bool:
        """Some value with a digit before the point fits."""
        return self.factor >= 0 and self.widest > self.type.scale

    @property
    def certain(self) -> bool:
        """Every value fits."""
        return self.type.precision <= self.widest

    @property
    def most_digits(self) -> int:
        """Of the whole number, where it fits."""
        return min(self.type.precision, self.widest) + self.more

    def narrowed(self) -> Sql:
        """The value in 64 bits, NULL where it does not fit."""
        if self.certain:
            return self.value
        return sql.fragment(f"TRY_CAST({{0}} AS DECIMAL({self.widest},{self.type.scale}))", self.value)

    def digits(self) -> Sql:
        """The whole number, a BIGINT."""
        value = self.narrowed()
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
        sides = (Operand(a, left.type, left.more), Operand(b, right.type, right.more))
        fits = [sql.is_not_null(one.narrowed()) for one in sides if not one.certain]
        short = result(*sides)
        return sql.case([(sql.chain("AND", fits), short)], otherwise(a, b)) if fits else short

    return sql.let_all((left.value, right.value), chosen)


def divided_half_up(left: Operand, right: Operand, divisor: int | None) -> Sql:
    """The quotient of the digits, rounded half away from zero; `divisor`: the digits on the right if they are known."""
    digits = right.digits()
    half = sql.fragment("(abs({0}) >> 1)", digits) if divisor is None else sql.number(abs(divisor) // 2)
    # Half of the divisor, toward the sign of the dividend, before a division that cuts off.
    return sql.fragment(
        "(({0} + CASE WHEN {1} < 0 THEN -{2} ELSE {2} END) // {3})", left.digits(), left.value, half, digits
    )


def from_digits(digits: Sql, type_: DecimalType, most: int = _DIGITS + 1) -> Sql:
    """A BIGINT of at most so many digits as a decimal. Raises where it has too many."""
    if type_.scale == 0:
        return sql.cast(digits, duckdb_type(type_))
    # Multiplying by 0.01 moves the point without rounding.
    step = f"CAST('0.{'0' * (type_.scale - 1)}1' AS DECIMAL({type_.scale},{type_.scale}))"
    return sql.cast(sql.fragment(f"(CAST({{0}} AS DECIMAL({most},0)) * {step})", digits), duckdb_type(type_))
