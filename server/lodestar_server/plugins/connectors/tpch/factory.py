"""The entry point `tpch`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext, load_group
from lodestar_server.spi.properties import ConfigGroup


class TpchConnectorFactory:
    """connector.name=tpch."""

    name = "tpch"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """One group."""
        from lodestar_server.plugins.connectors.tpch.config import TpchConfig

        return (TpchConfig,)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.tpch.config import TpchConfig
        from lodestar_server.plugins.connectors.tpch.connector import TpchConnector

        config = load_group(TpchConfig, properties)
        root = Path(config.cache_directory) if config.cache_directory else context.data_dir / "cache"
        return TpchConnector(config, root)


FACTORY = TpchConnectorFactory()
