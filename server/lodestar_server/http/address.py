"""The target of a request and the address under which its client knows this server. Decisions only."""

from __future__ import annotations

import re
from functools import lru_cache

from lodestar_server.http.config import ForwardedPolicy
from lodestar_server.http.reply import Reply, refusal
from lodestar_server.protocol.headers import HeaderMap
from lodestar_server.spi.values import frozen

_HOST = re.compile(r"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?", re.ASCII)
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)*/?", re.ASCII)
_FORWARDED = ("proto", "host", "port", "for", "server", "prefix")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


class Refused(Exception):
    """A request that is answered before anyone looks at what it asks for."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@frozen
class Target:
    """What is asked for: raw path, query string without `?`, and the authority when the target was absolute."""

    path: str
    query: str
    authority: str | None = None


def parse_target(target: str) -> Target:
    """The parts of a request target. Raises: Refused for one that could be read in two ways."""
    authority = None
    if not target.startswith("/"):
        scheme, separator, rest = target.partition("://")
        if not separator or scheme.lower() not in _DEFAULT_PORTS:
            raise _refused("Bad Request")
        authority, slash, rest = rest.partition("/")
        target = slash + rest or "/"
    path, _, query = target.partition("?")
    if "%" in path:
        lower = path.lower()
        if _PERCENT.search(path) or "%00" in lower:
            raise _refused("Bad Request")
        if "%2f" in lower:
            raise _refused("Ambiguous URI path separator", "/badURI", close=True)
    if "//" in path:
        raise _refused("Ambiguous URI empty segment", "/badURI", close=True)
    return Target(path, query, authority)


def check_forwarded(headers: HeaderMap, policy: ForwardedPolicy, uri: str) -> None:
    """Raises: Refused(406) for headers of a proxy that is not trusted."""
    if policy is not ForwardedPolicy.REJECT or not headers.has_prefix("x-forwarded-"):
        return
    for name in _FORWARDED:
        if headers.lines(f"x-forwarded-{name}"):
            message = f"Server configuration does not allow processing of the X-Forwarded-{name.title()} header"
            raise Refused(refusal(406, message, uri))


def base_uri(
    target: Target, headers: HeaderMap, policy: ForwardedPolicy, *, secure: bool, local: str, old: bool = False
) -> str:
    """`http://host:8080`, and the prefix that a proxy put before the path: what every URI in an answer begins with.

    `local` is the address that was connected to, for HTTP/1.0 clients without Host. Raises: Refused(400).
    """
    host = headers.first("host")
    if host is None and old:
        host = local
    if not host:
        raise _refused("No Host", target.path, close=True)
    if target.authority is not None and target.authority != host:
        raise _refused("Authority!=Host", target.path, close=True)
    if policy is not ForwardedPolicy.ACCEPT or not headers.has_prefix("x-forwarded-"):
        return _base("https" if secure else "http", host, target.path)
    scheme = (headers.text("x-forwarded-proto") or ("https" if secure else "http")).split(",")[0].strip().lower()
    if scheme not in _DEFAULT_PORTS:
        raise _refused("Bad Request", target.path)
    host = (headers.text("x-forwarded-host") or host).split(",")[0].strip()
    port = (headers.text("x-forwarded-port") or "").split(",")[0].strip()
    if port.isascii() and port.isdigit():
        host = re.sub(r":\d+\Z", "", host)
        if port != _DEFAULT_PORTS[scheme]:
            host = f"{host}:{port}"
    prefix = headers.text("x-forwarded-prefix") or ""
    if not _PREFIX.fullmatch(prefix):
        raise _refused("Bad Request", target.path)
    return _base(scheme, host, target.path) + prefix.rstrip("/")


@lru_cache(maxsize=256)
def _valid_host(host: str) -> bool:
    match = _HOST.fullmatch(host)
    return match is not None and (match[1] is None or int(match[1]) <= 65535)


def _base(scheme: str, host: str, path: str) -> str:
    if not _valid_host(host):
        raise _refused("Bad HostPort", path, close=True)
    return f"{scheme}://{host}"


def node_uri(scheme: str, address: str, port: int) -> str:
    """The address of a node as others reach it, IPv6 in brackets."""
    return f"{scheme}://[{address}]:{port}" if ":" in address else f"{scheme}://{address}:{port}"


def _refused(message: str, uri: str = "/badMessage", *, close: bool = False) -> Refused:
    reply = refusal(400, message, uri)
    reply.close = close
    return Refused(reply)


def offers_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip is named and not refused. `*` is no offer: Trino does not take it for one."""
    if accept_encoding is None:
        return False
    if accept_encoding == "gzip, deflate" or accept_encoding == "gzip":
        return True
    for item in accept_encoding.lower().split(","):
        coding, _, parameters = item.partition(";")
        if coding.strip() == "gzip":
            quality = parameters.replace(" ", "")
            return not re.fullmatch(r"q=0(?:\.0*)?", quality)
    return False


def accepts(accept: str | None, produced: str) -> bool:
    """Whether an Accept header lets a media type through; qualities are not looked at, as in Trino."""
    if not accept:
        return True
    kind = produced.partition("/")[0]
    for item in accept.split(","):
        media = item.partition(";")[0].strip().lower()
        if media in ("*/*", "*", produced, f"{kind}/*"):
            return True
    return False
