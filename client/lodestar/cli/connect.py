"""Options to a connection: the server's address with the properties that it may carry, credentials, TLS."""

from __future__ import annotations

import getpass
import os
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lodestar.cli.login import ExternalLogin
from lodestar.cli.options import (
    DEFAULT_SERVER,
    DEFAULT_SOURCE,
    Options,
    UsageError,
    check_duration,
    check_tags,
    check_time_zone,
)
from lodestar.cli.transport import CommandLineTransport
from lodestar.connection import Connection
from lodestar.protocol.encodings import require_encoding
from lodestar.settings import find_settings

_LOCAL = "local://"
_SCHEMES = ("http://", "https://", "trino://", "lodestar://")


class SettingsError(Exception):
    """The options do not go together, or say something that cannot be done."""


def connect(options: Options, environment: Mapping[str, str]) -> Connection:
    """The connection; nothing is sent yet. Asks for the password when that is wanted.

    Raises: SettingsError, lodestar.Error.
    """
    options, address = resolve_server(options)
    if options.socks_proxy is not None:
        raise SettingsError("SOCKS proxies are not supported, use --http-proxy")
    if options.external_authentication and not address.startswith("https:"):
        raise SettingsError("TLS/SSL is required for authentication using external authorization")
    user = options.user or _system_user()
    arguments: dict[str, Any] = {
        "user": user,
        "session_user": options.session_user,
        "source": options.source or DEFAULT_SOURCE,
        "catalog": options.catalog,
        "schema": options.schema,
        "path": ",".join(options.path) or None,
        "time_zone": options.timezone,
        "client_tags": options.client_tags,
        "client_info": options.client_info,
        "trace_token": options.trace_token,
        "session_properties": dict(options.session),
        "extra_credentials": dict(options.extra_credential),
        "resource_estimates": dict(options.resource_estimate),
        "http_headers": dict(options.extra_header),
        "access_token": options.access_token,
        "request_timeout": options.client_request_timeout,
        "wire_values": True,
    }
    if options.disable_compression:
        arguments["compression"] = False
    if options.encoding:
        arguments["encodings"] = _encodings(options.encoding)
    if options.http_proxy is not None:
        arguments["proxy"] = options.http_proxy
    if options.insecure or options.keystore_path or options.truststore_path:
        arguments["verify"] = _tls_context(options)
    if options.password:
        arguments["password"] = _ask_password(user, environment)
    # What is not said here may be said in a local:// address.
    settings = find_settings(address, {name: value for name, value in arguments.items() if value not in (None, {}, ())})
    login = None
    if options.external_authentication:
        login = ExternalLogin(settings.origin, _page_opener(options.external_authentication_redirect_handler))
    return Connection(settings, transport=CommandLineTransport(settings.transport, options.network_logging, login))


def _encodings(text: str) -> list[str]:
    names = [one.strip() for one in text.split(",") if one.strip()]
    for name in names:
        if require_encoding(name).arrow:
            raise SettingsError(f"Encoding {name} is not one of rows in JSON: json, json+lz4, json+zstd")
    return names


def _page_opener(handler: str) -> Callable[[str], None]:
    def open_page(uri: str) -> None:
        if handler != "PRINT":
            import webbrowser

            if webbrowser.open(uri) or handler != "ALL":
                return
        sys.stderr.write(f"External authentication required. Please go to:\n{uri}\n")

    return open_page


def resolve_server(options: Options) -> tuple[Options, str]:
    """The options with what the server's URL adds to them, and the address without that.

    Raises: SettingsError.
    """
    if options.url is not None and options.server is not None:
        raise SettingsError("Using both the URL parameter and the --server option is not allowed")
    text = options.url or options.server or DEFAULT_SERVER
    if text.startswith(_LOCAL):
        return options, text
    if not text.lower().startswith(_SCHEMES):
        host, port = _host_and_port(text)
        return options, f"{'https' if port == 443 else 'http'}://{host}:{port}"
    return _from_url(options, text)


def _host_and_port(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return (f"[{text}]" if ":" in text and not text.startswith("[") else text), 80
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise SettingsError(f"Not a server: {text}")
    return host, int(port)


def _from_url(options: Options, text: str) -> tuple[Options, str]:
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        raise SettingsError(f"Not a server: {text}") from None
    if split.hostname is None:
        raise SettingsError(f"Not a server: {text}")
    if split.password is not None:
        raise SettingsError(_NO_PASSWORD)
    changes: dict[str, Any] = {}
    names = [unquote(part) for part in split.path.split("/") if part]
    if len(names) > 2:
        raise SettingsError("Invalid path segments in URL: a URL names a catalog and a schema")
    for attribute, value in zip(("catalog", "schema"), names, strict=False):
        changes[attribute] = value
    secure = split.scheme.lower() == "https" or (split.scheme.lower() != "http" and port == 443)
    for name, value in parse_qsl(split.query, keep_blank_values=True):
        if name == "SSL":
            secure = value.lower() == "true"
        else:
            changes |= _property(name, value)
    if split.username:
        changes["user"] = unquote(split.username)
    for attribute in changes:
        if attribute in options.given:
            name = next((one for one, (field, _) in _PROPERTIES.items() if field == attribute), attribute)
            option = "--" + attribute.replace("_", "-")
            raise SettingsError(f"Connection property '{name}' cannot be set in the URL when option '{option}' is set")
    host = f"[{split.hostname}]" if ":" in split.hostname else split.hostname
    if port is None:
        port = 443 if secure else 80
    return replace(options, **changes), f"{'https' if secure else 'http'}://{host}:{port}"


_NO_PASSWORD = (
    "Setting the password in the URL parameter is not allowed, use the `--password` option or the `LODESTAR_PASSWORD` "
    "or `TRINO_PASSWORD` environment variable"
)


def _property(name: str, value: str) -> dict[str, Any]:
    if name == "password":
        raise SettingsError(_NO_PASSWORD)
    if name not in _PROPERTIES:
        raise SettingsError(f"Unrecognized connection property '{name}'")
    attribute, convert = _PROPERTIES[name]
    try:
        return {attribute: convert(value)}
    except (UsageError, ValueError) as reason:
        raise SettingsError(f"Connection property {name} value is invalid: {value} ({reason})") from None


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return text.lower() == "true"


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """`a:b;c:d`."""
    found = []
    for item in text.split(";"):
        name, colon, value = item.partition(":")
        if not colon or not name or not value:
            raise ValueError("not name:value;…")
        found.append((name, value))
    return tuple(found)


_PROPERTIES: Mapping[str, tuple[str, Any]] = {
    "accessToken": ("access_token", str),
    "clientInfo": ("client_info", str),
    "clientTags": ("client_tags", check_tags),
    "disableCompression": ("disable_compression", _truth),
    "encoding": ("encoding", str),
    "externalAuthentication": ("external_authentication", _truth),
    "extraCredentials": ("extra_credential", _pairs),
    "httpProxy": ("http_proxy", str),
    "path": ("path", lambda text: (text,)),
    "resourceEstimates": ("resource_estimate", _pairs),
    "sessionProperties": ("session", _pairs),
    "sessionUser": ("session_user", str),
    "socksProxy": ("socks_proxy", str),
    "source": ("source", str),
    "SSLKeyStorePassword": ("keystore_password", str),
    "SSLKeyStorePath": ("keystore_path", str),
    "SSLTrustStorePassword": ("truststore_password", str),
    "SSLTrustStorePath": ("truststore_path", str),
    "SSLVerification": ("insecure", lambda text: text.upper() == "NONE"),
    "timeout": ("client_request_timeout", check_duration),
    "timezone": ("timezone", check_time_zone),
    "traceToken": ("trace_token", str),
    "user": ("user", str),
}
"""Properties of a URL, under their names in JDBC: the field of the options and the check of the text."""


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        raise SettingsError("The system does not tell the user's name, use --user") from None


def _tls_context(options: Options) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context()
        if options.truststore_path:
            where = "capath" if os.path.isdir(options.truststore_path) else "cafile"  # noqa: PTH112
            context.load_verify_locations(**{where: options.truststore_path})
        if options.keystore_path:
            context.load_cert_chain(options.keystore_path, password=options.keystore_password)
        if options.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
    except (OSError, ssl.SSLError) as fault:
        raise SettingsError(f"The certificates cannot be used (PEM is expected): {fault.strerror or fault}") from fault
    return context


def _ask_password(user: str, environment: Mapping[str, str]) -> str:
    if not user:
        raise SettingsError("Both username and password must be specified")
    for name in ("LODESTAR_PASSWORD", "TRINO_PASSWORD"):
        if name in environment:
            return environment[name]
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("Password: ")
