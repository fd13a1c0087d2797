"""Queries: SELECT and its clauses, WITH, set operations, ordering, windows. Relations of FROM are in `relations.py`."""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from lodestar_server.sql.parser.ast.base import Expression, QueryBody, Relation, Statement
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.pattern import (
    MeasureDefinition,
    PatternSearchMode,
    RowPattern,
    SkipTo,
    SubsetDefinition,
    VariableDefinition,
)
from lodestar_server.sql.parser.ast.routines import FunctionSpecification


class SelectItem(Node):
    """What stands between SELECT and FROM."""


class SingleColumn(SelectItem):
    """`expression AS alias`."""

    expression: Expression
    alias: Identifier | None = None


class AllColumns(SelectItem):
    """`*`, or `target.*`, which may rename: `target.* AS (a, b)`."""

    target: Expression | None = None
    aliases: tuple[Identifier, ...] = ()


class Select(Node):
    """The SELECT list."""

    distinct: bool
    select_items: tuple[SelectItem, ...]


class GroupingElement(Node):
    """One element of GROUP BY."""


class AutoGroupBy(GroupingElement):
    """GROUP BY AUTO."""


class SimpleGroupBy(GroupingElement):
    """A column, or a list of them in parentheses."""

    columns: tuple[Expression, ...]


class GroupingSetsType(Enum):
    """How the sets are written."""

    EXPLICIT = "GROUPING SETS"
    ROLLUP = "ROLLUP"
    CUBE = "CUBE"


class GroupingSets(GroupingElement):
    """GROUPING SETS, ROLLUP or CUBE over sets of columns."""

    type: GroupingSetsType
    sets: tuple[tuple[Expression, ...], ...]


class GroupBy(Node):
    """GROUP BY; `distinct` removes duplicate grouping sets."""

    distinct: bool
    elements: tuple[GroupingElement, ...]


class Ordering(Enum):
    """ASC (also when absent) or DESC."""

    ASCENDING = "ASC"
    DESCENDING = "DESC"


class NullOrdering(Enum):
    """NULLS FIRST, NULLS LAST, or nothing written."""

    FIRST = "NULLS FIRST"
    LAST = "NULLS LAST"
    UNDEFINED = "UNDEFINED"


class SortItem(Node):
    """One key of ORDER BY."""

    sort_key: Expression
    ordering: Ordering
    null_ordering: NullOrdering


class OrderBy(Node):
    """ORDER BY."""

    sort_items: tuple[SortItem, ...]


class Offset(Node):
    """OFFSET; the count is a LongLiteral or a Parameter."""

    row_count: Expression


class Limit(Node):
    """LIMIT; the count is a LongLiteral, a Parameter or AllRows."""

    row_count: Expression


class FetchFirst(Node):
    """FETCH FIRST n ROWS ONLY or WITH TIES; without a count, one row."""

    row_count: Expression | None
    with_ties: bool


class WindowFrameType(Enum):
    """The unit of a window frame."""

    RANGE = "RANGE"
    ROWS = "ROWS"
    GROUPS = "GROUPS"


class FrameBoundType(Enum):
    """Where a frame starts or ends."""

    UNBOUNDED_PRECEDING = "UNBOUNDED PRECEDING"
    PRECEDING = "PRECEDING"
    CURRENT_ROW = "CURRENT ROW"
    FOLLOWING = "FOLLOWING"
    UNBOUNDED_FOLLOWING = "UNBOUNDED FOLLOWING"


class FrameBound(Node):
    """One end of a frame; PRECEDING and FOLLOWING have a value."""

    type: FrameBoundType
    value: Expression | None = None


class WindowFrame(Node):
    """A frame, with the row pattern clauses it may carry."""

    type: WindowFrameType
    start: FrameBound
    end: FrameBound | None = None
    measures: tuple[MeasureDefinition, ...] = ()
    after_match_skip_to: SkipTo | None = None
    pattern_search_mode: PatternSearchMode | None = None
    pattern: RowPattern | None = None
    subsets: tuple[SubsetDefinition, ...] = ()
    variable_definitions: tuple[VariableDefinition, ...] = ()


class WindowSpecification(Node):
    """`(existing PARTITION BY … ORDER BY … frame)`."""

    existing_window_name: Identifier | None
    partition_by: tuple[Expression, ...]
    order_by: OrderBy | None
    frame: WindowFrame | None


class WindowReference(Node):
    """`OVER w`."""

    name: Identifier


Window: TypeAlias = WindowSpecification | WindowReference


class WindowDefinition(Node):
    """`w AS (…)` in the WINDOW clause."""

    name: Identifier
    window: WindowSpecification


class WithQuery(Node):
    """A named query of WITH."""

    name: Identifier
    query: Query
    column_names: tuple[Identifier, ...] | None = None


class With(Node):
    """WITH or WITH RECURSIVE."""

    recursive: bool
    queries: tuple[WithQuery, ...]


class SessionProperty(Node):
    """`SESSION name = value` of a query's WITH SESSION."""

    name: QualifiedName
    value: Expression


class Query(Statement):
    """A whole query. As in Trino, ORDER BY, OFFSET and LIMIT of a plain SELECT live in its QuerySpecification, those of
    a set operation, VALUES, TABLE or a parenthesised body live here.
    """

    session_properties: tuple[SessionProperty, ...]
    functions: tuple[FunctionSpecification, ...]
    with_: With | None
    body: QueryBody
    order_by: OrderBy | None = None
    offset: Offset | None = None
    limit: Limit | FetchFirst | None = None


class QuerySpecification(QueryBody):
    """SELECT … FROM … WHERE … . Several relations in FROM arrive as IMPLICIT joins."""

    select: Select
    from_: Relation | None = None
    where: Expression | None = None
    group_by: GroupBy | None = None
    having: Expression | None = None
    windows: tuple[WindowDefinition, ...] = ()
    order_by: OrderBy | None = None
    offset: Offset | None = None
    limit: Limit | FetchFirst | None = None


class Corresponding(Node):
    """CORRESPONDING BY (columns) of a set operation; without BY there are no columns."""

    columns: tuple[Identifier, ...]


class SetOperation(QueryBody):
    """UNION, INTERSECT, EXCEPT. A chain of one operator leans left, as it is evaluated."""

    distinct: bool
    left: QueryBody
    right: QueryBody
    corresponding: Corresponding | None = None


class Union(SetOperation):
    """UNION."""


class Intersect(SetOperation):
    """INTERSECT."""


class Except(SetOperation):
    """EXCEPT."""


class Values(QueryBody):
    """VALUES; a row of several columns is a Row, one of a single column any expression."""

    rows: tuple[Expression, ...]


class TableSubquery(QueryBody):
    """A query in parentheses, in FROM or inside a set operation."""

    query: Query
