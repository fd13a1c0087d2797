"""`fs.gcs.enabled`."""

from __future__ import annotations

from dataclasses import field

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.gcs.config import GcsConfig
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen

CREDENTIAL = "gcs.oauth"
"""The extra credential in which users give a token, or credentials as JSON."""


@frozen
class GcsStanding:
    """What somebody has given."""

    given: str = field(default="", repr=False)


class GcsKind:
    """gs://."""

    schemes: tuple[str, ...] = ("gs",)
    settings: tuple[type[ConfigGroup], ...] = (GcsConfig,)

    def __init__(self, reading: CatalogReading) -> None:
        self._config = reading.group(GcsConfig)

    @property
    def by_identity(self) -> bool:
        """Users have credentials of their own."""
        return self._config is not None and self._config.enabled and self._config.takes_tokens

    def standing(self, identity: Identity, error: ErrorCode) -> GcsStanding:
        """What somebody has given."""
        return GcsStanding(identity.extra_credentials.get(CREDENTIAL, ""))

    def open(self, error: ErrorCode, standing: GcsStanding | None = None) -> FileSystem | None:
        """None when it is switched off."""
        if self._config is None or not self._config.enabled:
            return None
        from lodestar_server.plugins.toolkit.stores.gcs.service import GcsService
        from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem

        given = "" if standing is None else standing.given
        return ObjectFileSystem(GcsService(self._config, given).open, self.schemes, error)
