"""Expressions other than literals, JSON functions and type names. The pieces of windows are in `query.py`."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression
from lodestar_server.sql.parser.ast.literals import Sign
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
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


class ArithmeticBinaryExpression(Expression):
    """`left + right`; at its operator."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


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


class LogicalExpression(Expression):
    """A chain of one operator, flat: `a AND b AND c` has three terms."""

    operator: LogicalOperator
    terms: tuple[Expression, ...]


class NotExpression(Expression):
    """`NOT value`; also what NOT IN, NOT LIKE, NOT BETWEEN and IS NOT DISTINCT FROM become."""

    value: Expression


class BetweenPredicate(Expression):
    """`value BETWEEN min AND max`."""

    value: Expression
    min: Expression
    max: Expression


class InListExpression(Expression):
    """The right side of `IN (a, b)`."""

    values: tuple[Expression, ...]


class InPredicate(Expression):
    """`value IN …`; `value_list` is an InListExpression or a SubqueryExpression."""

    value: Expression
    value_list: Expression


class LikePredicate(Expression):
    """`value LIKE pattern ESCAPE escape`."""

    value: Expression
    pattern: Expression
    escape: Expression | None = None


class IsNullPredicate(Expression):
    """`value IS NULL`."""

    value: Expression


class IsNotNullPredicate(Expression):
    """`value IS NOT NULL`."""

    value: Expression


class ExistsPredicate(Expression):
    """`EXISTS (query)`."""

    subquery: Expression


class SubqueryExpression(Expression):
    """A query in parentheses where a value is expected."""

    query: Query


class DereferenceExpression(Expression):
    """`base.field`: a qualified column or a field of a row, nobody knows yet. `field` is None for a label's `A.*`
    inside `count(A.*)` of a row pattern.
    """

    base: Expression
    field: Identifier | None


class SubscriptExpression(Expression):
    """`base[index]`."""

    base: Expression
    index: Expression


class NullTreatment(Enum):
    """IGNORE NULLS or RESPECT NULLS."""

    IGNORE = "IGNORE"
    RESPECT = "RESPECT"


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


class WindowOperation(Expression):
    """`measure OVER window`: a measure of a window with row pattern recognition."""

    name: Identifier
    window: Window


class LambdaArgumentDeclaration(Expression):
    """A parameter of a lambda."""

    name: Identifier


class LambdaExpression(Expression):
    """`(x, y) -> body`."""

    arguments: tuple[LambdaArgumentDeclaration, ...]
    body: Expression


class WhenClause(Expression):
    """`WHEN operand THEN result`."""

    operand: Expression
    result: Expression


class SimpleCaseExpression(Expression):
    """`CASE operand WHEN … END`."""

    operand: Expression
    when_clauses: tuple[WhenClause, ...]
    default: Expression | None = None


class SearchedCaseExpression(Expression):
    """`CASE WHEN … END`."""

    when_clauses: tuple[WhenClause, ...]
    default: Expression | None = None


class IfExpression(Expression):
    """`IF(condition, true_value, false_value)`."""

    condition: Expression
    true_value: Expression
    false_value: Expression | None = None


class NullIfExpression(Expression):
    """`NULLIF(first, second)`."""

    first: Expression
    second: Expression


class CoalesceExpression(Expression):
    """`COALESCE(a, b, …)`."""

    operands: tuple[Expression, ...]


class TryExpression(Expression):
    """`TRY(value)`."""

    value: Expression


class Format(Expression):
    """`FORMAT(pattern, value, …)`; `arguments` includes the pattern."""

    arguments: tuple[Expression, ...]


class Cast(Expression):
    """`CAST(value AS type)`, or TRY_CAST when `safe`."""

    value: Expression
    type: DataType
    safe: bool = False


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


class Extract(Expression):
    """`EXTRACT(field FROM value)`."""

    field: ExtractField
    value: Expression


class TrimSpecification(Enum):
    """Which end TRIM works on."""

    BOTH = "BOTH"
    LEADING = "LEADING"
    TRAILING = "TRAILING"


class Trim(Expression):
    """`TRIM(specification character FROM source)`; `TRIM(source)` is one too, of BOTH."""

    specification: TrimSpecification
    source: Expression
    character: Expression | None = None


class CurrentDate(Expression):
    """CURRENT_DATE."""


class CurrentTime(Expression):
    """CURRENT_TIME(precision)."""

    precision: int | None = None


class CurrentTimestamp(Expression):
    """CURRENT_TIMESTAMP(precision)."""

    precision: int | None = None


class LocalTime(Expression):
    """LOCALTIME(precision)."""

    precision: int | None = None


class LocalTimestamp(Expression):
    """LOCALTIMESTAMP(precision)."""

    precision: int | None = None


class CurrentUser(Expression):
    """CURRENT_USER."""


class CurrentCatalog(Expression):
    """CURRENT_CATALOG."""


class CurrentSchema(Expression):
    """CURRENT_SCHEMA."""


class CurrentPath(Expression):
    """CURRENT_PATH."""


class GroupingOperation(Expression):
    """`GROUPING(column, …)`."""

    columns: tuple[Expression, ...]


class Row(Expression):
    """`ROW(a, b)` or `(a, b)`."""

    items: tuple[Expression, ...]


class Array(Expression):
    """`ARRAY[a, b]`."""

    values: tuple[Expression, ...]


class AllRows(Expression):
    """The `ALL` of LIMIT ALL."""


class CallArgument(Node):
    """An argument of CALL or ALTER TABLE EXECUTE, positional or `name => value`."""

    name: Identifier | None
    value: Expression
