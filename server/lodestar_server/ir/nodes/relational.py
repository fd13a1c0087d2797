"""Nodes over one or more sources: filter, project, join, aggregate, window, sort, set operations and their kin."""

from __future__ import annotations

from dataclasses import field, replace
from enum import Enum

from lodestar_server.ir import TRUE, AggregateCall, Expression, Ordering, Symbol, WindowCall
from lodestar_server.ir.nodes.base import PlanNode
from lodestar_server.spi.errors import Location
from lodestar_server.spi.values import frozen


@frozen
class Unary(PlanNode):
    """A node over one source that passes its columns on, unless it says otherwise."""

    source: PlanNode

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.source.outputs

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        return (self.source,)

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        (source,) = sources
        return replace(self, source=source)


@frozen
class Filter(Unary):
    """Rows for which the predicate is true."""

    predicate: Expression


@frozen
class Project(Unary):
    """Exactly these columns; an identity assignment is `(symbol, SymbolRef(symbol))`."""

    assignments: tuple[tuple[Symbol, Expression], ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return tuple(symbol for symbol, _ in self.assignments)


@frozen
class Limit(Unary):
    """At most `count` rows after dropping `offset`. With `ties`, also the rows equal to the last under `ties`."""

    count: int | None
    offset: int = 0
    ties: tuple[Ordering, ...] = ()


@frozen
class Sort(Unary):
    """Rows in order. A Limit directly above makes it a top-N."""

    ordering: tuple[Ordering, ...]


class SampleMethod(Enum):
    """TABLESAMPLE methods."""

    BERNOULLI = "BERNOULLI"
    SYSTEM = "SYSTEM"


@frozen
class Sample(Unary):
    """A random part of the rows; `ratio` from 0 to 1."""

    method: SampleMethod
    ratio: float


@frozen
class Aggregate(Unary):
    """Groups by `keys` and aggregates. No aggregations: DISTINCT.

    `grouping_sets` None groups once by all keys (no keys: one group, one row even over no rows); otherwise each set
    is a tuple of keys, absent keys are NULL. `group_id`, when set, is a bigint column with the index of the set that
    made the row (grouping() is computed from it).
    """

    keys: tuple[Symbol, ...]
    aggregations: tuple[tuple[Symbol, AggregateCall], ...] = ()
    grouping_sets: tuple[tuple[Symbol, ...], ...] | None = None
    group_id: Symbol | None = None

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        extra = () if self.group_id is None else (self.group_id,)
        return (*self.keys, *extra, *(symbol for symbol, _ in self.aggregations))


@frozen
class Window(Unary):
    """The source's columns and one more per call, over one PARTITION BY and ORDER BY."""

    partition_by: tuple[Expression, ...]
    ordering: tuple[Ordering, ...]
    calls: tuple[tuple[Symbol, WindowCall], ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return (*self.source.outputs, *(symbol for symbol, _ in self.calls))


class JoinKind(Enum):
    """INNER without condition is a cross join."""

    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"


@frozen
class Join(PlanNode):
    """Left and right columns of the pairs that satisfy the condition.

    `lateral`: the right side may refer to columns of the left one; `at` is then where it is written.
    """

    kind: JoinKind
    left: PlanNode
    right: PlanNode
    condition: Expression = TRUE
    lateral: bool = False
    at: Location | None = field(default=None, compare=False, repr=False)

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return (*self.left.outputs, *self.right.outputs)

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        return (self.left, self.right)

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        left, right = sources
        return replace(self, left=left, right=right)


@frozen
class Unnest(Unary):
    """Each row of the source with each element of its collections, zipped and padded with NULL.

    `collections`: (array or map expression over the source, its output symbols): one for an array, one per field for
    an array of rows, two for a map. `outer`: a row with only empty collections stays, with NULLs (LEFT JOIN).
    """

    collections: tuple[tuple[Expression, tuple[Symbol, ...]], ...]
    ordinality: Symbol | None = None
    outer: bool = False

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        made = tuple(symbol for _, symbols in self.collections for symbol in symbols)
        return (*self.source.outputs, *made, *(() if self.ordinality is None else (self.ordinality,)))


class SetOperator(Enum):
    """UNION, INTERSECT, EXCEPT."""

    UNION = "UNION"
    INTERSECT = "INTERSECT"
    EXCEPT = "EXCEPT"


@frozen
class SetOperation(PlanNode):
    """Columns by position: `mappings[i]` are the symbols of input i for `symbols`, of the same types."""

    operator: SetOperator
    distinct: bool
    inputs: tuple[PlanNode, ...]
    mappings: tuple[tuple[Symbol, ...], ...]
    symbols: tuple[Symbol, ...]

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        return self.inputs

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        return replace(self, inputs=sources)


@frozen
class RecursiveUnion(PlanNode):
    """WITH RECURSIVE: the base, then the step over the rows of the step before until it gives none.

    `distinct` is UNION, else UNION ALL. More than `max_steps` steps that give rows raise NOT_SUPPORTED.
    """

    key: int
    base: PlanNode
    step: PlanNode
    mappings: tuple[tuple[Symbol, ...], tuple[Symbol, ...]]
    symbols: tuple[Symbol, ...]
    distinct: bool
    max_steps: int

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.symbols

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        return (self.base, self.step)

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        base, step = sources
        return replace(self, base=base, step=step)


@frozen
class Shared(PlanNode):
    """A WITH query that is read more than once: `definition` is computed for the `SharedScan`s in `body`."""

    key: int
    definition: PlanNode
    body: PlanNode

    @property
    def outputs(self) -> tuple[Symbol, ...]:
        return self.body.outputs

    @property
    def sources(self) -> tuple[PlanNode, ...]:
        return (self.definition, self.body)

    def with_sources(self, sources: tuple[PlanNode, ...]) -> PlanNode:
        definition, body = sources
        return replace(self, definition=definition, body=body)
