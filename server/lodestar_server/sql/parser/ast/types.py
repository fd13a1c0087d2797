"""Type names as written in CAST, column definitions and routines; nothing is resolved here."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression
from lodestar_server.sql.parser.ast.literals import IntervalField
from lodestar_server.sql.parser.ast.names import Identifier
from lodestar_server.sql.parser.ast.node import Node


class DataType(Expression):
    """A type name."""


class DataTypeParameter(Node):
    """What stands in the parentheses of a type."""


class NumericParameter(DataTypeParameter):
    """A number, as written."""

    value: str


class TypeParameter(DataTypeParameter):
    """A type, or a name that may turn out to be a type variable."""

    type: DataType


class GenericDataType(DataType):
    """`name(arguments)`: every type without a syntax of its own. `x ARRAY` and `ARRAY<x>` arrive as `ARRAY(x)`."""

    name: Identifier
    arguments: tuple[DataTypeParameter, ...] = ()


class DateTimeType(Enum):
    """The two families with an optional precision and zone."""

    TIME = "TIME"
    TIMESTAMP = "TIMESTAMP"


class DateTimeDataType(DataType):
    """`time(p)` and `timestamp(p)`, with or without time zone."""

    type: DateTimeType
    with_time_zone: bool
    precision: DataTypeParameter | None = None


class IntervalDataType(DataType):
    """`INTERVAL from TO to`; without TO both fields are the same."""

    from_field: IntervalField
    to_field: IntervalField


class RowField(Node):
    """One field of a row type."""

    name: Identifier | None
    type: DataType


class RowDataType(DataType):
    """`ROW(name type, …)`."""

    fields: tuple[RowField, ...]
