"""What the server keeps with the client: session values, which change by response headers only.

`ClientSession` is a value; `apply_headers` gives the next one. Nothing here talks to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import quote, unquote_plus

from lodestar.errors import InterfaceError

PREFIX = "X-Trino-"
_RECEIVED = "x-trino-"

CAPABILITIES = ("PATH", "PARAMETRIC_DATETIME", "SESSION_AUTHORIZATION")
"""What this driver understands beyond the oldest protocol."""

RESULT_AT_ONCE = "RESULT_AT_ONCE"
"""A capability of a single statement: its POST may be answered with the whole result. Other servers ignore it."""


@dataclass(frozen=True, slots=True)
class ClientSession:
    """The values sent with every statement.

    `user` is who runs statements; `original_user` who connected, when the two differ (SET SESSION AUTHORIZATION).
    `roles` maps a catalog (or `system`) to `ROLE{x}`, ALL or NONE. `prepared` maps names to SQL texts, as the server
    sent them. `transaction_id` is None outside a transaction.
    """

    user: str | None = None
    original_user: str | None = None
    original_roles: tuple[str, ...] = ()
    source: str | None = "lodestar-python"
    catalog: str | None = None
    schema: str | None = None
    path: str | None = None
    time_zone: str | None = None
    language: str | None = None
    trace_token: str | None = None
    client_info: str | None = None
    client_tags: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = CAPABILITIES
    properties: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    prepared: Mapping[str, str] = field(default_factory=dict)
    extra_credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    resource_estimates: Mapping[str, str] = field(default_factory=dict)
    transaction_id: str | None = None


def session_headers(session: ClientSession) -> list[tuple[str, str]]:
    """The headers of a statement. Raises: InterfaceError for a value that no header can carry."""
    found = [
        (PREFIX + name, _plain(name, value))
        for name, value in (
            ("User", session.user),
            ("Original-User", session.original_user),
            ("Source", session.source),
            ("Catalog", session.catalog),
            ("Schema", session.schema),
            ("Path", session.path),
            ("Time-Zone", session.time_zone),
            ("Language", session.language),
            ("Trace-Token", session.trace_token),
            ("Client-Info", session.client_info),
            ("Client-Tags", ",".join(_tag(one) for one in session.client_tags)),
            ("Client-Capabilities", ",".join(session.capabilities)),
        )
        if value
    ]
    for name, values in (
        ("Session", session.properties),
        ("Role", session.roles),
        ("Extra-Credential", session.extra_credentials),
        ("Resource-Estimate", session.resource_estimates),
    ):
        found += [(PREFIX + name, f"{_plain(name, key)}={quote(value, safe='')}") for key, value in values.items()]
    for key, value in session.prepared.items():
        found.append((PREFIX + "Prepared-Statement", f"{quote(key, safe='')}={quote(value, safe='')}"))
    found += [(PREFIX + "Original-Roles", quote(role, safe="")) for role in session.original_roles]
    found.append((PREFIX + "Transaction-Id", session.transaction_id or "NONE"))
    return found


def _plain(name: str, value: str) -> str:
    """A value as it is. Header bytes are read as ISO-8859-1, and a line break would begin another header."""
    if any(character < " " and character != "\t" for character in value) or "\x7f" in value:
        raise InterfaceError(f"{name} must not hold control characters")
    try:
        value.encode("latin-1")
    except UnicodeEncodeError:
        raise InterfaceError(f"{name} cannot be sent in a header: {value!r}") from None
    return value


def _tag(tag: str) -> str:
    if "," in tag:
        raise InterfaceError(f"A client tag must not hold a comma: {tag!r}")
    return tag


def apply_headers(session: ClientSession, headers: Iterable[tuple[str, str]]) -> ClientSession:
    """The session after a response with these headers (names in lower case). The same object when nothing changes."""
    for name, value in headers:
        if name.startswith(_RECEIVED):
            change = _CHANGES.get(name[len(_RECEIVED) :])
            if change is not None:
                session = change(session, value)
    return session


def _pair(value: str) -> tuple[str, str]:
    key, _, text = value.partition("=")
    return key.strip(), unquote_plus(text.strip())


def _set_property(session: ClientSession, value: str) -> ClientSession:
    for item in _items(value):
        key, text = _pair(item)
        session = replace(session, properties={**session.properties, key: text})
    return session


def _clear_property(session: ClientSession, value: str) -> ClientSession:
    gone = {unquote_plus(item) for item in _items(value)}
    return replace(session, properties={key: text for key, text in session.properties.items() if key not in gone})


def _set_role(session: ClientSession, value: str) -> ClientSession:
    for item in _items(value):
        key, text = _pair(item)
        session = replace(session, roles={**session.roles, key: text})
    return session


def _add_prepared(session: ClientSession, value: str) -> ClientSession:
    for item in _items(value):
        key, text = _pair(item)
        session = replace(session, prepared={**session.prepared, unquote_plus(key): text})
    return session


def _drop_prepared(session: ClientSession, value: str) -> ClientSession:
    gone = {unquote_plus(item) for item in _items(value)}
    return replace(session, prepared={key: text for key, text in session.prepared.items() if key not in gone})


def _set_user(session: ClientSession, value: str) -> ClientSession:
    original = session.original_user or session.user
    return replace(session, user=value, original_user=original, roles={})


def _reset_user(session: ClientSession, value: str) -> ClientSession:
    if session.original_user is None:
        return session
    return replace(session, user=session.original_user, original_user=None, original_roles=(), roles={})


def _add_original_role(session: ClientSession, value: str) -> ClientSession:
    more = tuple(role for role in map(unquote_plus, _items(value)) if role not in session.original_roles)
    return replace(session, original_roles=session.original_roles + more)


def _items(value: str) -> list[str]:
    """A list-valued header: proxies may have joined its lines."""
    return [item.strip() for item in value.split(",") if item.strip()]


_CHANGES = {
    "set-catalog": lambda session, value: replace(session, catalog=value),
    "set-schema": lambda session, value: replace(session, schema=value),
    "set-path": lambda session, value: replace(session, path=value),
    "set-session": _set_property,
    "clear-session": _clear_property,
    "set-role": _set_role,
    "added-prepare": _add_prepared,
    "deallocated-prepare": _drop_prepared,
    "started-transaction-id": lambda session, value: replace(session, transaction_id=value),
    "clear-transaction-id": lambda session, value: replace(session, transaction_id=None),
    "set-authorization-user": _set_user,
    "reset-authorization-user": _reset_user,
    "set-original-roles": _add_original_role,
}
