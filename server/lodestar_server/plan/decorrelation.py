"""Which correlated subqueries Trino can turn into joins: the others it refuses, and so do we.

DuckDB decorrelates every query, so this is a check, not a rewriting. It follows what Trino's rules do to a subquery:
predicates over outer columns are pulled out of filters, through projections, limits and groupings whose columns they
fix; an outer column that stays anywhere else is refused. Source: Trino PlanNodeDecorrelator and the rules
TransformCorrelated*, TransformExistsApplyToCorrelatedJoin, DecorrelateUnnest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from lodestar_server.functions.coercions import can_coerce
from lodestar_server.ir import (
    TRUE,
    Cast,
    Comparison,
    ComparisonOperator,
    Constant,
    Exists,
    Expression,
    InSubquery,
    QuantifiedComparison,
    Quantifier,
    ScalarSubquery,
    Symbol,
    SymbolRef,
    conjuncts,
    is_deterministic,
    walk,
)
from lodestar_server.ir.nodes import (
    Aggregate,
    Filter,
    Join,
    JoinKind,
    Limit,
    PlanNode,
    Project,
    Shared,
    Sort,
    Unary,
    Unnest,
    Values,
    Window,
    free_symbols,
)
from lodestar_server.ir.nodes.base import walk_plan
from lodestar_server.ir.nodes.walk import expressions_of
from lodestar_server.spi.errors import NOT_SUPPORTED, Location, LodestarError
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, REAL, DecimalType, Type
from lodestar_server.spi.values import frozen

Subquery = ScalarSubquery | Exists | InSubquery | QuantifiedComparison
Evaluate = Callable[[Expression], Constant]
Symbols = frozenset[Symbol]


def check_correlations(plan: PlanNode, evaluate: Evaluate) -> None:
    """Raises: LodestarError(NOT_SUPPORTED) at a correlated subquery that Trino cannot decorrelate.

    `evaluate` gives the value of an expression without columns.
    """
    for node in walk_plan(plan):
        available = frozenset(symbol for source in node.sources for symbol in source.outputs)
        for subquery in _subqueries(node):
            relation: PlanNode = subquery.relation
            correlation = _correlation(relation, available)
            if correlation and not _is_supported(subquery, _Decorrelation(correlation, evaluate)):
                raise _refused(subquery.at)
            check_correlations(relation, evaluate)
        if isinstance(node, Join) and node.lateral:
            correlation = _correlation(node.right, frozenset(node.left.outputs))
            if correlation and not _Decorrelation(correlation, evaluate).lateral(node.right, node.kind):
                raise _refused(node.at)


def _refused(at: Location | None) -> LodestarError:
    return LodestarError(NOT_SUPPORTED, "Given correlated subquery is not supported", location=at)


def _subqueries(node: PlanNode) -> Iterator[Subquery]:
    for expression in expressions_of(node):
        for part in walk(expression):
            if isinstance(part, ScalarSubquery | Exists | InSubquery | QuantifiedComparison):
                yield part


def _correlation(relation: PlanNode, available: Symbols) -> Symbols:
    return frozenset(one.symbol for one in free_symbols(relation)) & available


def _is_supported(subquery: Subquery, rules: _Decorrelation) -> bool:
    match subquery:
        case Exists():
            return rules.exists(subquery.relation)
        case InSubquery():
            return rules.filters_only(subquery.relation)
        case QuantifiedComparison(operator=operator, quantifier=quantifier):
            equal_any = operator is ComparisonOperator.EQUAL and quantifier is Quantifier.ANY
            differs_from_all = operator is ComparisonOperator.NOT_EQUAL and quantifier is Quantifier.ALL
            if equal_any or differs_from_all:
                return rules.filters_only(subquery.relation)
            return rules.global_source(subquery.relation)
    return rules.scalar(subquery.relation)


def _without_projection(node: PlanNode) -> PlanNode:
    """What is left where only rows count, not their columns."""
    while isinstance(node, Project | Sort | Window):
        node = node.source
    return node


def _without_limit_of_one(node: PlanNode) -> PlanNode:
    """A limit, even one, changes nothing over a single row."""
    if isinstance(node, Limit) and node.count and not node.offset:
        inner = _without_projection(node.source)
        if (isinstance(inner, Aggregate) and not inner.keys) or (isinstance(inner, Values) and len(inner.rows) == 1):
            return node.source
    return node


def _has_rows(node: PlanNode) -> bool:
    """There is at least one row, whatever the tables hold."""
    node = _without_projection(_without_limit_of_one(node))
    if isinstance(node, Aggregate):
        return () in node.grouping_sets if node.grouping_sets is not None else not node.keys
    return isinstance(node, Values) and bool(node.rows)


@frozen
class _Pulled:
    """A plan whose correlated predicates have been taken out.

    `used` are its columns in them, `fixed` those that an outer row gives one value, `single` says that an outer row
    finds one row at most.
    """

    outputs: Symbols
    used: Symbols = frozenset()
    fixed: Symbols = frozenset()
    single: bool = False


@frozen
class _Decorrelation:
    """The rules for one subquery; `correlation` are its outer columns."""

    correlation: Symbols
    evaluate: Evaluate

    def scalar(self, node: PlanNode) -> bool:
        """(query) as a value."""
        node = _without_limit_of_one(node)
        if self._single_row(node) or self._global_aggregation(node):
            return True
        return self._unnests(node, Project, Limit, Sort) or self._pulls(node)

    def exists(self, node: PlanNode) -> bool:
        """EXISTS (query): an aggregation of all rows always has its row."""
        node = _without_projection(node)
        if _has_rows(node):
            return True
        if isinstance(node, Limit) and node.count and not node.offset and not node.ties:
            child = self._pull(_without_projection(node.source))
            if child is not None and child.fixed and child.used <= child.fixed:
                return True
        return self._pulls(node) or self._unnests(node, Project, Sort, Aggregate)

    def lateral(self, node: PlanNode, kind: JoinKind) -> bool:
        """LATERAL (query) on the right of a join."""
        if self.scalar(node):
            return True
        inner = _without_projection(node)
        if self._mentions_projection(node, inner) or not isinstance(inner, Aggregate) or not inner.keys:
            return False
        if inner.grouping_sets is not None or any(map(self.mentions, expressions_of(inner))):
            return False
        return (kind is JoinKind.INNER or not inner.aggregations) and self._pulls(inner.source)

    def global_source(self, node: PlanNode, needed: Symbols | None = None) -> bool:
        """The rows under an aggregation of all of them."""
        if self._pulls(node, needed) or self._unnests(node, Project, Sort, Aggregate):
            return True
        distinct = isinstance(node, Aggregate) and not node.aggregations and node.grouping_sets is None
        return distinct and isinstance(node, Aggregate) and self._pulls(node.source)

    def filters_only(self, node: PlanNode) -> bool:
        """Nothing but filters and projections stands over what is not correlated: what IN allows."""
        match node:
            case _ if not self.is_correlated(node):
                return True
            case Project():
                return not any(map(self.mentions, expressions_of(node))) and self.filters_only(node.source)
            case Filter():
                if self._is_never(node.predicate):
                    return True
                return not self._nests(node.predicate) and self.filters_only(node.source)
            case Sort():
                return self.filters_only(node.source) and not any(map(self.mentions, expressions_of(node)))
        return False

    def is_correlated(self, node: PlanNode) -> bool:
        """Some outer column stands in the plan."""
        return any(one.symbol in self.correlation for one in free_symbols(node))

    def mentions(self, expression: Expression) -> bool:
        """Some outer column stands in the expression or in its subqueries."""
        return any(
            (isinstance(part, SymbolRef) and part.symbol in self.correlation)
            or (
                isinstance(part, ScalarSubquery | Exists | InSubquery | QuantifiedComparison)
                and self.is_correlated(part.relation)
            )
            for part in walk(expression)
        )

    def _nests(self, expression: Expression) -> bool:
        """An outer column stands in a subquery of the expression."""
        return any(
            self.is_correlated(part.relation)
            for part in walk(expression)
            if isinstance(part, ScalarSubquery | Exists | InSubquery | QuantifiedComparison)
        )

    def _single_row(self, node: PlanNode) -> bool:
        """A row made of expressions."""
        while isinstance(node, Project):
            node = node.source
        return isinstance(node, Values) and len(node.rows) == 1

    def _global_aggregation(self, node: PlanNode) -> bool:
        while isinstance(node, Project | Sort):
            node = node.source
        if not isinstance(node, Aggregate) or node.keys or node.grouping_sets is not None:
            return False
        if any(map(self.mentions, expressions_of(node))):
            return False
        return self.global_source(node.source, frozenset(_symbols(expressions_of(node))))

    def _mentions_projection(self, node: PlanNode, inner: PlanNode) -> bool:
        while node is not inner:
            if any(map(self.mentions, expressions_of(node))):
                return True
            (node,) = node.sources
        return False

    def _unnests(self, node: PlanNode, *between: type[Unary]) -> bool:
        """UNNEST of outer columns, under nothing but nodes of these kinds."""
        while isinstance(node, between):
            if isinstance(node, Limit) and (node.offset or node.ties or node.count == 0):
                return False
            node = node.source
        return isinstance(node, Unnest) and self._single_row(node.source)

    def _pulls(self, node: PlanNode, needed: Symbols | None = None) -> bool:
        return self._pull(node, needed) is not None

    def _pull(self, node: PlanNode, needed: Symbols | None = None) -> _Pulled | None:
        """`needed` are the columns that are read, where it is known."""
        if not self.is_correlated(node):
            return _Pulled(frozenset(node.outputs))
        match node:
            case Filter():
                return self._pull_filter(node)
            case Project():
                return self._pull_project(node)
            case Sort():
                return None if any(map(self.mentions, expressions_of(node))) else self._pull(node.source)
            case Limit(offset=0, ties=()):
                return self._pull_limit(node, needed)
            case Aggregate(grouping_sets=None):
                return self._pull_aggregate(node)
            case Join(kind=JoinKind.INNER, lateral=False) if not any(map(self.is_correlated, node.sources)):
                return self._pull_filter(Filter(replace(node, condition=TRUE), node.condition))
            case Shared():
                # Trino writes a WITH query out at each of its places; what then happens is not followed here.
                return _Pulled(frozenset(node.outputs))
        return None

    def _pull_filter(self, node: Filter) -> _Pulled | None:
        if self._is_never(node.predicate):
            return _Pulled(frozenset(node.outputs))
        if self._nests(node.predicate):
            return None
        child = self._pull(node.source)
        if child is None:
            return None
        correlated = [term for term in conjuncts(node.predicate) if self.mentions(term)]
        used = frozenset(
            part.symbol
            for term in correlated
            for part in walk(term)
            if isinstance(part, SymbolRef) and part.symbol not in self.correlation
        )
        fixed = frozenset(symbol for term in correlated for symbol in self._fixed(term))
        return replace(child, used=child.used | used, fixed=child.fixed | fixed)

    def _pull_project(self, node: Project) -> _Pulled | None:
        if any(map(self.mentions, expressions_of(node))):
            return None
        child = self._pull(node.source)
        return None if child is None else replace(child, outputs=frozenset(node.outputs) | child.used)

    def _pull_limit(self, node: Limit, needed: Symbols | None) -> _Pulled | None:
        if node.count == 0:
            return None
        ordered = isinstance(node.source, Sort)
        if node.count == 1 and not ordered:
            return self._pull_first_row(node, frozenset(node.outputs) if needed is None else needed)
        child = self._pull(node.source)
        if child is None or child.single:
            return child
        if not child.used <= child.fixed:
            return None
        return replace(child, single=ordered and node.count == 1)

    def _pull_first_row(self, node: Limit, needed: Symbols) -> _Pulled | None:
        """One row of those that are alike: grouping by all columns finds it, projections come after."""
        inner = node.source
        while isinstance(inner, Project):
            if any(map(self.mentions, expressions_of(inner))):
                return None
            needed = frozenset(
                part.symbol
                for symbol, value in inner.assignments
                if symbol in needed
                for part in walk(value)
                if isinstance(part, SymbolRef)
            )
            inner = inner.source
        child = self._pull(inner)
        if child is None:
            return None
        if not child.single and not (child.fixed and needed | child.used <= child.fixed):
            return None
        return replace(child, outputs=frozenset(node.outputs) | child.used, single=True)

    def _pull_aggregate(self, node: Aggregate) -> _Pulled | None:
        if not node.keys or any(map(self.mentions, expressions_of(node))):
            return None
        child = self._pull(node.source)
        keys = frozenset(node.keys)
        if child is None or not child.used - keys <= child.fixed:
            return None
        return replace(child, outputs=frozenset(node.outputs) | child.used, single=keys | child.used <= child.fixed)

    def _fixed(self, term: Expression) -> Iterator[Symbol]:
        """Columns that `column = outer value` gives one value."""
        if isinstance(term, Comparison) and term.operator is ComparisonOperator.EQUAL:
            for inner, outer in ((term.left, term.right), (term.right, term.left)):
                column = _column(inner)
                if column is not None and column not in self.correlation and self._is_outer(outer):
                    yield column

    def _is_outer(self, expression: Expression) -> bool:
        names = {part.symbol for part in walk(expression) if isinstance(part, SymbolRef)}
        return names <= self.correlation and is_deterministic(expression)

    def _is_never(self, predicate: Expression) -> bool:
        """No row satisfies the predicate, whatever it holds."""
        for term in conjuncts(predicate):
            if any(isinstance(part, SymbolRef | ScalarSubquery | Exists | InSubquery) for part in walk(term)):
                continue
            if isinstance(term, Constant):
                if not term.value:
                    return True
                continue
            try:
                if not self.evaluate(term).value:
                    return True
            except LodestarError:
                continue
        return False


def _symbols(expressions: Iterable[Expression]) -> Iterator[Symbol]:
    for expression in expressions:
        for part in walk(expression):
            if isinstance(part, SymbolRef):
                yield part.symbol


def _column(expression: Expression) -> Symbol | None:
    """The column that an expression is, perhaps in a wider type."""
    if isinstance(expression, Cast) and _is_injective(expression.value.type, expression.target):
        expression = expression.value
    return expression.symbol if isinstance(expression, SymbolRef) else None


_ZONED = ("timestamp with time zone", "time with time zone")
_ROUNDED = ((BIGINT, DOUBLE), (BIGINT, REAL), (INTEGER, REAL))


def _is_injective(source: Type, target: Type) -> bool:
    """The type coerces, and different values stay different."""
    if (source, target) in _ROUNDED or target.base in _ZONED:
        return False
    if isinstance(source, DecimalType) and target in (DOUBLE, REAL):
        return source.precision <= (15 if target == DOUBLE else 7)
    return can_coerce(source, target)
