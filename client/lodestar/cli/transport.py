"""The driver's transport with what the command line adds: requests told on standard error, signing in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from lodestar.cli.login import ExternalLogin
from lodestar.protocol.messages import HttpRequest, HttpResponse
from lodestar.transport.blocking import BlockingTransport
from lodestar.transport.settings import TransportSettings

_SECRETS = frozenset({"authorization", "x-trino-extra-credential", "proxy-authorization", "set-cookie"})


class CommandLineTransport(BlockingTransport):
    """`level`: NONE, BASIC (a line per request and answer), HEADERS, BODY. `login` signs requests."""

    def __init__(self, settings: TransportSettings, level: str, login: ExternalLogin | None) -> None:
        super().__init__(settings)
        self._log = None if level == "NONE" else NetworkLog(level, sys.stderr.write)
        self._login = login

    def exchange(self, request: HttpRequest, seconds: float) -> HttpResponse:
        """As the driver's, with the token; a refused one is replaced once."""
        if self._login is None:
            return self._told(request, seconds)
        response = self._told(self._login.signed(request), seconds)
        if response.status == 401 and self._login.sign_in(response, self._told):
            response = self._told(self._login.signed(request), seconds)
        return response

    def _told(self, request: HttpRequest, seconds: float) -> HttpResponse:
        if self._log is None:
            return super().exchange(request, seconds)
        self._log.request(request)
        started = time.monotonic()
        try:
            response = super().exchange(request, seconds)
        except BaseException as fault:
            self._log.line(f"<-- HTTP FAILED: {fault}")
            raise
        self._log.response(request, response, time.monotonic() - started)
        return response


class NetworkLog:
    """Requests and answers as text. Credentials are never shown."""

    def __init__(self, level: str, write: Callable[[str], object]) -> None:
        self._headers = level in ("HEADERS", "BODY")
        self._bodies = level == "BODY"
        self._write = write

    def line(self, text: str) -> None:
        """A line."""
        self._write(text + "\n")

    def request(self, request: HttpRequest) -> None:
        """What is sent."""
        size = f" ({len(request.body)}-byte body)" if request.body else ""
        self.line(f"--> {request.method} {request.origin.url}{request.target}{size}")
        if self._headers:
            for line in request.headers.decode("latin-1").splitlines():
                name, _, value = line.partition(": ")
                self._header(name, value)
        if self._bodies and request.body:
            self.line(request.body.decode("utf-8", "replace"))

    def response(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        """What came back."""
        place = f"{request.origin.url}{request.target}"
        self.line(f"<-- {response.status} {place} ({seconds * 1000:.0f}ms, {len(response.body)}-byte body)")
        if self._headers:
            for name, value in response.headers:
                self._header(name, value)
        if self._bodies and response.body:
            self.line(bytes(response.body).decode("utf-8", "replace"))

    def _header(self, name: str, value: str) -> None:
        self.line(f"{name}: {'██' if name.lower() in _SECRETS else value}")
