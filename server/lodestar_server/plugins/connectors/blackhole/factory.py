"""The entry point `blackhole`."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext, load_group
from lodestar_server.spi.properties import ConfigGroup


class BlackholeConnectorFactory:
    """connector.name=blackhole."""

    name = "blackhole"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """There is nothing to set."""
        return ()

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """There is nothing to set. Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.blackhole.connector import BlackholeConnector

        load_group(ConfigGroup, properties)
        return BlackholeConnector()


FACTORY = BlackholeConnectorFactory()
