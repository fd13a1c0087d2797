"""What a connector decides about who may do what in its catalog, and the words of its refusals.

A connector offers a `ConnectorAccessControl` for each statement and user (`Connector.access_control`), or none: then
everything is allowed here. The base class refuses everything, so that whatever an implementation forgets stays closed.
Source: Trino ConnectorAccessControl, AccessDeniedException.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from lodestar_server.spi.errors import PERMISSION_DENIED, LodestarError
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.values import frozen

ACCESS_DENIED = "Access Denied: "


class RoleKind(Enum):
    """How a role was selected."""

    ALL = "ALL"
    NONE = "NONE"
    ROLE = "ROLE"


@frozen
class SelectedRole:
    """`role` only with ROLE."""

    kind: RoleKind
    role: str | None = None

    def __str__(self) -> str:
        return f"ROLE{{{self.role}}}" if self.kind is RoleKind.ROLE else self.kind.value


class PrincipalKind(Enum):
    """Who can have roles and privileges."""

    USER = "USER"
    ROLE = "ROLE"


@frozen
class Principal:
    """A user or a role."""

    kind: PrincipalKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"


class Privilege(Enum):
    """What GRANT hands out, in the order in which ALL PRIVILEGES stands for them."""

    CREATE = "CREATE"
    SELECT = "SELECT"
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


@frozen
class RoleGrant:
    """`grantee` has the role; `grantable`: may hand it on."""

    grantee: Principal
    role: str
    grantable: bool


@frozen
class TableGrant:
    """`grantee` has a privilege on a table; `grantable`: may hand it on."""

    table: SchemaTableName
    privilege: Privilege
    grantable: bool
    grantee: Principal
    grantor: Principal | None = None


@frozen
class ViewExpression:
    """SQL over the columns of a table, as `user` (None: whoever reads the table) with his rights.

    Names of tables and functions in it are those of `schema` in `catalog`; None is the table's own catalog.
    """

    expression: str
    schema: str
    catalog: str | None = None
    user: str | None = None


@frozen
class Hidden:
    """What of a table somebody does not see: rows for which a filter is not true, and what masks stand before."""

    filters: Sequence[ViewExpression]
    masks: Mapping[str, ViewExpression]


def access_denied(message: str) -> LodestarError:
    """A refusal, with the words that all of them begin with."""
    return LodestarError(PERMISSION_DENIED, ACCESS_DENIED + message)


def _set(names: Iterable[object]) -> str:
    """As Java writes a collection."""
    return f"[{', '.join(map(str, names))}]"


class ConnectorAccessControl:
    """What one user may do in one catalog, inside one transaction. Each check raises PERMISSION_DENIED or returns.

    Here everything is refused and nothing is shown: an implementation overrides what it allows, and calls `super()`
    for the words of a refusal.
    """

    def deny(self, message: str) -> None:
        """Refuse."""
        raise access_denied(message)

    # schemas
    def check_can_create_schema(self, schema: str) -> None:
        self.deny(f"Cannot create schema {schema}")

    def check_can_drop_schema(self, schema: str) -> None:
        self.deny(f"Cannot drop schema {schema}")

    def check_can_rename_schema(self, schema: str, new_name: str) -> None:
        self.deny(f"Cannot rename schema from {schema} to {new_name}")

    def check_can_set_schema_authorization(self, schema: str, principal: Principal) -> None:
        self.deny(f"Cannot set authorization for schema {schema} to {principal}")

    def check_can_show_schemas(self) -> None:
        self.deny("Cannot show schemas")

    def check_can_show_create_schema(self, schema: str) -> None:
        self.deny(f"Cannot show create schema for {schema}")

    def filter_schemas(self, schemas: Sequence[str]) -> Sequence[str]:
        """Those that the user may see, in the same order; so do the other filters."""
        return ()

    # tables
    def check_can_show_create_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot show create table for {table}")

    def check_can_create_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot create table {table}")

    def check_can_drop_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot drop table {table}")

    def check_can_rename_table(self, table: SchemaTableName, new_name: SchemaTableName) -> None:
        self.deny(f"Cannot rename table from {table} to {new_name}")

    def check_can_set_table_properties(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot set table properties to {table}")

    def check_can_set_table_comment(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot comment table to {table}")

    def check_can_set_view_comment(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot comment view to {view}")

    def check_can_set_column_comment(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot comment column to {table}")

    def check_can_set_table_authorization(self, table: SchemaTableName, principal: Principal) -> None:
        self.deny(f"Cannot set authorization for table {table} to {principal}")

    def check_can_show_tables(self, schema: str) -> None:
        self.deny(f"Cannot show tables of schema {schema}")

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        """Tables and views."""
        return ()

    # columns
    def check_can_show_columns(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot show columns of table {table}")

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        """Columns of one table."""
        return ()

    def check_can_add_column(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot add a column to table {table}")

    def check_can_alter_column(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot alter a column for table {table}")

    def check_can_drop_column(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot drop a column from table {table}")

    def check_can_rename_column(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot rename a column in table {table}")

    # rows
    def check_can_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        """Of tables and views; no columns at all: only that there are rows."""
        self.deny(f"Cannot select from columns {_set(columns)} in table or view {table}")

    def check_can_insert_into_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot insert into table {table}")

    def check_can_delete_from_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot delete from table {table}")

    def check_can_truncate_table(self, table: SchemaTableName) -> None:
        self.deny(f"Cannot truncate table {table}")

    def check_can_update_table_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        self.deny(f"Cannot update columns {_set(columns)} in table {table}")

    def row_filters(self, table: SchemaTableName) -> Sequence[ViewExpression]:
        """Only rows for which all of them are true are there; also those that are inserted have to be."""
        return ()

    def column_masks(self, table: SchemaTableName, columns: Sequence[str]) -> Mapping[str, ViewExpression]:
        """Column → what is read instead of it. Masks see the table without masks."""
        return {}

    # views
    def check_can_create_view(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot create view {view}")

    def check_can_rename_view(self, view: SchemaTableName, new_name: SchemaTableName) -> None:
        self.deny(f"Cannot rename view from {view} to {new_name}")

    def check_can_set_view_authorization(self, view: SchemaTableName, principal: Principal) -> None:
        self.deny(f"Cannot set authorization for view {view} to {principal}")

    def check_can_drop_view(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot drop view {view}")

    def check_can_create_view_with_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        """The user is the owner of a view that others read: he hands on what he may read."""
        self.deny(f"Cannot select from columns {_set(columns)} in table or view {table}")

    def check_can_create_materialized_view(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot create materialized view {view}")

    def check_can_refresh_materialized_view(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot refresh materialized view {view}")

    def check_can_set_materialized_view_properties(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot set properties of materialized view {view}")

    def check_can_drop_materialized_view(self, view: SchemaTableName) -> None:
        self.deny(f"Cannot drop materialized view {view}")

    def check_can_rename_materialized_view(self, view: SchemaTableName, new_name: SchemaTableName) -> None:
        self.deny(f"Cannot rename materialized view from {view} to {new_name}")

    # session, procedures and functions
    def check_can_set_catalog_session_property(self, name: str) -> None:
        self.deny(f"Cannot set catalog session property {name}")

    def check_can_execute_procedure(self, procedure: SchemaTableName) -> None:
        self.deny(f"Cannot execute procedure {procedure}")

    def check_can_execute_table_procedure(self, table: SchemaTableName, procedure: str) -> None:
        self.deny(f"Cannot execute table procedure {procedure} on {table}")

    def check_can_create_function(self, function: SchemaTableName) -> None:
        self.deny(f"Cannot create function {function}")

    def check_can_drop_function(self, function: SchemaTableName) -> None:
        self.deny(f"Cannot drop function {function}")

    def check_can_show_create_function(self, function: SchemaTableName) -> None:
        self.deny(f"Cannot show create function for {function}")

    def can_execute_function(self, function: SchemaTableName) -> bool:
        """A stored function may be called."""
        return False

    def can_create_view_with_execute_function(self, function: SchemaTableName) -> bool:
        """The user is the owner of a view that others read: he hands on the function that it calls."""
        return False

    def check_can_show_functions(self, schema: str) -> None:
        self.deny(f"Cannot show functions of schema {schema}")

    def filter_functions(self, functions: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        """Stored functions; a name stands for all of its overloads."""
        return ()

    # privileges
    def check_can_grant_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        self.deny(f"Cannot grant privilege {privilege.value} on schema {schema}")

    def check_can_deny_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        self.deny(f"Cannot deny privilege {privilege.value} on schema {schema}")

    def check_can_revoke_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        self.deny(f"Cannot revoke privilege {privilege.value} on schema {schema}")

    def check_can_grant_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        self.deny(f"Cannot grant privilege {privilege.value} on table {table}")

    def check_can_deny_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        self.deny(f"Cannot deny privilege {privilege.value} on table {table}")

    def check_can_revoke_table_privilege(self, privilege: Privilege, table: SchemaTableName) -> None:
        self.deny(f"Cannot revoke privilege {privilege.value} on table {table}")

    # roles
    def check_can_create_role(self, role: str, grantor: Principal | None) -> None:
        self.deny(f"Cannot create role {role}")

    def check_can_drop_role(self, role: str) -> None:
        self.deny(f"Cannot drop role {role}")

    def check_can_grant_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal | None
    ) -> None:
        self.deny(f"Cannot grant roles {_set(roles)} to {_set(grantees)}")

    def check_can_revoke_roles(
        self, roles: Sequence[str], grantees: Sequence[Principal], grantor: Principal | None
    ) -> None:
        self.deny(f"Cannot revoke roles {_set(roles)} from {_set(grantees)}")

    def check_can_set_role(self, role: str) -> None:
        self.deny(f"Cannot set role {role}")

    def check_can_show_roles(self) -> None:
        self.deny("Cannot show roles")

    def check_can_show_current_roles(self) -> None:
        self.deny("Cannot show current roles")

    def check_can_show_role_grants(self) -> None:
        self.deny("Cannot show role grants")


class AllowAllAccessControl(ConnectorAccessControl):
    """No refusal, nothing hidden: a catalog that leaves access to the engine."""

    def deny(self, message: str) -> None:
        """Allow."""

    def filter_schemas(self, schemas: Sequence[str]) -> Sequence[str]:
        return schemas

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return tables

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        return columns

    def can_execute_function(self, function: SchemaTableName) -> bool:
        return True

    def can_create_view_with_execute_function(self, function: SchemaTableName) -> bool:
        return True

    def filter_functions(self, functions: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return functions


ALLOW_ALL = AllowAllAccessControl()
