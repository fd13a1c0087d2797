"""What an expression of DEFINE or MEASURES reads of a match, each thing under a symbol of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lodestar_server import ir
from lodestar_server.ir import AggregateCall, Expression, Symbol
from lodestar_server.ir.nodes.patterns import AggregateSlot, ClassifierSlot, ColumnSlot, Navigation, NumberSlot, Slot
from lodestar_server.spi.types import BIGINT, VARCHAR
from lodestar_server.spi.values import frozen

_HERE = Navigation()


@dataclass(slots=True)
class SlotCollector:
    """The slots of one expression; the same thing read twice is one slot."""

    symbols: ir.SymbolAllocator
    columns: dict[tuple[Symbol, Navigation], ColumnSlot] = field(default_factory=dict)
    classifiers: dict[Navigation, ClassifierSlot] = field(default_factory=dict)
    number: NumberSlot | None = None
    aggregates: list[AggregateSlot] = field(default_factory=list)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All of them."""
        number = () if self.number is None else (self.number,)
        return (*self.columns.values(), *self.classifiers.values(), *number, *self.aggregates)


@frozen
class PatternScope:
    """Where an expression stands in a row pattern: the labels it may name and the navigation around it.

    Inside an aggregate's arguments (`aggregate` is set) columns mean those of the row that is aggregated, and
    `aggregate` keeps the symbols of that row's label and of the number of the match.
    """

    labels: Mapping[str, frozenset[int]]
    collector: SlotCollector
    in_window: bool = False
    navigation: Navigation = _HERE
    aggregate: dict[str, Symbol] | None = None

    def moved(self, navigation: Navigation) -> PatternScope:
        """The scope inside a navigation function."""
        return replace(self, navigation=navigation)

    def inside_aggregate(self) -> PatternScope:
        """The scope of an aggregate's arguments."""
        return replace(self, aggregate={}, navigation=_HERE)

    def column(self, reference: ir.SymbolRef, label: str | None) -> Expression:
        """The value of a column, of the row that the label and the navigation mean."""
        if self.aggregate is not None:
            return reference
        navigation = self._navigation(label)
        known = self.collector.columns
        slot = known.get((reference.symbol, navigation))
        if slot is None:
            slot = ColumnSlot(self.collector.symbols.like(reference.symbol), reference.symbol, navigation)
            known[reference.symbol, navigation] = slot
        return ir.SymbolRef(slot.symbol, at=reference.at)

    def _navigation(self, label: str | None) -> Navigation:
        return self.navigation if label is None else replace(self.navigation, labels=self.labels[label])

    def classifier(self, label: str | None) -> Expression:
        """CLASSIFIER()."""
        if self.aggregate is not None:
            return self._of_aggregate("classifier")
        navigation = self._navigation(label)
        slot = self.collector.classifiers.get(navigation)
        if slot is None:
            slot = ClassifierSlot(self.collector.symbols.new(VARCHAR, "classifier"), navigation)
            self.collector.classifiers[navigation] = slot
        return ir.SymbolRef(slot.symbol)

    def match_number(self) -> Expression:
        """MATCH_NUMBER()."""
        if self.aggregate is not None:
            return self._of_aggregate("number")
        if self.collector.number is None:
            self.collector.number = NumberSlot(self.collector.symbols.new(BIGINT, "match_number"))
        return ir.SymbolRef(self.collector.number.symbol)

    def _of_aggregate(self, name: str) -> Expression:
        assert self.aggregate is not None
        if name not in self.aggregate:
            type_ = VARCHAR if name == "classifier" else BIGINT
            self.aggregate[name] = self.collector.symbols.new(type_, name)
        return ir.SymbolRef(self.aggregate[name])

    def add_aggregate(self, call: AggregateCall, label: str | None, running: bool, inside: PatternScope) -> Expression:
        """An aggregate over the rows under a label, None for all; its arguments were bound in `inside`."""
        assert inside.aggregate is not None
        symbol = self.collector.symbols.new(call.function.result, call.function.name)
        labels = frozenset[int]() if label is None else self.labels[label]
        made = inside.aggregate
        slot = AggregateSlot(symbol, call, labels, running, made.get("classifier"), made.get("number"))
        self.collector.aggregates.append(slot)
        return ir.SymbolRef(symbol)
