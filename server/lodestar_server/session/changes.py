"""What a statement changes in its client's session; travels back in response headers, after success only."""

from __future__ import annotations

from dataclasses import dataclass, field

from lodestar_server.session.session import SelectedRole


@dataclass(slots=True)
class SessionChanges:
    """Filled by the statement while it runs; empty for most statements."""

    set_catalog: str | None = None
    set_schema: str | None = None
    set_path: str | None = None
    set_session: dict[str, str] = field(default_factory=dict)
    clear_session: list[str] = field(default_factory=list)
    set_roles: dict[str, SelectedRole] = field(default_factory=dict)
    added_prepare: dict[str, str] = field(default_factory=dict)
    deallocated_prepare: list[str] = field(default_factory=list)
    started_transaction_id: str | None = None
    clear_transaction: bool = False
    set_authorization_user: str | None = None
    reset_authorization_user: bool = False
    set_original_roles: list[SelectedRole] = field(default_factory=list)
