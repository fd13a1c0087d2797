"""Requests to a REST catalog at Amazon: signed with version 4, in the name that the catalog's S3 has.

Source: Trino: object-storage/metastores (SigV4); AWS Signature Version 4.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Any

from lodestar_server.plugins.toolkit.stores.objects import StoreError
from lodestar_server.plugins.toolkit.stores.s3.settings import S3Settings


class RequestSigner:
    """Keys, a role to assume and the region are those of `settings`. Its calls run on the stores' loop."""

    def __init__(self, settings: S3Settings, service: str) -> None:
        self._settings = settings
        self._service = service
        self._opening = asyncio.Lock()
        self._credentials: Any = None

    async def signed(
        self, method: str, address: str, headers: Mapping[str, str], content: bytes | None
    ) -> dict[str, str]:
        """The headers with a signature over them and the content. Raises: StoreError without credentials."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            keys = await self._keys()
        except (BotoCoreError, ClientError) as fault:
            raise StoreError(f"Requests to the REST catalog cannot be signed: {fault}") from fault
        request = AWSRequest(method, address, dict(headers), content or b"")
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(content or b"").hexdigest()
        SigV4Auth(keys, self._service, self._settings.region).add_auth(request)
        return dict(request.headers.items())

    async def _keys(self) -> Any:
        """Temporary ones are renewed before they end."""
        from botocore.exceptions import NoCredentialsError

        from lodestar_server.plugins.toolkit.stores.s3.credentials import open_session

        async with self._opening:
            if self._credentials is None:
                session = await open_session(self._settings)
                self._credentials = await session.get_credentials()
        if self._credentials is None:
            raise NoCredentialsError
        return await self._credentials.get_frozen_credentials()
