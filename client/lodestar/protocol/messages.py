"""Requests and responses as values, between the protocol, which makes them, and a transport, which carries them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from lodestar.errors import InterfaceError, TransportError


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a server is: scheme (`http`, `https`), host without brackets, port."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host:port`, the port left out when it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """`http://host:port`."""
        return f"{self.scheme}://{self.authority}"


_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. `target` is path and query; `headers` are finished lines, without Host and length.

    `repeatable`: sending it twice does no harm.
    """

    method: str
    origin: Origin
    target: str
    headers: bytes = field(default=b"", repr=False)
    body: bytes = field(default=b"", repr=False)
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response, its body decoded from any content encoding. Header names are in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes | bytearray

    def header(self, name: str) -> str | None:
        """The first value of a header (`name` in lower case)."""
        return next(self.header_values(name), None)

    def header_values(self, name: str) -> Iterator[str]:
        """Every value of a header (`name` in lower case)."""
        return (value for key, value in self.headers if key == name)


def header_lines(headers: list[tuple[str, str]]) -> bytes:
    """Headers as they are sent. Raises: InterfaceError when one would break the line."""
    lines = [f"{name}: {value}\r\n" for name, value in headers]
    for line in lines:
        if "\n" in line[:-2] or "\r" in line[:-2] or "\0" in line:
            raise InterfaceError("A header must not hold line breaks")
    try:
        return "".join(lines).encode("latin-1")
    except UnicodeEncodeError:
        raise InterfaceError("A header holds characters that cannot be sent") from None


def split_uri(uri: str) -> tuple[Origin, str]:
    """An absolute URI of the server: where, and path with query. Raises: TransportError."""
    try:
        split = urlsplit(uri)
        scheme, host, port = split.scheme, split.hostname, split.port
    except ValueError:
        scheme, host, port = "", None, None
    if scheme not in _PORTS or host is None:
        raise TransportError("The server gave a URI that is none")
    target = split.path or "/"
    return Origin(scheme, host, port or _PORTS[scheme]), f"{target}?{split.query}" if split.query else target
