"""`fs.gcs.enabled`."""

from __future__ import annotations

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.gcs.config import GcsConfig
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup


class GcsKind:
    """gs://."""

    schemes: tuple[str, ...] = ("gs",)
    settings: tuple[type[ConfigGroup], ...] = (GcsConfig,)

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(GcsConfig)

    def open(self, error: ErrorCode) -> FileSystem | None:
        """None when it is switched off."""
        if self._config is None or not self._config.enabled:
            return None
        from lodestar_server.plugins.toolkit.stores.gcs.service import GcsService
        from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem

        return ObjectFileSystem(GcsService(self._config).open, self.schemes, error)
