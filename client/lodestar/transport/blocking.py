"""Blocking sockets: a pool of kept connections per server, one request at a time on each."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
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


class BlockingTransport:
    """Carries requests; any number of threads may use it."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._idle: dict[Origin, deque[_Connection]] = {}
        self._tls: ssl.SSLContext | None = None
        self._closed = False
        self._process = os.getpid()

    def perform(self, effect: Effect) -> HttpResponse | PendingResponse | None:
        """What an operation wants done. Raises: TransportError."""
        if type(effect) is Send:
            return self.exchange(effect.request, effect.seconds)
        if type(effect) is Begin:
            return self.begin(effect.request, effect.seconds)
        if type(effect) is Finish:
            assert isinstance(effect.pending, PendingResponse)
            return effect.pending.finish(effect.seconds)
        assert type(effect) is Pause
        time.sleep(effect.seconds)
        return None

    def exchange(self, request: HttpRequest, seconds: float) -> HttpResponse:
        """Send a request and wait for its answer, the server silent for at most `seconds`.

        Raises: TransportError (`sent` tells whether the server may have got the request).
        """
        return self.begin(request, seconds).finish(seconds)

    def begin(self, request: HttpRequest, seconds: float) -> PendingResponse:
        """Send a request; its answer is waited for later."""
        connection = self._take(request.origin)
        try:
            if connection is None:
                connection = self._connect(request.origin, seconds)
            connection.send(request, seconds)
        except BaseException:
            if connection is not None:
                connection.close()
            raise
        return PendingResponse(self, connection, request)

    def close(self) -> None:
        """Close what rests; what is in use closes when its request is over."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    def release(self, connection: _Connection) -> None:
        """A connection whose answer is complete may carry the next request."""
        connection.rested_since = time.monotonic()
        with self._lock:
            idle = self._idle.setdefault(connection.origin, deque())
            if not self._closed and len(idle) < KEPT_CONNECTIONS and self._process == os.getpid():
                idle.append(connection)
                return
        connection.close()

    def _take(self, origin: Origin) -> _Connection | None:
        if self._process != os.getpid():
            # After a fork the parent's connections are the parent's.
            self._idle, self._process, self._lock = {}, os.getpid(), threading.Lock()
        while True:
            with self._lock:
                idle = self._idle.get(origin)
                if not idle:
                    return None
                connection = idle.pop()
            if connection.usable():
                return connection
            connection.close()

    def _connect(self, origin: Origin, seconds: float) -> _Connection:
        proxy = find_proxy(self._settings, origin)
        address = origin if proxy is None else proxy[0]
        limit = min(seconds, self._settings.connect_seconds)
        try:
            raw = socket.create_connection((address.host, address.port), timeout=limit)
        except OSError as fault:
            reason = "timed out" if isinstance(fault, TimeoutError) else fault.strerror or str(fault)
            raise TransportError(f"Cannot connect to {address.authority}: {reason}", sent=False) from fault
        try:
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            credentials = b"" if proxy is None else proxy_credentials(proxy[1])
            if origin.scheme == "https":
                if proxy is not None:
                    _open_tunnel(raw, origin, credentials)
                raw = self._secure(raw, origin)
        except OSError as fault:
            raw.close()
            raise TransportError(
                f"Cannot connect to {origin.authority}: {fault.strerror or fault}", sent=False
            ) from fault
        except BaseException:
            raw.close()
            raise
        through_proxy = proxy is not None and origin.scheme == "http"
        return _Connection(raw, origin, f"{origin.url}" if through_proxy else "", credentials if through_proxy else b"")

    def _secure(self, raw: socket.socket, origin: Origin) -> socket.socket:
        import ssl

        with self._lock:
            if self._tls is None:
                self._tls = make_tls_context(self._settings)
            context = self._tls
        try:
            return context.wrap_socket(raw, server_hostname=origin.host)
        except ssl.SSLError as fault:
            reason = getattr(fault, "verify_message", None) or fault.reason or "handshake failed"
            raise TransportError(f"TLS with {origin.authority} failed: {reason}", sent=False) from fault


class PendingResponse:
    """An answer that is on its way. It must be finished or closed."""

    __slots__ = ("_connection", "_request", "_transport")

    def __init__(self, transport: BlockingTransport, connection: _Connection, request: HttpRequest) -> None:
        self._transport = transport
        self._connection: _Connection | None = connection
        self._request = request

    def finish(self, seconds: float) -> HttpResponse:
        """Wait for the answer. Raises: TransportError."""
        connection, self._connection = self._connection, None
        assert connection is not None
        try:
            response, keep = connection.receive(self._request.method, seconds)
        except BaseException:
            connection.close()
            raise
        if keep:
            self._transport.release(connection)
        else:
            connection.close()
        return response

    def close(self) -> None:
        """Nobody waits for the answer any more."""
        if self._connection is not None:
            self._connection.close()

    __del__ = close


class _Connection:
    """One socket."""

    __slots__ = ("_extra", "_limit", "_prefix", "_socket", "origin", "rested_since")

    def __init__(self, raw: socket.socket, origin: Origin, prefix: str, extra: bytes) -> None:
        self._socket = raw
        self._limit: float | None = None
        self.origin = origin
        self._prefix = prefix
        self._extra = extra
        self.rested_since = 0.0

    def usable(self) -> bool:
        """Whether the other end has not closed (or said anything unasked) while this rested."""
        if time.monotonic() - self.rested_since > IDLE_SECONDS:
            return False
        try:
            if hasattr(select, "poll"):
                poller = select.poll()
                poller.register(self._socket, select.POLLIN)
                return not poller.poll(0)
            return not select.select([self._socket], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def send(self, request: HttpRequest, seconds: float) -> None:
        target = self._prefix + request.target if self._prefix else None
        self._set_limit(seconds)
        try:
            self._socket.sendall(request_bytes(request, target=target, extra=self._extra))
        except TimeoutError as fault:
            raise TransportError(f"{self.origin.authority} took no request for {seconds:g} seconds") from fault
        except OSError as fault:
            raise self._broken(fault) from fault

    def receive(self, method: str, seconds: float) -> tuple[HttpResponse, bool]:
        """The answer, and whether the connection may be used again."""
        self._set_limit(seconds)
        try:
            head, rest = self._receive_head(method)
            body = self._receive_body(head, rest)
        except TimeoutError as fault:
            raise TransportError(f"{self.origin.authority} was silent for {seconds:g} seconds") from fault
        except OSError as fault:
            raise self._broken(fault) from fault
        return make_response(head, body), head.keep_alive

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()

    def _set_limit(self, seconds: float) -> None:
        if seconds != self._limit:
            self._socket.settimeout(max(seconds, 0.001))
            self._limit = seconds

    def _broken(self, fault: OSError) -> TransportError:
        return TransportError(f"The connection to {self.origin.authority} broke: {fault.strerror or fault}")

    def _receive_head(self, method: str) -> tuple[ResponseHead, bytes]:
        buffer = b""
        while True:
            end = buffer.find(b"\r\n\r\n")
            if end >= 0:
                head = parse_head(buffer[:end], method)
                buffer = buffer[end + 4 :]
                if head.status >= 200:
                    return head, buffer
                continue
            if len(buffer) > MAX_HEAD_BYTES:
                raise TransportError("The server's answer has too many headers")
            data = self._socket.recv(_RECEIVE_BYTES)
            if not data:
                raise TransportError(f"{self.origin.authority} closed the connection without an answer")
            buffer = buffer + data if buffer else data

    def _receive_body(self, head: ResponseHead, rest: bytes) -> bytes | bytearray:
        if head.chunked:
            chunks = ChunkReader()
            chunks.feed(rest)
            while not chunks.done:
                chunks.feed(self._receive_some())
            return chunks.body
        if head.length is None:
            parts = bytearray(rest)
            while data := self._socket.recv(_RECEIVE_BYTES):
                parts += data
            return parts
        if len(rest) == head.length:
            return rest
        if len(rest) > head.length:
            raise TransportError("The server's answer goes on behind its end")
        body = bytearray(head.length)
        body[: len(rest)] = rest
        view, filled = memoryview(body), len(rest)
        while filled < head.length:
            count = self._socket.recv_into(view[filled:])
            if not count:
                raise self._cut()
            filled += count
        return body

    def _receive_some(self) -> bytes:
        data = self._socket.recv(_RECEIVE_BYTES)
        if not data:
            raise self._cut()
        return data

    def _cut(self) -> TransportError:
        return TransportError(f"{self.origin.authority} closed the connection in the middle of an answer")


def _open_tunnel(raw: socket.socket, origin: Origin, credentials: bytes) -> None:
    raw.sendall(tunnel_request(origin, credentials))
    buffer = b""
    while b"\r\n\r\n" not in buffer:
        data = raw.recv(4096)
        buffer += data
        if not data or len(buffer) > 65536:
            raise TransportError("The proxy closed the connection", sent=False)
    status = parse_head(buffer.partition(b"\r\n\r\n")[0], "CONNECT").status
    if status != 200:
        raise TransportError(f"The proxy refuses the connection with HTTP {status}", status=status, sent=False)
