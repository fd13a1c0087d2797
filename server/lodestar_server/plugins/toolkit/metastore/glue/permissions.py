"""Roles and privileges of Glue, which keeps none: everybody has the role `public`, nobody a privilege on a table.

With hive.security=sql-standard that leaves what the owner of everything may do in the schema `default`.
Source: Trino GlueHiveMetastore.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, TablePrivilege
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, PrincipalKind, RoleGrant

_PUBLIC = "public"


class GluePermissions:
    """`Permissions`. Every change raises NOT_SUPPORTED."""

    def list_roles(self) -> list[str]:
        """The one that everybody has."""
        return [_PUBLIC]

    def create_role(self, role: str) -> None:
        """Refused."""
        not_supported("createRole is not supported by Glue")

    def drop_role(self, role: str) -> None:
        """Refused."""
        not_supported("dropRole is not supported by Glue")

    def role_grants(self, principal: Principal) -> list[RoleGrant]:
        """Users have `public`, roles nothing."""
        return [RoleGrant(principal, _PUBLIC, False)] if principal.kind is PrincipalKind.USER else []

    def grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """Refused."""
        not_supported("grantRoles is not supported by Glue")

    def revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """Refused."""
        not_supported("revokeRoles is not supported by Glue")

    def table_privileges(self, table: SchemaTableName, principal: Principal | None) -> list[TablePrivilege]:
        """None, the owner's included."""
        return []

    def grant_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """Refused."""
        not_supported("grantTablePrivileges is not supported by Glue")

    def revoke_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None:
        """Refused."""
        not_supported("revokeTablePrivileges is not supported by Glue")
