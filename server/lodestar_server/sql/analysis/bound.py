"""What analysis hands on: statements that are plans. Statements that are commands go on as syntax trees."""

from __future__ import annotations

from lodestar_server.ir.nodes import Output
from lodestar_server.spi.names import QualifiedName
from lodestar_server.spi.types import Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.environment import RelationPlan


@frozen
class OutputField:
    """A result column, with where it comes from for DESCRIBE OUTPUT."""

    name: str
    type: Type
    origin: tuple[QualifiedName, str] | None
    aliased: bool


@frozen
class BoundQuery:
    """A query: its plan, result columns, and the tables and views that it reads."""

    plan: Output
    fields: tuple[OutputField, ...]
    tables: frozenset[QualifiedName]
    relation: RelationPlan
