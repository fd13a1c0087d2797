from __future__ import annotations

from collections.abc import Callable

import pytest

from lodestar_server.plugins.toolkit.metastore.glue.permissions import GluePermissions
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant

ALICE = Principal(PrincipalKind.USER, "alice")
ROLE = Principal(PrincipalKind.ROLE, "public")
TABLE = SchemaTableName("s", "t")


def test_everybody_has_one_role_and_no_privilege() -> None:
    permissions = GluePermissions()
    assert permissions.list_roles() == ["public"]
    assert permissions.role_grants(ALICE) == [RoleGrant(ALICE, "public", False)]
    assert permissions.role_grants(ROLE) == []
    assert permissions.table_privileges(TABLE, None) == []


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda one: one.create_role("r"), "createRole"),
        (lambda one: one.drop_role("r"), "dropRole"),
        (lambda one: one.grant_roles(["r"], [ALICE], ALICE, admin_option=False), "grantRoles"),
        (lambda one: one.revoke_roles(["r"], [ALICE], ALICE, admin_option=True), "revokeRoles"),
        (
            lambda one: one.grant_privileges(TABLE, [HivePrivilege.SELECT], ALICE, ALICE, grant_option=False),
            "grantTablePrivileges",
        ),
        (
            lambda one: one.revoke_privileges(TABLE, [HivePrivilege.SELECT], ALICE, ALICE, grant_option=False),
            "revokeTablePrivileges",
        ),
    ],
)
def test_changes_are_refused(change: Callable[[GluePermissions], None], name: str) -> None:
    with pytest.raises(LodestarError) as caught:
        change(GluePermissions())
    assert (caught.value.code, caught.value.message) == (NOT_SUPPORTED, f"{name} is not supported by Glue")
