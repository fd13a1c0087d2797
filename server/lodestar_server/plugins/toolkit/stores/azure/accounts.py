"""The storage accounts of a catalog: one pool of connections, one identity, a store for each container."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from lodestar_server.plugins.toolkit.stores.azure.blobs import AzureBlobs
from lodestar_server.plugins.toolkit.stores.azure.config import AzureAuthType, AzureConfig
from lodestar_server.plugins.toolkit.stores.azure.locations import AzureContainer, account_address, container_of
from lodestar_server.plugins.toolkit.stores.objects import ObjectStore, StoreError

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

CONNECT_SECONDS = 10
READ_SECONDS = 60


class AzureAccounts:
    """Thread-safe but for `client`, which belongs to the stores' event loop."""

    def __init__(self, config: AzureConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._stores: dict[AzureContainer, AzureBlobs] = {}
        self._session: Any = None
        self._identity: Any = None

    def open(self, authority: str) -> ObjectStore:
        """The same store for the names of one container. Raises: StoreError."""
        try:
            place = container_of(authority)
            address = account_address(place, self._config.endpoint)
        except ValueError as fault:
            raise StoreError(str(fault)) from None
        with self._lock:
            store = self._stores.get(place)
            if store is None:
                store = AzureBlobs(place, self._config, lambda: self.client(place, address), self.close)
                self._stores[place] = store
            return store

    def client(self, place: AzureContainer, address: str) -> ContainerClient:
        """The vendor's client for a container. It repeats nothing by itself: the store does."""
        from azure.core.pipeline.transport import AioHttpTransport
        from azure.storage.blob.aio import ContainerClient, ExponentialRetry

        limit = 64 * 2**20
        return ContainerClient(
            address,
            place.container,
            credential=self._credential(place.account),
            transport=AioHttpTransport(
                session=self._pool(),
                session_owner=False,
                connection_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
            ),
            user_agent=self._config.application_id,
            retry_policy=ExponentialRetry(retry_total=0),
            # A range is one request, and so is what fits into one block.
            max_single_get_size=limit,
            max_chunk_get_size=limit,
            max_single_put_size=max(limit, self._config.write_block_size),
        )

    def _pool(self) -> Any:
        if self._session is None:
            import aiohttp

            requests = self._config.max_http_requests or 2 * (os.cpu_count() or 1)
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=requests, limit_per_host=requests),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=True,
            )
        return self._session

    def _credential(self, account: str) -> Any:
        if self._config.auth_type is AzureAuthType.ACCESS_KEY:
            from azure.core.credentials import AzureNamedKeyCredential

            return AzureNamedKeyCredential(account, self._config.access_key or "")
        if self._identity is None:
            self._identity = _identity(self._config)
        return self._identity

    async def close(self) -> None:
        """Connections and identity go; they are made again when they are needed."""
        session, self._session = self._session, None
        identity, self._identity = self._identity, None
        if session is not None:
            await session.close()
        if identity is not None:
            await identity.close()


def _identity(config: AzureConfig) -> Any:
    from azure.identity import aio

    if config.auth_type is AzureAuthType.OAUTH:
        try:
            return aio.ClientSecretCredential(
                config.oauth_tenant_id or "",
                config.oauth_client_id or "",
                config.oauth_secret or "",
                authority=config.oauth_authority,
            )
        except ValueError as fault:
            raise StoreError(f"azure.oauth.endpoint or azure.oauth.tenant-id is wrong: {fault}") from fault
    if config.managed_resource_id:
        return aio.ManagedIdentityCredential(identity_config={"resource_id": config.managed_resource_id})
    if config.managed_client_id:
        return aio.DefaultAzureCredential(managed_identity_client_id=config.managed_client_id)
    return aio.DefaultAzureCredential()
