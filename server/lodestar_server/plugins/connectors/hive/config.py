"""Settings of a hive catalog: those with an effect here, and those that are accepted for the sake of old files."""

from __future__ import annotations

from enum import Enum
from typing import Any

from lodestar_server.plugins.connectors.hive.formats import StorageFormat
from lodestar_server.plugins.connectors.hive.types import TimestampPrecision
from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind
from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_SOURCE = "Trino: connector/hive"


class CompressionCodec(Enum):
    """Compression of written files."""

    NONE = "NONE"
    SNAPPY = "SNAPPY"
    LZ4 = "LZ4"
    ZSTD = "ZSTD"
    GZIP = "GZIP"


class ExistingPartitions(Enum):
    """What INSERT does with a partition that is there."""

    ERROR = "ERROR"
    OVERWRITE = "OVERWRITE"
    APPEND = "APPEND"


class HiveConfig(ConfigGroup):
    """What changes the connector's behaviour."""

    metastore: MetastoreKind = config("hive.metastore", default="THRIFT", doc="Kind of metastore", source=_SOURCE)
    allow_register_partition: bool = config(
        "hive.allow-register-partition-procedure",
        default="false",
        doc="system.register_partition may be called",
        source=_SOURCE,
    )
    security: str = config(
        "hive.security",
        default="allow-all",
        pattern="(?i)allow-all|read-only|file|sql-standard|system",
        doc="Access control of this catalog: allow-all and system leave it to the server's",
        source=_SOURCE,
    )
    storage_format: StorageFormat = config(
        "hive.storage-format", default="ORC", doc="Format of new tables", source=_SOURCE
    )
    compression_codec: CompressionCodec = config(
        "hive.compression-codec", default="GZIP", doc="Compression of written files", source=_SOURCE
    )
    timestamp_precision: TimestampPrecision = config(
        "hive.timestamp-precision", default="MILLISECONDS", doc="Fraction digits of timestamps", source=_SOURCE
    )
    insert_existing_partitions: ExistingPartitions | None = config(
        "hive.insert-existing-partitions-behavior",
        default=None,
        doc="What INSERT does with a partition that is there: APPEND, or ERROR when partitions are immutable",
        source=_SOURCE,
    )
    immutable_partitions: bool = config(
        "hive.immutable-partitions", default="false", doc="Nothing is added to what is there", source=_SOURCE
    )
    non_managed_writes: bool = config(
        "hive.non-managed-table-writes-enabled", default="false", doc="External tables may be written", source=_SOURCE
    )
    non_managed_creates: bool = config(
        "hive.non-managed-table-creates-enabled",
        default="true",
        doc="External tables may be created",
        source=_SOURCE,
    )
    max_partitions_per_scan: int = config(
        "hive.max-partitions-per-scan", default="1000000", minimum="1", doc="Most partitions of a scan", source=_SOURCE
    )
    max_partitions_per_writers: int = config(
        "hive.max-partitions-per-writers",
        default="100",
        minimum="1",
        doc="Most partitions that one writer has open",
        source=_SOURCE,
        legacy=("hive.max-partitions-per-writer",),
    )
    target_max_file_size: DataSize = config(
        "hive.target-max-file-size", default="1GB", doc="Size at which a writer begins a new file", source=_SOURCE
    )
    recursive_directories: bool = config(
        "hive.recursive-directories", default="false", doc="Files in directories below count", source=_SOURCE
    )
    ignore_absent_partitions: bool = config(
        "hive.ignore-absent-partitions", default="false", doc="A missing directory is empty", source=_SOURCE
    )
    table_statistics: bool = config(
        "hive.table-statistics-enabled", default="true", doc="The optimizer sees statistics", source=_SOURCE
    )
    collect_statistics: bool = config(
        "hive.collect-column-statistics-on-write", default="true", doc="Writing gathers statistics", source=_SOURCE
    )
    partition_statistics_sample: int = config(
        "hive.partition-statistics-sample-size",
        default="100",
        minimum="1",
        doc="Partitions from which statistics are estimated",
        source=_SOURCE,
    )
    partition_projection: bool = config(
        "hive.partition-projection-enabled",
        default="true",
        doc="Rules in a table's parameters may stand for its partitions",
        source=_SOURCE,
    )
    partition_filter_required: bool = config(
        "hive.query-partition-filter-required",
        default="false",
        doc="A scan of a partitioned table needs a filter on its partitions",
        source=_SOURCE,
    )
    partition_filter_schemas: tuple[str, ...] = config(
        "hive.query-partition-filter-required-schemas",
        default="",
        doc="Schemas for which it is so, all when empty",
        source=_SOURCE,
    )
    hive_views: bool = config(
        "hive.hive-views.enabled",
        default="false",
        doc="Views of Hive and Spark may be read",
        source=_SOURCE,
        legacy=("hive.translate-hive-views",),
    )
    hive_views_legacy: bool = config(
        "hive.hive-views.legacy-translation",
        default="false",
        doc="Their quotes are changed and nothing else, whatever the rest means",
        source=_SOURCE,
        legacy=("hive.legacy-hive-view-translation",),
    )
    hive_views_as_invoker: bool = config(
        "hive.hive-views.run-as-invoker",
        default="false",
        doc="They run with the rights of whoever asks, not of their owner",
        source=_SOURCE,
    )
    parquet_column_names: bool = config(
        "hive.parquet.use-column-names", default="true", doc="Parquet columns by name, else by place", source=_SOURCE
    )
    orc_column_names: bool = config(
        "hive.orc.use-column-names", default="false", doc="ORC columns by name, else by place", source=_SOURCE
    )
    auto_purge: bool = config("hive.auto-purge", default="false", doc="Default of auto_purge", source=_SOURCE)
    footer_cache_entries: int = config(
        "hive.footer-cache-entries", default="20000", minimum="0", doc="File footers kept in memory", source="Lodestar"
    )
    footer_readers: int = config(
        "hive.footer-readers", default="8", minimum="1", doc="Footers read at the same time", source="Lodestar"
    )

    @property
    def keeps_roles(self) -> bool:
        """Roles and privileges of the metastore count."""
        return self.security.lower() == "sql-standard"

    @property
    def existing_partitions(self) -> ExistingPartitions:
        """The default of the session property."""
        if self.insert_existing_partitions is not None:
            return self.insert_existing_partitions
        return ExistingPartitions.ERROR if self.immutable_partitions else ExistingPartitions.APPEND


_ACCEPTED: tuple[tuple[type, str], ...] = (
    (
        bool,
        "hive.respect-table-format=true hive.create-empty-bucket-files=false hive.validate-bucketing=true"
        " hive.bucket-execution=true hive.sorted-writing=true hive.parallel-partitioned-bucketed-writes=true"
        " hive.projection-pushdown-enabled=true hive.single-statement-writes=false"
        " hive.delete-schema-locations-fallback=false hive.temporary-staging-directory-enabled=true"
        " hive.size-based-split-weights-enabled=true hive.force-local-scheduling=false"
        " hive.orc.bloom-filters.enabled=false hive.metastore.disable-location-checks=false"
        ""
        ""
        " parquet.use-column-index=true parquet.use-bloom-filter=true parquet.ignore-statistics=false"
        " parquet.experimental.vectorized-decoding.enabled=true orc.lazy-read-small-ranges=true"
        " orc.nested-lazy=true fs.hadoop.enabled=false fs.cache.enabled=false",
    ),
    (
        int,
        "hive.max-outstanding-splits=3000 hive.max-partitions-for-eager-load=100000"
        " hive.max-partition-drops-per-query=100000 hive.split-loader-concurrency=64"
        " hive.domain-compaction-threshold=1000 hive.metadata.parallelism=8"
        ""
        " parquet.max-read-block-row-count=8192"
        " parquet.writer.batch-size=10000 parquet.writer.page-value-count=60000",
    ),
    (
        float,
        "hive.minimum-assigned-split-weight=0.05 orc.default-bloom-filter-fpp=0.05"
        " parquet.writer.validation-percentage=5",
    ),
    (
        DataSize,
        "hive.max-split-size=64MB hive.max-initial-split-size=32MB hive.max-outstanding-splits-size=256MB"
        " hive.idle-writer-min-file-size=16MB hive.parquet.max-split-size=120MB hive.text.max-line-length=100MB"
        " hive.per-transaction-file-status-cache.max-retained-size=100MB hive.file-status-cache.max-retained-size=1GB"
        " parquet.max-read-block-size=16MB parquet.small-file-threshold=3MB parquet.max-buffer-size=8MB"
        " parquet.max-merge-distance=1MB parquet.max-footer-read-size=15MB parquet.writer.block-size=128MB"
        " parquet.writer.row-group-size=128MB parquet.writer.page-size=1MB orc.max-merge-distance=1MB"
        " orc.max-buffer-size=8MB orc.stream-buffer-size=8MB orc.max-block-size=16MB orc.tiny-stripe-threshold=8MB",
    ),
    (
        Duration,
        "hive.dynamic-filtering.wait-timeout=0m hive.file-status-cache-expire-time=1m",
    ),
    (
        str,
        "hive.temporary-staging-directory-path=/tmp/presto-${USER} hive.rcfile.time-zone="
        " hive.orc.time-zone= hive.parquet.time-zone= hive.file-status-cache-tables="
        " hive.file-status-cache.excluded-tables= hive.max-splits-per-second="
        " hive.iceberg-catalog-name= hive.delta-lake-catalog-name= hive.hudi-catalog-name="
        " hive.metastore.version-compatibility=NOT_SUPPORTED"
        " hive.s3-glacier-filter=READ_ALL",
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
    return type("AcceptedHiveConfig", (ConfigGroup,), members)


AcceptedHiveConfig = _accepted()
