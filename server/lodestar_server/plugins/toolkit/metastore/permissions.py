"""Roles and privileges that a metastore keeps. Source: Trino HivePrivilegeInfo, HiveMetastore."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum
from typing import Protocol

from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, Privilege, RoleGrant
from lodestar_server.spi.values import frozen


class HivePrivilege(Enum):
    """Privileges on tables in Hive's words."""

    UPDATE = "UPDATE"
    DELETE = "DELETE"
    SELECT = "SELECT"
    INSERT = "INSERT"
    OWNERSHIP = "OWNERSHIP"


@frozen
class TablePrivilege:
    """`grantee` has a privilege on some table; `grantable`: may hand it on."""

    privilege: HivePrivilege
    grantable: bool
    grantor: Principal
    grantee: Principal

    @property
    def shown(self) -> Privilege | None:
        """As SHOW GRANTS tells it; ownership is not a privilege there."""
        return None if self.privilege is HivePrivilege.OWNERSHIP else Privilege[self.privilege.name]


class Permissions(Protocol):
    """What a metastore that keeps roles and privileges offers. Each change is whole or not at all."""

    def list_roles(self) -> list[str]: ...

    def create_role(self, role: str) -> None: ...

    def drop_role(self, role: str) -> None: ...

    def role_grants(self, principal: Principal) -> list[RoleGrant]:
        """Roles that the principal has directly."""
        ...

    def grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None: ...

    def revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal, *, admin_option: bool
    ) -> None:
        """`admin_option`: only the right to hand them on."""
        ...

    def table_privileges(self, table: SchemaTableName, principal: Principal | None) -> list[TablePrivilege]:
        """Of one principal, or of everybody; ownership among them. Raises: TABLE_NOT_FOUND."""
        ...

    def grant_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None: ...

    def revoke_privileges(
        self,
        table: SchemaTableName,
        privileges: Collection[HivePrivilege],
        grantee: Principal,
        grantor: Principal,
        *,
        grant_option: bool,
    ) -> None: ...
