"""HTTP/1.1 as bytes, without sockets: requests to bytes, bytes to responses.

Small on purpose: what a client of one protocol needs, strict where a lenient reader could be deceived. The standard
library's client spends more time on the headers of an answer than the server needs to make it.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from urllib.parse import unquote

from lodestar.errors import TransportError
from lodestar.protocol.messages import HttpRequest, HttpResponse, Origin

MAX_HEAD_BYTES = 4 << 20
"""The head of an answer: prepared statements travel in headers."""
MAX_BODY_BYTES = 1 << 31
"""The body of an answer, also when it is decompressed: servers send a few megabytes."""
_MAX_CHUNK_LINE = 4096


def request_bytes(request: HttpRequest, *, target: str | None = None, extra: bytes = b"") -> bytes:
    """The request as it goes over the wire. `target` and `extra` are what a proxy needs."""
    length = f"Content-Length: {len(request.body)}\r\n" if request.body or request.method in ("POST", "PUT") else ""
    head = f"{request.method} {target or request.target} HTTP/1.1\r\nHost: {request.origin.authority}\r\n{length}"
    return b"".join((head.encode("latin-1"), extra, request.headers, b"\r\n", request.body))


@dataclass(slots=True)
class ResponseHead:
    """Status line and headers, and how the body's end is found: chunks, a length, or the end of the connection."""

    status: int
    headers: list[tuple[str, str]]
    length: int | None
    chunked: bool
    keep_alive: bool

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case)."""
        return next((value for key, value in self.headers if key == name), None)


_headers: dict[str, tuple[str, str]] = {}
"""Lines seen before, of headers that say the same again and again and never a secret."""
_PLAIN = frozenset({"connection", "content-encoding", "content-type", "server", "vary", "x-content-type-options"})
_MAX_REMEMBERED = 64


def _parse_header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name or name != name.strip():
        raise TransportError("The server's answer has a malformed header")
    found = name.lower(), value.strip()
    if found[0] in _PLAIN and len(_headers) < _MAX_REMEMBERED:
        _headers[line] = found
    return found


def parse_head(head: bytes, method: str) -> ResponseHead:
    """Parse everything before the empty line. Raises: TransportError for what is not HTTP."""
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/1.") or len(code) != 3 or not code.isdecimal():
        raise TransportError("The server does not speak HTTP/1.1")
    headers: list[tuple[str, str]] = []
    length: int | None = None
    chunked, keep_alive = False, version != "HTTP/1.0"
    for line in lines:
        found = _headers.get(line)
        if found is None:
            found = _parse_header(line)
        headers.append(found)
        name, value = found
        if name == "content-length":
            if not (value.isascii() and value.isdecimal()) or length not in (None, int(value)):
                raise TransportError("The server's answer has a malformed length")
            length = int(value)
            if length > MAX_BODY_BYTES:
                raise TransportError("The server's answer is too large")
        elif name == "transfer-encoding":
            if value.lower() != "chunked":
                raise TransportError("The server's answer has an unknown transfer encoding")
            chunked = True
        elif name == "connection":
            keep_alive = "close" not in value.lower()
    status = int(code)
    if method == "HEAD" or status in (204, 304):
        length, chunked = 0, False
    elif chunked:
        length = None
    return ResponseHead(status, headers, length, chunked, keep_alive and (chunked or length is not None))


class ChunkReader:
    """Chunked bodies. Feed bytes until `done`; `body` is what they carried."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.done = False
        self._pending = bytearray()
        self._left = 0
        self._trailers = False

    def feed(self, data: bytes | bytearray | memoryview) -> None:
        """Take what has arrived. Raises: TransportError when it is no chunked body, or goes on behind its end."""
        pending = self._pending
        pending += data
        position = 0
        while not self.done:
            if self._left:
                # The two bytes behind a chunk belong to it.
                part = pending[position : position + self._left]
                position += len(part)
                self._left -= len(part)
                self.body += part
                if self._left:
                    break
                if self.body[-2:] != b"\r\n":
                    raise TransportError("The server's answer is cut into wrong pieces")
                del self.body[-2:]
                continue
            end = pending.find(b"\r\n", position)
            if end < 0:
                if len(pending) - position > _MAX_CHUNK_LINE:
                    raise TransportError("The server's answer is cut into wrong pieces")
                break
            line = bytes(pending[position:end])
            position = end + 2
            if self._trailers:
                self.done = not line
                continue
            size = line.partition(b";")[0].strip()
            try:
                count = int(size, 16)
            except ValueError:
                raise TransportError("The server's answer is cut into wrong pieces") from None
            if len(self.body) + count > MAX_BODY_BYTES:
                raise TransportError("The server's answer is too large")
            if count:
                self._left = count + 2
            else:
                self._trailers = True
        del pending[:position]
        if self.done and pending:
            raise TransportError("The server's answer goes on behind its end")


def make_response(head: ResponseHead, body: bytes | bytearray) -> HttpResponse:
    """The response, its content encoding undone. Raises: TransportError."""
    encoding = (head.header("content-encoding") or "identity").lower()
    if encoding != "identity" and body:
        body = _decoded(encoding, body)
    return HttpResponse(head.status, head.headers, body)


def _decoded(encoding: str, body: bytes | bytearray) -> bytes:
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise TransportError(f"The server's answer has an encoding that nobody asked for: {encoding}")
    try:
        decompressor = zlib.decompressobj(47 if encoding != "deflate" else 15)
        found = decompressor.decompress(body, MAX_BODY_BYTES)
    except zlib.error:
        raise TransportError("The server's answer cannot be decompressed") from None
    if not decompressor.eof or decompressor.unconsumed_tail:
        raise TransportError("The server's answer cannot be decompressed")
    return found


def proxy_credentials(credentials: str | None) -> bytes:
    """The header line for `user:password` as it stands in a URL."""
    if not credentials:
        return b""
    return b"Proxy-Authorization: Basic " + base64.b64encode(unquote(credentials).encode()) + b"\r\n"


def tunnel_request(origin: Origin, credentials: bytes) -> bytes:
    """What opens a way through a proxy."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    address = f"{host}:{origin.port}"
    return f"CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n".encode("latin-1") + credentials + b"\r\n"
