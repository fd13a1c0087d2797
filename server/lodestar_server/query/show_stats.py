"""SHOW STATS: the optimizer's estimate of a query, column by column."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta

from lodestar_server.plan.cost.estimates import ColumnEstimate, PlanEstimate
from lodestar_server.plan.cost.estimator import Estimator
from lodestar_server.query.plans import plan_query
from lodestar_server.query.statement import StatementContext
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGER,
    REAL,
    SMALLINT,
    TINYINT,
    VARCHAR,
    DecimalType,
    TimestampType,
    TimestampTzType,
    Type,
)
from lodestar_server.spi.types.numbers import double_text, real_text
from lodestar_server.sql.analysis.bound import BoundQuery
from lodestar_server.sql.parser import ast
from lodestar_server.sql.rewrite.listing import listing

_EPOCH = date(1970, 1, 1)
_MIDNIGHT = datetime(1970, 1, 1)


def show_stats(statement: StatementContext, node: ast.ShowStats) -> BoundQuery:
    """A query whose rows are the figures of each column, and last those of the whole."""
    try:  # Trino's own query for the figures of a table has no positions
        bound = plan_query(statement, _query(node))
    except LodestarError as fault:
        if isinstance(node.relation, ast.Table) and fault.location == node.relation.at:
            raise LodestarError(fault.code, fault.message) from None
        raise
    estimate = Estimator(statement.metadata).estimate(bound.plan)
    rows: list[tuple[str | float | None, ...]] = [
        _row(name, symbol.type, estimate, estimate.column(symbol))
        for name, symbol in zip(bound.plan.names, bound.plan.columns, strict=True)
    ]
    rows.append((None, None, None, None, _finite(estimate.rows), None, None))
    columns: list[tuple[str, Type | None]] = [("column_name", VARCHAR)]
    columns += [(name, DOUBLE) for name in ("data_size", "distinct_values_count", "nulls_fraction", "row_count")]
    columns += [("low_value", VARCHAR), ("high_value", VARCHAR)]
    return listing(columns, rows)


def _query(node: ast.ShowStats) -> ast.Query:
    if isinstance(node.relation, ast.TableSubquery):
        return node.relation.query
    at = node.relation.at
    select = ast.Select(False, (ast.AllColumns(at=at),), at=at)
    return ast.Query((), (), None, ast.QuerySpecification(select, node.relation, at=at), at=at)


def _row(name: str, type_: Type, whole: PlanEstimate, column: ColumnEstimate) -> tuple[str | float | None, ...]:
    size = column.size * whole.rows * (1 - column.nulls)
    return (
        name,
        _finite(size),
        _finite(column.distinct),
        _finite(column.nulls),
        None,
        _shown(type_, column.range.low),
        _shown(type_, column.range.high),
    )


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _shown(type_: Type, value: float) -> str | None:
    """A bound as text of its type."""
    if not math.isfinite(value):
        return None
    match type_:
        case _ if type_ == BOOLEAN:
            return {0.0: "false", 1.0: "true"}.get(value, double_text(value))
        case _ if type_ in (BIGINT, INTEGER, SMALLINT, TINYINT):
            return str(math.floor(value + 0.5))
        case _ if type_ == REAL:
            return real_text(value)
        case _ if type_ == DATE:
            return str(_EPOCH + timedelta(days=math.floor(value + 0.5)))
        case TimestampType(precision):
            return _instant(value, min(precision, 6))
        case TimestampTzType(precision):
            return _instant(value, min(precision, 3)) + " UTC"
        case _ if type_ == DOUBLE or isinstance(type_, DecimalType):
            return double_text(value)
    raise LodestarError(GENERIC_INTERNAL_ERROR, f"Unexpected type: {type_.display}")


def _instant(micros: float, digits: int) -> str:
    """Cut to so many digits of a second."""
    text = (_MIDNIGHT + timedelta(microseconds=math.floor(micros))).isoformat(" ", "microseconds")
    return text[: len(text) - 6 + digits].rstrip(".")
