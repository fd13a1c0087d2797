"""Signing in with a browser: the server's answer 401 says where to sign in and where the token can be fetched then.

The token goes with every request to that server; when it is refused, the way begins again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

from lodestar.errors import AuthenticationError, TransportError
from lodestar.protocol.documents import load_json
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin, header_lines, split_uri

TIMEOUT_SECONDS = 120.0
_POLL_SECONDS = 60.0
_PAUSE_SECONDS = 0.5
_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))')

Exchange = Callable[[HttpRequest, float], HttpResponse]


class ExternalLogin:
    """The token of one server. `open_page` shows the page to sign in at to the user."""

    def __init__(
        self,
        origin: Origin,
        open_page: Callable[[str], object],
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._origin = origin
        self._open_page = open_page
        self._clock = clock
        self._pause = pause
        self._token: str | None = None

    def signed(self, request: HttpRequest) -> HttpRequest:
        """The request with the token; without one, or to another place, as it is."""
        if self._token is None or request.origin != self._origin:
            return request
        line = header_lines([("Authorization", f"Bearer {self._token}")])
        return replace(request, headers=request.headers + line)

    def sign_in(self, refused: HttpResponse, exchange: Exchange) -> bool:
        """Get a token because of a 401; false when the server asks for something else.

        Raises: AuthenticationError, TransportError.
        """
        challenge = find_challenge(refused)
        if challenge is None:
            return False
        token_uri, page = challenge
        if page is not None:
            self._open_page(page)
        deadline = self._clock() + TIMEOUT_SECONDS
        while self._clock() < deadline:
            document = self._poll(token_uri, exchange)
            if document is None:
                self._pause(_PAUSE_SECONDS)
            elif document.get("token"):
                self._token = str(document["token"])
                self._send("DELETE", token_uri, exchange)
                return True
            elif document.get("error") or not document.get("nextUri"):
                raise AuthenticationError(str(document.get("error") or "The server gave no token"), status=401)
            else:
                token_uri = str(document["nextUri"])
        raise AuthenticationError("Nobody has signed in in time", status=401)

    def _poll(self, uri: str, exchange: Exchange) -> dict[str, object] | None:
        """What the server says about the token, None when it could not be asked."""
        response = self._send("GET", uri, exchange)
        if response is None or response.status in _RETRIED:
            return None
        try:
            document = load_json(response.body) if response.status == 200 else None
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise AuthenticationError(f"The request for the token was answered with HTTP {response.status}", status=401)
        return document

    def _send(self, method: str, uri: str, exchange: Exchange) -> HttpResponse | None:
        origin, target = split_uri(uri)
        try:
            return exchange(HttpRequest(method, origin, target), _POLL_SECONDS)
        except TransportError:
            return None


def find_challenge(response: HttpResponse) -> tuple[str, str | None] | None:
    """Where the token comes from, and the page to sign in at (None when there is none); None for another challenge."""
    if response.status != 401:
        return None
    for value in response.header_values("www-authenticate"):
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "bearer":
            fields = {name: quoted or plain for name, quoted, plain in _FIELD.findall(rest)}
            if "x_token_server" in fields:
                return fields["x_token_server"], fields.get("x_redirect_server")
    return None
