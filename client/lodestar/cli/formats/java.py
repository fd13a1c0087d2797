"""What a Java program prints for numbers and in which order it walks a hash map.

The texts of the official client are those of its runtime; scripts that read them depend on both.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from typing import Any

_FIRST_BUCKETS = 16


def float_text(value: float) -> str:
    """`Double.toString`: the shortest digits, `d.d` from 0.001 up to 10⁷, else `d.dE-n`; at least one digit behind the
    point. Values of REAL arrive with their own shortest digits, so this serves them too.
    """
    if value != value:
        return "NaN"
    if value in (math.inf, -math.inf):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0.0:
        return "-0.0" if math.copysign(1.0, value) < 0 else "0.0"
    text = repr(float(value))
    if 1e-3 <= abs(value) < 1e7 and "e" not in text:
        return text
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    if exponent:
        power = int(exponent)
    else:
        power = len(whole) - 1 if whole != "0" else -1 - (len(fraction) - len(fraction.lstrip("0")))
    digits = (whole + fraction).strip("0") if whole != "0" else fraction.strip("0")
    if exponent:
        power += len(whole) - 1
    if len(digits) == 1:
        # Java writes two digits at least and takes the nearest two: the smallest double is 4.9E-324, not 5.0E-324.
        nearest = f"{abs(value):.1e}"
        if float(nearest) == abs(value):
            mantissa, _, exponent = nearest.partition("e")
            return f"{sign}{mantissa}E{int(exponent)}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{power}"


def in_hash_order(items: Mapping[Any, Any], key_type: str) -> list[tuple[Any, Any]]:
    """The entries in the order in which a `java.util.HashMap` filled with them one by one gives them back.

    `key_type` is the raw type of the keys, which are decoded (int, float, bool, str, bytes).
    """
    count = len(items)
    if count < 2:
        return list(items.items())
    buckets = _FIRST_BUCKETS
    while count > buckets * 3 // 4:
        buckets *= 2
    code = _CODES.get(key_type, string_hash)

    def bucket(entry: tuple[Any, Any]) -> int:
        hashed = code(entry[0])
        return (hashed ^ (hashed >> 16)) & (buckets - 1)

    # Entries of one bucket keep the order in which they came, as Python's stable sort does.
    return sorted(items.items(), key=bucket)


def string_hash(text: Any) -> int:
    """`String.hashCode`, unsigned."""
    hashed = 0
    if isinstance(text, str):
        for (unit,) in struct.iter_unpack("<H", text.encode("utf-16-le", "surrogatepass")):
            hashed = (hashed * 31 + unit) & 0xFFFFFFFF
    return hashed


def _long_hash(value: int) -> int:
    bits = value & 0xFFFFFFFFFFFFFFFF
    return (bits ^ (bits >> 32)) & 0xFFFFFFFF


def _int_hash(value: int) -> int:
    return value & 0xFFFFFFFF


def _double_hash(value: float) -> int:
    bits: int = struct.unpack(">Q", struct.pack(">d", value))[0] if value == value else 0x7FF8000000000000
    return (bits ^ (bits >> 32)) & 0xFFFFFFFF


def _float_hash(value: float) -> int:
    if value != value:
        return 0x7FC00000
    bits: int = struct.unpack(">I", struct.pack(">f", value))[0]
    return bits


_CODES: Mapping[str, Callable[[Any], int]] = {
    "bigint": _long_hash,
    "integer": _int_hash,
    "smallint": _int_hash,
    "tinyint": _int_hash,
    "double": _double_hash,
    "real": _float_hash,
    "boolean": lambda value: 1231 if value else 1237,
}
