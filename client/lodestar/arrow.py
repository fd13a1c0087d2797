"""Results as Arrow: the Arrow type of each Trino type, and how both forms of results get there, column by column.

| Trino | Arrow |
|---|---|
| boolean, tinyint … bigint, real, double | bool, int8 … int64, float, double |
| decimal(p,s) | decimal128(p,s) |
| varchar, char, json, ipaddress and all that is text | string |
| varbinary, sketches | binary |
| uuid | arrow.uuid |
| date | date32 |
| time(p) | time64[us] up to 6 digits, time64[ns] up to 9, text beyond |
| time(p) with time zone | string: Arrow has no such type |
| timestamp(p) | timestamp[us] up to 6 digits, timestamp[ns] up to 9, text beyond |
| timestamp(p) with time zone | the same in UTC: instants are kept, the names of zones are not |
| interval year to month, day to second | month_day_nano_interval, duration[ms] |
| array, map, row | list, map, struct; unnamed fields are `field0` … |
| unknown | null |
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import uuid
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lodestar.errors import DataError
from lodestar.protocol.documents import WireColumn
from lodestar.types.temporal import find_zone

Signature = Mapping[str, Any]

_SIMPLE: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "varbinary": pa.binary(),
    "HyperLogLog": pa.binary(),
    "P4HyperLogLog": pa.binary(),
    "SetDigest": pa.binary(),
    "qdigest": pa.binary(),
    "tdigest": pa.binary(),
    "uuid": pa.uuid(),
    "interval year to month": pa.month_day_nano_interval(),
    "interval day to second": pa.duration("ms"),
    "unknown": pa.null(),
}


def arrow_schema(columns: Sequence[WireColumn]) -> pa.Schema:
    """The schema of a result. Every field's metadata holds its Trino type as `trino:type`."""
    return pa.schema(
        [pa.field(one.name, arrow_type(one.signature), metadata={"trino:type": one.type}) for one in columns]
    )


def arrow_type(signature: Signature) -> pa.DataType:
    """The Arrow type of a `typeSignature`."""
    raw = signature.get("rawType")
    simple = _SIMPLE.get(str(raw))
    if simple is not None:
        return simple
    arguments = _arguments(signature)
    if raw == "decimal":
        return pa.decimal128(int(arguments[0]), int(arguments[1]))
    if raw in ("time", "timestamp", "timestamp with time zone"):
        digits = int(arguments[0]) if arguments else 3
        if digits > 9:
            return pa.string()
        unit = "us" if digits <= 6 else "ns"
        if raw == "time":
            return pa.time64(unit)
        return pa.timestamp(unit, "UTC" if raw != "timestamp" else None)
    if raw == "array":
        return pa.list_(arrow_type(arguments[0]))
    if raw == "map":
        return pa.map_(arrow_type(arguments[0]), arrow_type(arguments[1]))
    if raw == "row":
        return pa.struct([pa.field(name, arrow_type(field)) for name, field in _fields(signature)])
    return pa.string()


def _arguments(signature: Signature) -> list[Any]:
    return [one["value"] for one in signature.get("arguments") or ()]


def _fields(signature: Signature) -> list[tuple[str, Signature]]:
    """Fields of a row type: name and type."""
    found = []
    for place, field in enumerate(_arguments(signature)):
        name = (field.get("fieldName") or {}).get("name")
        found.append((f"field{place}" if name is None else str(name), field["typeSignature"]))
    return found


# From JSON rows.


def batch_of_rows(rows: Sequence[Sequence[Any]], columns: Sequence[WireColumn], schema: pa.Schema) -> pa.RecordBatch:
    """JSON rows as a batch. Raises: DataError for a value that the Arrow type cannot hold."""
    values = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [_from_json(column, one.signature) for column, one in zip(values, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _from_json(values: Sequence[Any], signature: Signature) -> pa.Array:
    raw = str(signature.get("rawType"))
    type_ = arrow_type(signature)
    try:
        if raw == "array":
            flat = list(chain.from_iterable(value for value in values if value is not None))
            return pa.ListArray.from_arrays(
                _offsets(values), _from_json(flat, _arguments(signature)[0]), type=type_, mask=_nulls(values)
            )
        if raw == "map":
            keys, items = _arguments(signature)
            all_keys = list(chain.from_iterable(value for value in values if value is not None))
            all_items = list(chain.from_iterable(value.values() for value in values if value is not None))
            return pa.MapArray.from_arrays(
                _offsets(values), _keys(all_keys, keys), _from_json(all_items, items), type_, mask=_nulls(values)
            )
        if raw == "row":
            fields = _fields(signature)
            nothing = (None,) * len(fields)
            parts = list(zip(*(value if value is not None else nothing for value in values), strict=True))
            parts = parts or [()] * len(fields)
            arrays = [_from_json(part, field) for part, (_, field) in zip(parts, fields, strict=True)]
            return pa.StructArray.from_arrays(arrays, fields=list(type_), mask=_nulls(values))
        return _plain(values, raw, type_)
    except (pa.ArrowException, ValueError, OverflowError, TypeError) as fault:
        raise DataError(f"A value of type {raw} does not fit into Arrow's {type_}: {fault}") from fault


def _plain(values: Sequence[Any], raw: str, type_: pa.DataType) -> pa.Array:
    """Scalars of the wire."""
    if raw in ("double", "real"):
        try:
            return pa.array(values, type_)
        except (pa.ArrowException, TypeError):
            return pa.array([None if value is None else float(value) for value in values], type_)
    if raw == "time" and type_ != pa.string():
        whole = pc.binary_join_element_wise("1970-01-01", pa.array(values, pa.string()), " ")
        return whole.cast(pa.timestamp(type_.unit)).cast(pa.int64()).cast(type_)
    if raw in ("decimal", "date", "time", "timestamp"):
        return pa.array(values, pa.string()).cast(type_)
    if raw == "timestamp with time zone" and type_ != pa.string():
        return _zoned(values, type_)
    if raw == "uuid":
        data = [None if value is None else uuid.UUID(value).bytes for value in values]
        return pa.ExtensionArray.from_storage(type_, pa.array(data, pa.binary(16)))
    if type_ == pa.binary():
        from binascii import a2b_base64

        return pa.array([None if value is None else a2b_base64(value) for value in values], type_)
    if raw == "interval year to month":
        return pa.array([None if value is None else pa.MonthDayNano([_months(value), 0, 0]) for value in values], type_)
    if raw == "interval day to second":
        return pa.array([None if value is None else _millis(value) for value in values], pa.int64()).cast(type_)
    if type_ == pa.string():
        return pa.array([value if value is None or type(value) is str else str(value) for value in values], type_)
    return pa.array(values, type_)


def _keys(texts: Sequence[str], signature: Signature) -> pa.Array:
    """Keys of maps are texts on the wire, whatever their type."""
    raw = str(signature.get("rawType"))
    if raw == "boolean":
        return pa.array([text == "true" for text in texts], pa.bool_())
    if raw in ("tinyint", "smallint", "integer", "bigint"):
        return pa.array(list(map(int, texts)), arrow_type(signature))
    if raw in ("array", "map", "row"):
        raise DataError("Arrow cannot hold maps whose keys are of a nested type")
    return _from_json(texts, signature)


def _offsets(values: Sequence[Any]) -> pa.Array:
    lengths = (0 if value is None else len(value) for value in values)
    return pa.array(accumulate(lengths, initial=0), pa.int32())


def _nulls(values: Sequence[Any]) -> pa.Array:
    return pa.array([value is None for value in values], pa.bool_())


def _zoned(values: Sequence[Any], type_: pa.DataType) -> pa.Array:
    """`2001-08-22 03:04:05.321 Europe/Paris` → instants, zone by zone."""
    split = [(None, None) if value is None else tuple(value.rsplit(" ", 1)) for value in values]
    local = pa.array([clock for clock, _ in split], pa.string()).cast(pa.timestamp(type_.unit))
    zones = [zone for _, zone in split]
    found = None
    for zone in sorted({zone for zone in zones if zone is not None}):
        shown = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="earliest").cast(type_)
        if found is None:
            found = shown
        else:
            found = pc.if_else(pa.array([one == zone for one in zones]), shown, found)
    return pa.nulls(len(values), type_) if found is None else found


def _months(text: str) -> int:
    years, _, months = text.removeprefix("-").partition("-")
    total = int(years) * 12 + int(months)
    return -total if text.startswith("-") else total


def _millis(text: str) -> int:
    days, _, clock = text.removeprefix("-").partition(" ")
    hours, minutes, seconds = clock.split(":")
    whole, _, millis = seconds.partition(".")
    total = ((int(days) * 24 + int(hours)) * 60 + int(minutes)) * 60_000 + int(whole) * 1000 + int(millis)
    return -total if text.startswith("-") else total


# From Arrow segments.


def batches_of_stream(
    data: bytes | bytearray, columns: Sequence[WireColumn], schema: pa.Schema
) -> list[pa.RecordBatch]:
    """The batches of an Arrow segment, which carry values in the server's own types. Raises: DataError."""
    try:
        with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
            found = list(reader)
    except pa.ArrowException as fault:
        raise DataError(f"A segment is not an Arrow stream: {fault}") from fault
    return [_converted(batch, columns, schema) for batch in found]


def _converted(batch: pa.RecordBatch, columns: Sequence[WireColumn], schema: pa.Schema) -> pa.RecordBatch:
    arrays = []
    for array, column, field in zip(batch.columns, columns, schema, strict=True):
        try:
            arrays.append(_from_wire(array, column.signature))
        except (pa.ArrowException, ValueError, OverflowError) as fault:
            raise DataError(f"A value of type {column.type} does not fit into Arrow's {field.type}: {fault}") from fault
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _has_char(signature: Signature) -> bool:
    raw = signature.get("rawType")
    if raw == "row":
        return any(_has_char(field) for _, field in _fields(signature))
    return raw == "char" or (raw in ("array", "map") and any(map(_has_char, _arguments(signature))))


_PICOSECONDS_PER = {"us": 1_000_000, "ns": 1_000}


def _from_wire(array: pa.Array, signature: Signature) -> pa.Array:
    type_ = arrow_type(signature)
    if array.type == type_ and not _has_char(signature):
        return array
    raw = str(signature.get("rawType"))
    if raw == "char":
        # The server keeps them without the blanks that belong to them.
        return pc.utf8_rpad(array, int(_arguments(signature)[0]))
    if raw == "array":
        child = _from_wire(array.values, _arguments(signature)[0])
        return pa.ListArray.from_arrays(array.offsets, child, type=type_, mask=array.is_null())
    if raw == "map":
        keys, items = _arguments(signature)
        return pa.MapArray.from_arrays(
            array.offsets, _from_wire(array.keys, keys), _from_wire(array.items, items), type_, mask=array.is_null()
        )
    if raw == "row":
        parts = [_from_wire(part, field) for part, (_, field) in zip(array.flatten(), _fields(signature), strict=True)]
        return pa.StructArray.from_arrays(parts, fields=list(type_), mask=array.is_null())
    if raw == "unknown":
        return pa.nulls(len(array))
    if raw == "uuid":
        return pa.ExtensionArray.from_storage(type_, array.cast(pa.binary(16)))
    if raw == "ipaddress" and pa.types.is_binary(array.type):
        return pa.array([None if value is None else _address(value) for value in array.to_pylist()], type_)
    if raw == "interval year to month":
        return pa.array(
            [None if value is None else pa.MonthDayNano([value, 0, 0]) for value in array.to_pylist()], type_
        )
    if raw == "time" and array.type == pa.int64():
        if type_ == pa.string():
            end = int(_arguments(signature)[0]) - 12 or None
            return pa.array([None if value is None else _clock(value)[:end] for value in array.to_pylist()], type_)
        return pc.divide(array, _PICOSECONDS_PER[type_.unit]).cast(type_)
    if raw == "time with time zone" and pa.types.is_struct(array.type):
        digits = int(_arguments(signature)[0])
        return pa.array([None if one is None else _offset_time(one, digits) for one in array.to_pylist()], type_)
    if raw in ("timestamp", "timestamp with time zone"):
        return _timestamp(array, type_, raw, signature)
    return array.cast(type_)


def _timestamp(array: pa.Array, type_: pa.DataType, raw: str, signature: Signature) -> pa.Array:
    """Microseconds in UTC, with picoseconds and a zone beside them where the type has those."""
    if not pa.types.is_struct(array.type):
        return array.cast(type_)
    parts = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    micros = parts["t"]
    if type_ != pa.string():
        found = micros.cast(pa.timestamp(type_.unit))
        if "p" in parts:
            beyond = pc.divide(parts["p"].cast(pa.int64()), 1000).cast(pa.duration("ns"))
            found = pc.add(found, beyond)
        return found.cast(pa.int64()).cast(type_)
    end = int(_arguments(signature)[0]) - 12 or None
    beyond = parts["p"].to_pylist()
    if raw == "timestamp":
        clocks = pc.strftime(micros, "%Y-%m-%d %H:%M:%S").to_pylist()
        shown = [None if one is None else f"{one}{picos:06}"[:end] for one, picos in zip(clocks, beyond, strict=True)]
    else:
        instants = zip(micros.cast(pa.int64()).to_pylist(), beyond, parts["z"].to_pylist(), strict=True)
        shown = [None if one is None else _zoned_text(one, picos, zone, end) for one, picos, zone in instants]
    return pa.array(shown, type_)


def _zoned_text(micros: int, picos: int, zone: str, end: int | None) -> str:
    """As JSON has it: `2001-08-22 03:04:05.321123456789 Europe/Paris`."""
    known = find_zone(zone)
    instant = _EPOCH + dt.timedelta(microseconds=micros)
    local = instant if known is None else instant.astimezone(known)
    text = local.replace(tzinfo=None).isoformat(" ", "microseconds")
    return f"{text}{picos:06}"[:end] + f" {'UTC' if known is None else zone}"


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _address(data: bytes) -> str:
    found = ipaddress.IPv6Address(data)
    return str(found.ipv4_mapped or found)


def _clock(picoseconds: int) -> str:
    seconds, beyond = divmod(picoseconds, 10**12)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{beyond:012}"


def _offset_time(value: Mapping[str, int], digits: int) -> str:
    clock = _clock(value["t"])
    clock = clock[: 9 + digits] if digits else clock[:8]
    offset = value["o"]
    return f"{clock}{'-' if offset < 0 else '+'}{abs(offset) // 60:02}:{abs(offset) % 60:02}"
