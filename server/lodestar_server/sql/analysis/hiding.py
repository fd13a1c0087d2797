"""Row filters and column masks: what somebody sees of a table or view, and which rows he may put into it.

Filters and masks both see the table as it is. Masks stand before columns for everything but filters and masks; where a
column may not be read at all, its mask is left alone. Source: Trino StatementAnalyzer (analyzeFiltersAndMasks),
RelationPlanner (addRowFilters, addColumnMasks), LogicalPlanner (getInsertPlan).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import TRUE, Expression, Symbol
from lodestar_server.ir.nodes import Filter, PlanNode, Project
from lodestar_server.spi.errors import (
    INVALID_COLUMN_MASK,
    INVALID_ROW_FILTER,
    NOT_SUPPORTED,
    PERMISSION_DENIED,
    TYPE_MISMATCH,
    ErrorCode,
    Location,
    LodestarError,
)
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.security import ACCESS_DENIED, Hidden, ViewExpression
from lodestar_server.spi.types import BOOLEAN, Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis, NameContext, RelationPlan
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.failing import fail
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.analysis.syntax import check_scalar
from lodestar_server.sql.parser import ast, parse_expression


def visible(analysis: Analysis, node: ast.Table, name: QualifiedName, plan: RelationPlan) -> RelationPlan:
    """What its reader may see of a table or view. Raises: INVALID_ROW_FILTER, INVALID_COLUMN_MASK, what they raise."""
    if analysis.changing:
        return plan
    found = _hidden(analysis, name, plan.fields)
    if found is None:
        return plan
    masks: dict[Symbol, Expression] = {}
    for one in plan.fields:
        mask = found.masks.get(one.name or "")
        if mask is not None and analysis.catalog.may_select(name, one.name or "", analysis.names.reader):
            masks[one.symbol] = _mask(analysis, node, name, plan.fields, one, mask)
    rows = _filtered(analysis, node.at, name, plan, found)
    if not masks:
        return RelationPlan(rows, plan.fields)
    masked = {symbol: analysis.symbols.like(symbol) for symbol in masks}
    kept = tuple((symbol, ir.SymbolRef(symbol)) for symbol in rows.outputs)
    read = tuple((masked[symbol], expression) for symbol, expression in masks.items())
    fields = tuple(replace(one, symbol=masked.get(one.symbol, one.symbol)) for one in plan.fields)
    return RelationPlan(Project(rows, (*kept, *read)), fields)


def visible_rows(analysis: Analysis, at: Location, name: QualifiedName, plan: RelationPlan) -> RelationPlan:
    """The rows that its reader sees of a table, with what is in them."""
    found = _hidden(analysis, name, plan.fields)
    return plan if found is None else RelationPlan(_filtered(analysis, at, name, plan, found), plan.fields)


def refuse_hidden(
    analysis: Analysis,
    name: QualifiedName,
    columns: Sequence[str],
    at: Location | None,
    *,
    filters: str | None = None,
    masks: str | None = None,
) -> None:
    """`filters`, `masks`: why a statement does not work on a table that has them. Raises: NOT_SUPPORTED."""
    found = analysis.catalog.hidden(name, columns, analysis.names.reader)
    if found is None:
        return
    if filters is not None and found.filters:
        raise LodestarError(NOT_SUPPORTED, filters, location=at)
    if masks is not None and found.masks:
        raise LodestarError(NOT_SUPPORTED, masks, location=at)


@frozen
class RowChecks:
    """What rows for a table have to meet: `conditions` over `symbols`, which stand for all columns it shows."""

    symbols: Mapping[str, Symbol]
    conditions: tuple[Expression, ...]

    def over(self, plan: PlanNode, written: Mapping[str, Symbol]) -> PlanNode:
        """The plan's rows, each of which fails unless it meets them; `written`: the columns it has, others are NULL."""
        if not self.conditions:
            return plan
        values = tuple(
            (symbol, ir.SymbolRef(written[column]) if column in written else ir.Constant(symbol.type, None))
            for column, symbol in self.symbols.items()
        )
        rows: PlanNode = Project(plan, (*((symbol, ir.SymbolRef(symbol)) for symbol in plan.outputs), *values))
        refused = fail(PERMISSION_DENIED, f"{ACCESS_DENIED}Cannot insert row that does not match a row filter", BOOLEAN)
        for condition in self.conditions:
            rows = Filter(rows, ir.Case(((condition, TRUE),), refused))
        return rows


def row_checks(analysis: Analysis, name: QualifiedName, columns: Mapping[str, Type]) -> RowChecks:
    """Rows for a table have to be such as their writer would see. Hidden columns have no values yet."""
    found = analysis.catalog.hidden(name, list(columns), analysis.names.reader)
    if found is None or not found.filters:
        return RowChecks({}, ())
    symbols = {column: analysis.symbols.new(type_, column) for column, type_ in columns.items()}
    parts = (name.catalog, name.schema, name.name)
    fields = tuple(Field(symbol, column, parts, origin=(name, column)) for column, symbol in symbols.items())
    return RowChecks(symbols, tuple(_filter(analysis, None, name, fields, one) for one in found.filters))


def _hidden(analysis: Analysis, name: QualifiedName, fields: Sequence[Field]) -> Hidden | None:
    return analysis.catalog.hidden(name, [one.name for one in fields if one.name is not None], analysis.names.reader)


def _filtered(analysis: Analysis, at: Location, name: QualifiedName, plan: RelationPlan, found: Hidden) -> PlanNode:
    rows = plan.node
    for one in found.filters:
        rows = Filter(rows, _filter(analysis, at, name, plan.fields, one))
    return rows


def _filter(
    analysis: Analysis, at: Location | None, name: QualifiedName, fields: Sequence[Field], found: ViewExpression
) -> Expression:
    what = f"row filter for '{name}'"
    if (analysis.names.user, name, None) in analysis.hiding:
        raise LodestarError(INVALID_ROW_FILTER, f"Row filter for '{name}' is recursive", location=at)
    tree = _parsed(found, INVALID_ROW_FILTER, what, at)
    check_scalar(tree, f"Row filter for '{name}'")
    bound = _bound(analysis, at, name, None, what, fields, found, tree)
    if not can_coerce(bound.type, BOOLEAN):
        message = f"Expected {what} to be of type BOOLEAN, but was {bound.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=at)
    return coerce(bound, BOOLEAN)


def _mask(
    analysis: Analysis,
    node: ast.Table,
    name: QualifiedName,
    fields: Sequence[Field],
    column: Field,
    found: ViewExpression,
) -> Expression:
    what = f"column mask for '{name}.{column.name}'"
    if (analysis.names.user, name, column.name) in analysis.hiding:
        message = f"Column mask for '{name}.{column.name}' is recursive"
        raise LodestarError(INVALID_COLUMN_MASK, message, location=node.at)
    tree = _parsed(found, INVALID_COLUMN_MASK, what, node.at)
    check_scalar(tree, f"Column mask for '{node.name}.{column.name}'")
    bound = _bound(analysis, node.at, name, column.name, what, fields, found, tree)
    if not can_coerce(bound.type, column.type):
        message = f"Expected {what} to be of type {column.type.display}, but was {bound.type.display}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return coerce(bound, column.type)


def _parsed(found: ViewExpression, code: ErrorCode, what: str, at: Location | None) -> ast.Expression:
    try:
        return parse_expression(found.expression)
    except LodestarError as fault:
        raise LodestarError(code, f"Invalid {what}: {fault.message}", location=at) from fault


def _bound(
    analysis: Analysis,
    at: Location | None,
    name: QualifiedName,
    column: str | None,
    what: str,
    fields: Sequence[Field],
    found: ViewExpression,
    tree: ast.Expression,
) -> Expression:
    names = NameContext(
        found.catalog or name.catalog,
        found.schema,
        None,
        found.user or analysis.names.user,
        analysis.names.hands_on,
    )
    inner = analysis.for_hiding(name, column, names)
    try:
        return ExpressionAnalyzer(inner, Scope(fields)).analyze(tree)
    except LodestarError as fault:
        raise LodestarError(fault.code, f"Invalid {what}: {fault.message}", location=at) from fault
    finally:
        analysis.next_shared_key = max(analysis.next_shared_key, inner.next_shared_key)
