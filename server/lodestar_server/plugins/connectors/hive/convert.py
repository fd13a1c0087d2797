"""Values of files to the pages' types, with pyarrow: what the kernel's own reader would not do exactly."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.hive.parquet_types import fields_by_name, file_type
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_BAD_DATA
from lodestar_server.spi.errors import INVALID_ARGUMENTS, LodestarError
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    VARCHAR,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type

_DECIMALS = Context(prec=76)
MAX_PRECISION = 38


def convert(values: pa.Array, wanted: Type) -> pa.Array:
    """An array of `arrow_type(wanted)`. Raises: HIVE_BAD_DATA for a value that does not fit."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    try:
        return _convert(values, wanted)
    except pa.ArrowInvalid as fault:
        raise LodestarError(HIVE_BAD_DATA, f"Value in file does not fit {wanted}: {fault}") from fault


def _convert(values: pa.Array, wanted: Type) -> pa.Array:
    target = arrow_type(wanted)
    match wanted:
        case ArrayType(element):
            items = _convert(values.flatten(), element)
            return pa.ListArray.from_arrays(_offsets(values), items, type=target, mask=_mask(values))
        case MapType(key, value):
            return _map(values, key, value, target)
        case RowType():
            return _row(values, wanted, target)
        case VarcharType(length):
            return _text(values, length)
        case CharType(length):
            return pc.utf8_rtrim(_text(values, length), " ")
        case TimestampType(precision):
            return _timestamp(values, precision, target)
        case TimestampTzType():
            return _instant(values, wanted, target)
        case DecimalType(_, scale) if pa.types.is_decimal(values.type) and values.type.scale > scale:
            return _fewer_digits(values, scale).cast(target)
    if isinstance(wanted, DecimalType) and pa.types.is_integer(values.type):
        # Enough digits for every integer first; the second cast checks what is there.
        return values.cast(pa.decimal128(min(20 + wanted.scale, 38), wanted.scale)).cast(target)
    if wanted == VARBINARY and not pa.types.is_binary(values.type):
        return values.cast(pa.binary())
    if wanted in INTEGRAL_TYPES or wanted in (REAL, DOUBLE) or isinstance(wanted, DecimalType):
        return values.cast(target)
    return values if values.type == target else values.cast(target)


def _fewer_digits(values: pa.Array, scale: int) -> pa.Array:
    """Decimals rounded half up, away from zero. Room for the carry first: pyarrow rounds 99.9 of three digits to 0."""
    if values.type.precision < MAX_PRECISION:
        wide = values.cast(pa.decimal128(MAX_PRECISION, values.type.scale))
        return pc.round(wide, ndigits=scale, round_mode="half_towards_infinity")
    step = Decimal(1).scaleb(-scale)
    made = [None if one is None else one.quantize(step, ROUND_HALF_UP, _DECIMALS) for one in values.to_pylist()]
    return pa.array(made, pa.decimal256(MAX_PRECISION + 1, scale))


def _text(values: pa.Array, length: int | None) -> pa.Array:
    found = file_type(values.type)
    match found:
        case TimestampType() | TimestampTzType():
            values = _timestamp_text(values)
        case _ if found in (DOUBLE, REAL):
            single = found == REAL
            values = pa.array(
                [None if one is None else java_float(one, single=single) for one in values.to_pylist()], pa.string()
            )
        case _:
            values = values.cast(pa.string())
    if length is None:
        return values
    if found not in (VARCHAR, VARBINARY):
        check_length(values, found, VarcharType(length))
    return pc.utf8_slice_codeunits(values, 0, length)


def check_length(texts: pa.Array, found: Type | None, wanted: VarcharType) -> None:
    """Raises: INVALID_ARGUMENTS for the text of a number or the like that is longer than the type allows."""
    long = texts.filter(pc.greater(pc.utf8_length(texts), wanted.length).fill_null(False))
    if not len(long):
        return
    text = long[0].as_py()
    if isinstance(found, DecimalType):
        raise LodestarError(INVALID_ARGUMENTS, f"Decimal value {text} representation exceeds {wanted} bounds")
    shown = {DATE: f"'{text}'", BOOLEAN: text.lower()}.get(found, text)  # type: ignore[call-overload]
    raise LodestarError(INVALID_ARGUMENTS, f"Varchar representation of {shown} exceeds {wanted} bounds")


def _timestamp_text(values: pa.Array) -> pa.Array:
    # As Hive prints them: no zeros at the end of the fraction.
    text = pc.strftime(values.cast(pa.timestamp("us")), format="%Y-%m-%d %H:%M:%S")
    return pc.replace_substring_regex(text, r"\.?0+$", "")


def _timestamp(values: pa.Array, precision: int, target: pa.DataType) -> pa.Array:
    """Timestamps of any unit with `precision` digits, rounded half up."""
    plain = pa.timestamp("us")
    if values.type.unit != "ns":
        micros = values.cast(plain).cast(pa.int64())
        if precision <= 6:
            return _rounded(micros, 10 ** (6 - precision)).cast(plain)
        rest = pc.multiply(micros, 0).cast(pa.int32())
    else:
        nanos = _rounded(values.cast(pa.int64()), 10 ** max(9 - precision, 0))
        micros = _floor_divide(nanos, 1000)
        if precision <= 6:
            return micros.cast(plain)
        rest = pc.multiply(pc.subtract(nanos, pc.multiply(micros, 1000)), 1000).cast(pa.int32())
    return pa.StructArray.from_arrays([micros.cast(plain), rest], fields=list(target), mask=_mask(values))


def _rounded(counts: pa.Array, step: int) -> pa.Array:
    """int64 rounded to multiples of `step`, half up."""
    if step == 1:
        return counts
    return pc.multiply(_floor_divide(pc.add(counts, step // 2), step), step)


def _floor_divide(values: pa.Array, by: int) -> pa.Array:
    """Division of int64 towards minus infinity."""
    filled = values.fill_null(0).to_numpy(zero_copy_only=False)
    return pa.array(np.floor_divide(filled, by), pa.int64(), mask=_mask(values).to_numpy(zero_copy_only=False))


def _instant(values: pa.Array, wanted: TimestampTzType, target: pa.DataType) -> pa.Array:
    plain_type = arrow_type(TimestampType(wanted.precision))
    plain = _timestamp(values.cast(pa.timestamp(values.type.unit)), wanted.precision, plain_type)
    zone = pa.array(["UTC"] * len(values), pa.string())
    parts = [plain, zone] if wanted.precision <= 6 else [plain.field("t"), plain.field("p"), zone]
    return pa.StructArray.from_arrays(parts, fields=list(target), mask=_mask(values))


def _row(values: pa.Array, wanted: RowType, target: pa.DataType) -> pa.Array:
    found = file_type(values.type)
    assert isinstance(found, RowType)
    there = fields_by_name(found)
    places = {id(field): i for i, field in enumerate(found.fields)}
    inside = values.flatten()
    parts = []
    for i, field in enumerate(wanted.fields):
        known = there.get((field.name or "").lower())
        if known is None:
            parts.append(pa.nulls(len(values), target.field(i).type))
        else:
            parts.append(_convert(inside[places[id(known)]], field.type))
    return pa.StructArray.from_arrays(parts, fields=list(target), mask=_mask(values))


def _map(values: pa.Array, key: Type, value: Type, target: pa.DataType) -> pa.Array:
    # Entries of NULL maps may be in the child arrays: take only what the offsets name.
    whole = values.take(pa.array(range(len(values)), pa.int64()))
    keys, items = _convert(whole.keys, key), _convert(whole.items, value)
    made = pa.MapArray.from_arrays(whole.offsets, keys, items, type=target)
    if not values.null_count:
        return made
    return pa.MapArray.from_arrays(_nullable_offsets(whole), keys, items, type=target)


def _nullable_offsets(values: pa.Array) -> pa.Array:
    offsets = values.offsets.to_pylist()
    valid = [*values.is_valid().to_pylist(), True]
    return pa.array([offset if ok else None for offset, ok in zip(offsets, valid, strict=True)], pa.int32())


def _offsets(values: pa.Array) -> pa.Array:
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())


def _mask(values: pa.Array) -> pa.Array:
    return values.is_null()
