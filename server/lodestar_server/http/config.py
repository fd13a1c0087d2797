"""Settings of the HTTP server."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, DataSize, Duration, config

_SERVER_PAGE = "Trino: admin/properties-http-server"
_TLS_PAGE = "Trino: security/tls"


class ForwardedPolicy(Enum):
    """What happens to X-Forwarded-* headers; true and false are the old spellings of ACCEPT and REJECT."""

    ACCEPT = "ACCEPT"
    REJECT = "REJECT"
    IGNORE = "IGNORE"
    TRUE = "TRUE"
    FALSE = "FALSE"


class HttpConfig(ConfigGroup):
    """Where the server listens and what it bears."""

    http_enabled: bool = config(
        "http-server.http.enabled", default="true", doc="Listen without TLS.", source=_SERVER_PAGE
    )
    http_port: int = config(
        "http-server.http.port",
        default="8080",
        minimum="0",
        maximum="65535",
        doc="Port for plain HTTP; 0 takes a free one.",
        source=_SERVER_PAGE,
    )
    bind_address: str | None = config(
        "node.bind-ip",
        default=None,
        doc="Address to listen on. Without it: all addresses with an etc directory, loopback without.",
        source="Trino: node properties",
    )
    https_enabled: bool = config("http-server.https.enabled", default="false", doc="Listen with TLS.", source=_TLS_PAGE)
    https_port: int = config(
        "http-server.https.port",
        default="8443",
        minimum="0",
        maximum="65535",
        doc="Port for HTTPS.",
        source=_TLS_PAGE,
    )
    keystore_path: str | None = config(
        "http-server.https.keystore.path",
        default=None,
        doc="PEM file with the server's key and certificates.",
        source=_TLS_PAGE,
    )
    keystore_key: str | None = config(
        "http-server.https.keystore.key",
        default=None,
        secret=True,
        doc="Password of the key.",
        source=_TLS_PAGE,
    )
    process_forwarded: ForwardedPolicy = config(
        "http-server.process-forwarded",
        default="REJECT",
        doc="Whether X-Forwarded-* headers of a proxy are believed; otherwise requests with them are refused.",
        source="Trino: admin/properties-http-server",
    )
    max_header_size: DataSize = config(
        "http-server.max-request-header-size",
        default="4MB",
        minimum="8kB",
        maximum="64MB",
        doc="All headers of a request together; prepared statements travel in them.",
        source=_SERVER_PAGE,
    )
    max_header_count: int = config(
        "http-server.max-request-header-count",
        default="10000",
        minimum="100",
        doc="Header lines of a request.",
        source="Lodestar",
    )
    max_body_size: DataSize = config(
        "http-server.max-request-body-size",
        default="32MB",
        minimum="1MB",
        doc="The body of a request; a statement's text is limited by query.max-length besides.",
        source="Lodestar",
    )
    header_timeout: Duration = config(
        "http-server.request-header-timeout",
        default="10s",
        minimum="10ms",
        doc="Time from the first byte of a request to the end of its headers.",
        source="Lodestar",
    )
    body_timeout: Duration = config(
        "http-server.request-body-timeout",
        default="30s",
        minimum="10ms",
        doc="Time for the body of a request.",
        source="Lodestar",
    )
    max_idle_time: Duration = config(
        "http-server.net.max-idle-time",
        default="200s",
        minimum="10ms",
        doc="How long a connection may stand still: between requests, or while a client does not read its answer.",
        source="Trino: http-server.net.max-idle-time",
    )
    max_connections: int = config(
        "http-server.max-connections",
        default="4000",
        minimum="1",
        doc="Connections at once; more are closed.",
        source="Lodestar",
    )
    max_connections_per_address: int = config(
        "http-server.max-connections-per-address",
        default="1000",
        minimum="1",
        doc="Connections at once from one address that is not a loopback one.",
        source="Lodestar",
    )
    compression_enabled: bool = config(
        "http-server.compression.enabled",
        default="true",
        doc="Compress answers with gzip for clients that offer it.",
        source=_SERVER_PAGE,
    )

    @property
    def forwarded(self) -> ForwardedPolicy:
        """The policy without its old spellings."""
        old = {ForwardedPolicy.TRUE: ForwardedPolicy.ACCEPT, ForwardedPolicy.FALSE: ForwardedPolicy.REJECT}
        return old.get(self.process_forwarded, self.process_forwarded)

    def check(self) -> Iterable[str]:
        """Faults between settings."""
        if not self.http_enabled and not self.https_enabled:
            yield "neither http-server.http.enabled nor http-server.https.enabled is set: nobody could connect"
        if self.https_enabled and self.keystore_path is None:
            yield "http-server.https.enabled needs http-server.https.keystore.path"


class AuthenticationConfig(ConfigGroup):
    """Who may come in."""

    types: tuple[str, ...] = config(
        "http-server.authentication.type",
        default="insecure",
        doc="Authenticators in the order in which they are tried.",
        source="Trino: security/authentication-types",
    )
    management_user: str | None = config(
        "management.user",
        default=None,
        doc="The user who may change the state of nodes.",
        source="Trino: security",
    )
    ui_enabled: bool = config(
        "web-ui.enabled", default="true", doc="Serve the web UI.", source="Trino: admin/properties-web-interface"
    )
    ui_session_timeout: Duration = config(
        "web-ui.session-timeout",
        default="1d",
        doc="How long a login to the web UI lasts.",
        source="Trino: admin/properties-web-interface",
    )
    ui_shared_secret: str | None = config(
        "web-ui.shared-secret",
        default=None,
        secret=True,
        doc="Signs the logins of the web UI, so that they survive a restart; random when not set.",
        source="Trino: admin/properties-web-interface",
    )
