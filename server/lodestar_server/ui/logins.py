"""Who is logged in to the web UI: a signed token in a cookie, no state on the server.

The token is a JWT (HS256) because that is what Trino's is. Only tokens of this form, this algorithm and this secret
are read.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable

import orjson

_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=").decode()
_AUDIENCE = "lodestar-ui"
MAX_TOKEN_LENGTH = 4096


class Logins:
    """Makes and reads tokens. `secret` None: logins end with the process. `lifetime` in seconds."""

    def __init__(self, secret: str | None, lifetime: float, *, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(secret.encode()).digest() if secret else secrets.token_bytes(32)
        self._lifetime = lifetime
        self._clock = clock

    def issue(self, user: str) -> str:
        """A token for a user."""
        claims = {"sub": user, "aud": _AUDIENCE, "exp": int(self._clock() + self._lifetime)}
        body = f"{_HEADER}.{_encode(orjson.dumps(claims))}"
        return f"{body}.{_encode(self._sign(body))}"

    def user_of(self, token: str) -> str | None:
        """The user of a token, None when it is not ours or has expired."""
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            return None
        body, _, signature = token.rpartition(".")
        header, _, claims = body.partition(".")
        if header != _HEADER:
            return None
        if not hmac.compare_digest(_encode(self._sign(body)), signature):
            return None
        try:
            found = orjson.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        except (orjson.JSONDecodeError, binascii.Error, ValueError):
            return None
        if found.get("aud") != _AUDIENCE or found.get("exp", 0) <= self._clock():
            return None
        user = found.get("sub")
        return user if isinstance(user, str) and user else None

    def _sign(self, body: str) -> bytes:
        return hmac.digest(self._key, body.encode(), "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
