"""Which account a location is asked for with: the catalog's own, or one that mappings make of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lodestar_server.plugins.toolkit.stores.s3.account import S3Account
from lodestar_server.plugins.toolkit.stores.s3.mapping import Changes, S3Standing, changed
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings


class Accounts(Protocol):
    """Of one file system. Its calls run on the stores' loop."""

    def of(self, bucket: str, key: str) -> S3Account:
        """In whose name a key is asked for. Raises: PERMISSION_DENIED."""
        ...

    async def close(self) -> None:
        """Close the connections; they open again when they are needed."""
        ...


class OneAccount:
    """`Accounts`: the catalog's, for everything."""

    def __init__(self, settings: S3Settings) -> None:
        self._account = S3Account(settings)

    def of(self, bucket: str, key: str) -> S3Account:
        """Always the same."""
        return self._account

    async def close(self) -> None:
        """Its connections."""
        await self._account.close()


class MappedAccounts:
    """`Accounts` of one standing."""

    def __init__(
        self, settings: S3Settings, standing: S3Standing, make: Callable[[S3Settings], S3Account] = S3Account
    ) -> None:
        self._settings = settings
        self._standing = standing
        self._make = make
        self._accounts: dict[Changes, S3Account] = {}

    def of(self, bucket: str, key: str) -> S3Account:
        """That of the first grant which fits. Raises: PERMISSION_DENIED."""
        changes = self._standing.changes(bucket, key)
        account = self._accounts.get(changes)
        if account is None:
            account = self._accounts[changes] = self._make(changed(self._settings, dict(changes)))
        return account

    async def close(self) -> None:
        """All connections."""
        for one in self._accounts.values():
            await one.close()
