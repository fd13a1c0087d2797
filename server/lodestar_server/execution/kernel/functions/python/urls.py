"""Parts of URLs, by the grammar of RFC 2396 as Java's URI class reads it: other letters than ASCII's are allowed."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote_to_bytes

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.execution.kernel.functions.python.texts import refused
from lodestar_server.spi.values import frozen

_ESCAPED = "%[0-9A-Fa-f]{2}"
_OTHER = r"[^\x00-\x7f\x80-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
_UNRESERVED = r"A-Za-z0-9_\-!.~'()*"


def _made_of(marks: str) -> re.Pattern[str]:
    return re.compile(f"(?:[{_UNRESERVED}{marks}]|{_ESCAPED}|{_OTHER})*")


_PATH = _made_of(r":@&=+$,;/")
_URIC = _made_of(r";/?:@&=+$,\[\]")
_REGISTRY = _made_of(r"$,;:@&=+")
_USER = _made_of(r";:&=+$,")
_WHOLE = re.compile(r"(?:([^:/?#]*):)?(.*?)(?:#(.*))?", re.DOTALL)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_HIERARCHY = re.compile(r"(?://([^/?#]*))?([^?#]*)(?:\?(.*))?", re.DOTALL)
_SERVER = re.compile(r"(?:([^@]*)@)?(\[[^\]]*\]|[^:\[\]]*)(?::(\d*))?", re.ASCII)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9\-]*[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}\.?|(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9\-]*[A-Za-z0-9])?\.?")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)", re.ASCII)
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9_.~\-]+)?\]")
_MAX_PORT = 2**31 - 1


@frozen
class Url:
    """Parts as they are written; absent ones are None."""

    scheme: str | None
    host: str | None
    port: int | None
    path: str | None
    query: str | None
    fragment: str | None


@lru_cache(maxsize=4096)
def parse_url(text: str) -> Url | None:
    """The parts of a URL, None for a text that is none."""
    match = _WHOLE.fullmatch(text)
    assert match is not None
    scheme, rest, fragment = match.groups()
    if scheme is not None and not _SCHEME.fullmatch(scheme):
        return None
    if fragment is not None and not _URIC.fullmatch(fragment):
        return None
    if scheme is not None and not rest.startswith("/"):
        opaque = bool(rest) and _URIC.fullmatch(rest)
        return Url(scheme, None, None, None, None, fragment) if opaque else None
    parts = _HIERARCHY.fullmatch(rest)
    assert parts is not None
    authority, path, query = parts.groups()
    if authority == "" and not path:
        return None
    if not _PATH.fullmatch(path) or (query is not None and not _URIC.fullmatch(query)):
        return None
    server = _read_authority(authority) if authority else (None, None)
    if server is None:
        return None
    return Url(scheme, *server, path, query, fragment)


def _read_authority(text: str) -> tuple[str | None, int | None] | None:
    """Host and port, neither of a name that is no server's; None for what is not allowed at all."""
    match = _SERVER.fullmatch(text)
    if match is not None:
        user, host, port = match.groups()
        number = int(port) if port else None
        named = _HOST.fullmatch(host) or _IPV4.fullmatch(host) or _IPV6.fullmatch(host)
        if named and (user is None or _USER.fullmatch(user)) and (number or 0) <= _MAX_PORT:
            return host, number
    if "[" in text or not _REGISTRY.fullmatch(text):
        return None
    return None, None


def _decoded(text: str | None) -> str:
    return "" if text is None else unquote_to_bytes(text).decode(errors="replace")


def _part(name: str, read: Callable[[Url], str | None]) -> None:
    @value_function(f"trino_url_extract_{name}", ["VARCHAR"], "VARCHAR", pa.string())
    def extract(text: str) -> str | None:
        url = parse_url(text)
        return None if url is None else read(url)


_part("protocol", lambda url: url.scheme or "")
_part("host", lambda url: url.host or "")
_part("path", lambda url: _decoded(url.path))
_part("query", lambda url: _decoded(url.query))
_part("fragment", lambda url: _decoded(url.fragment))


@value_function("trino_url_extract_port", ["VARCHAR"], "BIGINT", pa.int64())
def url_extract_port(text: str) -> int | None:
    """The port that is written."""
    url = parse_url(text)
    return None if url is None else url.port


@value_function("trino_url_extract_parameter", ["VARCHAR", "VARCHAR"], "VARCHAR", pa.string())
def url_extract_parameter(text: str, name: str) -> str | None:
    """The first value of a parameter, empty for one without a value."""
    url = parse_url(text)
    if url is None or url.query is None:
        return None
    for pair in url.query.split("&"):
        key, _, value = pair.partition("=")
        if key == name:
            return url_decode(value)
    return None


_PERCENT = re.compile("%(.{0,2})", re.DOTALL)


@value_function("trino_other_url_decode", ["VARCHAR"], "VARCHAR", pa.string())
def url_decode(text: str) -> str:
    """The reverse of url_encode; bytes that are no UTF-8 are replaced."""
    for match in _PERCENT.finditer(text):
        digits = match[1]
        if len(digits) < 2:
            raise refused("URLDecoder: Incomplete trailing escape (%) pattern")
        for digit in digits:
            if digit not in "0123456789abcdefABCDEF":
                message = "URLDecoder: Illegal hex characters in escape (%) pattern - not a hexadecimal digit"
                raise refused(f'{message}: "{digit}" = {ord(digit)}')
    return unquote_to_bytes(text.replace("+", " ")).decode(errors="replace")
