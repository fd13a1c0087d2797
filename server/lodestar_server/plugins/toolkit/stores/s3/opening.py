"""s3://, s3a:// and s3n:// locations, when the switch is on."""

from __future__ import annotations

import logging

from lodestar_server.plugins.toolkit.files import FileSystem
from lodestar_server.plugins.toolkit.reading import CatalogReading
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts
from lodestar_server.plugins.toolkit.stores.s3.mapping import S3Standing
from lodestar_server.plugins.toolkit.stores.s3.mapping_source import MappingSource
from lodestar_server.plugins.toolkit.stores.s3.settings import S3MappingSettings, S3Settings, S3Switch
from lodestar_server.spi.errors import ErrorCode
from lodestar_server.spi.properties import ConfigGroup
from lodestar_server.spi.session import Identity

_log = logging.getLogger(__name__)
_KEYS = frozenset(one.key for group in (S3Settings, S3MappingSettings) for one in group.settings)


class S3Kind:
    """A kind of store. Credentials are looked for and libraries imported at the first request."""

    schemes: tuple[str, ...] = ("s3", "s3a", "s3n")
    settings: tuple[type[ConfigGroup], ...] = (S3Switch, S3Settings, S3MappingSettings)

    def __init__(self, reading: CatalogReading) -> None:
        self._switch = reading.group(S3Switch)
        self._settings = reading.group(S3Settings)
        self._mappings: MappingSource | None = None
        mapping = reading.group(S3MappingSettings)
        if self._switch and self._switch.enabled and mapping and mapping.enabled:
            self._mappings = MappingSource(mapping)
            try:
                self._mappings.load()
            except ValueError as fault:
                reading.fault(None, str(fault))
        self.lent: LentAccounts | None = None
        """Accounts that go before the catalog's own. To be set before `open`."""
        self._given = sorted(_KEYS & set(reading.properties))

    @property
    def is_mapped(self) -> bool:
        """Who asks decides about credentials."""
        return self._mappings is not None

    def standing(self, identity: Identity, error: ErrorCode) -> S3Standing:
        """What that means for somebody; of a kind that is mapped."""
        assert self._mappings is not None
        return self._mappings.standing(identity, error)

    def open(self, error: ErrorCode, standing: S3Standing | None = None) -> FileSystem | None:
        """None without the switch; settings that are there all the same are told to the log."""
        assert self._switch is not None and self._settings is not None
        if not self._switch.enabled:
            if self._given:
                _log.warning("%s has no effect: fs.s3.enabled is not true", ", ".join(self._given))
            return None
        from lodestar_server.plugins.toolkit.stores.object_files import ObjectFileSystem
        from lodestar_server.plugins.toolkit.stores.s3.accounts import (
            Accounts,
            LendingAccounts,
            MappedAccounts,
            OneAccount,
        )
        from lodestar_server.plugins.toolkit.stores.s3.store import S3Store

        settings = self._settings
        accounts: Accounts = OneAccount(settings) if standing is None else MappedAccounts(settings, standing)
        if self.lent is not None:
            accounts = LendingAccounts(settings, self.lent, accounts)
        part_size = int(settings.part_size)
        return ObjectFileSystem(lambda bucket: S3Store(bucket, accounts, part_size), self.schemes, error)
