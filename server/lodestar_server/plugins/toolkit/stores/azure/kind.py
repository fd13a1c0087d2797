"""`fs.azure.enabled`."""

from __future__ import annotations

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.azure.config import AzureConfig
from lodestar_server.plugins.toolkit.stores.azure.locations import SCHEMES
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup


class AzureKind:
    """abfss:// and its relatives."""

    schemes: tuple[str, ...] = SCHEMES
    settings: tuple[type[ConfigGroup], ...] = (AzureConfig,)

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(AzureConfig)

    def open(self, error: ErrorCode) -> FileSystem | None:
        """None when it is switched off."""
        if self._config is None or not self._config.enabled:
            return None
        from lodestar_server.plugins.toolkit.stores.azure.accounts import AzureAccounts
        from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem

        return ObjectFileSystem(AzureAccounts(self._config).open, self.schemes, error)
