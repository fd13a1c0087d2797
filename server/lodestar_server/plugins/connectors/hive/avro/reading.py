"""Columns of an Avro file. Files say how they were written; the table says what is wanted of them."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
import pyarrow as pa

from lodestar_server.plugins.connectors.hive.avro.schemas import (
    Schema,
    masked,
    schema_of,
    table_schema,
    without_logical_types,
)
from lodestar_server.plugins.connectors.hive.handles import HiveColumnHandle
from lodestar_server.plugins.toolkit.files import FileSystem, name_of
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_CANNOT_OPEN_SPLIT, HIVE_CURSOR_ERROR
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import (
    DATE,
    DOUBLE,
    REAL,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import values_to_arrow

_ROWS = 8192
_WRITER_ZONE = "writer.time.zone"
_PICOSECONDS_PER_MILLISECOND = 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HEADER: Schema = {
    "type": "record",
    "name": "org.apache.avro.file.Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "sync", "size": 16}},
    ],
}
_FAULTS = (ValueError, TypeError, KeyError, IndexError, EOFError, OSError, OverflowError, zlib.error, pa.ArrowException)


class _Prefixed:
    """Some bytes, then a stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = io.BytesIO(head)
        self._rest = rest
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        """As of a file."""
        made = self._head.read(size)
        if size < 0 or len(made) < size:
            made += self._rest.read(size if size < 0 else size - len(made))
        self._at += len(made)
        return made

    def tell(self) -> int:
        """Bytes read so far."""
        return self._at


def read_avro(
    files: FileSystem,
    source: BinaryIO,
    location: str,
    columns: Sequence[HiveColumnHandle],
    properties: Mapping[str, str],
) -> Iterator[tuple[int, list[pa.Array]]]:
    """Row counts and the columns of these rows. Raises: HIVE_CANNOT_OPEN_SPLIT, HIVE_CURSOR_ERROR."""
    import fastavro

    wanted = table_schema(files, properties)
    with source:
        stream, writer, zone = _opened(source)
        try:
            if not columns:
                for block in fastavro.block_reader(stream):  # type: ignore[arg-type]
                    yield block.num_records, []
                return
            named = [(column.name, column.type) for column in columns]
            if wanted is None:
                schema = schema_of(named, writer)
            else:
                schema = masked(wanted, [name for name, _ in named])
                _check_resolved(schema, writer, location)
            names = [field["name"] for field in schema["fields"]]
            converters = [_converter(column.type, zone) for column in columns]
            records = iter(fastavro.reader(stream, without_logical_types(schema)))  # type: ignore[arg-type]
            while rows := list(islice(records, _ROWS)):
                arrays = [
                    _column(column.type, [row[name] for row in rows], convert)  # type: ignore[index]
                    for column, name, convert in zip(columns, names, converters, strict=True)
                ]
                yield len(rows), arrays
        except LodestarError:
            raise
        except (*_FAULTS, fastavro.read.SchemaResolutionError) as fault:
            raise LodestarError(HIVE_CURSOR_ERROR, f"Failed to read Avro file: {name_of(location)}") from fault


def _check_resolved(schema: Schema, writer: Schema, location: str) -> None:
    there = {field["name"] for field in writer["fields"]}
    for field in schema["fields"]:
        if "default" not in field and not there.intersection((field["name"], *field.get("aliases", ()))):
            raise LodestarError(
                HIVE_CANNOT_OPEN_SPLIT, f"Avro type resolution error when initializing split from {location}"
            )


def _opened(source: BinaryIO) -> tuple[_Prefixed, Schema, ZoneInfo | None]:
    """The file with a schema without logical types, its schema, and the zone of its timestamps unless that is UTC."""
    import fastavro

    try:
        header: Any = fastavro.schemaless_reader(source, _HEADER, None)
        schema = orjson.loads(header["meta"]["avro.schema"])
    except _FAULTS as fault:
        raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, "Not an Avro data file.") from fault
    if header["magic"] != b"Obj\x01":
        raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, "Not an Avro data file.")
    name = header["meta"].get(_WRITER_ZONE, b"UTC").decode()
    header["meta"]["avro.schema"] = orjson.dumps(without_logical_types(schema))
    head = io.BytesIO()
    fastavro.schemaless_writer(head, _HEADER, header)
    try:
        zone = None if name in ("UTC", "Z", "GMT", "Etc/UTC") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise LodestarError(HIVE_CANNOT_OPEN_SPLIT, f"Unknown time zone in Avro file: {name}") from None
    return _Prefixed(head.getvalue(), source), schema, zone


Convert = Callable[[Any], Any]
"""From a stored value that is not null to one as in `ir.Constant`."""


def _column(type_: Type, values: Sequence[Any], convert: Convert | None) -> pa.Array:
    if convert is not None:
        values = [None if one is None else convert(one) for one in values]
    return values_to_arrow(type_, values)


def _converter(type_: Type, zone: ZoneInfo | None) -> Convert | None:
    """None: a value is stored as it is."""
    match type_:
        case ArrayType(element):
            item = _or_same(element, zone)
            return lambda value: tuple(None if one is None else item(one) for one in value)
        case MapType(_, value):
            inside = _or_same(value, zone)
            return lambda found: tuple((key, None if one is None else inside(one)) for key, one in found.items())
        case RowType(fields):
            parts = [(str(field.name), _or_same(field.type, zone)) for field in fields]
            return lambda found: tuple(
                None if (one := found.get(name)) is None else convert(one) for name, convert in parts
            )
        case VarcharType(None):
            return _text
        case VarcharType(length):
            return lambda value: _text(value)[:length]
        case CharType(length):
            return lambda value: _text(value)[:length].rstrip(" ")
        case DecimalType():
            return lambda value: int.from_bytes(value, "big", signed=True)
        case TimestampType():
            return _moment if zone is None else lambda value: _moment(_in_zone(value, zone))
    if type_ == VARBINARY:
        return _bytes
    if type_ in (REAL, DOUBLE):
        return float
    return _whole if type_ == DATE else None


def _or_same(type_: Type, zone: ZoneInfo | None) -> Convert:
    return _converter(type_, zone) or (lambda value: value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _whole(value: Any) -> int:
    if not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _moment(value: int) -> int:
    return value * _PICOSECONDS_PER_MILLISECOND


def _in_zone(millis: int, zone: ZoneInfo) -> int:
    """The clock in the zone, as if it were UTC."""
    instant = _EPOCH + timedelta(milliseconds=millis)
    shift = instant.astimezone(zone).utcoffset() or timedelta(0)
    return millis + shift // timedelta(milliseconds=1)
