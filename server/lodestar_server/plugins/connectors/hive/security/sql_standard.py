"""hive.security=sql-standard: owners, roles and privileges as the metastore keeps them.

Source: Trino SqlStandardAccessControl.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.plugins.connectors.hive.security.roles import (
    applicable_roles,
    enabled_principals,
    is_admin,
    user,
)
from lodestar_server.plugins.connectors.hive.transaction import HiveTransaction
from lodestar_server.plugins.toolkit.metastore.permissions import HivePrivilege, Permissions
from lodestar_server.plugins.toolkit.security.owners import OwnersAccessControl
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import (
    Principal,
    PrincipalKind,
    Privilege,
    RoleGrant,
    access_denied,
)
from lodestar_server.spi.session import ConnectorSession

_INFORMATION_SCHEMA = "information_schema"
_ROLES = SchemaTableName(_INFORMATION_SCHEMA, "roles")
_DEFAULT_SCHEMA = "default"


class SqlStandardAccessControl(OwnersAccessControl):
    """What one user may do, with the roles of his session."""

    def __init__(
        self, catalog: str, transaction: HiveTransaction, permissions: Permissions, session: ConnectorSession
    ) -> None:
        self._catalog = catalog
        self._transaction = transaction
        self._permissions = permissions
        self._identity = session.identity

    # schemas
    def check_can_create_schema(self, schema: str) -> None:
        if not self._is_admin():
            super().check_can_create_schema(schema)

    def check_can_rename_schema(self, schema: str, new_name: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_rename_schema(schema, new_name)

    def check_can_set_schema_authorization(self, schema: str, principal: Principal) -> None:
        if not self._is_admin():
            super().check_can_set_schema_authorization(schema, principal)

    def check_can_show_schemas(self) -> None: ...

    def filter_schemas(self, schemas: Sequence[str]) -> Sequence[str]:
        return schemas

    # tables
    def check_can_show_create_table(self, table: SchemaTableName) -> None:
        if not self._has(table, HivePrivilege.SELECT, grantable=True):
            super().check_can_show_create_table(table)

    def check_can_create_table(self, table: SchemaTableName) -> None:
        if not self.owns_schema(table.schema):
            super().check_can_create_table(table)

    def check_can_rename_table(self, table: SchemaTableName, new_name: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_rename_table(table, new_name)

    def check_can_set_table_authorization(self, table: SchemaTableName, principal: Principal) -> None:
        if not self._is_admin():
            super().check_can_set_table_authorization(table, principal)

    def check_can_show_tables(self, schema: str) -> None: ...

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return tables

    # columns
    def check_can_show_columns(self, table: SchemaTableName) -> None:
        if not self._has(table, None):
            super().check_can_show_columns(table)

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        try:
            return columns if self._has(table, None) else ()
        except LodestarError as error:
            if error.code is not TABLE_NOT_FOUND:
                raise
            return ()  # it was dropped meanwhile

    # rows
    def check_can_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        if not self._has(table, HivePrivilege.SELECT):
            self.deny(f"Cannot select from table {table}")

    def check_can_insert_into_table(self, table: SchemaTableName) -> None:
        if not self._has(table, HivePrivilege.INSERT):
            super().check_can_insert_into_table(table)

    def check_can_delete_from_table(self, table: SchemaTableName) -> None:
        if not self._has(table, HivePrivilege.DELETE):
            super().check_can_delete_from_table(table)

    def check_can_truncate_table(self, table: SchemaTableName) -> None:
        if not self._has(table, HivePrivilege.DELETE):
            super().check_can_truncate_table(table)

    def check_can_update_table_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        if not self._has(table, HivePrivilege.UPDATE):
            super().check_can_update_table_columns(table, columns)

    # views
    def check_can_create_view(self, view: SchemaTableName) -> None:
        if not self.owns_schema(view.schema):
            super().check_can_create_view(view)

    def check_can_rename_view(self, view: SchemaTableName, new_name: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_rename_view(view, new_name)

    def check_can_set_view_authorization(self, view: SchemaTableName, principal: Principal) -> None:
        if not self._is_admin():
            super().check_can_set_view_authorization(view, principal)

    def check_can_create_view_with_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        self.check_can_select_from_columns(table, columns)
        if not self._has(table, HivePrivilege.SELECT, grantable=True):
            self.deny(f"View owner '{self._identity.user}' cannot create view that selects from {table}")

    # session, procedures and functions
    def check_can_set_catalog_session_property(self, name: str) -> None:
        if not self._is_admin():
            super().check_can_set_catalog_session_property(f"{self._catalog}.{name}")

    def check_can_execute_procedure(self, procedure: SchemaTableName) -> None: ...

    def check_can_execute_table_procedure(self, table: SchemaTableName, procedure: str) -> None:
        if not self.owns(table):
            super().check_can_execute_table_procedure(table, procedure)

    def check_can_create_function(self, function: SchemaTableName) -> None:
        if not self.owns_schema(function.schema):
            super().check_can_create_function(function)

    def check_can_drop_function(self, function: SchemaTableName) -> None:
        if not self.owns_schema(function.schema):
            super().check_can_drop_function(function)

    def check_can_show_create_function(self, function: SchemaTableName) -> None:
        if not self.owns_schema(function.schema):
            super().check_can_show_create_function(function)

    def can_execute_function(self, function: SchemaTableName) -> bool:
        return function.schema != "system" or self._is_admin()

    def can_create_view_with_execute_function(self, function: SchemaTableName) -> bool:
        return self.can_execute_function(function)

    def check_can_show_functions(self, schema: str) -> None: ...

    def filter_functions(self, functions: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return functions

    # privileges
    def check_can_grant_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        not_supported("This connector does not support grants on schemas")

    def check_can_deny_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        not_supported("This connector does not support deny on schemas")

    def check_can_revoke_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        not_supported("This connector does not support revokes on schemas")

    def check_can_grant_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        if not self._hands_on(privilege, table):
            super().check_can_grant_table_privilege(privilege, table)

    def check_can_deny_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        not_supported("This connector does not support deny on tables")

    def check_can_revoke_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        if not self._hands_on(privilege, table):
            super().check_can_revoke_table_privilege(privilege, table)

    # roles
    def check_can_create_role(self, role: str, grantor: Principal | None) -> None:
        if grantor is not None:
            raise access_denied("Hive Connector does not support WITH ADMIN statement")
        if not self._is_admin():
            super().check_can_create_role(role, grantor)

    def check_can_drop_role(self, role: str) -> None:
        if not self._is_admin():
            super().check_can_drop_role(role)

    def check_can_grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal | None
    ) -> None:
        _refuse_grantor(grantor)
        if not self._administers(roles):
            super().check_can_grant_roles(roles, grantees, grantor)

    def check_can_revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal | None
    ) -> None:
        _refuse_grantor(grantor)
        if not self._administers(roles):
            super().check_can_revoke_roles(roles, grantees, grantor)

    def check_can_set_role(self, role: str) -> None:
        if all(grant.role != role for grant in self._applicable()):
            super().check_can_set_role(role)

    def check_can_show_roles(self) -> None:
        if not self._is_admin():
            super().check_can_show_roles()

    # inside
    def _is_admin(self) -> bool:
        return is_admin(self._identity)

    def _principals(self) -> list[Principal]:
        return enabled_principals(self._identity, self._permissions.role_grants)

    def _applicable(self) -> list[RoleGrant]:
        return applicable_roles(user(self._identity.user), self._permissions.role_grants)

    def _administers(self, roles: Sequence[str]) -> bool:
        return self._is_admin() or {one.role for one in self._applicable() if one.grantable} >= set(roles)

    def owns_schema(self, schema: str) -> bool:
        """Everybody owns the schema `default`."""
        if schema == _DEFAULT_SCHEMA or self._is_admin():
            return True
        database = self._transaction.find_database(schema)
        return database is not None and database.owner_principal in self._principals()

    def owns(self, table: SchemaTableName) -> bool:
        return self._has(table, HivePrivilege.OWNERSHIP)

    def _has(self, table: SchemaTableName, privilege: HivePrivilege | None, *, grantable: bool = False) -> bool:
        """The user or a role that counts has a privilege on the table; None: any."""
        if self._is_admin():
            return True
        if table == _ROLES:
            return False
        if table.schema == _INFORMATION_SCHEMA:
            return True
        principals = self._principals()
        return any(
            one.grantee in principals and privilege in (None, one.privilege) and (one.grantable or not grantable)
            for one in self._transaction.table_privileges(self._permissions, table, None)
        )

    def _hands_on(self, privilege: Privilege, table: SchemaTableName) -> bool:
        if self.owns(table):
            return True
        if privilege is Privilege.CREATE:
            return False
        principals = [user(self._identity.user)]
        principals += [Principal(PrincipalKind.ROLE, one.role) for one in self._applicable()]
        return any(
            one.grantable and one.shown is privilege and one.grantee in principals
            for one in self._transaction.table_privileges(self._permissions, table, None)
        )


def _refuse_grantor(grantor: Principal | None) -> None:
    if grantor is not None:
        raise access_denied("Hive Connector does not support GRANTED BY statement")
