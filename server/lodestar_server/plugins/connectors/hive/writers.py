"""Writers of one file each: pages in, a finished and durable file out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.hive.avro.schemas import table_schema
from lodestar_server.plugins.connectors.hive.avro.writing import AvroFileWriter
from lodestar_server.plugins.connectors.hive.config import CompressionCodec
from lodestar_server.plugins.connectors.hive.formats import TEXT_FORMATS, StorageFormat
from lodestar_server.plugins.connectors.hive.lines.compression import EXTENSIONS
from lodestar_server.plugins.connectors.hive.lines.writing import LineFileWriter, header_line, line_encoder
from lodestar_server.plugins.connectors.hive.table_properties import (
    ORC_BLOOM_COLUMNS,
    ORC_BLOOM_FRACTION,
    PARQUET_BLOOM_COLUMNS,
)
from lodestar_server.plugins.toolkit.bloom_filters import DEFAULT_FRACTION, BloomFilters
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.orc_rows import OrcRowWriter, has_odd_timestamps
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.types import ArrayType, MapType, RowType, TimestampType, Type
from lodestar_server.spi.types.arrow import arrow_type

_ROW_GROUP_ROWS = 1_000_000
_ROW_GROUP_BYTES = 32 << 20
"""What a writer collects before it writes a row group; a sink has up to a hundred writers."""
_GZIP_LEVEL = 1
"""The default level takes three times as long for a tenth less."""


class FileWriter(Protocol):
    """Called from one thread at a time."""

    @property
    def held_bytes(self) -> int:
        """Of rows that are collected and would be written by `flush`."""
        ...

    def flush(self) -> None:
        """Write what is collected early."""
        ...

    def takes(self, page: pa.RecordBatch) -> bool:
        """Whether the rows may be in this file; if not, another one begins."""
        ...

    def write(self, page: pa.RecordBatch) -> None:
        """Add rows."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


def file_extension(form: StorageFormat, codec: CompressionCodec) -> str:
    """What the names of files end with: text files tell their compression so."""
    return EXTENSIONS[codec] if form in TEXT_FORMATS else ""


def open_writer(
    form: StorageFormat,
    stream: BinaryIO,
    names: Sequence[str],
    types: Sequence[Type],
    codec: CompressionCodec,
    properties: Mapping[str, str],
    files: FileSystem,
    query_id: str,
) -> FileWriter:
    """A writer of a format. Raises: NOT_SUPPORTED."""
    if form in TEXT_FORMATS:
        header = header_line(form, names, properties)
        return LineFileWriter(stream, line_encoder(form, names, types, properties), codec, header)
    if form is StorageFormat.AVRO:
        return AvroFileWriter(stream, names, types, codec, table_schema(files, properties), query_id)
    if form is StorageFormat.PARQUET:
        return ParquetFileWriter(stream, names, types, codec, _bloom_filters(form, properties))
    if form is StorageFormat.ORC:
        return OrcFileWriter(stream, names, types, codec, _bloom_filters(form, properties))
    not_supported(f"Writing to Hive tables in {form.name} format is not supported")


def _bloom_filters(form: StorageFormat, properties: Mapping[str, str]) -> BloomFilters:
    if form is StorageFormat.ORC:
        fraction = float(properties.get(ORC_BLOOM_FRACTION, DEFAULT_FRACTION))
        return BloomFilters(_listed(properties.get(ORC_BLOOM_COLUMNS)), fraction)
    return BloomFilters(_listed(properties.get(PARQUET_BLOOM_COLUMNS)))


def _listed(names: str | None) -> tuple[str, ...]:
    return tuple(found for one in (names or "").split(",") if (found := one.strip()))


def named_type(type_: Type) -> pa.DataType:
    """The Arrow type of a file: that of pages, but with the fields' names."""
    match type_:
        case ArrayType(element):
            return pa.list_(pa.field("element", named_type(element)))
        case MapType(key, value):
            return pa.map_(named_type(key), named_type(value))
        case RowType(fields):
            return pa.struct([(str(field.name), named_type(field.type)) for field in fields])
        case TimestampType(precision) if precision > 6:
            return pa.timestamp("ns")
    return arrow_type(type_)


def to_named(values: pa.Array, type_: Type) -> pa.Array:
    """Page values with the names of fields; nothing is copied but timestamps with nanoseconds."""
    if not type_.children and not (isinstance(type_, TimestampType) and type_.precision > 6):
        return values
    match type_:
        case TimestampType():
            import pyarrow.compute as pc

            nanos = pc.add_checked(
                pc.multiply_checked(values.field("t").cast(pa.int64()), 1000),
                pc.divide(values.field("p").cast(pa.int64()), 1000),
            )
            made = nanos.cast(pa.timestamp("ns"))
            return pc.if_else(values.is_null(), pa.nulls(len(values), made.type), made)
        case ArrayType(element):
            items = to_named(values.values, element)
            return _with_children(values, named_type(type_), [items])
        case MapType(key, value):
            keys, items = to_named(values.keys, key), to_named(values.items, value)
            entries = pa.StructArray.from_arrays([keys, items], fields=list(_entry_fields(type_)))
            return _with_children(values, named_type(type_), [entries])
        case RowType(fields):
            inside = [to_named(values.field(i), field.type) for i, field in enumerate(fields)]
            wanted = named_type(type_)
            return pa.StructArray.from_arrays(inside, fields=list(wanted), mask=values.is_null())
    return values


def _entry_fields(type_: MapType) -> list[pa.Field]:
    wanted = named_type(type_)
    return [pa.field("key", wanted.key_type, nullable=False), pa.field("value", wanted.item_type)]


def _with_children(values: pa.Array, wanted: pa.DataType, children: list[pa.Array]) -> pa.Array:
    return pa.Array.from_buffers(
        wanted,
        len(values),
        values.buffers()[:2],
        null_count=values.null_count,
        offset=values.offset,
        children=children,
    )


class ParquetFileWriter:
    """Timestamps are written in the old form, as Hive and Trino do; every page has a checksum."""

    def __init__(
        self,
        stream: BinaryIO,
        names: Sequence[str],
        types: Sequence[Type],
        codec: CompressionCodec,
        bloom_filters: BloomFilters = BloomFilters(),  # noqa: B008 - a frozen value
    ) -> None:
        self._stream = stream
        self._types = types
        self._codec = codec
        self._bloom_filters = bloom_filters
        self._pages: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0
        self._writer: Any = None
        self._schema = pa.schema([(name, named_type(type_)) for name, type_ in zip(names, types, strict=True)])

    def takes(self, page: pa.RecordBatch) -> bool:
        """Always."""
        return True

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        self._pages.append(page)
        self._rows += page.num_rows
        self._bytes += page.nbytes
        if self._rows >= _ROW_GROUP_ROWS or self._bytes >= _ROW_GROUP_BYTES:
            self.flush()

    @property
    def held_bytes(self) -> int:
        """Of rows for the next row group."""
        return self._bytes

    def flush(self) -> None:
        """End the row group."""
        if not self._pages:
            return
        columns = []
        for i, type_ in enumerate(self._types):
            chunks = [to_named(page.column(i), type_) for page in self._pages]
            columns.append(pa.chunked_array(chunks, self._schema.field(i).type))
        self._opened().write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=_ROW_GROUP_ROWS)
        self._pages, self._rows, self._bytes = [], 0, 0

    def _opened(self) -> Any:
        """The writer, made with the first row group: its Bloom filters are as large as that needs."""
        if self._writer is None:
            options: dict[str, Any] = {"compression": self._codec.name.lower()}
            if self._codec is CompressionCodec.GZIP:
                options["compression_level"] = _GZIP_LEVEL
            self._writer = pq.ParquetWriter(
                self._stream,
                self._schema,
                use_deprecated_int96_timestamps=True,
                write_page_checksum=True,
                store_schema=False,
                **options,
                **self._bloom_filters.parquet(min(self._rows, _ROW_GROUP_ROWS)),
            )
        return self._writer

    def close(self) -> None:
        """Write what is left, and the footer."""
        self.flush()
        self._opened().close()


def _own(values: pa.Array) -> pa.Array:
    # The ORC writer of pyarrow repeats the first row of a slice of structs.
    if values.offset == 0 or not pa.types.is_nested(values.type):
        return values
    return values.take(pa.array(range(len(values)), pa.int64()))


class OrcFileWriter:
    """ORC by pyarrow; row by row when the first page has timestamps that pyarrow does not write as others read them."""

    def __init__(
        self,
        stream: BinaryIO,
        names: Sequence[str],
        types: Sequence[Type],
        codec: CompressionCodec,
        bloom_filters: BloomFilters = BloomFilters(),  # noqa: B008 - a frozen value
    ) -> None:
        self._stream = stream
        self._bloom_filters = bloom_filters
        self._names = names
        self._types = types
        self._codec = codec
        self._schema = pa.schema([(name, named_type(type_)) for name, type_ in zip(names, types, strict=True)])
        self._by_row: OrcRowWriter | None = None
        self._writer: Any = None

    held_bytes = 0
    """What the library collects it does not tell."""

    def flush(self) -> None:
        """Nothing that could be."""

    def takes(self, page: pa.RecordBatch) -> bool:
        """A file by pyarrow does not take such timestamps."""
        return self._writer is None or not self._odd(page)

    def _odd(self, page: pa.RecordBatch) -> bool:
        return any(has_odd_timestamps(values, type_) for values, type_ in zip(page.columns, self._types, strict=True))

    def write(self, page: pa.RecordBatch) -> None:
        """A page with the columns in order."""
        if self._writer is None and self._by_row is None and self._odd(page):
            words = {CompressionCodec.GZIP: "ZLIB"}
            compression = words.get(self._codec, self._codec.name)
            self._by_row = OrcRowWriter(self._stream, self._names, self._types, compression)
        if self._by_row is not None:
            self._by_row.write(page)
            return
        arrays = [to_named(_own(column), type_) for column, type_ in zip(page.columns, self._types, strict=True)]
        self._arrow_writer().write(pa.Table.from_arrays(arrays, schema=self._schema))

    def _arrow_writer(self) -> Any:
        import pyarrow.orc as orc

        if self._writer is None:
            compression = {CompressionCodec.NONE: "uncompressed", CompressionCodec.GZIP: "zlib"}.get(self._codec)
            self._writer = orc.ORCWriter(
                self._stream,
                compression=compression or self._codec.name.lower(),
                **self._bloom_filters.orc(self._schema),
            )
        return self._writer

    def close(self) -> None:
        """Write the footer."""
        if self._by_row is not None:
            self._by_row.close()
        else:
            self._arrow_writer().close()
