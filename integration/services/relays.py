"""What stands between a client and a service without being the service: a forward proxy, a SOCKS proxy, a TLS front.

Each listens on loopback, on a loop of its own, and passes bytes on as they come.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_PIECE = 1 << 16
_HEAD_BYTES = 1 << 16


class _Relay:
    """`tls`: it listens with TLS."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=type(self).__name__, daemon=True)
        self._running: set[asyncio.Task[None]] = set()
        self.port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._served, "127.0.0.1", 0, ssl=self._tls, limit=_HEAD_BYTES), self._loop
        ).result(30)
        self.port = self._listener.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self) -> None:
        self._listener.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # One of the two has gone.
        finally:
            self._running.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


async def _join(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    host: str,
    port: int,
    *,
    before: bytes = b"",
    answer: bytes = b"",
) -> None:
    """Connect to a service, send it what comes `before`, give the client an `answer`, and pass on the rest."""
    far_reader, far_writer = await asyncio.open_connection(host, port)
    try:
        far_writer.write(before)
        writer.write(answer)
        there = asyncio.create_task(_pass(reader, far_writer))
        await _pass(far_reader, writer)
        there.cancel()
    finally:
        far_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


class TlsFront(_Relay):
    """`with TlsFront(port, certificates.server()) as front: front.url` is an https:// address of a service."""

    def __init__(self, port: int, tls: ssl.SSLContext) -> None:
        super().__init__(tls)
        self._service = port

    @property
    def url(self) -> str:
        """Its address."""
        return f"https://localhost:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _join(reader, writer, "127.0.0.1", self._service)


@dataclass(frozen=True, slots=True)
class Passed:
    """A request that a forward proxy has passed on, or refused. `authorized`: it came with what is asked for."""

    method: str
    host: str
    port: int
    path: str
    authorized: bool


class ForwardProxy(_Relay):
    """An HTTP proxy: absolute addresses, and CONNECT. With a user it wants Basic authentication."""

    def __init__(self, user: str = "", password: str = "", *, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(tls)
        self._wanted = base64.b64encode(f"{user}:{password}".encode()).decode() if user else ""
        self.requests: list[Passed] = []

    @property
    def address(self) -> str:
        """host:port."""
        return f"localhost:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, version = first.split(" ")
        headers = [line.partition(":") for line in lines]
        given = next((value.strip() for name, _, value in headers if name.lower() == "proxy-authorization"), "")
        authorized = not self._wanted or given == f"Basic {self._wanted}"
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        host, port = place.hostname or "", place.port or 80
        self.requests.append(Passed(method, host, port, place.path, authorized))
        if not authorized:
            writer.write(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=proxy\r\n"
                b"Content-Length: 0\r\nConnection: close\r\n\r\n"
            )
            await writer.drain()
            return
        if method == "CONNECT":
            await _join(reader, writer, host, port, answer=b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        path = place.path + (f"?{place.query}" if place.query else "")
        kept = [line for line in lines if not line.lower().startswith(("proxy-", "connection:"))]
        # One request for each connection: what follows is passed on without being looked at.
        before = "\r\n".join([f"{method} {path or '/'} {version}", *kept, "Connection: close", "", ""])
        await _join(reader, writer, host, port, before=before.encode("latin-1"))


class SocksProxy(_Relay):
    """SOCKS 5 without authentication. `targets`: what it was asked to connect to. Names that end with `.test` stand
    for this machine."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: list[tuple[str, int]] = []

    @property
    def address(self) -> str:
        """host:port."""
        return f"127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        assert version == 5
        writer.write(b"\x05\x00")
        _, command, _, kind = await reader.readexactly(4)
        assert command == 1
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.targets.append((host, port))
        near = "127.0.0.1" if host.endswith(".test") else host
        try:
            await _join(reader, writer, near, port, answer=b"\x05\x00\x00\x01" + bytes(6))
        except ConnectionRefusedError:
            writer.write(b"\x05\x05\x00\x01" + bytes(6))
            await writer.drain()
