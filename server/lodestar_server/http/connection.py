"""One HTTP connection with deadlines, on top of aiohttp's parser and request loop.

aiohttp bounds neither how long a client may take over its headers nor how many bytes they may have in all, repeats
bytes of malformed requests in its answers and its log, and keeps a connection to a client that does not read. All of
that is settled here, per connection, without looking at requests:

    first byte ── headers complete          within `header_timeout`, at most `max_header_size` bytes
    connection made, or answer sent ── first byte   within `max_idle_time`
    bytes waiting to be read by the client          no longer than `max_idle_time` without any progress
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler
from aiohttp.web_request import BaseRequest
from aiohttp.web_response import StreamResponse
from aiohttp.web_server import Server

from lodestar_server.http.config import HttpConfig
from lodestar_server.http.reply import Reply, refusal

log = logging.getLogger(__name__)

Handler = Callable[["Request"], Awaitable[Reply]]

_LOOPBACK = ("127.", "::1", "")


class Request(BaseRequest):
    """aiohttp's request with the target and the headers as they came."""

    def __init__(self, message: RawRequestMessage, *arguments: Any, **named: Any) -> None:
        super().__init__(message, *arguments, **named)
        self.target = message.path
        self.header_lines = message.raw_headers


class ConnectionLimits:
    """The connections of a server: how many there are, in all and by address."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._by_address: Counter[str] = Counter()
        self.open = 0
        self.refused = 0

    def enter(self, address: str) -> bool:
        """A connection from an address; false when there are too many."""
        local = address.startswith(_LOOPBACK)
        if self.open >= self._config.max_connections or (
            not local and self._by_address[address] >= self._config.max_connections_per_address
        ):
            self.refused += 1
            return False
        self.open += 1
        self._by_address[address] += 1
        return True

    def leave(self, address: str) -> None:
        """It has ended."""
        self.open -= 1
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]


class Connection(RequestHandler):
    """See the module. aiohttp waits for a request with `_waiter`, and has `_current_request` while a handler runs."""

    __slots__ = ("_address", "_config", "_deadline", "_header_bytes", "_limits", "_stall")

    def __init__(self, manager: Server, config: HttpConfig, limits: ConnectionLimits, **options: Any) -> None:
        super().__init__(manager, **options)
        self._config = config
        self._limits = limits
        self._address: str | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._header_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        super().connection_made(transport)
        if not self._limits.enter(address):
            cast(asyncio.Transport, transport).abort()
            return
        self._address = address

    def connection_lost(self, exc: BaseException | None) -> None:
        self._disarm()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
        if self._address is not None:
            self._limits.leave(self._address)
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        waiter = self._waiter
        if waiter is None or waiter.done():
            # A request is complete up to its headers and is being served. What comes now is its body, which has a
            # deadline of its own where it is read, or requests that have to wait.
            self._header_bytes = 0
            self._disarm()
            return
        self._header_bytes += len(data)
        if self._header_bytes > self._config.max_header_size:
            self._refuse(431)
        elif self._deadline is None:
            self._deadline = self._loop.call_later(self._config.header_timeout, self._refuse, 408)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._stall is None:
            self._stall = self._loop.call_later(self._config.max_idle_time, self._check_stall, self._unread())

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> StreamResponse:
        """What aiohttp could not parse, or a fault of ours. Neither its text nor bytes of the request go out."""
        if status >= 500:
            log.error("request failed", exc_info=exc, extra={"path": getattr(request, "path", "")})
        reply = refusal(status if status in (400, 413, 500) else 400)
        reply.close = True
        return cast(StreamResponse, reply)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        log.error("connection failed", exc_info=kw.get("exc_info"))

    def _unread(self) -> int:
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def _check_stall(self, before: int) -> None:
        self._stall = None
        unread = self._unread()
        if self.transport is None:
            return
        if unread >= before:
            self.transport.abort()
        else:
            self._stall = self._loop.call_later(self._config.max_idle_time, self._check_stall, unread)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: int) -> None:
        """End a connection whose client does not get on with its headers."""
        self._disarm()
        if self.transport is not None and self._current_request is None:
            self.transport.write(refusal(status).head(close=True))
            self.force_close()


class ConnectionFactory(Server):
    """Makes the connections of one listening socket."""

    def __init__(self, handler: Handler, config: HttpConfig, limits: ConnectionLimits) -> None:
        super().__init__(
            cast(Any, handler),
            request_factory=self._make,
            access_log=None,
            keepalive_timeout=config.max_idle_time,
            max_line_size=int(config.max_header_size),
            max_field_size=int(config.max_header_size),
            max_headers=config.max_header_count,
            auto_decompress=False,
            lingering_time=2,
        )
        self.config = config
        self.limits = limits

    def __call__(self) -> RequestHandler:
        return Connection(self, self.config, self.limits, loop=self._loop, **self._kwargs)

    def _make(
        self,
        message: RawRequestMessage,
        payload: StreamReader,
        protocol: RequestHandler,
        writer: AbstractStreamWriter,
        task: asyncio.Task[None],
    ) -> BaseRequest:
        return Request(
            message, payload, protocol, writer, task, self._loop, client_max_size=int(self.config.max_body_size)
        )
