"""What a connection is made of: the arguments of `connect`, a URL, and what the environment adds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lodestar.auth import Authentication, BasicAuthentication, CertificateAuthentication, JwtAuthentication
from lodestar.errors import InterfaceError
from lodestar.protocol.messages import Origin
from lodestar.protocol.retries import RetryPolicy
from lodestar.session import ClientSession
from lodestar.transport.settings import TransportSettings

if TYPE_CHECKING:
    import ssl

DEFAULT_PORTS = {"http": 8080, "https": 443}
ISOLATION_LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Everything about a connection that does not change while it lives.

    `isolation_level` is None for autocommit. `encodings` are what is offered for results, best first; empty for none.
    `wire_values`: rows as the JSON has them. `heartbeat_seconds` is how often a query whose rows nobody fetches is kept
    alive; 0 for never.
    """

    origin: Origin
    session: ClientSession
    auth: Authentication | None = None
    http_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    transport: TransportSettings = field(default_factory=TransportSettings)
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    isolation_level: str | None = None
    read_only: bool = False
    encodings: tuple[str, ...] = ()
    compression: bool = True
    decode_json: bool = False
    wire_values: bool = False
    heartbeat_seconds: float = 30.0
    arrow: bool = False


def make_settings(
    target: str | None = None,
    *,
    host: str | None = None,
    port: int | None = None,
    secure: bool | None = None,
    user: str | None = None,
    password: str | None = None,
    auth: Authentication | None = None,
    access_token: str | None = None,
    allow_insecure_auth: bool = False,
    catalog: str | None = None,
    schema: str | None = None,
    source: str | None = None,
    session_user: str | None = None,
    session_properties: Mapping[str, Any] | None = None,
    roles: Mapping[str, str] | str | None = None,
    path: str | None = None,
    time_zone: str | None = None,
    language: str | None = None,
    client_tags: Sequence[str] = (),
    client_info: str | None = None,
    trace_token: str | None = None,
    extra_credentials: Mapping[str, str] | None = None,
    resource_estimates: Mapping[str, str] | None = None,
    http_headers: Mapping[str, str] | None = None,
    autocommit: bool | None = None,
    isolation_level: str | None = None,
    read_only: bool = False,
    verify: bool | str | ssl.SSLContext = True,
    certificate: str | None = None,
    key: str | None = None,
    proxy: str | None = None,
    connect_timeout: float = 10.0,
    request_timeout: float = 60.0,
    retry_timeout: float = 60.0,
    max_attempts: int = 30,
    encodings: Sequence[str] | None = None,
    compression: bool | None = None,
    decode_json: bool = False,
    wire_values: bool = False,
    heartbeat: float = 30.0,
    arrow: bool = False,
) -> ConnectionSettings:
    """The settings for `connect(target, …)`; `target` is a URL or a host, and arguments are stronger than the URL.

    Raises: InterfaceError for what makes no sense, without showing secrets.
    """
    place = _read_target(target)
    host = host or place.host or "localhost"
    secure = secure if secure is not None else place.secure
    port = port or place.port
    if secure is None:
        secure = port in (443, 8443)
    scheme = "https" if secure else "http"
    login = user or place.user or session_user or _own_name()
    password = password if password is not None else place.password
    auth = auth or _authentication(login, password, access_token, certificate, key)
    if isinstance(auth, CertificateAuthentication):
        certificate, key = auth.certificate, auth.key
    if auth is not None and auth.secret and not secure and not allow_insecure_auth:
        raise InterfaceError("Credentials are not sent over plain HTTP: use https, or allow_insecure_auth=True")
    if (schema or place.schema) and not (catalog or place.catalog):
        raise InterfaceError("A schema needs a catalog")
    if isolation_level is not None:
        isolation_level = isolation_level.upper().replace("_", " ")
        if isolation_level == "AUTOCOMMIT":
            isolation_level = None
        elif isolation_level not in ISOLATION_LEVELS:
            raise InterfaceError(f"Unknown isolation level: {isolation_level}")
    if autocommit is False and isolation_level is None:
        isolation_level = "READ UNCOMMITTED"
    elif autocommit is True:
        isolation_level = None
    session = ClientSession(
        user=session_user or login,
        source=source or "lodestar-python",
        catalog=catalog or place.catalog,
        schema=schema or place.schema,
        path=path,
        time_zone=local_zone_name() if time_zone is None else time_zone or None,
        language=language,
        trace_token=trace_token,
        client_info=client_info,
        client_tags=(client_tags,) if isinstance(client_tags, str) else tuple(client_tags),
        properties={name: _property_text(value) for name, value in (session_properties or {}).items()},
        roles=_read_roles(roles),
        extra_credentials=dict(extra_credentials or {}),
        resource_estimates=dict(resource_estimates or {}),
    )
    return ConnectionSettings(
        origin=Origin(scheme, host.strip("[]"), port or DEFAULT_PORTS[scheme]),
        session=session,
        auth=auth,
        http_headers=tuple((http_headers or {}).items()),
        transport=TransportSettings(connect_timeout, request_timeout, verify, certificate, key, proxy),
        retries=RetryPolicy(max_attempts=max_attempts, give_up_after=retry_timeout),
        isolation_level=isolation_level,
        read_only=read_only,
        encodings=tuple(encodings or ()),
        compression=compression if compression is not None else host not in _LOOPBACK,
        decode_json=decode_json,
        wire_values=wire_values,
        heartbeat_seconds=heartbeat,
        arrow=arrow,
    )


def find_settings(target: str | None, arguments: Mapping[str, Any]) -> ConnectionSettings:
    """The settings for `connect(target, **arguments)`; a local server is started for a `local://` URL.

    Raises: InterfaceError, NotSupportedError.
    """
    named = dict(arguments)
    if target is not None and "://" in target:
        named = {**url_arguments(target), **named}
    options = {name: named.pop(name) for name in ("etc_dir", "data_dir", "properties") if name in named}
    if target is None or not target.startswith("local:"):
        if options:
            raise InterfaceError(f"{next(iter(options))} is for local:// only")
        return make_settings(target, **named)
    from lodestar.local import LocalOptions, local_url

    place = _read_target(target)
    if place.host or place.port:
        raise InterfaceError("A local URL has no host: local:///catalog/schema")
    url = local_url(LocalOptions.of(options.get("etc_dir"), options.get("data_dir"), options.get("properties")))
    named = {"user": place.user, "catalog": place.catalog, "schema": place.schema, **named}
    return make_settings(url, **{**named, "proxy": ""})


@dataclass(frozen=True, slots=True)
class _Target:
    host: str | None = None
    port: int | None = None
    secure: bool | None = None
    user: str | None = None
    password: str | None = None
    catalog: str | None = None
    schema: str | None = None


SCHEMES = {"lodestar": None, "trino": None, "http": False, "https": True, "lodestars": True, "local": False}
"""Schemes of URLs, and whether they say http or https."""


def url_arguments(target: str) -> dict[str, Any]:
    """The arguments in a URL's query: `?source=x&session.query_max_run_time=1m&client_tags=a,b`.

    Raises: InterfaceError for an argument that does not exist or is not of its kind.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(urlsplit(target).query, keep_blank_values=True):
        group, dot, item = name.partition(".")
        if dot and group in _GROUPS:
            found.setdefault(_GROUPS[group], {})[item] = value
        elif name in _ARGUMENTS:
            found[name] = _ARGUMENTS[name](name, value)
        else:
            raise InterfaceError(f"Unknown argument in the URL: {name}")
    return found


def _truth(name: str, value: str) -> bool:
    if value.lower() in ("true", "1", "yes", "on"):
        return True
    if value.lower() in ("false", "0", "no", "off"):
        return False
    raise InterfaceError(f"{name} must be true or false")


def _seconds(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InterfaceError(f"{name} must be a number of seconds") from None


def _count(name: str, value: str) -> int:
    try:
        return int(value)
    except ValueError:
        raise InterfaceError(f"{name} must be a number") from None


def _text(name: str, value: str) -> str:
    return value


def _texts(name: str, value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _verify(name: str, value: str) -> bool | str:
    return _truth(name, value) if value.lower() in ("true", "false", "0", "1", "yes", "no", "on", "off") else value


_GROUPS = {
    "session": "session_properties",
    "role": "roles",
    "credential": "extra_credentials",
    "estimate": "resource_estimates",
    "header": "http_headers",
    "property": "properties",
}
_ARGUMENTS = {
    **dict.fromkeys(
        (
            "source", "session_user", "path", "time_zone", "language", "client_info", "trace_token", "isolation_level",
            "certificate", "key", "proxy", "access_token", "user", "password", "catalog", "schema", "roles",
            "etc_dir", "data_dir",
        ),
        _text,
    ),
    **dict.fromkeys(
        (
            "secure", "autocommit", "read_only", "allow_insecure_auth", "compression", "decode_json", "wire_values",
            "arrow",
        ),
        _truth,
    ),
    **dict.fromkeys(("connect_timeout", "request_timeout", "retry_timeout", "heartbeat"), _seconds),
    **dict.fromkeys(("client_tags", "encodings"), _texts),
    "verify": _verify,
    "max_attempts": _count,
}  # fmt: skip


def _read_target(target: str | None) -> _Target:
    if target is None:
        return _Target()
    if "://" not in target:
        host, colon, port = target.rpartition(":")
        if colon and port.isdecimal() and (":" not in host or host.endswith("]")):
            return _Target(host.strip("[]"), int(port))
        return _Target(target.strip("[]"))
    try:
        split = urlsplit(target)
        port_number = split.port
    except ValueError:
        raise InterfaceError("The URL is not understood") from None
    if split.scheme not in SCHEMES:
        raise InterfaceError(f"Unknown scheme of a URL: {split.scheme}")
    names = [unquote(part) for part in split.path.split("/") if part]
    if len(names) > 2:
        raise InterfaceError("A URL names a catalog and a schema: lodestar://host/catalog/schema")
    return _Target(
        split.hostname,
        port_number,
        SCHEMES[split.scheme],
        unquote(split.username) if split.username else None,
        unquote(split.password) if split.password is not None else None,
        names[0] if names else None,
        names[1] if len(names) == 2 else None,
    )


def _authentication(
    user: str, password: str | None, access_token: str | None, certificate: str | None, key: str | None
) -> Authentication | None:
    if access_token is not None:
        return JwtAuthentication(access_token)
    if password is not None:
        return BasicAuthentication(user, password)
    return CertificateAuthentication(certificate, key) if certificate is not None else None


def _property_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_roles(roles: Mapping[str, str] | str | None) -> dict[str, str]:
    if not roles:
        return {}
    if isinstance(roles, str):
        roles = {"system": roles}
    return {
        catalog: role if role in ("ALL", "NONE") or role.startswith("ROLE{") else f"ROLE{{{role}}}"
        for catalog, role in roles.items()
    }


def _own_name() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise InterfaceError("user is missing") from None


def local_zone_name() -> str | None:
    """The IANA name of this machine's zone, None when it does not say: then the server's holds."""
    name = os.environ.get("TZ", "").lstrip(":")
    if name:
        return name if name == "UTC" or ("/" in name and not name.startswith("/")) else None
    try:
        place = str(Path("/etc/localtime").readlink())
    except OSError:
        return None
    return place.partition("zoneinfo/")[2].removeprefix("posix/").removeprefix("right/") or None
