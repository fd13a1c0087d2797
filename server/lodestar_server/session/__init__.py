"""The session of a statement and the context of a query."""

from lodestar_server.session.changes import SessionChanges
from lodestar_server.session.context import Cancellation, Progress, QueryContext, QueryWarning
from lodestar_server.session.session import Capability, RoleKind, SelectedRole, Session

__all__ = [
    "Cancellation",
    "Capability",
    "Progress",
    "QueryContext",
    "QueryWarning",
    "RoleKind",
    "SelectedRole",
    "Session",
    "SessionChanges",
]
