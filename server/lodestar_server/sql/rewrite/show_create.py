"""SHOW CREATE: definitions back to statements, in Trino's format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lodestar_server.metadata.properties import PropertyKind, encode_properties
from lodestar_server.spi.errors import (
    INVALID_VIEW,
    NOT_FOUND,
    NOT_SUPPORTED,
    SCHEMA_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import VARCHAR, ArrayType, Type
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.analysis.names import qualify, qualify_function, qualify_schema
from lodestar_server.sql.parser import (
    ast,
    format_function_specification,
    format_statement,
    parse_function_specification,
    parse_statement,
)
from lodestar_server.sql.rewrite.context import RewriteContext
from lodestar_server.sql.rewrite.listing import TEXTS, listing, single_value
from lodestar_server.sql.rewrite.type_syntax import identifier, type_syntax


def rewrite(node: ast.ShowCreate, context: RewriteContext) -> BoundQuery:
    """The statement that would create the object, as one value."""
    match node.type:
        case ast.ShowCreateType.TABLE:
            return single_value("Create Table", _table(node, context))
        case ast.ShowCreateType.VIEW:
            return single_value("Create View", _view(node, context))
        case ast.ShowCreateType.SCHEMA:
            return single_value("Create Schema", _schema(node, context))
        case ast.ShowCreateType.MATERIALIZED_VIEW:
            return single_value("Create Materialized View", _materialized_view(node, context))
        case ast.ShowCreateType.FUNCTION:
            return _function(node, context)


def _qualify(node: ast.ShowCreate, context: RewriteContext) -> QualifiedName:
    return qualify(node.name, context.session.catalog, context.session.schema, node.at)


def _table(node: ast.ShowCreate, context: RewriteContext) -> str:
    metadata, name = context.metadata, _qualify(node, context)
    if metadata.find_materialized_view(name) is not None:
        raise _other_kind(node, f"Relation '{name}' is a materialized view, not a table")
    if metadata.find_view(name) is not None:
        raise _other_kind(node, f"Relation '{name}' is a view, not a table")
    table = metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=node.at)
    metadata.access(name.catalog).check_can_show_create_table(name.schema_table)
    definition = metadata.table_metadata(table)
    columns = tuple(
        ast.ColumnDefinition(
            _name(node, column.name),
            type_syntax(column.type, node.at),
            column.nullable,
            _properties(node, context, name.catalog, PropertyKind.COLUMN, column.properties),
            column.comment,
            at=node.at,
        )
        for column in definition.columns
        if not column.hidden
    )
    created = ast.CreateTable(
        _name(node, name.catalog, name.schema, name.name),
        columns,
        ast.SaveMode.FAIL,
        _properties(node, context, name.catalog, PropertyKind.TABLE, definition.properties),
        definition.comment,
        at=node.at,
    )
    return format_statement(created).strip()


def _view(node: ast.ShowCreate, context: RewriteContext) -> str:
    metadata, name = context.metadata, _qualify(node, context)
    if metadata.find_materialized_view(name) is not None:
        raise _other_kind(node, f"Relation '{name}' is a materialized view, not a view")
    view = metadata.find_view(name)
    if view is None:
        if metadata.find_table(name) is not None:
            raise _other_kind(node, f"Relation '{name}' is a table, not a view")
        raise LodestarError(TABLE_NOT_FOUND, f"View '{name}' does not exist", location=node.at)
    metadata.access(name.catalog).check_can_show_create_table(name.schema_table)
    created = ast.CreateView(
        _spelled(node, name),
        _stored_query(node, name, view.original_sql),
        False,
        view.comment,
        ast.Security.INVOKER if view.run_as_invoker else ast.Security.DEFINER,
        (),
        at=node.at,
    )
    return format_statement(created).strip()


def _materialized_view(node: ast.ShowCreate, context: RewriteContext) -> str:
    metadata, name = context.metadata, _qualify(node, context)
    view = metadata.find_materialized_view(name)
    if view is None:
        if metadata.find_view(name) is not None:
            raise _other_kind(node, f"Relation '{name}' is a view, not a materialized view")
        if metadata.find_table(name) is not None:
            raise _other_kind(node, f"Relation '{name}' is a table, not a materialized view")
        raise LodestarError(TABLE_NOT_FOUND, f"Materialized view '{name}' does not exist", location=node.at)
    metadata.access(name.catalog).check_can_show_create_table(name.schema_table)
    created = ast.CreateMaterializedView(
        _spelled(node, name),
        _stored_query(node, name, view.original_sql),
        False,
        False,
        None,
        _properties(node, context, name.catalog, PropertyKind.MATERIALIZED_VIEW, view.properties),
        view.comment,
        at=node.at,
    )
    return format_statement(created).strip()


def _schema(node: ast.ShowCreate, context: RewriteContext) -> str:
    metadata, session = context.metadata, context.session
    catalog, schema = qualify_schema(node.name, session.catalog, session.schema, node.at)
    if not metadata.schema_exists(catalog, schema):
        raise LodestarError(SCHEMA_NOT_FOUND, f"Schema '{catalog}.{schema}' does not exist", location=node.at)
    metadata.access(catalog).check_can_show_create_schema(schema)
    owner = metadata.schema_owner(catalog, schema)
    principal = None
    if owner is not None:
        user = identifier(owner.name, node.at)
        principal = ast.PrincipalSpecification(ast.PrincipalType[owner.kind.name], user, at=node.at)
    properties = metadata.schema_properties(catalog, schema)
    created = ast.CreateSchema(
        _name(node, catalog, schema),
        False,
        _properties(node, context, catalog, PropertyKind.SCHEMA, properties),
        principal,
        at=node.at,
    )
    return format_statement(created).strip()


def _function(node: ast.ShowCreate, context: RewriteContext) -> BoundQuery:
    """One row for each overload."""
    name = qualify_function(node.name, context.metadata.function_schema, node.at)
    found = context.metadata.find_language_functions(name)
    if not found:
        raise LodestarError(NOT_FOUND, "Function not found", location=node.at)
    context.metadata.access(name.catalog).check_can_show_create_function(name.schema_table)
    texts: list[tuple[str]] = []
    for one in found:
        # Under the name that it was created with.
        texts.append((f"CREATE {format_function_specification(parse_function_specification(one.sql)).strip()}",))
    return listing([("Create Function", TEXTS)], texts)


def _stored_query(node: ast.ShowCreate, name: QualifiedName, text: str) -> ast.Query:
    try:
        query = parse_statement(text)
    except LodestarError as error:
        message = f"Failed parsing stored view '{name}': {error.message}"
        raise LodestarError(INVALID_VIEW, message, location=node.at) from error
    assert isinstance(query, ast.Query)
    return query


def _spelled(node: ast.ShowCreate, name: QualifiedName) -> ast.QualifiedName:
    """The full name, with the parts that the user wrote as they were written."""
    written = node.name.original_parts
    missing = (name.catalog, name.schema)[: 3 - len(written)]
    return ast.QualifiedName.of([*(identifier(part, node.at) for part in missing), *written])


def _name(node: ast.ShowCreate, *parts: str) -> ast.QualifiedName:
    return ast.QualifiedName.of(identifier(part, node.at) for part in parts)


def _properties(
    node: ast.ShowCreate, context: RewriteContext, catalog: str, kind: PropertyKind, values: Mapping[str, Any]
) -> tuple[ast.Property, ...]:
    declared = context.metadata.property_metadata(catalog, kind)
    return tuple(
        ast.Property(identifier(one.name, node.at), _literal(node, one.type, value), at=node.at)
        for one, value in encode_properties(declared, values)
    )


def _literal(node: ast.ShowCreate, type_: Type, value: Any) -> ast.Expression:
    if isinstance(value, bool):
        return ast.BooleanLiteral(value, at=node.at)
    if isinstance(value, int):
        return ast.LongLiteral(value, str(value), at=node.at)
    if isinstance(value, float):
        return ast.DoubleLiteral(value, at=node.at)
    if isinstance(value, Sequence) and not isinstance(value, str):
        element = type_.element if isinstance(type_, ArrayType) else VARCHAR
        return ast.Array(tuple(_literal(node, element, one) for one in value), at=node.at)
    return ast.StringLiteral(str(value), at=node.at)


def _other_kind(node: ast.ShowCreate, message: str) -> LodestarError:
    return LodestarError(NOT_SUPPORTED, message, location=node.at)
