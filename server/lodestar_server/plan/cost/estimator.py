"""Rows and columns of a plan, from the statistics of its tables upwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from lodestar_server.ir import (
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    Symbol,
    SymbolRef,
    conjuncts,
    referenced_symbols,
)
from lodestar_server.ir.nodes import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Limit,
    Output,
    PlanNode,
    Project,
    Sample,
    SetOperation,
    Shared,
    SharedScan,
    Sort,
    TableScan,
    TableWrite,
    Values,
    Window,
)
from lodestar_server.ir.nodes.relational import SampleMethod, SetOperator
from lodestar_server.plan.cost.estimates import (
    NO_VALUES,
    UNKNOWN,
    ColumnEstimate,
    PlanEstimate,
    ValueRange,
    as_number,
    strict_max,
)
from lodestar_server.plan.cost.filters import UNESTIMATED, added, conjunction_rows, equal_columns, filtered
from lodestar_server.plan.cost.scalars import estimate_value
from lodestar_server.spi.handles import CatalogTable
from lodestar_server.spi.statistics import ColumnStatistics, TableStatistics
from lodestar_server.spi.types import fixed_size

_JOIN_INDEPENDENCE = 0.25
_BEHIND_OFFSET = 0.5
_BIGINT_SIZE = 8.0
_UNMATCHED_SHARE = 0.5
"""Of the other side's values that a column of an outer join is thought to meet."""


class StatisticsCatalog(Protocol):
    """Statistics of tables; the metadata facade of the statement's transaction."""

    def statistics(self, table: CatalogTable) -> TableStatistics:
        """Figures of the rows that the handle gives."""
        ...


class Estimator:
    """Estimates every node of one plan once."""

    def __init__(self, catalog: StatisticsCatalog) -> None:
        self._catalog = catalog
        self._known: dict[int, PlanEstimate] = {}
        self._nodes: list[PlanNode] = []
        self._shared: dict[int, tuple[PlanEstimate, tuple[Symbol, ...]]] = {}

    def estimate(self, node: PlanNode) -> PlanEstimate:
        """What is known of the rows of a node."""
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._estimate(node).normalized()
            self._nodes.append(node)  # keeps the node alive, and with it its id
        return known

    def _estimate(self, node: PlanNode) -> PlanEstimate:
        match node:
            case TableScan():
                return self._scan(node)
            case Values():
                return _values(node)
            case Filter(source=source, predicate=predicate):
                return _filter(
                    self.estimate(source), predicate, grouped=isinstance(source, Aggregate) and bool(source.keys)
                )
            case Project(source=source, assignments=assignments):
                below = self.estimate(source)
                return PlanEstimate(below.rows, {one: estimate_value(value, below) for one, value in assignments})
            case Limit():
                return _limit(self.estimate(node.source), node.count, node.offset)
            case Sample():
                return _sample(self.estimate(node.source), node)
            case Aggregate(grouping_sets=None):
                return _aggregate(self.estimate(node.source), node.keys)
            case Join(lateral=False):
                return _join(node, self.estimate(node.left), self.estimate(node.right))
            case SetOperation(operator=SetOperator.UNION, distinct=False):
                return self._union(node)
            case SetOperation(operator=operator, distinct=True):
                rows = _aggregate(self._union(node).normalized(), node.symbols)
                # Which rows are in both inputs, or in the first one only, is a filter over groups of the rows of both.
                return rows if operator is SetOperator.UNION else rows.with_rows(rows.rows * UNESTIMATED)
            case Output() | Sort():
                return self.estimate(node.source)
            case Window():
                return _numbered(self.estimate(node.source), node)
            case TableWrite():
                return PlanEstimate(1.0)
            case Shared():
                self._shared[node.key] = (self.estimate(node.definition), node.definition.outputs)
                return self.estimate(node.body)
            case SharedScan():
                return self._shared_scan(node)
        return PlanEstimate()

    def _scan(self, node: TableScan) -> PlanEstimate:
        statistics = self._catalog.statistics(node.table)
        rows = UNKNOWN if statistics.row_count is None else statistics.row_count
        columns: dict[Symbol, ColumnEstimate] = {}
        for symbol, handle in node.columns:
            found = statistics.columns.get(handle)
            if found is not None:
                columns[symbol] = _column(symbol, found, rows)
        return PlanEstimate(rows, columns)

    def _union(self, node: SetOperation) -> PlanEstimate:
        result: PlanEstimate | None = None
        for source, mapping in zip(node.inputs, node.mappings, strict=True):
            below = self.estimate(source)
            renamed = {a: below.column(b) for a, b in zip(node.symbols, mapping, strict=True)}
            one = PlanEstimate(below.rows, renamed)
            result = one if result is None else _both(result, one)
        return result or PlanEstimate()

    def _shared_scan(self, node: SharedScan) -> PlanEstimate:
        if node.key not in self._shared:
            return PlanEstimate()
        estimate, symbols = self._shared[node.key]
        return PlanEstimate(estimate.rows, {a: estimate.column(b) for a, b in zip(node.symbols, symbols, strict=True)})


def _both(left: PlanEstimate, right: PlanEstimate) -> PlanEstimate:
    """The rows of both, the values of one side those of the other too."""
    result = added(left, right)
    for symbol, column in result.columns.items():
        distinct = strict_max(left.column(symbol).distinct, right.column(symbol).distinct)
        result = result.with_column(symbol, replace(column, range=replace(column.range, distinct=distinct)))
    return result


def _known(value: float | None) -> float:
    return UNKNOWN if value is None else value


def _column(symbol: Symbol, found: ColumnStatistics, rows: float) -> ColumnEstimate:
    nulls = _known(found.null_fraction)
    present = rows * (1 - nulls)
    size = UNKNOWN
    if present == 0:
        size = 0.0
    elif fixed_size(symbol.type) == 0:
        size = _known(found.data_size) / present
    low = -math.inf if found.low is None else found.low
    high = math.inf if found.high is None else found.high
    return ColumnEstimate(ValueRange(low, high, _known(found.distinct_values)), nulls, size)


def _values(node: Values) -> PlanEstimate:
    rows = float(len(node.rows))
    columns: dict[Symbol, ColumnEstimate] = {}
    for position, symbol in enumerate(node.symbols):
        values = [row[position] for row in node.rows]
        if all(isinstance(value, Constant) for value in values):
            columns[symbol] = _constants([value.value for value in values if isinstance(value, Constant)], symbol)
    return PlanEstimate(rows, columns)


def _constants(values: Sequence[object], symbol: Symbol) -> ColumnEstimate:
    present = [value for value in values if value is not None]
    if not present:
        return NO_VALUES
    distinct = float(len({repr(value) for value in present}))
    nulls = (len(values) - len(present)) / len(values)
    numbers = [as_number(symbol.type, value) for value in present]
    if any(math.isnan(number) for number in numbers):
        return ColumnEstimate(ValueRange(distinct=distinct), nulls)
    return ColumnEstimate(ValueRange(min(numbers), max(numbers), distinct), nulls)


def _filter(source: PlanEstimate, predicate: Expression, *, grouped: bool) -> PlanEstimate:
    result = filtered(source, predicate)
    return source.with_rows(source.rows * UNESTIMATED) if grouped and not result.known else result


def _limit(source: PlanEstimate, count: int | None, offset: int) -> PlanEstimate:
    if offset:
        # Trino numbers the rows, as many as are asked for, and says that half of the numbers are behind the offset.
        below = source if count is None else _limit(source, count + offset, 0)
        source = below.with_rows(below.rows * _BEHIND_OFFSET).normalized()
    if count is None or source.rows <= count:
        return source
    return source.with_rows(float(count))


def _sample(source: PlanEstimate, node: Sample) -> PlanEstimate:
    if node.ratio == 1:
        return source
    if node.method is SampleMethod.SYSTEM:
        return source.with_rows(source.rows * node.ratio)
    # A filter by a random number, of which nothing is known.
    return source.with_rows(UNKNOWN)


def _numbered(source: PlanEstimate, node: Window) -> PlanEstimate:
    """Rows that are numbered in no order; of any other window nothing is said, nor of the rows it is over."""
    if node.ordering or len(node.calls) > 1 or node.calls[0][1].function.name != "row_number":
        return PlanEstimate()
    partitions = 1.0
    for key in node.partition_by:
        column = estimate_value(key, source)
        partitions *= column.distinct + (column.nulls != 0)
    numbers = ColumnEstimate(ValueRange(low=1.0, distinct=source.rows / partitions), 0.0, _BIGINT_SIZE)
    return source.with_column(node.calls[0][0], numbers)


def _aggregate(source: PlanEstimate, keys: Sequence[Symbol]) -> PlanEstimate:
    if not keys:
        return PlanEstimate(1.0)
    rows = 1.0
    columns: dict[Symbol, ColumnEstimate] = {}
    for key in keys:
        column = source.column(key)
        has_null = column.nulls != 0
        rows *= column.distinct + has_null
        columns[key] = replace(column, nulls=1 / (column.distinct + 1) if has_null else 0.0)
    return PlanEstimate(UNKNOWN if math.isnan(rows) else min(rows, source.rows), columns)


def _join(node: Join, left: PlanEstimate, right: PlanEstimate) -> PlanEstimate:
    crossed = PlanEstimate(left.rows * right.rows, {**left.columns, **right.columns})
    equalities, others = _criteria(node)
    inner = _inner(crossed, equalities, others)
    match node.kind:
        case JoinKind.LEFT:
            return _with_unmatched(inner, left, right, equalities)
        case JoinKind.RIGHT:
            return _with_unmatched(inner, right, left, [(b, a) for a, b in equalities])
        case JoinKind.FULL:
            once = _with_unmatched(inner, left, right, equalities)
            return _with_unmatched(once, right, left, [(b, a) for a, b in equalities])
    return inner


def _criteria(node: Join) -> tuple[list[tuple[Symbol, Symbol]], list[Expression]]:
    """The condition's equalities of a left and a right column, and its other terms."""
    left, right = set(node.left.outputs), set(node.right.outputs)
    equalities: list[tuple[Symbol, Symbol]] = []
    others: list[Expression] = []
    for term in conjuncts(node.condition):
        match term:
            case Comparison(
                operator=ComparisonOperator.EQUAL, left=SymbolRef(symbol=one), right=SymbolRef(symbol=other)
            ) if {one, other} & left and {one, other} & right:
                equalities.append((one, other) if one in left else (other, one))
            case _:
                if set(referenced_symbols(term)):
                    others.append(term)
    return equalities, others


def _inner(
    crossed: PlanEstimate, equalities: Sequence[tuple[Symbol, Symbol]], others: Sequence[Expression]
) -> PlanEstimate:
    result = crossed
    if equalities:
        each = [equal_columns(crossed, SymbolRef(a), SymbolRef(b)).normalized() for a, b in equalities]
        rows = conjunction_rows(crossed, each, _JOIN_INDEPENDENCE)
        if math.isnan(rows):
            return PlanEstimate()
        result = crossed.with_rows(rows)
        for a, b in equalities:
            result = _matched(result, a, b)
        result = result.normalized()
    for term in others:
        narrowed = filtered(result, term)
        if not narrowed.known and not equalities:
            return PlanEstimate()
        result = narrowed if narrowed.known else result.with_rows(result.rows * UNESTIMATED)
    return result


def _matched(estimate: PlanEstimate, a: Symbol, b: Symbol) -> PlanEstimate:
    left, right = estimate.column(a), estimate.column(b)
    common = left.range.intersect(right.range)
    shares = [
        1.0 if math.isnan(share) else share for share in (left.range.overlap(common), right.range.overlap(common))
    ]
    distinct = min(shares[0] * left.distinct, shares[1] * right.distinct)
    kept = replace(common, distinct=distinct)
    estimate = estimate.with_column(a, replace(left, range=kept, nulls=0.0))
    return estimate.with_column(b, replace(right, range=kept, nulls=0.0))


def _with_unmatched(
    inner: PlanEstimate, outer: PlanEstimate, other: PlanEstimate, equalities: Sequence[tuple[Symbol, Symbol]]
) -> PlanEstimate:
    """The join's rows and the outer side's rows that met nothing."""
    unmatched = _unmatched_rows(outer, other, equalities)
    if unmatched == 0:
        return inner
    rows = inner.rows + unmatched
    columns = dict(inner.columns)
    for symbol in other.columns:
        column = inner.column(symbol)
        nulls = (inner.rows * column.nulls + unmatched) / rows if rows else 1.0
        columns[symbol] = replace(column, nulls=nulls)
    for symbol, column in outer.columns.items():
        columns[symbol] = column
    return PlanEstimate(rows, columns)


def _unmatched_rows(outer: PlanEstimate, other: PlanEstimate, equalities: Sequence[tuple[Symbol, Symbol]]) -> float:
    if other.rows == 0:
        return outer.rows
    if not equalities:
        return 0.0
    found: list[float] = []
    for a, b in equalities:
        column, matching = outer.column(a), other.column(b).distinct * _UNMATCHED_SHARE
        if math.isnan(column.distinct) or math.isnan(matching):
            continue
        share = column.nulls
        if column.distinct > matching:
            share += (1 - column.nulls) * (column.distinct - matching) / column.distinct
        found.append(min(outer.rows, outer.rows * share / UNESTIMATED ** (len(equalities) - 1)))
    return max(found, default=UNKNOWN)
