"""CALL."""

from __future__ import annotations

from typing import Any

from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    INVALID_ARGUMENTS,
    PROCEDURE_CALL_FAILED,
    LodestarError,
)
from lodestar_server.spi.procedures import Procedure
from lodestar_server.sql.parser import ast


def call(statement: StatementContext, node: ast.Call) -> None:
    """CALL: arguments by position or by name, never both."""
    if not statement.transaction.autocommit:
        not_supported("Procedures cannot be called within a transaction (use autocommit mode)")
    name = statement.qualify(node.name, node.at)
    statement.require_catalog(name.catalog, node.at)
    procedure = statement.metadata.require_procedure(name.catalog, name.schema, name.name)
    given = _match(procedure, node)
    arguments: dict[str, Any] = {}
    for declared in procedure.arguments:
        argument = given.get(declared.name)
        if argument is None:
            arguments[declared.name] = declared.default
        else:
            arguments[declared.name] = statement.constant(argument.value, declared.type).value
    statement.metadata.access(name.catalog).check_can_execute_procedure(name.schema_table)
    session = statement.metadata.connector_session(statement.metadata.require_catalog(name.catalog))
    try:
        procedure.run(session, arguments)
    except LodestarError:
        raise
    except Exception as fault:
        raise LodestarError(PROCEDURE_CALL_FAILED, str(fault)) from fault


def _match(procedure: Procedure, node: ast.Call) -> dict[str, ast.CallArgument]:
    """The given arguments by the names that the procedure declares."""
    named = [argument.name is not None for argument in node.arguments]
    if any(named) and not all(named):
        raise _invalid("Named and positional arguments cannot be mixed", node)
    if procedure.named_arguments_only and not all(named):
        raise _invalid("Only named arguments are allowed for this procedure", node)
    declared = {one.name.upper(): one.name for one in procedure.arguments}
    found: dict[str, ast.CallArgument] = {}
    for position, argument in enumerate(node.arguments):
        if argument.name is None:
            if position >= len(procedure.arguments):
                raise _invalid("Too many arguments for procedure", node)
            found[procedure.arguments[position].name] = argument
            continue
        name = argument.name.canonical
        if declared.get(name) in found:
            raise _invalid(f"Duplicate procedure argument: {name}", argument)
        if name not in declared:
            raise _invalid(f"Unknown argument name: {name}", argument)
        found[declared[name]] = argument
    for one in procedure.arguments:
        if one.required and one.name not in found:
            raise _invalid(f"Required procedure argument '{one.name.upper()}' is missing", node)
    return found


def _invalid(message: str, node: ast.Node) -> LodestarError:
    return LodestarError(INVALID_ARGUMENTS, message, location=node.at)
