"""Roles and privileges beside a file metastore's documents, in the form of Trino's own.

`<catalog>/.roles` is a list of names, `<catalog>/.roleGrants` a list of grants, and
`<table>/.trinoPermissions/<user|role>_<name>` what one of them may do with a table.
Source: Trino FileHiveMetastore, RoleGrant, PermissionMetadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from lodestar_server.plugins.toolkit.files import FileSystem, child_of
from lodestar_server.plugins.toolkit.metastore import documents
from lodestar_server.plugins.toolkit.metastore.errors import HIVE_INVALID_METADATA
from lodestar_server.plugins.toolkit.metastore.guard import Guard
from lodestar_server.plugins.toolkit.metastore.model import Table
from lodestar_server.plugins.toolkit.metastore.partition_names import escape_name
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, TablePrivilege
from lodestar_server.spi.errors import LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant

ADMIN, PUBLIC = "admin", "public"
ADMIN_USERS = ("admin", "hive", "hdfs")
"""They have the role admin without a grant."""
_ROLES, _ROLE_GRANTS, _PERMISSIONS = ".roles", ".roleGrants", ".trinoPermissions"
_LOCK = "$roles"
_ANYBODY = Principal(PrincipalKind.USER, "admin")
"""The files do not tell who granted: Trino says that it was the user admin."""


class FilePermissions:
    """`Permissions`. Thread-safe, also between processes. `require_table` raises TABLE_NOT_FOUND."""

    def __init__(
        self,
        files: FileSystem,
        guard: Guard,
        catalog_directory: str,
        require_table: Callable[[SchemaTableName], Table],
        table_directory: Callable[[SchemaTableName], str],
    ) -> None:
        self._files = files
        self._guard = guard
        self._roles = child_of(catalog_directory, _ROLES)
        self._grants = child_of(catalog_directory, _ROLE_GRANTS)
        self._require_table = require_table
        self._table_directory = table_directory

    # roles
    def list_roles(self) -> list[str]:
        """Those that were created, and admin."""
        return list(dict.fromkeys((ADMIN, *self._read(self._roles))))

    def create_role(self, role: str) -> None:
        """A role that is there stays."""
        with self._guard.exclusively(_LOCK):
            self._write(self._roles, list(dict.fromkeys((*self.list_roles(), role))))

    def drop_role(self, role: str) -> None:
        """With the grants of it and to it."""
        with self._guard.exclusively(_LOCK):
            self._write(self._roles, [one for one in self.list_roles() if one != role])
            self._write_grants(self._all_grants())

    def role_grants(self, principal: Principal) -> list[RoleGrant]:
        """Every user has public."""
        found: list[RoleGrant] = []
        if principal.kind is PrincipalKind.USER:
            found.append(RoleGrant(principal, PUBLIC, False))
            if principal.name in ADMIN_USERS:
                found.append(RoleGrant(principal, ADMIN, True))
        found += [one for one in self._all_grants().values() if one.grantee == principal]
        return list(dict.fromkeys(found))

    def grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """A grant that is there takes over the option."""
        with self._guard.exclusively(_LOCK):
            grants = self._all_grants()
            grants |= {
                (grantee, role): RoleGrant(grantee, role, admin_option) for grantee in grantees for role in roles
            }
            self._write_grants(grants)

    def revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """What was not granted is no fault."""
        with self._guard.exclusively(_LOCK):
            grants = self._all_grants()
            for key in [(grantee, role) for grantee in grantees for role in roles]:
                found = grants.pop(key, None)
                if found is not None and admin_option:
                    grants[key] = RoleGrant(found.grantee, found.role, False)
            self._write_grants(grants)

    def _all_grants(self) -> dict[tuple[Principal, str], RoleGrant]:
        """Grants of roles that there are, to roles that there are."""
        known = set(self.list_roles())
        found: dict[tuple[Principal, str], RoleGrant] = {}
        for one in self._read(self._grants):
            grantee, role = _principal(one["grantee"]), one["roleName"]
            if role in known and (grantee.kind is PrincipalKind.USER or grantee.name in known):
                before = found.get((grantee, role))
                grantable = bool(one["grantable"]) or (before is not None and before.grantable)
                found[grantee, role] = RoleGrant(grantee, role, grantable)
        return found

    def _write_grants(self, grants: dict[tuple[Principal, str], RoleGrant]) -> None:
        made = [
            {"grantee": _document(one.grantee), "roleName": one.role, "grantable": one.grantable}
            for one in grants.values()
        ]
        self._write(self._grants, made)

    # tables
    def table_privileges(self, table: SchemaTableName, principal: Principal | None) -> list[TablePrivilege]:
        """Raises: TABLE_NOT_FOUND."""
        owner_name = self._require_table(table).owner
        owner = None if owner_name is None else Principal(PrincipalKind.USER, owner_name)
        found = []
        if owner is not None and principal in (None, owner):
            found.append(TablePrivilege(HivePrivilege.OWNERSHIP, True, owner, owner))
        if principal is not None:
            return found + self._privileges(self._place(table, principal))
        directory = child_of(self._table_directory(table), _PERMISSIONS)
        for info in sorted(self._files.list(directory), key=lambda one: one.name):
            if not info.is_directory and not info.name.startswith("."):
                found += self._privileges(info.location)
        return found

    def grant_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """In the place of all that the grantee had, as in Trino's."""
        with self._guard.exclusively(str(table)):
            self._require_table(table)
            granted = [TablePrivilege(one, grant_option, grantor, grantee) for one in _ordered(privileges)]
            self._write_privileges(table, grantee, granted)

    def revoke_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """What was granted with the other option stays, as in Trino's."""
        with self._guard.exclusively(str(table)):
            self._require_table(table)
            had = self._privileges(self._place(table, grantee))
            kept = [one for one in had if one.privilege not in privileges or one.grantable != grant_option]
            self._write_privileges(table, grantee, kept)

    def _place(self, table: SchemaTableName, principal: Principal) -> str:
        name = f"{principal.kind.value.lower()}_{escape_name(principal.name)}"
        return child_of(child_of(self._table_directory(table), _PERMISSIONS), name)

    def _privileges(self, place: str) -> list[TablePrivilege]:
        return [
            TablePrivilege(HivePrivilege[one["permission"]], one["grantOption"], _ANYBODY, _principal(one["grantee"]))
            for one in self._read(place)
        ]

    def _write_privileges(
        self, table: SchemaTableName, grantee: Principal, privileges: Iterable[TablePrivilege]
    ) -> None:
        made = [
            {"permission": one.privilege.value, "grantOption": one.grantable, "grantee": _document(one.grantee)}
            for one in privileges
        ]
        self._write(self._place(table, grantee), made)

    # files
    def _read(self, place: str) -> list[Any]:
        content = self._files.read(place)
        if content is None:
            return []
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, list):
            raise LodestarError(HIVE_INVALID_METADATA, f"Invalid metastore document: {place}")
        return found

    def _write(self, place: str, content: list[Any]) -> None:
        self._files.write(place, documents.dump(content))


def _ordered(privileges: Collection[HivePrivilege]) -> list[HivePrivilege]:
    return [one for one in HivePrivilege if one in privileges]


def _principal(document: Any) -> Principal:
    return Principal(PrincipalKind[document["type"]], document["name"])


def _document(principal: Principal) -> dict[str, str]:
    return {"type": principal.kind.value, "name": principal.name}
