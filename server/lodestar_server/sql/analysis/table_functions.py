"""TABLE(function(…)): argument passing, and the built-in table functions `sequence` and `exclude_columns`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lodestar_server.ir import Expression, SymbolRef
from lodestar_server.ir.nodes import Project, TableFunctionScan
from lodestar_server.spi.errors import (
    FUNCTION_NOT_FOUND,
    INVALID_ARGUMENTS,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_TABLE_FUNCTION_INVOCATION,
    MISSING_ARGUMENT,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import BIGINT
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.parser import ast

BUILTIN_SCHEMA = ("system", "builtin")
Relations = Callable[[Analysis, ast.Relation, Scope], RelationPlan]


def analyze(analysis: Analysis, node: ast.TableFunctionInvocation, scope: Scope, relations: Relations) -> RelationPlan:
    """The rows of a table function."""
    parts = node.name.parts
    builtin = len(parts) == 1 or parts[:-1] == BUILTIN_SCHEMA
    match parts[-1] if builtin else None:
        case "sequence":
            return _sequence(analysis, node)
        case "exclude_columns":
            return _exclude_columns(analysis, node, scope, relations)
    message = f"Table function '{node.name}' not registered"
    raise LodestarError(FUNCTION_NOT_FOUND, message, location=node.at)


def _arguments(node: ast.TableFunctionInvocation, names: tuple[str, ...]) -> dict[str, ast.TableFunctionArgument]:
    """Arguments by name, positional ones named by their place."""
    given = node.arguments
    if len(given) > len(names):
        message = f"Too many arguments. Expected at most {len(names)} arguments, got {len(given)} arguments"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    named = [argument.name is not None for argument in given]
    if any(named) and not all(named):
        message = "All arguments must be passed by name or all must be passed positionally"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    found: dict[str, ast.TableFunctionArgument] = {}
    for position, argument in enumerate(given):
        name = names[position] if argument.name is None else argument.name.canonical
        if name in found:
            message = f"Duplicate argument name: {name}"
            raise LodestarError(INVALID_ARGUMENTS, message, location=argument.at)
        if name not in names:
            message = f"Unexpected argument name: {name}"
            raise LodestarError(INVALID_ARGUMENTS, message, location=argument.at)
        found[name] = argument
    return found


def _sequence(analysis: Analysis, node: ast.TableFunctionInvocation) -> RelationPlan:
    given = _arguments(node, ("START", "STOP", "STEP"))
    values = {name: _bigint(analysis, name, argument) for name, argument in given.items()}
    if "STOP" not in values:
        raise LodestarError(MISSING_ARGUMENT, "Missing argument: STOP", location=node.at)
    start, stop, step = values.get("START", 0), values["STOP"], values.get("STEP", 1)
    for name, value in (("Start", start), ("End", stop), ("Step", step)):
        if value is None:
            raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"{name} is null")
    assert start is not None
    assert stop is not None
    assert step is not None
    if step == 0 and start != stop:
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "Step must not be zero")
    if (step > 0 and start > stop) or (step < 0 and start < stop):
        which = "greater than or equal" if step > 0 else "less than or equal"
        message = f"End must be {which} to start when step is {'positive' if step > 0 else 'negative'}"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    symbol = analysis.symbols.new(BIGINT, "sequential_number")
    arguments: tuple[tuple[str, Any], ...] = (("start", start), ("stop", stop), ("step", step))
    scan = TableFunctionScan("sequence", arguments, (symbol,))
    return RelationPlan(scan, (Field(symbol, "sequential_number"),))


def _bigint(analysis: Analysis, name: str, argument: ast.TableFunctionArgument) -> int | None:
    if not isinstance(argument.value, ast.Expression):
        what = "table" if isinstance(argument.value, ast.TableFunctionTableArgument) else "descriptor"
        message = f"Invalid argument {name}. Expected expression, got {what}"
        raise LodestarError(INVALID_ARGUMENTS, message, location=argument.at)
    expressions = ExpressionAnalyzer(analysis, Scope())
    bound: Expression = expressions.analyze_as(argument.value, BIGINT, f"Argument {name}")
    value = analysis.evaluator.evaluate(bound).value
    if value is not None and not isinstance(value, int):
        raise LodestarError(TYPE_MISMATCH, f"Argument {name} must be a bigint", location=argument.at)
    return value


def _exclude_columns(
    analysis: Analysis, node: ast.TableFunctionInvocation, scope: Scope, relations: Relations
) -> RelationPlan:
    given = _arguments(node, ("INPUT", "COLUMNS"))
    for name in ("INPUT", "COLUMNS"):
        if name not in given:
            raise LodestarError(MISSING_ARGUMENT, f"Missing argument: {name}", location=node.at)
    table, descriptor = given["INPUT"].value, given["COLUMNS"].value
    if not isinstance(table, ast.TableFunctionTableArgument):
        message = "Invalid argument INPUT. Expected table, got expression"
        raise LodestarError(INVALID_ARGUMENTS, message, location=given["INPUT"].at)
    if not isinstance(descriptor, ast.TableFunctionDescriptorArgument):
        message = "Invalid argument COLUMNS. Expected descriptor, got expression"
        raise LodestarError(INVALID_ARGUMENTS, message, location=given["COLUMNS"].at)
    if descriptor.descriptor is None:
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "COLUMNS descriptor is null")
    if any(one.type is not None for one in descriptor.descriptor.fields):
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "COLUMNS descriptor contains types")
    plan = relations(analysis, table.table, scope)
    excluded = {one.name.value.lower() for one in descriptor.descriptor.fields}
    known = {one.name.lower() for one in plan.visible_fields if one.name is not None}
    missing = sorted(excluded - known)
    if missing:
        message = f"Excluded columns: [{', '.join(missing)}] not present in the table"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    kept = [one for one in plan.visible_fields if one.name is None or one.name.lower() not in excluded]
    if not kept:
        raise LodestarError(INVALID_TABLE_FUNCTION_INVOCATION, "All columns are excluded", location=node.at)
    fields = tuple(Field(one.symbol, one.name) for one in kept)
    return RelationPlan(Project(plan.node, tuple((one.symbol, SymbolRef(one.symbol)) for one in fields)), fields)
