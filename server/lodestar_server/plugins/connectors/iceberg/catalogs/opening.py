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
from lodestar_server.plugins.toolkit.stores.opening import StoreOpener
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings
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

    @property
    def lends_keys(self) -> bool:
        """Files of a table are asked for with keys that come with it."""
        ...

    def open(self, files: FileSystem) -> Catalog: ...


def catalog_opener(reading: CatalogReading, kind: CatalogType, stores: StoreOpener) -> CatalogOpener | None:
    """None, and a fault, for a kind that is not supported. `stores`: are not open yet."""
    if kind in _METASTORES:
        return _Metastores(reading, _METASTORES[kind])
    if kind is CatalogType.JDBC:
        return JdbcOpener(reading)
    if kind is CatalogType.REST:
        return RestOpener(reading, stores)
    reading.fault(_KEY, f"catalog type '{kind.name}' is not supported yet")
    return None


class _Metastores(MetastoreOpener):
    """Metastores have no keys for files."""

    lends_keys = False


class JdbcOpener:
    """`iceberg.catalog.type=jdbc`."""

    lends_keys = False

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

    def __init__(self, reading: CatalogReading, stores: StoreOpener) -> None:
        self._config = reading.group(RestCatalogConfig)
        self._s3 = reading.group(S3Settings)
        self._lent = LentAccounts()
        self.lends_keys = self._config is not None and self._config.vended_credentials
        if self._config is None:
            return
        for message in self._config.faults():
            reading.fault(None, message)
        if self._config.signs and self._s3 is not None and not self._s3.region:
            reading.fault("s3.region", "must be set: requests to the REST catalog are signed for it")
        if self.lends_keys:
            stores.lend(self._lent)

    def open(self, files: FileSystem) -> Catalog:
        """The service is asked at the first statement."""
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest import RestCatalog
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest_lending import RestLending
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest_names import RestNames
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest_requests import RestRequests
        from lodestar_server.plugins.connectors.iceberg.catalogs.rest_signing import RequestSigner

        assert self._config is not None and self._s3 is not None
        config = self._config
        signer = RequestSigner(self._s3, config.signing_name) if config.signs else None
        names = RestNames(
            nested=config.nested_namespaces, case_ttl=config.case_insensitive_ttl if config.case_insensitive else None
        )
        return RestCatalog(
            RestRequests(config, signer),
            names,
            views=config.view_endpoints,
            lending=RestLending(self._lent) if self.lends_keys else None,
        )
