"""The entry point `jmx`."""

from __future__ import annotations

from collections.abc import Mapping

from lodestar_server.spi.connector import Connector
from lodestar_server.spi.plugin import ConnectorContext, load_group
from lodestar_server.spi.properties import ConfigGroup


class JmxConnectorFactory:
    """connector.name=jmx."""

    name = "jmx"

    def settings(self) -> tuple[type[ConfigGroup], ...]:
        """One group."""
        from lodestar_server.plugins.connectors.jmx.config import JmxConfig

        return (JmxConfig,)

    def create(self, context: ConnectorContext, properties: Mapping[str, str]) -> Connector:
        """Raises: ConfigurationError."""
        from lodestar_server.plugins.connectors.jmx.config import JmxConfig
        from lodestar_server.plugins.connectors.jmx.connector import JmxConnector

        return JmxConnector(context, load_group(JmxConfig, properties))


FACTORY = JmxConnectorFactory()
