"""Files that are there already become files of a table, without being read but for their ends.

ALTER TABLE … EXECUTE add_files and add_files_from_table. What goes wrong with a file is an ICEBERG_COMMIT_ERROR, as in
Trino; the table is then as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_COMMIT_ERROR
from lodestar_server.plugins.connectors.iceberg.file_columns import convert, places
from lodestar_server.plugins.connectors.iceberg.format import types as ice
from lodestar_server.plugins.connectors.iceberg.format.avro import opened
from lodestar_server.plugins.connectors.iceberg.format.manifests import Content, DataFile, Status
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.types import DecimalOf, Field, IcebergType, Primitive, Struct
from lodestar_server.plugins.connectors.iceberg.format.values import to_bytes, unscaled
from lodestar_server.plugins.connectors.iceberg.hidden_bounds import (
    Hidden,
    hidden_bounds,
    may_hide,
    read_extremes,
)
from lodestar_server.plugins.connectors.iceberg.metrics import ColumnMetrics, cut_high, cut_low
from lodestar_server.plugins.connectors.iceberg.name_mapping import PROPERTY, Names, file_names, new_mapping
from lodestar_server.plugins.connectors.iceberg.opening import read_columns, source_of
from lodestar_server.plugins.connectors.iceberg.tables import IcebergTables
from lodestar_server.plugins.connectors.iceberg.writers import FileFigures
from lodestar_server.plugins.toolkit.files import FileInfo, FileSystem, Version, split_location
from lodestar_server.plugins.toolkit.metastore.partition_names import NULL_VALUE
from lodestar_server.plugins.toolkit.metastore.visible import Visible
from lodestar_server.plugins.toolkit.orc_figures import OrcColumn, OrcFigures, OrcFooter, file_figures
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen

FORMATS = ("PARQUET", "ORC", "AVRO")
_UNBOUNDED = (ice.FLOAT, ice.DOUBLE)
"""Their ends do not tell whether there are NaNs."""


def failed(reason: str) -> LodestarError:
    """Nothing was added."""
    return LodestarError(ICEBERG_COMMIT_ERROR, f"Failed to add files: {reason}")


@frozen
class Source:
    """Files of one directory. `partition`: raw values, one per field of the table's partition spec."""

    location: str
    format: str
    partition: tuple[Any, ...] = ()


def list_files(files: FileSystem, location: str, recursive: str, visible: Visible) -> list[FileInfo]:
    """Those that are not hidden, and not empty. `recursive`: TRUE, FALSE (only the directory itself) or FAIL.

    Raises: ICEBERG_COMMIT_ERROR.
    """
    if not location:
        raise failed("location is empty")
    home = location.rstrip("/")
    visible.shown(files.list(home))
    found = visible.shown(sorted(files.list_recursively(home), key=lambda info: info.location))
    if not found and files.find(home) is None:
        raise failed(f"Location not found: {location}")
    start = split_location(home)[1].rstrip("/") + "/"
    kept = []
    for info in found:
        inside = split_location(info.location)[1].removeprefix(start).split("/")
        if any(part.startswith(("_", ".")) for part in inside):
            continue
        if len(inside) > 1 and recursive == "FAIL":
            raise failed(
                "Recursive directory must not exist when recursive_directory argument is 'fail': " + info.location
            )
        if (len(inside) == 1 or recursive == "TRUE") and info.size:
            kept.append(info)
    return kept


def data_files(
    tables: IcebergTables, metadata: TableMetadata, sources: Iterable[Source], recursive: str, visible: Visible
) -> list[DataFile]:
    """Files of some directories as a manifest tells of them. Raises: ICEBERG_COMMIT_ERROR."""
    names = file_names(metadata.schema, metadata.properties)
    made = []
    for source in sources:
        if source.format not in FORMATS:
            raise failed(f"Unsupported storage format: {source.format}")
        for info in list_files(tables.files, source.location, recursive, visible):
            bare = DataFile(
                Content.DATA,
                info.location,
                source.format,
                metadata.spec.id,
                source.partition,
                0,
                info.size,
                sort_order_id=0,
            )
            try:
                made.append(_with_figures(tables.files, metadata, bare, names))
            except (pa.ArrowException, OSError, ValueError, EOFError, LodestarError) as fault:
                if isinstance(fault, LodestarError) and fault.code == ICEBERG_COMMIT_ERROR:
                    raise
                raise failed(f"Failed to read file footer: {info.location}") from fault
    return made


def _with_figures(files: FileSystem, metadata: TableMetadata, file: DataFile, names: Names) -> DataFile:
    figures = _READERS[file.format](files, file, metadata.schema.columns, names)
    made = figures.apply(file)
    constant = {one.source_id for one in metadata.spec.fields}
    required = [one for one in metadata.schema.columns if one.required and one.id not in constant]
    counted = figures.null_counts or {}
    unknown = [one for one in required if one.id not in counted]
    missing = {one.id for one in required if counted.get(one.id)}
    if unknown and figures.records:
        for batch in read_columns(files, made, unknown, names):
            missing |= {one.id for one, values in zip(unknown, batch.columns, strict=True) if values.null_count}
    for one in required:
        if one.id in missing:
            raise failed(f"NULL value not allowed for NOT NULL column: {one.name}")
    return made


def _parquet(files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names) -> FileFigures:
    """Counts and bounds of columns that are not nested."""
    with pq.ParquetFile(source_of(files, file.path, file.size)) as parquet:
        schema, footer = parquet.schema_arrow, parquet.metadata
        columns = {footer.schema.column(place).path: place for place in range(footer.num_columns)}
        at = places(schema, {one.id: names.get(one.id, ()) for one in fields})
        sizes: dict[int, int] = {}
        values: dict[int, int] = {}
        nulls: dict[int, int] = {}
        lower: dict[int, bytes] = {}
        upper: dict[int, bytes] = {}
        hidden: Hidden | None = None
        for one in fields:
            place = at.get(one.id)
            name = None if place is None else schema.field(place).name
            if name not in columns or not isinstance(one.type, Primitive):
                continue
            chunks = [footer.row_group(group).column(columns[name]) for group in range(footer.num_row_groups)]
            sizes[one.id] = sum(chunk.total_compressed_size for chunk in chunks)
            values[one.id] = sum(chunk.num_values for chunk in chunks)
            known = [chunk.statistics for chunk in chunks]
            if all(found is not None and found.has_null_count for found in known):
                nulls[one.id] = sum(found.null_count for found in known)
            low, high = _bounds(one, schema.field(place).type, known)
            if low is None and may_hide(one.type):
                hidden = read_extremes(files, file, footer) if hidden is None else hidden
                low, high = hidden_bounds(one, footer, columns[name], hidden)
            if low is not None and high is not None:
                lower[one.id], upper[one.id] = low, high
        return FileFigures(
            footer.num_rows,
            column_sizes=sizes,
            value_counts=values,
            null_counts=nulls,
            nan_counts={},
            lower_bounds=lower,
            upper_bounds=upper,
        )


def _bounds(field: Field, found: pa.DataType, known: Sequence[Any]) -> tuple[bytes | None, bytes | None]:
    """Of the row groups' extremes; none when one of them does not tell, or tells of another type."""
    told = [one for one in known if one is not None and one.has_min_max]
    silent = [one for one in known if one is None or not (one.has_min_max or one.num_values == 0)]
    if field.type in _UNBOUNDED or not told or silent:
        return None, None
    try:
        extremes = convert(pa.array([end for one in told for end in (one.min, one.max)], found), field.type)
    except (pa.ArrowException, LodestarError, TypeError, ValueError, OverflowError):
        return None, None
    metrics = ColumnMetrics([field])
    metrics.add([extremes])
    lower, upper = metrics.bounds()
    return lower.get(field.id), upper.get(field.id)


def _orc(files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names) -> FileFigures:
    """From the file's end."""
    import pyarrow.orc as orc

    with files.open_input(file.path, Version(file.size, 0)) as source:
        footer = file_figures(source)
    if footer is None or footer.columns is None:
        return FileFigures(orc.ORCFile(source_of(files, file.path, file.size)).nrows)
    nulls: dict[int, int] = {}
    counted: dict[int, int] = {}
    lower: dict[int, bytes] = {}
    upper: dict[int, bytes] = {}
    for field, column in _orc_columns(fields, footer.columns, names):
        counted[field.id] = footer.rows
        if column.figures.values is not None:
            nulls[field.id] = footer.rows - column.figures.values
        bounds = _orc_bounds(field.type, column.figures, footer)
        if bounds is not None:
            lower[field.id], upper[field.id] = bounds
    return FileFigures(
        footer.rows,
        value_counts=counted,
        null_counts=nulls,
        lower_bounds=lower or None,
        upper_bounds=upper or None,
    )


def _orc_columns(
    fields: Sequence[Field], columns: Mapping[str, OrcColumn], names: Names
) -> Iterator[tuple[Field, OrcColumn]]:
    for one in fields:
        known = (*names.get(one.id, ()), one.name)
        column = next((columns[name] for name in known if name in columns), None)
        if column is not None:
            yield one, column
            if isinstance(one.type, Struct):
                yield from _orc_columns(one.type.fields, column.parts, names)


def _orc_bounds(type_: IcebergType, figures: OrcFigures, footer: OrcFooter) -> tuple[bytes, bytes] | None:
    """None where the file tells nothing of the column's type."""
    low, high = figures.low, figures.high
    match figures.kind:
        case "int" if type_ in (ice.INT, ice.LONG, ice.TIME):
            pass
        case "date" if type_ == ice.DATE:
            pass
        case "flag" if type_ == ice.BOOLEAN:
            pass
        case "text" if type_ == ice.STRING:
            low, high = cut_low(low), cut_high(high)
        case "time" if type_ in (ice.TIMESTAMP, ice.TIMESTAMPTZ):
            # Some writers cut times before 1970 towards it.
            earlier = 0 if footer.tells_nan or low > 0 else 1_000
            low, high = low * 1_000 - earlier, high * 1_000 + 999
        case "decimal" if isinstance(type_, DecimalOf):
            low, high = unscaled(low, type_.scale), unscaled(high, type_.scale)
        case "float" if type_ in _UNBOUNDED and footer.tells_nan and low == low and high == high:
            low, high = -0.0 if low == 0 else low, 0.0 if high == 0 else high
        case _:
            return None
    return None if high is None else (to_bytes(type_, low), to_bytes(type_, high))


def _avro(files: FileSystem, file: DataFile, fields: Sequence[Field], names: Names) -> FileFigures:
    content = files.read(file.path)
    if content is None:
        raise FileNotFoundError(file.path)
    _, records = opened(content)
    return FileFigures(sum(1 for _ in records))


_READERS: Mapping[str, Callable[[FileSystem, DataFile, Sequence[Field], Names], FileFigures]] = {
    "PARQUET": _parquet,
    "ORC": _orc,
    "AVRO": _avro,
}


def with_mapping(metadata: TableMetadata) -> TableMetadata:
    """Files without ids are read by the names that columns have now."""
    if PROPERTY in metadata.properties:
        return metadata
    return replace(metadata, properties={**metadata.properties, PROPERTY: new_mapping(metadata.schema)})


def refuse_known(tables: IcebergTables, files: Iterable[DataFile]) -> Callable[[TableMetadata], None]:
    """A check of the newest metadata: no file may be in a table twice."""
    added = {one.path for one in files}

    def check(base: TableMetadata) -> None:
        snapshot = base.current_snapshot
        for manifest in () if snapshot is None else tables.manifests(snapshot):
            for entry in tables.entries(manifest, base):
                if entry.status is not Status.DELETED and entry.file.path in added:
                    raise failed(f"Failed to add files: File already exists: {entry.file.path}")

    return check


def partition_value(type_: IcebergType, text: str) -> Any:
    """The raw value of a partition of Hive. Raises: NOT_SUPPORTED, ICEBERG_COMMIT_ERROR."""
    if text == NULL_VALUE:
        return None
    try:
        if type_ in (ice.INT, ice.LONG):
            return int(text)
        if type_ == ice.STRING:
            return text
        if type_ == ice.BOOLEAN:
            return {"true": True, "false": False}[text.lower()]
        if type_ in (ice.FLOAT, ice.DOUBLE):
            return float(text)
        if type_ == ice.DATE:
            return (date.fromisoformat(text) - date(1970, 1, 1)).days
        if isinstance(type_, DecimalOf):
            return unscaled(Decimal(text), type_.scale)
    except (ValueError, KeyError, ArithmeticError) as fault:
        raise failed(f"Invalid partition value '{text}' for {type_}") from fault
    not_supported(f"Unsupported partition type: {type_}")
