"""Settings of an iceberg catalog: those with an effect here, and those that are accepted for the sake of old files."""

from __future__ import annotations

from enum import Enum
from typing import Any

from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_SOURCE = "Trino: connector/iceberg"


class CatalogType(Enum):
    """Where tables are found."""

    TESTING_FILE_METASTORE = "TESTING_FILE_METASTORE"
    HIVE_METASTORE = "HIVE_METASTORE"
    GLUE = "GLUE"
    REST = "REST"
    JDBC = "JDBC"
    NESSIE = "NESSIE"
    SNOWFLAKE = "SNOWFLAKE"


class FileFormat(Enum):
    """Format of data files."""

    ORC = "ORC"
    PARQUET = "PARQUET"
    AVRO = "AVRO"


class CompressionCodec(Enum):
    """Compression of written files."""

    NONE = "NONE"
    SNAPPY = "SNAPPY"
    LZ4 = "LZ4"
    ZSTD = "ZSTD"
    GZIP = "GZIP"


class IcebergConfig(ConfigGroup):
    """What changes the connector's behaviour."""

    catalog_type: CatalogType = config(
        "iceberg.catalog.type",
        default="HIVE_METASTORE",
        doc="Where tables are found; so far 'TESTING_FILE_METASTORE', a metastore in files",
        source=_SOURCE,
    )
    security: str = config(
        "iceberg.security",
        default="allow-all",
        pattern="(?i)allow[-_]all|read[-_]only|file|system",
        doc="Access control of this catalog: allow_all and system leave it to the server's",
        source=_SOURCE,
    )
    file_format: FileFormat = config(
        "iceberg.file-format", default="PARQUET", doc="Format of new tables", source=_SOURCE
    )
    compression_codec: CompressionCodec = config(
        "iceberg.compression-codec", default="ZSTD", doc="Compression of written files", source=_SOURCE
    )
    format_version: int = config(
        "iceberg.format-version",
        default="2",
        minimum="1",
        maximum="2",
        doc="Version of the table format of new tables",
        source=_SOURCE,
    )
    max_commit_retry: int = config(
        "iceberg.max-commit-retry",
        default="4",
        minimum="0",
        doc="How often a commit that met another one is tried again",
        source=_SOURCE,
    )
    unique_table_location: bool = config(
        "iceberg.unique-table-location", default="true", doc="A new table never gets an old location", source=_SOURCE
    )
    max_partitions_per_writer: int = config(
        "iceberg.max-partitions-per-writer",
        default="100",
        minimum="1",
        doc="Most partitions that one writer has open",
        source=_SOURCE,
    )
    target_max_file_size: DataSize = config(
        "iceberg.target-max-file-size",
        default="1GB",
        doc="Size at which a writer begins a new file",
        source=_SOURCE,
    )
    table_statistics: bool = config(
        "iceberg.table-statistics-enabled", default="true", doc="The optimizer sees statistics", source=_SOURCE
    )
    extended_statistics: bool = config(
        "iceberg.extended-statistics.enabled",
        default="true",
        doc="ANALYZE is allowed and numbers of distinct values are used",
        source=_SOURCE,
    )
    collect_statistics: bool = config(
        "iceberg.extended-statistics.collect-on-write",
        default="true",
        doc="Writing counts distinct values",
        source=_SOURCE,
    )
    register_table: bool = config(
        "iceberg.register-table-procedure.enabled",
        default="false",
        doc="system.register_table may be called",
        source=_SOURCE,
    )
    add_files: bool = config(
        "iceberg.add-files-procedure.enabled", default="false", doc="add_files may be executed", source=_SOURCE
    )
    expire_snapshots_min_retention: Duration = config(
        "iceberg.expire-snapshots.min-retention",
        default="7d",
        doc="Snapshots younger than this cannot be expired",
        source=_SOURCE,
    )
    remove_orphan_files_min_retention: Duration = config(
        "iceberg.remove-orphan-files.min-retention",
        default="7d",
        doc="Files younger than this cannot be removed",
        source=_SOURCE,
    )
    partition_filter_required: bool = config(
        "iceberg.query-partition-filter-required",
        default="false",
        doc="A scan of a partitioned table needs a filter on a partition column",
        source=_SOURCE,
    )
    partition_filter_schemas: tuple[str, ...] = config(
        "iceberg.query-partition-filter-required-schemas",
        default="",
        doc="Schemas for which it is so, all when empty",
        source=_SOURCE,
    )
    allowed_extra_properties: tuple[str, ...] = config(
        "iceberg.allowed-extra-properties",
        default="",
        doc="Keys that extra_properties may have, '*' for all",
        source=_SOURCE,
    )
    object_store_layout: bool = config(
        "iceberg.object-store-layout.enabled",
        default="false",
        doc="Data files are spread over many prefixes",
        source=_SOURCE,
    )
    sorted_writing: bool = config(
        "iceberg.sorted-writing-enabled", default="true", doc="Files of sorted tables are sorted", source=_SOURCE
    )
    hide_storage_table: bool = config(
        "iceberg.materialized-views.hide-storage-table",
        default="true",
        doc="Storage of materialized views has no name of its own",
        source=_SOURCE,
    )
    metadata_cache_entries: int = config(
        "iceberg.lodestar.metadata-cache.max-entries",
        default="10000",
        minimum="0",
        doc="Metadata files, manifests and footers that are kept parsed",
        source="Lodestar",
    )
    footer_readers: int = config(
        "iceberg.lodestar.footer-readers",
        default="8",
        minimum="1",
        maximum="256",
        doc="Threads that read the footers of data files",
        source="Lodestar",
    )


_ACCEPTED: tuple[tuple[Any, str], ...] = (
    (
        bool,
        "iceberg.use-file-size-from-metadata=true iceberg.projection-pushdown-enabled=true"
        " iceberg.delete-schema-locations-fallback=false iceberg.incremental-refresh-enabled=true"
        " iceberg.metadata-cache.enabled=true iceberg.bucket-execution=true"
        " iceberg.file-based-conflict-detection=true iceberg.hive-catalog.locking-enabled=true"
        " fs.hadoop.enabled=false fs.cache.enabled=false hive.hide-delta-lake-tables=false",
    ),
    (
        int,
        "iceberg.split-manager-threads=4 iceberg.planning-threads=4 iceberg.metadata.parallelism=8"
        " iceberg.materialized-views.refresh-max-snapshots-to-expire=200 parquet.max-read-block-row-count=8192"
        " parquet.writer.batch-size=10000 parquet.writer.page-value-count=60000",
    ),
    (float, "iceberg.minimum-assigned-split-weight=0.05"),
    (
        DataSize,
        "iceberg.idle-writer-min-file-size=16MB fs.memory-cache.max-content-length=8MB parquet.writer.block-size=128MB"
        " parquet.writer.page-size=1MB parquet.small-file-threshold=3MB",
    ),
    (
        Duration,
        "iceberg.dynamic-filtering.wait-timeout=1s fs.memory-cache.ttl=1h"
        " iceberg.materialized-views.refresh-snapshot-retention-period=4h",
    ),
    (
        str,
        "iceberg.hive-catalog-name= iceberg.materialized-views.storage-schema= fs.memory-cache.max-size=",
    ),
)


def _accepted() -> type[ConfigGroup]:
    members: dict[str, Any] = {"__doc__": "Keys of Trino without effect here.", "__annotations__": {}}
    for kind, text in _ACCEPTED:
        for pair in text.split():
            key, _, default = pair.partition("=")
            name = key.replace(".", "_").replace("-", "_")
            members[name] = config(key, default=default or None, doc="Accepted; has no effect", source=_SOURCE)
            members["__annotations__"][name] = kind if default else kind | None
    return type("AcceptedIcebergConfig", (ConfigGroup,), members)


AcceptedIcebergConfig = _accepted()
