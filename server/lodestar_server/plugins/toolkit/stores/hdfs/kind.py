"""`fs.hadoop.enabled`."""

from __future__ import annotations

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.hdfs.config import HdfsConfig
from lodestar_server.spi.errors import ErrorCode, LodestarError
from lodestar_server.spi.properties import ConfigGroup


class HdfsKind:
    """hdfs:// and viewfs://."""

    schemes: tuple[str, ...] = ("hdfs", "viewfs")
    settings: tuple[type[ConfigGroup], ...] = (HdfsConfig,)

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(HdfsConfig)

    def open(self, error: ErrorCode) -> FileSystem | None:
        """None when it is switched off. Raises the given code for Hadoop's files that cannot be read."""
        if self._config is None or not self._config.enabled:
            return None
        from lodestar_server.plugins.toolkit.stores.hdfs.clusters import HdfsClusters
        from lodestar_server.plugins.toolkit.stores.hdfs.files import HdfsFileSystem

        try:
            clusters = HdfsClusters(self._config)
        except ValueError as fault:
            raise LodestarError(error, str(fault)) from None
        return HdfsFileSystem(clusters, self._config, error)
