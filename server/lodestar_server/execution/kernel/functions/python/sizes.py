"""Numbers and data sizes for people."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.types import MAX_DECIMAL_PRECISION

_WIDE = Context(prec=200)
_UNITS = ["", "K", "M", "B", "T", "Q"]
_SIZE = re.compile(r"(\d+(?:\.\d+)?)(B|kB|MB|GB|TB|PB|EB|ZB|YB)", re.ASCII)
_SIZE_UNITS = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]


@value_function("trino_format_number", ["BIGINT"], "VARCHAR", pa.string())
def format_number(value: int) -> str:
    """`12.3B`: three digits and a unit."""
    unit = 0
    scaled = Decimal(value)
    while abs(scaled) >= 1000 and unit < len(_UNITS) - 1:
        scaled /= 1000
        unit += 1
    places = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
    # Java rounds the double.
    rounded = Decimal(float(scaled)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    text = format(rounded, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"{'0' if text == '-0' else text}{_UNITS[unit]}"


@value_function("trino_parse_data_size", ["VARCHAR"], "DECIMAL(38,0)", pa.decimal128(38, 0))
def parse_data_size(text: str) -> Decimal:
    """Bytes of `3.81kB`; units go by 1024."""
    match = _SIZE.fullmatch(text)
    if match is None:
        raise refused(f"Invalid data size: '{text}'")
    size = _WIDE.multiply(Decimal(match[1]), 1024 ** _SIZE_UNITS.index(match[2]))
    whole: Decimal = size.quantize(Decimal(1), ROUND_DOWN, _WIDE)
    if whole.adjusted() >= MAX_DECIMAL_PRECISION:
        raise refused(f"Value out of range: '{text}' ('{whole}B')")
    return whole
