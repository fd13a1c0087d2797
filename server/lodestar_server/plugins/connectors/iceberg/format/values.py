"""Single values in three forms.

| type | raw | bytes in bounds | as in `ir.Constant` |
|---|---|---|---|
| int, long, date | int | 4 or 8 bytes, little endian | int |
| time, timestamp | int, microseconds | 8 bytes, little endian | picoseconds |
| timestamptz | int, microseconds | 8 bytes, little endian | (picoseconds, "UTC") |
| decimal | int, unscaled | big endian, as short as it may be | int |
| float, double, boolean, string | itself | | itself |
| binary, fixed, uuid | bytes | themselves | bytes |

Source: the specification's "Appendix D: Single-value serialization".
"""

from __future__ import annotations

import struct
from decimal import Context, Decimal
from typing import Any

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, IcebergType

_DECIMALS = Context(prec=76)
_MICROSECOND = 1_000_000
"""In picoseconds."""

_FOUR_BYTES = (types.INT, types.DATE)
_EIGHT_BYTES = (types.LONG, types.TIME, types.TIMESTAMP, types.TIMESTAMPTZ)


def unscaled(value: Decimal, scale: int) -> int:
    """The raw value of a decimal."""
    return int(value.scaleb(scale, _DECIMALS))


def to_bytes(type_: IcebergType, raw: Any) -> bytes:
    """As bounds are kept."""
    if type_ in _FOUR_BYTES:
        return struct.pack("<i", raw)
    if type_ in _EIGHT_BYTES:
        return struct.pack("<q", raw)
    if type_ == types.BOOLEAN:
        return b"\x01" if raw else b"\x00"
    if type_ == types.FLOAT:
        return struct.pack("<f", raw)
    if type_ == types.DOUBLE:
        return struct.pack("<d", raw)
    if type_ == types.STRING:
        return str(raw).encode()
    if isinstance(type_, DecimalOf):
        return unscaled_bytes(raw)
    return bytes(raw)


def unscaled_bytes(unscaled: int) -> bytes:
    """Two's complement, big endian, as short as it may be."""
    length = (unscaled.bit_length() if unscaled >= 0 else (unscaled + 1).bit_length()) // 8 + 1
    return unscaled.to_bytes(length, "big", signed=True)


def from_bytes(type_: IcebergType, content: bytes) -> Any:
    """The inverse; a value may be of a type that was promoted since."""
    if type_ in _FOUR_BYTES or type_ in _EIGHT_BYTES:
        return int.from_bytes(content, "little", signed=True)
    if type_ == types.BOOLEAN:
        return content != b"\x00"
    if type_ in (types.FLOAT, types.DOUBLE):
        return struct.unpack("<f" if len(content) == 4 else "<d", content)[0]
    if type_ == types.STRING:
        return content.decode(errors="replace")
    if isinstance(type_, DecimalOf):
        return int.from_bytes(content, "big", signed=True)
    return content


def to_constant(type_: IcebergType, raw: Any) -> Any:
    """As the engine's constants."""
    if raw is None:
        return None
    if type_ in (types.TIME, types.TIMESTAMP):
        return raw * _MICROSECOND
    if type_ == types.TIMESTAMPTZ:
        return (raw * _MICROSECOND, "UTC")
    return raw


def from_constant(type_: IcebergType, value: Any) -> Any:
    """The inverse."""
    if value is None:
        return None
    if type_ in (types.TIME, types.TIMESTAMP):
        return value // _MICROSECOND
    if type_ == types.TIMESTAMPTZ:
        instant = value[0] if isinstance(value, tuple) else value
        return instant // _MICROSECOND
    return value
