"""Opening data files: their footers, kept, and their rows as batches of the wanted columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.iceberg.cache import BoundedCache
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_BAD_DATA, ICEBERG_CANNOT_OPEN_SPLIT
from lodestar_server.plugins.connectors.iceberg.file_columns import convert, hollow_as_null, places
from lodestar_server.plugins.connectors.iceberg.format.avro import opened
from lodestar_server.plugins.connectors.iceberg.format.manifests import DataFile
from lodestar_server.plugins.connectors.iceberg.format.types import Field
from lodestar_server.plugins.connectors.iceberg.name_mapping import Names
from lodestar_server.plugins.connectors.iceberg.orc_times import has_timestamps, in_micros, named_as, row_type
from lodestar_server.plugins.connectors.iceberg.types import to_trino
from lodestar_server.plugins.toolkit.files import FileSystem, Version
from lodestar_server.plugins.toolkit.orc_rows import read_orc_rows
from lodestar_server.plugins.toolkit.stores.object_input import ObjectInput
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.types.arrow import arrow_type
from lodestar_server.spi.types.values import empty_columns_page, values_to_arrow

PAGE_ROWS = 16_384


class Fetched:
    """What one reader has got from remote stores, in bytes. `any` is false while all its files are local."""

    def __init__(self) -> None:
        self.any = False
        self._ended = 0
        self._open: ObjectInput | None = None

    @property
    def bytes(self) -> int:
        """So far, what was read ahead included."""
        return self._ended + (0 if self._open is None else self._open.fetched_bytes)

    def watch(self, source: BinaryIO) -> None:
        """The next file; the one before is read."""
        self._ended, self._open = self.bytes, None
        if isinstance(source, ObjectInput):
            self.any, self._open = True, source

    def add(self, size: int) -> None:
        """A file that came whole."""
        self.any = True
        self._ended += size


def source_of(files: FileSystem, location: str, size: int, fetched: Fetched | None = None) -> str | BinaryIO:
    """What pyarrow opens: a path where there is one. Data files are never changed."""
    path = files.local_path(location)
    if path is not None:
        return path
    source = files.open_input(location, Version(size, 0))
    if fetched is not None:
        fetched.watch(source)
    return source


class Footers:
    """Schemas of Parquet files, read in parallel and kept: the files never change. Thread-safe."""

    def __init__(self, files: FileSystem, entries: int, readers: int) -> None:
        self._files = files
        self._kept: BoundedCache[str, pa.Schema] = BoundedCache(entries)
        self._pool = ThreadPoolExecutor(readers, thread_name_prefix="iceberg-footer")

    def load(self, files: Sequence[DataFile]) -> list[pa.Schema]:
        """In order. Raises: ICEBERG_CANNOT_OPEN_SPLIT, ICEBERG_BAD_DATA."""
        sizes = {file.path: file.size for file in files}
        found = {path: schema for path in sizes if (schema := self._kept.find(path)) is not None}
        missing = [(path, size) for path, size in sizes.items() if path not in found]
        self._files.fetch_ends([(path, Version(size, 0)) for path, size in missing])
        if len(missing) == 1:
            found[missing[0][0]] = self._read(missing[0])
        elif missing:
            found.update(zip((path for path, _ in missing), self._pool.map(self._read, missing), strict=True))
        for path, _ in missing:
            self._kept.put(path, found[path])
        return [found[file.path] for file in files]

    def _read(self, file: tuple[str, int]) -> pa.Schema:
        with telling(file[0]), pq.ParquetFile(source_of(self._files, *file)) as parquet:
            return parquet.schema_arrow

    def forget(self) -> None:
        """Everything."""
        self._kept.clear()

    def close(self) -> None:
        """Stop the readers."""
        self._pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def telling(location: str) -> Iterator[None]:
    """Faults of a file as errors. Raises: ICEBERG_BAD_DATA, ICEBERG_CANNOT_OPEN_SPLIT."""
    try:
        yield
    except pa.ArrowInvalid as fault:
        raise LodestarError(ICEBERG_BAD_DATA, f"Malformed file {location}: {fault}") from fault
    except (OSError, pa.ArrowException) as fault:
        raise LodestarError(ICEBERG_CANNOT_OPEN_SPLIT, f"Error opening Iceberg split {location}: {fault}") from fault


def read_columns(
    files: FileSystem,
    file: DataFile,
    fields: Sequence[Field],
    names: Names | None = None,
    fetched: Fetched | None = None,
) -> Iterator[pa.RecordBatch]:
    """The file's rows in order, in batches with one column per field, of the pages' types.

    A field that the file lacks is NULL. `fields` are of the table's schema; `names` are for files without ids, which
    are read by the fields' own when it is None. `fetched` is told what comes from afar.
    """
    known = {field.id: (field.name,) if names is None else names.get(field.id, ()) for field in fields}
    with telling(file.path):
        match file.format:
            case "PARQUET":
                yield from _read_parquet(files, file, fields, known, fetched)
            case "ORC":
                yield from _read_orc(files, file, fields, known, fetched)
            case "AVRO":
                yield from _read_avro(files, file, fields, known, fetched)
            case other:
                raise LodestarError(ICEBERG_BAD_DATA, f"Unknown format of data file: {other}")


def _batch(
    batch: pa.RecordBatch, fields: Sequence[Field], at: Mapping[int, int], schema: pa.Schema, *, hollow: bool = False
) -> pa.RecordBatch:
    """`hollow`: a row of which the file has nothing is NULL."""
    if not fields:
        return empty_columns_page(batch.num_rows)
    names = {name: place for place, name in enumerate(batch.schema.names)}
    arrays = []
    for field in fields:
        place = at.get(field.id)
        if place is None:
            arrays.append(pa.nulls(batch.num_rows, arrow_type(to_trino(field.type))))
        else:
            column = batch.column(names[schema.field(place).name])
            found = _with_ids(column, schema.field(place))
            made = convert(found, field.type)
            arrays.append(hollow_as_null(made, found.type, field.type) if hollow else made)
    return pa.RecordBatch.from_arrays(arrays, [f"c{i}" for i in range(len(fields))])


def _with_ids(column: pa.Array, field: pa.Field) -> pa.Array:
    # Batches may have lost the ids of nested fields; the file's schema has them.
    return column if column.type.num_fields == 0 else column.cast(field.type)


def _read_parquet(
    files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names, fetched: Fetched | None
) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(source_of(files, file.path, file.size, fetched), page_checksum_verification=True) as parquet:
        schema = parquet.schema_arrow
        at = places(schema, names)
        wanted = [schema.field(place).name for place in sorted(at.values())]
        if not wanted:
            for start in range(0, parquet.metadata.num_rows, PAGE_ROWS):
                rows = min(PAGE_ROWS, parquet.metadata.num_rows - start)
                yield _batch(empty_columns_page(rows), fields, at, schema)
            return
        for batch in parquet.iter_batches(PAGE_ROWS, columns=wanted):
            yield _batch(batch, fields, at, schema, hollow=True)


def _read_orc(
    files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names, fetched: Fetched | None
) -> Iterator[pa.RecordBatch]:
    import pyarrow.orc as orc

    opened_file = orc.ORCFile(source_of(files, file.path, file.size, fetched))
    schema = opened_file.schema
    at = places(schema, names)
    wanted = [schema.field(place).name for place in sorted(at.values())]
    if not wanted:
        for start in range(0, opened_file.nrows, PAGE_ROWS):
            yield _batch(empty_columns_page(min(PAGE_ROWS, opened_file.nrows - start)), fields, at, schema)
        return
    for stripe in range(opened_file.nstripes):
        shape = schema
        try:
            batch = opened_file.read_stripe(stripe, columns=wanted)
        except pa.ArrowInvalid:
            odd = [name for name in wanted if has_timestamps(schema.field(name).type)]
            if not odd:
                raise
            # Times of years that pyarrow does not read.
            with files.open_input(file.path, Version(file.size, 0)) as source:
                batch = _with_rows(opened_file, source, stripe, wanted, odd)
            shape = pa.schema([one.with_type(in_micros(one.type)) for one in schema])
        for start in range(0, batch.num_rows, PAGE_ROWS):
            yield _batch(batch.slice(start, PAGE_ROWS), fields, at, shape)


def _with_rows(opened_file: Any, source: BinaryIO, stripe: int, wanted: list[str], odd: list[str]) -> pa.RecordBatch:
    """A stripe of which some columns are read row by row."""
    schema = opened_file.schema
    chunks = list(read_orc_rows(source, stripe, [(name, row_type(schema.field(name).type)) for name in odd]))
    columns = {}
    for place, name in enumerate(odd):
        found = pa.concat_arrays([one[place] for one in chunks])
        columns[name] = named_as(found, in_micros(schema.field(name).type))
    plain = [name for name in wanted if name not in columns]
    if plain:
        batch = opened_file.read_stripe(stripe, columns=plain)
        columns |= dict(zip(batch.schema.names, batch.columns, strict=True))
    return pa.RecordBatch.from_arrays([columns[name] for name in wanted], wanted)


def _read_avro(
    files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names, fetched: Fetched | None
) -> Iterator[pa.RecordBatch]:
    from lodestar_server.plugins.connectors.iceberg.avro_rows import row_reader

    content = files.read(file.path)
    if content is None:
        raise FileNotFoundError(file.path)
    if fetched is not None and files.local_path(file.path) is None:
        fetched.add(len(content))
    schema, records = opened(content)
    types = [to_trino(field.type) for field in fields]
    read = row_reader(schema, fields, names)
    chunk: list[tuple[Any, ...]] = []

    def page() -> pa.RecordBatch:
        if not fields:
            return empty_columns_page(len(chunk))
        columns = zip(*chunk, strict=True)
        return pa.RecordBatch.from_arrays(
            [values_to_arrow(type_, values) for type_, values in zip(types, columns, strict=True)],
            [f"c{i}" for i in range(len(fields))],
        )

    for record in records:
        chunk.append(read(record))
        if len(chunk) == PAGE_ROWS:
            yield page()
            chunk = []
    if chunk:
        yield page()
