"""When two expressions of one SELECT are the same to GROUP BY and SELECT DISTINCT: by how they are written.

`a + 1` and `t.a + 1` are the same, `year(d)` and `extract(year FROM d)` are not, though they mean the same. Two calls
of `rand()` never are. Source: Trino ScopeAware, CanonicalizationAware, AggregationAnalyzer.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lodestar_server import ir
from lodestar_server.functions import registry
from lodestar_server.ir import Expression, Symbol
from lodestar_server.spi.errors import LodestarError
from lodestar_server.sql.analysis.scopes import Scope
from lodestar_server.sql.analysis.syntax import is_aggregate_call, qualified_name
from lodestar_server.sql.parser import ast

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer


def written_key(node: ast.Expression, scope: Scope) -> Hashable:
    """Equal for expressions that are the same. Columns count by what they are, but those inside of subqueries, and
    whatever is no column, by their spelling."""
    seen: list[Any] = []
    # What is still to be looked at, the next last; whether names in it are columns of the scope.
    pending: list[tuple[Any, bool]] = [(node, True)]
    while pending:
        value, resolves = pending.pop()
        if type(value) is tuple:
            seen.append(len(value))
            pending.extend((one, resolves) for one in value)
            continue
        if not isinstance(value, ast.Node):
            seen.append(value)
            continue
        resolves = resolves and not isinstance(value, ast.Query)
        if resolves and (column := find_column(value, scope)) is not None:
            seen.append(column)
        elif isinstance(value, ast.Identifier):
            seen.append(value.canonical)
        else:
            seen.append(type(value))
            if _is_volatile(value):
                seen.append(id(value))
            if isinstance(value, ast.DereferenceExpression):
                pending += ((value.field, False), (value.base, resolves))
            else:
                pending.extend((getattr(value, name), resolves) for name in value._compared)
    return tuple(seen)


def find_column(node: ast.Node, scope: Scope) -> tuple[Symbol, bool] | None:
    """The column that a name means, and whether it is one of the SELECT list; None for anything else."""
    name = qualified_name(node) if isinstance(node, ast.Identifier | ast.DereferenceExpression) else None
    if name is None:
        return None
    parts = tuple(part.value.lower() for part in name)
    try:
        found = scope.find(parts, parts[-1], node.at)
    except LodestarError:
        return None  # whoever analyzes the expression says so
    return None if found is None else (found.field.symbol, found.scope.output)


def _is_volatile(node: ast.Node) -> bool:
    if not isinstance(node, ast.FunctionCall):
        return False
    return any(not one.deterministic for one in registry.find_signatures(node.name.suffix))


@dataclass(slots=True)
class GroupingKeys:
    """The expressions that a SELECT groups by, besides columns and constants: each stands for a symbol wherever it is
    written again. `definitions` are what the symbols hold, of those that were met."""

    wanted: frozenset[Hashable]
    kinds: frozenset[type]
    definitions: dict[Symbol, Expression] = field(default_factory=dict)
    _symbols: dict[Hashable, Symbol] = field(default_factory=dict)
    _defining: bool = False

    @staticmethod
    def of(node: ast.QuerySpecification, scope: Scope) -> GroupingKeys | None:
        """The keys of a SELECT over its FROM, None when there are none."""
        if node.group_by is None:
            return None
        keys = [key for key in _written_keys(node.group_by, node.select.select_items) if _is_computed(key, scope)]
        if not keys:
            return None
        return GroupingKeys(frozenset(written_key(key, scope) for key in keys), frozenset(type(key) for key in keys))

    def bind(
        self,
        analyzer: ExpressionAnalyzer,
        node: ast.Expression,
        visit: Callable[[ExpressionAnalyzer, Any], Expression],
    ) -> Expression:
        """An expression of one of the `kinds`: its symbol if it is a key, else what `visit` makes of it."""
        key = None if self._defining else written_key(node, analyzer.scope)
        if key not in self.wanted:
            return visit(analyzer, node)
        symbol = self._symbols.get(key)
        if symbol is None:
            self._defining = True
            try:
                value = visit(analyzer, node)
            finally:
                self._defining = False
            if isinstance(value, ir.Constant):
                return value
            symbol = self._symbols[key] = analyzer.analysis.symbols.new(value.type, "key")
            self.definitions[symbol] = value
        return ir.SymbolRef(symbol, at=node.at)


def _written_keys(group_by: ast.GroupBy, items: Sequence[ast.SelectItem]) -> list[ast.Expression]:
    found: list[ast.Expression] = []
    for element in group_by.elements:
        if isinstance(element, ast.AutoGroupBy):
            columns = [one.expression for one in items if isinstance(one, ast.SingleColumn)]
            found += [one for one in columns if not is_aggregate_call(one)]
        elif isinstance(element, ast.SimpleGroupBy):
            for column in element.columns:
                if not isinstance(column, ast.LongLiteral):
                    found.append(column)
                elif (expression := _at_position(column.value, items)) is not None:
                    found.append(expression)
    return found


def _at_position(position: int, items: Sequence[ast.SelectItem]) -> ast.Expression | None:
    """What a position of the SELECT list means, None behind a `*`: only who knows the tables can count there."""
    before = items[: max(position, 0)]
    if position != len(before) or not before or any(isinstance(one, ast.AllColumns) for one in before):
        return None
    last = before[-1]
    return last.expression if isinstance(last, ast.SingleColumn) else None


def _is_computed(node: ast.Expression, scope: Scope) -> bool:
    return not isinstance(node, ast.Literal | ast.Parameter) and find_column(node, scope) is None
