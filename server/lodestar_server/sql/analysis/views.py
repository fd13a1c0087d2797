"""Tables, views and materialized views by name: what a scan of them is.

A view is its query under its own names; a materialized view is its storage while that is fresh enough, else its query.
The query of a view is analyzed in any case: a view that no longer fits its query is refused.
Source: Trino StatementAnalyzer (visitTable, createScopeForView, isMaterializedViewSufficientlyFresh).
"""

from __future__ import annotations

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import Expression, Symbol
from lodestar_server.ir.nodes import PlanNode, Project, TableScan
from lodestar_server.spi.connector import MaterializedViewDefinition, ViewColumn, ViewDefinition
from lodestar_server.spi.errors import INVALID_VIEW, VIEW_IS_RECURSIVE, VIEW_IS_STALE, LodestarError
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.materialized_views import Freshness
from lodestar_server.spi.names import QualifiedName
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis, RelationPlan
from lodestar_server.sql.analysis.scopes import Field, Name, Scope
from lodestar_server.sql.parser import ast, parse_statement


def table(analysis: Analysis, found: CatalogTable, name: QualifiedName, relation: Name) -> RelationPlan:
    """A scan of all columns; `relation` is the name as it was written."""
    analysis.read.append(found)
    analysis.referenced.append((found, analysis.names.user, not analysis.views and not analysis.hiding))
    handles = analysis.catalog.column_handles(found)
    fields: list[Field] = []
    columns = []
    for column in analysis.catalog.table_metadata(found).columns:
        symbol = analysis.symbols.new(column.type, column.name)
        columns.append((symbol, handles[column.name]))
        fields.append(Field(symbol, column.name, relation, column.hidden, (name, column.name)))
    return RelationPlan(TableScan(found, tuple(columns)), tuple(fields))


def view(analysis: Analysis, node: ast.Table, name: QualifiedName, definition: ViewDefinition) -> RelationPlan:
    """A view's query with the columns that the view was created with."""
    plan = _query(analysis, node, name, definition)
    sources = [ir.SymbolRef(one.symbol) for one in plan.visible_fields]
    return _columns(analysis, node, name, definition.columns, plan.node, sources)


def materialized_view(
    analysis: Analysis, node: ast.Table, name: QualifiedName, definition: MaterializedViewDefinition
) -> RelationPlan:
    """A materialized view: its storage, or its query."""
    as_view = ViewDefinition(
        definition.original_sql,
        definition.catalog,
        definition.schema,
        definition.columns,
        definition.comment,
        definition.owner,
        path=definition.path,
    )
    if not _fresh_enough(analysis, name, definition):
        return view(analysis, node, name, as_view)
    if definition.storage is None:
        message = f"Materialized view '{name}' is fresh but does not have storage table name"
        raise LodestarError(INVALID_VIEW, message, location=node.at)
    storage = analysis.catalog.find_table(definition.storage)
    if storage is None:
        message = f"Storage table '{definition.storage}' does not exist"
        raise LodestarError(INVALID_VIEW, message, location=node.at)
    _query(analysis, node, name, as_view)
    stored = table(analysis, storage, definition.storage, node.name.parts)
    _check_storage(node, definition.columns, stored.visible_fields)
    sources = [ir.SymbolRef(one.symbol) for one in stored.visible_fields]
    return _columns(analysis, node, name, definition.columns, stored.node, sources)


def parse_view(text: str, name: QualifiedName, node: ast.Node) -> ast.Query:
    """The query of a stored view. Raises: INVALID_VIEW."""
    try:
        statement = parse_statement(text)
        assert isinstance(statement, ast.Query)
    except LodestarError as fault:
        raise LodestarError(INVALID_VIEW, f"Failed parsing stored view '{name}': {fault}", location=node.at) from fault
    return statement


def _query(analysis: Analysis, node: ast.Table, name: QualifiedName, definition: ViewDefinition) -> RelationPlan:
    if name == analysis.storing_view:
        message = f"Statement would create a recursive {analysis.storing_kind}"
        raise LodestarError(VIEW_IS_RECURSIVE, message, location=node.at)
    if name in analysis.views:
        raise LodestarError(VIEW_IS_RECURSIVE, "View is recursive", location=node.at)
    analysis.tables.add(name)
    analysis.select_from(name)
    statement = parse_view(definition.original_sql, name, node)
    owner = analysis.names.user if definition.run_as_invoker or definition.owner is None else definition.owner
    inner = analysis.for_view(name, definition, owner)
    try:
        plan = inner.subquery(statement, Scope())
    except LodestarError as fault:
        message = f"Failed analyzing stored view '{name}': {fault}"
        raise LodestarError(INVALID_VIEW, message, location=node.at) from fault
    finally:
        analysis.next_shared_key = max(analysis.next_shared_key, inner.next_shared_key)
    stale = _staleness(definition.columns, plan.visible_fields)
    if stale is not None:
        message = f"View '{name}' is stale or in invalid state: {stale}"
        raise LodestarError(VIEW_IS_STALE, message, location=node.at)
    return plan


def _columns(
    analysis: Analysis,
    node: ast.Table,
    name: QualifiedName,
    columns: tuple[ViewColumn, ...],
    source: PlanNode,
    values: list[ir.SymbolRef],
) -> RelationPlan:
    assignments: list[tuple[Symbol, Expression]] = []
    fields: list[Field] = []
    for column, value in zip(columns, values, strict=True):
        symbol = analysis.symbols.new(column.type, column.name)
        assignments.append((symbol, coerce(value, column.type)))
        fields.append(Field(symbol, column.name, node.name.parts, origin=(name, column.name)))
    return RelationPlan(Project(source, tuple(assignments)), tuple(fields))


def _staleness(columns: tuple[ViewColumn, ...], fields: list[Field]) -> str | None:
    if len(columns) != len(fields):
        return (
            f"stored view column count ({len(columns)}) does not match column count derived from the view "
            f"query analysis ({len(fields)})"
        )
    for position, (column, found) in enumerate(zip(columns, fields, strict=True)):
        place = f"projected from query view at position {position}"
        if found.name is None:
            return f"a column of type {found.type.display} {place} has no name"
        stored = f"column [{column.name}] of type {column.type.display} stored in view definition"
        shown = f"column [{found.name}] of type {found.type.display} {place}"
        if column.name.lower() != found.name.lower():
            return f"{shown} has a different name from {stored}"
        if not can_coerce(found.type, column.type):
            return f"{shown} cannot be coerced to {stored}"
    return None


def _check_storage(node: ast.Table, columns: tuple[ViewColumn, ...], fields: list[Field]) -> None:
    """The storage table still has the view's columns."""
    if len(fields) != len(columns):
        message = (
            f"storage table column count ({len(fields)}) does not match column count derived from the materialized "
            f"view query analysis ({len(columns)})"
        )
        raise LodestarError(INVALID_VIEW, message, location=node.at)
    for position, (column, field) in enumerate(zip(columns, fields, strict=True)):
        if (field.name or "").lower() != column.name.lower():
            message = (
                f"column [{field.name}] of type {field.type.display} projected from storage table at position "
                f"{position} has a different name from column [{column.name}] of type {column.type.display} stored in "
                "materialized view definition"
            )
            raise LodestarError(INVALID_VIEW, message, location=node.at)


def _fresh_enough(analysis: Analysis, name: QualifiedName, definition: MaterializedViewDefinition) -> bool:
    freshness = analysis.catalog.materialized_view_freshness(name)
    if freshness.freshness is Freshness.FRESH:
        return True
    if freshness.last_fresh_time is None:
        return False
    if definition.grace_period is None:
        return True
    if definition.grace_period == 0:
        # No staleness at all, whatever the clocks say.
        return False
    staleness = analysis.start - freshness.last_fresh_time
    return staleness.total_seconds() <= definition.grace_period
