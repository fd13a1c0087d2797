"""A relay that is far away: what a client sends arrives later, and every request that has no body is remembered.

It is a process of its own and looks at nothing but the ends of headers, so that it costs little while others are
measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from integration.toolbox.process import Process, free_port

_READY_SECONDS = 20
_OWN = b"/-/"
"""Requests to the relay itself, which nobody delays."""


class FarAway:
    """`with FarAway(url, 0.02) as far: far.url`. `latency` in seconds, for each request."""

    def __init__(self, target: str, latency: float) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="far-", ignore_cleanup_errors=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        parts = urlsplit(target)
        arguments = [str(self.port), parts.hostname or "", str(parts.port), str(latency)]
        self.process = Process(
            [sys.executable, "-m", "integration.services.far", *arguments], log=Path(self._directory.name) / "far.log"
        )

    def __enter__(self) -> Self:
        self.process.__enter__()
        self.process.wait_ready(self._ready, _READY_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.stop()
        self._directory.cleanup()

    def _ask(self, name: str) -> bytes:
        with urllib.request.urlopen(f"{self.url}/-/{name}", timeout=5) as answer:
            found: bytes = answer.read()
        return found

    def _ready(self) -> bool:
        try:
            self._ask("requests")
        except OSError:
            return False
        return True

    def forget(self) -> None:
        """Remember from here on."""
        self._ask("forget")

    def requests(self) -> list[bytes]:
        """Heads of requests without bodies since then, byte for byte, in the order in which they came."""
        return [one.encode("latin-1") for one in json.loads(self._ask("requests"))]


class _Relay:
    """`heads`: what was remembered."""

    def __init__(self, host: str, port: int, latency: float) -> None:
        self._host = host
        self._port = port
        self._latency = latency
        self.heads: list[str] = []

    def answer(self, line: bytes) -> bytes:
        """To a request to the relay itself."""
        body = json.dumps(self.heads).encode()
        if line.startswith(b"GET /-/forget"):
            self.heads, body = [], b""
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            head = await client.readuntil(b"\r\n\r\n")
            if head.split(b" ", 2)[1].startswith(_OWN):
                back.write(self.answer(head))
                await back.drain()
                return
            server, there = await asyncio.open_connection(self._host, self._port, limit=1 << 22)
            answers = asyncio.create_task(_pump(server, back))
            try:
                await self._requests(head, client, there)
            finally:
                there.close()
                await answers
        except (asyncio.IncompleteReadError, ConnectionError):
            return  # The client has gone.
        finally:
            back.close()

    async def _requests(self, head: bytes, client: asyncio.StreamReader, there: asyncio.StreamWriter) -> None:
        while True:
            length = _body_bytes(head)
            await asyncio.sleep(self._latency)
            if not length:
                self.heads.append(head.decode("latin-1"))
            there.write(head)
            while length:
                some = await client.read(min(length, 1 << 20))
                if not some:
                    return
                length -= len(some)
                there.write(some)
                await there.drain()
            head = await client.readuntil(b"\r\n\r\n")


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while some := await source.read(1 << 20):
            sink.write(some)
            await sink.drain()
    except ConnectionError:
        return


def _body_bytes(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def _main(port: int, host: str, target: int, latency: float) -> None:
    relay = _Relay(host, target, latency)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", port, limit=1 << 22)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    uvloop.run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
