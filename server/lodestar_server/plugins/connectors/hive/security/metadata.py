"""Roles and grants of a hive catalog: those of its metastore, with hive.security=sql-standard.

Changes happen at the commit, as all changes of the catalog. Source: Trino SqlStandardAccessControlMetadata.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.plugins.connectors.hive.config import HiveConfig
from lodestar_server.plugins.connectors.hive.security.roles import (
    applicable_roles,
    enabled_principals,
    enabled_roles,
    is_admin,
    user,
)
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, Permissions
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import ALREADY_EXISTS, TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.roles import RoleMetadata
from lodestar_server.spi.security import Principal, Privilege, RoleGrant, TableGrant
from lodestar_server.spi.session import ConnectorSession

_RESERVED = ("all", "default", "none")


class HiveRoleMetadata(RoleMetadata):
    """A part of `HiveMetadata`."""

    _transaction: HiveTransaction
    _config: HiveConfig

    def _permissions(self) -> Permissions:
        found = self._transaction.metastore.permissions() if self._config.keeps_roles else None
        if found is None:
            not_supported("This connector does not support roles")
        return found

    # roles
    def list_roles(self, session: ConnectorSession) -> Sequence[str]:
        return self._permissions().list_roles()

    def create_role(self, session: ConnectorSession, role: str, grantor: Principal | None) -> None:
        """Raises: ALREADY_EXISTS for words with a meaning in SET ROLE."""
        permissions = self._permissions()
        _refuse_reserved(role)
        self._transaction.add(lambda: permissions.create_role(role))

    def drop_role(self, session: ConnectorSession, role: str) -> None:
        permissions = self._permissions()
        _refuse_reserved(role)
        self._transaction.add(lambda: permissions.drop_role(role))

    def role_grants(self, session: ConnectorSession, principal: Principal) -> Sequence[RoleGrant]:
        return self._permissions().role_grants(principal)

    def applicable_roles(self, session: ConnectorSession, principal: Principal) -> Sequence[RoleGrant]:
        return applicable_roles(principal, self._permissions().role_grants)

    def enabled_roles(self, session: ConnectorSession) -> Sequence[str]:
        return enabled_roles(session.identity, self._permissions().role_grants)

    def grant_roles(
        self,
        session: ConnectorSession,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        permissions, by = self._permissions(), grantor or user(session.user)
        self._transaction.add(lambda: permissions.grant_roles(roles, grantees, by, admin_option=admin_option))

    def revoke_roles(
        self,
        session: ConnectorSession,
        roles: Sequence[str],
        grantees: Sequence[Principal],
        admin_option: bool,
        grantor: Principal | None,
    ) -> None:
        permissions, by = self._permissions(), grantor or user(session.user)
        self._transaction.add(lambda: permissions.revoke_roles(roles, grantees, by, admin_option=admin_option))

    # privileges
    def grant_table_privileges(
        self,
        session: ConnectorSession,
        table: SchemaTableName,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        if not self._config.keeps_roles:
            super().grant_table_privileges(session, table, privileges, grantee, grant_option)
        permissions, by, wanted = self._permissions(), user(session.user), _of_hive(privileges)
        self._transaction.add(
            lambda: permissions.grant_privileges(table, wanted, grantee, by, grant_option=grant_option)
        )

    def revoke_table_privileges(
        self,
        session: ConnectorSession,
        table: SchemaTableName,
        privileges: Sequence[Privilege],
        grantee: Principal,
        grant_option: bool,
    ) -> None:
        if not self._config.keeps_roles:
            super().revoke_table_privileges(session, table, privileges, grantee, grant_option)
        permissions, by, wanted = self._permissions(), user(session.user), _of_hive(privileges)
        self._transaction.add(
            lambda: permissions.revoke_privileges(table, wanted, grantee, by, grant_option=grant_option)
        )

    def list_table_grants(self, session: ConnectorSession, table: SchemaTableName) -> Sequence[TableGrant]:
        """The admin sees those of everybody, others their own and those of their roles."""
        if not self._config.keeps_roles:
            not_supported("This connector does not support table privileges")
        permissions = self._permissions()
        principals = enabled_principals(session.identity, permissions.role_grants)
        try:
            found = self._transaction.table_privileges(permissions, table, None)
        except LodestarError as error:
            if error.code is not TABLE_NOT_FOUND:
                raise
            return ()  # it was dropped meanwhile
        return [
            TableGrant(table, one.shown, one.grantable, one.grantee, one.grantor)
            for one in found
            if one.shown is not None and (is_admin(session.identity) or one.grantee in principals)
        ]


def _refuse_reserved(role: str) -> None:
    if role in _RESERVED:
        message = f"Role name cannot be one of the reserved roles: [{', '.join(_RESERVED)}]"
        raise LodestarError(ALREADY_EXISTS, message)


def _of_hive(privileges: Sequence[Privilege]) -> list[HivePrivilege]:
    """Hive has no privilege CREATE; ALL PRIVILEGES names it all the same, so it is left out."""
    return [HivePrivilege[one.name] for one in privileges if one is not Privilege.CREATE]
