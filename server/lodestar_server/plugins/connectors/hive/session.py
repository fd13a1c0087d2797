"""Session properties of a hive catalog, as Trino 476 lists them; those that are used here have an accessor below.

Sizes and durations are kept as the text that the user wrote, so that SHOW SESSION gives it back; they are checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from lodestar_server.plugins.connectors.hive.config import CompressionCodec, ExistingPartitions, HiveConfig
from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.session_limits import (
    PARQUET_LIMITS,
    limited,
    lower_names,
    percentage,
    split_weight,
)
from lodestar_server.spi.properties import DataSize, Duration, PropertyMetadata
from lodestar_server.spi.session import ConnectorSession
from lodestar_server.spi.types import BOOLEAN, DOUBLE, INTEGER, VARCHAR, ArrayType, Type

_LIMITS = {
    **PARQUET_LIMITS,
    "minimum_assigned_split_weight": split_weight,
    "orc_optimized_writer_validate_percentage": percentage,
    "parquet_optimized_writer_validation_percentage": percentage,
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


def _existing_partitions(text: str) -> str:
    """Trino leaves this word to Java, and with it the message."""
    if text.upper() not in ("ERROR", "OVERWRITE", "APPEND"):
        enum = "io.trino.plugin.hive.HiveSessionProperties.InsertExistingPartitionsBehavior"
        raise ValueError(f"No enum constant {enum}.{text.upper()}")
    return text.upper()


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
    _plain(
        "collect_column_statistics_on_write",
        BOOLEAN,
        "true",
        "Enables automatic column level statistics collection on write",
    ),
    _choice(
        "compression_codec", "GZIP", "NONE, SNAPPY, LZ4, ZSTD, GZIP", "Compression codec to use when writing files."
    ),
    _plain("create_empty_bucket_files", BOOLEAN, "false", "Create empty files for buckets that have no data"),
    _duration(
        "dynamic_filtering_wait_timeout",
        "0.00m",
        "Duration to wait for completion of dynamic filters during split generation",
    ),
    _plain("force_local_scheduling", BOOLEAN, "false", "Only schedule splits on workers colocated with data node"),
    _choice(
        "hive_storage_format",
        "ORC",
        "ORC, PARQUET, AVRO, RCBINARY, RCTEXT, SEQUENCEFILE, JSON, OPENX_JSON, TEXTFILE, CSV, REGEX",
        "Default storage format for new tables or partitions.",
    ),
    _plain("hive_views_legacy_translation", BOOLEAN, "false", "Use legacy Hive view translation mechanism"),
    _size(
        "idle_writer_min_file_size",
        "16MB",
        "Minimum data written by a single partition writer before it can be consider as 'idle' and could be closed by"
        " the engine",
    ),
    _plain(
        "ignore_absent_partitions",
        BOOLEAN,
        "false",
        "Ignore partitions when the file system location does not exist rather than failing the query.",
    ),
    _plain(
        "ignore_corrupted_statistics", BOOLEAN, "false", "Experimental: Ignore corrupted statistics rather than failing"
    ),
    _plain(
        "minimum_assigned_split_weight",
        DOUBLE,
        "0.05",
        "Minimum assigned split weight when size based split weighting is enabled",
    ),
    _plain("non_transactional_optimize_enabled", BOOLEAN, "false", "Enable OPTIMIZE table procedure"),
    _plain(
        "optimize_mismatched_bucket_count",
        BOOLEAN,
        "true",
        "Experimental: Enable optimization to avoid shuffle when bucket count is compatible but not the same",
    ),
    _plain("orc_bloom_filters_enabled", BOOLEAN, "false", "ORC: Enable bloom filters for predicate pushdown"),
    _plain("orc_lazy_read_small_ranges", BOOLEAN, "true", "Experimental: ORC: Read small file segments lazily"),
    _size("orc_max_buffer_size", "8MB", "ORC: Maximum size of a single read"),
    _size("orc_max_merge_distance", "1MB", "ORC: Maximum size of gap between two reads to merge into a single read"),
    _size("orc_max_read_block_size", "16MB", "ORC: Soft max size of Trino blocks produced by ORC reader"),
    _plain("orc_nested_lazy_enabled", BOOLEAN, "true", "Experimental: ORC: Lazily read nested data"),
    _size("orc_optimized_writer_max_dictionary_memory", "16MB", "ORC: Max dictionary memory"),
    _plain("orc_optimized_writer_max_stripe_rows", INTEGER, "10000000", "ORC: Max stripe row count"),
    _size("orc_optimized_writer_max_stripe_size", "64MB", "ORC: Max stripe size"),
    _size("orc_optimized_writer_min_stripe_size", "32MB", "ORC: Min stripe size"),
    _plain("orc_optimized_writer_validate", BOOLEAN, "false", "ORC: Force all validation for files"),
    _choice(
        "orc_optimized_writer_validate_mode",
        "BOTH",
        "HASHED, DETAILED, BOTH",
        "ORC: Level of detail in ORC validation.",
    ),
    _plain(
        "orc_optimized_writer_validate_percentage", DOUBLE, "0.0", "ORC: sample percentage for validation for files"
    ),
    _size("orc_stream_buffer_size", "8MB", "ORC: Size of buffer for streaming reads"),
    _size("orc_string_statistics_limit", "64B", "ORC: Maximum size of string statistics; drop if exceeding"),
    _size(
        "orc_tiny_stripe_threshold", "8MB", "ORC: Threshold below which an ORC stripe or file will read in its entirety"
    ),
    _plain("orc_use_column_names", BOOLEAN, "false", "ORC: Access ORC columns using names from the file"),
    _plain(
        "parallel_partitioned_bucketed_writes",
        BOOLEAN,
        "true",
        "Improve parallelism of partitioned and bucketed table writes",
    ),
    _plain(
        "parquet_ignore_statistics",
        BOOLEAN,
        "false",
        "Ignore statistics from Parquet to allow querying files with corrupted or incorrect statistics",
    ),
    _plain("parquet_max_read_block_row_count", INTEGER, "8192", "Parquet: Maximum number of rows read in a batch"),
    _size("parquet_max_read_block_size", "16MB", "Parquet: Maximum size of a block to read"),
    _plain(
        "parquet_optimized_writer_validation_percentage",
        DOUBLE,
        "5.0",
        "Parquet: sample percentage for validation of written files",
    ),
    _size("parquet_small_file_threshold", "3MB", "Parquet: Size below which a parquet file will be read entirely"),
    _plain("parquet_use_bloom_filter", BOOLEAN, "true", "Use Parquet Bloom filters"),
    _plain("parquet_use_column_index", BOOLEAN, "true", "Use Parquet column index"),
    _plain("parquet_use_column_names", BOOLEAN, "true", "Parquet: Access Parquet columns using names from the file"),
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
    _plain(
        "partition_statistics_sample_size", INTEGER, "100", "Maximum sample size of the partitions column statistics"
    ),
    _plain("projection_pushdown_enabled", BOOLEAN, "true", "Read only required fields from a row type"),
    _plain(
        "propagate_table_scan_sorting_properties",
        BOOLEAN,
        "false",
        "Use sorted table layout to generate more efficient execution plans. May lead to incorrect results if files"
        " are not sorted as per table definition.",
    ),
    _plain("query_partition_filter_required", BOOLEAN, "false", "Require filter on partition column"),
    _names(
        "query_partition_filter_required_schemas", "List of schemas for which filter on partition column is enforced."
    ),
    _plain("rcfile_optimized_writer_validate", BOOLEAN, "false", "RCFile: Validate writer files"),
    _plain(
        "respect_table_format",
        BOOLEAN,
        "true",
        "Write new partitions using table format rather than default storage format",
    ),
    _plain(
        "size_based_split_weights_enabled", BOOLEAN, "true", "Enable estimating split weights based on size in bytes"
    ),
    _plain("sorted_writing_enabled", BOOLEAN, "true", "Enable writing to bucketed sorted tables"),
    _plain("statistics_enabled", BOOLEAN, "true", "Expose table statistics"),
    _size("target_max_file_size", "1GB", "Target maximum size of written files; the actual size may be larger"),
    _choice(
        "timestamp_precision",
        "MILLISECONDS",
        "MILLISECONDS, MICROSECONDS, NANOSECONDS",
        "Precision for timestamp columns in Hive tables.",
    ),
    _plain("validate_bucketing", BOOLEAN, "true", "Verify that data is bucketed correctly when reading"),
    PropertyMetadata(
        "insert_existing_partitions_behavior",
        "Behavior on insert existing partitions; this session property doesn't control behavior on insert existing"
        " unpartitioned table",
        VARCHAR,
        "APPEND",
        decode=_existing_partitions,
    ),
    PropertyMetadata("max_split_size", "Max split size", VARCHAR, "64MB", hidden=True, decode=_checked(DataSize.parse)),
    PropertyMetadata(
        "max_initial_split_size",
        "Max initial split size",
        VARCHAR,
        "32MB",
        hidden=True,
        decode=_checked(DataSize.parse),
    ),
)


def _decoding(one: PropertyMetadata) -> Callable[[Any], Any]:
    check = _LIMITS.get(one.name)
    return one.decode if check is None else limited(one.name, check, one.decode)


def session_properties(config: HiveConfig) -> Sequence[PropertyMetadata]:
    """With the defaults of a catalog."""
    defaults: dict[str, Any] = {
        "compression_codec": config.compression_codec.name,
        "hive_storage_format": config.storage_format.name,
        "timestamp_precision": config.timestamp_precision.name,
        "insert_existing_partitions_behavior": config.existing_partitions.name,
        "target_max_file_size": str(config.target_max_file_size),
        "statistics_enabled": config.table_statistics,
        "collect_column_statistics_on_write": config.collect_statistics,
        "partition_statistics_sample_size": config.partition_statistics_sample,
        "query_partition_filter_required": config.partition_filter_required,
        "query_partition_filter_required_schemas": config.partition_filter_schemas,
        "parquet_use_column_names": config.parquet_column_names,
        "orc_use_column_names": config.orc_column_names,
        "ignore_absent_partitions": config.ignore_absent_partitions,
        "hive_views_legacy_translation": config.hive_views_legacy,
    }
    return [
        PropertyMetadata(
            one.name,
            one.description,
            one.type,
            defaults.get(one.name, one.default),
            one.hidden,
            _decoding(one),
            one.encode,
        )
        for one in _PROPERTIES
    ]


def _enum(session: ConnectorSession, name: str, kind: type[Enum]) -> Any:
    return kind[session.properties[name]]


def compression_codec(session: ConnectorSession) -> CompressionCodec:
    """Of written files."""
    found: CompressionCodec = _enum(session, "compression_codec", CompressionCodec)
    return found


def storage_format(session: ConnectorSession) -> StorageFormat:
    """Of new tables."""
    found: StorageFormat = _enum(session, "hive_storage_format", StorageFormat)
    return found


def timestamp_precision(session: ConnectorSession) -> TimestampPrecision:
    """Of timestamp columns."""
    found: TimestampPrecision = _enum(session, "timestamp_precision", TimestampPrecision)
    return found


def existing_partitions(session: ConnectorSession) -> ExistingPartitions:
    """What INSERT does with them."""
    found: ExistingPartitions = _enum(session, "insert_existing_partitions_behavior", ExistingPartitions)
    return found


def target_max_file_size(session: ConnectorSession) -> DataSize:
    """Of written files."""
    return DataSize.parse(session.properties["target_max_file_size"])


def flag(session: ConnectorSession, name: str) -> bool:
    """A boolean property."""
    return bool(session.properties[name])
