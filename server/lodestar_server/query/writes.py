"""Statements that write rows: INSERT, CREATE TABLE AS, ANALYZE."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.ir import Symbol
from lodestar_server.ir.nodes import PlanNode, TableScan
from lodestar_server.metadata.changing import TableAnalysis
from lodestar_server.metadata.properties import PropertyKind
from lodestar_server.query.plans import answer_count, write
from lodestar_server.query.properties import all_properties
from lodestar_server.query.results import ResultSink
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.connector import ColumnMetadata, SaveMode, TableMetadata
from lodestar_server.spi.errors import (
    NOT_SUPPORTED,
    PERMISSION_DENIED,
    TABLE_ALREADY_EXISTS,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.security import access_denied
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.hiding import RowChecks, refuse_hidden, row_checks
from lodestar_server.sql.analysis.writes import (
    analyze_source,
    check_types,
    created_columns,
    created_query,
    inserted_columns,
    refuse_views,
    write_query,
    write_target,
)
from lodestar_server.sql.parser import ast


def insert(statement: StatementContext, node: ast.Insert, results: ResultSink) -> None:
    """INSERT INTO."""
    analysis = statement.new_analysis()
    planned = plan_insert(statement, node, analysis)
    target = statement.metadata.begin_insert(planned.table, planned.columns)
    answer_count(write(statement, analysis, planned.rows, planned.symbols, target, results), results)


@frozen
class PlannedInsert:
    """Rows for `columns` of a table, in the outputs `symbols` of `rows`. `shown` is what EXPLAIN tells of them."""

    table: CatalogTable
    columns: Sequence[str]
    rows: PlanNode
    symbols: Sequence[Symbol]
    shown: PlanNode


def plan_insert(statement: StatementContext, node: ast.Insert, analysis: Analysis) -> PlannedInsert:
    """Check an INSERT and plan its rows. Raises: what it refuses."""
    metadata = statement.metadata
    source, table, given, checks = _checked_insert(statement, node, analysis)
    columns = metadata.table_metadata(table).columns
    by_name = {column.name: column for column in columns}
    # A column that must have a value is written when it is not given too: that is what refuses the row.
    missing = [column for column in columns if not (column.nullable or column.hidden or column in given)]
    wanted = metadata.insert_columns(table, [column.name for column in (*given, *missing)])
    query = write_query(analysis, source, given, [by_name[one] for one in wanted])
    rows = checks.over(query.plan, dict(zip(wanted, query.symbols, strict=True)))
    # The source alone, unless the rows have to meet something: what is read for that is told, too.
    shown = source.node if rows is query.plan else rows
    return PlannedInsert(table, wanted, rows, query.symbols, shown)


def _checked_insert(
    statement: StatementContext, node: ast.Insert, analysis: Analysis
) -> tuple[RelationPlan, CatalogTable, list[ColumnMetadata], RowChecks]:
    """What is inserted, where, the columns that are given, and what the rows have to meet, when the user may do it."""
    metadata = statement.metadata
    name = statement.qualify(node.table.name, node.at)
    refuse_views(metadata, name, "Inserting into {} is not supported", node.at)
    source = analyze_source(analysis, node.query)
    table = write_target(metadata, name, node.at)
    if metadata.is_computed(table):
        metadata.check_can_change(table)
    metadata.access(name.catalog).check_can_insert_into_table(name.schema_table)
    columns = metadata.table_metadata(table).columns
    names = [column.name for column in columns]
    refuse_hidden(analysis, name, names, node.at, masks="Insert into table with column masks is not supported")
    checks = row_checks(analysis, name, {column.name: column.type for column in columns if not column.hidden})
    given = inserted_columns(node, columns)
    check_types(node, given, source)
    return source, table, given, checks


def may_create_table_as(statement: StatementContext, node: ast.CreateTableAsSelect) -> bool:
    """False: it is there, and the statement leaves it. Raises: TABLE_ALREADY_EXISTS, PERMISSION_DENIED."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    if node.save_mode is not ast.SaveMode.REPLACE and metadata.find_table(name) is not None:
        if node.save_mode is ast.SaveMode.IGNORE:
            return False
        raise LodestarError(TABLE_ALREADY_EXISTS, f"Destination table '{name}' already exists", location=node.at)
    statement.require_catalog(name.catalog, node.at)
    metadata.access(name.catalog).check_can_create_table(name.schema_table)
    return True


def create_table_as(statement: StatementContext, node: ast.CreateTableAsSelect, results: ResultSink) -> None:
    """CREATE TABLE … AS."""
    metadata = statement.metadata
    name = statement.qualify(node.name, node.at)
    save_mode = SaveMode[node.save_mode.name]
    if not may_create_table_as(statement, node):
        answer_count(0, results)
        return
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


def analyze_table(statement: StatementContext, node: ast.Analyze, results: ResultSink) -> None:
    """ANALYZE."""
    begun = begin_analyze(statement, node)
    if begun is None:
        answer_count(None, results)
        return
    analysis = statement.new_analysis()
    scan = rows_to_analyze(begun, analysis)
    symbols = [symbol for symbol, _ in scan.columns]
    count = write(statement, analysis, scan, symbols, begun.target, results)
    answer_count(count if begun.counts_rows else None, results)


def begin_analyze(statement: StatementContext, node: ast.Analyze) -> TableAnalysis | None:
    """What ANALYZE reads and where its findings go, None when there is nothing to find out. Raises what it refuses."""
    metadata = statement.metadata
    name = statement.qualify(node.table_name, node.at)
    if metadata.find_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, "Analyzing views is not supported", location=node.at)
    table = write_target(metadata, name, node.at)
    properties = all_properties(statement, name.catalog, PropertyKind.ANALYZE, node.properties)
    access = metadata.access(name.catalog)
    all_columns = [column.name for column in metadata.table_metadata(table).columns]
    try:
        access.check_can_insert_into_table(name.schema_table)
    except LodestarError as error:
        if error.code is not PERMISSION_DENIED:
            raise
        raise access_denied(f"Cannot ANALYZE (missing insert privilege) table {name}") from None
    access.check_can_select_from_columns(name.schema_table, all_columns)
    return metadata.begin_analyze(table, properties)


def rows_to_analyze(begun: TableAnalysis, analysis: Analysis) -> TableScan:
    """The columns that ANALYZE looks at."""
    symbols = [analysis.symbols.new(type_, column) for column, type_ in begun.target.columns]
    return TableScan(begun.table, tuple(zip(symbols, begun.columns, strict=True)))
