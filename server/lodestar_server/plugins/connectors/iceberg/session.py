"""Session properties of an iceberg catalog, as Trino 476 lists them; those that are used here have an accessor below.

Sizes and durations are kept as the text that the user wrote, so that SHOW SESSION gives it back; they are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lodestar_server.plugins.connectors.iceberg.config import CompressionCodec, IcebergConfig
from lodestar_server.plugins.toolkit.session_limits import PARQUET_LIMITS, between, limited, lower_names, percentage
from lodestar_server.spi.properties import DataSize, Duration, PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BOOLEAN, DOUBLE, INTEGER, VARCHAR, ArrayType, Type

_LIMITS = {
    **PARQUET_LIMITS,
    "max_partitions_per_writer": between(1, 100, shown=False),
    "orc_writer_validate_percentage": percentage,
}
_DEFAULTS: Mapping[Type, Callable[[str], Any]] = {
    BOOLEAN: lambda text: text == "true",
    INTEGER: int,
    DOUBLE: float,
}


def _plain(name: str, type_: Type, default: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, type_, _DEFAULTS[type_](default))


def _checked(parse: Callable[[str], object]) -> Callable[[str], str]:
    def decode(text: str) -> str:
        parse(text)
        return text

    return decode


def _size(name: str, default: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, VARCHAR, default, decode=_checked(DataSize.parse))


def _duration(name: str, default: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, VARCHAR, default, decode=_checked(Duration.parse))


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """Decoding of a word, in any case. Raises: ValueError as Trino words it."""

    def decode(text: str) -> str:
        if text.upper() not in names:
            raise ValueError(f"Invalid value [{text}]. Valid values: [{', '.join(names)}]")
        return text.upper()

    return decode


def _choice(name: str, default: str, values: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(
        name, f"{description} Possible values: [{values}]", VARCHAR, default, decode=one_of(values.split(", "))
    )


def _names(name: str, description: str) -> PropertyMetadata:
    return PropertyMetadata(name, description, ArrayType(VARCHAR), (), decode=lower_names(name))


_PROPERTIES: tuple[PropertyMetadata, ...] = (
    _plain(
        "bucket_execution_enabled",
        BOOLEAN,
        "true",
        "Enable bucket-aware execution: use physical bucketing information to optimize queries",
    ),
    _plain("collect_extended_statistics_on_write", BOOLEAN, "true", "Collect extended statistics during writes"),
    _choice(
        "compression_codec", "ZSTD", "NONE, SNAPPY, LZ4, ZSTD, GZIP", "Compression codec to use when writing files."
    ),
    _duration(
        "dynamic_filtering_wait_timeout",
        "1.00s",
        "Duration to wait for completion of dynamic filters during split generation",
    ),
    _duration("expire_snapshots_min_retention", "7.00d", "Minimal retention period for expire_snapshot procedure"),
    _plain(
        "extended_statistics_enabled", BOOLEAN, "true", "Enable collection (ANALYZE) and use of extended statistics."
    ),
    _plain(
        "file_based_conflict_detection_enabled",
        BOOLEAN,
        "true",
        "Enable file-based conflict detection: take partition information from the"
        " actual written files as a source for the conflict detection system",
    ),
    _size(
        "idle_writer_min_file_size",
        "16MB",
        "Minimum data written by a single partition writer before it can be consider as 'idle' and could be closed by"
        " the engine",
    ),
    _plain(
        "incremental_refresh_enabled",
        BOOLEAN,
        "true",
        "Enable Incremental refresh for MVs backed by Iceberg tables, when possible.",
    ),
    _plain("max_partitions_per_writer", INTEGER, "100", "Maximum number of partitions per writer"),
    _plain("merge_manifests_on_write", BOOLEAN, "true", "Compact manifest files when performing write operations"),
    _plain("minimum_assigned_split_weight", DOUBLE, "0.05", "Minimum assigned split weight"),
    _plain("orc_bloom_filters_enabled", BOOLEAN, "false", "ORC: Enable bloom filters for predicate pushdown"),
    _plain("orc_lazy_read_small_ranges", BOOLEAN, "true", "Experimental: ORC: Read small file segments lazily"),
    _size("orc_max_buffer_size", "8MB", "ORC: Maximum size of a single read"),
    _size("orc_max_merge_distance", "1MB", "ORC: Maximum size of gap between two reads to merge into a single read"),
    _size("orc_max_read_block_size", "16MB", "ORC: Soft max size of Trino blocks produced by ORC reader"),
    _plain("orc_nested_lazy_enabled", BOOLEAN, "true", "Experimental: ORC: Lazily read nested data"),
    _size("orc_stream_buffer_size", "8MB", "ORC: Size of buffer for streaming reads"),
    _size("orc_string_statistics_limit", "64B", "ORC: Maximum size of string statistics; drop if exceeding"),
    _size(
        "orc_tiny_stripe_threshold", "8MB", "ORC: Threshold below which an ORC stripe or file will read in its entirety"
    ),
    _size("orc_writer_max_dictionary_memory", "16MB", "ORC: Max dictionary memory"),
    _plain("orc_writer_max_row_group_rows", INTEGER, "10000", "ORC: Max number of rows in a row group"),
    _plain("orc_writer_max_stripe_rows", INTEGER, "10000000", "ORC: Max stripe row count"),
    _size("orc_writer_max_stripe_size", "64MB", "ORC: Max stripe size"),
    _size("orc_writer_min_stripe_size", "32MB", "ORC: Min stripe size"),
    _choice("orc_writer_validate_mode", "BOTH", "HASHED, DETAILED, BOTH", "ORC: Level of detail in ORC validation."),
    _plain(
        "orc_writer_validate_percentage",
        DOUBLE,
        "0.0",
        "ORC: Percentage of written files to validate by re-reading them",
    ),
    _plain(
        "parquet_ignore_statistics",
        BOOLEAN,
        "false",
        "Ignore statistics from Parquet to allow querying files with corrupted or incorrect statistics",
    ),
    _plain("parquet_max_read_block_row_count", INTEGER, "8192", "Parquet: Maximum number of rows read in a batch"),
    _size("parquet_max_read_block_size", "16MB", "Parquet: Maximum size of a block to read"),
    _size("parquet_small_file_threshold", "3MB", "Parquet: Size below which a parquet file will be read entirely"),
    _plain("parquet_use_bloom_filter", BOOLEAN, "true", "Use Parquet Bloom filters"),
    _plain(
        "parquet_vectorized_decoding_enabled",
        BOOLEAN,
        "true",
        "Enable using Java Vector API for faster decoding of parquet files",
    ),
    _plain(
        "parquet_writer_batch_size",
        INTEGER,
        "10000",
        "Parquet: Maximum number of rows passed to the writer in each batch",
    ),
    _size("parquet_writer_block_size", "128MB", "Parquet: Writer block size"),
    _size("parquet_writer_page_size", "1048576B", "Parquet: Writer page size"),
    _plain("parquet_writer_page_value_count", INTEGER, "60000", "Parquet: Writer page row count"),
    _plain("projection_pushdown_enabled", BOOLEAN, "true", "Read only required fields from a row type"),
    _plain("query_partition_filter_required", BOOLEAN, "false", "Require filter on partition column"),
    _names(
        "query_partition_filter_required_schemas", "List of schemas for which filter on partition column is enforced."
    ),
    _duration(
        "remove_orphan_files_min_retention", "7.00d", "Minimal retention period for remove_orphan_files procedure"
    ),
    _plain("sorted_writing_enabled", BOOLEAN, "true", "Enable sorted writing to tables with a specified sort order"),
    _plain("statistics_enabled", BOOLEAN, "true", "Expose table statistics"),
    _size("target_max_file_size", "1GB", "Target maximum size of written files; the actual size may be larger"),
    _plain("use_file_size_from_metadata", BOOLEAN, "true", "Use file size stored in Iceberg metadata"),
)


def _decoding(one: PropertyMetadata) -> Callable[[Any], Any]:
    check = _LIMITS.get(one.name)
    return one.decode if check is None else limited(one.name, check, one.decode)


def session_properties(config: IcebergConfig) -> Sequence[PropertyMetadata]:
    """With the defaults of a catalog."""
    defaults: dict[str, Any] = {
        "compression_codec": config.compression_codec.name,
        "target_max_file_size": str(config.target_max_file_size),
        "max_partitions_per_writer": config.max_partitions_per_writer,
        "statistics_enabled": config.table_statistics,
        "extended_statistics_enabled": config.extended_statistics,
        "collect_extended_statistics_on_write": config.collect_statistics,
        "expire_snapshots_min_retention": str(config.expire_snapshots_min_retention),
        "remove_orphan_files_min_retention": str(config.remove_orphan_files_min_retention),
        "query_partition_filter_required": config.partition_filter_required,
        "query_partition_filter_required_schemas": config.partition_filter_schemas,
        "sorted_writing_enabled": config.sorted_writing,
    }
    return [replace(one, default=defaults.get(one.name, one.default), decode=_decoding(one)) for one in _PROPERTIES]


def compression_codec(session: ConnectorSession) -> CompressionCodec:
    """Of written files."""
    return CompressionCodec[session.properties["compression_codec"]]


def target_max_file_size(session: ConnectorSession) -> DataSize:
    """Of written files."""
    return DataSize.parse(session.properties["target_max_file_size"])


def duration(session: ConnectorSession, name: str) -> Duration:
    """A duration property."""
    return Duration.parse(session.properties[name])


def flag(session: ConnectorSession, name: str) -> bool:
    """A boolean property."""
    return bool(session.properties[name])


def needs_partition_filter(session: ConnectorSession, schema: str) -> bool:
    """Scans of partitioned tables of a schema need a filter."""
    schemas = session.properties["query_partition_filter_required_schemas"]
    return flag(session, "query_partition_filter_required") and (not schemas or schema in schemas)
