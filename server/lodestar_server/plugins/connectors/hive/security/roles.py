"""Which roles a user has, and which of them count. Decisions only; the grants come from a function.

Every user has `public`. `admin` counts only where it is selected by name (SET ROLE admin). With SET ROLE NONE only
`public` counts, with SET ROLE r the role and those that it has, else all that the user has.
Source: Trino ThriftMetastoreUtil.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant, RoleKind
from lodestar_server.spi.session import Identity

ADMIN, PUBLIC = "admin", "public"
GrantsOf = Callable[[Principal], Sequence[RoleGrant]]
"""The roles that a principal has directly."""


def user(name: str) -> Principal:
    """The user of a name."""
    return Principal(PrincipalKind.USER, name)


def applicable_roles(principal: Principal, grants_of: GrantsOf) -> list[RoleGrant]:
    """Grants to the principal and to the roles that it has through them."""
    found: dict[RoleGrant, None] = {}
    asked: set[Principal] = set()
    queue = [principal]
    while queue:
        one = queue.pop(0)
        if one in asked:
            continue
        asked.add(one)
        for grant in grants_of(one):
            found[grant] = None
            queue.append(Principal(PrincipalKind.ROLE, grant.role))
    return list(found)


def enabled_roles(identity: Identity, grants_of: GrantsOf) -> list[str]:
    """Roles that count in a session."""
    selected = identity.connector_role
    if selected is not None and selected.kind is RoleKind.NONE:
        return [PUBLIC]
    names = [PUBLIC]
    principal = user(identity.user)
    if selected is not None and selected.kind is RoleKind.ROLE:
        assert selected.role is not None
        principal = Principal(PrincipalKind.ROLE, selected.role)
        names.append(selected.role)
    names += [grant.role for grant in applicable_roles(principal, grants_of) if grant.role != ADMIN]
    return list(dict.fromkeys(names))


def enabled_principals(identity: Identity, grants_of: GrantsOf) -> list[Principal]:
    """The user and the roles that count."""
    return [user(identity.user), *(Principal(PrincipalKind.ROLE, one) for one in enabled_roles(identity, grants_of))]


def is_admin(identity: Identity) -> bool:
    """The role admin is selected."""
    selected = identity.connector_role
    return selected is not None and selected.kind is RoleKind.ROLE and selected.role == ADMIN
