"""What a connector may know of the query that calls it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from lodestar_server.spi.security import SelectedRole
from lodestar_server.spi.values import frozen


@frozen
class Identity:
    """Who asks: the session user, groups, enabled roles, the role selected in the catalog that is asked, and the
    credentials that came with the request."""

    user: str
    groups: frozenset[str] = frozenset()
    principal: str | None = None
    roles: frozenset[str] = frozenset()
    connector_role: SelectedRole | None = None
    extra_credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@frozen
class ConnectorSession:
    """The query as seen from one catalog. `properties` are the catalog's session properties, decoded, with defaults."""

    query_id: str
    identity: Identity
    source: str | None
    time_zone: str
    locale: str
    start: datetime
    trace_token: str | None
    properties: Mapping[str, Any]

    @property
    def user(self) -> str:
        """The session user's name."""
        return self.identity.user
