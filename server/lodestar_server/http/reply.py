"""An answer, written in one go: a head made here, and the body's pieces as they are.

Takes the place of aiohttp's response, whose header objects and copies cost more than the rest of a small query, and
which names itself in `Server`.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Sequence
from typing import Any, Protocol, cast

from aiohttp.web_request import BaseRequest

from lodestar_server.protocol.failure import REASONS, RequestFault

JSON = "application/json"
TEXT = "text/plain"
HTML = "text/html"
CHALLENGE_TEXT = "text/plain;charset=utf-8"

Part = bytes | memoryview


class _Compressor(Protocol):
    def compress(self, data: Any, /) -> bytes: ...
    def flush(self) -> bytes: ...


def _load_compressor() -> Any:
    """ISA-L where it is installed: four times as fast as zlib, and smaller than its fastest level."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib.compressobj
    return isal_zlib.compressobj


_make_compressor = _load_compressor()
_GZIP_WINDOW = 31
_STORED_BYTES = 1200
"""What fits into one network packet anyway is wrapped, not compressed."""
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04\xff"


def gzip_parts(parts: Sequence[Part]) -> bytes:
    """The pieces as one gzip member. Fast rather than small: most clients are near."""
    size = sum(len(part) for part in parts)
    if size <= _STORED_BYTES:
        body = b"".join(parts)
        # One stored block, the last one (RFC 1951, 3.2.4), between head and trailer of the member (RFC 1952).
        block = b"\x01" + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
        return b"".join((_GZIP_HEAD, block, body, zlib.crc32(body).to_bytes(4, "little"), size.to_bytes(4, "little")))
    compressor = cast(_Compressor, _make_compressor(1, zlib.DEFLATED, _GZIP_WINDOW))
    return b"".join([*(compressor.compress(part) for part in parts), compressor.flush()])


class Reply:
    """An answer that can be sent once. `close` ends the connection after it.

    `compressible`: may be sent as gzip to a client that offers it.
    """

    __slots__ = (
        "body_length",
        "close",
        "compressible",
        "content_type",
        "extra",
        "keep_alive",
        "parts",
        "request",
        "status",
    )

    def __init__(
        self,
        status: int = 200,
        parts: Sequence[Part] = (),
        content_type: str | None = None,
        extra: Sequence[tuple[str, str]] = (),
        *,
        compressible: bool = False,
    ) -> None:
        self.status = status
        self.parts: Sequence[Part] = parts
        self.content_type = content_type
        self.extra: Sequence[tuple[str, str]] = extra
        self.compressible = compressible
        self.close = False
        self.keep_alive = False
        self.request: BaseRequest | None = None
        self.body_length: int | None = None

    def head(self, *, close: bool, old: bool = False) -> bytes:
        """Status line and headers. `old` is for HTTP/1.0 clients that asked to keep the connection."""
        lines = [f"HTTP/1.1 {self.status} {REASONS.get(self.status, 'Unknown')}\r\n{_date_line()}{_COMMON}"]
        if self.content_type is not None:
            lines.append(f"Content-Type: {self.content_type}\r\n")
        for name, value in self.extra:
            lines.append(f"{name}: {value}\r\n")
        if self.status not in (204, 304):
            length = sum(len(part) for part in self.parts) if self.body_length is None else self.body_length
            lines.append(f"Content-Length: {length}\r\n")
        if close:
            lines.append("Connection: close\r\n")
        elif old:
            lines.append("Connection: keep-alive\r\n")
        lines.append("\r\n")
        return "".join(lines).encode("latin-1", "replace")

    # What aiohttp's request loop calls.

    async def prepare(self, request: BaseRequest) -> None:
        """Remember whom to answer."""
        self.request = request

    async def write_eof(self, data: bytes = b"") -> None:
        """Send everything and wait until the socket has taken it."""
        request = self.request
        assert request is not None
        self.keep_alive = request.keep_alive and not self.close
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("Cannot write to closing transport")
        head = self.head(close=not self.keep_alive, old=self.keep_alive and request.version < (1, 1))
        if request.method == "HEAD" or not self.parts:
            transport.write(head)
        elif sum(len(part) for part in self.parts) < _JOIN_BYTES:
            transport.write(b"".join((head, *self.parts)))
        else:
            transport.writelines([head, *self.parts])
        await request.writer.drain()


_JOIN_BYTES = 64 << 10
_COMMON = "Vary: Accept-Encoding\r\nX-Content-Type-Options: nosniff\r\n"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_date: tuple[int, str] = (0, "")


def _date_line() -> str:
    """The Date header, made once a second."""
    global _date
    now = int(time.time())
    if _date[0] != now:
        year, month, day, hour, minute, second, weekday, *_ = time.gmtime(now)
        text = f"{_DAYS[weekday]}, {day:02d} {_MONTHS[month]} {year} {hour:02d}:{minute:02d}:{second:02d} GMT"
        _date = (now, f"Date: {text}\r\n")
    return _date[1]


def json_reply(body: bytes, status: int = 200, extra: Sequence[tuple[str, str]] = ()) -> Reply:
    """A JSON document."""
    return Reply(status, (body,), JSON, extra, compressible=True)


def empty_reply(status: int = 200, extra: Sequence[tuple[str, str]] = ()) -> Reply:
    """No body."""
    return Reply(status, (), None, extra)


def fault_reply(fault: RequestFault) -> Reply:
    """The answer to a refused request."""
    body = fault.body()
    return Reply(fault.status, (body,), TEXT, fault.headers) if body else empty_reply(fault.status, fault.headers)


def refusal(status: int, message: str | None = None, uri: str = "/badMessage") -> Reply:
    """What a request gets that is no proper HTTP: without a byte of it."""
    text = REASONS[status] if message is None else message
    body = f"HTTP ERROR {status} {text}\nURI: {uri}\nSTATUS: {status}\nMESSAGE: {text}\n".encode("ascii", "replace")
    return Reply(status, (body,), "text/plain;charset=iso-8859-1", _NO_STORE)


_NO_STORE = (("Cache-Control", "must-revalidate,no-cache,no-store"),)
