"""Predicates to domains: which values of a column can satisfy a conjunction. Source: Trino DomainTranslator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lodestar_server.ir import (
    Between,
    Cast,
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
    conjuncts,
)
from lodestar_server.spi.predicate import Domain, Range
from lodestar_server.spi.types import (
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    REAL,
    TimestampType,
    TimestampTzType,
    TimeTzType,
    Type,
)

MAX_VALUES = 10_000
"""An IN list longer than this is widened to its span."""

_FLIPPED = {
    ComparisonOperator.LESS: ComparisonOperator.GREATER,
    ComparisonOperator.LESS_OR_EQUAL: ComparisonOperator.GREATER_OR_EQUAL,
    ComparisonOperator.GREATER: ComparisonOperator.LESS,
    ComparisonOperator.GREATER_OR_EQUAL: ComparisonOperator.LESS_OR_EQUAL,
}
_OPPOSITES = {
    ComparisonOperator.EQUAL: ComparisonOperator.NOT_EQUAL,
    ComparisonOperator.NOT_EQUAL: ComparisonOperator.EQUAL,
}
"""Of values that are their own equals; an order has no opposite where there is NaN."""
Domains = dict[Symbol, Domain]


def extract_domains(terms: Iterable[Expression]) -> Domains:
    """What a conjunction says of single columns. A column that is not in the answer is not restricted.

    Rows outside of the domains do not satisfy the terms; rows inside may or may not.
    """
    found: dict[Symbol, list[Domain]] = {}
    for term in terms:
        for part in conjuncts(term):
            for symbol, domain in _of(part).items():
                found.setdefault(symbol, []).append(domain)
    return {symbol: Domain.intersection_of(domains) for symbol, domains in found.items()}


def is_exact(term: Expression) -> bool:
    """The term is nothing but a domain of one column, so whoever enforces the domain enforces the term."""
    if isinstance(term, Logical) and term.operator is LogicalOperator.OR:
        return len(_of(term)) == 1 and all(map(is_exact, term.terms))
    return len(_of(term)) == 1 and _exact(term)


def _exact(term: Expression) -> bool:
    match term:
        case Comparison(left=left, right=right):
            return isinstance(left, SymbolRef) != isinstance(right, SymbolRef)
        case Between(value=value):
            return isinstance(value, SymbolRef)
        case In(value=value, items=items):
            return isinstance(value, SymbolRef) and len(items) <= MAX_VALUES
        case IsNull():
            return True
        case Not(value=IsNull()):
            return True
        case Not(value=Comparison() as compared):
            return _exact(compared)
    return False


def _of(term: Expression) -> Domains:
    match term:
        case Comparison():
            return _comparison(term)
        case Between(value=value, minimum=minimum, maximum=maximum):
            low = _comparison(Comparison(ComparisonOperator.GREATER_OR_EQUAL, value, minimum))
            high = _comparison(Comparison(ComparisonOperator.LESS_OR_EQUAL, value, maximum))
            return {symbol: low[symbol].intersect(high[symbol]) for symbol in low if symbol in high}
        case In(value=SymbolRef(symbol=symbol), items=items):
            return _in(symbol, items)
        case IsNull(value=SymbolRef(symbol=symbol)):
            return {symbol: Domain.only_null(symbol.type)}
        case Not(value=IsNull(value=SymbolRef(symbol=symbol))):
            return {symbol: Domain.not_null(symbol.type)}
        case Not(value=In(value=SymbolRef(symbol=symbol), items=items)):
            inside = _in(symbol, items).get(symbol)
            outside = None if inside is None else inside.complement()
            return {} if outside is None else {symbol: Domain(outside.type, outside.ranges, False)}
        case Not(value=Comparison(operator=operator) as compared) if operator in _OPPOSITES:
            return _comparison(replace(compared, operator=_OPPOSITES[operator]))
        case Logical(operator=LogicalOperator.OR, terms=terms):
            return _union([extract_domains([one]) for one in terms])
        case SymbolRef(symbol=symbol):  # a boolean column
            return {symbol: Domain.values(symbol.type, [True])}
        case Not(value=SymbolRef(symbol=symbol)):
            return {symbol: Domain.values(symbol.type, [False])}
    return {}


def _union(branches: list[Domains]) -> Domains:
    """Columns that every branch restricts."""
    shared = [symbol for symbol in branches[0] if all(symbol in branch for branch in branches)]
    return {symbol: Domain.union_of([branch[symbol] for branch in branches]) for symbol in shared}


def _in(symbol: Symbol, items: tuple[Expression, ...]) -> Domains:
    values = [_value(one) for one in items]
    if any(value is None for value in values) or not _has_values(symbol.type):
        return {}
    known = [value for value in values if value is not None]
    if any(value != value for value in known):  # NaN is equal to nothing
        return {}
    return {symbol: Domain.values(symbol.type, known).simplify(MAX_VALUES)}


def _comparison(term: Comparison) -> Domains:
    left, right, operator = term.left, term.right, term.operator
    if isinstance(left, Constant):
        left, right, operator = right, left, _FLIPPED.get(operator, operator)
    if not isinstance(right, Constant):
        return {}
    symbol = _column(left)
    if symbol is None:
        return {}
    if operator is ComparisonOperator.DISTINCT:
        return _distinct(symbol, right) if isinstance(left, SymbolRef) else {}
    value = _value(right)
    if right.value is None:
        return {symbol: Domain.none(symbol.type)}
    if value is None or not _has_values(left.type) or value != value:
        return {}
    if isinstance(left, Cast):
        return _through_cast(symbol, left.target, operator, value)
    return _ranges(symbol, operator, value)


def _ranges(symbol: Symbol, operator: ComparisonOperator, value: object) -> Domains:
    ranges = {
        ComparisonOperator.EQUAL: [Range.equal(value)],
        ComparisonOperator.LESS: [Range(high=value)],
        ComparisonOperator.LESS_OR_EQUAL: [Range(high=value, high_inclusive=True)],
        ComparisonOperator.GREATER: [Range(low=value)],
        ComparisonOperator.GREATER_OR_EQUAL: [Range(low=value, low_inclusive=True)],
        ComparisonOperator.NOT_EQUAL: [Range(high=value), Range(low=value)],
    }[operator]
    if operator is ComparisonOperator.NOT_EQUAL and symbol.type in (DOUBLE, REAL):
        return {}  # NaN differs from every value and is in no range
    if not symbol.type.orderable and operator is not ComparisonOperator.EQUAL:
        return {}
    return {symbol: Domain.of(symbol.type, ranges)}


def _distinct(symbol: Symbol, constant: Constant) -> Domains:
    return {symbol: Domain.not_null(symbol.type)} if constant.value is None else {}


def _column(expression: Expression) -> Symbol | None:
    """The column itself, or one under a cast that keeps the order of its values."""
    if isinstance(expression, SymbolRef):
        return expression.symbol
    if isinstance(expression, Cast) and isinstance(expression.value, SymbolRef):
        source, target = expression.value.type, expression.target
        widened = source in INTEGRAL_TYPES and target in INTEGRAL_TYPES
        if widened or (source == DATE and isinstance(target, TimestampType)):
            return expression.value.symbol
    return None


def _through_cast(symbol: Symbol, target: Type, operator: ComparisonOperator, value: object) -> Domains:
    if symbol.type != DATE:
        return _ranges(symbol, operator, value)
    assert isinstance(value, int)
    days, rest = divmod(value, 86_400 * 10**12)
    if rest == 0:
        return _ranges(symbol, operator, days)
    if operator is ComparisonOperator.EQUAL:
        return {symbol: Domain.none(symbol.type)}
    if operator in (ComparisonOperator.LESS, ComparisonOperator.LESS_OR_EQUAL):
        return _ranges(symbol, ComparisonOperator.LESS_OR_EQUAL, days)
    if operator in (ComparisonOperator.GREATER, ComparisonOperator.GREATER_OR_EQUAL):
        return _ranges(symbol, ComparisonOperator.GREATER, days)
    return {}


def _has_values(type_: Type) -> bool:
    """Values of the type can stand in ranges as they are."""
    return not type_.children and not isinstance(type_, TimeTzType)


def _value(expression: Expression) -> object | None:
    """The value of a constant as ranges hold it; None for NULL and what is no constant."""
    if not isinstance(expression, Constant) or expression.value is None:
        return None
    if isinstance(expression.type, TimestampTzType):
        instant: object = expression.value[0]
        return instant
    value: object = expression.value
    return value
