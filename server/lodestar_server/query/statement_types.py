"""What kinds of statements there are: the query type and the update type that clients are told. Source: Trino."""

from __future__ import annotations

from lodestar_server.sql.parser import ast

SELECT, EXPLAIN, DESCRIBE, DATA_DEFINITION = "SELECT", "EXPLAIN", "DESCRIBE", "DATA_DEFINITION"

QUERY_TYPES: dict[type[ast.Statement], str] = {
    ast.Query: SELECT,
    ast.Explain: EXPLAIN,
    ast.DescribeInput: DESCRIBE,
    ast.DescribeOutput: DESCRIBE,
    ast.ShowCatalogs: DESCRIBE,
    ast.ShowColumns: DESCRIBE,
    ast.ShowCreate: DESCRIBE,
    ast.ShowFunctions: DESCRIBE,
    ast.ShowGrants: DESCRIBE,
    ast.ShowRoleGrants: DESCRIBE,
    ast.ShowRoles: DESCRIBE,
    ast.ShowSchemas: DESCRIBE,
    ast.ShowSession: DESCRIBE,
    ast.ShowStats: DESCRIBE,
    ast.ShowTables: DESCRIBE,
    ast.TableExecute: "ALTER_TABLE_EXECUTE",
    ast.CreateTableAsSelect: "INSERT",
    ast.RefreshMaterializedView: "INSERT",
    ast.Insert: "INSERT",
    ast.Update: "UPDATE",
    ast.Delete: "DELETE",
    ast.Merge: "MERGE",
    ast.Analyze: "ANALYZE",
}
"""Statements that are not here (and are no EXPLAIN ANALYZE) are commands: DATA_DEFINITION."""

UPDATE_TYPES: dict[type[ast.Statement], str] = {
    ast.AddColumn: "ADD COLUMN",
    ast.Analyze: "ANALYZE",
    ast.Call: "CALL",
    ast.Comment: "COMMENT",
    ast.Commit: "COMMIT",
    ast.CreateCatalog: "CREATE CATALOG",
    ast.CreateFunction: "CREATE FUNCTION",
    ast.CreateMaterializedView: "CREATE MATERIALIZED VIEW",
    ast.CreateRole: "CREATE ROLE",
    ast.CreateSchema: "CREATE SCHEMA",
    ast.CreateTable: "CREATE TABLE",
    ast.CreateTableAsSelect: "CREATE TABLE",
    ast.CreateView: "CREATE VIEW",
    ast.Deallocate: "DEALLOCATE",
    ast.Delete: "DELETE",
    ast.Deny: "DENY",
    ast.DropCatalog: "DROP CATALOG",
    ast.DropColumn: "DROP COLUMN",
    ast.DropFunction: "DROP FUNCTION",
    ast.DropMaterializedView: "DROP MATERIALIZED VIEW",
    ast.DropNotNullConstraint: "DROP NOT NULL",
    ast.DropRole: "DROP ROLE",
    ast.DropSchema: "DROP SCHEMA",
    ast.DropTable: "DROP TABLE",
    ast.DropView: "DROP VIEW",
    ast.Grant: "GRANT",
    ast.GrantRoles: "GRANT ROLE",
    ast.Insert: "INSERT",
    ast.Merge: "MERGE",
    ast.Prepare: "PREPARE",
    ast.RefreshMaterializedView: "REFRESH MATERIALIZED VIEW",
    ast.RenameColumn: "RENAME COLUMN",
    ast.RenameMaterializedView: "RENAME MATERIALIZED VIEW",
    ast.RenameSchema: "RENAME SCHEMA",
    ast.RenameTable: "RENAME TABLE",
    ast.RenameView: "RENAME VIEW",
    ast.ResetSession: "RESET SESSION",
    ast.ResetSessionAuthorization: "RESET SESSION AUTHORIZATION",
    ast.Revoke: "REVOKE",
    ast.RevokeRoles: "REVOKE ROLE",
    ast.Rollback: "ROLLBACK",
    ast.SetAuthorizationStatement: "SET AUTHORIZATION",
    ast.SetColumnType: "SET COLUMN TYPE",
    ast.SetPath: "SET PATH",
    ast.SetProperties: "SET PROPERTIES",
    ast.SetRole: "SET ROLE",
    ast.SetSession: "SET SESSION",
    ast.SetSessionAuthorization: "SET SESSION AUTHORIZATION",
    ast.SetTimeZone: "SET TIME ZONE",
    ast.StartTransaction: "START TRANSACTION",
    ast.TableExecute: "ALTER TABLE EXECUTE",
    ast.TruncateTable: "TRUNCATE TABLE",
    ast.Update: "UPDATE",
    ast.Use: "USE",
}


def query_type(statement: ast.Statement) -> str:
    """The type that system.runtime and resource groups know; EXPLAIN ANALYZE has that of its statement."""
    if isinstance(statement, ast.ExplainAnalyze):
        return query_type(statement.statement)
    return QUERY_TYPES.get(type(statement), DATA_DEFINITION)


def update_type(statement: ast.Statement) -> str | None:
    """What a client is told that the statement does; None for those that only answer."""
    return UPDATE_TYPES.get(type(statement))


def is_transaction_control(statement: ast.Statement) -> bool:
    """Statements that run outside of any transaction."""
    return isinstance(statement, ast.StartTransaction | ast.Commit | ast.Rollback)
