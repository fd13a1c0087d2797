"""Which metastore a catalog asks: one opener behind each kind."""

from __future__ import annotations

import logging
from enum import Enum

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.metastore.caching.config import MetastoreCacheConfig
from lodestar_server.plugins.toolkit.metastore.caching.metastore import CachingMetastore
from lodestar_server.plugins.toolkit.metastore.glue.config import GlueConfig
from lodestar_server.plugins.toolkit.metastore.interface import Metastore
from lodestar_server.plugins.toolkit.metastore.thrift.config import ThriftConfig
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.routed import FilesByPlace
from lodestar_server.spi.properties import ConfigGroup, config
from lodestar_server.spi.session import Identity

_log = logging.getLogger(__name__)
LOCKING = "iceberg.hive-catalog.locking-enabled"


class MetastoreKind(Enum):
    """Where metadata is."""

    THRIFT = "THRIFT"
    GLUE = "GLUE"
    FILE = "FILE"


class FileMetastoreConfig(ConfigGroup):
    """A metastore in files."""

    catalog_dir: str | None = config(
        "hive.metastore.catalog.dir",
        default=None,
        doc="Location of a file metastore",
        source="Trino: connector/hive",
    )
    user: str = config(
        "hive.metastore.user",
        default="presto",
        doc="With whose credentials a file metastore is read and written, where users have their own",
        source="Trino: connector/hive",
    )


SETTINGS: tuple[type[ConfigGroup], ...] = (FileMetastoreConfig, ThriftConfig, GlueConfig, MetastoreCacheConfig)


class MetastoreOpener:
    """The settings of a catalog's metastore, read; `open` makes it, once every setting is known to be right.

    Settings of other kinds are read too: they may stay in a file whose kind was changed.
    """

    def __init__(self, reading: CatalogReading, kind: MetastoreKind) -> None:
        self._kind = kind
        self._file = reading.group(FileMetastoreConfig)
        self._thrift = reading.group(ThriftConfig)
        self._cache = reading.group(MetastoreCacheConfig)
        self._locking = reading.properties.get(LOCKING, "true").strip().lower() != "false"
        self._glue = reading.group(GlueConfig)
        self._caching: CachingMetastore | None = None
        if kind is not MetastoreKind.THRIFT and "hive.metastore.uri" in reading.properties:
            _log.warning("hive.metastore.uri has no effect: the metastore is '%s'", kind.name.lower())
        if kind is MetastoreKind.FILE and self._file is not None and not self._file.catalog_dir:
            reading.fault(None, "Invalid configuration property hive.metastore.catalog.dir: may not be null")
        if kind is MetastoreKind.THRIFT and self._thrift is not None and not self._thrift.uris:
            reading.fault(None, "Invalid configuration property hive.metastore.uri: may not be null")

    @property
    def user(self) -> Identity:
        """Who a file metastore is, where users have credentials of their own."""
        return Identity("presto" if self._file is None else self._file.user)

    def open(self, files: FileSystem, own: FileSystem | None = None) -> Metastore:
        """Nothing is asked of a remote metastore yet. What one call opens shares what is kept with the others.

        A metastore in files has its statistics at hand: it is cached only when metadata is to be. `own`: how its own
        directory is reached, when that is another way than that of the tables elsewhere.
        """
        opened = self._open(files, own)
        assert self._cache is not None
        if self._kind is MetastoreKind.FILE and not self._cache.ttl:
            return opened
        if self._caching is None:
            self._caching = CachingMetastore(opened, self._cache)
            return self._caching
        return self._caching.over(opened)

    def _open(self, files: FileSystem, own: FileSystem | None) -> Metastore:
        if self._kind is MetastoreKind.THRIFT:
            return self._open_thrift(files)
        if self._kind is MetastoreKind.GLUE:
            return self._open_glue(files)
        from lodestar_server.plugins.toolkit.metastore.file import FileMetastore

        assert self._file is not None and self._file.catalog_dir is not None
        directory = self._file.catalog_dir
        return FileMetastore(files if own is None else FilesByPlace(directory, own, files), directory)

    def _open_thrift(self, files: FileSystem) -> Metastore:
        from lodestar_server.plugins.toolkit.metastore.remote.metastore import RemoteMetastore
        from lodestar_server.plugins.toolkit.metastore.thrift.client import ThriftClient
        from lodestar_server.plugins.toolkit.metastore.thrift.registry import ThriftRegistry

        config = self._thrift
        assert config is not None
        registry = ThriftRegistry(ThriftClient(config), config, locking=self._locking)
        return RemoteMetastore(files, registry, delete_files_on_drop=config.delete_files_on_drop)

    def _open_glue(self, files: FileSystem) -> Metastore:
        from lodestar_server.plugins.toolkit.metastore.glue.client import GlueClient
        from lodestar_server.plugins.toolkit.metastore.glue.registry import GlueRegistry
        from lodestar_server.plugins.toolkit.metastore.remote.metastore import RemoteMetastore

        assert self._glue is not None
        # Glue knows of files, and leaves them alone.
        return RemoteMetastore(files, GlueRegistry(GlueClient(self._glue), self._glue), delete_files_on_drop=True)
