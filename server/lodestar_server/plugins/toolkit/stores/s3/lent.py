"""Keys that somebody lends for the files below some location: there they go before the catalog's own.

Clients are dear and keys are many, so that all keys for one endpoint share a client; which of them signs is known to
the task that makes the request.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import field
from typing import Any

from lodestar_server.plugins.toolkit.files import split_location
from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings
from lodestar_server.spi.values import frozen

_KEPT = 20_000
"""Locations with keys of their own."""
_SIGNING: ContextVar[LentKeys] = ContextVar("_SIGNING")
"""The keys of this task's request."""


@frozen
class LentKeys:
    """`token`: of temporary keys. What is None is as the catalog's settings say."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    region: str | None = None
    path_style: bool | None = None


class LentAccount:
    """An `Account`: another one's, with keys of its own."""

    def __init__(self, account: Any, keys: LentKeys) -> None:
        self._account = account
        self._keys = keys
        self.settings: S3Settings = account.settings
        self.on_every: Mapping[str, Any] = account.on_every
        self.on_read: Mapping[str, Any] = account.on_read
        self.on_create: Mapping[str, Any] = account.on_create

    async def call(self, operation: str, bucket: str, **parameters: Any) -> Any:
        """As S3Account does."""
        _SIGNING.set(self._keys)
        return await self._account.call(operation, bucket, **parameters)

    async def get_range(self, bucket: str, key: str, start: int, length: int) -> bytes | None:
        """As S3Account does."""
        _SIGNING.set(self._keys)
        content: bytes | None = await self._account.get_range(bucket, key, start, length)
        return content

    async def get_page(self, bucket: str, query: Mapping[str, str]) -> Any:
        """As S3Account does."""
        _SIGNING.set(self._keys)
        return await self._account.get_page(bucket, query)

    async def close(self) -> None:
        """Nothing: the client is of many."""


class LentAccounts:
    """Thread-safe. Keys that are lent again for a location take the place of those before, also for whoever reads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lent: dict[tuple[str, str], LentKeys] = {}
        self._accounts: dict[tuple[str, str], LentAccount] = {}
        self._clients: dict[tuple[Any, ...], Any] = {}

    def lend(self, location: str, keys: LentKeys) -> None:
        """For everything at and below a location. Raises: ValueError when it has no scheme."""
        _, rest = split_location(location)
        bucket, _, key = rest.partition("/")
        place = (bucket, key.strip("/"))
        with self._lock:
            # Whoever was lent something last is forgotten last.
            known = self._lent.pop(place, None)
            if known == keys:
                self._lent[place] = keys
            else:
                self._lent[place] = keys
                self._accounts.pop(place, None)
                if len(self._lent) > _KEPT:
                    oldest = next(iter(self._lent))
                    del self._lent[oldest]
                    self._accounts.pop(oldest, None)

    def find(self, settings: S3Settings, bucket: str, key: str) -> LentAccount | None:
        """The account of the nearest location that has keys. `settings`: the catalog's."""
        place = (bucket, key.strip("/"))
        while place not in self._lent:
            if not place[1]:
                return None
            place = (bucket, place[1].rpartition("/")[0])
        with self._lock:
            account = self._accounts.get(place)
            if account is None:
                keys = self._lent.get(place)
                if keys is None:
                    return None
                account = self._accounts[place] = self._opened(settings, keys)
            return account

    def _opened(self, settings: S3Settings, keys: LentKeys) -> LentAccount:
        from lodestar_server.plugins.toolkit.stores.s3.account import S3Account

        place = (keys.endpoint, keys.region, keys.path_style)
        client = self._clients.get(place)
        if client is None:
            client = self._clients[place] = S3Account(_settings_for(settings, keys), _open_session)
        return LentAccount(client, keys)

    def close(self) -> None:
        """Give the connections back."""
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            LOOP.run(client.close())


def _settings_for(settings: S3Settings, keys: LentKeys) -> S3Settings:
    values = {one.attribute: getattr(settings, one.attribute) for one in settings.settings}
    values |= {"auth_type": AuthType.DEFAULT, "iam_role": None, "access_key": None, "secret_key": None}
    for name in ("endpoint", "region", "path_style"):
        given = getattr(keys, name)
        if given is not None:
            values[name] = given
    return S3Settings(**values)


async def _open_session(settings: S3Settings) -> Any:
    from lodestar_server.plugins.toolkit.stores.s3.credentials import open_changing_session

    def keys() -> tuple[str, str, str | None]:
        signing = _SIGNING.get()
        return signing.access_key, signing.secret_key, signing.token

    return open_changing_session(keys)
