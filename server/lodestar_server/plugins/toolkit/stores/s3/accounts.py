"""Which account a location is asked for with: the catalog's, one that mappings make of it, or one with lent keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lodestar_server.plugins.toolkit.stores.s3.account import S3Account
from lodestar_server.plugins.toolkit.stores.s3.lent import LentAccounts
from lodestar_server.plugins.toolkit.stores.s3.mapping import Changes, S3Standing, changed
from lodestar_server.plugins.toolkit.stores.s3.pages import Page
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings


class Account(Protocol):
    """In whose name requests are made. See `S3Account`."""

    settings: S3Settings

    @property
    def on_every(self) -> Mapping[str, Any]: ...

    @property
    def on_read(self) -> Mapping[str, Any]: ...

    @property
    def on_create(self) -> Mapping[str, Any]: ...

    async def call(self, operation: str, bucket: str, **parameters: Any) -> Any: ...

    async def get_range(self, bucket: str, key: str, start: int, length: int) -> bytes | None: ...

    async def get_page(self, bucket: str, query: Mapping[str, str]) -> Page | None: ...

    async def close(self) -> None: ...


class Accounts(Protocol):
    """Of one file system. Its calls run on the stores' loop."""

    def of(self, bucket: str, key: str) -> Account:
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


class LendingAccounts:
    """`Accounts`: where keys are lent, theirs; elsewhere the other ones. Who lends keys closes their connections."""

    def __init__(self, settings: S3Settings, lent: LentAccounts, own: Accounts) -> None:
        self._settings = settings
        self._lent = lent
        self._own = own

    def of(self, bucket: str, key: str) -> Account:
        """That of the nearest place with keys; a mapping may refuse all the same. Raises: PERMISSION_DENIED."""
        own = self._own.of(bucket, key)
        return self._lent.find(self._settings, bucket, key) or own

    async def close(self) -> None:
        """The connections of the other ones."""
        await self._own.close()
