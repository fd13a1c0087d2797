"""What stands before a routine's body: parameters, result, characteristics. Source: Trino SqlRoutineAnalyzer."""

from __future__ import annotations

from typing import TypeVar

from lodestar_server.spi.errors import (
    INVALID_ARGUMENTS,
    INVALID_FUNCTION_PROPERTY,
    MISSING_RETURN,
    NOT_SUPPORTED,
    SYNTAX_ERROR,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.types import UnknownType, resolve_type
from lodestar_server.sql.parser import ast, format_expression

Characteristic = TypeVar("Characteristic", bound=ast.RoutineCharacteristic)


@frozen
class Declaration:
    """A routine's head. `parameters`: lower-case name and type."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    deterministic: bool
    called_on_null: bool
    comment: str


def _single(node: ast.FunctionSpecification, kind: type[Characteristic], what: str) -> Characteristic | None:
    found = [one for one in node.characteristics if isinstance(one, kind)]
    if len(found) > 1:
        raise LodestarError(SYNTAX_ERROR, f"Multiple {what} clauses specified", location=found[1].at)
    return found[0] if found else None


def check_inline(node: ast.FunctionSpecification) -> None:
    """What inline functions may not have. Raises: LodestarError(SYNTAX_ERROR | NOT_SUPPORTED)."""
    if len(node.name.parts) > 1:
        message = f"Inline function names cannot be qualified: {node.name}"
        raise LodestarError(SYNTAX_ERROR, message, location=node.at)
    for one in node.characteristics:
        if isinstance(one, ast.SecurityCharacteristic):
            message = "Security mode not supported for inline functions"
            raise LodestarError(NOT_SUPPORTED, message, location=one.at)


def analyze_declaration(node: ast.FunctionSpecification) -> Declaration:
    """Check a routine's head in Trino's order. Raises: LodestarError at the clause at fault."""
    _check_language(node)
    name = node.name.suffix
    if "@" in name or "$" in name:
        raise LodestarError(NOT_SUPPORTED, "Function name cannot contain '@' or '$'", location=node.at)
    seen: set[str] = set()
    for one in node.parameters:
        if one.name is None:
            raise LodestarError(INVALID_ARGUMENTS, "Function parameters must have a name", location=one.at)
        if one.name.value.lower() in seen:
            message = f"Duplicate function parameter name: {one.name.value.lower()}"
            raise LodestarError(INVALID_ARGUMENTS, message, location=one.at)
        seen.add(one.name.value.lower())
    null_input = _single(node, ast.NullInputCharacteristic, "null-call")
    comment = _single(node, ast.CommentCharacteristic, "comment")
    deterministic = _single(node, ast.DeterministicCharacteristic, "deterministic")
    _single(node, ast.SecurityCharacteristic, "security")
    result = routine_type(node.returns_clause, node.returns_clause.return_type)
    parameters = tuple(
        (one.name.value.lower(), routine_type(one, one.type)) for one in node.parameters if one.name is not None
    )
    return Declaration(
        name,
        parameters,
        result,
        deterministic is None or deterministic.deterministic,
        null_input is None or null_input.called_on_null,
        "" if comment is None or not comment.comment.strip() else comment.comment,
    )


def _check_language(node: ast.FunctionSpecification) -> None:
    language = _single(node, ast.LanguageCharacteristic, "language")
    name = "SQL" if language is None else language.language.canonical
    properties = _single(node, ast.PropertiesCharacteristic, "properties")
    if name.upper() == "SQL":
        if node.definition is not None:
            message = "Functions using language 'SQL' must be defined using SQL"
            raise LodestarError(SYNTAX_ERROR, message, location=node.definition.at)
        if properties is not None and properties.properties:
            message = "Function language 'SQL' does not support properties"
            raise LodestarError(INVALID_FUNCTION_PROPERTY, message, location=properties.properties[0].at)
        return
    if node.statement is not None:
        message = "Only functions using language 'SQL' may be defined using SQL"
        raise LodestarError(SYNTAX_ERROR, message, location=node.statement.at)
    for one in node.characteristics:
        if isinstance(one, ast.SecurityCharacteristic):
            message = "Only functions using language 'SQL' may declare security"
            raise LodestarError(NOT_SUPPORTED, message, location=one.at)
    at = node.at if language is None else language.at
    raise LodestarError(NOT_SUPPORTED, f"Unsupported function language: {name}", location=at)


def routine_type(node: ast.Node, type_: ast.DataType) -> Type:
    """The type of a declaration. Raises: LodestarError(TYPE_MISMATCH) at the declaration."""
    try:
        return resolve_type(type_)
    except UnknownType:
        shown = format_expression(type_)
        raise LodestarError(TYPE_MISMATCH, f"Unknown type: {shown}", location=node.at) from None


def check_return(statement: ast.ControlStatement) -> None:
    """A body ends in RETURN. Raises: LodestarError(MISSING_RETURN)."""
    if isinstance(statement, ast.CompoundStatement):
        if not statement.statements or not isinstance(statement.statements[-1], ast.ReturnStatement):
            message = "Function must end in a RETURN statement"
            raise LodestarError(MISSING_RETURN, message, location=statement.at)
    elif not isinstance(statement, ast.ReturnStatement):
        message = "Function body must start with RETURN or BEGIN"
        raise LodestarError(SYNTAX_ERROR, message, location=statement.at)
