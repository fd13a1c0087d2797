"""Schema, table, view and analyze properties, and the table format's own properties that keep them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lodestar_server.plugins.connectors.iceberg.config import CompressionCodec, FileFormat, IcebergConfig
from lodestar_server.plugins.connectors.iceberg.format.metadata import TableMetadata
from lodestar_server.plugins.connectors.iceberg.format.partitioning import partitioning_texts, sorting_texts
from lodestar_server.plugins.connectors.iceberg.session import one_of
from lodestar_server.plugins.toolkit.bloom_filters import DEFAULT_FRACTION, BloomFilters
from lodestar_server.spi.connector import ColumnMetadata, not_supported
from lodestar_server.spi.errors import INVALID_TABLE_PROPERTY, LodestarError
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    UUID,
    VARBINARY,
    VARCHAR,
    ArrayType,
    MapType,
)

FORMAT = "format"
PARTITIONING = "partitioning"
SORTED_BY = "sorted_by"
LOCATION = "location"
FORMAT_VERSION = "format_version"
MAX_COMMIT_RETRY = "max_commit_retry"
ORC_BLOOM_COLUMNS = "orc_bloom_filter_columns"
ORC_BLOOM_FPP = "orc_bloom_filter_fpp"
PARQUET_BLOOM_COLUMNS = "parquet_bloom_filter_columns"
OBJECT_STORE = "object_store_layout_enabled"
DATA_LOCATION = "data_location"
EXTRA = "extra_properties"
STORAGE_SCHEMA = "storage_schema"
UPDATABLE = (
    FORMAT,
    FORMAT_VERSION,
    MAX_COMMIT_RETRY,
    OBJECT_STORE,
    DATA_LOCATION,
    ORC_BLOOM_COLUMNS,
    PARQUET_BLOOM_COLUMNS,
    PARTITIONING,
    SORTED_BY,
    EXTRA,
)

# the table format's own
NATIVE_FORMAT = "write.format.default"
NATIVE_RETRIES = "commit.retry.num-retries"
NATIVE_VERSION = "format-version"
NATIVE_OBJECT_STORE = "write.object-storage.enabled"
NATIVE_DATA_LOCATION = "write.data.path"
NATIVE_ORC_BLOOM_COLUMNS = "write.orc.bloom.filter.columns"
NATIVE_ORC_BLOOM_FPP = "write.orc.bloom.filter.fpp"
NATIVE_PARQUET_BLOOM = "write.parquet.bloom-filter-enabled.column."
NATIVE_COMMENT = "comment"
_RESERVED = (
    "format-version",
    "uuid",
    "snapshot-count",
    "current-snapshot-summary",
    "current-snapshot-id",
    "current-snapshot-timestamp-ms",
    "current-schema",
    "default-partition-spec",
    "default-sort-order",
)
_BLOOM_TYPES = (TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, DATE, VARCHAR, VARBINARY, UUID)
_NAMES = ArrayType(VARCHAR)


def _lower(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _version(value: int) -> int:
    if not 1 <= value <= 2:
        raise ValueError("format_version must be between 1 and 2")
    return value


def _retries(value: int) -> int:
    if value < 0:
        raise ValueError("max_commit_retry must be greater than or equal to 0")
    return value


def _fraction(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError("Bloom filter fpp value must be between 0.0 and 1.0")
    return value


def _extra(entries: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    found = {}
    given = dict(entries)
    shown = "{" + ", ".join(f"{key}={'null' if value is None else value}" for key, value in given.items()) + "}"
    for key, value in given.items():
        if value is None:
            raise ValueError(f"Extra table property value cannot be null '{shown}'")
        found[key.lower()] = value
    return found


def table_properties(config: IcebergConfig) -> Sequence[PropertyMetadata]:
    """With the defaults of a catalog."""
    formats = [one.name for one in FileFormat]
    return (
        PropertyMetadata(
            FORMAT,
            f"File format for the table. Possible values: [{', '.join(formats)}]",
            VARCHAR,
            config.file_format.name,
            decode=one_of(formats),
        ),
        PropertyMetadata(PARTITIONING, "Partition transforms", _NAMES, ()),
        PropertyMetadata(SORTED_BY, "Sorted columns", _NAMES, ()),
        PropertyMetadata(LOCATION, "File system location URI for the table", VARCHAR),
        PropertyMetadata(
            FORMAT_VERSION, "Iceberg table format version", INTEGER, config.format_version, decode=_version
        ),
        PropertyMetadata(
            MAX_COMMIT_RETRY,
            "Number of times to retry a commit before failing",
            INTEGER,
            config.max_commit_retry,
            decode=_retries,
        ),
        PropertyMetadata(ORC_BLOOM_COLUMNS, "ORC Bloom filter index columns", _NAMES, (), decode=_lower),
        PropertyMetadata(ORC_BLOOM_FPP, "ORC Bloom filter false positive probability", DOUBLE, 0.05, decode=_fraction),
        PropertyMetadata(PARQUET_BLOOM_COLUMNS, "Parquet Bloom filter index columns", _NAMES, (), decode=_lower),
        PropertyMetadata(
            EXTRA, "Extra table properties", MapType(VARCHAR, VARCHAR), hidden=True, decode=_extra, encode=dict.items
        ),
        PropertyMetadata(
            OBJECT_STORE,
            "Set to true to enable Iceberg object store file layout",
            BOOLEAN,
            config.object_store_layout,
        ),
        PropertyMetadata(DATA_LOCATION, "File system location URI for the table's data files", VARCHAR),
    )


SCHEMA_PROPERTIES: Sequence[PropertyMetadata] = (PropertyMetadata(LOCATION, "Base file system location URI", VARCHAR),)


def view_properties(config: IcebergConfig) -> Sequence[PropertyMetadata]:
    """Of materialized views: those of the table that stores the rows, and its schema."""
    storage = PropertyMetadata(STORAGE_SCHEMA, "Schema for creating materialized view storage table", VARCHAR)
    return (*table_properties(config), storage)


def _analyzed(names: Sequence[str | None]) -> tuple[str, ...]:
    if any(name is None for name in names):
        raise ValueError("Invalid null value in analyze columns property")
    return tuple(str(name) for name in names)


ANALYZE_PROPERTIES: Sequence[PropertyMetadata] = (
    PropertyMetadata("columns", "Columns to be analyzed", _NAMES, decode=_analyzed),
)


def native_properties(
    properties: Mapping[str, Any],
    columns: Sequence[ColumnMetadata],
    comment: str | None,
    codec: CompressionCodec,
    allowed: Sequence[str],
    defaults: Mapping[str, Any],
) -> dict[str, str]:
    """What a new table keeps of its properties, format-version left out. Raises: INVALID_TABLE_PROPERTY."""
    form = properties.get(FORMAT, defaults[FORMAT])
    made = {
        NATIVE_FORMAT: form,
        NATIVE_RETRIES: str(properties.get(MAX_COMMIT_RETRY, defaults[MAX_COMMIT_RETRY])),
        **_compression(form, codec),
    }
    spread = properties.get(OBJECT_STORE, defaults[OBJECT_STORE])
    if spread:
        made[NATIVE_OBJECT_STORE] = "true"
    location = properties.get(DATA_LOCATION)
    if location is not None:
        if not spread:
            raise _invalid("Data location can only be set when object store layout is enabled")
        made[NATIVE_DATA_LOCATION] = location
    orc = properties.get(ORC_BLOOM_COLUMNS) or ()
    if orc:
        check_format(form, "ORC", ORC_BLOOM_COLUMNS)
        check_orc_columns(columns, orc)
        made[NATIVE_ORC_BLOOM_COLUMNS] = ",".join(orc)
        made[NATIVE_ORC_BLOOM_FPP] = str(properties.get(ORC_BLOOM_FPP, 0.05))
    parquet = properties.get(PARQUET_BLOOM_COLUMNS) or ()
    if parquet:
        check_format(form, "PARQUET", PARQUET_BLOOM_COLUMNS)
        check_parquet_columns(columns, parquet)
        made.update({NATIVE_PARQUET_BLOOM + name: "true" for name in parquet})
    if comment is not None:
        made[NATIVE_COMMENT] = comment
    extra = properties.get(EXTRA) or {}
    check_extra(extra, (*made, NATIVE_VERSION), allowed)
    return {**made, **extra}


def _compression(form: str, codec: CompressionCodec) -> dict[str, str]:
    match form:
        case "ORC":
            name = {"GZIP": "zlib"}.get(codec.name, codec.name.lower())
            return {"write.orc.compression-codec": name}
        case "AVRO":
            if codec is CompressionCodec.LZ4:
                not_supported("Compression codec LZ4 not supported for Avro")
            return {"write.avro.compression-codec": {"NONE": "uncompressed"}.get(codec.name, codec.name.lower())}
    return {"write.parquet.compression-codec": {"NONE": "uncompressed"}.get(codec.name, codec.name.lower())}


def check_format(form: str, wanted: str, name: str) -> None:
    """Raises: INVALID_TABLE_PROPERTY."""
    if form != wanted:
        raise _invalid(f"Cannot specify {name} table property for storage format: {form}")


def check_orc_columns(columns: Sequence[ColumnMetadata], names: Sequence[str]) -> None:
    """Raises: INVALID_TABLE_PROPERTY."""
    known = [column.name for column in columns]
    missing = [name for name in names if name not in known]
    if missing:
        raise _invalid(f"Orc bloom filter columns [{', '.join(missing)}] not present in schema")


def check_parquet_columns(columns: Sequence[ColumnMetadata], names: Sequence[str]) -> None:
    """Raises: INVALID_TABLE_PROPERTY."""
    types = {column.name: column.type for column in columns}
    for name in names:
        if name not in types:
            raise _invalid(f"Parquet Bloom filter column {name} not present in schema")
        if types[name] not in _BLOOM_TYPES:
            raise _invalid(f"Parquet Bloom filter column {name} has unsupported type {types[name].display}")


def check_extra(extra: Mapping[str, str], taken: Iterable[str], allowed: Sequence[str]) -> None:
    """Raises: INVALID_TABLE_PROPERTY."""
    protected = {
        NATIVE_COMMENT,
        *taken,
        *UPDATABLE,
        LOCATION,
        ORC_BLOOM_FPP,
        *_RESERVED,
        NATIVE_ORC_BLOOM_COLUMNS,
        NATIVE_ORC_BLOOM_FPP,
        NATIVE_FORMAT,
        NATIVE_VERSION,
    }
    illegal = [key for key in extra if key in protected]
    illegal += [key for key in extra if key not in illegal and "*" not in allowed and key not in allowed]
    if illegal:
        raise _invalid(f"Illegal keys in extra_properties: [{', '.join(illegal)}]")


def _invalid(message: str) -> LodestarError:
    return LodestarError(INVALID_TABLE_PROPERTY, message)


def parquet_bloom_columns(properties: Mapping[str, str]) -> tuple[str, ...]:
    """Columns for which Parquet files have Bloom filters."""
    return tuple(
        key.removeprefix(NATIVE_PARQUET_BLOOM)
        for key, value in properties.items()
        if key.startswith(NATIVE_PARQUET_BLOOM) and value == "true"
    )


def bloom_filters(properties: Mapping[str, str], form: str) -> BloomFilters:
    """Those of new files of a format."""
    if form == "ORC":
        fraction = float(properties.get(NATIVE_ORC_BLOOM_FPP, DEFAULT_FRACTION))
        return BloomFilters(_split(properties.get(NATIVE_ORC_BLOOM_COLUMNS, "")), fraction)
    return BloomFilters(parquet_bloom_columns(properties))


def shown_properties(metadata: TableMetadata) -> dict[str, Any]:
    """A table's properties, decoded, as SHOW CREATE shows them; unset ones are absent."""
    native = metadata.properties
    found: dict[str, Any] = {FORMAT: native.get(NATIVE_FORMAT, "PARQUET").upper()}
    partitioning = partitioning_texts(metadata.schema, metadata.spec)
    if partitioning:
        found[PARTITIONING] = partitioning
    sorting = sorting_texts(metadata.schema, metadata.order)
    if sorting:
        found[SORTED_BY] = sorting
    if metadata.location:
        found[LOCATION] = metadata.location
    found[FORMAT_VERSION] = metadata.format_version
    reads: tuple[tuple[str, str, Callable[[str], Any]], ...] = (
        (MAX_COMMIT_RETRY, NATIVE_RETRIES, int),
        (ORC_BLOOM_COLUMNS, NATIVE_ORC_BLOOM_COLUMNS, _split),
        (ORC_BLOOM_FPP, NATIVE_ORC_BLOOM_FPP, float),
        (DATA_LOCATION, NATIVE_DATA_LOCATION, str),
    )
    for name, key, read in reads:
        if key in native:
            found[name] = read(native[key])
    parquet = parquet_bloom_columns(native)
    if parquet:
        found[PARQUET_BLOOM_COLUMNS] = parquet
    if native.get(NATIVE_OBJECT_STORE, "false").lower() == "true":
        found[OBJECT_STORE] = True
    return found


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
