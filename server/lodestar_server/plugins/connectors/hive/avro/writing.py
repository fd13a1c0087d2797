"""Pages to Avro files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.avro.columns import column_encoders
from lodestar_server.plugins.connectors.hive.avro.schemas import Schema, names_in, schema_of
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.toolkit.avro_encoding import rows
from lodestar_server.plugins.toolkit.avro_files import AvroBlocks
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_WRITER_OPEN_ERROR
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types import ArrayType, CharType, DecimalType, MapType, RowType, TimestampType, Type
from lodestar_server.spi.types.values import arrow_to_values

CODECS: Mapping[CompressionCodec, str] = {
    CompressionCodec.NONE: "null",
    CompressionCodec.GZIP: "deflate",
    CompressionCodec.SNAPPY: "snappy",
    CompressionCodec.ZSTD: "zstandard",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_BLOCK_BYTES = 64 << 10
_PICOSECONDS_PER_MILLISECOND = 1_000_000_000


class AvroFileWriter:
    """Timestamps are milliseconds, rounded half up."""

    def __init__(
        self,
        stream: BinaryIO,
        names: Sequence[str],
        types: Sequence[Type],
        codec: CompressionCodec,
        schema: Schema | None,
        query_id: str,
    ) -> None:
        """Raises: HIVE_WRITER_OPEN_ERROR when the columns have no schema, as with names that Avro does not have."""
        from fastavro.schema import SchemaParseException, parse_schema

        found = schema_of(list(zip(names, types, strict=True))) if schema is None else schema
        self._types = types
        self._converters = [_converter(type_) for type_ in types]
        self._names = _field_names(found, names)
        if not all(map(_NAME.fullmatch, names_in(found))):
            raise LodestarError(HIVE_WRITER_OPEN_ERROR, "Error creating Avro Container file")
        metadata = {"trino_version": "476", "trino_query_id": query_id}
        try:
            self._blocks = AvroBlocks(stream, parse_schema(found), CODECS[codec], _BLOCK_BYTES, metadata)
        except (SchemaParseException, ValueError) as fault:
            raise LodestarError(HIVE_WRITER_OPEN_ERROR, "Error creating Avro Container file") from fault
        self._encoders = column_encoders(found, self._names, types)

    @property
    def held_bytes(self) -> int:
        """Less than a block."""
        return self._blocks.held_bytes

    def flush(self) -> None:
        """A block waits until it is full."""

    def takes(self, page: pa.RecordBatch) -> bool:
        """Always."""
        return True

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order; row by row when the table's schema is an uncommon one."""
        if self._encoders is not None:
            for some in rows(self._encoders, page):
                self._blocks.write(some)
            return
        columns = []
        for values, type_, convert in zip(page.columns, self._types, self._converters, strict=True):
            made = arrow_to_values(type_, values)
            columns.append(made if convert is None else [None if one is None else convert(one) for one in made])
        for row in zip(*columns, strict=True):
            self._blocks.write_record(dict(zip(self._names, row, strict=True)))

    def close(self) -> None:
        """The last block."""
        self._blocks.close()


def _field_names(schema: Schema, names: Sequence[str]) -> list[str]:
    given = {field["name"].lower(): field["name"] for field in schema["fields"]}
    return [given.get(name, name) for name in names]


Convert = Callable[[Any], Any]


def _converter(type_: Type) -> Convert | None:
    """From a value as in `ir.Constant` to one as it is stored; None when that is the same."""
    match type_:
        case ArrayType(element):
            item = _or_same(element)
            return lambda value: [None if one is None else item(one) for one in value]
        case MapType(_, value):
            inside = _or_same(value)
            return lambda found: {key: None if one is None else inside(one) for key, one in found}
        case RowType(fields):
            parts = [(str(field.name), _or_same(field.type)) for field in fields]
            return lambda found: {
                name: None if one is None else convert(one) for one, (name, convert) in zip(found, parts, strict=True)
            }
        case DecimalType():
            return _shortest
        case TimestampType():
            half = _PICOSECONDS_PER_MILLISECOND // 2
            return lambda value: (value + half) // _PICOSECONDS_PER_MILLISECOND
        case CharType(length):
            return lambda value: value.ljust(length)
    return None


def _shortest(value: int) -> bytes:
    # As Java's BigInteger has it: -128 is one byte.
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def _or_same(type_: Type) -> Convert:
    return _converter(type_) or (lambda value: value)
