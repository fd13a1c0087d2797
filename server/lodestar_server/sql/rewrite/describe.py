"""DESCRIBE INPUT and DESCRIBE OUTPUT: the parameters and the columns of a prepared statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lodestar_server.metadata.type_labels import type_label
from lodestar_server.spi.errors import TABLE_NOT_FOUND, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    INTEGER,
    UNKNOWN,
    VARCHAR,
    Type,
    fixed_size,
)
from lodestar_server.sql.analysis.analyzer import bind_query
from lodestar_server.sql.analysis.bound import BoundQuery, OutputField
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.merges import analyze_merge
from lodestar_server.sql.analysis.row_changes import analyze_delete, analyze_update
from lodestar_server.sql.analysis.writes import analyze_source, check_types, created_columns, inserted_columns
from lodestar_server.sql.parser import ast, parse_statement
from lodestar_server.sql.parser.ast.walk import walk
from lodestar_server.sql.rewrite.context import RewriteContext
from lodestar_server.sql.rewrite.listing import TEXTS, listing

QueryOf = Callable[[ast.Statement], ast.Query | BoundQuery | None]
"""The query that answers a statement, None for one that is none."""

_ROWS = (OutputField("rows", BIGINT, None, False),)


def describe_input(node: ast.DescribeInput, context: RewriteContext, query_of: QueryOf) -> BoundQuery:
    """Position and type of every parameter; `unknown` where nothing says what it has to be."""
    statement = parse_statement(context.session.prepared_text(node.name.value))
    analysis = context.new_analysis()
    _analyze(statement, analysis, context, query_of)
    # Arguments of a procedure are bound when it is called.
    count = 0 if isinstance(statement, ast.Call) else sum(isinstance(one, ast.Parameter) for one in walk(statement))
    types = [analysis.parameter_types.get(position, UNKNOWN) for position in range(count)]
    rows = [(position, _label(type_, context)) for position, type_ in enumerate(types)]
    if not rows:
        return listing([("Position", BIGINT), ("Type", VARCHAR)], [])
    return listing([("Position", INTEGER), ("Type", TEXTS)], rows)


def describe_output(node: ast.DescribeOutput, context: RewriteContext, query_of: QueryOf) -> BoundQuery:
    """Every result column with the table column that it comes from."""
    statement = parse_statement(context.session.prepared_text(node.name.value))
    fields = _analyze(statement, context.new_analysis(), context, query_of)
    names = ("Column Name", "Catalog", "Schema", "Table", "Type")
    if not fields:
        empty = [*((name, VARCHAR) for name in names), ("Type Size", BIGINT), ("Aliased", BOOLEAN)]
        return listing(empty, [])
    columns = [*((name, TEXTS) for name in names), ("Type Size", INTEGER), ("Aliased", BOOLEAN)]
    return listing(columns, [_output_row(one, context) for one in fields])


def _output_row(one: OutputField, context: RewriteContext) -> tuple[object, ...]:
    origin = ("", "", "") if one.origin is None else (one.origin[0].catalog, one.origin[0].schema, one.origin[0].name)
    return (one.name, *origin, _label(one.type, context), fixed_size(one.type), one.aliased)


def _analyze(
    statement: ast.Statement, analysis: Analysis, context: RewriteContext, query_of: QueryOf
) -> Sequence[OutputField]:
    """Analyze a statement for its parameters' types; its result columns."""
    rewritten = query_of(statement)
    if isinstance(rewritten, BoundQuery):
        return rewritten.fields
    if rewritten is not None:
        fields = bind_query(analysis, rewritten).fields
        context.metadata.check_selected(analysis.selected)
        return fields
    match statement:
        case ast.ExplainAnalyze():
            return (OutputField("Query Plan", VARCHAR, None, False),)
        case ast.Insert():
            _check_insert(statement, analysis, context)
            return _ROWS
        case ast.CreateTableAsSelect():
            created_columns(statement, analyze_source(analysis, statement.query))
            return _ROWS
        case ast.Delete():
            analyze_delete(analysis, statement)
            return _ROWS
        case ast.Update():
            analyze_update(analysis, statement)
            return _ROWS
        case ast.Merge():
            analyze_merge(analysis, statement)
            return _ROWS
        case ast.RefreshMaterializedView() | ast.Analyze() | ast.TableExecute():
            return _ROWS
    return ()


def _check_insert(statement: ast.Insert, analysis: Analysis, context: RewriteContext) -> None:
    source = analyze_source(analysis, statement.query)
    name = analysis.qualify(statement.table.name, statement.at)
    table = context.metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=statement.at)
    columns = context.metadata.table_metadata(table).columns
    check_types(statement, inserted_columns(statement, columns), source)


def _label(type_: Type, context: RewriteContext) -> str:
    return type_label(type_, omit_datetime_precision=context.omit_datetime_precision)
