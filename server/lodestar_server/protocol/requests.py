"""A POST's headers and body → a statement request and its session. Form is checked here, meaning is not.

Everything malformed is a 400 before there is a query; an unknown session property or time zone is a query's error.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime

from lodestar_server.protocol.encodings import choose_encoding
from lodestar_server.protocol.failure import RequestFault, bad_request
from lodestar_server.protocol.headers import (
    DEFAULT_PREFIX,
    HeaderMap,
    split_list,
    split_pairs,
    url_decode,
)
from lodestar_server.protocol.locales import locale_of_tag
from lodestar_server.protocol.prepared import decompress_statement
from lodestar_server.session import Capability, RoleKind, SelectedRole, Session
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.properties import DataSize, Duration
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen

SYSTEM_ROLE_CATALOG = "system"
RESERVED_CREDENTIAL_PREFIX = "internal$"

_UUID = re.compile(r"([0-9a-fA-F]{1,8})-([0-9a-fA-F]{1,4})-([0-9a-fA-F]{1,4})-([0-9a-fA-F]{1,4})-([0-9a-fA-F]{1,12})")
_ROLE = re.compile(r"ROLE\{(.*)\}", re.DOTALL)
_CAPABILITIES = {capability.value: capability for capability in Capability}
_ESTIMATES: dict[str, tuple[str, Callable[[str], float]]] = {
    "EXECUTION_TIME": ("executionTime", lambda text: float(Duration.parse(text))),
    "CPU_TIME": ("cpuTime", lambda text: float(Duration.parse(text))),
    "PEAK_MEMORY": ("peakMemoryBytes", lambda text: int(DataSize.parse(text))),
}
_CHARSET = re.compile(r""";\s*charset\s*=\s*"?([^";\s]*)""", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"\s*[\w!#$&^.+*-]+/[\w!#$&^.+*-]+\s*(;.*)?", re.DOTALL)


@frozen
class StatementRequest:
    """A statement as it came in.

    `capabilities` and `tags` are the client's own spellings in its order, for the query's documents; `encoding` is the
    result encoding that was agreed on, None for rows inside the documents.
    """

    text: str
    session: Session
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    encoding: str | None = None


@frozen
class Caller:
    """Who sends a request, as the authenticators found: `user` from the credentials, and the groups."""

    user: str
    principal: str | None = None
    groups: frozenset[str] = frozenset()


@frozen
class RequestRules:
    """What reading a request needs from the server.

    `check_statement` raises LodestarError for a prepared statement that does not parse; `check_role` for a system role
    (user, role) that the user may not have. Catalog, schema and path are those of a client that names none.
    """

    server_time_zone: str = "UTC"
    encodings: tuple[str, ...] = ()
    default_catalog: str | None = None
    default_schema: str | None = None
    default_path: str | None = None
    check_statement: Callable[[str], None] = field(default=lambda text: None)
    check_role: Callable[[str, str], None] = field(default=lambda user, role: None)


def _replaced(fault: UnicodeError) -> tuple[str, int]:
    """One replacement for what Java replaces by one: half a surrogate pair is three bytes, each wrong by itself."""
    assert isinstance(fault, UnicodeDecodeError)
    end = fault.end
    if _SURROGATE.match(fault.object, fault.start) and "utf" in fault.encoding and "8" in fault.encoding:
        end = fault.start + 3
    return "\ufffd", end


_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
_REPLACE_AS_JAVA = "lodestar.replace"
codecs.register_error(_REPLACE_AS_JAVA, _replaced)


def read_statement(body: bytes, content_type: str | None) -> str:
    """The SQL text of a body. Raises: RequestFault(400) when empty or its Content-Type is malformed."""
    charset = "utf-8"
    if content_type is not None:
        if not _MEDIA_TYPE.fullmatch(content_type):
            raise RequestFault(400)
        named = _CHARSET.search(content_type)
        charset = named[1] if named else charset
    if not body:
        raise bad_request("SQL statement is empty")
    try:
        # Java reads UTF-16 without a byte order mark as big-endian.
        codec = "utf-16-be" if charset.lower() == "utf-16" and body[:2] not in (b"\xff\xfe", b"\xfe\xff") else charset
        return body.decode(codec, _REPLACE_AS_JAVA)
    except LookupError:
        raise bad_request(f"Unsupported charset: {charset}") from None


def read_request(
    text: str,
    headers: HeaderMap,
    caller: Caller,
    rules: RequestRules,
    *,
    query_id: str,
    start: datetime,
    prefix: str = DEFAULT_PREFIX,
    remote_address: str | None = None,
) -> StatementRequest:
    """The request with its session. Raises: RequestFault(400), with Trino's wording where it has one."""
    read = _Reader(headers, prefix)
    user = read.text("User") or caller.user
    original_user = read.text("Original-User") or user
    roles = read.roles()
    for catalog, role in roles.items():
        if catalog == SYSTEM_ROLE_CATALOG and role.role is not None:
            _refuse(rules.check_role, user, role.role)
    catalog_name, schema = read.name("Catalog"), read.name("Schema")
    if schema is not None and catalog_name is None:
        raise bad_request("Schema is set but catalog is not")
    if catalog_name is None:
        catalog_name, schema = rules.default_catalog, rules.default_schema
    system_properties, catalog_properties = read.session_properties()
    capabilities = tuple(split_list(read.lines("Client-Capabilities")[:1]))
    tags = tuple(dict.fromkeys(split_list(read.lines("Client-Tags")[:1])))
    transactions, transaction_id = read.transaction()
    language = headers.first(f"x-{prefix.lower()}-language")
    zone = headers.first(f"x-{prefix.lower()}-time-zone")
    session = Session(
        query_id=query_id,
        identity=Identity(
            user,
            groups=caller.groups if user == caller.user else frozenset(),
            principal=caller.principal,
            extra_credentials=read.credentials(),
        ),
        original_identity=Identity(
            original_user,
            groups=caller.groups if original_user == caller.user else frozenset(),
            principal=caller.principal,
        ),
        start=start,
        source=read.first("Source"),
        catalog=catalog_name,
        schema=schema,
        path=read.text("Path") or rules.default_path,
        time_zone=rules.server_time_zone if zone is None else zone,
        locale="en_US" if language is None else locale_of_tag(language),
        capabilities=frozenset(_CAPABILITIES[name] for name in capabilities if name in _CAPABILITIES),
        transaction_id=transaction_id,
        transactions=transactions,
        system_properties=system_properties,
        catalog_properties=catalog_properties,
        prepared_statements=read.prepared_statements(rules.check_statement),
        roles=roles,
        original_roles=read.original_roles(),
        client_info=read.first("Client-Info"),
        client_tags=frozenset(tags),
        trace_token=read.text("Trace-Token"),
        user_agent=headers.text("user-agent"),
        remote_address=remote_address,
        resource_estimates=read.resource_estimates(),
        protocol_prefix=prefix,
    )
    # Only the Trino prefix is ever used here.
    encoding = choose_encoding(headers.first("x-trino-query-data-encoding"), rules.encodings)
    return StatementRequest(text, session, capabilities, tags, encoding)


class _Reader:
    """Header by header; each method raises RequestFault(400)."""

    def __init__(self, headers: HeaderMap, prefix: str) -> None:
        self._headers = headers
        self._prefix = prefix
        self._lower = f"x-{prefix.lower()}-"

    def lines(self, suffix: str) -> list[str]:
        return self._headers.lines(self._lower + suffix.lower())

    def first(self, suffix: str) -> str | None:
        return self._headers.first(self._lower + suffix.lower())

    def text(self, suffix: str) -> str | None:
        return self._headers.text(self._lower + suffix.lower())

    def name(self, suffix: str) -> str | None:
        found = self.text(suffix)
        return None if found is None else found.lower()

    def pairs(self, suffix: str) -> list[tuple[str, str]]:
        lines = self.lines(suffix)
        return split_pairs(lines, self.header(suffix)) if lines else []

    def header(self, suffix: str) -> str:
        return f"X-{self._prefix}-{suffix}"

    def invalid(self, suffix: str) -> RequestFault:
        return bad_request(f"Invalid {self.header(suffix)} header")

    def decoded(self, suffix: str, text: str) -> str:
        return url_decode(text, self.header(suffix))

    def session_properties(self) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        system: dict[str, str] = {}
        catalogs: dict[str, dict[str, str]] = {}
        for name, value in self.pairs("Session"):
            if not name:
                raise self.invalid("Session")
            text = self.decoded("Session", value)
            catalog, dot, property_name = name.rpartition(".")
            if not dot:
                system[name] = text
            elif catalog and property_name:
                catalogs.setdefault(catalog, {})[property_name] = text
            else:
                raise self.invalid("Session")
        return system, catalogs

    def roles(self) -> dict[str, SelectedRole]:
        found = {}
        for catalog, value in self.pairs("Role"):
            text = self.decoded("Role", value)
            match = _ROLE.fullmatch(text)
            # Of all catalogs only this one may be written in any case.
            catalog = "system" if catalog.lower() == "system" else catalog
            if match is not None:
                found[catalog] = SelectedRole(RoleKind.ROLE, match[1])
            elif text in ("ALL", "NONE"):
                found[catalog] = SelectedRole(RoleKind[text])
            else:
                raise self.invalid("Role")
        return found

    def original_roles(self) -> frozenset[str]:
        found = set()
        for item in split_list(self.lines("Original-Roles")):
            match = _ROLE.fullmatch(self.decoded("Original-Roles", item))
            if match is None:
                raise self.invalid("Original-Roles")
            found.add(match[1])
        return frozenset(found)

    def prepared_statements(self, check: Callable[[str], None]) -> Mapping[str, str]:
        found = {}
        suffix = "Prepared-Statement"
        for name, value in self.pairs(suffix):
            sql = decompress_statement(self.decoded(suffix, value), self.header(suffix))
            try:
                check(sql)
            except LodestarError as fault:
                raise bad_request(f"Invalid {self.header(suffix)} header: {fault}") from None
            found[self.decoded(suffix, name)] = sql
        return found

    def transaction(self) -> tuple[bool, str | None]:
        text = self.text("Transaction-Id")
        if text is None:
            return False, None
        if text.upper() == "NONE":
            return True, None
        match = _UUID.fullmatch(text)
        if match is None:
            raise bad_request(f"Invalid UUID string: {text}")
        return True, "-".join(
            part.lower().zfill(size) for part, size in zip(match.groups(), (8, 4, 4, 4, 12), strict=True)
        )

    def credentials(self) -> dict[str, str]:
        found = {}
        for name, value in self.pairs("Extra-Credential"):
            if name.startswith(RESERVED_CREDENTIAL_PREFIX):
                raise bad_request(f"Invalid extra credential name: {name}")
            found[name] = self.decoded("Extra-Credential", value)
        return found

    def resource_estimates(self) -> dict[str, float]:
        found: dict[str, float] = {}
        for name, value in self.pairs("Resource-Estimate"):
            if name.upper() not in _ESTIMATES:
                raise bad_request(f"Unsupported resource name {name}")
            key, parse = _ESTIMATES[name.upper()]
            text = self.decoded("Resource-Estimate", value)
            try:
                found[key] = parse(text)
            except ValueError as fault:
                raise bad_request(
                    f"Unsupported format for resource estimate '{text}': java.lang.IllegalArgumentException: {fault}"
                ) from None
        return found


def _refuse(check: Callable[[str, str], None], user: str, role: str) -> None:
    try:
        check(user, role)
    except LodestarError as fault:
        raise bad_request(str(fault)) from None
