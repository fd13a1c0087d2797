"""Settings of `iceberg.catalog.type=rest`."""

from __future__ import annotations

from enum import Enum

from lodestar_server.spi.properties import ConfigGroup, Duration, config

_SOURCE = "Trino: object-storage/metastores"


class RestSecurity(Enum):
    """How requests are authorized."""

    NONE = "NONE"
    OAUTH2 = "OAUTH2"
    SIGV4 = "SIGV4"
    GOOGLE = "GOOGLE"


class RestSession(Enum):
    """Whose session the catalog sees."""

    NONE = "NONE"
    USER = "USER"


class RestCatalogConfig(ConfigGroup):
    """Where the service is, and as whom it is asked."""

    uri: str | None = config(
        "iceberg.rest-catalog.uri", default=None, pattern="https?://.+", doc="Address of the service", source=_SOURCE
    )
    prefix: str | None = config(
        "iceberg.rest-catalog.prefix", default=None, doc="Prefix of its resources", source=_SOURCE
    )
    warehouse: str | None = config(
        "iceberg.rest-catalog.warehouse", default=None, doc="Which warehouse of the service", source=_SOURCE
    )
    security: RestSecurity = config(
        "iceberg.rest-catalog.security", default="NONE", doc="NONE, OAUTH2 or SIGV4", source=_SOURCE
    )
    sigv4: bool = config(
        "iceberg.rest-catalog.sigv4-enabled",
        default="false",
        doc="The same as iceberg.rest-catalog.security=SIGV4",
        source=_SOURCE,
    )
    signing_name: str = config(
        "iceberg.rest-catalog.signing-name",
        default="execute-api",
        doc="Service that requests are signed for",
        source=_SOURCE,
    )
    session: RestSession = config(
        "iceberg.rest-catalog.session", default="NONE", doc="NONE: one session for all users", source=_SOURCE
    )
    session_timeout: Duration = config(
        "iceberg.rest-catalog.session-timeout", default="1h", doc="Accepted; has no effect", source=_SOURCE
    )
    nested_namespaces: bool = config(
        "iceberg.rest-catalog.nested-namespace-enabled",
        default="false",
        doc="Namespaces of several levels are schemas with dots",
        source=_SOURCE,
    )
    vended_credentials: bool = config(
        "iceberg.rest-catalog.vended-credentials-enabled",
        default="false",
        doc="Files of a table are asked for with the keys that the service gives for it",
        source=_SOURCE,
    )
    view_endpoints: bool = config(
        "iceberg.rest-catalog.view-endpoints-enabled", default="true", doc="Views are asked for", source=_SOURCE
    )
    case_insensitive: bool = config(
        "iceberg.rest-catalog.case-insensitive-name-matching",
        default="false",
        doc="Find names whatever their case",
        source=_SOURCE,
    )
    case_insensitive_ttl: Duration = config(
        "iceberg.rest-catalog.case-insensitive-name-matching.cache-ttl",
        default="1m",
        minimum="0s",
        doc="How long it is remembered which name is meant",
        source=_SOURCE,
    )
    token: str | None = config(
        "iceberg.rest-catalog.oauth2.token", default=None, secret=True, doc="Token for every request", source=_SOURCE
    )
    credential: str | None = config(
        "iceberg.rest-catalog.oauth2.credential",
        default=None,
        secret=True,
        doc="client:secret that a token is had for",
        source=_SOURCE,
    )
    scope: str | None = config(
        "iceberg.rest-catalog.oauth2.scope", default=None, doc="Scope of the token", source=_SOURCE
    )
    token_uri: str | None = config(
        "iceberg.rest-catalog.oauth2.server-uri",
        default=None,
        pattern="https?://.+",
        doc="Where tokens are had; the catalog's own place when not set",
        source=_SOURCE,
    )
    refresh: bool = config(
        "iceberg.rest-catalog.oauth2.token-refresh-enabled",
        default="true",
        doc="Get another token before one ends",
        source=_SOURCE,
    )

    def faults(self) -> list[str]:
        """What is missing, and what is not supported. Only asked where the catalog is chosen."""
        found = []
        if not self.uri:
            found.append("Invalid configuration property iceberg.rest-catalog.uri: must not be null")
        if self.security is RestSecurity.GOOGLE:
            found.append("iceberg.rest-catalog.security=GOOGLE is not supported yet")
        if self.sigv4 and self.security is not RestSecurity.NONE:
            found.append("iceberg.rest-catalog.sigv4-enabled=true goes with iceberg.rest-catalog.security=NONE alone")
        if self.security is RestSecurity.OAUTH2:
            if not (self.token or self.credential):
                found.append("OAuth2 requires a credential or token")
            if self.token and self.scope:
                found.append("Scope is applicable only when using credential")
        if self.session is RestSession.USER:
            found.append("iceberg.rest-catalog.session=USER is not supported yet")
        return found

    @property
    def signs(self) -> bool:
        """Requests carry a signature."""
        return self.sigv4 or self.security is RestSecurity.SIGV4
