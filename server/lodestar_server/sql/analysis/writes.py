"""INSERT and CREATE TABLE AS: their queries, checked against the table, with the casts that a write applies."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce, common_super_type
from lodestar_server.ir import Constant, Expression, Symbol
from lodestar_server.ir.nodes import Limit, PlanNode, Project
from lodestar_server.spi.connector import ColumnMetadata
from lodestar_server.spi.errors import (
    COLUMN_NOT_FOUND,
    COLUMN_TYPE_UNKNOWN,
    CONSTRAINT_VIOLATION,
    DUPLICATE_COLUMN_NAME,
    GENERIC_INTERNAL_ERROR,
    INVALID_CAST_ARGUMENT,
    MISSING_COLUMN_NAME,
    NOT_SUPPORTED,
    TABLE_NOT_FOUND,
    TYPE_MISMATCH,
    ErrorCode,
    Location,
    LodestarError,
)
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import (
    BIGINT,
    UNKNOWN,
    VARCHAR,
    CharType,
    Type,
    VarcharType,
)
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis, RelationCatalog, RelationPlan
from lodestar_server.sql.analysis.failing import fail
from lodestar_server.sql.analysis.queries import analyze_query, check_column_aliases
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.parser import ast


@frozen
class WriteQuery:
    """Rows to write: a plan whose columns `symbols` are in the order of the target's columns."""

    plan: PlanNode
    symbols: tuple[Symbol, ...]


def write_target(catalog: RelationCatalog, name: QualifiedName, at: Location) -> CatalogTable:
    """The table that a statement changes. Raises: TABLE_NOT_FOUND."""
    table = catalog.find_table(name)
    if table is None:
        raise LodestarError(TABLE_NOT_FOUND, f"Table '{name}' does not exist", location=at)
    return table


def refuse_views(catalog: RelationCatalog, name: QualifiedName, message: str, at: Location) -> None:
    """Raises NOT_SUPPORTED for a view; `message` with the kind of view in its place."""
    if catalog.find_materialized_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, message.format("materialized views"), location=at)
    if catalog.find_view(name) is not None:
        raise LodestarError(NOT_SUPPORTED, message.format("views"), location=at)


def analyze_source(analysis: Analysis, query: ast.Query) -> RelationPlan:
    """The query of a write; an ORDER BY in it has no effect."""
    analysis.top_level = False
    return analyze_query(analysis, query, Scope())


def created_columns(statement: ast.CreateTableAsSelect, source: RelationPlan) -> list[tuple[str, Type]]:
    """Names and types of the columns of a table made from a query.

    Raises: LodestarError(MISSING_COLUMN_NAME | DUPLICATE_COLUMN_NAME | COLUMN_TYPE_UNKNOWN | …).
    """
    fields = source.visible_fields
    if statement.column_aliases is not None:
        check_column_aliases(statement.column_aliases, len(fields))
        for position, one in enumerate(fields, 1):
            if one.type == UNKNOWN:
                raise _unknown_type(statement, position)
        return [(name.value.lower(), one.type) for name, one in zip(statement.column_aliases, fields, strict=True)]
    check_columns(statement, source)
    found: dict[str, Type] = {}
    for one in fields:
        name = (one.name or "").lower()
        if name in found:
            # Names that differ in case pass Trino's analysis; the connector's names, in lower case, do not.
            message = (
                f"Multiple entries with same key: {name}={name}_1::[{one.type}] and {name}={name}::[{found[name]}]"
            )
            raise LodestarError(GENERIC_INTERNAL_ERROR, message)
        found[name] = one.type
    return list(found.items())


def check_columns(statement: ast.Statement, source: RelationPlan) -> None:
    """Every column of a table or view made from a query has a name of its own and a type."""
    seen: set[str] = set()
    lower = not isinstance(statement, ast.CreateView | ast.CreateTableAsSelect)
    for position, one in enumerate(source.visible_fields, 1):
        if one.name is None:
            message = f"Column name not specified at position {position}"
            raise LodestarError(MISSING_COLUMN_NAME, message, location=statement.at)
        if (one.name.lower() if lower else one.name) in seen:
            message = f"Column name '{one.name}' specified more than once"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=statement.at)
        seen.add(one.name.lower() if lower else one.name)
        if one.type == UNKNOWN:
            raise LodestarError(COLUMN_TYPE_UNKNOWN, f"Column type is unknown: {one.name}", location=statement.at)


def _unknown_type(statement: ast.Statement, position: int) -> LodestarError:
    return LodestarError(COLUMN_TYPE_UNKNOWN, f"Column type is unknown at position {position}", location=statement.at)


def inserted_columns(statement: ast.Insert, columns: Sequence[ColumnMetadata]) -> list[ColumnMetadata]:
    """The table's columns that an INSERT gives, in its order."""
    visible = {column.name: column for column in columns if not column.hidden}
    if statement.columns is None:
        return list(visible.values())
    found: dict[str, ColumnMetadata] = {}
    for identifier in statement.columns:
        name = identifier.value.lower()
        if name not in visible:
            message = f"Insert column name does not exist in target table: {name}"
            raise LodestarError(COLUMN_NOT_FOUND, message, location=statement.at)
        if name in found:
            message = f"Insert column name is specified more than once: {name}"
            raise LodestarError(DUPLICATE_COLUMN_NAME, message, location=statement.at)
        found[name] = visible[name]
    return list(found.values())


def check_types(statement: ast.Insert, columns: Sequence[ColumnMetadata], source: RelationPlan) -> None:
    """The query's columns may go into the table's. Raises: LodestarError(TYPE_MISMATCH)."""
    table = [column.type for column in columns]
    query = [one.type for one in source.visible_fields]
    if not types_match(table, query):
        shown = ", ".join(type_.display for type_ in table), ", ".join(type_.display for type_ in query)
        message = f"Insert query has mismatched column types: Table: [{shown[0]}], Query: [{shown[1]}]"
        raise LodestarError(TYPE_MISMATCH, message, location=statement.at)


def types_match(table: Sequence[Type], values: Sequence[Type]) -> bool:
    """Values of these types may go into columns of these types."""
    return len(table) == len(values) and all(_may_insert(t, q) for t, q in zip(table, values, strict=True))


def _may_insert(table: Type, query: Type) -> bool:
    """The types have a common super type; bounded text inside of nested types has to be coercible."""
    if table.children and _has_bounded_text(table):
        return can_coerce(query, table)
    return common_super_type(query, table) is not None


def _has_bounded_text(type_: Type) -> bool:
    if isinstance(type_, VarcharType | CharType):
        return type_.length is not None
    return any(map(_has_bounded_text, type_.children))


def write_query(
    analysis: Analysis, source: RelationPlan, given: Sequence[ColumnMetadata], target: Sequence[ColumnMetadata]
) -> WriteQuery:
    """The source's columns (for `given`) cast and arranged for the target's columns; missing ones are NULL."""
    by_name = {column.name: one for column, one in zip(given, source.visible_fields, strict=True)}
    assignments: list[tuple[Symbol, Expression]] = []
    for column in target:
        field = by_name.get(column.name)
        value: Expression = Constant(column.type, None)
        if field is not None:
            value = _written(ir.SymbolRef(field.symbol), column.type)
        if not column.nullable:
            value = not_null(value, column, CONSTRAINT_VIOLATION)
        assignments.append((analysis.symbols.new(column.type, column.name), value))
    plan = Project(source.node, tuple(assignments))
    return WriteQuery(plan, plan.outputs)


def not_null(value: Expression, column: ColumnMetadata, code: ErrorCode) -> Expression:
    """The value of a column that must have one; NULL raises."""
    message = f"NULL value not allowed for NOT NULL column: {column.name}"
    return ir.Coalesce((value, fail(code, message, column.type)))


def _written(value: Expression, target: Type) -> Expression:
    """The cast of a write: text is never cut, but for blanks at its end."""
    source = value.type
    if source == target:
        return value
    length = target.length if isinstance(target, VarcharType | CharType) else None
    if length is None or source == UNKNOWN or not isinstance(source, VarcharType | CharType):
        return coerce(value, target) if can_coerce(source, target) else ir.Cast(value, target)
    if isinstance(source, VarcharType | CharType) and source.length is not None and source.length <= length:
        return ir.Cast(value, target)
    trimmed = ir.Call(ir.FunctionRef("rtrim", (VARCHAR,), VARCHAR), (coerce_text(value),))
    size = ir.Call(ir.FunctionRef("length", (VARCHAR,), BIGINT), (trimmed,))
    fits = ir.Comparison(
        ir.ComparisonOperator.GREATER_OR_EQUAL, Constant(BIGINT, length), ir.Coalesce((size, Constant(BIGINT, 0)))
    )
    message = f"Cannot truncate non-space characters when casting from {source.display} to {target.display} on INSERT"
    return ir.Case(((fits, ir.Cast(value, target)),), fail(INVALID_CAST_ARGUMENT, message, target))


def coerce_text(value: Expression) -> Expression:
    """A char or varchar as unbounded varchar."""
    return value if value.type == VARCHAR else ir.Cast(value, VARCHAR)


def created_query(
    analysis: Analysis, source: RelationPlan, types: Sequence[Type], *, with_data: bool = True
) -> WriteQuery:
    """The rows of CREATE TABLE AS, cast to the types that the connector gives its columns; none WITH NO DATA."""
    assignments: list[tuple[Symbol, Expression]] = []
    for one, type_ in zip(source.visible_fields, types, strict=True):
        symbol = analysis.symbols.new(type_, one.symbol.hint)
        value: Expression = ir.SymbolRef(one.symbol)
        assignments.append((symbol, value if one.type == type_ else ir.Cast(value, type_)))
    node = source.node if with_data else Limit(source.node, 0)
    plan = Project(node, tuple(assignments))
    return WriteQuery(plan, plan.outputs)
