"""How many bytes a value takes in Trino's memory: DESCRIBE OUTPUT shows it, and estimates of sizes use it."""

from __future__ import annotations

from lodestar_server.spi.types.base import Type
from lodestar_server.spi.types.datetime import TimestampType, TimestampTzType, TimeTzType
from lodestar_server.spi.types.scalars import DecimalType

_FIXED_SIZES = {
    "boolean": 1, "tinyint": 1, "smallint": 2, "integer": 4, "bigint": 8, "real": 4, "double": 8, "date": 4,
    "time": 8, "uuid": 16, "ipaddress": 16, "interval day to second": 8, "interval year to month": 4, "unknown": 1,
    "BingTile": 8, "color": 4,
}  # fmt: skip


def fixed_size(type_: Type) -> int:
    """Bytes of a value in Trino's memory; 0 for types of variable width."""
    match type_:
        case DecimalType(precision):
            return 8 if precision <= 18 else 16
        case TimestampType(precision):
            return 8 if precision <= 6 else 12
        case TimestampTzType(precision):
            return 8 if precision <= 3 else 12
        case TimeTzType(precision):
            return 8 if precision <= 9 else 12
    return _FIXED_SIZES.get(type_.base, 0)
