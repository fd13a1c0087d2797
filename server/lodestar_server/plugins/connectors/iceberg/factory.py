"""The entry point `iceberg`."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext
from lodestar_server.spi.properties import ConfigGroup


class IcebergConnectorFactory:
    """connector.name=iceberg."""

    name = "iceberg"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """Of Iceberg, its catalog, the stores below and its access control."""
        from lodestar_server.plugins.connectors.iceberg.catalogs import opening as catalogs
        from lodestar_server.plugins.connectors.iceberg.config import AcceptedIcebergConfig, IcebergConfig
        from lodestar_server.plugins.toolkit.security import opening as security
        from lodestar_server.plugins.toolkit.stores import opening as stores

        return (IcebergConfig, AcceptedIcebergConfig, *catalogs.SETTINGS, *stores.SETTINGS, *security.SETTINGS)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.iceberg.catalogs.opening import catalog_opener
        from lodestar_server.plugins.connectors.iceberg.config import AcceptedIcebergConfig, CatalogType, IcebergConfig
        from lodestar_server.plugins.connectors.iceberg.connector import IcebergConnector
        from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_FILESYSTEM_ERROR
        from lodestar_server.plugins.toolkit.by_identity import open_for_identities
        from lodestar_server.plugins.toolkit.files import FileSystem
        from lodestar_server.plugins.toolkit.metastore.opening import MetastoreOpener
        from lodestar_server.plugins.toolkit.reading import CatalogReading
        from lodestar_server.plugins.toolkit.security.opening import catalog_security
        from lodestar_server.plugins.toolkit.stores.opening import StoreOpener
        from lodestar_server.spi.session import Identity

        reading = CatalogReading(properties)
        config = reading.group(IcebergConfig)
        reading.group(AcceptedIcebergConfig)
        stores = StoreOpener(reading)
        chosen = CatalogType.HIVE_METASTORE if config is None else config.catalog_type
        catalogs = catalog_opener(reading, chosen, stores)
        if config is not None and config.register_table and catalogs is not None and catalogs.lends_keys:
            reading.fault(
                None, "Using the `register_table` procedure with vended credentials is currently not supported"
            )
        security = catalog_security(reading, "allow-all" if config is None else config.security)
        reading.finish()
        assert config is not None and catalogs is not None
        metastores = catalogs if isinstance(catalogs, MetastoreOpener) else None

        def make(files: FileSystem, own: FileSystem | None) -> Connector:
            opened = catalogs.open(files) if metastores is None else metastores.open(files, own)
            return IcebergConnector(files, opened, config, context.catalog, security)

        keeper = Identity("") if metastores is None else metastores.user
        return open_for_identities(stores, ICEBERG_FILESYSTEM_ERROR, keeper, make)


FACTORY = IcebergConnectorFactory()
