"""The entry point `tpcds`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConfigurationError, ConnectorContext, load_group
from lodestar_server.spi.properties import ConfigGroup


class TpcdsConnectorFactory:
    """connector.name=tpcds."""

    name = "tpcds"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """One group."""
        from lodestar_server.plugins.connectors.tpcds.config import TpcdsConfig

        return (TpcdsConfig,)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.tpcds.config import NO_SEXISM, TpcdsConfig
        from lodestar_server.plugins.connectors.tpcds.connector import TpcdsConnector

        config = load_group(TpcdsConfig, properties)
        if config.with_no_sexism:
            raise ConfigurationError([("tpcds.with-no-sexism", NO_SEXISM)])
        root = Path(config.cache_directory) if config.cache_directory else context.data_dir / "cache"
        return TpcdsConnector(config, root)


FACTORY = TpcdsConnectorFactory()
