"""Who asks: keys from the settings, a chain of places, or a role that is assumed and renewed before it ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from aiobotocore.credentials import (
    AioAssumeRoleCredentialFetcher,
    AioAssumeRoleWithWebIdentityProvider,
    AioCredentialResolver,
    AioCredentials,
    AioDeferredRefreshableCredentials,
)
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import NoCredentialsError

from lodestar_server.plugins.toolkit.stores.s3.settings import AuthType, S3Settings

_DEFAULT_REGION = "us-east-1"


class _Given:
    """A provider of credentials that are there."""

    METHOD = "assume-role"
    CANONICAL_NAME = "lodestar-role"

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def load(self) -> Any:
        return self._credentials


def wants_web_identity(settings: S3Settings) -> bool:
    """Keys are given for a token that somebody puts into a file."""
    return settings.auth_type is AuthType.WEB_IDENTITY or settings.web_identity


async def open_session(settings: S3Settings) -> AioSession:
    """A session with the credentials that the settings name; temporary ones are fetched when they are needed.

    Raises: NoCredentialsError when a role is to be assumed and nobody asks.
    """
    session = AioSession()
    if settings.auth_type is AuthType.ANONYMOUS:
        return session
    if settings.access_key is not None and settings.secret_key is not None:
        session.set_credentials(settings.access_key, settings.secret_key)
    elif wants_web_identity(settings):
        session.register_component("credential_provider", AioCredentialResolver([_web_identity(settings, session)]))
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


def _sts(settings: S3Settings, session: AioSession) -> Any:
    region = settings.sts_region or settings.region or session.get_config_variable("region") or _DEFAULT_REGION
    return partial(session.create_client, endpoint_url=settings.sts_endpoint, region_name=region)


def _web_identity(settings: S3Settings, session: AioSession) -> Any:
    """AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and AWS_ROLE_SESSION_NAME, or the same in the profile. The file is read
    again each time: whoever puts it there renews it."""
    profile = session.get_config_variable("profile") or "default"
    return AioAssumeRoleWithWebIdentityProvider(lambda: session.full_config, _sts(settings, session), profile)


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
        _sts(settings, session),
        caller,
        settings.iam_role,
        extra_args=arguments,
    )

    async def fetch() -> Any:
        return await fetcher.fetch_credentials()

    return AioDeferredRefreshableCredentials(fetch, "assume-role")
