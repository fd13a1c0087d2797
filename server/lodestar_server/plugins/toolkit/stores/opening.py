"""Which file systems a catalog may use: the switches `fs.<kind>.enabled`, one opener behind each."""

from __future__ import annotations

from pathlib import Path

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.routed import RoutedFileSystem
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup, config

_SOURCE = "Trino: object-storage"


class StoreSwitches(ConfigGroup):
    """What may be opened, and the settings of the local file system."""

    local_enabled: bool = config(
        "fs.local.enabled",
        default="false",
        doc="local:/// locations may be used",
        source=_SOURCE,
        legacy=("fs.native-local.enabled",),
    )
    local_location: str | None = config(
        "local.location", default=None, doc="Directory that local:/// stands for", source=_SOURCE
    )

    def check(self) -> list[str]:
        """The local file system needs its place."""
        if self.local_enabled and not self.local_location:
            return ["Invalid configuration property local.location: may not be null"]
        return []


class StoreOpener:
    """The settings of a catalog's file systems, read; `open` makes them, once every setting is known to be right."""

    def __init__(self, reading: CatalogReading) -> None:
        self._switches = reading.group(StoreSwitches)

    def open(self, error: ErrorCode) -> FileSystem:
        """`error`: the code of every failure of the file systems."""
        switches = self._switches
        assert switches is not None
        systems: dict[str, FileSystem] = {}
        if switches.local_enabled and switches.local_location:
            root = Path(switches.local_location)
            root.mkdir(parents=True, exist_ok=True)
            systems["local"] = LocalFileSystem(root, error)
        if list(systems) == ["local"]:
            return systems["local"]
        return RoutedFileSystem(systems, error)
