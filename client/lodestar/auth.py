"""Who the client is, towards the server: one class per scheme. Their texts show no secrets."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Protocol

from lodestar.errors import InterfaceError


class Authentication(Protocol):
    """What goes with every request to the server's own address."""

    @property
    def secret(self) -> bool:
        """Whether it must not go over plain HTTP."""

    def headers(self) -> list[tuple[str, str]]:
        """Headers; asked for each statement."""


class BasicAuthentication:
    """A user and a password."""

    secret = True

    def __init__(self, user: str, password: str) -> None:
        if ":" in user:
            raise InterfaceError("A user name must not hold a colon")
        self.user = user
        self._password = password

    def headers(self) -> list[tuple[str, str]]:
        """`Authorization: Basic …`, in UTF-8."""
        token = base64.b64encode(f"{self.user}:{self._password}".encode()).decode()
        return [("Authorization", f"Basic {token}")]

    def __repr__(self) -> str:
        return f"BasicAuthentication({self.user!r}, ...)"


class JwtAuthentication:
    """A bearer token, or a function that gives one (asked for each statement, so that it may change)."""

    secret = True

    def __init__(self, token: str | Callable[[], str]) -> None:
        self._token = token

    def headers(self) -> list[tuple[str, str]]:
        """`Authorization: Bearer …`."""
        token = self._token if isinstance(self._token, str) else self._token()
        return [("Authorization", f"Bearer {token}")]

    def __repr__(self) -> str:
        return "JwtAuthentication(...)"


class CertificateAuthentication:
    """A certificate of the client's own: files in PEM form, the key apart or in the same file."""

    secret = False

    def __init__(self, certificate: str, key: str | None = None) -> None:
        self.certificate = certificate
        self.key = key

    def headers(self) -> list[tuple[str, str]]:
        """None: TLS says it."""
        return []

    def __repr__(self) -> str:
        return f"CertificateAuthentication({self.certificate!r})"
