"""Columns of texts to columns of values: what is written plainly at once by Arrow, the odd rest one by one.

| type | text | no value |
|---|---|---|
| boolean | true, false in any case | NULL |
| tinyint … bigint | sign, digits; digits behind a point are cut off | NULL, also out of range |
| real, double | as Java reads them: blanks around, NaN, Infinity, 0x1p3, a suffix d or f | NULL |
| decimal | as Java reads them; rounded half up | NULL, also too large |
| date, timestamp | see `moments` | NULL |
| varchar(n), char(n) | cut to n characters | |
| varbinary | base64, else the bytes as they are | |

`lenient` False: what would be NULL raises ValueError. Source: Trino's line deserializers, asked through SQL.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.lines.moments import hive_date, hive_timestamp
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_BITS,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    CharType,
    DecimalType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type

_PLAIN_INTEGER = r"^-?[0-9]{1,18}$"
_PLAIN_DECIMAL = r"^-?[0-9]{1,38}(\.[0-9]+)?$"
_PLAIN_FLOAT = r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
_PLAIN_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PLAIN_TIMESTAMP = r"^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?$"
_INTEGER = re.compile(r"([+-]?)(\d*)(?:\.\d*)?", re.ASCII)
_FLOAT = re.compile(r"([+-]?)(?:(NaN|Infinity)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[dDfF]?)", re.ASCII)
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?\d+[dDfF]?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=_\-\s]")
_DECIMALS = Context(prec=200)
_JAVA_BLANKS = "".join(map(chr, range(33)))


def as_text(values: pa.Array) -> pa.Array:
    """Binary as strings; bytes that are no UTF-8 become U+FFFD."""
    if pa.types.is_string(values.type):
        return values
    try:
        return values.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([None if v is None else v.decode(errors="replace") for v in values.to_pylist()], pa.string())


def parse(values: pa.Array, wanted: Type, *, lenient: bool = True) -> pa.Array:
    """Texts (binary or string, NULLs stay) as an array of `arrow_type(wanted)`; `wanted` is not nested.

    Raises: ValueError unless lenient.
    """
    match wanted:
        case VarcharType(length):
            texts = as_text(values)
            return texts if length is None else pc.utf8_slice_codeunits(texts, 0, length)
        case CharType(length):
            return pc.utf8_rtrim(pc.utf8_slice_codeunits(as_text(values), 0, length), " ")
    if wanted == VARBINARY:
        return pa.array([None if one is None else base64_or_bytes(one) for one in values.to_pylist()], pa.binary())
    texts = as_text(values)
    match wanted:
        case DecimalType(_, scale):
            fast = f"^-?[0-9]{{1,38}}(\\.[0-9]{{1,{scale}}})?$" if scale else r"^-?[0-9]{1,38}$"
            return _parse(texts, fast, arrow_type(wanted), _cast, lambda text: java_decimal(text, wanted), lenient)
        case TimestampType():
            return _timestamps(texts, wanted, lenient)
    if wanted == BOOLEAN:
        return _booleans(texts, lenient)
    if wanted in INTEGRAL_TYPES:
        bits = INTEGRAL_BITS[wanted]
        return _parse(texts, _PLAIN_INTEGER, arrow_type(wanted), _cast, lambda text: truncated(text, bits), lenient)
    if wanted in (DOUBLE, REAL):
        single = wanted == REAL
        return _parse(texts, _PLAIN_FLOAT, arrow_type(wanted), _cast, lambda text: java_double(text, single), lenient)
    assert wanted == DATE, wanted
    days = _parse(texts, _PLAIN_DATE, pa.int32(), lambda v, _: v.cast(pa.date32()).cast(pa.int32()), hive_date, lenient)
    return days.cast(pa.date32())


def _cast(values: pa.Array, target: pa.DataType) -> pa.Array:
    return values.cast(target)


def _parse(
    values: pa.Array,
    plain: str,
    target: pa.DataType,
    fast: Callable[[pa.Array, pa.DataType], pa.Array],
    slow: Callable[[str], Any],
    lenient: bool,
) -> pa.Array:
    good = pc.match_substring_regex(values, plain).fill_null(True)
    every = pc.all(good).as_py() is not False
    try:
        made = fast(values if every else pc.if_else(good, values, pa.scalar(None, values.type)), target)
    except pa.ArrowInvalid:
        good, every, made = pa.array(np.zeros(len(values), bool)), False, pa.nulls(len(values), target)
    if every:
        return made
    odd = pc.and_(pc.invert(good), values.is_valid())
    rest = [_value(slow, text, lenient) for text in values.filter(odd).to_pylist()]
    return pc.replace_with_mask(made, odd, pa.array(rest, target))


def _value(read: Callable[[str], Any], text: str, lenient: bool) -> Any:
    try:
        return read(text)
    except (ValueError, OverflowError, InvalidOperation):
        if lenient:
            return None
        raise ValueError(text) from None


def _booleans(values: pa.Array, lenient: bool) -> pa.Array:
    lower = pc.ascii_lower(values)
    true = pc.equal(lower, "true")
    known = pc.or_(true, pc.equal(lower, "false"))
    if not lenient and pc.all(known).as_py() is False:
        raise ValueError("not a boolean")
    return pc.if_else(known, true, pa.scalar(None, pa.bool_()))


def truncated(text: str, bits: int) -> int:
    """A whole number without what is behind its point. Raises: ValueError."""
    match = _INTEGER.fullmatch(text)
    if match is None or text in ("", "+", "-"):
        raise ValueError(text)
    number = int(match[1] + (match[2] or "0"))
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError(text)
    return number


def java_double(text: str, single: bool = False) -> float:
    """As Java's parseDouble. Raises: ValueError."""
    text = text.strip(_JAVA_BLANKS)
    match = _FLOAT.fullmatch(text)
    if match is not None:
        value = float(match[1] + (match[2] or match[3]))
    elif _HEX_FLOAT.fullmatch(text):
        value = float.fromhex(text.rstrip("dDfF") if "p" in text.lower() else text)
    else:
        raise ValueError(text)
    if not single:
        return value
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def java_decimal(text: str, wanted: DecimalType) -> Decimal:
    """Rounded half up. Raises: ValueError for what is no number, OverflowError for one that is too large."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    value = Decimal(text).quantize(Decimal(1).scaleb(-wanted.scale), ROUND_HALF_UP, _DECIMALS)
    if value and value.adjusted() + 1 + wanted.scale > wanted.precision:
        raise OverflowError(text)
    return value


def unscaled(value: Decimal, scale: int) -> int:
    """The digits of a decimal with `scale` of them behind the point."""
    return int(value.scaleb(scale, _DECIMALS))


def base64_or_bytes(content: bytes | str) -> bytes:
    """What base64 stands for; text that is none as it is."""
    raw = content.encode() if isinstance(content, str) else content
    if _NOT_BASE64.search(raw):
        return raw
    body = re.sub(rb"\s", b"", raw).partition(b"=")[0]
    if len(body) % 4 == 1:
        body = body[:-1]
    return base64.b64decode(body + b"=" * (-len(body) % 4), altchars=b"-_" if re.search(rb"[-_]", body) else None)


def _timestamps(values: pa.Array, wanted: TimestampType, lenient: bool) -> pa.Array:
    good = pc.match_substring_regex(values, _PLAIN_TIMESTAMP).fill_null(True).to_numpy(zero_copy_only=False)
    missing = values.is_null().to_numpy(zero_copy_only=False).copy()
    seconds = np.zeros(len(values), np.int64)
    nanos = np.zeros(len(values), np.int64)
    if good.any():
        plain = values if good.all() else pc.if_else(pa.array(good), values, pa.scalar(None, values.type))
        try:
            whole = pc.utf8_slice_codeunits(plain, 0, 19).cast(pa.timestamp("s")).cast(pa.int64())
        except pa.ArrowInvalid:  # such as the 31st of a short month
            good = np.zeros(len(values), bool)
        else:
            seconds = whole.fill_null(0).to_numpy(zero_copy_only=False).copy()
            fraction = pc.utf8_rpad(pc.utf8_slice_codeunits(plain, 20, 29), 9, "0")
            nanos = fraction.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False).copy()
    odd = np.flatnonzero(~good & ~missing)
    for place, text in zip(odd, values.take(pa.array(odd, pa.int64())).to_pylist(), strict=True):
        found = _value(hive_timestamp, text, lenient)
        if found is None:
            missing[place] = True
        else:
            seconds[place], nanos[place] = found
    return timestamps(seconds, nanos, missing, wanted)


def timestamps(
    seconds: np.ndarray[Any, Any], nanos: np.ndarray[Any, Any], missing: np.ndarray[Any, Any], wanted: TimestampType
) -> pa.Array:
    """An array of `arrow_type(wanted)`, rounded half up."""
    step = 10 ** max(9 - wanted.precision, 0)
    nanos = (nanos + step // 2) // step * step
    micros = pa.array(seconds * 1_000_000 + nanos // 1000, pa.int64(), mask=missing).cast(pa.timestamp("us"))
    if wanted.precision <= 6:
        return micros
    rest = pa.array((nanos % 1000 * 1000).astype(np.int32), pa.int32(), mask=missing)
    return pa.StructArray.from_arrays([micros, rest], fields=list(arrow_type(wanted)), mask=pa.array(missing))
