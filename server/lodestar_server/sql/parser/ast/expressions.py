"""Expressions other than literals, JSON functions and type names. The pieces of windows are in `query.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Node
from lodestar_server.sql.parser.ast.literals import Sign
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.pattern import ProcessingMode
from lodestar_server.sql.parser.ast.query import OrderBy, Query, Window
from lodestar_server.sql.parser.ast.types import DataType


class ArithmeticOperator(Enum):
    """A binary operator on numbers, dates and intervals."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"
    MODULUS = "%"


@dataclass(frozen=True, slots=True)
class ArithmeticBinaryExpression(Expression):
    """`left + right`; at its operator."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class ArithmeticUnaryExpression(Expression):
    """`-value` or `+value`."""

    sign: Sign
    value: Expression


class ComparisonOperator(Enum):
    """A comparison; `!=` is NOT_EQUAL too. IS NOT DISTINCT FROM is a NotExpression around IS_DISTINCT_FROM."""

    EQUAL = "="
    NOT_EQUAL = "<>"
    LESS_THAN = "<"
    LESS_THAN_OR_EQUAL = "<="
    GREATER_THAN = ">"
    GREATER_THAN_OR_EQUAL = ">="
    IS_DISTINCT_FROM = "IS DISTINCT FROM"


@dataclass(frozen=True, slots=True)
class ComparisonExpression(Expression):
    """`left = right`; at its operator."""

    operator: ComparisonOperator
    left: Expression
    right: Expression


class Quantifier(Enum):
    """ALL, ANY or SOME in front of a subquery."""

    ALL = "ALL"
    ANY = "ANY"
    SOME = "SOME"


@dataclass(frozen=True, slots=True)
class QuantifiedComparisonExpression(Expression):
    """`value = ALL (query)`; at its operator."""

    operator: ComparisonOperator
    quantifier: Quantifier
    value: Expression
    subquery: Expression


class LogicalOperator(Enum):
    """AND or OR."""

    AND = "AND"
    OR = "OR"


@dataclass(frozen=True, slots=True)
class LogicalExpression(Expression):
    """A chain of one operator, flat: `a AND b AND c` has three terms."""

    operator: LogicalOperator
    terms: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class NotExpression(Expression):
    """`NOT value`; also what NOT IN, NOT LIKE, NOT BETWEEN and IS NOT DISTINCT FROM become."""

    value: Expression


@dataclass(frozen=True, slots=True)
class BetweenPredicate(Expression):
    """`value BETWEEN min AND max`."""

    value: Expression
    min: Expression
    max: Expression


@dataclass(frozen=True, slots=True)
class InListExpression(Expression):
    """The right side of `IN (a, b)`."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class InPredicate(Expression):
    """`value IN …`; `value_list` is an InListExpression or a SubqueryExpression."""

    value: Expression
    value_list: Expression


@dataclass(frozen=True, slots=True)
class LikePredicate(Expression):
    """`value LIKE pattern ESCAPE escape`."""

    value: Expression
    pattern: Expression
    escape: Expression | None = None


@dataclass(frozen=True, slots=True)
class IsNullPredicate(Expression):
    """`value IS NULL`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class IsNotNullPredicate(Expression):
    """`value IS NOT NULL`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class ExistsPredicate(Expression):
    """`EXISTS (query)`."""

    subquery: Expression


@dataclass(frozen=True, slots=True)
class SubqueryExpression(Expression):
    """A query in parentheses where a value is expected."""

    query: Query


@dataclass(frozen=True, slots=True)
class DereferenceExpression(Expression):
    """`base.field`: a qualified column or a field of a row, nobody knows yet. `field` is None for a label's `A.*`
    inside `count(A.*)` of a row pattern.
    """

    base: Expression
    field: Identifier | None


@dataclass(frozen=True, slots=True)
class SubscriptExpression(Expression):
    """`base[index]`."""

    base: Expression
    index: Expression


class NullTreatment(Enum):
    """IGNORE NULLS or RESPECT NULLS."""

    IGNORE = "IGNORE"
    RESPECT = "RESPECT"


@dataclass(frozen=True, slots=True)
class FunctionCall(Expression):
    """A call. `a || b` is `concat(a, b)`, `TRIM` with operands is a Trim, `LISTAGG … ON OVERFLOW` is `listagg` with its
    overflow behaviour as further arguments, `count(*)` is `count` without arguments.
    """

    name: QualifiedName
    arguments: tuple[Expression, ...]
    distinct: bool = False
    filter: Expression | None = None
    order_by: OrderBy | None = None
    window: Window | None = None
    null_treatment: NullTreatment | None = None
    processing_mode: ProcessingMode | None = None


@dataclass(frozen=True, slots=True)
class WindowOperation(Expression):
    """`measure OVER window`: a measure of a window with row pattern recognition."""

    name: Identifier
    window: Window


@dataclass(frozen=True, slots=True)
class LambdaArgumentDeclaration(Expression):
    """A parameter of a lambda."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class LambdaExpression(Expression):
    """`(x, y) -> body`."""

    arguments: tuple[LambdaArgumentDeclaration, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class WhenClause(Expression):
    """`WHEN operand THEN result`."""

    operand: Expression
    result: Expression


@dataclass(frozen=True, slots=True)
class SimpleCaseExpression(Expression):
    """`CASE operand WHEN … END`."""

    operand: Expression
    when_clauses: tuple[WhenClause, ...]
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class SearchedCaseExpression(Expression):
    """`CASE WHEN … END`."""

    when_clauses: tuple[WhenClause, ...]
    default: Expression | None = None


@dataclass(frozen=True, slots=True)
class IfExpression(Expression):
    """`IF(condition, true_value, false_value)`."""

    condition: Expression
    true_value: Expression
    false_value: Expression | None = None


@dataclass(frozen=True, slots=True)
class NullIfExpression(Expression):
    """`NULLIF(first, second)`."""

    first: Expression
    second: Expression


@dataclass(frozen=True, slots=True)
class CoalesceExpression(Expression):
    """`COALESCE(a, b, …)`."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class TryExpression(Expression):
    """`TRY(value)`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Format(Expression):
    """`FORMAT(pattern, value, …)`; `arguments` includes the pattern."""

    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Cast(Expression):
    """`CAST(value AS type)`, or TRY_CAST when `safe`."""

    value: Expression
    type: DataType
    safe: bool = False


@dataclass(frozen=True, slots=True)
class AtTimeZone(Expression):
    """`value AT TIME ZONE time_zone`."""

    value: Expression
    time_zone: Expression


class ExtractField(Enum):
    """A field of EXTRACT."""

    YEAR = "YEAR"
    QUARTER = "QUARTER"
    MONTH = "MONTH"
    WEEK = "WEEK"
    DAY = "DAY"
    DAY_OF_MONTH = "DAY_OF_MONTH"
    DAY_OF_WEEK = "DAY_OF_WEEK"
    DOW = "DOW"
    DAY_OF_YEAR = "DAY_OF_YEAR"
    DOY = "DOY"
    YEAR_OF_WEEK = "YEAR_OF_WEEK"
    YOW = "YOW"
    HOUR = "HOUR"
    MINUTE = "MINUTE"
    SECOND = "SECOND"
    TIMEZONE_MINUTE = "TIMEZONE_MINUTE"
    TIMEZONE_HOUR = "TIMEZONE_HOUR"


@dataclass(frozen=True, slots=True)
class Extract(Expression):
    """`EXTRACT(field FROM value)`."""

    field: ExtractField
    value: Expression


class TrimSpecification(Enum):
    """Which end TRIM works on."""

    BOTH = "BOTH"
    LEADING = "LEADING"
    TRAILING = "TRAILING"


@dataclass(frozen=True, slots=True)
class Trim(Expression):
    """`TRIM(specification character FROM source)`; `TRIM(source)` is one too, of BOTH."""

    specification: TrimSpecification
    source: Expression
    character: Expression | None = None


@dataclass(frozen=True, slots=True)
class CurrentDate(Expression):
    """CURRENT_DATE."""


@dataclass(frozen=True, slots=True)
class CurrentTime(Expression):
    """CURRENT_TIME(precision)."""

    precision: int | None = None


@dataclass(frozen=True, slots=True)
class CurrentTimestamp(Expression):
    """CURRENT_TIMESTAMP(precision)."""

    precision: int | None = None


@dataclass(frozen=True, slots=True)
class LocalTime(Expression):
    """LOCALTIME(precision)."""

    precision: int | None = None


@dataclass(frozen=True, slots=True)
class LocalTimestamp(Expression):
    """LOCALTIMESTAMP(precision)."""

    precision: int | None = None


@dataclass(frozen=True, slots=True)
class CurrentUser(Expression):
    """CURRENT_USER."""


@dataclass(frozen=True, slots=True)
class CurrentCatalog(Expression):
    """CURRENT_CATALOG."""


@dataclass(frozen=True, slots=True)
class CurrentSchema(Expression):
    """CURRENT_SCHEMA."""


@dataclass(frozen=True, slots=True)
class CurrentPath(Expression):
    """CURRENT_PATH."""


@dataclass(frozen=True, slots=True)
class GroupingOperation(Expression):
    """`GROUPING(column, …)`."""

    columns: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Row(Expression):
    """`ROW(a, b)` or `(a, b)`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Array(Expression):
    """`ARRAY[a, b]`."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AllRows(Expression):
    """The `ALL` of LIMIT ALL."""


@dataclass(frozen=True, slots=True)
class CallArgument(Node):
    """An argument of CALL or ALTER TABLE EXECUTE, positional or `name => value`."""

    name: Identifier | None
    value: Expression
