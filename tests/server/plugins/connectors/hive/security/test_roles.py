"""Which roles count: decisions over a table of grants."""

from __future__ import annotations

import pytest

from lodestar_server.plugins.connectors.hive.security.roles import applicable_roles, enabled_roles, is_admin, user
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant, RoleKind, SelectedRole
from lodestar_server.spi.session import Identity

BOB = user("bob")
GRANTS = [
    RoleGrant(BOB, "public", False),
    RoleGrant(BOB, "admin", True),
    RoleGrant(BOB, "writers", False),
    RoleGrant(Principal(PrincipalKind.ROLE, "writers"), "readers", False),
    RoleGrant(Principal(PrincipalKind.ROLE, "readers"), "writers", False),
]


def grants_of(principal: Principal) -> list[RoleGrant]:
    return [one for one in GRANTS if one.grantee == principal]


def test_applicable_roles_follow_roles_of_roles_and_end_in_a_circle() -> None:
    assert [one.role for one in applicable_roles(BOB, grants_of)] == [
        "public",
        "admin",
        "writers",
        "readers",
        "writers",
    ]


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        (None, ["public", "writers", "readers"]),
        (SelectedRole(RoleKind.ALL), ["public", "writers", "readers"]),
        (SelectedRole(RoleKind.NONE), ["public"]),
        (SelectedRole(RoleKind.ROLE, "admin"), ["public", "admin"]),
        (SelectedRole(RoleKind.ROLE, "readers"), ["public", "readers", "writers"]),
    ],
)
def test_enabled_roles(selected: SelectedRole | None, expected: list[str]) -> None:
    identity = Identity("bob", connector_role=selected)
    assert enabled_roles(identity, grants_of) == expected
    assert is_admin(identity) == ("admin" in expected)
