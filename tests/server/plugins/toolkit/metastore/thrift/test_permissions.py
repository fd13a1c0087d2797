"""Roles and privileges of a Hive Metastore: which calls are made for what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from lodestar_server.plugins.toolkit.metastore.model import HiveColumn, Table, TableType
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege
from lodestar_server.plugins.toolkit.metastore.thrift.permissions import ThriftPermissions
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant

NAME = SchemaTableName("s", "t")
ALICE, BOB = Principal(PrincipalKind.USER, "alice"), Principal(PrincipalKind.USER, "bob")
READERS = Principal(PrincipalKind.ROLE, "readers")
SELECT, INSERT, OWNERSHIP = HivePrivilege.SELECT, HivePrivilege.INSERT, HivePrivilege.OWNERSHIP


class Metastore:
    """The calls, over lists; `changes` tells those that have changed something."""

    def __init__(self) -> None:
        self.roles = ["admin", "public"]
        self.grants: list[Any] = []
        self.privileges: list[Any] = []
        self.changes: list[str] = []

    # the client
    def read(self, call: Callable[[Any], Any]) -> Any:
        return call(self)

    def change(self, call: Callable[[Any], Any], happened: Callable[[], bool]) -> None:
        assert not happened()
        call(self)
        assert happened()

    # the calls
    def get_role_names(self) -> list[str]:
        return self.roles

    def create_role(self, role: Any) -> None:
        self.roles.append(role.roleName)

    def drop_role(self, role: str) -> None:
        self.roles.remove(role)

    def get_role_grants_for_principal(self, request: Any) -> Any:
        wanted = (request.principal_name, request.principal_type)
        found = [one for one in self.grants if (one.principalName, one.principalType) == wanted]
        return structs().GetRoleGrantsForPrincipalResponse(found)

    def grant_revoke_role(self, request: Any) -> None:
        api = structs()
        granting = request.requestType == api.GrantRevokeType.GRANT
        self.changes.append(f"{'grant' if granting else 'revoke'} {request.roleName} {request.grantOption}")
        who = (request.roleName, request.principalName, request.principalType)
        kept = [one for one in self.grants if (one.roleName, one.principalName, one.principalType) != who]
        if granting:
            assert kept == self.grants, "a metastore refuses to grant a role twice"
            kept.append(api.RolePrincipalGrant(*who, request.grantOption, 0, request.grantor, request.grantorType))
        elif request.grantOption:
            kept.append(api.RolePrincipalGrant(*who, False))
        self.grants = kept

    def list_privileges(self, name: str | None, kind: Any, reference: Any) -> list[Any]:
        assert (reference.dbName, reference.objectName) == ("s", "t")
        return [
            one for one in self.privileges if name is None or (one.principalName, one.principalType) == (name, kind)
        ]

    def grant_revoke_privileges(self, request: Any) -> None:
        granting = request.requestType == structs().GrantRevokeType.GRANT
        for one in request.privileges.privileges:
            info = one.grantInfo
            self.changes.append(f"{'grant' if granting else 'revoke'} {info.privilege} {info.grantOption}")
            if granting:
                self.privileges.append(one)
            else:
                found = next(known for known in self.privileges if known.grantInfo.privilege == info.privilege)
                if request.revokeGrantOption:
                    found.grantInfo.grantOption = False
                else:
                    self.privileges.remove(found)


def table(name: SchemaTableName) -> Table:
    return Table(name, "alice", TableType.MANAGED_TABLE, (HiveColumn("a", "int"),), (), {}, "ORC")


@pytest.fixture
def metastore() -> Metastore:
    return Metastore()


@pytest.fixture
def permissions(metastore: Metastore) -> ThriftPermissions:
    client: Any = metastore
    return ThriftPermissions(client, None, table)


def test_roles_come_and_go(permissions: ThriftPermissions) -> None:
    permissions.create_role("readers")
    assert permissions.list_roles() == ["admin", "public", "readers"]
    permissions.drop_role("readers")
    assert permissions.list_roles() == ["admin", "public"]


def test_a_role_is_granted_again_only_to_add_the_option(metastore: Metastore, permissions: ThriftPermissions) -> None:
    def grant(admin_option: bool) -> list[str]:
        metastore.changes.clear()
        permissions.grant_roles(["readers"], [BOB], ALICE, admin_option=admin_option)
        return metastore.changes

    assert grant(False) == ["grant readers False"]
    assert grant(False) == []
    assert grant(True) == ["revoke readers False", "grant readers True"]
    assert permissions.role_grants(BOB) == [RoleGrant(BOB, "readers", True)]
    permissions.revoke_roles(["readers"], [BOB, READERS], ALICE, admin_option=True)
    assert permissions.role_grants(BOB) == [RoleGrant(BOB, "readers", False)]
    metastore.changes.clear()
    permissions.revoke_roles(["readers"], [BOB], ALICE, admin_option=True)
    assert metastore.changes == []
    permissions.revoke_roles(["readers"], [BOB], ALICE, admin_option=False)
    assert permissions.role_grants(BOB) == []


def test_privileges_that_are_there_are_not_granted_again(metastore: Metastore, permissions: ThriftPermissions) -> None:
    permissions.grant_privileges(NAME, [SELECT], BOB, ALICE, grant_option=False)
    permissions.grant_privileges(NAME, [INSERT, SELECT], BOB, ALICE, grant_option=False)
    assert metastore.changes == ["grant select False", "grant insert False"]
    with pytest.raises(LodestarError) as refused:
        permissions.grant_privileges(NAME, [SELECT], BOB, ALICE, grant_option=True)
    expected = "Granting SELECT WITH GRANT OPTION is not supported while USER bob possesses SELECT"
    assert refused.value.message == expected
    permissions.grant_privileges(NAME, [SELECT], READERS, ALICE, grant_option=True)
    permissions.grant_privileges(NAME, [SELECT], READERS, ALICE, grant_option=False)
    assert [one.grantable for one in permissions.table_privileges(NAME, READERS)] == [True]


def test_revoking_what_was_not_granted_asks_nothing(metastore: Metastore, permissions: ThriftPermissions) -> None:
    permissions.revoke_privileges(NAME, [SELECT], BOB, ALICE, grant_option=False)
    assert metastore.changes == []
    permissions.grant_privileges(NAME, [SELECT], BOB, ALICE, grant_option=True)
    permissions.revoke_privileges(NAME, [INSERT, SELECT], BOB, ALICE, grant_option=True)
    assert [(one.privilege, one.grantable) for one in permissions.table_privileges(NAME, BOB)] == [(SELECT, False)]


def test_an_owner_has_ownership_and_all_stands_for_each(metastore: Metastore, permissions: ThriftPermissions) -> None:
    api = structs()
    kinds = api.PrincipalType
    grant = api.PrivilegeGrantInfo("ALL", 0, "alice", kinds.USER, False)
    reference = api.HiveObjectRef(api.HiveObjectType.TABLE, "s", "t")
    metastore.privileges.append(api.HiveObjectPrivilege(reference, "Readers", kinds.ROLE, grant))
    found = permissions.table_privileges(NAME, None)
    assert (found[0].privilege, found[0].grantee) == (OWNERSHIP, ALICE)
    assert {one.privilege for one in found[1:]} == set(HivePrivilege)
    assert {one.grantee for one in found[1:]} == {READERS}


@pytest.mark.parametrize(
    ("word", "kind", "message"),
    [("INDEX", "USER", "Unsupported privilege name: INDEX"), ("SELECT", "GROUP", "Unsupported principal type: 3")],
)
def test_what_only_other_clients_know_is_told(
    metastore: Metastore, permissions: ThriftPermissions, word: str, kind: str, message: str
) -> None:
    api = structs()
    grant = api.PrivilegeGrantInfo(word, 0, "alice", api.PrincipalType.USER, False)
    reference = api.HiveObjectRef(api.HiveObjectType.TABLE, "s", "t")
    metastore.privileges.append(api.HiveObjectPrivilege(reference, "x", getattr(api.PrincipalType, kind), grant))
    with pytest.raises(LodestarError) as refused:
        permissions.table_privileges(NAME, None)
    assert refused.value.message == message
