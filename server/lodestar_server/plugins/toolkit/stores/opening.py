"""Which file systems a catalog may use: the switches `fs.<kind>.enabled`, one opener behind each."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Protocol

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.local_files import LocalFileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.azure.kind import AzureKind
from lodestar_server.plugins.toolkit.stores.gcs.kind import GcsKind
from lodestar_server.plugins.toolkit.stores.hdfs.kind import HdfsKind
from lodestar_server.plugins.toolkit.stores.routed import RoutedFileSystem
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts
from lodestar_server.plugins.toolkit.stores.s3.mapping import S3Standing
from lodestar_server.plugins.toolkit.stores.s3.opening import S3Kind
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup, config
from lodestar_server.spi.session import Identity

_SOURCE = "Trino: object-storage"


class StoreKind(Protocol):
    """One kind of store. It is made with the settings of every catalog, also where it is switched off."""

    schemes: tuple[str, ...]
    settings: tuple[type[ConfigGroup], ...]

    def __init__(self, reading: CatalogReading) -> None:
        """Read the settings; libraries wait until `open`."""

    def open(self, error: ErrorCode) -> FileSystem | None:
        """None when it is switched off. Called when every setting is known to be right."""


class LocalSettings(ConfigGroup):
    """The local file system."""

    enabled: bool = config(
        "fs.local.enabled",
        default="false",
        doc="local:/// locations may be used",
        source=_SOURCE,
        legacy=("fs.native-local.enabled",),
    )
    location: str | None = config(
        "local.location", default=None, doc="Directory that local:/// stands for", source=_SOURCE
    )

    def check(self) -> list[str]:
        """The local file system needs its place."""
        if self.enabled and not self.location:
            return ["Invalid configuration property local.location: may not be null"]
        return []


class LocalKind:
    """local:///."""

    schemes: tuple[str, ...] = ("local",)
    settings: tuple[type[ConfigGroup], ...] = (LocalSettings,)

    def __init__(self, reading: CatalogReading) -> None:
        self._settings = reading.group(LocalSettings)

    def open(self, error: ErrorCode) -> FileSystem | None:
        """The directory is made."""
        settings = self._settings
        if settings is None or not settings.enabled or not settings.location:
            return None
        root = Path(settings.location)
        root.mkdir(parents=True, exist_ok=True)
        return LocalFileSystem(root, error)


KINDS: tuple[type[StoreKind], ...] = (
    LocalKind,
    S3Kind,
    AzureKind,
    GcsKind,
    HdfsKind,
)
SETTINGS = tuple(group for kind in KINDS for group in kind.settings)


class StoreOpener:
    """The settings of a catalog's file systems, read; `open` makes them, once every setting is known to be right."""

    def __init__(self, reading: CatalogReading) -> None:
        self._kinds = [kind(reading) for kind in KINDS]
        self._mapped = next((one for one in self._kinds if isinstance(one, S3Kind) and one.is_mapped), None)

    @property
    def by_identity(self) -> bool:
        """Who asks decides about credentials: each standing gets a file system of its own."""
        return self._mapped is not None

    def standing(self, identity: Identity, error: ErrorCode) -> Hashable:
        """What who asks means for the file systems; None when it means nothing. Raises: `error`."""
        return None if self._mapped is None else self._mapped.standing(identity, error)

    def lend(self, accounts: LentAccounts) -> None:
        """Keys of S3 that go before the catalog's own. To be called before `open`."""
        for kind in self._kinds:
            if isinstance(kind, S3Kind):
                kind.lent = accounts

    def open(self, error: ErrorCode, standing: Hashable = None) -> FileSystem:
        """`error`: the code of every failure of the file systems. `standing`: of whoever will ask, where it counts;
        without it nobody gets anything there.
        """
        systems: dict[str, FileSystem] = {}
        for kind in self._kinds:
            if kind is self._mapped:
                files = self._mapped.open(error, standing if isinstance(standing, S3Standing) else S3Standing(()))
            else:
                files = kind.open(error)
            if files is not None:
                systems |= dict.fromkeys(kind.schemes, files)
        if list(systems) == ["local"]:
            return systems["local"]
        return RoutedFileSystem(systems, error)
