"""Requests to a REST catalog: its configuration, tokens, tries and failures."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson

from lodestar_server.plugins.connectors.iceberg.catalogs.rest_config import RestCatalogConfig, RestSecurity
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_signing import RequestSigner
from lodestar_server.plugins.connectors.iceberg.catalogs.rest_tokens import RestTokens
from lodestar_server.plugins.connectors.iceberg.errors import ICEBERG_CATALOG_ERROR
from lodestar_server.plugins.toolkit.stores.loop import LOOP
from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.repeating import (
    PASSING,
    Passing,
    Pauses,
    repeated,
    seconds_of_retry_after,
)
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.values import frozen

_PAUSES = Pauses(tries=5, first=0.2, factor=2.0, longest=4.0, total=30.0)
_ONCE = Pauses(tries=1, first=0, factor=1, longest=0, total=0)
_CONNECT_SECONDS = 10
_READ_SECONDS = 60
_CONNECTIONS = 32


@frozen
class Answer:
    """A document and its status."""

    status: int
    body: Any

    @property
    def reason(self) -> str:
        """What the service says about a failure."""
        try:
            return str(self.body["error"]["message"]).splitlines()[0]
        except (KeyError, TypeError, IndexError):
            return f"HTTP status {self.status}"


class Unknown(Exception):
    """A change may have happened or not: its answer was lost."""


class _Unreached(StoreError):
    """Nothing was sent."""


class RestRequests:
    """Synchronous calls from any thread; the work is done on the stores' event loop."""

    def __init__(self, config: RestCatalogConfig, signer: RequestSigner | None = None) -> None:
        self._config = config
        self._signer = signer
        self._always = {"X-Iceberg-Access-Delegation": "vended-credentials"} if config.vended_credentials else {}
        self._root = f"{(config.uri or '').rstrip('/')}/v1"
        self._session: aiohttp.ClientSession | None = None
        self._tokens = (
            RestTokens(config, self._root, self._post_form) if config.security is RestSecurity.OAUTH2 else None
        )
        self._home: str | None = None
        self.known: Mapping[str, str] = {}
        """What the service has said of itself, overrides included; empty before the first request."""
        self._endpoints: frozenset[str] = frozenset()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        expected: tuple[int, ...] = (200, 204),
    ) -> Answer:
        """`path` is below the catalog's prefix. Raises: ICEBERG_CATALOG_ERROR; Unknown for a change without answer."""
        try:
            return LOOP.run(self._ask(method, path, query or {}, body, expected))
        except StoreError as fault:
            raise LodestarError(ICEBERG_CATALOG_ERROR, str(fault)) from fault

    def offers(self, endpoint: str) -> bool:
        """What the service says that it can do; one that says nothing is asked. Raises: ICEBERG_CATALOG_ERROR."""
        if self._home is None:
            try:
                LOOP.run(self._prefixed())
            except StoreError as fault:
                raise LodestarError(ICEBERG_CATALOG_ERROR, str(fault)) from fault
        return not self._endpoints or endpoint in self._endpoints

    async def _ask(
        self, method: str, path: str, query: Mapping[str, str], body: Any, expected: tuple[int, ...]
    ) -> Answer:
        home = await self._prefixed()
        address = home + path + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        reading = method in ("GET", "HEAD")
        try:
            answer = await self._sent(method, address, body, _PAUSES if reading else _ONCE)
        except StoreError as fault:
            # Who could not be reached, or has refused, has done nothing.
            if reading or isinstance(fault, _Unreached) or not isinstance(fault.__cause__, Passing):
                raise
            raise Unknown(str(fault)) from fault
        if answer.status in expected:
            return answer
        raise self._refusal(answer)

    def _refusal(self, answer: Answer) -> StoreError:
        if answer.status in (401, 403):
            return StoreError(
                f"Access to the REST catalog is denied ({answer.status}: {answer.reason}); "
                "check iceberg.rest-catalog.security and its credentials"
            )
        return StoreError(f"REST catalog: {answer.status}: {answer.reason}", status=answer.status)

    async def _prefixed(self) -> str:
        """The service is asked once for what it wants to be told; its overrides beat the settings."""
        if self._home is None:
            query = {"warehouse": self._config.warehouse} if self._config.warehouse else {}
            address = f"{self._root}/config" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
            answer = await self._sent("GET", address, None, _PAUSES)
            if answer.status != 200:
                raise self._refusal(answer)
            own = {"prefix": self._config.prefix} if self._config.prefix else {}
            known = {**answer.body.get("defaults", {}), **own, **answer.body.get("overrides", {})}
            prefix = str(known.get("prefix") or "").strip("/")
            self.known = {str(key): str(value) for key, value in known.items()}
            self._endpoints = frozenset(answer.body.get("endpoints") or ())
            self._home = f"{self._root}/{quote(prefix, safe='/')}" if prefix else self._root
        return self._home

    async def _sent(self, method: str, address: str, body: Any, pauses: Pauses) -> Answer:
        async def attempt(number: int) -> Answer:
            token = ""
            headers = dict(self._always)
            if self._tokens is not None:
                token = await self._tokens.current()
                headers["Authorization"] = f"Bearer {token}"
            content = None if body is None else orjson.dumps(body)
            if content is not None:
                headers["Content-Type"] = "application/json"
            if self._signer is not None:
                headers = await self._signer.signed(method, address, headers, content)
            answer, asked = await self._exchange(method, address, headers, content)
            if answer.status == 401 and self._tokens is not None and await self._tokens.refused(token) and number == 1:
                # It may have ended before its time; a request that is refused has done nothing.
                return await attempt(number + 1)
            if answer.status in PASSING:
                error = StoreError(f"REST catalog: {answer.status}: {answer.reason}", status=answer.status)
                raise Passing(error, seconds_of_retry_after(asked, time.time()))
            return answer

        return await repeated(attempt, pauses)

    async def _exchange(
        self, method: str, address: str, headers: Mapping[str, str], content: bytes | None
    ) -> tuple[Answer, str | None]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_READ_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=True,
            )
        from yarl import URL

        try:
            async with self._session.request(
                method, URL(address, encoded=True), headers=headers, data=content
            ) as response:
                text = await response.read()
                asked = response.headers.get("Retry-After")
        except aiohttp.ClientConnectorError as fault:
            # Nothing was sent, so nothing has happened.
            raise Passing(_Unreached(f"The REST catalog cannot be reached: {fault}")) from fault
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Passing(StoreError(f"The REST catalog does not answer: {fault or type(fault).__name__}")) from fault
        try:
            found = orjson.loads(text) if text else {}
        except ValueError:
            found = {}
        return Answer(response.status, found if isinstance(found, dict) else {}), asked

    async def _post_form(self, address: str, headers: Mapping[str, str], content: bytes) -> tuple[int, Any]:
        answer, _ = await self._exchange("POST", address, headers, content)
        return answer.status, answer.body

    def close(self) -> None:
        """Connections go; they are made again when they are needed."""
        session, self._session = self._session, None
        if session is not None:
            LOOP.run(session.close())
