"""Statements that are not plans, one module per family. Each command is a function of the statement and its node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestar_server.query.commands import (
    catalogs,
    columns,
    comments,
    functions,
    privileges,
    procedures,
    schemas,
    session,
    tables,
    views,
)
from lodestar_server.query.commands.transactions import run_transaction_control
from lodestar_server.query.statement import StatementContext
from lodestar_server.sql.parser import ast

__all__ = ["COMMANDS", "run_transaction_control"]

COMMANDS: dict[type[ast.Statement], Callable[[StatementContext, Any], None]] = {
    ast.AddColumn: columns.add_column,
    ast.Call: procedures.call,
    ast.Comment: comments.comment,
    ast.CreateCatalog: catalogs.create_catalog,
    ast.CreateFunction: functions.create_function,
    ast.CreateMaterializedView: views.create_materialized_view,
    ast.CreateRole: privileges.create_role,
    ast.CreateSchema: schemas.create_schema,
    ast.CreateTable: tables.create_table,
    ast.CreateView: views.create_view,
    ast.Deallocate: session.deallocate,
    ast.Deny: privileges.change_grants,
    ast.DropCatalog: catalogs.drop_catalog,
    ast.DropColumn: columns.drop_column,
    ast.DropFunction: functions.drop_function,
    ast.DropMaterializedView: views.drop_materialized_view,
    ast.DropNotNullConstraint: columns.drop_not_null,
    ast.DropRole: privileges.drop_role,
    ast.DropSchema: schemas.drop_schema,
    ast.DropTable: tables.drop_table,
    ast.DropView: views.drop_view,
    ast.Grant: privileges.change_grants,
    ast.GrantRoles: privileges.change_role_grants,
    ast.Prepare: session.prepare,
    ast.RenameColumn: columns.rename_column,
    ast.RenameMaterializedView: views.rename_materialized_view,
    ast.RenameSchema: schemas.rename_schema,
    ast.RenameTable: tables.rename_table,
    ast.RenameView: views.rename_view,
    ast.ResetSession: session.reset_session,
    ast.ResetSessionAuthorization: session.reset_session_authorization,
    ast.Revoke: privileges.change_grants,
    ast.RevokeRoles: privileges.change_role_grants,
    ast.SetAuthorizationStatement: privileges.set_authorization,
    ast.SetColumnType: columns.set_column_type,
    ast.SetPath: session.set_path,
    ast.SetProperties: tables.set_properties,
    ast.SetRole: session.set_role,
    ast.SetSession: session.set_session,
    ast.SetSessionAuthorization: session.set_session_authorization,
    ast.SetTimeZone: session.set_time_zone,
    ast.TruncateTable: tables.truncate_table,
    ast.Use: session.use,
}
