"""CREATE and DROP FUNCTION."""

from __future__ import annotations

from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import LanguageFunction
from lodestar_server.spi.errors import ALREADY_EXISTS, NOT_FOUND, TYPE_NOT_FOUND, LodestarError
from lodestar_server.sql.analysis.names import qualify_function
from lodestar_server.sql.analysis.routines.body import analyze_routine
from lodestar_server.sql.analysis.types import UnknownType, resolve_type
from lodestar_server.sql.parser import ast, format_expression, format_function_specification
from lodestar_server.sql.parser.ast.walk import walk


def create_function(statement: StatementContext, node: ast.CreateFunction) -> None:
    """CREATE FUNCTION: the text is kept, in Trino's format, and read again by the queries that call it."""
    name = qualify_function(node.specification.name, statement.metadata.function_schema, node.at)
    if statement.metadata.find_catalog(name.catalog) is not None:
        statement.metadata.access(name.catalog).check_can_create_function(name.schema_table)
    analyze_routine(statement.new_analysis(), node.specification)
    statement.metadata.require_catalog(name.catalog)
    invoker = any(
        isinstance(one, ast.SecurityCharacteristic) and one.security is ast.Security.INVOKER
        for one in node.specification.characteristics
    )
    signature = _signature(node.specification.parameters)
    function = LanguageFunction(
        signature,
        format_function_specification(node.specification).strip(),
        statement.session.path,
        None if invoker else statement.session.user,
    )
    exists = any(one.signature == signature for one in statement.metadata.find_language_functions(name))
    if exists and not node.replace:
        raise LodestarError(ALREADY_EXISTS, "Function already exists", location=node.at)
    if exists:
        statement.metadata.access(name.catalog).check_can_drop_function(name.schema_table)
    statement.metadata.create_language_function(name, function, replace=exists)


def _signature(parameters: tuple[ast.ParameterDeclaration, ...]) -> str:
    return f"({','.join(resolve_type(one.type).signature_text for one in parameters)})"


def drop_function(statement: StatementContext, node: ast.DropFunction) -> None:
    """DROP FUNCTION."""
    name = qualify_function(node.name, statement.metadata.function_schema, node.at)
    for parameter in node.parameters:
        _check_type(parameter.type)
    signature = _signature(node.parameters)
    known = any(one.signature == signature for one in statement.metadata.find_language_functions(name))
    if known:
        statement.metadata.access(name.catalog).check_can_drop_function(name.schema_table)
        statement.metadata.drop_language_function(name, signature)
    elif not node.exists:
        raise LodestarError(NOT_FOUND, "Function not found", location=node.at)


def _check_type(node: ast.DataType) -> None:
    """Raises: LodestarError(TYPE_NOT_FOUND) with the innermost type that there is not."""
    parts = [part for part in walk(node) if isinstance(part, ast.DataType)]
    for part in reversed(parts):
        try:
            resolve_type(part)
        except UnknownType:
            raise LodestarError(TYPE_NOT_FOUND, f"Unknown type: {format_expression(part)}") from None
