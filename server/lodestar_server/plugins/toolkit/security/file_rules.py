"""Access control by a file of rules. Source: Trino FileBasedAccessControl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lodestar_server.plugins.toolkit.security.owners import OwnersAccessControl
from lodestar_server.plugins.toolkit.security.rules import (
    EXECUTES,
    Expression,
    RoutinePrivilege,
    Rules,
    TablePrivilege,
    TableRule,
)
from lodestar_server.spi.names import SchemaTableName
from lodestar_server.spi.security import Principal, Privilege, ViewExpression
from lodestar_server.spi.session import Identity

_INFORMATION_SCHEMA = "information_schema"


class FileAccessControl(OwnersAccessControl):
    """What the rules leave one user. They are the only ones: nobody grants, and there are no roles."""

    def __init__(self, rules: Rules, identity: Identity) -> None:
        self._rules = rules
        self._identity = identity
        self._last: tuple[SchemaTableName, TableRule | None] | None = None

    # schemas
    def check_can_create_schema(self, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_create_schema(schema)

    def check_can_rename_schema(self, schema: str, new_name: str) -> None:
        if not (self.owns_schema(schema) and self.owns_schema(new_name)):
            super().check_can_rename_schema(schema, new_name)

    def check_can_set_schema_authorization(self, schema: str, principal: Principal) -> None:
        if not (self.owns_schema(schema) and self._authorizes(principal)):
            super().check_can_set_schema_authorization(schema, principal)

    def check_can_show_schemas(self) -> None: ...

    def filter_schemas(self, schemas: Sequence[str]) -> Sequence[str]:
        return [one for one in schemas if self._rules.sees_schema(self._identity, one)]

    # tables
    def check_can_show_create_table(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_show_create_table(table)

    def check_can_create_table(self, table: SchemaTableName) -> None:
        if not self.owns(table):
            super().check_can_create_table(table)

    def check_can_rename_table(self, table: SchemaTableName, new_name: SchemaTableName) -> None:
        if not (self.owns(table) and self.owns(new_name)):
            super().check_can_rename_table(table, new_name)

    def check_can_set_table_authorization(self, table: SchemaTableName, principal: Principal) -> None:
        if not (self.owns(table) and self._authorizes(principal)):
            super().check_can_set_table_authorization(table, principal)

    def check_can_show_tables(self, schema: str) -> None:
        if not self._rules.sees_schema(self._identity, schema):
            super().check_can_show_tables(schema)

    def filter_tables(self, tables: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return [one for one in tables if self.owns_schema(one.schema) or self._has(one, None)]

    # columns
    def check_can_show_columns(self, table: SchemaTableName) -> None:
        if not self._has(table, None):
            super().check_can_show_columns(table)

    def filter_columns(self, table: SchemaTableName, columns: Sequence[str]) -> Sequence[str]:
        """Who may do more than read sees all columns, those that he may not read among them."""
        if table.schema == _INFORMATION_SCHEMA:
            return columns
        rule = self._rule(table)
        if rule is None or not rule.privileges:
            return ()
        if rule.privileges != {TablePrivilege.SELECT}:
            return columns
        return [one for one in columns if one not in rule.restricted]

    # rows
    def check_can_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        if not self._selects(table, columns):
            self.deny(f"Cannot select from table {table}")

    def check_can_insert_into_table(self, table: SchemaTableName) -> None:
        if not self._has(table, TablePrivilege.INSERT):
            super().check_can_insert_into_table(table)

    def check_can_delete_from_table(self, table: SchemaTableName) -> None:
        if not self._has(table, TablePrivilege.DELETE):
            super().check_can_delete_from_table(table)

    def check_can_truncate_table(self, table: SchemaTableName) -> None:
        if not self._has(table, TablePrivilege.DELETE):
            super().check_can_truncate_table(table)

    def check_can_update_table_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        if not self._has(table, TablePrivilege.UPDATE):
            super().check_can_update_table_columns(table, columns)

    def row_filters(self, table: SchemaTableName) -> Sequence[ViewExpression]:
        rule = self._hiding(table)
        return () if rule is None or rule.filter is None else (self._expression(rule.filter, table),)

    def column_masks(self, table: SchemaTableName, columns: Sequence[str]) -> Mapping[str, ViewExpression]:
        rule = self._hiding(table)
        if rule is None or not rule.masks:
            return {}
        return {one: self._expression(rule.masks[one], table) for one in columns if one in rule.masks}

    # views
    def check_can_create_view(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_create_view(view)

    def check_can_rename_view(self, view: SchemaTableName, new_name: SchemaTableName) -> None:
        if not (self.owns(view) and self.owns(new_name)):
            super().check_can_rename_view(view, new_name)

    def check_can_set_view_authorization(self, view: SchemaTableName, principal: Principal) -> None:
        if not (self.owns(view) and self._authorizes(principal)):
            super().check_can_set_view_authorization(view, principal)

    def check_can_create_view_with_select_from_columns(self, table: SchemaTableName, columns: Sequence[str]) -> None:
        self.check_can_select_from_columns(table, columns)
        if not self._has(table, TablePrivilege.GRANT_SELECT):
            self.deny(f"View owner '{self._identity.user}' cannot create view that selects from {table}")

    def check_can_create_materialized_view(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_create_materialized_view(view)

    def check_can_refresh_materialized_view(self, view: SchemaTableName) -> None:
        if not self._has(view, TablePrivilege.UPDATE):
            super().check_can_refresh_materialized_view(view)

    def check_can_set_materialized_view_properties(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_set_materialized_view_properties(view)

    def check_can_drop_materialized_view(self, view: SchemaTableName) -> None:
        if not self.owns(view):
            super().check_can_drop_materialized_view(view)

    def check_can_rename_materialized_view(self, view: SchemaTableName, new_name: SchemaTableName) -> None:
        if not (self.owns(view) and self.owns(new_name)):
            super().check_can_rename_materialized_view(view, new_name)

    # session, procedures and functions
    def check_can_set_catalog_session_property(self, name: str) -> None:
        if not self._rules.sets_property(self._identity, name):
            super().check_can_set_catalog_session_property(name)

    def check_can_execute_procedure(self, procedure: SchemaTableName) -> None:
        if self._rules.procedure_privileges(self._identity, procedure).isdisjoint(EXECUTES):
            super().check_can_execute_procedure(procedure)

    def check_can_execute_table_procedure(self, table: SchemaTableName, procedure: str) -> None:
        """Allowed: what it does to the rows is asked for itself."""

    def check_can_create_function(self, function: SchemaTableName) -> None:
        if not self._owns_function(function):
            super().check_can_create_function(function)

    def check_can_drop_function(self, function: SchemaTableName) -> None:
        if not self._owns_function(function):
            super().check_can_drop_function(function)

    def check_can_show_create_function(self, function: SchemaTableName) -> None:
        if not self._owns_function(function):
            self.deny(f"Cannot show create function for {function.schema}")

    def can_execute_function(self, function: SchemaTableName) -> bool:
        return not self._rules.function_privileges(self._identity, function).isdisjoint(EXECUTES)

    def can_create_view_with_execute_function(self, function: SchemaTableName) -> bool:
        return RoutinePrivilege.GRANT_EXECUTE in self._rules.function_privileges(self._identity, function)

    def check_can_show_functions(self, schema: str) -> None:
        if not self._rules.sees_schema(self._identity, schema):
            super().check_can_show_functions(schema)

    def filter_functions(self, functions: Sequence[SchemaTableName]) -> Sequence[SchemaTableName]:
        return [one for one in functions if self.owns_schema(one.schema) or self.can_execute_function(one)]

    # privileges
    def check_can_grant_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_grant_schema_privilege(privilege, schema)

    def check_can_deny_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_deny_schema_privilege(privilege, schema)

    def check_can_revoke_schema_privilege(self, privilege: Privilege, schema: str) -> None:
        if not self.owns_schema(schema):
            super().check_can_revoke_schema_privilege(privilege, schema)

    # roles
    def check_can_show_roles(self) -> None: ...

    # inside
    def _hiding(self, table: SchemaTableName) -> TableRule | None:
        """The rule that says what of a table is hidden."""
        return None if table.schema == _INFORMATION_SCHEMA else self._rule(table)

    def _rule(self, table: SchemaTableName) -> TableRule | None:
        """The rule that decides; several questions about one table follow each other."""
        if self._last is None or self._last[0] != table:
            self._last = table, self._rules.table_rule(self._identity, table)
        return self._last[1]

    def _expression(self, found: Expression, table: SchemaTableName) -> ViewExpression:
        return ViewExpression(found.text, table.schema, user=found.user or self._identity.user)

    def owns_schema(self, schema: str) -> bool:
        return self._rules.owns_schema(self._identity, schema)

    def _authorizes(self, principal: Principal) -> bool:
        return self._rules.authorizes(self._identity, principal)

    def owns(self, table: SchemaTableName) -> bool:
        return self._has(table, TablePrivilege.OWNERSHIP)

    def _has(self, table: SchemaTableName, privilege: TablePrivilege | None) -> bool:
        """The user has a privilege on the table; None: any."""
        if table.schema == _INFORMATION_SCHEMA:
            return True
        rule = self._rule(table)
        if rule is None:
            return False
        return bool(rule.privileges) if privilege is None else privilege in rule.privileges

    def _selects(self, table: SchemaTableName, columns: Sequence[str]) -> bool:
        if table.schema == _INFORMATION_SCHEMA:
            return True
        rule = self._rule(table)
        return rule is not None and rule.selects(columns)

    def _owns_function(self, function: SchemaTableName) -> bool:
        return RoutinePrivilege.OWNERSHIP in self._rules.function_privileges(self._identity, function)
