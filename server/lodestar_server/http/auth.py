"""Who sends a request: the chain of authenticators, and its first member, which believes what it is told."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Protocol

from lodestar_server.http.reply import CHALLENGE_TEXT, Reply
from lodestar_server.protocol.failure import bad_request
from lodestar_server.protocol.headers import HeaderMap
from lodestar_server.protocol.requests import Caller
from lodestar_server.spi.values import frozen

BASIC_CHALLENGE = 'Basic realm="Trino"'
_IDENTITY_SUFFIXES = ("user", "original-user", "original-roles")


class Unauthenticated(Exception):
    """This authenticator does not let the request in: what it says, and its challenge if it has one."""

    def __init__(self, message: str, challenge: str | None = BASIC_CHALLENGE) -> None:
        super().__init__(message)
        self.message = message
        self.challenge = challenge


@frozen
class Credentials:
    """What authenticators may look at. `prefix` is the protocol's header prefix, `secure` whether TLS is used."""

    headers: HeaderMap
    prefix: str
    secure: bool
    remote_address: str | None


class Authenticator(Protocol):
    """One way to prove who one is; may block only in its own executor."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Raises: Unauthenticated."""
        ...


class InsecureAuthenticator:
    """No proof: the user is who the headers say, or Basic credentials without a password."""

    async def authenticate(self, credentials: Credentials) -> Caller:
        basic = basic_credentials(credentials.headers.text("authorization"))
        if basic is not None:
            user, password = basic
            if password:
                raise Unauthenticated("Password not allowed for insecure authentication")
            return Caller(user, user)
        prefix = f"x-{credentials.prefix.lower()}-"
        named = credentials.headers.text(f"{prefix}original-user") or credentials.headers.text(f"{prefix}user")
        if named is None:
            names = f"X-{credentials.prefix}-Original-User or X-{credentials.prefix}-User"
            raise Unauthenticated(f"Basic authentication or {names} must be sent")
        return Caller(named, named)


class AuthenticatorChain:
    """Authenticators in their order: the first that lets a request in decides who sends it."""

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self._authenticators = tuple(authenticators)

    async def authenticate(self, credentials: Credentials) -> Caller:
        """Raises: RequestFault(400) for doubtful headers, Rejected with the messages and challenges of all."""
        check_unambiguous(credentials.headers, credentials.prefix)
        refusals = []
        for authenticator in self._authenticators:
            try:
                return await authenticator.authenticate(credentials)
            except Unauthenticated as refusal:
                refusals.append(refusal)
        raise Rejected(refusals)


class Rejected(Exception):
    """No authenticator let the request in."""

    def __init__(self, refusals: Sequence[Unauthenticated]) -> None:
        super().__init__(" | ".join(dict.fromkeys(one.message for one in refusals)))
        self.challenges = list(dict.fromkeys(one.challenge for one in refusals if one.challenge is not None))

    def reply(self) -> Reply:
        """The 401."""
        headers = [("WWW-Authenticate", challenge) for challenge in self.challenges]
        return Reply(401, (str(self).encode(),), CHALLENGE_TEXT, headers)


def check_unambiguous(headers: HeaderMap, prefix: str) -> None:
    """Two different lines that say who is asking: a proxy and this server could believe different ones.

    Raises: RequestFault(400).
    """
    names = ["authorization", *(f"x-{prefix.lower()}-{suffix}" for suffix in _IDENTITY_SUFFIXES[:2])]
    for name in names:
        lines = headers.lines(name)
        if len(lines) > 1 and len(set(lines)) > 1:
            raise bad_request(f"Header {name} is there more than once")


def basic_credentials(authorization: str | None) -> tuple[str, str] | None:
    """User and password of a Basic header, None when there is none. Raises: Unauthenticated when malformed."""
    scheme, _, value = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated("Invalid base64 encoded credentials", None) from None
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        text = decoded.decode("latin-1")
    user, _, password = text.partition(":")
    if not user:
        raise Unauthenticated("Malformed credentials: user is empty", None)
    return user, password
