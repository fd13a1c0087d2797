"""Aggregates, GROUPING operations and window functions found while a SELECT's expressions are bound.

A call becomes a column: its symbol stands in the expression, the call is kept here for the plan. Equal calls share one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lodestar_server import ir
from lodestar_server.ir import AggregateCall, Expression, Ordering, Symbol, WindowCall
from lodestar_server.spi.errors import Location, LodestarError
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.patterns.assembly import SlottedExpression
from lodestar_server.sql.analysis.patterns.windows import PatternWindow
from lodestar_server.sql.analysis.written import GroupingKeys
from lodestar_server.sql.parser import ast


@frozen
class WindowKey:
    """One PARTITION BY and ORDER BY; calls over it share a plan node."""

    partition_by: tuple[Expression, ...]
    ordering: tuple[Ordering, ...]


@frozen
class ResolvedWindow:
    """The window of a call as written, with what it takes over from a named window."""

    partition_by: tuple[ast.Expression, ...]
    order_by: ast.OrderBy | None
    frame: ast.WindowFrame | None
    node: ast.Node


@dataclass(slots=True)
class CallCollector:
    """See the module. `at` is the SELECT's place; `windows_named` are the WINDOW clause's definitions, by name in the
    standard's case; `window_places` says of each key of a window in which clause it stands, for messages;
    `keys` are the expressions that the SELECT groups by;
    `output_references` are the places where ORDER BY names a column of the SELECT list, `order_by_faults` the calls in
    ORDER BY that must not.

    What is wrong with a call though its arguments fit is told when all else is bound: `aggregation_faults` as the
    expression is compared with the grouping, then `missing_windows`, then `window_faults`.
    """

    symbols: ir.SymbolAllocator
    at: Location
    keys: GroupingKeys | None = None
    windows_named: dict[str, ResolvedWindow] = field(default_factory=dict)
    aggregates: dict[AggregateCall, Symbol] = field(default_factory=dict)
    groupings: dict[tuple[Symbol, ...], Symbol] = field(default_factory=dict)
    grouping_places: list[tuple[ast.GroupingOperation, tuple[Symbol, ...]]] = field(default_factory=list)
    windows: dict[WindowKey, dict[WindowCall, Symbol]] = field(default_factory=dict)
    window_places: dict[Expression, tuple[str, ast.Expression]] = field(default_factory=dict)
    pattern_windows: dict[
        tuple[WindowKey, ast.WindowFrame], tuple[PatternWindow, dict[ast.Identifier, SlottedExpression]]
    ] = field(default_factory=dict)
    aggregates_in_window: bool = False
    frame_targets: list[tuple[Symbol, Expression]] = field(default_factory=list)
    output_references: list[Location] = field(default_factory=list)
    order_by_faults: list[LodestarError] = field(default_factory=list)
    aggregation_faults: list[LodestarError] = field(default_factory=list)
    missing_windows: list[LodestarError] = field(default_factory=list)
    window_faults: list[LodestarError] = field(default_factory=list)

    def check_calls(self) -> None:
        """Raises: LodestarError with the first thing that is wrong with a call."""
        for fault in (*self.aggregation_faults, *self.missing_windows, *self.window_faults):
            raise fault

    def aggregate(self, call: AggregateCall) -> ir.SymbolRef:
        """The column that holds an aggregate's result."""
        symbol = self.aggregates.get(call)
        if symbol is None:
            symbol = self.symbols.new(call.function.result, call.function.name)
            self.aggregates[call] = symbol
        return ir.SymbolRef(symbol)

    def grouping(self, node: ast.GroupingOperation, columns: tuple[Symbol, ...], type_: Type) -> ir.SymbolRef:
        """The column that holds GROUPING(columns)."""
        symbol = self.groupings.get(columns)
        if symbol is None:
            symbol = self.symbols.new(type_, "grouping")
            self.groupings[columns] = symbol
        self.grouping_places.append((node, columns))
        return ir.SymbolRef(symbol)

    def window(self, key: WindowKey, call: WindowCall) -> ir.SymbolRef:
        """The column that holds a window function's result."""
        calls = self.windows.setdefault(key, {})
        symbol = calls.get(call)
        if symbol is None:
            symbol = self.symbols.new(call.function.result, call.function.name)
            calls[call] = symbol
        return ir.SymbolRef(symbol)
