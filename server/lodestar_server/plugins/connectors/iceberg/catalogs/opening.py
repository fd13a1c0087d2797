"""Which catalog a connector asks: a metastore, or one of Iceberg's own kinds."""

from __future__ import annotations

from typing import Protocol

from lodestar_server.plugins.connectors.iceberg.catalogs.interface import Catalog
from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_config import JdbcCatalogConfig
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_config import RestCatalogConfig
from lodestar_server.plugins.connectors.iceberg.config import CatalogType
from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.metastore.opening import SETTINGS as METASTORE_SETTINGS
from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind, MetastoreOpener
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.spi.properties import ConfigGroup

_KEY = "iceberg.catalog.type"
_METASTORES = {
    CatalogType.TESTING_FILE_METASTORE: MetastoreKind.FILE,
    CatalogType.HIVE_METASTORE: MetastoreKind.THRIFT,
    CatalogType.GLUE: MetastoreKind.GLUE,
}

SETTINGS: tuple[type[ConfigGroup], ...] = (JdbcCatalogConfig, RestCatalogConfig, *METASTORE_SETTINGS)


class CatalogOpener(Protocol):
    """Its settings are read; `open` makes the catalog once every setting is known to be right."""

    def open(self, files: FileSystem) -> Catalog: ...


def catalog_opener(reading: CatalogReading, kind: CatalogType) -> CatalogOpener | None:
    """None, and a fault, for a kind that is not supported."""
    if kind in _METASTORES:
        return MetastoreOpener(reading, _METASTORES[kind])
    if kind is CatalogType.JDBC:
        return JdbcOpener(reading)
    if kind is CatalogType.REST:
        return RestOpener(reading)
    reading.fault(_KEY, f"catalog type '{kind.name}' is not supported yet")
    return None


class JdbcOpener:
    """`iceberg.catalog.type=jdbc`."""

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(JdbcCatalogConfig)
        if self._config is None:
            return
        needed = {
            "iceberg.jdbc-catalog.connection-url": self._config.url,
            "iceberg.jdbc-catalog.catalog-name": self._config.catalog_name,
            "iceberg.jdbc-catalog.default-warehouse-dir": self._config.warehouse,
        }
        for key, value in needed.items():
            if not value:
                reading.fault(None, f"Invalid configuration property {key}: must not be empty")
        if self._config.url:
            from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_urls import engine_url

            try:
                engine_url(self._config.url, None, None)
            except ValueError as fault:
                reading.fault("iceberg.jdbc-catalog.connection-url", str(fault))

    def open(self, files: FileSystem) -> Catalog:
        """The database is asked at the first statement."""
        from sqlalchemy import create_engine

        from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc import JdbcCatalog
        from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_urls import engine_url
        from lodestar_server.plugins.connectors.iceberg.catalogs.jdbc_views import JdbcViews

        config = self._config
        assert config is not None and config.url and config.catalog_name and config.warehouse
        engine = create_engine(engine_url(config.url, config.user, config.password), pool_pre_ping=True)
        catalog = JdbcCatalog(engine, config.catalog_name, config.warehouse, config.schema_version)
        catalog.views = JdbcViews(catalog, files)
        return catalog


class RestOpener:
    """`iceberg.catalog.type=rest`."""

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(RestCatalogConfig)
        if self._config is not None:
            for message in self._config.faults():
                reading.fault(None, message)

    def open(self, files: FileSystem) -> Catalog:
        """The service is asked at the first statement."""
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest import RestCatalog
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import RestRequests

        assert self._config is not None
        config = self._config
        return RestCatalog(RestRequests(config), nested=config.nested_namespaces, views=config.view_endpoints)
