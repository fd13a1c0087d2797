"""GROUP BY: its elements to keys and grouping sets, and the check that a SELECT is constant within a group.

Source: Trino StatementAnalyzer.analyzeGroupBy and AggregationAnalyzer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product

from lodestar_server import ir
from lodestar_server.ir import Expression, Symbol
from lodestar_server.ir.nodes import PlanNode, free_symbols
from lodestar_server.spi.errors import (
    EXPRESSION_NOT_AGGREGATE,
    INVALID_ARGUMENTS,
    INVALID_COLUMN_REFERENCE,
    TOO_MANY_GROUPING_SETS,
    TYPE_MISMATCH,
    Location,
    LodestarError,
)
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.collector import CallCollector, WindowKey
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer
from lodestar_server.sql.analysis.scopes import Field
from lodestar_server.sql.analysis.syntax import check_scalar, is_aggregate_call
from lodestar_server.sql.analysis.written import find_column
from lodestar_server.sql.parser import ast, format_expression

MAX_GROUPING_SETS = 2048


@frozen
class Item:
    """One expression of the SELECT list: how it is written (None for a column of `*`), bound, its field of `*`, and
    what is wrong with its aggregates."""

    node: ast.Expression | None
    bound: Expression
    star: Field | None = None
    fault: LodestarError | None = None


@frozen
class Grouping:
    """`keys` in order; `computed` are those that are more than a column; `sets` None is plain GROUP BY."""

    keys: tuple[Symbol, ...] = ()
    computed: tuple[tuple[Symbol, Expression], ...] = ()
    sets: tuple[tuple[Symbol, ...], ...] | None = None


def analyze_group_by(
    expressions: ExpressionAnalyzer, node: ast.QuerySpecification, items: Sequence[Item], columns: set[Symbol]
) -> Grouping:
    """The grouping of a SELECT; `columns` are the columns of its FROM."""
    if node.group_by is None:
        return Grouping()
    builder = _GroupingBuilder(expressions, node, items, columns)
    _check_count(node.group_by, node)
    for element in node.group_by.elements:
        builder.add(element)
    return builder.build(node.group_by.distinct)


@dataclass(slots=True)
class _GroupingBuilder:
    expressions: ExpressionAnalyzer
    node: ast.QuerySpecification
    items: Sequence[Item]
    columns: set[Symbol]
    keys: dict[Expression, Symbol] = field(default_factory=dict)
    computed: list[tuple[Symbol, Expression]] = field(default_factory=list)
    parts: list[list[frozenset[Symbol]]] = field(default_factory=list)
    has_sets: bool = False

    @property
    def defined(self) -> dict[Symbol, Expression]:
        """What stands for expressions that are more than a column."""
        collector = self.expressions.collector
        return {} if collector is None or collector.keys is None else collector.keys.definitions

    def add(self, element: ast.GroupingElement) -> None:
        match element:
            case ast.SimpleGroupBy(columns=columns):
                for column in columns:
                    self.simple(column)
            case ast.AutoGroupBy():
                for item in self.items:
                    if item.node is None or not is_aggregate_call(item.node):
                        if item.node is not None:
                            check_scalar(item.node, "GROUP BY clause")
                        self.key(item.bound)
            case ast.GroupingSets():
                self.has_sets = True
                self.parts.append(self.sets(element))

    def simple(self, column: ast.Expression) -> None:
        if isinstance(column, ast.LongLiteral):
            if not 1 <= column.value <= len(self.items):
                message = f"GROUP BY position {column.value} is not in select list"
                raise LodestarError(INVALID_COLUMN_REFERENCE, message, location=column.at)
            item = self.items[column.value - 1]
            if item.node is not None:
                check_scalar(item.node, "GROUP BY clause")
            self.key(item.bound)
            return
        check_scalar(column, "GROUP BY clause")
        self.key(self.expressions.analyze(column))

    def key(self, bound: Expression) -> None:
        self.parts.append([frozenset({self.symbol(bound)})])

    def symbol(self, bound: Expression) -> Symbol:
        known = self.keys.get(bound)
        if known is not None:
            return known
        if not bound.type.comparable:
            message = f"{bound.type.display} is not comparable, and therefore cannot be used in GROUP BY"
            raise LodestarError(TYPE_MISMATCH, message, location=self.node.at)
        if isinstance(bound, ir.SymbolRef) and bound.symbol in self.columns:
            symbol = bound.symbol
        elif isinstance(bound, ir.SymbolRef) and bound.symbol in self.defined:
            symbol = bound.symbol
            self.computed.append((symbol, self.defined[symbol]))
        else:
            symbol = self.expressions.analysis.symbols.new(bound.type, "key")
            self.computed.append((symbol, bound))
        self.keys[bound] = symbol
        return symbol

    def sets(self, element: ast.GroupingSets) -> list[frozenset[Symbol]]:
        given: list[frozenset[Symbol]] = []
        for columns in element.sets:
            symbols: set[Symbol] = set()
            for column in columns:
                bound = self.expressions.analyze(column)
                if not isinstance(bound, ir.SymbolRef) or find_column(column, self.expressions.scope) is None:
                    shown = format_expression(column)
                    message = f"GROUP BY expression must be a column reference: {shown}"
                    raise LodestarError(INVALID_COLUMN_REFERENCE, message, location=column.at)
                symbols.add(self.symbol(bound))
            given.append(frozenset(symbols))
        match element.type:
            case ast.GroupingSetsType.EXPLICIT:
                return given
            case ast.GroupingSetsType.ROLLUP:
                return [frozenset().union(*given[:length]) for length in range(len(given), -1, -1)]
            case ast.GroupingSetsType.CUBE:
                choices = product((True, False), repeat=len(given))
                return [
                    frozenset().union(*(s for s, take in zip(given, choice, strict=True) if take)) for choice in choices
                ]

    def build(self, distinct: bool) -> Grouping:
        keys = tuple(dict.fromkeys(self.keys.values()))
        if not self.has_sets:
            return Grouping(keys, tuple(self.computed))
        combined = [frozenset().union(*choice) for choice in product(*self.parts)]
        if distinct:
            combined = list(dict.fromkeys(combined))
        sets = tuple(tuple(key for key in keys if key in chosen) for chosen in combined)
        return Grouping(keys, tuple(self.computed), sets)


def _check_count(group_by: ast.GroupBy, node: ast.QuerySpecification) -> None:
    total = 1
    for element in group_by.elements:
        if isinstance(element, ast.GroupingSets):
            size = len(element.sets)
            total *= {"CUBE": 2 ** min(size, 31), "ROLLUP": size + 1}.get(element.type.name, size)
        if total > MAX_GROUPING_SETS:
            shown = total if total < 2**31 else f"more than {2**31 - 1}"
            message = f"GROUP BY has {shown} grouping sets but can contain at most {MAX_GROUPING_SETS}"
            raise LodestarError(TOO_MANY_GROUPING_SETS, message, location=group_by.at)


@dataclass(slots=True)
class GroupedExpressions:
    """Rewrites bound expressions over a FROM into expressions over its groups, or refuses them.

    `columns` are the FROM's columns, `outer_names` how subqueries wrote them, by place, `outputs` those of the SELECT
    list that ORDER BY may name.
    """

    grouping: Grouping
    columns: set[Symbol]
    collector: CallCollector
    outer_names: Mapping[Location, str]
    outputs: frozenset[Symbol] = frozenset()
    in_order_by: bool = False

    def __post_init__(self) -> None:
        # Written keys stand for their symbols already; these are constants, and positions behind `*`.
        written = {} if self.collector.keys is None else self.collector.keys.definitions
        self._keys = {expression: symbol for symbol, expression in self.grouping.computed if symbol not in written}
        self._calls = {
            symbol: (key, call) for key, calls in self.collector.windows.items() for call, symbol in calls.items()
        }

        self._grouping_columns = {symbol: columns for columns, symbol in self.collector.groupings.items()}

    _keys: dict[Expression, Symbol] = field(init=False, default_factory=dict)
    _grouping_columns: dict[Symbol, tuple[Symbol, ...]] = field(init=False, default_factory=dict)
    _calls: dict[Symbol, tuple[WindowKey, ir.WindowCall]] = field(init=False, default_factory=dict)

    def rewrite_item(self, item: Item) -> Expression:
        """The item over groups. Raises: LodestarError(EXPRESSION_NOT_AGGREGATE) when it differs within a group."""
        if item.fault is not None:
            raise item.fault
        rewritten = self._rewrite(item.bound)
        if rewritten is not None:
            return rewritten
        if item.star is not None and item.node is None:
            name, relation = item.star.name, item.star.relation
            column = name if relation is None or name is None else f"{'.'.join(relation)}.{name}"
            message = f"Column '{column}' not in GROUP BY clause"
            at = item.bound.at if isinstance(item.bound, ir.SymbolRef) else None
            raise LodestarError(EXPRESSION_NOT_AGGREGATE, message, location=at)
        assert item.node is not None
        message = f"'{format_expression(item.node)}' must be an aggregate expression or appear in GROUP BY clause"
        raise LodestarError(EXPRESSION_NOT_AGGREGATE, message, location=item.node.at)

    def rewrite(self, node: ast.Expression, bound: Expression) -> Expression:
        """As `rewrite_item`, for an expression outside of the SELECT list."""
        return self.rewrite_item(Item(node, bound))

    def rewrite_window(self, expression: Expression) -> Expression:
        """A window's key, argument or frame, which has been checked."""
        rewritten = self._rewrite(expression)
        if rewritten is None:
            # Keys and arguments were checked where the call stands; this is a value of a frame.
            clause, node = self.collector.window_places[expression]
            message = f"{clause} must be an aggregate expression or appear in GROUP BY clause"
            raise LodestarError(EXPRESSION_NOT_AGGREGATE, message, location=node.at)
        return rewritten

    def _rewrite(self, bound: Expression) -> Expression | None:
        """The expression over groups, None when it is not constant within one."""
        key = self._keys.get(bound)
        if key is not None:
            return ir.SymbolRef(key)
        if isinstance(bound, ir.SymbolRef):
            return self._column(bound)
        rewritten = []
        for part in ir.children(bound):
            made = self._rewrite(part)
            if made is None:
                return None
            rewritten.append(made)
        relation = getattr(bound, "relation", None)
        if relation is not None:
            self._check_subquery(relation)
        return ir.with_children(bound, tuple(rewritten)) if rewritten else bound

    def _column(self, bound: ir.SymbolRef) -> Expression | None:
        symbol = bound.symbol
        if symbol in self._grouping_columns:
            self._check_grouping(self._grouping_columns[symbol])
            return bound
        if symbol in self._calls:
            key, call = self._calls[symbol]
            self._check_window(key)
            inside = (*call.arguments, *(one.key for one in call.ordering))
            return None if any(self._rewrite(part) is None for part in inside) else bound
        if symbol in self.columns and symbol not in self.grouping.keys and symbol not in self.outputs:
            return None
        return bound

    def _check_window(self, key: WindowKey) -> None:
        for expression in (*key.partition_by, *(one.key for one in key.ordering)):
            if self._rewrite(expression) is None:
                clause, node = self.collector.window_places[expression]
                shown = format_expression(node)
                message = f"{clause} '{shown}' must be an aggregate expression or appear in GROUP BY clause"
                raise LodestarError(EXPRESSION_NOT_AGGREGATE, message, location=node.at)

    def _check_grouping(self, columns: tuple[Symbol, ...]) -> None:
        """The arguments of GROUPING() are keys. Raises: LodestarError(INVALID_ARGUMENTS)."""
        named_outputs = set(self.collector.output_references)
        node = next(node for node, others in self.collector.grouping_places if others == columns)
        for argument, symbol in zip(node.columns, columns, strict=True):
            if argument.at in named_outputs:
                continue  # the fault is known, and comes after those of the SELECT list
            if symbol not in self.grouping.keys:
                message = (
                    "The arguments to GROUPING() must be expressions referenced by the GROUP BY at the associated "
                    f"query level. Mismatch due to {format_expression(argument)}."
                )
                raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)

    def _check_subquery(self, relation: PlanNode) -> None:
        for reference in free_symbols(relation):
            symbol = reference.symbol
            if symbol in self.columns and symbol not in self.grouping.keys and symbol not in self.outputs:
                shown = symbol.hint if reference.at is None else self.outer_names.get(reference.at, symbol.hint)
                message = f"Subquery uses '{shown}' which must appear in GROUP BY clause"
                raise LodestarError(EXPRESSION_NOT_AGGREGATE, message, location=reference.at)


def grouping_value(
    columns: tuple[Symbol, ...], grouping: Grouping, group_id: Symbol | None, symbol: Symbol
) -> Expression:
    """GROUPING(columns) as an expression over the group's id: bit i is set when column i is not in the grouping set."""

    def mask(present: Sequence[Symbol]) -> int:
        bits = 0
        for column in columns:
            bits = bits << 1 | (column not in present)
        return bits

    if grouping.sets is None or group_id is None:
        return ir.Constant(symbol.type, mask(grouping.keys))
    branches = tuple(
        (ir.Constant(group_id.type, number), ir.Constant(symbol.type, mask(present)))
        for number, present in enumerate(grouping.sets)
    )
    return ir.SimpleCase(ir.SymbolRef(group_id), branches, ir.Constant(symbol.type, None))


def rewrite_call(call: ir.WindowCall, grouped: GroupedExpressions) -> ir.WindowCall:
    """A window call over groups."""
    return replace(
        call,
        arguments=tuple(grouped.rewrite_window(argument) for argument in call.arguments),
        ordering=tuple(replace(one, key=grouped.rewrite_window(one.key)) for one in call.ordering),
        frame=replace(
            call.frame, start=_rewrite_bound(call.frame.start, grouped), end=_rewrite_bound(call.frame.end, grouped)
        ),
    )


def _rewrite_bound(bound: ir.FrameBound, grouped: GroupedExpressions) -> ir.FrameBound:
    return bound if bound.offset is None else replace(bound, offset=grouped.rewrite_window(bound.offset))
