"""TABLE(function(…)): arguments against a function's declaration, and the built-in `sequence` and `exclude_columns`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from lodestar_server.ir import SymbolRef
from lodestar_server.ir.nodes import Project, TableFunctionScan, TableScan
from lodestar_server.spi.errors import (
    CATALOG_NOT_FOUND,
    FUNCTION_NOT_FOUND,
    INVALID_ARGUMENTS,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_TABLE_FUNCTION_INVOCATION,
    MISSING_ARGUMENT,
    MISSING_CATALOG_NAME,
    NOT_SUPPORTED,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.security import access_denied
from lodestar_server.spi.table_functions import TableFunction
from lodestar_server.spi.types import BIGINT, Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.constants import evaluate_constant
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.hiding import refuse_hidden
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.parser import ast

Relations = Callable[[Analysis, ast.Relation, Scope], RelationPlan]


class ArgumentKind(Enum):
    """What an argument is; the value is the word in messages."""

    SCALAR = "expression"
    TABLE = "table"
    DESCRIPTOR = "descriptor"


@frozen
class DeclaredArgument:
    """An argument of a table function. `type` is that of scalars; tables have row semantics."""

    name: str
    kind: ArgumentKind
    required: bool = True
    default: int | None = None
    type: Type = BIGINT


@frozen
class PassedArguments:
    """The arguments of a call by the names of the declaration."""

    scalars: dict[str, Any]
    tables: dict[str, RelationPlan]
    descriptors: dict[str, ast.Descriptor | None]


_DECLARATIONS: dict[str, tuple[DeclaredArgument, ...]] = {
    "sequence": (
        DeclaredArgument("START", ArgumentKind.SCALAR, required=False, default=0),
        DeclaredArgument("STOP", ArgumentKind.SCALAR),
        DeclaredArgument("STEP", ArgumentKind.SCALAR, required=False, default=1),
    ),
    "exclude_columns": (
        DeclaredArgument("INPUT", ArgumentKind.TABLE),
        DeclaredArgument("COLUMNS", ArgumentKind.DESCRIPTOR),
    ),
}


def analyze(analysis: Analysis, node: ast.TableFunctionInvocation, scope: Scope, relations: Relations) -> RelationPlan:
    """The rows of a table function. Raises: FUNCTION_NOT_FOUND, what its arguments raise."""
    parts = node.name.parts
    if len(parts) > 3:
        raise LodestarError(FUNCTION_NOT_FOUND, f"Invalid function name: {node.name}")
    if len(parts) == 2:
        if analysis.names.catalog is None:
            message = f"Session default catalog must be set to resolve a partial function name: {node.name}"
            raise LodestarError(MISSING_CATALOG_NAME, message)
        parts = (analysis.names.catalog, *parts)
    if len(parts) == 3 and analysis.catalog.find_catalog(parts[0]) is None:
        raise LodestarError(CATALOG_NOT_FOUND, f"Catalog '{parts[0]}' not found", location=node.at)
    builtin = len(parts) == 1 or parts[:-1] == ("system", "builtin")
    if len(parts) == 3 and not builtin:
        function = analysis.catalog.find_table_function(*parts)
        if function is not None:
            if not analysis.catalog.may_execute_function(QualifiedName(*parts), analysis.names.reader):
                raise access_denied(f"Cannot execute function {node.name}")
            given = tuple(DeclaredArgument(one.name, ArgumentKind.SCALAR, type=one.type) for one in function.arguments)
            passed = _Matching(analysis, scope, relations).match(node, given)
            return _of_connector(analysis, parts[0], function, passed)
    declared = _DECLARATIONS.get(parts[-1]) if builtin else None
    if declared is None:
        raise LodestarError(FUNCTION_NOT_FOUND, f"Table function '{node.name}' not registered", location=node.at)
    passed = _Matching(analysis, scope, relations).match(node, declared)
    return _sequence(analysis, passed) if parts[-1] == "sequence" else _exclude_columns(passed)


def check_not_polymorphic(node: ast.Relation, what: str) -> None:
    """What a table function makes of a table is taken as it is, by the standard.

    Raises: LodestarError(INVALID_TABLE_FUNCTION_INVOCATION).
    """
    inner = node.relation if isinstance(node, ast.AliasedRelation) else node
    if isinstance(inner, ast.TableFunctionInvocation) and inner.name.suffix != "sequence":
        message = f"Cannot apply {what} to polymorphic table function invocation"
        raise LodestarError(INVALID_TABLE_FUNCTION_INVOCATION, message, location=node.at)


@frozen
class _Matching:
    """Arguments of one call to their declarations, analyzed in the order of the call."""

    analysis: Analysis
    scope: Scope
    relations: Relations

    def match(self, node: ast.TableFunctionInvocation, declared: tuple[DeclaredArgument, ...]) -> PassedArguments:
        """Raises: INVALID_ARGUMENTS, INVALID_FUNCTION_ARGUMENT, MISSING_ARGUMENT."""
        given = node.arguments
        at = given[0].at if given else node.at
        if len(given) > len(declared):
            message = f"Too many arguments. Expected at most {len(declared)} arguments, got {len(given)} arguments"
            raise LodestarError(INVALID_ARGUMENTS, message, location=at)
        named = [argument.name is not None for argument in given]
        if any(named) and not all(named):
            message = "All arguments must be passed by name or all must be passed positionally"
            raise LodestarError(INVALID_ARGUMENTS, message, location=at)
        by_name = {one.name: one for one in declared}
        passed = PassedArguments({}, {}, {})
        seen: set[str] = set()
        for position, argument in enumerate(given):
            name = declared[position].name if argument.name is None else argument.name.canonical
            if name in seen:
                raise _invalid(argument, f"Duplicate argument name: {name}")
            if name not in by_name:
                raise _invalid(argument, f"Unexpected argument name: {name}")
            seen.add(name)
            self._pass(by_name[name], argument, passed)
        for one in declared:
            if one.name in seen:
                continue
            if one.required:
                raise LodestarError(MISSING_ARGUMENT, f"Missing argument: {one.name}", location=at)
            passed.scalars[one.name] = one.default
        return passed

    def _pass(self, declared: DeclaredArgument, argument: ast.TableFunctionArgument, passed: PassedArguments) -> None:
        value = argument.value
        match declared.kind, value:
            case ArgumentKind.TABLE, ast.TableFunctionTableArgument():
                passed.tables[declared.name] = self._table(declared.name, argument, value)
            case ArgumentKind.DESCRIPTOR, ast.TableFunctionDescriptorArgument():
                passed.descriptors[declared.name] = value.descriptor
            case ArgumentKind.SCALAR, ast.Expression():
                if _is_descriptor_call(value):
                    raise _invalid(argument, "'descriptor' function is not allowed as a table function argument")
                passed.scalars[declared.name] = self._scalar(value, declared.type)
            case _:
                raise _mismatch(declared, argument)

    def _scalar(self, node: ast.Expression, type_: Type) -> Any:
        if self.analysis.describing and isinstance(node, ast.Parameter):
            message = "DESCRIBE is not supported if a table function uses parameters"
            raise LodestarError(NOT_SUPPORTED, message, location=node.at)
        return evaluate_constant(self.analysis, node, type_).value

    def _table(
        self, name: str, argument: ast.TableFunctionArgument, table: ast.TableFunctionTableArgument
    ) -> RelationPlan:
        plan = self.relations(self.analysis, table.table, self.scope)
        refused = f"Invalid argument {name}. {{}} specified for table argument with row semantics"
        if table.partition_by is not None:
            raise _invalid(argument, refused.format("Partitioning"))
        if table.order_by is not None:
            raise _invalid(argument, refused.format("Ordering"))
        if table.empty_table_treatment is not None:
            raise _invalid(table.empty_table_treatment, refused.format("Empty behavior"))
        return plan


def _mismatch(declared: DeclaredArgument, argument: ast.TableFunctionArgument) -> LodestarError:
    value = argument.value
    if declared.kind is ArgumentKind.TABLE and isinstance(value, ast.FunctionCall):
        message = f"Invalid table argument {declared.name}. Table functions are not allowed as table function arguments"
        return LodestarError(NOT_SUPPORTED, message, location=argument.at)
    if declared.kind is ArgumentKind.DESCRIPTOR and _is_descriptor_call(value):
        message = (
            f"Invalid descriptor argument {declared.name}. "
            "Descriptors should be formatted as 'DESCRIPTOR(name [type], ...)'"
        )
        return _invalid(argument, message)
    actual = ArgumentKind.SCALAR
    if isinstance(value, ast.TableFunctionTableArgument):
        actual = ArgumentKind.TABLE
    elif isinstance(value, ast.TableFunctionDescriptorArgument):
        actual = ArgumentKind.DESCRIPTOR
    return _invalid(argument, f"Invalid argument {declared.name}. Expected {declared.kind.value}, got {actual.value}")


def _is_descriptor_call(value: ast.Node) -> bool:
    return isinstance(value, ast.FunctionCall) and value.name.suffix == "descriptor"


def _invalid(node: ast.Node, message: str) -> LodestarError:
    return LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)


def _of_connector(analysis: Analysis, catalog: str, function: TableFunction, passed: PassedArguments) -> RelationPlan:
    """A scan, as of a table. The table is no input of the query, but who reads it needs to have access."""
    call = analysis.catalog.call_table_function(catalog, function, passed.scalars)
    table = QualifiedName(catalog, call.table.schema, call.table.table)
    # The function reads past filters and masks. Trino lets it.
    refused = f"Table function '{function.schema}.{function.name}' is not supported for table with "
    names = [name for name, _, _ in call.columns]
    refuse_hidden(analysis, table, names, None, filters=f"{refused}row filter", masks=f"{refused}column masks")
    columns = []
    for name, type_, handle in call.columns:
        symbol = analysis.symbols.new(type_, name)
        columns.append((symbol, handle))
        analysis.select_column(Field(symbol, name, origin=(table, name)))
    fields = tuple(Field(symbol, name) for (symbol, _), (name, _, _) in zip(columns, call.columns, strict=True))
    scan = TableScan(CatalogTable(catalog, call.table, call.handle), tuple(columns), function=function.name)
    return RelationPlan(scan, fields)


def _sequence(analysis: Analysis, passed: PassedArguments) -> RelationPlan:
    for name, value in passed.scalars.items():
        if value is None:
            raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"{name.capitalize()} is null")
    start, stop, step = (passed.scalars[name] or 0 for name in ("START", "STOP", "STEP"))
    if (start < stop and step <= 0) or (start > stop and step >= 0):
        direction = "positive" if start < stop else "negative"
        message = f"Step must be {direction} for sequence [{start}, {stop}]"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    symbol = analysis.symbols.new(BIGINT, "sequential_number")
    arguments: tuple[tuple[str, Any], ...] = (("start", start), ("stop", stop), ("step", step or 1))
    scan = TableFunctionScan("sequence", arguments, (symbol,))
    return RelationPlan(scan, (Field(symbol, "sequential_number"),))


def _exclude_columns(passed: PassedArguments) -> RelationPlan:
    plan, descriptor = passed.tables["INPUT"], passed.descriptors["COLUMNS"]
    if descriptor is None:
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "COLUMNS descriptor is null")
    if any(one.type is not None for one in descriptor.fields):
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "COLUMNS descriptor contains types")
    excluded = {one.name.value.lower(): None for one in descriptor.fields}
    known = {one.name.lower() for one in plan.visible_fields if one.name is not None}
    missing = [name for name in excluded if name not in known]
    if missing:
        message = f"Excluded columns: [{', '.join(missing)}] not present in the table"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    kept = [one for one in plan.visible_fields if one.name is None or one.name.lower() not in excluded]
    if not kept:
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, "All columns are excluded")
    fields = tuple(Field(one.symbol, one.name) for one in kept)
    return RelationPlan(Project(plan.node, tuple((one.symbol, SymbolRef(one.symbol)) for one in fields)), fields)
