"""asyncio: a pool of kept connections per server, one request at a time on each. Belongs to one event loop."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING

from lodestar.errors import TransportError
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin
from lodestar.protocol.operations import Begin, Effect, Finish, Pause, Send
from lodestar.transport.http1 import (
    MAX_HEAD_BYTES,
    ChunkReader,
    ResponseHead,
    make_response,
    parse_head,
    proxy_credentials,
    request_bytes,
    tunnel_request,
)
from lodestar.transport.settings import IDLE_SECONDS, KEPT_CONNECTIONS, TransportSettings, find_proxy, make_tls_context

if TYPE_CHECKING:
    import ssl

_RECEIVE_BYTES = 1 << 16
GOODBYE_SECONDS = 1.0


class AsyncTransport:
    """Carries requests of any number of tasks of one event loop."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._idle: dict[Origin, deque[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None
        self._closed = False
        self._ending: set[asyncio.Future[None]] = set()
        """Connections that are closed, but perhaps still say goodbye: TLS takes turns of the loop for that."""

    async def perform(self, effect: Effect) -> HttpResponse | PendingTask | None:
        """What an operation wants done. Raises: TransportError."""
        if type(effect) is Send:
            return await self.exchange(effect.request, effect.seconds)
        if type(effect) is Begin:
            return PendingTask(asyncio.ensure_future(self.exchange(effect.request, effect.seconds)))
        if type(effect) is Finish:
            assert isinstance(effect.pending, PendingTask)
            return await effect.pending.task
        assert type(effect) is Pause
        await asyncio.sleep(effect.seconds)
        return None

    async def exchange(self, request: HttpRequest, seconds: float) -> HttpResponse:
        """Send a request and wait for its answer. Raises: TransportError (`sent` as for blocking sockets)."""
        connection = self._take(request.origin)
        sent = connection is not None
        try:
            async with asyncio.timeout(seconds):
                if connection is None:
                    connection = await self._connect(request.origin)
                    sent = True
                response, keep = await connection.exchange(request)
        except TimeoutError as fault:
            if connection is not None:
                self._drop(connection)
            message = f"{request.origin.authority} was silent for {seconds:g} seconds"
            raise TransportError(message, sent=sent) from fault
        except BaseException:
            if connection is not None:
                self._drop(connection)
            raise
        self._release(connection, keep)
        return response

    async def close(self) -> None:
        """Close what rests; what is in use closes when its request is over."""
        self._closed = True
        idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                self._drop(connection)
        if self._ending:
            await asyncio.gather(*self._ending)

    def _drop(self, connection: _Connection) -> None:
        connection.close()
        ending = asyncio.ensure_future(connection.ended())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _take(self, origin: Origin) -> _Connection | None:
        idle = self._idle.get(origin)
        while idle:
            connection = idle.pop()
            if connection.usable():
                return connection
            self._drop(connection)
        return None

    def _release(self, connection: _Connection, keep: bool) -> None:
        idle = self._idle.setdefault(connection.origin, deque())
        if keep and not self._closed and len(idle) < KEPT_CONNECTIONS:
            connection.rested_since = time.monotonic()
            idle.append(connection)
        else:
            self._drop(connection)

    async def _connect(self, origin: Origin) -> _Connection:
        proxy = find_proxy(self._settings, origin)
        address = origin if proxy is None else proxy[0]
        credentials = b"" if proxy is None else proxy_credentials(proxy[1])
        tls = self._tls_context() if origin.scheme == "https" else None
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                direct = tls if proxy is None else None
                reader, writer = await asyncio.open_connection(
                    address.host,
                    address.port,
                    limit=MAX_HEAD_BYTES,
                    ssl=direct,
                    server_hostname=origin.host if direct is not None else None,
                )
                if tls is not None and proxy is not None:
                    writer.write(tunnel_request(origin, credentials))
                    status = parse_head((await reader.readuntil(b"\r\n\r\n"))[:-4], "CONNECT").status
                    if status != 200:
                        message = f"The proxy refuses the connection with HTTP {status}"
                        raise TransportError(message, status=status, sent=False)
                    await writer.start_tls(tls, server_hostname=origin.host)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as fault:
            # TimeoutError is an OSError too.
            if writer is not None:
                writer.close()
            reason = "timed out" if isinstance(fault, TimeoutError) else getattr(fault, "strerror", None) or str(fault)
            raise TransportError(f"Cannot connect to {address.authority}: {reason}", sent=False) from fault
        except BaseException:
            if writer is not None:
                writer.close()
            raise
        plain = proxy is not None and tls is None
        return _Connection(reader, writer, origin, origin.url if plain else "", credentials if plain else b"")

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = make_tls_context(self._settings)
        return self._tls


class PendingTask:
    """An answer that is on its way."""

    __slots__ = ("task",)

    def __init__(self, task: asyncio.Future[HttpResponse]) -> None:
        self.task = task
        # Nobody may come for it: then its fault is nobody's.
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def close(self) -> None:
        """Nobody waits for the answer any more."""
        self.task.cancel()


class _Connection:
    """One socket."""

    __slots__ = ("_extra", "_prefix", "_reader", "_writer", "origin", "rested_since")

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, origin: Origin, prefix: str, extra: bytes
    ) -> None:
        self._reader, self._writer = reader, writer
        self.origin = origin
        self._prefix, self._extra = prefix, extra
        self.rested_since = 0.0

    def usable(self) -> bool:
        """Whether the other end has not closed while this rested."""
        fresh = time.monotonic() - self.rested_since <= IDLE_SECONDS
        return fresh and not self._reader.at_eof() and not self._writer.is_closing()

    async def exchange(self, request: HttpRequest) -> tuple[HttpResponse, bool]:
        """The answer, and whether the connection may be used again."""
        target = self._prefix + request.target if self._prefix else None
        try:
            self._writer.write(request_bytes(request, target=target, extra=self._extra))
            await self._writer.drain()
            head = await self._receive_head(request.method)
            body = await self._receive_body(head)
        except asyncio.IncompleteReadError as fault:
            message = "in the middle of an answer" if fault.partial else "without an answer"
            raise TransportError(f"{self.origin.authority} closed the connection {message}") from fault
        except asyncio.LimitOverrunError as fault:
            raise TransportError("The server's answer has too many headers") from fault
        except TimeoutError:
            raise
        except OSError as fault:
            raise TransportError(
                f"The connection to {self.origin.authority} broke: {fault.strerror or fault}"
            ) from fault
        return make_response(head, body), head.keep_alive

    def close(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):
            self._writer.close()

    async def ended(self) -> None:
        """After `close`: wait until the socket is closed; a peer that does not say goodbye is not waited for long."""
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._writer.wait_closed()
        except (OSError, RuntimeError):
            # TimeoutError is an OSError too; so are errors that nobody is interested in any more.
            self._writer.transport.abort()

    async def _receive_head(self, method: str) -> ResponseHead:
        while True:
            head = parse_head((await self._reader.readuntil(b"\r\n\r\n"))[:-4], method)
            if head.status >= 200:
                return head

    async def _receive_body(self, head: ResponseHead) -> bytes | bytearray:
        if head.chunked:
            chunks = ChunkReader()
            while not chunks.done:
                data = await self._reader.read(_RECEIVE_BYTES)
                if not data:
                    raise asyncio.IncompleteReadError(b"?", None)
                chunks.feed(data)
            return chunks.body
        if head.length is None:
            return await self._reader.read()
        try:
            return await self._reader.readexactly(head.length)
        except asyncio.IncompleteReadError as fault:
            raise asyncio.IncompleteReadError(fault.partial or b"?", head.length) from None
