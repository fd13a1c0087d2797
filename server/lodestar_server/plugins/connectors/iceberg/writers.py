"""Writers of one data file each: pages in, a finished file with its metrics out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.iceberg.avro_rows import record_schema, row_encoders
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.types import Field, Struct, all_fields
from lodestar_server.plugins.connectors.iceberg.metrics import ColumnMetrics
from lodestar_server.plugins.connectors.iceberg.raw_arrays import file_array, file_field
from lodestar_server.plugins.toolkit.avro_encoding import rows
from lodestar_server.plugins.toolkit.avro_files import AvroBlocks
from lodestar_server.plugins.toolkit.bloom_filters import BloomFilters
from lodestar_server.spi.values import frozen

_ROW_GROUP_ROWS = 1_000_000
_ROW_GROUP_BYTES = 32 << 20
"""What a writer collects before it writes a row group; a sink has up to a hundred writers."""
_GZIP_LEVEL = 1
_ORC_CODECS = {"NONE": "uncompressed", "GZIP": "zlib"}
_AVRO_BLOCK_BYTES = 64_000
"""As Avro for Java has it."""
_AVRO_CODECS = {"NONE": "null", "SNAPPY": "snappy", "ZSTD": "zstandard", "GZIP": "deflate", "LZ4": "deflate"}


@frozen
class FileFigures:
    """What manifests keep of a finished file."""

    records: int
    column_sizes: dict[int, int] | None = None
    value_counts: dict[int, int] | None = None
    null_counts: dict[int, int] | None = None
    nan_counts: dict[int, int] | None = None
    lower_bounds: dict[int, bytes] | None = None
    upper_bounds: dict[int, bytes] | None = None
    split_offsets: tuple[int, ...] | None = None

    def apply(self, file: DataFile) -> DataFile:
        """The file with the figures."""
        from dataclasses import replace

        return replace(
            file,
            records=self.records,
            column_sizes=self.column_sizes,
            value_counts=self.value_counts,
            null_counts=self.null_counts,
            nan_counts=self.nan_counts,
            lower_bounds=self.lower_bounds,
            upper_bounds=self.upper_bounds,
            split_offsets=self.split_offsets,
        )


class FileWriter:
    """Called from one thread. `fields` are the columns of the pages, in order."""

    def __init__(
        self, stream: BinaryIO, fields: Sequence[Field], codec: str, *, cut_bounds: bool = True, orc: bool = False
    ) -> None:
        self._stream = stream
        self._fields = fields
        self._codec = codec
        self._metrics = ColumnMetrics(fields, cut=cut_bounds, orc=orc)
        self._records = 0

    def write(self, arrays: Sequence[pa.Array]) -> None:
        """Add rows: one array per field, of the pages' types."""
        raise NotImplementedError

    def close(self) -> FileFigures:
        """Finish the file; the stream stays open."""
        raise NotImplementedError

    def abandon(self) -> None:
        """The file will be removed: nothing may be written later, when the stream is closed."""

    def _figures(self, **known: Any) -> FileFigures:
        lower, upper = self._metrics.bounds()
        return FileFigures(
            self._records,
            value_counts=self._metrics.value_counts,
            null_counts=self._metrics.null_counts,
            nan_counts={},
            lower_bounds=lower,
            upper_bounds=upper,
            **known,
        )


def open_writer(
    form: str,
    stream: BinaryIO,
    fields: Sequence[Field],
    codec: str,
    *,
    cut_bounds: bool = True,
    bloom_filters: BloomFilters = BloomFilters(),  # noqa: B008 - a frozen value
) -> FileWriter:
    """A writer of a format: PARQUET, ORC or AVRO."""
    if form == "AVRO":
        return AvroWriter(stream, fields, codec, cut_bounds=cut_bounds)
    kind = OrcWriter if form == "ORC" else ParquetWriter
    return kind(stream, fields, codec, cut_bounds=cut_bounds, bloom_filters=bloom_filters)


@dataclass(slots=True)
class _Pending:
    pages: list[Sequence[pa.Array]] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    def add(self, arrays: Sequence[pa.Array]) -> bool:
        """Whether there is enough for a row group."""
        self.pages.append(arrays)
        self.rows += len(arrays[0])
        self.size += sum(one.nbytes for one in arrays)
        return self.rows >= _ROW_GROUP_ROWS or self.size >= _ROW_GROUP_BYTES


class ParquetWriter(FileWriter):
    """Every page has a checksum; columns have their ids."""

    def __init__(
        self,
        stream: BinaryIO,
        fields: Sequence[Field],
        codec: str,
        *,
        cut_bounds: bool = True,
        bloom_filters: BloomFilters = BloomFilters(),  # noqa: B008 - a frozen value
    ) -> None:
        super().__init__(stream, fields, codec, cut_bounds=cut_bounds)
        self._bloom_filters = bloom_filters
        self._schema = pa.schema([file_field(one, "PARQUET") for one in fields])
        self._pending = _Pending()
        self._writer: Any = None

    def write(self, arrays: Sequence[pa.Array]) -> None:
        """Add rows."""
        self._metrics.add(arrays)
        self._records += len(arrays[0])
        if self._pending.add(arrays):
            self._flush()

    def abandon(self) -> None:
        """pyarrow would write the footer when the writer is collected."""
        self._pending = _Pending()
        if self._writer is not None:
            self._writer.close()

    def _opened(self) -> Any:
        """The writer, made with the first row group: its Bloom filters are as large as that needs."""
        if self._writer is None:
            options: dict[str, Any] = {"compression": self._codec.lower()}
            if self._codec == "GZIP":
                options["compression_level"] = _GZIP_LEVEL
            self._writer = pq.ParquetWriter(
                self._stream,
                self._schema,
                write_page_checksum=True,
                store_schema=False,
                store_decimal_as_integer=True,
                **options,
                **self._bloom_filters.parquet(min(self._pending.rows, _ROW_GROUP_ROWS)),
            )
        return self._writer

    def _flush(self) -> None:
        if not self._pending.pages:
            return
        columns = []
        for place, one in enumerate(self._fields):
            chunks = [file_array(page[place], one.type, "PARQUET") for page in self._pending.pages]
            columns.append(pa.chunked_array(chunks, self._schema.field(place).type))
        self._opened().write_table(pa.Table.from_arrays(columns, schema=self._schema), row_group_size=_ROW_GROUP_ROWS)
        self._pending = _Pending()

    def close(self) -> FileFigures:
        """Write what is left, and the footer."""
        self._flush()
        self._opened().close()
        footer = self._writer.writer.metadata
        ids = [one.id for one in _leaves(self._fields)]
        sizes = dict.fromkeys(ids, 0)
        offsets = []
        for group in range(footer.num_row_groups):
            row_group = footer.row_group(group)
            for place, id_ in enumerate(ids):
                sizes[id_] += row_group.column(place).total_compressed_size
            first = row_group.column(0)
            offsets.append(first.dictionary_page_offset if first.has_dictionary_page else first.data_page_offset)
        return self._figures(column_sizes=sizes, split_offsets=tuple(offsets))


def _leaves(fields: Sequence[Field]) -> list[Field]:
    """Fields without fields, in the order of a file's columns."""
    found: list[Field] = []
    for one in fields:
        below = [inner for _, inner, _ in all_fields(one.type)]
        if not below:
            found.append(one)
        else:
            found += _ordered_leaves(one)
    return found


def _ordered_leaves(parent: Field) -> list[Field]:
    from lodestar_server.plugins.connectors.iceberg.format.types import ListOf, MapOf

    match parent.type:
        case Struct(fields):
            return _leaves(fields)
        case ListOf():
            return _leaves([Field(parent.type.element_id, "element", parent.type.element)])
        case MapOf():
            key = Field(parent.type.key_id, "key", parent.type.key)
            return _leaves([key, Field(parent.type.value_id, "value", parent.type.value)])
    return [parent]


class OrcWriter(FileWriter):
    """ORC by pyarrow; columns have their ids as attributes."""

    def __init__(
        self,
        stream: BinaryIO,
        fields: Sequence[Field],
        codec: str,
        *,
        cut_bounds: bool = True,
        bloom_filters: BloomFilters = BloomFilters(),  # noqa: B008 - a frozen value
    ) -> None:
        import pyarrow.orc as orc

        super().__init__(stream, fields, codec, cut_bounds=cut_bounds, orc=True)
        self._schema = pa.schema([file_field(one, "ORC") for one in fields])
        self._writer = orc.ORCWriter(
            stream, compression=_ORC_CODECS.get(codec, codec.lower()), **bloom_filters.orc(self._schema)
        )

    def write(self, arrays: Sequence[pa.Array]) -> None:
        """Add rows."""
        self._metrics.add(arrays)
        self._records += len(arrays[0])
        columns = [file_array(_own(values), one.type, "ORC") for values, one in zip(arrays, self._fields, strict=True)]
        self._writer.write(pa.Table.from_arrays(columns, schema=self._schema))

    def abandon(self) -> None:
        """pyarrow would write the footer when the writer is collected."""
        self._writer.close()

    def close(self) -> FileFigures:
        """Write the footer."""
        self._writer.close()
        lower, upper = self._metrics.bounds()
        return FileFigures(
            self._records,
            value_counts=self._metrics.value_counts,
            null_counts=self._metrics.null_counts,
            nan_counts=self._metrics.nan_counts or None,
            lower_bounds=lower or None,
            upper_bounds=upper or None,
        )


def _own(values: pa.Array) -> pa.Array:
    # The ORC writer of pyarrow repeats the first row of a slice of structs.
    if values.offset == 0 or not pa.types.is_nested(values.type):
        return values
    return values.take(pa.array(range(len(values)), pa.int64()))


class AvroWriter(FileWriter):
    """Manifests keep nothing of Avro files but the number of rows."""

    def __init__(self, stream: BinaryIO, fields: Sequence[Field], codec: str, *, cut_bounds: bool = True) -> None:
        super().__init__(stream, fields, codec, cut_bounds=cut_bounds)
        struct = Struct(tuple(fields))
        self._encoders = row_encoders(struct)
        self._blocks = AvroBlocks(stream, record_schema(struct), _AVRO_CODECS[codec], _AVRO_BLOCK_BYTES)

    def write(self, arrays: Sequence[pa.Array]) -> None:
        """Add rows."""
        page = pa.RecordBatch.from_arrays(list(arrays), [str(place) for place in range(len(arrays))])
        for some in rows(self._encoders, page):
            self._blocks.write(some)
        self._records += page.num_rows

    def close(self) -> FileFigures:
        """Write the last block."""
        self._blocks.close()
        return FileFigures(self._records)
