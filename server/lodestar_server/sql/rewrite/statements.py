"""SHOW and DESCRIBE as queries: over information_schema where it has the answer, else over rows made here.

Source: the answers and errors of Trino 476.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lodestar_server.functions.registry import list_entries
from lodestar_server.ir import FunctionKind
from lodestar_server.metadata.session_properties import encode_session_value
from lodestar_server.spi.errors import (
    CATALOG_NOT_AVAILABLE,
    CATALOG_NOT_FOUND,
    MISSING_CATALOG_NAME,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.spi.security import Principal, PrincipalKind
from lodestar_server.spi.types import BOOLEAN, VARCHAR
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.analysis.names import qualify, qualify_schema
from lodestar_server.sql.analysis.routines.declaration import analyze_declaration
from lodestar_server.sql.analysis.routines.stored import schemas_of
from lodestar_server.sql.parser import ast, parse_function_specification, parse_statement
from lodestar_server.sql.rewrite import show_create
from lodestar_server.sql.rewrite.context import RewriteContext
from lodestar_server.sql.rewrite.listing import TEXTS, Like, listing

Rewritten = ast.Query | BoundQuery


def rewrite(node: ast.Statement, context: RewriteContext) -> Rewritten | None:
    """The query that answers a statement, None for statements that are something else."""
    if isinstance(node, ast.Query):
        return node
    rule = _RULES.get(type(node))
    return None if rule is None else rule(node, context)


def _query(text: str) -> ast.Query:
    query = parse_statement(text)
    assert isinstance(query, ast.Query)
    return query


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _like_clause(column: str, pattern: str | None, escape: str | None) -> str:
    if pattern is None:
        return "true"
    ending = "" if escape is None else f" ESCAPE {_literal(escape)}"
    return f"{column} LIKE {_literal(pattern)}{ending}"


def _like(column: int, node: ast.ShowCatalogs | ast.ShowFunctions | ast.ShowSession) -> Like | None:
    return None if node.like_pattern is None else Like(column, node.like_pattern, node.escape)


def _catalogs(node: ast.ShowCatalogs, context: RewriteContext) -> Rewritten:
    rows = [(name,) for name in context.metadata.list_catalogs()]
    return listing([("Catalog", TEXTS)], rows, like=_like(0, node))


def _schemas(node: ast.ShowSchemas, context: RewriteContext) -> Rewritten:
    catalog = context.session.catalog if node.catalog is None else node.catalog.value.lower()
    if catalog is None:
        message = "Catalog must be specified when session catalog is not set"
        raise LodestarError(MISSING_CATALOG_NAME, message, location=node.at)
    if context.metadata.find_catalog(catalog) is None:
        raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{catalog}' not found")
    context.metadata.access(catalog).check_can_show_schemas()
    where = _like_clause("schema_name", node.like_pattern, node.escape)
    return _query(
        f'SELECT schema_name AS "Schema" FROM {_quoted(catalog)}.information_schema.schemata '
        f"WHERE {where} ORDER BY schema_name"
    )


def _tables(node: ast.ShowTables, context: RewriteContext) -> Rewritten:
    session = context.session
    catalog, schema = qualify_schema(node.schema, session.catalog, session.schema, node.at)
    context.require_catalog(catalog, node.at)
    if not context.metadata.schema_exists(catalog, schema):
        raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{schema}' does not exist", location=node.at)
    context.metadata.access(catalog).check_can_show_tables(schema)
    where = _like_clause("table_name", node.like_pattern, node.escape)
    return _query(
        f'SELECT table_name AS "Table" FROM {_quoted(catalog)}.information_schema.tables '
        f"WHERE table_schema = {_literal(schema)} AND {where} ORDER BY table_name"
    )


def _columns(node: ast.ShowColumns, context: RewriteContext) -> Rewritten:
    metadata = context.metadata
    name = qualify(node.table, context.session.catalog, context.session.schema, node.at)
    context.require_catalog(name.catalog, node.at)
    if not metadata.schema_exists(name.catalog, name.schema):
        raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{name.schema}' does not exist", location=node.at)
    if metadata.find_materialized_view(name) is None and metadata.find_view(name) is None:
        table = metadata.find_table(name)
        if table is None:
            raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=node.at)
        metadata.table_metadata(table)  # a listing skips what it cannot read; here the reason has to be told
    metadata.access(name.catalog).check_can_show_columns(name.schema_table)
    where = _like_clause("column_name", node.like_pattern, node.escape)
    return _query(
        'SELECT column_name AS "Column", data_type AS "Type", '
        "coalesce(extra_info, '') AS \"Extra\", coalesce(comment, '') AS \"Comment\" "
        f"FROM {_quoted(name.catalog)}.information_schema.columns "
        f"WHERE table_schema = {_literal(name.schema)} AND table_name = {_literal(name.name)} AND {where} "
        "ORDER BY ordinal_position"
    )


def _grants(node: ast.ShowGrants, context: RewriteContext) -> Rewritten:
    metadata, session = context.metadata, context.session
    catalog, where = session.catalog, "true"
    if node.grant_object is not None:
        name = qualify(node.grant_object.name, session.catalog, session.schema, node.at)
        if metadata.find_view(name) is None and metadata.find_table(name) is None:
            message = f"Table 'Optional[{node.grant_object.name}]' does not exist"  # so Trino writes it
            raise LodestarError(TABLE_NOT_FOUND, message, location=node.at)
        catalog = name.catalog
        metadata.access(catalog).check_can_show_tables(name.schema)
        where = f"table_schema = {_literal(name.schema)} AND table_name = {_literal(name.name)}"
    if catalog is None:
        message = "Catalog must be specified when session catalog is not set"
        raise LodestarError(MISSING_CATALOG_NAME, message, location=node.at)
    return _query(
        'SELECT grantor AS "Grantor", grantor_type AS "Grantor Type", grantee AS "Grantee", '
        'grantee_type AS "Grantee Type", table_catalog AS "Catalog", table_schema AS "Schema", table_name AS "Table", '
        'privilege_type AS "Privilege", is_grantable AS "Grantable", with_hierarchy AS "With Hierarchy" '
        f"FROM {_quoted(catalog)}.information_schema.table_privileges WHERE {where}"
    )


def _roles(node: ast.ShowRoles | ast.ShowRoleGrants, context: RewriteContext) -> Rewritten:
    name = "Role Grants" if isinstance(node, ast.ShowRoleGrants) else "Role"
    roles: Sequence[str] = ()
    if node.catalog is not None:
        roles = _catalog_roles(node, context, node.catalog.value.lower())
    elif isinstance(node, ast.ShowRoles) and node.current:
        roles = sorted(context.session.identity.roles)
    return listing([(name, TEXTS)], [(role,) for role in sorted(roles)], aliased=True)


def _catalog_roles(node: ast.ShowRoles | ast.ShowRoleGrants, context: RewriteContext, catalog: str) -> Sequence[str]:
    metadata = context.metadata
    context.require_catalog(catalog, node.at)
    metadata.require_role_management(catalog, node.at)
    access = metadata.access(catalog)
    if isinstance(node, ast.ShowRoleGrants):
        access.check_can_show_role_grants()
        user = Principal(PrincipalKind.USER, context.session.user)
        return [grant.role for grant in metadata.role_grants(catalog, user)]
    if node.current:
        access.check_can_show_current_roles()
        return metadata.enabled_roles(catalog)
    access.check_can_show_roles()
    return metadata.list_roles(catalog)


_FUNCTION_COLUMNS = ("Function", "Return Type", "Argument Types", "Function Type", "Deterministic", "Description")


def _functions(node: ast.ShowFunctions, context: RewriteContext) -> Rewritten:
    columns = [(name, BOOLEAN if name == "Deterministic" else TEXTS) for name in _FUNCTION_COLUMNS]
    if node.schema is not None:
        session = context.session
        catalog, schema = qualify_schema(node.schema, session.catalog, session.schema, node.at)
        builtin = (catalog, schema) == ("system", "builtin")
        found = _builtin_table_functions() if builtin else _catalog_functions(context, catalog, schema)
        if not found:
            return listing([(name, type_ or VARCHAR) for name, type_ in columns], [], aliased=True)
        return listing(columns, found, like=_like(0, node), aliased=True)
    rows = [
        (one.name, one.result, one.arguments, one.kind.value, one.deterministic, one.description)
        for one in list_entries()
        if not one.hidden
    ]
    session = context.session
    for place in schemas_of(session.path, session.catalog, context.metadata.function_schema):
        rows += _stored_functions(context, *place)
    rows.sort(key=lambda row: (row[0].lower(), *row[1:4]))
    return listing(columns, rows, like=_like(0, node), aliased=True)


def _builtin_table_functions() -> list[tuple[str, str, str, str, bool, str]]:
    """What the schema of the built-in functions lists: only those that a connector could have too."""
    rows = {
        (one.name, one.result, one.arguments, one.kind.value, one.deterministic, one.description)
        for one in list_entries()
        if one.kind is FunctionKind.TABLE and one.category == "table" and one.name != "table_changes"
    }
    return sorted(rows)


def _catalog_functions(
    context: RewriteContext, catalog: str, schema: str
) -> list[tuple[str, str, str, str, bool, str]]:
    """The routines of a schema, and the functions that its connector has."""
    rows = _stored_functions(context, catalog, schema)
    scalars, tables = context.metadata.visible_connector_functions(catalog, schema)
    known = {one.name: one for one in list_entries()}
    for scalar in scalars:
        one = known[scalar.computed_as]
        rows.append((scalar.name, one.result, one.arguments, one.kind.value, one.deterministic, one.description))
    for table in tables:
        types = ", ".join(argument.type.signature_text for argument in table.arguments)
        rows.append((table.name, "unknown", types, FunctionKind.TABLE.value, False, ""))
    return sorted(rows, key=lambda row: row[:3])


def _stored_functions(context: RewriteContext, catalog: str, schema: str) -> list[tuple[str, str, str, str, bool, str]]:
    """The routines that a schema keeps, by name and types."""
    rows: list[tuple[str, str, str, str, bool, str]] = []
    for name, function in context.metadata.visible_functions(catalog, schema):
        declared = analyze_declaration(parse_function_specification(function.sql))
        types = ", ".join(type_.signature_text for _, type_ in declared.parameters)
        result = declared.result.signature_text
        rows.append((name.table, result, types, "scalar", declared.deterministic, declared.comment))
    return sorted(rows, key=lambda row: row[:3])


def _session(node: ast.ShowSession, context: RewriteContext) -> Rewritten:
    session = context.session
    rows: list[tuple[str, ...]] = []
    for one in sorted(context.system_properties, key=lambda declared: declared.name):
        if not one.hidden:
            rows.append(_property_row(one.name, one, session.system_properties.get(one.name)))
    for catalog in context.metadata.list_catalogs():
        given = session.catalog_properties.get(catalog, {})
        try:
            declared = context.metadata.session_property_metadata(catalog)
        except LodestarError as error:
            if error.code is not CATALOG_NOT_AVAILABLE:
                raise
            continue  # its connector is not there to say which properties it has
        for name in sorted(declared):
            if not declared[name].hidden:
                rows.append(_property_row(f"{catalog}.{name}", declared[name], given.get(name)))
    columns = [(name, TEXTS) for name in ("Name", "Value", "Default", "Type", "Description")]
    return listing(columns, rows, like=_like(0, node), aliased=True)


def _property_row(name: str, declared: PropertyMetadata, given: str | None) -> tuple[str, ...]:
    encoded = None if declared.default is None else declared.encode(declared.default)
    default = encode_session_value(declared.type, encoded)
    return (name, default if given is None else given, default, declared.type.display, declared.description)


_RULES: dict[type[ast.Statement], Callable[[Any, RewriteContext], Rewritten]] = {
    ast.ShowCatalogs: _catalogs,
    ast.ShowSchemas: _schemas,
    ast.ShowTables: _tables,
    ast.ShowColumns: _columns,
    ast.ShowGrants: _grants,
    ast.ShowRoles: _roles,
    ast.ShowRoleGrants: _roles,
    ast.ShowFunctions: _functions,
    ast.ShowSession: _session,
    ast.ShowCreate: show_create.rewrite,
}
