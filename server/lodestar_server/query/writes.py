"""Statements that change rows: INSERT, CREATE TABLE AS, DELETE, UPDATE, MERGE, ANALYZE."""

from __future__ import annotations

from lodestar_server.ir.nodes import Project, TableScan
from lodestar_server.metadata.properties import PropertyKind
from lodestar_server.query.plans import answer_count, optimized, write
from lodestar_server.query.properties import all_properties
from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import ColumnMetadata, SaveMode, TableMetadata, not_supported
from lodestar_server.spi.errors import (
    NOT_SUPPORTED,
    TABLE_ALREADY_EXISTS,
    TABLE_NOT_FOUND,
    Location,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.analysis.row_changes import (
    analyze_delete,
    analyze_merge,
    analyze_update,
    check_assignments,
    merge_target,
)
from lodestar_server.sql.analysis.writes import (
    analyze_source,
    check_types,
    created_columns,
    created_query,
    inserted_columns,
    write_query,
)
from lodestar_server.sql.parser import ast


def insert(statement: StatementContext, node: ast.Insert, results: ResultSink) -> None:
    """INSERT INTO."""
    metadata = statement.metadata
    name = statement.qualify(node.table.name, node.at)
    _refuse_views(statement, name, "Inserting into {} is not supported", node.at)
    analysis = statement.new_analysis()
    source = analyze_source(analysis, node.query)
    table = _target(statement, name, node.at)
    columns = metadata.table_metadata(table).columns
    given = inserted_columns(node, columns)
    check_types(node, given, source)
    by_name = {column.name: column for column in columns}
    # A column that must have a value is written when it is not given too: that is what refuses the row.
    missing = [column for column in columns if not (column.nullable or column.hidden or column in given)]
    wanted = metadata.insert_columns(table, [column.name for column in (*given, *missing)])
    query = write_query(analysis, source, given, [by_name[one] for one in wanted])
    target = metadata.begin_insert(table, wanted)
    answer_count(write(statement, analysis, query.plan, query.symbols, target, results), results)


def create_table_as(statement: StatementContext, node: ast.CreateTableAsSelect, results: ResultSink) -> None:
    """CREATE TABLE … AS."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    save_mode = SaveMode[node.save_mode.name]
    if save_mode is not SaveMode.REPLACE and metadata.find_table(name) is not None:
        if save_mode is SaveMode.IGNORE:
            answer_count(0, results)
            return
        raise LodestarError(TABLE_ALREADY_EXISTS, f"Destination table '{name}' already exists", location=node.at)
    statement.require_catalog(name.catalog, node.at)
    properties = all_properties(statement, name.catalog, PropertyKind.TABLE, node.properties)
    analysis = statement.new_analysis()
    source = analyze_source(analysis, node.query)
    columns = tuple(
        metadata.supported_column(name.catalog, ColumnMetadata(column, type_), properties)
        for column, type_ in created_columns(node, source)
    )
    table = TableMetadata(name.schema_table, columns, properties, node.comment)
    target = metadata.begin_create_table(name.catalog, table, save_mode)
    query = created_query(analysis, source, [type_ for _, type_ in target.columns], with_data=node.with_data)
    answer_count(write(statement, analysis, query.plan, query.symbols, target, results), results)


def delete(statement: StatementContext, node: ast.Delete, results: ResultSink) -> None:
    """DELETE FROM: of what a connector removes as a whole; others refuse in `check_row_changes`."""
    metadata = statement.metadata
    name = statement.qualify(node.table.name, node.table.at)
    _refuse_views(statement, name, "Deleting from {} is not supported", node.at)
    table = _target(statement, name, node.table.at)
    metadata.check_row_changes(table)
    analysis = statement.new_analysis()
    plan = optimized(statement, analyze_delete(analysis, node), analysis)
    while isinstance(plan, Project):
        plan = plan.source
    removable = metadata.apply_delete(plan.table) if isinstance(plan, TableScan) else None
    if removable is None:
        metadata.begin_row_changes(table)
        not_supported("This connector does not support modifying table rows")
    answer_count(metadata.execute_delete(removable), results)


def update(statement: StatementContext, node: ast.Update, results: ResultSink) -> None:
    """UPDATE: checked as far as Trino checks it; no connector changes single rows yet."""
    name = statement.qualify(node.table.name, node.table.at)
    _refuse_views(statement, name, "Updating {} is not supported", node.at)
    table = _target(statement, name, node.table.at)
    definition = statement.metadata.table_metadata(table)
    check_assignments(node, definition)
    statement.metadata.check_row_changes(table)
    analyze_update(statement.new_analysis(), node, definition)
    statement.metadata.begin_row_changes(table)
    not_supported("This connector does not support modifying table rows")


def merge(statement: StatementContext, node: ast.Merge, results: ResultSink) -> None:
    """MERGE: checked as far as Trino checks it; no connector changes single rows yet."""
    target = merge_target(node)
    name = statement.qualify(target.name, target.at)
    _refuse_views(statement, name, "Merging into {} is not supported", node.at)
    table = _target(statement, name, target.at)
    statement.metadata.check_row_changes(table)
    analyze_merge(statement.new_analysis(), node, statement.metadata.table_metadata(table))
    statement.metadata.begin_row_changes(table)
    not_supported("This connector does not support modifying table rows")


def analyze_table(statement: StatementContext, node: ast.Analyze, results: ResultSink) -> None:
    """ANALYZE."""
    metadata = statement.metadata
    name = statement.qualify(node.table_name, node.at)
    if metadata.find_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, "Analyzing views is not supported", location=node.at)
    table = _target(statement, name, node.at)
    properties = all_properties(statement, name.catalog, PropertyKind.ANALYZE, node.properties)
    begun = metadata.begin_analyze(table, properties)
    if begun is None:
        answer_count(None, results)
        return
    analysis = statement.new_analysis()
    symbols = [analysis.symbols.new(type_, column) for column, type_ in begun.target.columns]
    scan = TableScan(begun.table, tuple(zip(symbols, begun.columns, strict=True)))
    answer_count(write(statement, analysis, scan, symbols, begun.target, results), results)


def refresh_materialized_view(
    statement: StatementContext, node: ast.RefreshMaterializedView, results: ResultSink
) -> None:
    """REFRESH MATERIALIZED VIEW: no connector stores materialized views yet."""
    name = statement.qualify(node.table.name, node.at)
    if statement.metadata.find_materialized_view(name) is None:
        message = f"Materialized view '{name}' does not exist"
        raise LodestarError(TABLE_NOT_FOUND, message, location=node.at)
    not_supported("This connector does not support refreshing materialized views")


def _target(statement: StatementContext, name: QualifiedName, at: Location) -> CatalogTable:
    table = statement.metadata.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=at)
    return table


def _refuse_views(statement: StatementContext, name: QualifiedName, message: str, at: Location) -> None:
    if statement.metadata.find_materialized_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, message.format("materialized views"), location=at)
    if statement.metadata.find_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, message.format("views"), location=at)
