"""How connections to servers are made: time limits, TLS, proxies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lodestar.errors import InterfaceError
from lodestar.protocol.messages import Origin, split_uri

if TYPE_CHECKING:
    import ssl


IDLE_SECONDS = 30.0
"""Connections that rested longer are not trusted any more: servers and what lies between close them."""
KEPT_CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Time limits in seconds; `request_seconds` is how long a server may be silent.

    `verify`: true for the system's certificates, false for none, a path for a file or directory of certificates, or a
    context of one's own. `certificate` and `key` are the client's own. `proxy` is a URL, `""` for none; None takes the
    environment's (`HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`).
    """

    connect_seconds: float = 10.0
    request_seconds: float = 60.0
    verify: bool | str | ssl.SSLContext = True
    certificate: str | None = None
    key: str | None = None
    proxy: str | None = field(default=None, repr=False)


def make_tls_context(settings: TransportSettings) -> ssl.SSLContext:
    """The context for https. Raises: InterfaceError when files are missing or wrong."""
    import ssl
    from pathlib import Path

    if isinstance(settings.verify, ssl.SSLContext):
        return settings.verify
    try:
        context = ssl.create_default_context()
        if isinstance(settings.verify, str):
            place = Path(settings.verify)
            if place.is_dir():
                context.load_verify_locations(capath=str(place))
            else:
                context.load_verify_locations(cafile=str(place))
        elif settings.verify is False:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as fault:
        raise InterfaceError(f"The certificates cannot be used: {fault.strerror or fault}") from fault
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def find_proxy(settings: TransportSettings, origin: Origin) -> tuple[Origin, str | None] | None:
    """The proxy for requests to `origin` and its `user:password`, or None. Raises: InterfaceError."""
    url = settings.proxy
    if url is None:
        # Most of the time that importing the driver takes would be this import's.
        import urllib.request

        found = urllib.request.getproxies()
        url = found.get(origin.scheme) or found.get("all")
        if not url or urllib.request.proxy_bypass(origin.host):
            return None
    if not url:
        return None
    try:
        address, _ = split_uri(url if "://" in url else f"http://{url}")
    except Exception:
        raise InterfaceError("The proxy's address is not understood; it must be http://host:port") from None
    if address.scheme != "http":
        raise InterfaceError("Only proxies over http are supported")
    credentials = url.rpartition("@")[0].rpartition("//")[2] or None
    return address, credentials
