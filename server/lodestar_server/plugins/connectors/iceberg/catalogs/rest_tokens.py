"""Tokens of a REST catalog: had for a credential, or given and exchanged for another before they end.

Source: RFC 6749 (client credentials), RFC 8693 (exchange), Iceberg's REST interface.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_config import RestCatalogConfig
from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.repeating import Passing

_log = logging.getLogger(__name__)
_RENEW_SECONDS = 60.0
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_NEVER = float("inf")

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[tuple[int, Any]]]
"""Address, headers and content to status and document. Raises: StoreError, Passing."""


class RestTokens:
    """`root`: of the catalog. Its calls run on the stores' loop; times are of the system's clock, in seconds."""

    def __init__(self, config: RestCatalogConfig, root: str, post: Post) -> None:
        self._config = config
        self._address = config.token_uri or f"{root}/oauth/tokens"
        self._post = post
        self._token = config.token
        self._ends = _NEVER if config.token is None else end_of(config.token)
        self._renewing = asyncio.Lock()

    async def current(self) -> str:
        """A token that does not end in the next minute, if another can be had. Raises: StoreError."""
        async with self._renewing:
            if self._token is None:
                await self._get()
            elif self._config.refresh and self._ends - time.time() < _RENEW_SECONDS:
                await self._renew()
            assert self._token is not None
            return self._token

    async def refused(self, token: str) -> bool:
        """A token is not taken any more. Whether another will be had."""
        async with self._renewing:
            if not self._config.credential:
                return False
            if self._token == token:
                self._token = None
            return True

    async def _renew(self) -> None:
        try:
            await (self._get() if self._config.credential else self._exchange())
        except (StoreError, Passing) as fault:
            if self._ends <= time.time():
                raise
            _log.warning("The token of the REST catalog could not be renewed yet: %s", fault)

    async def _get(self) -> None:
        client, mark, secret = (self._config.credential or "").partition(":")
        form = {
            "grant_type": "client_credentials",
            "client_id": client if mark else "",
            "client_secret": secret if mark else client,
            "scope": self._config.scope or "catalog",
        }
        await self._ask(form, {}, "iceberg.rest-catalog.oauth2.credential")

    async def _exchange(self) -> None:
        form = {
            "grant_type": _EXCHANGE,
            "subject_token": self._token or "",
            "subject_token_type": _ACCESS_TOKEN,
            "scope": self._config.scope or "catalog",
        }
        await self._ask(form, {"Authorization": f"Bearer {self._token}"}, "iceberg.rest-catalog.oauth2.token")

    async def _ask(self, form: Mapping[str, str], headers: Mapping[str, str], hint: str) -> None:
        content = urlencode({key: value for key, value in form.items() if value}).encode()
        status, body = await self._post(
            self._address, {"Content-Type": "application/x-www-form-urlencoded", **headers}, content
        )
        token = body.get("access_token")
        if status != 200 or not token:
            raise StoreError(f"Access to the REST catalog is denied ({status}: {_reason(status, body)}); check {hint}")
        self._token = str(token)
        lasts = body.get("expires_in")
        self._ends = time.time() + float(lasts) if lasts else end_of(self._token)


def end_of(token: str) -> float:
    """When a token ends, in seconds since 1970; infinite for one that does not say. Nobody's word is checked."""
    parts = token.split(".")
    if len(parts) != 3:
        return _NEVER
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        return _NEVER


def _reason(status: int, body: Mapping[str, Any]) -> str:
    error = body.get("error")
    said = body.get("error_description") or (error.get("message") if isinstance(error, dict) else error)
    return str(said).splitlines()[0] if said else f"HTTP status {status}"
