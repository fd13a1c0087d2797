"""Who asks: keys from the settings, a chain of places, or a role that is assumed and renewed before it ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiobotocore.credentials import (
    AioAssumeRoleCredentialFetcher,
    AioCredentialResolver,
    AioCredentials,
    AioDeferredRefreshableCredentials,
    create_credential_resolver,
)
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings

_WEB_IDENTITY = "assume-role-with-web-identity"


class _Given:
    """A provider of credentials that are there."""

    METHOD = "assume-role"
    CANONICAL_NAME = "lodestar-role"

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def load(self) -> Any:
        return self._credentials


async def open_session(settings: S3Settings) -> AioSession:
    """A session with the credentials that the settings name; temporary ones are fetched when they are needed.

    Raises: NoCredentialsError when a role is to be assumed and nobody asks.
    """
    session = AioSession()
    if settings.auth_type is AuthType.ANONYMOUS:
        return session
    if settings.access_key is not None and settings.secret_key is not None:
        session.set_credentials(settings.access_key, settings.secret_key)
    elif settings.auth_type is AuthType.WEB_IDENTITY or settings.web_identity:
        chain = create_credential_resolver(session)
        session.register_component("credential_provider", AioCredentialResolver([chain.get_provider(_WEB_IDENTITY)]))
    if settings.iam_role is None:
        return session
    caller = await session.get_credentials()
    if caller is None:
        raise NoCredentialsError
    assumed = AioSession()
    assumed.register_component(
        "credential_provider", AioCredentialResolver([_Given(_assume(settings, session, caller))])
    )
    return assumed


class _Changing(AioCredentials):  # type: ignore[misc]
    """Access key, secret key and token are asked for whenever something is signed."""

    def __init__(self, keys: Callable[[], tuple[str, str, str | None]]) -> None:
        super().__init__("", "")
        self._keys = keys

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials(*self._keys())


def open_changing_session(keys: Callable[[], tuple[str, str, str | None]]) -> AioSession:
    """A session that signs each request with what `keys` gives in the task of the request."""
    session = AioSession()
    session.register_component("credential_provider", AioCredentialResolver([_Given(_Changing(keys))]))
    return session


def _assume(settings: S3Settings, session: AioSession, caller: Any) -> Any:
    assert settings.iam_role is not None
    arguments = {"RoleSessionName": settings.role_session_name}
    if settings.external_id:
        arguments["ExternalId"] = settings.external_id
    fetcher = AioAssumeRoleCredentialFetcher(
        partial(
            session.create_client,
            endpoint_url=settings.sts_endpoint,
            region_name=settings.sts_region or settings.region or "us-east-1",
        ),
        caller,
        settings.iam_role,
        extra_args=arguments,
    )

    async def fetch() -> Any:
        return await fetcher.fetch_credentials()

    return AioDeferredRefreshableCredentials(fetch, "assume-role")
