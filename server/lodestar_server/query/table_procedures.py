"""ALTER TABLE … EXECUTE: procedures that a connector has for its tables.

Source: Trino StatementAnalyzer.visitTableExecute, TableProceduresPropertyManager, LogicalPlanner.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lodestar_server.ir.nodes import Filter, PlanNode, TableScan, Values, walk_plan
from lodestar_server.metadata.access import Reader
from lodestar_server.plan.optimizer.rewrite import rebuild
from lodestar_server.query.plans import ROWS, begun, optimized, write
from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import not_supported
from lodestar_server.spi.errors import (
    DUPLICATE_PROPERTY,
    GENERIC_INTERNAL_ERROR,
    INVALID_ARGUMENTS,
    INVALID_PROCEDURE_ARGUMENT,
    NOT_SUPPORTED,
    PROCEDURE_NOT_FOUND,
    TABLE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.procedures import TableProcedure
from lodestar_server.spi.properties import PropertyMetadata
from lodestar_server.sql.analysis.queries import analyze_query
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.parser import ast, format_expression


def execute_on_table(statement: StatementContext, node: ast.TableExecute, results: ResultSink) -> None:
    """ALTER TABLE … EXECUTE; there are no rows in its result."""
    table, procedure = _target(statement, node)
    statement.metadata.access(table.catalog).check_can_execute_table_procedure(table.name, procedure.name)
    _refuse_hidden(statement, node, table)
    if node.where is not None and not procedure.rewrites:
        message = f"WHERE not supported for procedure {procedure.name}"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    source = _rows(statement, node, table) if procedure.rewrites else None
    arguments = _arguments(statement, node, table.catalog, procedure)
    if source is None:
        statement.metadata.execute_on_table(table, procedure.name, arguments)
    else:
        _rewrite(statement, source, table, procedure, arguments, results)
    results.begin([ROWS], spoolable=False)


def check_on_table(statement: StatementContext, node: ast.TableExecute) -> None:
    """What EXPLAIN finds out of an ALTER TABLE … EXECUTE: that it names what there is."""
    table, procedure = _target(statement, node)
    _refuse_hidden(statement, node, table)
    if procedure.rewrites:
        _rows(statement, node, table)
    _arguments(statement, node, table.catalog, procedure)


def _refuse_hidden(statement: StatementContext, node: ast.TableExecute, table: CatalogTable) -> None:
    """Raises: NOT_SUPPORTED for a table that shows its user less than there is."""
    metadata = statement.metadata
    name = QualifiedName(table.catalog, table.name.schema, table.name.table)
    columns = [column.name for column in metadata.table_metadata(table).columns]
    found = metadata.hidden(name, columns, Reader(statement.session.user))
    if found is not None:
        what = "row filter" if found.filters else "column masks"
        message = f"ALTER TABLE EXECUTE is not supported for table with {what}"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)


def _target(statement: StatementContext, node: ast.TableExecute) -> tuple[CatalogTable, TableProcedure]:
    metadata = statement.metadata
    name = statement.qualify(node.table.name, node.table.at)
    for found, kind in ((metadata.find_materialized_view, "materialized views"), (metadata.find_view, "views")):
        if found(name) is not None:
            message = f"ALTER TABLE EXECUTE is not supported for {kind}"
            raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    table = metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=node.table.at)
    if metadata.is_computed(table):
        not_supported("This connector does not support table procedures")
    return table, _procedure(statement, name, node)


def _procedure(statement: StatementContext, name: QualifiedName, node: ast.TableExecute) -> TableProcedure:
    wanted = node.procedure_name.canonical
    for procedure in statement.metadata.require_catalog(name.catalog).connector.table_procedures():
        if procedure.name == wanted:
            return procedure
    raise LodestarError(PROCEDURE_NOT_FOUND, f"Table procedure not registered: {wanted}")


# arguments


def _arguments(
    statement: StatementContext, node: ast.TableExecute, catalog: str, procedure: TableProcedure
) -> dict[str, Any]:
    named = [argument.name is not None for argument in node.arguments]
    if any(named) and not all(named):
        message = "Named and positional arguments cannot be mixed"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    if not any(named) and len(named) > len(procedure.arguments):
        raise LodestarError(INVALID_ARGUMENTS, "Too many positional arguments", location=node.at)
    values = {one.name: one.default for one in procedure.arguments}
    seen: set[str] = set()
    for place, argument in enumerate(node.arguments):
        if argument.name is None:
            name = procedure.arguments[place].name
        else:
            name = argument.name.value.lower()
            if argument.name.canonical in seen:
                message = f"Duplicate named argument: {format_expression(argument.name)}"
                raise LodestarError(DUPLICATE_PROPERTY, message, location=argument.at)
            seen.add(argument.name.canonical)
        values[name] = _value(
            statement, argument, f"catalog '{catalog}' table procedure '{procedure.name}'", name, procedure
        )
    return values


def _value(
    statement: StatementContext, argument: ast.CallArgument, owner: str, name: str, procedure: TableProcedure
) -> Any:
    def fault(message: str) -> LodestarError:
        return LodestarError(INVALID_PROCEDURE_ARGUMENT, message, location=argument.at)

    declared: PropertyMetadata | None = next((one for one in procedure.arguments if one.name == name), None)
    if declared is None:
        raise fault(f"C{owner[1:]} property '{name}' does not exist")
    shown = format_expression(argument.value)
    try:
        value = statement.constant(argument.value, declared.type).value
    except LodestarError as error:
        message = f"Invalid value for {owner} property '{name}': Cannot convert [{shown}] to {declared.type}"
        raise fault(message) from error
    if value is None:
        raise fault(f"Invalid null value for {owner} property '{name}' from [{shown}]")
    try:
        return declared.decode(value)
    except ValueError as error:
        raise fault(f"Unable to set {owner} property '{name}' to [{shown}]: {error}") from error


# rows


def _rows(statement: StatementContext, node: ast.TableExecute, table: CatalogTable) -> Any:
    """The analyzed query of the rows that the procedure is about."""
    at = node.table.at
    everything = ast.Select(False, (ast.AllColumns(at=at),), at=at)
    body = ast.QuerySpecification(everything, node.table, node.where, at=at)
    analysis = statement.new_analysis()
    source = analyze_query(analysis, ast.Query((), (), None, body, at=at), Scope())
    return analysis, source


def _rewrite(
    statement: StatementContext,
    source: Any,
    table: CatalogTable,
    procedure: TableProcedure,
    arguments: dict[str, Any],
    results: ResultSink,
) -> None:
    analysis, relation = source
    plan = optimized(statement, relation.node, analysis)
    nodes = list(walk_plan(plan))
    if any(isinstance(one, Filter) for one in nodes):
        message = (
            "Unexpected FilterNode found in plan; probably connector was not able to handle provided WHERE expression"
        )
        raise LodestarError(GENERIC_INTERNAL_ERROR, message)
    scan = next((one for one in nodes if isinstance(one, TableScan)), None)
    if scan is None:
        assert any(isinstance(one, Values) for one in nodes), "a WHERE that is never true"
        return
    target, read = statement.metadata.begin_table_execute(scan.table, procedure.name, arguments)
    with begun(statement, target):
        plan = _reading(plan, read)
        symbols = [one.symbol for one in relation.visible_fields]
    write(statement, analysis, plan, symbols, target, results)


def _reading(plan: PlanNode, table: CatalogTable) -> PlanNode:
    """The plan with another table in its scan."""

    def visit(node: PlanNode) -> PlanNode:
        return replace(node, table=table) if isinstance(node, TableScan) else rebuild(node, visit)

    return visit(plan)
