"""What a predicate leaves of an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from lodestar_server.ir import (
    Between,
    Comparison,
    ComparisonOperator,
    Constant,
    Expression,
    In,
    IsNull,
    Logical,
    LogicalOperator,
    Not,
    Symbol,
    SymbolRef,
    referenced_symbols,
)
from lodestar_server.plan.cost.estimates import (
    EMPTY,
    NO_VALUES,
    UNKNOWN,
    ColumnEstimate,
    PlanEstimate,
    ValueRange,
    as_number,
    larger,
    smaller,
    strict_min,
)
from lodestar_server.plan.cost.scalars import estimate_value
from lodestar_server.spi.types import BIGINT, DATE, INTEGER, SMALLINT, TINYINT

UNESTIMATED = 0.9
"""The share of rows that pass a term about which nothing can be said, next to terms about which something can."""
_WHOLE = (BIGINT, INTEGER, SMALLINT, TINYINT, DATE)
_INDEPENDENCE = 0.75
"""How much further terms about other columns count."""

_FLIPPED = {
    ComparisonOperator.LESS: ComparisonOperator.GREATER,
    ComparisonOperator.LESS_OR_EQUAL: ComparisonOperator.GREATER_OR_EQUAL,
    ComparisonOperator.GREATER: ComparisonOperator.LESS,
    ComparisonOperator.GREATER_OR_EQUAL: ComparisonOperator.LESS_OR_EQUAL,
}
_NEGATED = {
    ComparisonOperator.EQUAL: ComparisonOperator.NOT_EQUAL,
    ComparisonOperator.NOT_EQUAL: ComparisonOperator.EQUAL,
    ComparisonOperator.LESS: ComparisonOperator.GREATER_OR_EQUAL,
    ComparisonOperator.LESS_OR_EQUAL: ComparisonOperator.GREATER,
    ComparisonOperator.GREATER: ComparisonOperator.LESS_OR_EQUAL,
    ComparisonOperator.GREATER_OR_EQUAL: ComparisonOperator.LESS,
}
_NOTHING = PlanEstimate()


def filtered(source: PlanEstimate, predicate: Expression) -> PlanEstimate:
    """The rows for which the predicate is true; unknown when nothing can be said."""
    if source.rows == 0 or not source.known:
        return source.normalized()
    return _filtered(source, predicate).normalized()


def _filtered(source: PlanEstimate, predicate: Expression) -> PlanEstimate:
    match predicate:
        case Constant(value=True):
            return source
        case Constant():
            return PlanEstimate(0.0, dict.fromkeys(source.columns, NO_VALUES))
        case Logical(operator=LogicalOperator.AND, terms=terms):
            return _all(source, terms)
        case Logical(terms=terms):
            return _any(source, terms)
        case IsNull(value=SymbolRef(symbol=symbol)):
            rows = source.rows * source.column(symbol).nulls
            return source.with_rows(rows).with_column(symbol, ColumnEstimate(EMPTY, 1.0))
        case Not(value=IsNull(value=SymbolRef(symbol=symbol))):
            column = source.column(symbol)
            kept = source.with_rows(source.rows * (1 - column.nulls))
            return kept.with_column(symbol, replace(column, nulls=0.0))
        case Not(value=Comparison(operator=operator) as inner) if operator in _NEGATED:
            return filtered(source, replace(inner, operator=_NEGATED[operator]))
        case Not(value=Logical(operator=operator, terms=terms)):
            other = LogicalOperator.OR if operator is LogicalOperator.AND else LogicalOperator.AND
            return filtered(source, Logical(other, tuple(Not(term) for term in terms)))
        case Not(value=inner) if not isinstance(inner, IsNull):
            return subtract(source, filtered(source, inner))
        case Between():
            return _between(source, predicate)
        case In():
            return _in(source, predicate)
        case Comparison():
            return _comparison(source, predicate)
    return _NOTHING


def _all(source: PlanEstimate, terms: Sequence[Expression]) -> PlanEstimate:
    estimates: list[PlanEstimate] = []
    unestimated = False
    for group in _related(terms):
        combined = _NOTHING
        for term in group:
            estimate = filtered(combined if combined.known else source, term)
            if estimate.known:
                combined = estimate
            else:
                unestimated = True
        estimates.append(combined)
    known = [one for one in estimates if one.known]
    if not known:
        return _NOTHING
    rows = conjunction_rows(source, [*known, *([_NOTHING] if unestimated else [])], _INDEPENDENCE)
    columns = {symbol: _intersection(symbol, known) for one in known for symbol in one.columns}
    return PlanEstimate(rows, columns)


def _intersection(symbol: Symbol, estimates: Sequence[PlanEstimate]) -> ColumnEstimate:
    columns = [one.column(symbol) for one in estimates]
    result = columns[0]
    for column in columns[1:]:
        size = column.size if math.isnan(result.size) else result.size
        result = ColumnEstimate(result.range.intersect(column.range), smaller(result.nulls, column.nulls), size)
    return result


def conjunction_rows(source: PlanEstimate, estimates: Sequence[PlanEstimate], independence: float) -> float:
    """Rows that pass several filters: the strongest counts fully, the others less and less."""
    known = sorted(one.rows for one in estimates if one.known)
    if not known or source.rows == 0:
        return source.rows if source.rows == 0 else UNKNOWN
    share, factor = known[0] / source.rows, 1.0
    for rows in known[1:]:
        factor *= independence
        share *= (rows / source.rows) ** factor
    rows = source.rows * share
    return rows * UNESTIMATED if len(known) < len(estimates) else rows


def _related(terms: Sequence[Expression]) -> list[list[Expression]]:
    """Terms in groups that share no column with each other."""
    groups: list[tuple[set[Symbol], list[Expression]]] = []
    for term in terms:
        symbols = set(referenced_symbols(term))
        members = [term]
        apart: list[tuple[set[Symbol], list[Expression]]] = []
        for known, group in groups:
            if known & symbols or (not known and not symbols):
                symbols |= known
                members = [*group, *members]
            else:
                apart.append((known, group))
        groups = [*apart, (symbols, members)]
    return [group for _, group in groups]


def _any(source: PlanEstimate, terms: Sequence[Expression]) -> PlanEstimate:
    terms = _gathered(terms)
    result = filtered(source, terms[0])
    for term in terms[1:]:
        current, both = filtered(source, term), filtered(result, term)
        if not (result.known and current.known and both.known):
            return _NOTHING
        result = capped(subtract(added(result, current), both), source)
    return result


def _gathered(terms: Sequence[Expression]) -> list[Expression]:
    """Terms of OR with the values that one column is compared with as one list."""
    items: dict[Expression, list[Expression]] = {}
    for term in terms:
        match term:
            case Comparison(operator=ComparisonOperator.EQUAL, left=SymbolRef() as column, right=Constant() as item):
                items.setdefault(column, []).append(item)
            case In(value=SymbolRef() as column, items=some) if all(isinstance(one, Constant) for one in some):
                items.setdefault(column, []).extend(some)
            case _:
                items[term] = []
    return [In(one, tuple(found)) if len(found) > 1 else _single(one, found) for one, found in items.items()]


def _single(term: Expression, found: Sequence[Expression]) -> Expression:
    return Comparison(ComparisonOperator.EQUAL, term, found[0]) if found else term


def _run(node: In) -> Between | None:
    """A list of whole numbers or days without a gap as the range that it is."""
    if node.value.type not in _WHOLE:
        return None
    values = sorted({one.value for one in node.items if isinstance(one, Constant) and one.value is not None})
    if not all(isinstance(one, Constant) and one.value is not None for one in node.items) or len(values) < 2:
        return None
    if values[-1] - values[0] + 1 != len(values):
        return None
    bounds = [Constant(node.value.type, values[0]), Constant(node.value.type, values[-1])]
    return Between(node.value, *bounds)


def _between(source: PlanEstimate, node: Between) -> PlanEstimate:
    value = estimate_value(node.value, source)
    bounds = (estimate_value(node.minimum, source), estimate_value(node.maximum, source))
    if value.unknown or not all(bound.constant for bound in bounds):
        return _NOTHING
    lower = Comparison(ComparisonOperator.GREATER_OR_EQUAL, node.value, node.minimum)
    upper = Comparison(ComparisonOperator.LESS_OR_EQUAL, node.value, node.maximum)
    terms = (lower, upper) if math.isinf(value.range.low) else (upper, lower)
    return _all(source, terms)


def _in(source: PlanEstimate, node: In) -> PlanEstimate:
    run = _run(node)
    if run is not None:
        return _between(source, run)
    result = _NOTHING
    for item in dict.fromkeys(node.items):
        one = filtered(source, Comparison(ComparisonOperator.EQUAL, node.value, item))
        if not one.known:
            return _NOTHING
        result = added(result, one) if result.known else one
    value = estimate_value(node.value, source)
    if not result.known or value.unknown:
        return _NOTHING
    kept = source.with_rows(strict_min(result.rows, source.rows * (1 - value.nulls)))
    if isinstance(node.value, SymbolRef):
        column = result.column(node.value.symbol)
        distinct = strict_min(column.distinct, value.distinct)
        kept = kept.with_column(node.value.symbol, replace(column, range=replace(column.range, distinct=distinct)))
    return kept


def _comparison(source: PlanEstimate, node: Comparison) -> PlanEstimate:
    left, right, operator = node.left, node.right, node.operator
    if not isinstance(left, SymbolRef) and (isinstance(right, SymbolRef) or isinstance(left, Constant)):
        left, right, operator = right, left, _FLIPPED.get(operator, operator)
    if isinstance(left, SymbolRef) and left == right:
        return filtered(source, Not(IsNull(left)))
    if operator is ComparisonOperator.DISTINCT:
        return _NOTHING
    if isinstance(right, Constant):
        if right.value is None:
            return source.with_rows(0.0)
        return _with_value(source, left, as_number(right.type, right.value), operator)
    other = estimate_value(right, source)
    if other.constant:
        return _with_value(source, left, other.range.low, operator)
    if operator is ComparisonOperator.EQUAL:
        return equal_columns(source, left, right)
    if operator is ComparisonOperator.NOT_EQUAL:
        same = equal_columns(source, left, right)
        return subtract(source, same) if same.known else _NOTHING
    if operator in (ComparisonOperator.GREATER, ComparisonOperator.GREATER_OR_EQUAL):
        left, right = right, left
    return _less(source, left, right)


def _with_value(source: PlanEstimate, left: Expression, value: float, operator: ComparisonOperator) -> PlanEstimate:
    column = estimate_value(left, source)
    unknown = math.isnan(value)
    match operator:
        case ComparisonOperator.EQUAL | ComparisonOperator.NOT_EQUAL:
            wanted = ValueRange(distinct=1) if unknown else ValueRange(value, value, 1)
        case ComparisonOperator.LESS | ComparisonOperator.LESS_OR_EQUAL:
            wanted = ValueRange(high=math.inf if unknown else value)
        case _:
            wanted = ValueRange(low=-math.inf if unknown else value)
    common = column.range.intersect(wanted)
    share = column.range.overlap(common)
    present = source.rows * (1 - column.nulls)
    if operator is ComparisonOperator.NOT_EQUAL:
        result = source.with_rows((1 - share) * present)
        kept = replace(column.range, distinct=larger(column.distinct - 1, 0))
        changed = replace(column, range=kept, nulls=0.0)
    else:
        result = source.with_rows(share * present)
        changed = ColumnEstimate(common, 0.0, column.size)
    return result.with_column(left.symbol, changed) if isinstance(left, SymbolRef) else result


def equal_columns(source: PlanEstimate, left: Expression, right: Expression) -> PlanEstimate:
    """Rows in which two expressions are equal."""
    one, other = estimate_value(left, source), estimate_value(right, source)
    if math.isnan(one.distinct) or math.isnan(other.distinct):
        return _NOTHING
    present = (1 - one.nulls) * (1 - other.nulls)
    result = source.with_rows(source.rows * present / max(one.distinct, other.distinct, 1))
    common = replace(one.range.intersect(other.range), distinct=min(one.distinct, other.distinct))
    sizes = [size for size in (one.size, other.size) if not math.isnan(size)]
    column = ColumnEstimate(common, 0.0, sum(sizes) / len(sizes) if sizes else UNKNOWN)
    for side in (left, right):
        if isinstance(side, SymbolRef):
            result = result.with_column(side.symbol, column)
    return result


def _less(source: PlanEstimate, left: Expression, right: Expression) -> PlanEstimate:
    """`left < right` for two columns: half of the pairs where their ranges overlap."""
    one, other = estimate_value(left, source), estimate_value(right, source)
    if one.unknown or other.unknown or (math.isnan(one.nulls) and math.isnan(other.nulls)):
        return _NOTHING
    if one.range.empty or other.range.empty or one.range.low > other.range.high:
        return source.with_rows(0.0)
    present = 1 - larger(one.nulls, other.nulls)
    if one.range.high < other.range.low:
        return source.with_rows(source.rows * present)
    both = one.range.overlap(other.range)
    below = 0.0
    if one.range.low < other.range.low:
        below = min(one.range.overlap(ValueRange(one.range.low, other.range.low)), 1 - both)
    other_both = other.range.overlap(one.range)
    share = below + both * (1 - other_both) + both * other_both / 2
    return source.with_rows(source.rows * present * min(share, 1.0))


def added(left: PlanEstimate, right: PlanEstimate) -> PlanEstimate:
    """The rows of both, their values thought to be different."""
    return _combined(left, right, left.rows + right.rows)


def subtract(superset: PlanEstimate, subset: PlanEstimate) -> PlanEstimate:
    """The rows of one without those of its subset; unknown when either is."""
    if not (superset.known and subset.known):
        return _NOTHING
    rows = max(superset.rows - subset.rows, 0.0)
    columns: dict[Symbol, ColumnEstimate] = {}
    for symbol, column in superset.columns.items():
        other = subset.column(symbol)
        distinct = column.distinct
        if not math.isnan(distinct) and not math.isnan(other.distinct):
            gone = other.distinct if rows == 0 or subset.rows == 0 else _vanished(column, other, superset, subset)
            distinct = max(distinct - gone, 0.0)
        nulls = max(superset.rows * column.nulls - subset.rows * other.nulls, 0.0)
        share = 1.0 if rows == 0 else min(nulls / rows, 1.0)
        columns[symbol] = ColumnEstimate(replace(column.range, distinct=distinct), share, column.size)
    return PlanEstimate(rows, columns)


def _vanished(column: ColumnEstimate, other: ColumnEstimate, all_: PlanEstimate, part: PlanEstimate) -> float:
    """Different values that leave with a subset: only those of which it has all rows."""
    per_value = all_.rows * (1 - column.nulls) / column.distinct if column.distinct else 0.0
    taken = part.rows * (1 - other.nulls) / other.distinct if other.distinct else 0.0
    return other.distinct if taken >= per_value > 0 else 0.0


def capped(estimate: PlanEstimate, cap: PlanEstimate) -> PlanEstimate:
    """At most the rows and values of another."""
    if not (estimate.known and cap.known):
        return _NOTHING
    rows = min(estimate.rows, cap.rows)
    columns: dict[Symbol, ColumnEstimate] = {}
    for symbol, column in estimate.columns.items():
        other = cap.column(symbol)
        nulls = strict_min(estimate.rows * column.nulls, cap.rows * other.nulls)
        columns[symbol] = ColumnEstimate(
            ValueRange(
                larger(column.range.low, other.range.low),
                smaller(column.range.high, other.range.high),
                strict_min(column.distinct, other.distinct),
            ),
            1.0 if rows == 0 else nulls / rows,
            column.size,
        )
    return PlanEstimate(rows, columns)


def _combined(left: PlanEstimate, right: PlanEstimate, rows: float) -> PlanEstimate:
    if not (left.known and right.known):
        return _NOTHING
    columns: dict[Symbol, ColumnEstimate] = {}
    for symbol in left.columns:
        one, other = left.column(symbol), right.column(symbol)
        nulls = left.rows * one.nulls + right.rows * other.nulls
        sizes = left.rows * (1 - one.nulls) * one.size + right.rows * (1 - other.nulls) * other.size
        present = rows - nulls
        columns[symbol] = ColumnEstimate(
            one.range.union(other.range),
            1.0 if rows == 0 else nulls / rows,
            sizes / present if present > 0 else one.size,
        )
    return PlanEstimate(rows, columns)
