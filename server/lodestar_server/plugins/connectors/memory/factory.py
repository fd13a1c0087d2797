"""The entry point `memory`."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext, load_group
from lodestar_server.spi.properties import ConfigGroup


class MemoryConnectorFactory:
    """connector.name=memory."""

    name = "memory"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """One group."""
        from lodestar_server.plugins.connectors.memory.config import MemoryConfig

        return (MemoryConfig,)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.memory.config import MemoryConfig
        from lodestar_server.plugins.connectors.memory.connector import MemoryConnector

        return MemoryConnector(load_group(MemoryConfig, properties))


FACTORY = MemoryConnectorFactory()
