"""Pages of files read with pyarrow: formats and conversions that the kernel's own reader does not do exactly."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.hive.avro.reading import read_avro
from lodestar_server.plugins.connectors.hive.convert import convert
from lodestar_server.plugins.connectors.hive.evolved import as_written, old_types
from lodestar_server.plugins.connectors.hive.footers import open_parquet, source_of
from lodestar_server.plugins.connectors.hive.formats import HADOOP_FORMATS, StorageFormat
from lodestar_server.plugins.connectors.hive.hadoop.reading import read_hadoop
from lodestar_server.plugins.connectors.hive.handles import ColumnKind, HiveColumnHandle, HiveSplit
from lodestar_server.plugins.connectors.hive.hidden import constant_of
from lodestar_server.plugins.connectors.hive.int96 import MICROSECONDS, exact_timestamps, int96_columns
from lodestar_server.plugins.connectors.hive.lines.reading import read_lines
from lodestar_server.plugins.connectors.hive.orc_coercions import coerce, is_coerced, orc_kind
from lodestar_server.plugins.connectors.hive.parquet_types import check_readable, file_type
from lodestar_server.plugins.toolkit.files import FileSystem, Version
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_BAD_DATA, HIVE_CANNOT_OPEN_SPLIT, HIVE_CURSOR_ERROR
from lodestar_server.plugins.toolkit.orc_ahead import read_stripes, stripes_ahead
from lodestar_server.plugins.toolkit.orc_rows import read_orc_rows
from lodestar_server.plugins.toolkit.orc_stripes import wanted_stripes
from lodestar_server.plugins.toolkit.stores.object_input import ObjectInput
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.page import PageSource
from lodestar_server.spi.predicate import Domain, TupleDomain
from lodestar_server.spi.types import ArrayType, CharType, MapType, RowType, TimestampType, Type, VarcharType
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page, values_to_arrow

PAGE_ROWS = 16_384
_YEARS_BEYOND = "nanosecond resolution"
"""What pyarrow says of a timestamp in ORC that it cannot hold."""

Resolve = Callable[[HiveColumnHandle, Sequence[str]], int | None]
"""The place of a column among the names of a file's columns, None when the file does not have it."""


class HivePageSource(PageSource):
    """Some splits, one after the other."""

    def __init__(
        self,
        files: FileSystem,
        splits: Sequence[HiveSplit],
        columns: Sequence[HiveColumnHandle],
        resolve: Callable[[StorageFormat], Resolve],
        hint: TupleDomain,
    ) -> None:
        """`hint`: rows that it does not allow need not come."""
        self._files = files
        self._hint = hint
        self._splits = splits
        self._columns = columns
        self._resolve = resolve
        self._closed = threading.Event()
        self._fetching: list[ObjectInput] = []
        self._fetched = 0

    def pages(self) -> Iterator[pa.RecordBatch]:
        """Raises: HIVE_CANNOT_OPEN_SPLIT, HIVE_BAD_DATA, NOT_SUPPORTED."""
        for split in self._splits:
            opened = False
            self._fetched += sum(one.fetched_bytes for one in self._fetching)
            self._fetching = []
            try:
                for page in self._read(split):
                    opened = True
                    if self._closed.is_set():
                        return
                    self._count(page)
                    yield page
            except pa.ArrowInvalid as fault:
                raise LodestarError(HIVE_BAD_DATA, f"Malformed file {split.location}: {fault}") from fault
            except (OSError, pa.ArrowException) as fault:
                code = HIVE_CURSOR_ERROR if opened else HIVE_CANNOT_OPEN_SPLIT
                raise LodestarError(code, f"Failed to read {split.location}: {fault}") from fault

    def _read(self, split: HiveSplit) -> Iterator[pa.RecordBatch]:
        if split.format is StorageFormat.PARQUET:
            yield from self._read_parquet(split, self._source(split))
        elif split.format is StorageFormat.ORC:
            yield from self._read_orc(split, self._source(split))
        else:
            yield from self._read_rows(split)

    def _source(self, split: HiveSplit) -> str | BinaryIO:
        if split.format is StorageFormat.ORC:
            # Each reader of a remote file begins with its end.
            self._files.fetch_ends([(split.location, _version(split))])
        source = source_of(self._files, split.location, _version(split))
        return source if isinstance(source, str) else self._opened(source)

    def _opened(self, source: BinaryIO) -> BinaryIO:
        if isinstance(source, ObjectInput):
            self._fetching.append(source)
        return source

    def _count(self, page: pa.RecordBatch) -> None:
        """What was fetched of remote files; of local ones, what they hold."""
        if self._fetching:
            self.completed_bytes = self._fetched + sum(one.fetched_bytes for one in self._fetching)
        else:
            self.completed_bytes += page.nbytes

    def _read_rows(self, split: HiveSplit) -> Iterator[pa.RecordBatch]:
        """Formats whose readers give columns by themselves."""
        columns = [column for column in self._columns if column.kind is ColumnKind.DATA]
        types = old_types(split.layout)
        wanted = [as_written(column, types) for column in columns]
        source = self._opened(self._files.open_input(split.location, _version(split)))
        properties = dict(split.layout.properties)
        if split.format is StorageFormat.AVRO:
            read = read_avro(self._files, source, split.location, wanted, properties)
        else:
            reader = read_hadoop if split.format in HADOOP_FORMATS else read_lines
            read = reader(source, split.location, split.format, wanted, split.layout.width, properties)
        for rows, arrays in read:
            if self._closed.is_set():
                return
            if types:
                arrays = [_as_wanted(values, column.type) for values, column in zip(arrays, columns, strict=True)]
            for start in range(0, rows, PAGE_ROWS):
                count = min(PAGE_ROWS, rows - start)
                found = iter(arrays)
                yield self._assembled(
                    split,
                    count,
                    [
                        next(found).slice(start, count) if column.kind is ColumnKind.DATA else None
                        for column in self._columns
                    ],
                )

    def _read_parquet(self, split: HiveSplit, source: str | BinaryIO) -> Iterator[pa.RecordBatch]:
        nested = any(_wants_nanoseconds(child) for column in self._columns for child in column.type.children)
        with open_parquet(source, nanoseconds=nested) as file:
            places = self._places(split, file.schema_arrow)
            wanted = _paths(file.schema_arrow, places)
            old = self._old_timestamps(file, places)
            if not old:
                for batch in file.iter_batches(PAGE_ROWS, columns=wanted):
                    yield self._page(split, batch, places)
                return
        source = self._source(split)
        again = self._source(split)
        with open_parquet(source) as file, open_parquet(again, nanoseconds=True) as finer:
            both = zip(
                file.iter_batches(PAGE_ROWS, columns=wanted), finer.iter_batches(PAGE_ROWS, columns=wanted), strict=True
            )
            for batch, fine in both:
                yield self._page(split, batch, places, dict.fromkeys(old, fine))

    def _old_timestamps(self, file: pq.ParquetFile, places: Sequence[int | None]) -> list[int]:
        """Places of timestamps in the old form of which microseconds or more are wanted."""
        names, old = file.schema_arrow.names, int96_columns(file)
        return [
            place
            for column, place in zip(self._columns, places, strict=True)
            if place is not None
            and names[place] in old
            and isinstance(column.type, TimestampType)
            and column.type.precision >= MICROSECONDS
        ]

    def _read_orc(self, split: HiveSplit, source: str | BinaryIO) -> Iterator[pa.RecordBatch]:
        file = _orc_file(source)
        places = self._places(split, file.schema)
        names = _paths(file.schema, places)
        if not names:
            # Stripes read without columns do not say how many rows they have.
            for start in range(0, file.nrows, PAGE_ROWS):
                yield self._page(split, empty_columns_page(min(PAGE_ROWS, file.nrows - start)), places)
            return
        stripes = self._stripes(split, file, places)
        for stripe, read in self._stripe_reads(split, source, file, stripes, names):
            if self._closed.is_set():
                return
            try:
                batch = read()
            except pa.ArrowInvalid as fault:
                if _YEARS_BEYOND not in str(fault) or not self._same_shapes(file.schema, places):
                    raise
                yield from self._read_orc_rows(split, stripe, file.schema, places)
                continue
            for start in range(0, batch.num_rows, PAGE_ROWS):
                yield self._page(split, batch.slice(start, PAGE_ROWS), places)

    def _stripe_reads(
        self, split: HiveSplit, source: str | BinaryIO, file: Any, stripes: Sequence[int], names: list[str]
    ) -> Iterator[tuple[int, Callable[[], pa.RecordBatch]]]:
        """Stripes and how they are read: those of a remote file several at once."""
        ahead = 1 if isinstance(source, str) else min(len(stripes), stripes_ahead(split.size, file.nstripes))
        if ahead <= 1:
            for stripe in stripes:
                yield stripe, partial(file.read_stripe, stripe, columns=names)
            return
        yield from read_stripes(lambda: _orc_file(self._source(split)), stripes, names, ahead)

    def _stripes(self, split: HiveSplit, file: Any, places: Sequence[int | None]) -> Sequence[int]:
        """Those that may have wanted rows."""
        known: dict[Any, Domain] = dict(self._hint.entries or ())
        domains = {
            file.schema.field(place).name: known[column]
            for column, place in zip(self._columns, places, strict=True)
            if place is not None and column in known and not is_coerced(column.type, file.schema.field(place).type)
        }
        if not domains or file.nstripes == 0:
            return range(file.nstripes)
        with self._files.open_input(split.location, _version(split)) as source:
            wanted = wanted_stripes(source, domains)
        return range(file.nstripes) if wanted is None else wanted

    def _same_shapes(self, schema: pa.Schema, places: Sequence[int | None]) -> bool:
        """What is in the file is what the table wants, but for the digits of timestamps."""
        return all(
            place is None or _without_precision(file_type(schema.field(place).type)) == _without_precision(column.type)
            for column, place in zip(self._columns, places, strict=True)
        )

    def _read_orc_rows(
        self, split: HiveSplit, stripe: int, schema: pa.Schema, places: Sequence[int | None]
    ) -> Iterator[pa.RecordBatch]:
        wanted = [
            (schema.field(place).name, column.type)
            for column, place in zip(self._columns, places, strict=True)
            if place is not None
        ]
        with self._opened(self._files.open_input(split.location, _version(split))) as source:
            for arrays in read_orc_rows(source, stripe, wanted):
                found = iter(arrays)
                made = [None if place is None else next(found) for place in places]
                yield self._assembled(split, len(arrays[0]), made)

    def _places(self, split: HiveSplit, schema: pa.Schema) -> list[int | None]:
        """For each column its place in the file."""
        resolve = self._resolve(split.format)
        names = schema.names
        places = []
        for column in self._columns:
            place = resolve(column, names) if column.kind is ColumnKind.DATA else None
            if place is not None:
                self._check(split, column, schema.field(place).name, schema.field(place).type)
            places.append(place)
        return places

    def _check(self, split: HiveSplit, column: HiveColumnHandle, name: str, arrow: pa.DataType) -> None:
        """`name`: what the column is called in the file."""
        if any(one.column == column.name for one in split.layout.evolved) and is_coerced(column.type, arrow):
            return
        if split.format is not StorageFormat.ORC:
            check_readable(split.format.name, column.name, column.type, arrow)
            return
        try:
            if not is_coerced(column.type, arrow):
                check_readable("ORC", column.name, column.type, arrow)
        except LodestarError:
            raise LodestarError(
                HIVE_BAD_DATA,
                f"Malformed ORC file. Cannot read SQL type '{column.type}' from ORC stream '.{name}' of type"
                f" {orc_kind(arrow)} with attributes {{}} [{split.location}]",
            ) from None

    def _page(
        self,
        split: HiveSplit,
        batch: pa.RecordBatch,
        places: Sequence[int | None],
        finer: Mapping[int, pa.RecordBatch] | None = None,
    ) -> pa.RecordBatch:
        """`finer`: the same rows with nanoseconds, for columns in these places."""
        # The batch has the wanted columns of the file, in the file's order.
        rank = {place: i for i, place in enumerate(sorted({place for place in places if place is not None}))}
        arrays: list[pa.Array | None] = []
        for column, place in zip(self._columns, places, strict=True):
            if place is not None and finer is not None and place in finer:
                assert isinstance(column.type, TimestampType)
                nanos = finer[place].column(rank[place])
                arrays.append(exact_timestamps(batch.column(rank[place]), nanos, column.type))
            elif place is not None:
                values = batch.column(rank[place])
                coerced = split.format is StorageFormat.ORC or any(
                    one.column == column.name for one in split.layout.evolved
                )
                arrays.append(_as_wanted(values, column.type) if coerced else convert(values, column.type))
            else:
                arrays.append(None)
        return self._assembled(split, batch.num_rows, arrays)

    def _assembled(self, split: HiveSplit, rows: int, arrays: Sequence[pa.Array | None]) -> pa.RecordBatch:
        """A page of what was read; what was not is a constant of the file or NULL."""
        if not self._columns:
            return empty_columns_page(rows)
        made = []
        for column, values in zip(self._columns, arrays, strict=True):
            if values is not None:
                made.append(values)
            elif column.kind is ColumnKind.DATA:
                made.append(pa.nulls(rows, arrow_type(column.type)))
            else:
                value = values_to_arrow(column.type, [constant_of(column, split)])
                made.append(value.take(pa.array([0] * rows, pa.int32())))
        return pa.RecordBatch.from_arrays(made, [column.name for column in self._columns])

    def close(self) -> None:
        """After the page that is being read."""
        self._closed.set()


def _as_wanted(values: pa.Array, type_: Type) -> pa.Array:
    return coerce(values, type_) if is_coerced(type_, values.type) else convert(values, type_)


def _orc_file(source: str | BinaryIO) -> Any:
    """A file opened by pyarrow."""
    import pyarrow.orc as orc

    return orc.ORCFile(source)


def _version(split: HiveSplit) -> Version:
    return Version(split.size, split.modified_nanos)


def _paths(schema: pa.Schema, places: Sequence[int | None]) -> list[str]:
    return [schema.field(place).name for place in sorted({place for place in places if place is not None})]


def _without_precision(type_: Type | None) -> object:
    """A type's shape: texts of any length are alike, and so are timestamps of any precision."""
    match type_:
        case None:
            return None
        case TimestampType():
            return "timestamp"
        case VarcharType() | CharType():
            return "text"
        case ArrayType(element):
            return ("array", _without_precision(element))
        case MapType(key, value):
            return ("map", _without_precision(key), _without_precision(value))
        case RowType(fields):
            return ("row", tuple(((one.name or "").lower(), _without_precision(one.type)) for one in fields))
    return type_


def _wants_nanoseconds(type_: Type) -> bool:
    if isinstance(type_, TimestampType):
        return type_.precision > 6
    return any(map(_wants_nanoseconds, type_.children))
