"""The session of one statement: everything that the client's headers said, checked for form but not for meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import Enum

from lodestar_server.spi.errors import NOT_FOUND, LodestarError
from lodestar_server.spi.security import RoleKind, SelectedRole
from lodestar_server.spi.session import Identity
from lodestar_server.spi.values import frozen

__all__ = ["Capability", "RoleKind", "SelectedRole", "Session"]


class Capability(Enum):
    """Client capabilities; unknown names are dropped."""

    PATH = "PATH"
    PARAMETRIC_DATETIME = "PARAMETRIC_DATETIME"
    NUMBER = "NUMBER"
    VARIANT = "VARIANT"
    VARIANT_BINARY = "VARIANT_BINARY"
    SESSION_AUTHORIZATION = "SESSION_AUTHORIZATION"


@frozen
class Session:
    """Frozen for the life of a query.

    `start` is the instant of now() (UTC, aware). `time_zone` is what the header says, the session property
    time_zone_id comes first (`effective_time_zone` of the context). `system_properties` and `catalog_properties` are
    texts, not validated. `transaction_id` is None outside a transaction; `transactions` is false for a client that
    sends no Transaction-Id header. `prepared_statements` is name → SQL.
    """

    query_id: str
    identity: Identity
    original_identity: Identity
    start: datetime
    source: str | None = None
    catalog: str | None = None
    schema: str | None = None
    path: str | None = None
    time_zone: str = "UTC"
    locale: str = "en_US"
    capabilities: frozenset[Capability] = frozenset()
    transaction_id: str | None = None
    transactions: bool = False
    system_properties: Mapping[str, str] = field(default_factory=dict)
    catalog_properties: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    prepared_statements: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, SelectedRole] = field(default_factory=dict)
    original_roles: frozenset[str] = frozenset()
    client_info: str | None = None
    client_tags: frozenset[str] = frozenset()
    trace_token: str | None = None
    user_agent: str | None = None
    remote_address: str | None = None
    resource_estimates: Mapping[str, float] = field(default_factory=dict)
    protocol_prefix: str = "Trino"

    @property
    def user(self) -> str:
        """The session user's name."""
        return self.identity.user

    def prepared_text(self, name: str) -> str:
        """The SQL that was prepared under a name. Raises: NOT_FOUND."""
        text = self.prepared_statements.get(name)
        if text is None:
            raise LodestarError(NOT_FOUND, f"Prepared statement not found: {name}")
        return text
