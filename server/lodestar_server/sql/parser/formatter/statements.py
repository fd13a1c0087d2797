"""The other statements as Trino writes them: changes of rows, sessions, roles, SHOW, EXPLAIN."""

from __future__ import annotations

from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.definitions import call_arguments, principal
from lodestar_server.sql.parser.formatter.expressions import format_expression, format_name, format_string, joined
from lodestar_server.sql.parser.formatter.queries import alias_columns, write_relation_as_query
from lodestar_server.sql.parser.formatter.writer import WRITES, Writer, indented

# changes


def _insert(writer: Writer, node: ast.Insert, indent: int) -> None:
    writer.add("INSERT INTO ", format_name(node.table.name), alias_columns(node.columns), "\n")
    writer.node(node.query, indent)


def _delete(writer: Writer, node: ast.Delete, indent: int) -> None:
    writer.add("DELETE FROM ", format_name(node.table.name))
    if node.where is not None:
        writer.add(" WHERE ", format_expression(node.where))


def _update(writer: Writer, node: ast.Update, indent: int) -> None:
    writer.add("UPDATE ", format_name(node.table.name), " SET")
    last = len(node.assignments) - 1
    for place, assignment in enumerate(node.assignments):
        # The name loses its quotes, as it does in Trino.
        writer.add("\n", indented(indent + 1), assignment.name.value, " = ", format_expression(assignment.value))
        if place < last:
            writer.add(",")
    if node.where is not None:
        writer.add("\n", indented(indent), "WHERE ", format_expression(node.where))


def _merge(writer: Writer, node: ast.Merge, indent: int) -> None:
    target = node.target
    alias = ""
    if isinstance(target, ast.AliasedRelation):
        alias = f" {format_expression(target.alias)}"
        target = target.relation
    if not isinstance(target, ast.Table):
        raise TypeError("only a table can be merged into")
    writer.add("MERGE INTO ", format_name(target.name), alias, "\n")
    writer.add_indented(indent + 1, "USING ")
    write_relation_as_query(writer, node.source, indent + 2)
    writer.add("\n")
    writer.add_indented(indent + 1, "ON ", format_expression(node.predicate))
    for case in node.cases:
        condition = "" if case.condition is None else f" AND {format_expression(case.condition)}"
        word = "WHEN NOT MATCHED" if isinstance(case, ast.MergeInsert) else "WHEN MATCHED"
        writer.add("\n", word, condition, "\n")
        _merge_action(writer, case, indent + 1)


def _merge_action(writer: Writer, node: ast.MergeCase, indent: int) -> None:
    if isinstance(node, ast.MergeInsert):
        columns = f"({joined(node.columns)})" if node.columns else ""
        writer.add_indented(indent, "THEN INSERT ", columns, "VALUES (", joined(node.values), ")")
    elif isinstance(node, ast.MergeUpdate):
        writer.add_indented(indent, "THEN UPDATE SET")
        for place, assignment in enumerate(node.assignments):
            writer.add("\n")
            writer.add_indented(indent, ", " if place else "  ", format_expression(assignment.name), " = ")
            writer.add(format_expression(assignment.value))
    else:
        writer.add_indented(indent, "THEN DELETE")


def _truncate_table(writer: Writer, node: ast.TruncateTable, indent: int) -> None:
    writer.add("TRUNCATE TABLE ", format_name(node.table_name))


def _call(writer: Writer, node: ast.Call, indent: int) -> None:
    writer.add("CALL ", format_name(node.name), call_arguments(node.arguments))


# prepared statements and EXPLAIN


def _prepare(writer: Writer, node: ast.Prepare, indent: int) -> None:
    writer.add_indented(indent, "PREPARE ", format_expression(node.name), " FROM\n")
    writer.node(node.statement, indent + 1)


def _deallocate(writer: Writer, node: ast.Deallocate, indent: int) -> None:
    writer.add_indented(indent, "DEALLOCATE PREPARE ", format_expression(node.name))


def _execute(writer: Writer, node: ast.Execute, indent: int) -> None:
    writer.add_indented(indent, "EXECUTE ", format_expression(node.name))
    if node.parameters:
        writer.add(" USING ", joined(node.parameters))


def _execute_immediate(writer: Writer, node: ast.ExecuteImmediate, indent: int) -> None:
    writer.add_indented(indent, "EXECUTE IMMEDIATE\n", format_string(node.statement.value))
    if node.parameters:
        writer.add("\nUSING ", joined(node.parameters))


def _describe_input(writer: Writer, node: ast.DescribeInput, indent: int) -> None:
    writer.add_indented(indent, "DESCRIBE INPUT ", format_expression(node.name))


def _describe_output(writer: Writer, node: ast.DescribeOutput, indent: int) -> None:
    writer.add_indented(indent, "DESCRIBE OUTPUT ", format_expression(node.name))


def _explain(writer: Writer, node: ast.Explain, indent: int) -> None:
    options = [_explain_option(option) for option in node.options]
    writer.add("EXPLAIN ", f"({', '.join(options)})" if options else "", "\n")
    writer.node(node.statement, indent)


def _explain_option(node: ast.ExplainOption) -> str:
    if isinstance(node, ast.ExplainType):
        return f"TYPE {node.type.value}"
    if isinstance(node, ast.ExplainFormat):
        return f"FORMAT {node.type.value}"
    raise TypeError(f"no explain option: {type(node).__name__}")


def _explain_analyze(writer: Writer, node: ast.ExplainAnalyze, indent: int) -> None:
    writer.add("EXPLAIN ANALYZE VERBOSE\n" if node.verbose else "EXPLAIN ANALYZE\n")
    writer.node(node.statement, indent)


# the session


def _use(writer: Writer, node: ast.Use, indent: int) -> None:
    # The one statement Trino cannot write, which is seen by who prepares it.
    raise LodestarError(GENERIC_INTERNAL_ERROR, "not yet implemented: Use{}")


def _set_session(writer: Writer, node: ast.SetSession, indent: int) -> None:
    writer.add("SET SESSION ", format_name(node.name), " = ", format_expression(node.value))


def _reset_session(writer: Writer, node: ast.ResetSession, indent: int) -> None:
    writer.add("RESET SESSION ", format_name(node.name))


def _set_session_authorization(writer: Writer, node: ast.SetSessionAuthorization, indent: int) -> None:
    writer.add("SET SESSION AUTHORIZATION ", format_expression(node.user))


def _reset_session_authorization(writer: Writer, node: ast.ResetSessionAuthorization, indent: int) -> None:
    writer.add("RESET SESSION AUTHORIZATION")


def _set_path(writer: Writer, node: ast.SetPath, indent: int) -> None:
    elements = [
        ("" if element.catalog is None else f"{format_expression(element.catalog)}.")
        + format_expression(element.schema)
        for element in node.path_specification.path
    ]
    writer.add("SET PATH ", ", ".join(elements))


def _set_time_zone(writer: Writer, node: ast.SetTimeZone, indent: int) -> None:
    writer.add("SET TIME ZONE ", "LOCAL" if node.time_zone is None else format_expression(node.time_zone))


def _start_transaction(writer: Writer, node: ast.StartTransaction, indent: int) -> None:
    modes = [f" {_transaction_mode(mode)}" for mode in node.transaction_modes]
    writer.add("START TRANSACTION", ",".join(modes))


def _transaction_mode(node: ast.TransactionMode) -> str:
    if isinstance(node, ast.Isolation):
        return f"ISOLATION LEVEL {node.level.value}"
    if isinstance(node, ast.TransactionAccessMode):
        return "READ ONLY" if node.read_only else "READ WRITE"
    raise TypeError(f"no transaction mode: {type(node).__name__}")


def _commit(writer: Writer, node: ast.Commit, indent: int) -> None:
    writer.add("COMMIT")


def _rollback(writer: Writer, node: ast.Rollback, indent: int) -> None:
    writer.add("ROLLBACK")


# roles and privileges


def _grantor(node: ast.GrantorSpecification) -> str:
    return node.type.value if node.principal is None else principal(node.principal)


def _catalog(word: str, catalog: ast.Identifier | None) -> str:
    return "" if catalog is None else f" {word} {format_expression(catalog)}"


def _create_role(writer: Writer, node: ast.CreateRole, indent: int) -> None:
    writer.add("CREATE ROLE ", format_expression(node.name))
    if node.grantor is not None:
        writer.add(" WITH ADMIN ", _grantor(node.grantor))
    writer.add(_catalog("IN", node.catalog))


def _drop_role(writer: Writer, node: ast.DropRole, indent: int) -> None:
    writer.add("DROP ROLE ", "IF EXISTS " if node.exists else "", format_expression(node.name))
    writer.add(_catalog("IN", node.catalog))


def _set_role(writer: Writer, node: ast.SetRole, indent: int) -> None:
    role = node.type.value if node.role is None else format_expression(node.role)
    writer.add("SET ROLE ", role, _catalog("IN", node.catalog))


def _principals(grantees: tuple[ast.PrincipalSpecification, ...]) -> str:
    return ", ".join([principal(grantee) for grantee in grantees])


def _grant_roles(writer: Writer, node: ast.GrantRoles, indent: int) -> None:
    writer.add("GRANT ", joined(node.roles), " TO ", _principals(node.grantees))
    writer.add(" WITH ADMIN OPTION" if node.admin_option else "")
    if node.grantor is not None:
        writer.add(" GRANTED BY ", _grantor(node.grantor))
    writer.add(_catalog("IN", node.catalog))


def _revoke_roles(writer: Writer, node: ast.RevokeRoles, indent: int) -> None:
    writer.add("REVOKE ", "ADMIN OPTION FOR " if node.admin_option else "", joined(node.roles))
    writer.add(" FROM ", _principals(node.grantees))
    if node.grantor is not None:
        writer.add(" GRANTED BY ", _grantor(node.grantor))
    writer.add(_catalog("IN", node.catalog))


def _privileges(privileges: tuple[str, ...] | None) -> str:
    return "ALL PRIVILEGES" if privileges is None else ", ".join(privileges)


def _grant_object(node: ast.GrantObject) -> str:
    kind = "" if node.entity_kind is None else f"{node.entity_kind} "
    return f"{kind}{format_name(node.name)}"


def _grant(writer: Writer, node: ast.Grant, indent: int) -> None:
    writer.add("GRANT ", _privileges(node.privileges), " ON ", _grant_object(node.grant_object))
    writer.add(" TO ", principal(node.grantee), " WITH GRANT OPTION" if node.grant_option else "")


def _deny(writer: Writer, node: ast.Deny, indent: int) -> None:
    writer.add("DENY ", _privileges(node.privileges), " ON ", _grant_object(node.grant_object))
    writer.add(" TO ", principal(node.grantee))


def _revoke(writer: Writer, node: ast.Revoke, indent: int) -> None:
    writer.add("REVOKE ", "GRANT OPTION FOR " if node.grant_option_for else "", _privileges(node.privileges))
    writer.add(" ON ", _grant_object(node.grant_object), " FROM ", principal(node.grantee))


# SHOW


def _like(pattern: str | None, escape: str | None) -> str:
    like = "" if pattern is None else f" LIKE {format_string(pattern)}"
    return like if escape is None else f"{like} ESCAPE {format_string(escape)}"


def _show_catalogs(writer: Writer, node: ast.ShowCatalogs, indent: int) -> None:
    writer.add("SHOW CATALOGS", _like(node.like_pattern, node.escape))


def _show_schemas(writer: Writer, node: ast.ShowSchemas, indent: int) -> None:
    writer.add("SHOW SCHEMAS", _catalog("FROM", node.catalog), _like(node.like_pattern, node.escape))


def _show_tables(writer: Writer, node: ast.ShowTables, indent: int) -> None:
    schema = "" if node.schema is None else f" FROM {format_name(node.schema)}"
    writer.add("SHOW TABLES", schema, _like(node.like_pattern, node.escape))


def _show_columns(writer: Writer, node: ast.ShowColumns, indent: int) -> None:
    writer.add("SHOW COLUMNS FROM ", format_name(node.table), _like(node.like_pattern, node.escape))


def _show_functions(writer: Writer, node: ast.ShowFunctions, indent: int) -> None:
    schema = "" if node.schema is None else f" FROM {format_name(node.schema)}"
    writer.add("SHOW FUNCTIONS", schema, _like(node.like_pattern, node.escape))


def _show_session(writer: Writer, node: ast.ShowSession, indent: int) -> None:
    writer.add("SHOW SESSION", _like(node.like_pattern, node.escape))


def _show_create(writer: Writer, node: ast.ShowCreate, indent: int) -> None:
    writer.add("SHOW CREATE ", node.type.value, " ", format_name(node.name))


def _show_stats(writer: Writer, node: ast.ShowStats, indent: int) -> None:
    writer.add("SHOW STATS FOR ")
    writer.node(node.relation, 0)


def _show_roles(writer: Writer, node: ast.ShowRoles, indent: int) -> None:
    writer.add("SHOW CURRENT ROLES" if node.current else "SHOW ROLES", _catalog("FROM", node.catalog))


def _show_role_grants(writer: Writer, node: ast.ShowRoleGrants, indent: int) -> None:
    writer.add("SHOW ROLE GRANTS", _catalog("FROM", node.catalog))


def _show_grants(writer: Writer, node: ast.ShowGrants, indent: int) -> None:
    writer.add("SHOW GRANTS ", "" if node.grant_object is None else f"ON {_grant_object(node.grant_object)}")


WRITES |= {
    ast.Insert: _insert,
    ast.Delete: _delete,
    ast.Update: _update,
    ast.Merge: _merge,
    ast.TruncateTable: _truncate_table,
    ast.Call: _call,
    ast.Prepare: _prepare,
    ast.Deallocate: _deallocate,
    ast.Execute: _execute,
    ast.ExecuteImmediate: _execute_immediate,
    ast.DescribeInput: _describe_input,
    ast.DescribeOutput: _describe_output,
    ast.Explain: _explain,
    ast.ExplainAnalyze: _explain_analyze,
    ast.Use: _use,
    ast.SetSession: _set_session,
    ast.ResetSession: _reset_session,
    ast.SetSessionAuthorization: _set_session_authorization,
    ast.ResetSessionAuthorization: _reset_session_authorization,
    ast.SetPath: _set_path,
    ast.SetTimeZone: _set_time_zone,
    ast.StartTransaction: _start_transaction,
    ast.Commit: _commit,
    ast.Rollback: _rollback,
    ast.CreateRole: _create_role,
    ast.DropRole: _drop_role,
    ast.SetRole: _set_role,
    ast.GrantRoles: _grant_roles,
    ast.RevokeRoles: _revoke_roles,
    ast.Grant: _grant,
    ast.Deny: _deny,
    ast.Revoke: _revoke,
    ast.ShowCatalogs: _show_catalogs,
    ast.ShowSchemas: _show_schemas,
    ast.ShowTables: _show_tables,
    ast.ShowColumns: _show_columns,
    ast.ShowFunctions: _show_functions,
    ast.ShowSession: _show_session,
    ast.ShowCreate: _show_create,
    ast.ShowStats: _show_stats,
    ast.ShowRoles: _show_roles,
    ast.ShowRoleGrants: _show_role_grants,
    ast.ShowGrants: _show_grants,
}
