"""Type names as written in CAST, column definitions and routines; nothing is resolved here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Node
from lodestar_server.sql.parser.ast.literals import IntervalField
from lodestar_server.sql.parser.ast.names import Identifier


@dataclass(frozen=True, slots=True)
class DataType(Expression):
    """A type name."""


@dataclass(frozen=True, slots=True)
class DataTypeParameter(Node):
    """What stands in the parentheses of a type."""


@dataclass(frozen=True, slots=True)
class NumericParameter(DataTypeParameter):
    """A number, as written."""

    value: str


@dataclass(frozen=True, slots=True)
class TypeParameter(DataTypeParameter):
    """A type, or a name that may turn out to be a type variable."""

    type: DataType


@dataclass(frozen=True, slots=True)
class GenericDataType(DataType):
    """`name(arguments)`: every type without a syntax of its own. `x ARRAY` and `ARRAY<x>` arrive as `ARRAY(x)`."""

    name: Identifier
    arguments: tuple[DataTypeParameter, ...] = ()


class DateTimeType(Enum):
    """The two families with an optional precision and zone."""

    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"


@dataclass(frozen=True, slots=True)
class DateTimeDataType(DataType):
    """`time(p)` and `timestamp(p)`, with or without time zone."""

    type: DateTimeType
    with_time_zone: bool
    precision: DataTypeParameter | None = None


@dataclass(frozen=True, slots=True)
class IntervalDataType(DataType):
    """`INTERVAL from TO to`; without TO both fields are the same."""

    from_field: IntervalField
    to_field: IntervalField


@dataclass(frozen=True, slots=True)
class RowField(Node):
    """One field of a row type."""

    name: Identifier | None
    type: DataType


@dataclass(frozen=True, slots=True)
class RowDataType(DataType):
    """`ROW(name type, …)`."""

    fields: tuple[RowField, ...]
