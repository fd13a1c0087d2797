"""Columns of values to columns of the texts that Hive writes in its text formats."""

from __future__ import annotations

import base64

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.toolkit.calendar import day_text
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.spi.types import DATE, DOUBLE, REAL, VARBINARY, CharType, DecimalType, TimestampType, Type

_DAY_MICROS = 86_400_000_000
_FIRST_PLAIN_DAY, _LAST_PLAIN_DAY = -354_285, 2_932_896  # years 1000 to 9999

_MOST_PLAIN_SCALE = 6
"""Arrow writes an exponent when there are more zeros than that behind the point."""


def text_of(values: pa.Array, type_: Type) -> pa.Array:
    """Strings; NULL stays. Not for nested types."""
    match type_:
        case CharType(length):
            return pc.utf8_rpad(values, length, " ")
        case TimestampType():
            return timestamp_text(values)
        case DecimalType(_, scale):
            return _decimal_text(values) if scale > _MOST_PLAIN_SCALE else values.cast(pa.string())
    if type_ in (DOUBLE, REAL):
        return float_text(values, single=type_ == REAL)
    if type_ == DATE:
        return date_text(values)
    if type_ == VARBINARY:
        made = [None if one is None else base64.b64encode(one).decode() for one in values.to_pylist()]
        return pa.array(made, pa.string())
    return values.cast(pa.string())


def _decimal_text(values: pa.Array) -> pa.Array:
    made = values.cast(pa.string())
    odd = pc.match_substring(made, "E")  # very small ones
    if not pc.any(odd).as_py():
        return made
    rest = [format(one, "f") for one in values.filter(odd).to_pylist()]
    return pc.replace_with_mask(made, odd.fill_null(False), pa.array(rest, pa.string()))


def float_text(values: pa.Array, *, single: bool) -> pa.Array:
    """As Java prints doubles and floats."""
    size = pc.abs(values)
    # Between these Arrow writes the same digits, but no point behind a whole number.
    plain = pc.and_(pc.greater_equal(size, 1e-3), pc.less(size, 1e7)).fill_null(True)
    made = values.cast(pa.string())
    whole = pc.invert(pc.match_substring(made, ".")).fill_null(False)
    made = pc.if_else(whole, pc.binary_join_element_wise(made, "", ".0").cast(pa.string()), made)
    if pc.all(plain).as_py() is not False:
        return made
    odd = pc.invert(plain)
    rest = [java_float(one, single=single) for one in values.filter(odd).to_pylist()]
    return pc.replace_with_mask(made, odd, pa.array(rest, pa.string()))


def date_text(values: pa.Array) -> pa.Array:
    """A year has as few digits as it needs: `1-01-01`."""
    days = values.cast(pa.int32())
    made = pc.and_(pc.greater_equal(days, _FIRST_PLAIN_DAY), pc.less_equal(days, _LAST_PLAIN_DAY)).fill_null(True)
    if pc.all(made).as_py() is not False:
        return values.cast(pa.string())  # A tenth of the time of strftime.
    return pa.array([None if one is None else hive_day(one) for one in days.to_pylist()], pa.string())


def hive_day(day: int) -> str:
    """One date."""
    text = day_text(day).lstrip("+")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    year, _, rest = digits.partition("-")
    return f"{sign}{int(year)}-{rest}"


def timestamp_text(values: pa.Array) -> pa.Array:
    """`2024-02-29 12:30:45.1`, without zeros at the end and without a fraction of nothing but zeros."""
    micros, picos = values, None
    if pa.types.is_struct(values.type):
        micros, picos = values.field("t"), values.field("p")
        micros = pc.if_else(values.is_null(), pa.scalar(None, micros.type), micros)
    counts = micros.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    rest = counts % _DAY_MICROS
    days = date_text(pa.array((counts - rest) // _DAY_MICROS, pa.int32()).cast(pa.date32()))
    clock = pa.array((rest // 1_000_000).astype(np.int32), pa.int32()).cast(pa.time32("s")).cast(pa.string())
    nanos = rest % 1_000_000 * 1000
    if picos is not None:
        nanos = nanos + picos.fill_null(0).to_numpy(zero_copy_only=False) // 1000
    digits = pc.utf8_lpad(pa.array(nanos, pa.int64()).cast(pa.string()), 9, "0")
    fraction = pc.utf8_rtrim(pc.binary_join_element_wise("", digits, "."), "0")
    text = pc.binary_join_element_wise(days, pc.utf8_rtrim(pc.binary_join_element_wise(clock, fraction, ""), "."), " ")
    return pc.if_else(micros.is_null(), pa.scalar(None, pa.string()), text)
