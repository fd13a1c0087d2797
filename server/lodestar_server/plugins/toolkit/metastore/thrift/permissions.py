"""Roles and privileges that a Hive Metastore keeps, for all its clients.

Source: Trino ThriftHiveMetastore, ThriftHiveMetastoreClient, ThriftMetastoreUtil.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from lodestar_server.plugins.toolkit.metastore.errors import HIVE_METASTORE_ERROR
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, TablePrivilege
from lodestar_server.plugins.toolkit.metastore.thrift.client import Call, ThriftClient
from lodestar_server.plugins.toolkit.metastore.thrift.refusals import refusals
from lodestar_server.plugins.toolkit.metastore.thrift.structs import structs
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant

_AUTHORIZER = "SQL"
"""Whose grants they are: those of Hive's own SQL-standard authorization, so Hive minds them too."""


class ThriftPermissions:
    """`Permissions`. Thread-safe. Several roles or grantees are several calls, one after the other.

    `require_table` raises TABLE_NOT_FOUND; `catalog`: the metastore's, when one is named.
    """

    def __init__(
        self, client: ThriftClient, catalog: str | None, require_table: Callable[[SchemaTableName], Table]
    ) -> None:
        self._client = client
        self._catalog = catalog
        self._require_table = require_table

    def _read(self, call: Call) -> Any:
        with refusals():
            return self._client.read(call)

    def _change(self, call: Call, happened: Callable[[], bool]) -> None:
        with refusals():
            self._client.change(call, happened)

    # roles
    def list_roles(self) -> list[str]:
        """With admin and public, which the metastore makes itself."""
        return list(self._read(lambda calls: calls.get_role_names()))

    def create_role(self, role: str) -> None:
        """Raises: HIVE_METASTORE_ERROR when it is there."""
        struct = structs().Role(role, 0, None)
        self._change(lambda calls: calls.create_role(struct), lambda: role in self.list_roles())

    def drop_role(self, role: str) -> None:
        """With the grants of it and to it."""
        self._change(lambda calls: calls.drop_role(role), lambda: role not in self.list_roles())

    def role_grants(self, principal: Principal) -> list[RoleGrant]:
        """Every user has public: the metastore says so."""
        request = structs().GetRoleGrantsForPrincipalRequest(principal.name, _kind_to(principal.kind))
        answer = self._read(lambda calls: calls.get_role_grants_for_principal(request))
        found = [
            RoleGrant(_principal(one.principalType, one.principalName), one.roleName.lower(), bool(one.grantOption))
            for one in answer.principalGrants
        ]
        return list(dict.fromkeys(found))

    def grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """A grant that is there gets the option, and does not lose it. Raises: HIVE_METASTORE_ERROR for circles."""
        for grantee in grantees:
            for role in roles:
                known = self._grant(grantee, role)
                if known is not None and known.grantable == admin_option:
                    continue
                if known is not None and admin_option:
                    self._revoke_role(role, grantee, admin_option=False)
                self._grant_role(role, grantee, grantor, admin_option=admin_option)

    def revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """What was not granted is no fault."""
        for grantee in grantees:
            for role in roles:
                known = self._grant(grantee, role)
                if known is not None and (known.grantable or not admin_option):
                    self._revoke_role(role, grantee, admin_option=admin_option)

    def _grant(self, grantee: Principal, role: str) -> RoleGrant | None:
        return next((one for one in self.role_grants(grantee) if one.role == role), None)

    def _grant_role(self, role: str, grantee: Principal, grantor: Principal, *, admin_option: bool) -> None:
        api = structs()
        request = api.GrantRevokeRoleRequest(
            api.GrantRevokeType.GRANT,
            role,
            grantee.name,
            _kind_to(grantee.kind),
            grantor.name,
            _kind_to(grantor.kind),
            admin_option,
        )

        def happened() -> bool:
            found = self._grant(grantee, role)
            return found is not None and found.grantable == admin_option

        self._change(lambda calls: calls.grant_revoke_role(request), happened)

    def _revoke_role(self, role: str, grantee: Principal, *, admin_option: bool) -> None:
        api = structs()
        request = api.GrantRevokeRoleRequest(
            api.GrantRevokeType.REVOKE, role, grantee.name, _kind_to(grantee.kind), grantOption=admin_option
        )

        def happened() -> bool:
            found = self._grant(grantee, role)
            return found is None or (admin_option and not found.grantable)

        self._change(lambda calls: calls.grant_revoke_role(request), happened)

    # tables
    def table_privileges(self, table: SchemaTableName, principal: Principal | None) -> list[TablePrivilege]:
        """Raises: TABLE_NOT_FOUND."""
        owner_name = self._require_table(table).owner
        owner = None if owner_name is None else Principal(PrincipalKind.USER, owner_name)
        found = []
        if owner is not None and principal in (None, owner):
            found.append(TablePrivilege(HivePrivilege.OWNERSHIP, True, owner, owner))
        name = None if principal is None else principal.name
        kind = None if principal is None else _kind_to(principal.kind)
        reference = self._reference(table)
        for one in self._read(lambda calls: calls.list_privileges(name, kind, reference)):
            found += _privileges(one)
        return list(dict.fromkeys(found))

    def grant_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """What the grantee has stays. Raises: NOT_SUPPORTED where the option would be added to a privilege."""
        known = self.table_privileges(table, grantee)
        wanted = []
        for privilege in _ordered(privileges):
            options = {one.grantable for one in known if one.privilege is privilege}
            if grant_option in options or True in options:
                continue
            if options:
                shown = f"{grantee.kind.value} {grantee.name}"
                not_supported(
                    f"Granting {privilege.value} WITH GRANT OPTION is not supported"
                    f" while {shown} possesses {privilege.value}"
                )
            wanted.append(privilege)
        self._tell(table, "GRANT", wanted, grantee, grantor, grant_option=grant_option)

    def revoke_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """What was not granted is no fault. Raises: HIVE_METASTORE_ERROR for an option that is not there."""
        known = {one.privilege for one in self.table_privileges(table, grantee)}
        wanted = [one for one in _ordered(privileges) if one in known]
        self._tell(table, "REVOKE", wanted, grantee, grantor, grant_option=grant_option)

    def _tell(
        self,
        table: SchemaTableName,
        kind: str,
        privileges: Sequence[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        if not privileges:
            return
        api = structs()
        bag = [
            api.HiveObjectPrivilege(
                self._reference(table),
                grantee.name,
                _kind_to(grantee.kind),
                api.PrivilegeGrantInfo(one.value.lower(), 0, grantor.name, _kind_to(grantor.kind), grant_option),
                _AUTHORIZER,
            )
            for one in privileges
        ]
        granting = kind == "GRANT"
        request = api.GrantRevokePrivilegeRequest(
            getattr(api.GrantRevokeType, kind),
            api.PrivilegeBag(bag),
            revokeGrantOption=None if granting else grant_option,
        )

        def happened() -> bool:
            now = {(one.privilege, one.grantable) for one in self.table_privileges(table, grantee)}
            if granting:
                return all((one, grant_option) in now for one in privileges)
            gone = (True,) if grant_option else (True, False)
            return not any((one, option) in now for one in privileges for option in gone)

        self._change(lambda calls: calls.grant_revoke_privileges(request), happened)

    def _reference(self, table: SchemaTableName) -> Any:
        api = structs()
        made = api.HiveObjectRef(api.HiveObjectType.TABLE, table.schema, table.table)
        if self._catalog is not None:
            made.catName = self._catalog
        return made


def _privileges(found: Any) -> list[TablePrivilege]:
    """One grant of the metastore; `all` stands for each. Raises: HIVE_METASTORE_ERROR for a word of another Hive."""
    grant = found.grantInfo
    word = grant.privilege.upper()
    privileges: Iterable[HivePrivilege]
    if word == "ALL":
        privileges = HivePrivilege
    elif word in HivePrivilege.__members__:
        privileges = (HivePrivilege[word],)
    else:
        raise LodestarError(HIVE_METASTORE_ERROR, f"Unsupported privilege name: {word}")
    grantee = _principal(found.principalType, found.principalName)
    grantor = _principal(grant.grantorType, grant.grantor)
    return [TablePrivilege(one, bool(grant.grantOption), grantor, grantee) for one in privileges]


def _ordered(privileges: Collection[HivePrivilege]) -> list[HivePrivilege]:
    return [one for one in HivePrivilege if one in privileges]


def _kind_to(kind: PrincipalKind) -> Any:
    return getattr(structs().PrincipalType, kind.name)


def _principal(kind: Any, name: str) -> Principal:
    """Names of roles have no case. Raises: HIVE_METASTORE_ERROR for a group, which only other clients know."""
    kinds = structs().PrincipalType
    if kind == kinds.ROLE:
        return Principal(PrincipalKind.ROLE, name.lower())
    if kind == kinds.USER:
        return Principal(PrincipalKind.USER, name)
    raise LodestarError(HIVE_METASTORE_ERROR, f"Unsupported principal type: {kind}")
