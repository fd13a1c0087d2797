"""Literals. Each keeps its value and whatever of its spelling the formatter needs."""

from __future__ import annotations

from dataclasses import field
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression


class Literal(Expression):
    """A value written out."""


class NullLiteral(Literal):
    """NULL."""


class BooleanLiteral(Literal):
    """TRUE or FALSE."""

    value: bool


class LongLiteral(Literal):
    """An integer that fits 64 bits; `text` is its spelling (`0xff`, `1_000`)."""

    value: int
    text: str = field(compare=False)


class DecimalLiteral(Literal):
    """A number with a point and no exponent, as written, underscores included."""

    value: str


class DoubleLiteral(Literal):
    """A number with an exponent."""

    value: float


class StringLiteral(Literal):
    """A character string, escapes resolved."""

    value: str


class BinaryLiteral(Literal):
    """`X'65683F'`."""

    value: bytes


class GenericLiteral(Literal):
    """A type name before a string: `DATE '2024-01-01'`, `DECIMAL '1.5'`, `JSON '{}'`. `type` is as written."""

    type: str
    value: str


class IntervalField(Enum):
    """A unit of an interval literal or an interval type."""

    YEAR = "YEAR"
    MONTH = "MONTH"
    DAY = "DAY"
    HOUR = "HOUR"
    MINUTE = "MINUTE"
    SECOND = "SECOND"


class Sign(Enum):
    """A sign in front of a value."""

    PLUS = "+"
    MINUS = "-"


class IntervalLiteral(Literal):
    """`INTERVAL -'3 4' DAY TO HOUR`; the string is not interpreted yet."""

    value: str
    sign: Sign
    start_field: IntervalField
    end_field: IntervalField | None = None


class Parameter(Expression):
    """A `?`; `index` counts them from 0 in the order of the text."""

    index: int
