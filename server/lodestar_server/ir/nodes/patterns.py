"""Row pattern recognition: the node that finds matches, and what the matcher is told.

Expressions of DEFINE and MEASURES are broken up by the analyzer: what they read of a match (a column's value at a row
of the match, the label of such a row, an aggregate over labelled rows, the number of the match) becomes a symbol, and
the expression over these symbols is an ordinary one. Labels are numbers here, positions in `RowPatternProgram.labels`.
"""

from __future__ import annotations

from enum import Enum

from lodestar_server.ir import AggregateCall, Expression, Symbol
from lodestar_server.ir.nodes.relational import Unary
from lodestar_server.spi.values import frozen


class Opcode(Enum):
    """The instructions of a pattern. Source: Trino's program of the same shape."""

    LABEL = "label"
    """Take one row under the label `first`."""
    SPLIT = "split"
    """Go on at `first`, or, less preferred, at `second`."""
    JUMP = "jump"
    START = "start"
    """Only at the first row of the partition."""
    END = "end"
    """Only after the last row."""
    SAVE = "save"
    """An exclusion begins or ends."""
    DONE = "done"


@frozen
class Instruction:
    """One step of the program."""

    opcode: Opcode
    first: int = 0
    second: int = 0


@frozen
class Navigation:
    """The way from the current row to another: the `offset`-th last or first row under one of the labels (no labels:
    under any), of those up to the current row or, not `running`, of the whole match; then `shift` rows on, inside the
    partition.
    """

    labels: frozenset[int] = frozenset()
    last: bool = True
    running: bool = True
    offset: int = 0
    shift: int = 0

    @property
    def is_current(self) -> bool:
        """The current row itself."""
        return not self.labels and self.last and self.running and not self.offset and not self.shift


@frozen
class ColumnSlot:
    """A column's value where the navigation leads, NULL where it leads nowhere."""

    symbol: Symbol
    column: Symbol
    navigation: Navigation


@frozen
class ClassifierSlot:
    """The label of the row where the navigation leads, NULL outside of the match."""

    symbol: Symbol
    navigation: Navigation


@frozen
class NumberSlot:
    """The number of the match."""

    symbol: Symbol


@frozen
class AggregateSlot:
    """An aggregate over the rows under the labels (none: all rows). Its arguments read columns of such a row;
    `classifier` and `number`, when set, stand in them for the row's label and the number of the match.
    """

    symbol: Symbol
    call: AggregateCall
    labels: frozenset[int]
    running: bool
    classifier: Symbol | None = None
    number: Symbol | None = None


Slot = ColumnSlot | ClassifierSlot | NumberSlot | AggregateSlot


@frozen
class LabelCondition:
    """DEFINE of one label that depends on the rows matched before: a boolean expression over its slots."""

    label: int
    condition: Expression
    slots: tuple[Slot, ...]


class SkipMode(Enum):
    """AFTER MATCH SKIP."""

    PAST_LAST = "PAST LAST ROW"
    NEXT = "TO NEXT ROW"
    FIRST = "TO FIRST"
    LAST = "TO LAST"


class MatchRowsMode(Enum):
    """Which rows of a match leave the matcher. `EACH` is a window: one row for every input row."""

    ONE = "ONE ROW PER MATCH"
    ALL_SHOW_EMPTY = "ALL ROWS PER MATCH SHOW EMPTY MATCHES"
    ALL_OMIT_EMPTY = "ALL ROWS PER MATCH OMIT EMPTY MATCHES"
    ALL_WITH_UNMATCHED = "ALL ROWS PER MATCH WITH UNMATCHED ROWS"
    EACH = "WINDOW"


@frozen
class RowPatternProgram:
    """The compiled pattern and how matches follow each other. `every_row`: also the rows of a match that are not
    shown, for aggregates over them. `initial`: a window's match begins at its row, otherwise anywhere in the frame.
    """

    labels: tuple[str, ...]
    instructions: tuple[Instruction, ...]
    mode: MatchRowsMode
    skip: SkipMode
    skip_labels: frozenset[int] = frozenset()
    every_row: bool = False
    initial: bool = True


ROW_UNMATCHED, ROW_EMPTY, ROW_MATCHED, ROW_HIDDEN = 0, 1, 2, 3
"""What the column `kind` of a `MatchRows` tells: no match, an empty match, a row of a match, one that is not shown."""


@frozen
class MatchRows(Unary):
    """The matches in each partition of the source, whose rows have the unique bigint `row` and are in the order of it.

    `conditions` are boolean columns of the source, one for each label whose DEFINE reads only the row and its
    neighbours; `dependent` are the others, whose slots read columns of the source. `frame_end`: rows after the current
    one that a window's match may reach, NULL for all. Outputs: bigint `number` of the match, bigint `start`, the row
    where the match or the attempt began (unique for a match), bigint `position` in the match from 0, bigint `current`
    row (the row itself for an empty match), integer `kind`, varchar `label`, the rows where `navigations` lead, and the
    labels where `classifiers` lead.
    """

    partition_by: tuple[Symbol, ...]
    row: Symbol
    program: RowPatternProgram
    conditions: tuple[tuple[int, Symbol], ...]
    dependent: tuple[LabelCondition, ...]
    number: Symbol
    start: Symbol
    position: Symbol
    current: Symbol
    kind: Symbol
    label: Symbol
    navigations: tuple[tuple[Symbol, Navigation], ...] = ()
    classifiers: tuple[tuple[Symbol, Navigation], ...] = ()
    frame_end: Symbol | None = None

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        fixed = (self.number, self.start, self.position, self.current, self.kind, self.label)
        return (*fixed, *(one for one, _ in self.navigations), *(one for one, _ in self.classifiers))

    @property
    def inputs(self) -> tuple[Symbol, ...]:
        """The columns of the source that it reads, the partition's keys first."""
        read = [*self.partition_by, self.row, *(symbol for _, symbol in self.conditions)]
        if self.frame_end is not None:
            read.append(self.frame_end)
        return tuple(dict.fromkeys([*read, *self.values]))

    @property
    def values(self) -> tuple[Symbol, ...]:
        """The columns whose values the dependent conditions read."""
        from lodestar_server.ir import referenced_symbols

        found: dict[Symbol, None] = {}
        for condition in self.dependent:
            for slot in condition.slots:
                if isinstance(slot, ColumnSlot):
                    found[slot.column] = None
                elif isinstance(slot, AggregateSlot):
                    for argument in slot.call.arguments:
                        found.update(dict.fromkeys(sorted(referenced_symbols(argument), key=lambda one: one.id)))
                    for made in (slot.classifier, slot.number):
                        if made is not None:
                            found.pop(made, None)
        return tuple(found)
