"""Settings of the cache of metadata."""

from __future__ import annotations

from lodestar_server.spi.properties import ConfigGroup, Duration, config

_SOURCE = "Trino: object-storage/metastores"
DEFAULT_STATISTICS_TTL = Duration.parse("5m")


class MetastoreCacheConfig(ConfigGroup):
    """What is kept of a metastore's answers, and how long."""

    ttl: Duration = config(
        "hive.metastore-cache-ttl", default="0s", doc="How long metadata is kept, 0s for not at all", source=_SOURCE
    )
    statistics_ttl: Duration | None = config(
        "hive.metastore-stats-cache-ttl",
        default=None,
        doc="How long statistics are kept; as long as metadata and at least 5m when it is not set",
        source=_SOURCE,
    )
    refresh_interval: Duration | None = config(
        "hive.metastore-refresh-interval",
        default=None,
        minimum="1ms",
        doc="Metadata older than this is asked for again behind the back of who sees it once more",
        source=_SOURCE,
    )
    maximum_size: int = config(
        "hive.metastore-cache-maximum-size",
        default="20000",
        minimum="1",
        doc="Most answers of each kind that are kept",
        source=_SOURCE,
    )
    refresh_threads: int = config(
        "hive.metastore-refresh-max-threads",
        default="10",
        minimum="1",
        doc="Most questions at a time to refresh what is kept",
        source=_SOURCE,
    )
    partitions: bool = config(
        "hive.metastore-cache.cache-partitions", default="true", doc="Partitions are kept too", source=_SOURCE
    )
    missing: bool = config(
        "hive.metastore-cache.cache-missing",
        default="true",
        doc="That a schema or table is not there is kept too",
        source=_SOURCE,
    )
    missing_partitions: bool = config(
        "hive.metastore-cache.cache-missing-partitions",
        default="false",
        doc="That a partition is not there is kept too",
        source=_SOURCE,
    )
    missing_statistics: bool = config(
        "hive.metastore-cache.cache-missing-stats",
        default="false",
        doc="That there are no statistics is kept too",
        source=_SOURCE,
    )
    per_transaction_size: int = config(
        "hive.per-transaction-metastore-cache-maximum-size",
        default="1000",
        minimum="1",
        doc="Accepted; a transaction keeps all that it has seen",
        source=_SOURCE,
    )
    user_ttl: Duration = config(
        "hive.user-metastore-cache-ttl",
        default="0s",
        doc="Accepted; it is about impersonation, which is refused so far",
        source=_SOURCE,
    )
    user_size: int = config(
        "hive.user-metastore-cache-maximum-size",
        default="1000",
        doc="Accepted; it is about impersonation, which is refused so far",
        source=_SOURCE,
    )

    @property
    def effective_statistics_ttl(self) -> float:
        """In seconds."""
        if self.statistics_ttl is not None:
            return self.statistics_ttl
        return max(self.ttl, DEFAULT_STATISTICS_TTL)
