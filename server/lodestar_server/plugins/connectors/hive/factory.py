"""The entry point `hive`."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext
from lodestar_server.spi.properties import ConfigGroup


class HiveConnectorFactory:
    """connector.name=hive."""

    name = "hive"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """Of Hive, its metastore, the stores below and its access control."""
        from lodestar_server.plugins.connectors.hive.config import AcceptedHiveConfig, HiveConfig
        from lodestar_server.plugins.toolkit.metastore import opening as metastores
        from lodestar_server.plugins.toolkit.security import opening as security
        from lodestar_server.plugins.toolkit.stores import opening as stores

        return (HiveConfig, AcceptedHiveConfig, *metastores.SETTINGS, *stores.SETTINGS, *security.SETTINGS)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.hive.config import AcceptedHiveConfig, HiveConfig
        from lodestar_server.plugins.connectors.hive.connector import HiveConnector
        from lodestar_server.plugins.connectors.hive.security.system_tables import HiveFileRules
        from lodestar_server.plugins.toolkit.by_identity import open_for_identities
        from lodestar_server.plugins.toolkit.files import FileSystem
        from lodestar_server.plugins.toolkit.metastore.errors import HIVE_FILESYSTEM_ERROR
        from lodestar_server.plugins.toolkit.metastore.opening import MetastoreKind, MetastoreOpener
        from lodestar_server.plugins.toolkit.reading import CatalogReading
        from lodestar_server.plugins.toolkit.security.opening import catalog_security
        from lodestar_server.plugins.toolkit.stores.opening import StoreOpener

        reading = CatalogReading(properties)
        config = reading.group(HiveConfig)
        reading.group(AcceptedHiveConfig)
        stores = StoreOpener(reading)
        kind = MetastoreKind.THRIFT if config is None else config.metastore
        metastores = MetastoreOpener(reading, kind)
        security = catalog_security(reading, "allow-all" if config is None else config.security, HiveFileRules)
        reading.finish()
        assert config is not None

        def make(files: FileSystem, own: FileSystem | None) -> Connector:
            return HiveConnector(files, metastores.open(files, own), config, context.catalog, security)

        return open_for_identities(stores, HIVE_FILESYSTEM_ERROR, metastores.user, make)


FACTORY = HiveConnectorFactory()
