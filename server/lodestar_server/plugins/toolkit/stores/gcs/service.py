"""Requests to Google Cloud Storage: one pool of connections and one identity for a catalog."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from lodestar_server.plugins.toolkit.stores.gcs.config import GcsConfig
from lodestar_server.plugins.toolkit.stores.gcs.given import SCOPES, given_credentials
from lodestar_server.plugins.toolkit.stores.gcs.objects import GcsObjects
from lodestar_server.plugins.toolkit.stores.objects import ObjectStore, StoreError
from lodestar_server.plugins.toolkit.stores.repeating import PASSING, Passing, repeated, seconds_of_retry_after
from lodestar_server.spi.values import frozen

ENDPOINT = "https://storage.googleapis.com"
CONNECTIONS = 100
CONNECT_SECONDS = 10
READ_SECONDS = 60
_EPOCH = datetime(1970, 1, 1)
_RENEW_SECONDS = 240.0
"""A token is renewed this long before it ends."""


@frozen
class Answer:
    """Of a request that the service has answered with something that was expected."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Of a body that is JSON."""
        return json.loads(self.body or b"{}")


class GcsService:
    """`open` is thread-safe; everything else belongs to the stores' event loop.

    `given`: a user's own token or credentials, where the settings want them.
    """

    def __init__(self, config: GcsConfig, given: str = "") -> None:
        self.config = config
        self._given = given
        self.address = (config.endpoint or ENDPOINT).rstrip("/")
        self._lock = threading.Lock()
        self._stores: dict[str, GcsObjects] = {}
        self._session: Any = None
        self._credentials: Any = None
        self._renewing: asyncio.Lock | None = None

    def open(self, bucket: str) -> ObjectStore:
        """The store of a bucket."""
        with self._lock:
            if bucket not in self._stores:
                self._stores[bucket] = GcsObjects(self, bucket)
            return self._stores[bucket]

    async def ask(
        self,
        method: str,
        address: str,
        *,
        bucket: str,
        expected: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview | None = None,
    ) -> Answer:
        """A request that may be made again. Raises: StoreError for an answer that is not expected."""
        return await repeated(
            lambda _: self.ask_once(method, address, bucket=bucket, expected=expected, headers=headers, body=body),
            self.config.pauses,
        )

    async def ask_once(
        self,
        method: str,
        address: str,
        *,
        bucket: str,
        expected: tuple[int, ...] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes | memoryview | None = None,
    ) -> Answer:
        """Raises: StoreError, Passing."""
        import aiohttp
        from yarl import URL

        token = await self._token()
        given = {"User-Agent": self.config.application_id, "Authorization": f"Bearer {token}", **(headers or {})}
        if self.config.project_id:
            given["x-goog-user-project"] = self.config.project_id
        try:
            async with self._pool().request(method, URL(address, encoded=True), headers=given, data=body) as response:
                content = await response.read()
                answer = Answer(response.status, response.headers, content)
        except (aiohttp.ClientError, TimeoutError, OSError) as fault:
            raise Passing(
                StoreError(f"Google Cloud Storage cannot be reached: {fault or type(fault).__name__}")
            ) from fault
        if answer.status in expected:
            return answer
        raise _refusal(answer, bucket)

    def _pool(self) -> Any:
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=["Content-Type"],
                trust_env=True,
            )
        return self._session

    async def _token(self) -> str:
        if self._renewing is None:
            self._renewing = asyncio.Lock()
        async with self._renewing:
            if self._credentials is None:
                self._credentials = await asyncio.to_thread(_credentials, self.config, self._given)
            credentials = self._credentials
            expiry = credentials.expiry
            # `expiry` is in UTC and says nothing of it.
            ends = None if expiry is None else (expiry - _EPOCH).total_seconds()
            if not credentials.token or (ends is not None and ends - time.time() < _RENEW_SECONDS):
                await asyncio.to_thread(_renew, credentials)
            return str(credentials.token)

    async def close(self) -> None:
        """Connections go; they are made again when they are needed."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _credentials(config: GcsConfig, given: str) -> Any:
    import google.auth
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import service_account

    if config.takes_tokens:
        return given_credentials(given, config.endpoint)
    try:
        if config.json_key or config.json_key_file:
            text = config.json_key or Path(config.json_key_file or "").read_text()
            # In a properties file the key's line feeds, written as \n, have become such.
            known: Any = service_account.Credentials
            return known.from_service_account_info(json.loads(text, strict=False), scopes=SCOPES)
        found, _ = google.auth.default(scopes=SCOPES)
        return found
    except (GoogleAuthError, ValueError, TypeError, AttributeError, OSError) as fault:
        # What is wrong with a key may quote it.
        quotes = config.json_key or (config.json_key_file and not isinstance(fault, OSError))
        detail = type(fault).__name__ if quotes else _first_line(fault)
        raise StoreError(
            f"No credentials for Google Cloud Storage ({detail}); check gcs.json-key-file-path or gcs.auth-type"
        ) from fault


def _renew(credentials: Any) -> None:
    from google.auth.exceptions import GoogleAuthError, TransportError
    from google.auth.transport.requests import Request

    try:
        credentials.refresh(Request())
    except TransportError as fault:
        raise Passing(StoreError(f"Google's tokens cannot be had: {_first_line(fault)}")) from fault
    except GoogleAuthError as fault:
        raise StoreError(
            f"Access to Google Cloud Storage is denied: {_first_line(fault)}; check the service account's key",
            status=401,
        ) from fault


def _first_line(fault: BaseException) -> str:
    text = str(fault.args[0] if fault.args else fault)
    return text.splitlines()[0] if text else type(fault).__name__


def _refusal(answer: Answer, bucket: str) -> Exception:
    status = answer.status
    try:
        reason = str(answer.json()["error"]["message"]).splitlines()[0]
    except (ValueError, KeyError, TypeError, IndexError):
        reason = "no reason given"
    if status in (401, 403):
        text = f"Access to the bucket '{bucket}' is denied ({status}: {reason}); check the account's roles and its key"
    else:
        text = f"Google Cloud Storage, bucket '{bucket}': {status}: {reason}"
    error = StoreError(text, status=status, precondition=status == 412)
    if status not in PASSING:
        return error
    return Passing(error, seconds_of_retry_after(answer.headers.get("Retry-After"), time.time()))
