"""Calls that see several rows: aggregates and window functions. Not expressions: they stand in plan nodes only."""

from __future__ import annotations

from enum import Enum

from lodestar_server.ir.expressions import Expression
from lodestar_server.ir.functions import FunctionRef
from lodestar_server.ir.symbols import Symbol
from lodestar_server.spi.values import frozen


@frozen
class Ordering:
    """One sort key. NaN is least with NULLS FIRST and greatest with NULLS LAST, in the ascending sense."""

    key: Expression
    ascending: bool = True
    nulls_first: bool = False


@frozen
class AggregateCall:
    """An aggregate over the rows of a group for which `filter` is true.

    `distinct` drops repeated argument tuples, `ordering` is the order in which rows are taken (array_agg, listagg).
    A lambda argument (reduce_agg) is a `Lambda` among `arguments`.
    """

    function: FunctionRef
    arguments: tuple[Expression, ...]
    distinct: bool = False
    filter: Expression | None = None
    ordering: tuple[Ordering, ...] = ()


class FrameUnit(Enum):
    """ROWS, RANGE, GROUPS."""

    ROWS = "ROWS"
    RANGE = "RANGE"
    GROUPS = "GROUPS"


class FrameBoundKind(Enum):
    """Where a frame begins or ends."""

    UNBOUNDED_PRECEDING = "UNBOUNDED PRECEDING"
    PRECEDING = "PRECEDING"
    CURRENT_ROW = "CURRENT ROW"
    FOLLOWING = "FOLLOWING"
    UNBOUNDED_FOLLOWING = "UNBOUNDED FOLLOWING"


@frozen
class FrameBound:
    """`offset` only with PRECEDING and FOLLOWING.

    ROWS and GROUPS: a number of rows or groups. RANGE: the distance; `target`, the sort key moved by the distance
    (computed by Trino's operators, so that intervals and decimals behave), is what the kernel compares with.
    """

    kind: FrameBoundKind
    offset: Expression | None = None
    target: Symbol | None = None


@frozen
class WindowFrame:
    """The rows that an aggregate in a window sees."""

    unit: FrameUnit
    start: FrameBound
    end: FrameBound


DEFAULT_FRAME = WindowFrame(
    FrameUnit.RANGE, FrameBound(FrameBoundKind.UNBOUNDED_PRECEDING), FrameBound(FrameBoundKind.CURRENT_ROW)
)


@frozen
class WindowCall:
    """A window function or an aggregate used as one; the window itself stands in the plan node."""

    function: FunctionRef
    arguments: tuple[Expression, ...]
    frame: WindowFrame = DEFAULT_FRAME
    ignore_nulls: bool = False
    distinct: bool = False
    filter: Expression | None = None
    ordering: tuple[Ordering, ...] = ()
