"""The plan of a row pattern: rows numbered, conditions computed, matches found, what measures read brought back.

    numbered rows (shared)
      → conditions that read only a row and its neighbours, as columns → MatchRows
      → one join with the numbered rows for each navigation → aggregates as windows over the rows of a match

Conditions that look at the match so far are handed to the matcher as expressions over slots.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lodestar_server import ir
from lodestar_server.functions.resolution import resolve_function
from lodestar_server.ir import (
    Constant,
    Expression,
    FrameBound,
    FrameBoundKind,
    FrameUnit,
    FunctionKind,
    Ordering,
    Symbol,
    SymbolRef,
    WindowCall,
    WindowFrame,
)
from lodestar_server.ir.nodes import (
    Filter,
    Join,
    JoinKind,
    PlanNode,
    Project,
    Shared,
    SharedScan,
    Window,
    map_window_call,
)
from lodestar_server.ir.nodes.patterns import (
    ROW_HIDDEN,
    ROW_MATCHED,
    ROW_UNMATCHED,
    AggregateSlot,
    ClassifierSlot,
    ColumnSlot,
    LabelCondition,
    MatchRows,
    Navigation,
    NumberSlot,
    RowPatternProgram,
    Slot,
)
from lodestar_server.spi.types import BIGINT, INTEGER, VARCHAR, VarcharType
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.environment import Analysis

_WHOLE = WindowFrame(
    FrameUnit.ROWS, FrameBound(FrameBoundKind.UNBOUNDED_PRECEDING), FrameBound(FrameBoundKind.UNBOUNDED_FOLLOWING)
)
_SO_FAR = WindowFrame(
    FrameUnit.ROWS, FrameBound(FrameBoundKind.UNBOUNDED_PRECEDING), FrameBound(FrameBoundKind.CURRENT_ROW)
)


_START = Navigation(last=False, offset=-1)
"""Stands for the row where a search began."""


@frozen
class SlottedExpression:
    """A bound expression of DEFINE or MEASURES, over its slots."""

    expression: Expression
    slots: tuple[Slot, ...]


@frozen
class Recognized:
    """A plan with a row for each row that the pattern gives. `rows`: columns of the source → columns of the row shown;
    `measures` and `calls`: values over the plan.
    """

    plan: PlanNode
    rows: dict[Symbol, Symbol]
    measures: list[Expression]
    calls: list[tuple[Symbol, Expression]]


@dataclass(slots=True)
class Recognition:
    """Builds the plan of one row pattern over `source`, whose columns `columns` may be read.

    `calls` are window functions over a pattern window: their frame is the match.
    """

    analysis: Analysis
    source: PlanNode
    columns: tuple[Symbol, ...]
    partition_by: tuple[Symbol, ...]
    ordering: tuple[Ordering, ...]
    program: RowPatternProgram
    definitions: dict[int, SlottedExpression]
    measures: tuple[SlottedExpression, ...]
    frame_end: Symbol | None = None
    in_window: bool = False
    calls: tuple[tuple[Symbol, WindowCall], ...] = ()
    _key: int = 0
    _shared: tuple[Symbol, ...] = ()
    _joined: dict[Navigation | None, dict[Symbol, Symbol]] = field(default_factory=dict)

    def build(self) -> Recognized:
        """The plan and what stands in it."""
        row = self.analysis.symbols.new(BIGINT, "row")
        numbering = WindowCall(resolve_function("row_number", []), ())
        numbered = Window(self.source, (), self.ordering, ((row, numbering),))
        self._shared = tuple(dict.fromkeys((*self.columns, row)))
        kept = Project(numbered, tuple((symbol, SymbolRef(symbol)) for symbol in self._shared))
        self._key = self.analysis.next_shared_key
        self.analysis.next_shared_key += 1
        matches = self._matches(row)
        plan: PlanNode = matches
        plan = self._join(plan, None, matches.current, row)
        for symbol, navigation in matches.navigations:
            plan = self._join(plan, navigation, symbol, row)
        current = self._joined[None]
        values: dict[Symbol, Expression] = {}
        aggregates: list[AggregateSlot] = []
        for slot in (slot for measure in self.measures for slot in measure.slots):
            match slot:
                case ColumnSlot():
                    values[slot.symbol] = SymbolRef(self._joined[slot.navigation][slot.column])
                case ClassifierSlot():
                    targets = {navigation: symbol for symbol, navigation in matches.classifiers}
                    values[slot.symbol] = SymbolRef(targets[slot.navigation])
                case NumberSlot():
                    values[slot.symbol] = SymbolRef(matches.number)
                case AggregateSlot():
                    aggregates.append(slot)
        plan = self._aggregated(plan, matches, current, aggregates)
        plan, calls = self._called(plan, matches, current)
        if matches.program.every_row:
            plan = Filter(plan, _kind(matches, ir.ComparisonOperator.NOT_EQUAL, ROW_HIDDEN))
        measures = [ir.replace_symbols(one.expression, values) for one in self.measures]
        unmatched = _kind(matches, ir.ComparisonOperator.EQUAL, ROW_UNMATCHED)
        shown: list[Expression] = [ir.Case(((unmatched, Constant(one.type, None)),), one) for one in measures]
        rows = current
        if self.in_window:
            # The row that is shown is the one where the search began, not the match's last.
            plan = self._join(plan, _START, matches.start, row)
            rows = self._joined[_START]
        return Recognized(Shared(self._key, kept, plan), rows, shown, calls)

    def _scan(self) -> tuple[SharedScan, dict[Symbol, Symbol]]:
        copies = {symbol: self.analysis.symbols.like(symbol) for symbol in self._shared}
        return SharedScan(self._key, tuple(copies.values())), copies

    def _join(self, plan: PlanNode, navigation: Navigation | None, target: Symbol, row: Symbol) -> PlanNode:
        scan, copies = self._scan()
        self._joined[navigation] = copies
        same = ir.Comparison(ir.ComparisonOperator.EQUAL, SymbolRef(target), SymbolRef(copies[row]))
        always = navigation is None or navigation is _START
        return Join(JoinKind.INNER if always else JoinKind.LEFT, plan, scan, same)

    # the matcher

    def _matches(self, row: Symbol) -> MatchRows:
        scan, copies = self._scan()
        partition = tuple(copies[one] for one in self.partition_by)
        plan: PlanNode = scan
        neighbours: dict[tuple[Symbol, int], Symbol] = {}
        computed: list[tuple[Symbol, Expression]] = []
        conditions: list[tuple[int, Symbol]] = []
        dependent: list[LabelCondition] = []
        for label, definition in self.definitions.items():
            if not self._is_local(label, definition):
                slots = tuple(_read_from(slot, copies) for slot in definition.slots)
                dependent.append(LabelCondition(label, definition.expression, slots))
                continue
            symbol = self.analysis.symbols.new(definition.expression.type, self.program.labels[label].lower())
            values = self._local_values(label, definition, copies, neighbours)
            computed.append((symbol, ir.replace_symbols(definition.expression, values)))
            conditions.append((label, symbol))
        if neighbours:
            calls = tuple((symbol, _neighbour(column, shift)) for (column, shift), symbol in neighbours.items())
            keys = tuple(SymbolRef(one) for one in partition)
            plan = Window(plan, keys, (Ordering(SymbolRef(copies[row])),), calls)
        if computed:
            plan = Project(plan, (*((one, SymbolRef(one)) for one in plan.outputs), *computed))
        new = self.analysis.symbols.new
        navigations = {slot.navigation: None for slot in self._slots() if isinstance(slot, ColumnSlot)}
        classifiers = {slot.navigation: None for slot in self._slots() if isinstance(slot, ClassifierSlot)}
        aggregates = bool(self.calls) or any(isinstance(slot, AggregateSlot) for slot in self._slots())
        return MatchRows(
            plan,
            partition,
            copies[row],
            replace(self.program, every_row=self.program.every_row or aggregates),
            tuple(conditions),
            tuple(dependent),
            new(BIGINT, "match_number"),
            new(BIGINT, "start"),
            new(BIGINT, "position"),
            new(BIGINT, "row"),
            new(INTEGER, "kind"),
            new(VARCHAR, "label"),
            tuple((new(BIGINT, "row"), one) for one in navigations),
            tuple((new(VARCHAR, "classifier"), one) for one in classifiers),
            None if self.frame_end is None else copies[self.frame_end],
        )

    def _slots(self) -> list[Slot]:
        return [slot for measure in self.measures for slot in measure.slots]

    def _is_local(self, label: int, definition: SlottedExpression) -> bool:
        """The condition reads only the row under the label and rows at fixed distances from it."""

        def is_local(slot: Slot) -> bool:
            if not isinstance(slot, ColumnSlot | ClassifierSlot):
                return False
            navigation = slot.navigation
            here = navigation.last and not navigation.offset
            if not here or (navigation.labels and label not in navigation.labels):
                return False
            # In a window the frame cuts off neighbours, and it begins at the row of the match.
            shifted = navigation.shift and (isinstance(slot, ClassifierSlot) or self.in_window)
            return not shifted

        return all(is_local(slot) for slot in definition.slots)

    def _local_values(
        self,
        label: int,
        definition: SlottedExpression,
        copies: dict[Symbol, Symbol],
        neighbours: dict[tuple[Symbol, int], Symbol],
    ) -> dict[Symbol, Expression]:
        values: dict[Symbol, Expression] = {}
        for slot in definition.slots:
            if isinstance(slot, ColumnSlot):
                column, shift = copies[slot.column], slot.navigation.shift
                if shift:
                    if (column, shift) not in neighbours:
                        neighbours[column, shift] = self.analysis.symbols.like(column)
                    column = neighbours[column, shift]
                values[slot.symbol] = SymbolRef(column)
            elif isinstance(slot, ClassifierSlot):
                name = self.program.labels[label]
                values[slot.symbol] = coerce(Constant(VarcharType(len(name)), name), VARCHAR)
        return values

    # aggregates of measures

    def _aggregated(
        self, plan: PlanNode, matches: MatchRows, current: dict[Symbol, Symbol], aggregates: list[AggregateSlot]
    ) -> PlanNode:
        """An aggregate over the rows of a match is one over a window: the match, up to the row or to its end."""
        if not aggregates:
            return plan
        calls: list[tuple[Symbol, WindowCall]] = []
        for slot in aggregates:
            values: dict[Symbol, Expression] = {old: SymbolRef(new) for old, new in current.items()}
            if slot.classifier is not None:
                values[slot.classifier] = SymbolRef(matches.label)
            if slot.number is not None:
                values[slot.number] = SymbolRef(matches.number)
            arguments = tuple(ir.replace_symbols(one, values) for one in slot.call.arguments)
            counted: list[Expression] = [_kind(matches, ir.ComparisonOperator.GREATER_OR_EQUAL, ROW_MATCHED)]
            if slot.labels:
                names = tuple(_name(self.program.labels[label]) for label in sorted(slot.labels))
                counted.append(ir.In(SymbolRef(matches.label), names))
            frame = _SO_FAR if slot.running else _WHOLE
            call = WindowCall(slot.call.function, arguments, frame, filter=ir.conjunction(counted))
            calls.append((slot.symbol, call))
        return Window(plan, (SymbolRef(matches.start),), (Ordering(SymbolRef(matches.position)),), tuple(calls))

    def _called(
        self, plan: PlanNode, matches: MatchRows, current: dict[Symbol, Symbol]
    ) -> tuple[PlanNode, list[tuple[Symbol, Expression]]]:
        """Window functions over the rows of the match; without one their frame is empty."""
        if not self.calls:
            return plan, []
        values: dict[Symbol, Expression] = {old: SymbolRef(new) for old, new in current.items()}
        matched = _kind(matches, ir.ComparisonOperator.GREATER_OR_EQUAL, ROW_MATCHED)
        made: list[tuple[Symbol, WindowCall]] = []
        shown: list[tuple[Symbol, Expression]] = []
        for symbol, call in self.calls:
            result = self.analysis.symbols.like(symbol)
            aggregate = call.function.kind is FunctionKind.AGGREGATE
            changed = map_window_call(call, lambda one: ir.replace_symbols(one, values))
            made.append((result, replace(changed, frame=_WHOLE, filter=matched if aggregate else None)))
            value: Expression = SymbolRef(result)
            if not aggregate:
                value = ir.Case(((matched, value),), Constant(value.type, None))
            shown.append((symbol, value))
        ordering = (Ordering(SymbolRef(matches.position)),)
        return Window(plan, (SymbolRef(matches.start),), ordering, tuple(made)), shown


def _name(label: str) -> Expression:
    return Constant(VARCHAR, label)


def _kind(matches: MatchRows, operator: ir.ComparisonOperator, kind: int) -> Expression:
    return ir.Comparison(operator, SymbolRef(matches.kind), Constant(INTEGER, kind))


def _neighbour(column: Symbol, shift: int) -> WindowCall:
    name = "lag" if shift < 0 else "lead"
    function = resolve_function(name, [column.type, BIGINT])
    return WindowCall(function, (SymbolRef(column), Constant(BIGINT, abs(shift))))


def _read_from(slot: Slot, copies: dict[Symbol, Symbol]) -> Slot:
    """The slot over the columns that the matcher reads."""
    match slot:
        case ColumnSlot():
            return replace(slot, column=copies[slot.column])
        case AggregateSlot():
            columns = {old: SymbolRef(new) for old, new in copies.items()}
            arguments = tuple(ir.replace_symbols(one, columns) for one in slot.call.arguments)
            return replace(slot, call=replace(slot.call, arguments=arguments))
    return slot
