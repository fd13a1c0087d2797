"""Which metastore a catalog asks: one opener behind each kind."""

from __future__ import annotations

from enum import Enum

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.metastore.interface import Metastore
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.spi.properties import ConfigGroup, config


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
        "hive.metastore.user", default="presto", doc="Accepted; has no effect", source="Trino: connector/hive"
    )


class MetastoreOpener:
    """The settings of a catalog's metastore, read; `open` makes it, once every setting is known to be right.

    `key`: the setting that chose the kind, for messages.
    """

    def __init__(self, reading: CatalogReading, kind: MetastoreKind, key: str) -> None:
        self._kind = kind
        self._file = reading.group(FileMetastoreConfig)
        if kind is not MetastoreKind.FILE:
            reading.fault(key, f"metastore '{kind.name.lower()}' is not supported yet; use a file metastore")
        elif self._file is not None and not self._file.catalog_dir:
            reading.fault(None, "Invalid configuration property hive.metastore.catalog.dir: may not be null")

    def open(self, files: FileSystem) -> Metastore:
        """Nothing is asked of a remote metastore yet."""
        from lodestar_server.plugins.toolkit.metastore.file import FileMetastore

        assert self._file is not None and self._file.catalog_dir is not None
        return FileMetastore(files, self._file.catalog_dir)
