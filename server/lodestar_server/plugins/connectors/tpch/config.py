"""Settings of a tpch catalog."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, DataSize, config

_SOURCE = "Trino: connector/tpch"


class ColumnNaming(Enum):
    """`orderkey` or `o_orderkey`."""

    SIMPLIFIED = "SIMPLIFIED"
    STANDARD = "STANDARD"


class DoubleTypeMapping(Enum):
    """The type of prices and amounts."""

    DOUBLE = "DOUBLE"
    DECIMAL = "DECIMAL"


class TpchConfig(ConfigGroup):
    """What Trino's connector has, and the cache of generated data."""

    column_naming: ColumnNaming = config(
        "tpch.column-naming",
        default="SIMPLIFIED",
        doc="Column names without or with the table's prefix",
        source=_SOURCE,
    )
    double_type_mapping: DoubleTypeMapping = config(
        "tpch.double-type-mapping", default="DOUBLE", doc="double, or decimal(12,2), for amounts", source=_SOURCE
    )
    splits_per_node: int | None = config(
        "tpch.splits-per-node", default=None, minimum="1", doc="Pieces in which a large table is made", source=_SOURCE
    )
    partitioning_enabled: bool = config(
        "tpch.partitioning-enabled", default="true", doc="Accepted; tables are never partitioned here", source=_SOURCE
    )
    predicate_pushdown_enabled: bool = config(
        "tpch.predicate-pushdown-enabled", default="true", doc="Accepted; the kernel filters", source=_SOURCE
    )
    produce_pages: bool = config(
        "tpch.produce-pages", default="false", doc="Accepted; rows always come as pages", source=_SOURCE
    )
    max_rows_per_page: int = config(
        "tpch.max-rows-per-page", default="1000000", minimum="1", doc="Accepted; has no effect", source=_SOURCE
    )
    scan_redirection_catalog: str | None = config(
        "tpch.table-scan-redirection-catalog", default=None, doc="Accepted; has no effect", source=_SOURCE
    )
    scan_redirection_schema: str | None = config(
        "tpch.table-scan-redirection-schema", default=None, doc="Accepted; has no effect", source=_SOURCE
    )
    cache_directory: str | None = config(
        "tpch.cache.directory",
        default=None,
        doc="Where generated tables are kept as Parquet; the catalog's data directory when unset",
        source="Lodestar",
    )
    cache_max_size: DataSize = config(
        "tpch.cache.max-size",
        default="10GB",
        doc="Most that generated tables may take on disk; a table of more than half of it is made anew for each scan",
        source="Lodestar",
    )
