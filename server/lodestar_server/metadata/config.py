"""Settings of catalogs and transactions."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, Duration, config


class CatalogManagement(Enum):
    """Whether SQL may create and drop catalogs."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class CatalogStoreKind(Enum):
    """Where dynamic catalogs are remembered."""

    FILE = "FILE"
    MEMORY = "MEMORY"


class CatalogConfig(ConfigGroup):
    """Which catalogs there are."""

    management: CatalogManagement = config(
        "catalog.management",
        default="STATIC",
        doc="Whether CREATE CATALOG and DROP CATALOG are allowed",
        source="Trino: admin/properties-catalog",
    )
    store: CatalogStoreKind = config(
        "catalog.store",
        default="FILE",
        doc="Where catalogs made by CREATE CATALOG are kept: file (catalog.config-dir) or memory",
        source="Trino: admin/properties-catalog",
    )
    config_dir: str = config(
        "catalog.config-dir",
        default="etc/catalog/",
        doc="Directory of the catalog properties files",
        source="Trino: admin/properties-catalog",
    )
    disabled_catalogs: tuple[str, ...] = config(
        "catalog.disabled-catalogs",
        default="",
        doc="Catalogs of the directory that are not loaded",
        source="Trino: admin/properties-catalog",
    )
    read_only: bool = config(
        "catalog.read-only",
        default="false",
        doc="Catalogs that are created or dropped while the file store is read-only last until the restart",
        source="Trino: admin/properties-catalog",
    )


class TransactionConfig(ConfigGroup):
    """Explicit transactions."""

    idle_timeout: Duration = config(
        "transaction.idle-timeout",
        default="5m",
        minimum="1ms",
        doc="An explicit transaction without a statement for so long is rolled back",
        source="Trino: TransactionManagerConfig",
    )
    idle_check_interval: Duration = config(
        "transaction.idle-check-interval",
        default="1m",
        minimum="1ms",
        doc="How often idle transactions are looked for",
        source="Trino: TransactionManagerConfig",
    )
