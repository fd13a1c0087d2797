"""AND, OR, NOT, IS NULL, CASE, COALESCE, NULLIF and TRY: what is evaluated when.

DuckDB evaluates every term of an AND in a projection; a term that may raise is put behind a CASE, which is lazy. In a
filter, terms that cannot raise come first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding import keys
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.lowering.comparisons import filter_comparison
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering
from lodestar_server.execution.kernel.lowering.laziness import evaluated_first, may_fail
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    FALSE,
    TRUE,
    Call,
    Case,
    Coalesce,
    Comparison,
    ComparisonOperator,
    Constant,
    Exists,
    Expression,
    InSubquery,
    IsNull,
    Logical,
    LogicalOperator,
    Not,
    NullIf,
    QuantifiedComparison,
    Quantifier,
    ScalarSubquery,
    SimpleCase,
    Symbol,
    SymbolRef,
    Try,
    conjuncts,
    referenced_symbols,
    transform,
)

_SUBQUERIES = (ScalarSubquery, Exists, InSubquery, QuantifiedComparison)


def _always(_: Expression) -> bool:
    return True


def _never(_: Expression) -> bool:
    return False


def conditions(context: Lowering, predicate: Expression, *, joins: Callable[[Expression], bool] = _always) -> list[Sql]:
    """The terms of a filter, those that cannot raise first; none when it is TRUE.

    Of which terms IN becomes a join in Trino, `joins` says: there it compares as `=` does.
    """
    terms = [part for term in conjuncts(predicate) if term != TRUE for part in _required(term)]
    if FALSE in terms:
        return [sql.FALSE]
    safe: list[Sql] = []
    risky: list[Sql] = []
    for term in terms:
        lowered = filter_comparison(context, term) if isinstance(term, Comparison) else None
        target = risky if may_fail(term) else safe
        target.append(context.expression(term) if lowered is None else lowered)
        if _is_membership(term) and joins(term):
            target += _equal_to_itself(context, term)
    return safe + risky


def mask(context: Lowering, predicate: Expression | None, *, alone: bool) -> Sql | None:
    """A FILTER of an aggregate; `alone` when no row counts without it."""
    if predicate is None:
        return None
    return sql.conjunction(conditions(context, predicate, joins=_always if alone else _never))


def _required(term: Expression) -> list[Expression]:
    """What has to be true for a term of a filter to be true, where Trino's optimizer finds it in another form.

    It matters for IN, which as a filter is a join, see below.
    """
    match term:
        case Not(Not(inner)):
            return _required(inner)
        case Not(Logical(operator, parts)):
            other = LogicalOperator.AND if operator is LogicalOperator.OR else LogicalOperator.OR
            return _required(Logical(other, tuple(map(Not, parts))))
        case Logical(LogicalOperator.AND, parts):
            return [one for part in parts for one in _required(part)]
        case Logical(LogicalOperator.OR, parts):
            kept = [part for part in parts if part != FALSE]
            return _required(kept[0]) if len(kept) == 1 else [term]
        case Case(((condition, result),), Constant(value=None)) if result == TRUE:
            return _required(condition)
        case NullIf(value, Constant(value=None | False)):
            return _required(value)
        case Coalesce(parts):
            kept = [part for part in parts if not (isinstance(part, Constant) and part.value is None)]
            return _required(kept[0]) if len(kept) == 1 else [term]
    return [term]


def _is_membership(term: Expression) -> TypeGuard[InSubquery | QuantifiedComparison]:
    return isinstance(term, InSubquery) or (
        isinstance(term, QuantifiedComparison)
        and (term.operator, term.quantifier) == (ComparisonOperator.EQUAL, Quantifier.ANY)
    )


def _equal_to_itself(context: Lowering, term: InSubquery | QuantifiedComparison) -> list[Sql]:
    """As a join, IN does not find NaN and a value with a NULL inside: it finds them by identity, they equal nothing."""
    type_ = term.value.type
    if not keys.may_be_unknown(type_):
        return []
    return [sql.let(context.expression(term.value), lambda value: keys.equals(value, value, type_))]


def _lower_logical(context: Lowering, node: Logical) -> Sql:
    decided = FALSE if node.operator is LogicalOperator.AND else TRUE
    if decided in node.terms:
        return context.expression(decided)
    known = evaluated_first(node.terms[0])
    if not any(may_fail(term, known) for term in node.terms[1:]):
        return sql.chain(node.operator.value, context.expressions(node.terms))
    return _short_circuit(context.expressions(node.terms), node.operator)


def _short_circuit(terms: Sequence[Sql], operator: LogicalOperator) -> Sql:
    """Terms left to right until one decides; an unknown term does not."""
    first, rest = terms[0], terms[1:]
    if not rest:
        return first
    decided = operator is LogicalOperator.OR

    def branch(value: Sql) -> Sql:
        # The rest stands once: after a NULL it only matters whether it decides.
        later = _short_circuit(rest, operator)
        combined = sql.binary(operator.value, value, later)
        return sql.case([(value if decided else sql.negation(value), sql.boolean(decided))], combined)

    return sql.let(first, branch)


def _lower_not(context: Lowering, node: Not) -> Sql:
    if isinstance(node.value, IsNull):
        return sql.is_not_null(context.expression(node.value.value))
    return sql.negation(context.expression(node.value))


def _lower_is_null(context: Lowering, node: IsNull) -> Sql:
    return sql.is_null(context.expression(node.value))


def _lower_case(context: Lowering, node: Case) -> Sql:
    branches = [(context.expression(condition), context.expression(result)) for condition, result in node.branches]
    return sql.case(branches, context.expression(node.default))


def _lower_simple_case(context: Lowering, node: SimpleCase) -> Sql:
    type_ = node.operand.type

    def branches(operand: Sql) -> Sql:
        made = [
            (keys.equals(operand, context.expression(value), type_), context.expression(result))
            for value, result in node.branches
        ]
        return sql.case(made, context.expression(node.default))

    return sql.let(context.expression(node.operand), branches)


def _lower_coalesce(context: Lowering, node: Coalesce) -> Sql:
    return sql.call("coalesce", *context.expressions(node.values))


def _lower_null_if(context: Lowering, node: NullIf) -> Sql:
    def compared(value: Sql) -> Sql:
        left = cast_value(value, node.value.type, node.common, context)
        right = cast_value(context.expression(node.other), node.other.type, node.common, context)
        equal = keys.equals(left, right, node.common)
        return sql.case([(equal, keys.null_of(node.value.type))], value)

    return sql.let(context.expression(node.value), compared)


def _lower_try(context: Lowering, node: Try) -> Sql:
    if not may_fail(node.value):
        return context.expression(node.value)
    outside: list[tuple[Symbol, Expression]] = []
    columns = {symbol for symbol in referenced_symbols(node.value) if _is_fixed(context, symbol)}

    def hoist(part: Expression) -> Expression:
        # DuckDB's TRY refuses volatile calls and subqueries: they are computed outside and handed in.
        volatile = isinstance(part, Call) and not part.function.deterministic
        if volatile or isinstance(part, _SUBQUERIES) or (isinstance(part, SymbolRef) and part.symbol in columns):
            symbol = Symbol(-1 - len(outside), part.type, "outside")
            outside.append((symbol, part))
            return SymbolRef(symbol)
        return part

    value = transform(node.value, hoist)
    outer, context.inside_try = context.inside_try, True

    def attempt(*values: Sql) -> Sql:
        scope = dict(zip((symbol for symbol, _ in outside), values, strict=True))
        with context.scope(scope):
            return sql.guarded(context.expression(value))

    try:
        return sql.let_all([context.expression(part) for _, part in outside], attempt)
    finally:
        context.inside_try = outer


def _is_fixed(context: Lowering, symbol: Symbol) -> bool:
    """The column stands for an expression with a subquery, an aggregate or a window function."""
    return bool(context.expression(SymbolRef(symbol)).args.get("fixed"))


EXPRESSIONS[Logical] = _lower_logical
EXPRESSIONS[Not] = _lower_not
EXPRESSIONS[IsNull] = _lower_is_null
EXPRESSIONS[Case] = _lower_case
EXPRESSIONS[SimpleCase] = _lower_simple_case
EXPRESSIONS[Coalesce] = _lower_coalesce
EXPRESSIONS[NullIf] = _lower_null_if
EXPRESSIONS[Try] = _lower_try
