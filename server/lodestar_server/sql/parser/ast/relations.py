"""What stands in FROM: tables, joins, UNNEST, LATERAL, table functions, samples and MATCH_RECOGNIZE."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, QueryBody, Relation
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.pattern import (
    MeasureDefinition,
    PatternSearchMode,
    RowPattern,
    RowsPerMatch,
    SkipTo,
    SubsetDefinition,
    VariableDefinition,
)
from lodestar_server.sql.parser.ast.query import OrderBy, Query
from lodestar_server.sql.parser.ast.types import DataType


class QueryPeriodType(Enum):
    """FOR TIMESTAMP or FOR VERSION."""

    TIMESTAMP = "TIMESTAMP"
    VERSION = "VERSION"


class QueryPeriod(Node):
    """`FOR type AS OF end`; `start` is for ranges, which 476 has no syntax for."""

    type: QueryPeriodType
    start: Expression | None
    end: Expression | None


class Table(QueryBody):
    """A named table, view or WITH query; also `TABLE name` as a query."""

    name: QualifiedName
    query_period: QueryPeriod | None = None


class AliasedRelation(Relation):
    """`relation AS alias (column, …)`."""

    relation: Relation
    alias: Identifier
    column_names: tuple[Identifier, ...] | None = None


class JoinType(Enum):
    """How two relations are joined; IMPLICIT is the comma."""

    CROSS = "CROSS"
    INNER = "INNER"
    LEFT = "LEFT"
    RIGHT = "RIGHT"
    FULL = "FULL"
    IMPLICIT = "IMPLICIT"


class JoinCriteria(Node):
    """What decides a match."""


class JoinOn(JoinCriteria):
    """ON expression."""

    expression: Expression


class JoinUsing(JoinCriteria):
    """USING (columns)."""

    columns: tuple[Identifier, ...]


class NaturalJoin(JoinCriteria):
    """NATURAL."""


class Join(Relation):
    """`left type JOIN right criteria`; CROSS and IMPLICIT have no criteria."""

    type: JoinType
    left: Relation
    right: Relation
    criteria: JoinCriteria | None = None


class SampleType(Enum):
    """The method of TABLESAMPLE."""

    BERNOULLI = "BERNOULLI"
    SYSTEM = "SYSTEM"


class SampledRelation(Relation):
    """`relation TABLESAMPLE type (percentage)`."""

    relation: Relation
    type: SampleType
    percentage: Expression


class Unnest(Relation):
    """`UNNEST(a, b) WITH ORDINALITY`."""

    expressions: tuple[Expression, ...]
    with_ordinality: bool


class Lateral(Relation):
    """`LATERAL (query)`."""

    query: Query


class PatternRecognitionRelation(Relation):
    """`input MATCH_RECOGNIZE (…)`."""

    input: Relation
    partition_by: tuple[Expression, ...]
    order_by: OrderBy | None
    measures: tuple[MeasureDefinition, ...]
    rows_per_match: RowsPerMatch | None
    after_match_skip_to: SkipTo | None
    pattern_search_mode: PatternSearchMode | None
    pattern: RowPattern
    subsets: tuple[SubsetDefinition, ...]
    variable_definitions: tuple[VariableDefinition, ...]


class DescriptorField(Node):
    """A column of a descriptor."""

    name: Identifier
    type: DataType | None = None


class Descriptor(Node):
    """`DESCRIPTOR(name type, …)`."""

    fields: tuple[DescriptorField, ...]


class TableFunctionDescriptorArgument(Node):
    """A descriptor argument; `CAST(NULL AS DESCRIPTOR)` has none."""

    descriptor: Descriptor | None


class EmptyTableTreatmentType(Enum):
    """What an empty table argument means."""

    KEEP = "KEEP"
    PRUNE = "PRUNE"


class EmptyTableTreatment(Node):
    """KEEP or PRUNE WHEN EMPTY."""

    treatment: EmptyTableTreatmentType


class TableFunctionTableArgument(Node):
    """`TABLE(relation) PARTITION BY … PRUNE WHEN EMPTY ORDER BY …`; PARTITION BY () is an empty tuple, not None."""

    table: Relation
    partition_by: tuple[Expression, ...] | None
    order_by: OrderBy | None
    empty_table_treatment: EmptyTableTreatment | None


class TableFunctionArgument(Node):
    """An argument, positional or `name => value`; the value is an Expression or one of the two argument kinds above."""

    name: Identifier | None
    value: Node


class TableFunctionInvocation(Relation):
    """`TABLE(name(arguments COPARTITION (a, b), …))`."""

    name: QualifiedName
    arguments: tuple[TableFunctionArgument, ...]
    copartitioning: tuple[tuple[QualifiedName, ...], ...]
