"""A man in the middle who writes everything down, and makes trouble on demand.

Requests go on as they came, the Host header included, so that signatures stay right.
"""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from yarl import URL

_HOP_BY_HOP = frozenset(
    ["connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "te", "upgrade", "expect"]
)


@dataclass
class Request:
    """One request. Times in seconds of one clock; `sent` and `received` are bytes of bodies."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    began: float
    ended: float = 0.0
    status: int = 0
    sent: int = 0
    received: int = 0
    body: bytes = b""
    """Of a POST."""

    @property
    def range(self) -> str:
        """The Range header, empty without one."""
        return self.headers.get("range", "")


@dataclass
class Trouble:
    """What happens to the next `count` requests that `applies` holds for: an answer, a broken line, a short
    body, or nothing for `silence` seconds."""

    count: int
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reset: bool = False
    short: bool = False
    silence: float = 0.0
    applies: Callable[[Request], bool] = lambda request: True


class RecordingProxy:
    """`with RecordingProxy(url) as proxy: proxy.url`. `latency` in seconds is added to every request."""

    def __init__(self, target: str, *, latency: float = 0.0) -> None:
        self._target = target.rstrip("/")
        self.latency = latency
        self.requests: list[Request] = []
        self.troubles: list[Trouble] = []
        self.most_sockets = 0
        self._lines: set[asyncio.Transport] = set()
        self.rewrite: Callable[[Request, bytes], bytes] | None = None
        """Changes bodies of answers."""
        self.after: Callable[[Request], None] | None = None
        """Called when a request has had its effect, before its answer is given."""
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> str:
        self._session = ClientSession(
            connector=TCPConnector(limit=0), timeout=ClientTimeout(), cookie_jar=DummyCookieJar(), auto_decompress=False
        )
        self._server = web.Server(self._answer)
        self._listener = await self._loop.create_server(self._server, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._listener.sockets[0].getsockname()[1]}"

    async def _stop(self) -> None:
        self._listener.close()
        await self._server.shutdown(1)
        await self._session.close()

    def forget(self) -> None:
        """Start counting again."""
        self.requests = []
        self.most_sockets = 0

    def count(self, method: str = "") -> int:
        """Requests of a method."""
        return sum(1 for one in self.requests if not method or one.method == method)

    @property
    def bytes_received(self) -> int:
        """Bytes of all answers."""
        return sum(one.received for one in self.requests)

    def most_at_once(self, method: str = "GET") -> int:
        """The largest number of requests that were under way together."""
        events = []
        for one in self.requests:
            if one.method == method:
                events += [(one.began, 1), (one.ended, -1)]
        most = now = 0
        for _, step in sorted(events):
            now += step
            most = max(most, now)
        return most

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        parts = urlsplit(request.raw_path)
        seen = Request(
            request.method,
            unquote(parts.path),
            parse_qs(parts.query, keep_blank_values=True),
            {name.lower(): value for name, value in request.headers.items()},
            time.monotonic(),
        )
        assert request.transport is not None
        self._lines = {line for line in self._lines if not line.is_closing()} | {request.transport}
        self.most_sockets = max(self.most_sockets, len(self._lines))
        if "expect" in seen.headers:
            request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await request.content.read()
        seen.sent = len(body)
        seen.body = body if seen.method == "POST" else b""
        self.requests.append(seen)
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._forward(request, seen, body)
        finally:
            seen.ended = time.monotonic()

    async def _forward(self, request: web.BaseRequest, seen: Request, body: bytes) -> web.StreamResponse:
        trouble = self._next_trouble(seen)
        if trouble is not None and trouble.reset:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if trouble is not None and trouble.silence:
            await asyncio.sleep(trouble.silence)
        if trouble is not None and trouble.status:
            seen.status = trouble.status
            return web.Response(status=trouble.status, headers=trouble.headers, body=trouble.body or None)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        url = URL(self._target + request.raw_path, encoded=True)
        async with self._session.request(
            request.method, url, headers=headers, data=io.BytesIO(body) if body else None, allow_redirects=False
        ) as answer:
            content = await answer.read()
            if self.rewrite is not None:
                content = self.rewrite(seen, content)
            seen.status, seen.received = answer.status, len(content)
            if self.after is not None:
                self.after(seen)
            back = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
            if "Content-Encoding" in answer.headers:  # the content goes on as it came
                back["Content-Encoding"] = answer.headers["Content-Encoding"]
            if request.method == "HEAD":
                back["Content-Length"] = answer.headers.get("Content-Length", "0")
                return web.Response(status=answer.status, headers=back)
            if trouble is not None and trouble.short and content:
                return await self._cut_short(request, answer.status, back, content)
            return web.Response(status=answer.status, headers=back, body=content)

    def _next_trouble(self, seen: Request) -> Trouble | None:
        for trouble in self.troubles:
            if trouble.count > 0 and trouble.applies(seen):
                trouble.count -= 1
                return trouble
        return None

    async def _cut_short(
        self, request: web.BaseRequest, status: int, headers: dict[str, str], content: bytes
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(content))})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        assert request.transport is not None
        request.transport.abort()
        return response
