"""Partition transforms: from a column's value to the value that tells a file's partition.

Values are raw, see `values.py`; arrays hold raw values too: integers for dates and times. NULL gives NULL.
Source: the specification's "Partition Transforms".
"""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.plugins.connectors.iceberg.format import types
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, FixedOf, IcebergType
from lodestar_server.plugins.connectors.iceberg.format.values import unscaled, unscaled_bytes
from lodestar_server.plugins.toolkit.calendar import day_text
from lodestar_server.plugins.toolkit.java_text import java_float
from lodestar_server.spi.murmur3 import hash_bytes, hash_longs
from lodestar_server.spi.values import frozen

_WITH_ARGUMENT = re.compile(r"(bucket|truncate)\[(\d+)\]")
_TIMES = (types.TIMESTAMP, types.TIMESTAMPTZ)
_WHOLE = (types.INT, types.LONG, types.DATE, types.TIME, *_TIMES)
_BYTES = (types.BINARY, types.UUID)
_MICROS_PER_DAY = 86_400_000_000
_MICROS_PER_HOUR = 3_600_000_000
_EPOCH = datetime(1970, 1, 1)
_DECIMALS = Context(prec=76)


@frozen
class Transform:
    """`kind` is identity, bucket, truncate, year, month, day, hour, void or something unknown."""

    kind: str
    argument: int = 0

    def __str__(self) -> str:
        return f"{self.kind}[{self.argument}]" if self.kind in ("bucket", "truncate") else self.kind

    def accepts(self, source: IcebergType) -> bool:
        """The type may be transformed so."""
        match self.kind:
            case "year" | "month" | "day":
                return source == types.DATE or source in _TIMES
            case "hour":
                return source in _TIMES
            case "bucket":
                return source in (*_WHOLE, *_BYTES, types.STRING) or isinstance(source, DecimalOf | FixedOf)
            case "truncate":
                return source in (types.INT, types.LONG, types.STRING, types.BINARY) or isinstance(source, DecimalOf)
        return isinstance(source, types.Primitive)

    def result_type(self, source: IcebergType) -> IcebergType:
        """The type of partition values."""
        if self.kind in ("bucket", "year", "month", "hour"):
            return types.INT
        if self.kind == "day":
            return types.DATE
        return source

    @property
    def monotonic(self) -> bool:
        """A greater value never gives a smaller one."""
        return self.kind in ("identity", "truncate", "year", "month", "day", "hour")

    def apply(self, source: IcebergType, raw: Any) -> Any:
        """Of one value."""
        if raw is None or self.kind == "void":
            return None
        if self.kind == "identity":
            return raw
        value = Decimal(raw).scaleb(-source.scale, _DECIMALS) if isinstance(source, DecimalOf) else raw
        made = self.apply_array(source, pa.array([value], raw_arrow_type(source)))
        return (
            made[0].as_py() if not isinstance(source, DecimalOf) or self.kind == "bucket" else _unscaled(made, source)
        )

    def apply_array(self, source: IcebergType, values: pa.Array) -> pa.Array:
        """Of a column of `raw_arrow_type(source)`; the result is of `raw_arrow_type(result_type(source))`."""
        match self.kind:
            case "identity":
                return values
            case "void":
                return pa.nulls(len(values), values.type)
            case "bucket":
                return _bucket(source, values, self.argument)
            case "truncate":
                return _truncated(source, values, self.argument)
        return _period(self.kind, source, values)

    def human(self, source: IcebergType, raw: Any) -> str:
        """A partition value in paths."""
        if raw is None:
            return "null"
        match self.kind:
            case "year":
                return f"{1970 + raw:04d}"
            case "month":
                year, month = divmod(raw, 12)
                return f"{1970 + year:04d}-{month + 1:02d}"
            case "hour":
                day, hour = divmod(raw, 24)
                return f"{day_text(day)}-{hour:02d}"
            case "day":
                return day_text(raw)
            case "bucket":
                return str(raw)
        return human_text(source, raw)


def read_transform(text: str) -> Transform:
    """`bucket[4]`."""
    match = _WITH_ARGUMENT.fullmatch(text)
    return Transform(match[1], int(match[2])) if match else Transform(text.lower())


def human_text(type_: IcebergType, raw: Any) -> str:
    """A value in paths and bounds that people read."""
    if raw is None:
        return "null"
    if type_ == types.DATE:
        return day_text(raw)
    if type_ == types.TIME:
        return _clock_text(raw)
    if type_ in _TIMES:
        days, rest = divmod(raw, _MICROS_PER_DAY)
        clock = (_EPOCH + timedelta(microseconds=rest)).time().isoformat()
        clock = clock.rstrip("0") if "." in clock else clock
        return f"{day_text(days)}T{clock}" + ("+00:00" if type_ == types.TIMESTAMPTZ else "")
    if type_ in (types.FLOAT, types.DOUBLE):
        return java_float(raw, single=type_ == types.FLOAT)
    if type_ == types.BOOLEAN:
        return "true" if raw else "false"
    if isinstance(type_, DecimalOf):
        return format(Decimal(raw).scaleb(-type_.scale, _DECIMALS), "f")
    if type_ == types.UUID:
        text = bytes(raw).hex()
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    if isinstance(raw, bytes):
        return base64.b64encode(raw).decode()
    return str(raw)


def _clock_text(micros: int) -> str:
    """As short as Java has it: seconds only when there are some, fractions in groups of three digits."""
    seconds, fraction = divmod(micros, 1_000_000)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    if seconds % 60 or fraction:
        text += f":{seconds % 60:02d}"
    if fraction:
        text += f".{fraction:06d}" if fraction % 1000 else f".{fraction // 1000:03d}"
    return text


def raw_arrow_type(type_: IcebergType) -> pa.DataType:
    """Of arrays of raw values; decimals stay decimals."""
    if type_ in (types.INT, types.DATE):
        return pa.int32()
    if type_ in (types.LONG, types.TIME, *_TIMES):
        return pa.int64()
    if type_ == types.STRING:
        return pa.string()
    if type_ == types.BOOLEAN:
        return pa.bool_()
    if type_ == types.FLOAT:
        return pa.float32()
    if type_ == types.DOUBLE:
        return pa.float64()
    if isinstance(type_, DecimalOf):
        return pa.decimal128(type_.precision, type_.scale)
    return pa.binary()


def _unscaled(values: pa.Array, source: DecimalOf) -> int:
    return unscaled(values[0].as_py(), source.scale)


def _numpy(values: pa.Array) -> tuple[Any, Any]:
    missing = values.is_null().to_numpy(zero_copy_only=False)
    return values.fill_null(0).to_numpy(zero_copy_only=False), missing


def _bucket(source: IcebergType, values: pa.Array, count: int) -> pa.Array:
    if source in _WHOLE:
        numbers, missing = _numpy(values)
        hashes = hash_longs(np.ascontiguousarray(numbers.astype(np.int64)))
    else:
        missing = values.is_null().to_numpy(zero_copy_only=False)
        if isinstance(source, DecimalOf):
            numbers = [None if v is None else unscaled(v, source.scale) for v in values.to_pylist()]
            contents = pa.array([b"" if v is None else unscaled_bytes(v) for v in numbers], pa.binary())
        else:
            contents = values.fill_null("" if source == types.STRING else b"")
        large = contents.cast(pa.large_binary() if not pa.types.is_string(contents.type) else pa.large_string())
        _, offsets, data = large.buffers()
        places = np.frombuffer(offsets, np.int64)[large.offset : large.offset + len(large) + 1]
        hashes = hash_bytes(b"" if data is None else data.to_pybytes(), places)
    return pa.array((hashes & np.int32(0x7FFFFFFF)) % np.int32(count), pa.int32(), mask=missing)


def _truncated(source: IcebergType, values: pa.Array, width: int) -> pa.Array:
    if source == types.STRING:
        return pc.utf8_slice_codeunits(values, 0, width)
    if source == types.BINARY:
        return pc.binary_slice(values, 0, width)
    if isinstance(source, DecimalOf):
        made = []
        for value in values.to_pylist():
            number = None if value is None else unscaled(value, source.scale)
            made.append(None if number is None else Decimal(number - number % width).scaleb(-source.scale, _DECIMALS))
        return pa.array(made, values.type)
    numbers, missing = _numpy(values)
    return pa.array(numbers - np.mod(numbers, numbers.dtype.type(width)), values.type, mask=missing)


def _period(kind: str, source: IcebergType, values: pa.Array) -> pa.Array:
    numbers, missing = _numpy(values)
    numbers = numbers.astype(np.int64)
    if kind == "hour":
        return pa.array(np.floor_divide(numbers, _MICROS_PER_HOUR).astype(np.int32), pa.int32(), mask=missing)
    days = numbers if source == types.DATE else np.floor_divide(numbers, _MICROS_PER_DAY)
    if kind == "day":
        found = days
    else:
        found = (
            days.astype("datetime64[D]")
            .astype("datetime64[M]" if kind == "month" else "datetime64[Y]")
            .astype(np.int64)
        )
    return pa.array(found.astype(np.int32), pa.int32(), mask=missing)


def instant_text(millis: int) -> str:
    """Milliseconds since 1970 as messages show an instant."""
    moment = datetime.fromtimestamp(millis / 1000, UTC)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{millis % 1000:03d}Z" if millis % 1000 else f"{text}Z"
