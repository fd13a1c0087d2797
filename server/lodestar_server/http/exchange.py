"""One request as handlers see it: target, headers, caller, body, and the server's address as the client knows it."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from aiohttp.web_exceptions import HTTPRequestEntityTooLarge

from lodestar_server.http.address import Target
from lodestar_server.http.connection import Request
from lodestar_server.protocol.failure import RequestFault
from lodestar_server.protocol.headers import DEFAULT_PREFIX, HeaderMap
from lodestar_server.protocol.requests import Caller


class Exchange:
    """Made for every request. `caller` is set once the route's access was checked."""

    __slots__ = ("_body_timeout", "base", "caller", "headers", "method", "parameters", "prefix", "request", "target")

    def __init__(self, request: Request, target: Target, headers: HeaderMap, base: str, body_timeout: float) -> None:
        self.request = request
        self.method = request.method
        self.target = target
        self.headers = headers
        self.base = base
        self.prefix = DEFAULT_PREFIX
        self.parameters: dict[str, str] = {}
        self.caller: Caller | None = None
        self._body_timeout = body_timeout

    @property
    def remote_address(self) -> str | None:
        """The client's address, or the proxy's."""
        return self.request.remote

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters after `?`, blank ones included."""
        return parse_qsl(self.target.query, keep_blank_values=True, max_num_fields=1000)

    def user(self) -> str:
        """The caller's name. Only behind a route that needs one."""
        assert self.caller is not None
        return self.caller.user

    async def read_body(self) -> bytes:
        """The whole body. Raises: RequestFault(408) when it does not come in time, 413 when it is too large."""
        request = self.request
        content = request.content
        if (self.headers.first("expect") or "").lower() == "100-continue" and request.transport is not None:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if content.is_eof():
            return content.read_nowait()
        try:
            async with asyncio.timeout(self._body_timeout):
                return await request.read()
        except TimeoutError:
            raise RequestFault(408, "The request's body did not come in time") from None
        except HTTPRequestEntityTooLarge:
            raise RequestFault(413, "The request's body is too large") from None
