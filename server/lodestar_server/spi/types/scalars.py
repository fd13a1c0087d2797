"""Types without parameters, and decimal, varchar and char."""

from __future__ import annotations

from lodestar_server.spi.types.base import SimpleType, Type
from lodestar_server.spi.values import frozen

BOOLEAN = SimpleType("boolean")
TINYINT = SimpleType("tinyint")
SMALLINT = SimpleType("smallint")
INTEGER = SimpleType("integer")
BIGINT = SimpleType("bigint")
REAL = SimpleType("real")
DOUBLE = SimpleType("double")
VARBINARY = SimpleType("varbinary")
DATE = SimpleType("date")
JSON = SimpleType("json", is_orderable=False)
UUID = SimpleType("uuid")
IPADDRESS = SimpleType("ipaddress")
INTERVAL_YEAR_MONTH = SimpleType("interval year to month")
INTERVAL_DAY_SECOND = SimpleType("interval day to second")

UNKNOWN = SimpleType("unknown")
"""The type of a bare NULL; coerces to every type."""

MAX_DECIMAL_PRECISION = 38
MAX_VARCHAR_LENGTH = 2_147_483_646
MAX_CHAR_LENGTH = 65_536


@frozen
class DecimalType(Type):
    """Exact number with `precision` digits, `scale` of them after the point; 1 <= precision <= 38."""

    precision: int
    scale: int = 0

    @property
    def base(self) -> str:
        return "decimal"

    @property
    def display(self) -> str:
        return f"decimal({self.precision},{self.scale})"


@frozen
class VarcharType(Type):
    """Text of at most `length` code points; `length` None is unbounded."""

    length: int | None = None

    @property
    def base(self) -> str:
        return "varchar"

    @property
    def display(self) -> str:
        return "varchar" if self.length is None else f"varchar({self.length})"


@frozen
class CharType(Type):
    """Text padded with blanks to `length` code points; held without trailing blanks everywhere inside."""

    length: int

    @property
    def base(self) -> str:
        return "char"

    @property
    def display(self) -> str:
        return f"char({self.length})"


VARCHAR = VarcharType()

INTEGRAL_TYPES = (TINYINT, SMALLINT, INTEGER, BIGINT)
INTEGRAL_BITS = {TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64}
INTEGRAL_DECIMALS = {
    TINYINT: DecimalType(3),
    SMALLINT: DecimalType(5),
    INTEGER: DecimalType(10),
    BIGINT: DecimalType(19),
}
"""The decimal type into which an integer type coerces."""
