"""EXPLAIN: the plan of a statement as the one value of a query."""

from __future__ import annotations

from typing import Any

import orjson

from lodestar_server.ir import Cast, Constant
from lodestar_server.ir.nodes import PlanNode, TableWrite
from lodestar_server.plan import printer
from lodestar_server.plan.cost.estimator import Estimator
from lodestar_server.plan.io_printer import print_io
from lodestar_server.query.materialized_views import explained_refresh
from lodestar_server.query.plans import optimized, plan_query
from lodestar_server.query.preparation import PreparedStatement, resolve
from lodestar_server.query.row_changes import explained_changes
from lodestar_server.query.statement import StatementContext
from lodestar_server.query.table_procedures import check_on_table
from lodestar_server.query.writes import begin_analyze, may_create_table_as, plan_insert, rows_to_analyze
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.handles import CatalogTable, ColumnHandle
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import VARCHAR, Type
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.analysis.writes import analyze_source
from lodestar_server.sql.parser import ast, format_expression, format_statement
from lodestar_server.sql.rewrite.listing import single_value
from lodestar_server.sql.rewrite.statements import rewrite

_SHORT = {
    ast.CreateCatalog: ("CREATE CATALOG", "catalog_name"),
    ast.DropCatalog: ("DROP CATALOG", "catalog_name"),
    ast.CreateSchema: ("CREATE SCHEMA", "schema_name"),
    ast.DropSchema: ("DROP SCHEMA", "schema_name"),
    ast.CreateTable: ("CREATE TABLE", "name"),
    ast.CreateView: ("CREATE VIEW", "name"),
    ast.CreateMaterializedView: ("CREATE MATERIALIZED VIEW", "name"),
    ast.Prepare: ("PREPARE", "name"),
}
"""Commands that EXPLAIN shows by their verb and object alone."""


def explain(statement: StatementContext, node: ast.Explain) -> BoundQuery:
    """A query that gives the plan's text, or that the statement is valid."""
    kind, form = _options(node)
    inner = resolve(node.statement, statement.session)
    inside = statement.with_parameters(inner.parameters)
    plan = _plan(inside, inner.statement)
    if kind is ast.ExplainTypeName.VALIDATE:
        _validate(inside, inner.statement)
        return single_value("Valid", True)
    if plan is None:
        return single_value("Query Plan", _command(inner))
    if kind is ast.ExplainTypeName.IO and form is not ast.ExplainFormatName.GRAPHVIZ:
        return single_value("Query Plan", _inputs_and_outputs(inside, inner.statement, plan))
    return single_value("Query Plan", _text(plan, kind, form))


def _options(node: ast.Explain) -> tuple[ast.ExplainTypeName, ast.ExplainFormatName]:
    """The first of each kind counts; the plan of inputs and outputs is JSON unless the statement says otherwise."""
    kinds = [one.type for one in node.options if isinstance(one, ast.ExplainType)]
    forms = [one.type for one in node.options if isinstance(one, ast.ExplainFormat)]
    kind = kinds[0] if kinds else ast.ExplainTypeName.DISTRIBUTED
    default = ast.ExplainFormatName.JSON if kind is ast.ExplainTypeName.IO else ast.ExplainFormatName.TEXT
    return kind, forms[0] if forms else default


def _validate(statement: StatementContext, node: ast.Statement) -> None:
    """What is asked of a command without a plan."""
    if isinstance(node, ast.CreateView):
        name = statement.qualify(node.name, node.at)
        statement.require_catalog(name.catalog, node.at)
        analysis = statement.new_analysis()
        source = analyze_source(analysis, node.query)
        statement.metadata.access(name.catalog).check_can_create_view(name.schema_table)
        optimized(statement, source.node, analysis)


def _plan(statement: StatementContext, node: ast.Statement) -> PlanNode | None:
    """The plan of a statement, None for a command, which has none."""
    if isinstance(node, ast.Explain):
        return plan_query(statement, explain(statement, node)).plan
    rewritten = rewrite(node, statement.rewrite_context())
    if rewritten is not None:
        return plan_query(statement, rewritten).plan
    analysis = statement.new_analysis()
    match node:
        case ast.Insert():
            return optimized(statement, plan_insert(statement, node, analysis).shown, analysis)
        case ast.CreateTableAsSelect():
            may_create_table_as(statement, node)
            return optimized(statement, analyze_source(analysis, node.query).node, analysis)
        case ast.Delete() | ast.Update() | ast.Merge():
            return explained_changes(statement, node)
        case ast.RefreshMaterializedView():
            return explained_refresh(statement, node)
        case ast.Analyze():
            begun = begin_analyze(statement, node)
            return None if begun is None else optimized(statement, rows_to_analyze(begun, analysis), analysis)
        case ast.TableExecute():
            check_on_table(statement, node)
    return None


def _inputs_and_outputs(statement: StatementContext, node: ast.Statement, plan: PlanNode) -> str:
    evaluator = statement.new_analysis().evaluator
    metadata = statement.metadata

    def names(table: CatalogTable) -> dict[ColumnHandle, str]:
        return {handle: name for name, handle in metadata.column_handles(table).items()}

    def value_text(type_: Type, value: Any) -> str:
        return str(evaluator.evaluate(Cast(Constant(type_, value), VARCHAR)).value)

    written = None
    match node:
        case ast.Insert():
            written = statement.qualify(node.table.name, node.at)
        case ast.CreateTableAsSelect():
            written = statement.qualify(node.name, node.at)
    if isinstance(plan, TableWrite):
        written = QualifiedName(plan.target.catalog, plan.target.name.schema, plan.target.name.table)
    return print_io(plan, Estimator(metadata), names, value_text, written)


def _text(plan: PlanNode, kind: ast.ExplainTypeName, form: ast.ExplainFormatName) -> str:
    match form:
        case ast.ExplainFormatName.TEXT:
            return printer.print_text(plan)
        case ast.ExplainFormatName.JSON:
            return orjson.dumps(printer.to_json(plan), option=orjson.OPT_INDENT_2).decode()
        case ast.ExplainFormatName.GRAPHVIZ if kind is not ast.ExplainTypeName.IO:
            return printer.to_graphviz(plan)
    raise LodestarError(NOT_SUPPORTED, f"Unsupported explain plan type {kind.value} for {form.value} format")


def _command(prepared: PreparedStatement) -> str:
    node = prepared.statement
    short = _SHORT.get(type(node))
    if short is not None:
        verb, attribute = short
        name = getattr(node, attribute)
        return f"{verb} {format_expression(name) if isinstance(name, ast.Identifier) else name}"
    text = format_statement(node)
    if prepared.parameters:
        shown = ", ".join(format_expression(value) for value in prepared.parameters)
        text += f"\nParameters: [{shown}]"
    return text
