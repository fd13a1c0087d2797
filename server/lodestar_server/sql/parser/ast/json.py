"""JSON functions with a syntax of their own, and JSON_TABLE."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Relation
from lodestar_server.sql.parser.ast.literals import StringLiteral
from lodestar_server.sql.parser.ast.names import Identifier
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.types import DataType


class JsonFormat(Enum):
    """FORMAT JSON, with the encoding of binary input or output."""

    JSON = "JSON"
    UTF8 = "JSON ENCODING UTF8"
    UTF16 = "JSON ENCODING UTF16"
    UTF32 = "JSON ENCODING UTF32"


class JsonPathParameter(Node):
    """`value FORMAT … AS name` under PASSING."""

    name: Identifier
    value: Expression
    format: JsonFormat | None = None


class JsonPathInvocation(Node):
    """What JSON_EXISTS, JSON_VALUE, JSON_QUERY and JSON_TABLE begin with."""

    input_expression: Expression
    input_format: JsonFormat
    json_path: StringLiteral
    path_name: Identifier | None = None
    path_parameters: tuple[JsonPathParameter, ...] = ()


class JsonExistsErrorBehavior(Enum):
    """… ON ERROR of JSON_EXISTS."""

    FALSE = "FALSE"
    TRUE = "TRUE"
    UNKNOWN = "UNKNOWN"
    ERROR = "ERROR"


class JsonExists(Expression):
    """JSON_EXISTS; FALSE ON ERROR unless written."""

    invocation: JsonPathInvocation
    error_behavior: JsonExistsErrorBehavior


class JsonValueBehavior(Enum):
    """… ON EMPTY and … ON ERROR of JSON_VALUE."""

    NULL = "NULL"
    ERROR = "ERROR"
    DEFAULT = "DEFAULT"


class JsonValue(Expression):
    """JSON_VALUE; NULL ON EMPTY NULL ON ERROR unless written."""

    invocation: JsonPathInvocation
    returned_type: DataType | None
    empty_behavior: JsonValueBehavior
    empty_default: Expression | None
    error_behavior: JsonValueBehavior
    error_default: Expression | None


class JsonQueryBehavior(Enum):
    """… ON EMPTY and … ON ERROR of JSON_QUERY."""

    NULL = "NULL"
    ERROR = "ERROR"
    EMPTY_ARRAY = "EMPTY ARRAY"
    EMPTY_OBJECT = "EMPTY OBJECT"


class ArrayWrapperBehavior(Enum):
    """… ARRAY WRAPPER of JSON_QUERY."""

    WITHOUT = "WITHOUT"
    CONDITIONAL = "WITH CONDITIONAL"
    UNCONDITIONAL = "WITH UNCONDITIONAL"


class QuotesBehavior(Enum):
    """KEEP QUOTES or OMIT QUOTES."""

    KEEP = "KEEP"
    OMIT = "OMIT"


class JsonQuery(Expression):
    """JSON_QUERY; WITHOUT ARRAY WRAPPER NULL ON EMPTY NULL ON ERROR unless written."""

    invocation: JsonPathInvocation
    returned_type: DataType | None
    output_format: JsonFormat | None
    wrapper_behavior: ArrayWrapperBehavior
    quotes_behavior: QuotesBehavior | None
    empty_behavior: JsonQueryBehavior
    error_behavior: JsonQueryBehavior


class JsonObjectMember(Node):
    """`KEY key VALUE value` or `key : value`."""

    key: Expression
    value: Expression
    format: JsonFormat | None = None


class JsonObject(Expression):
    """JSON_OBJECT; NULL ON NULL WITHOUT UNIQUE KEYS unless written."""

    members: tuple[JsonObjectMember, ...]
    null_on_null: bool
    unique_keys: bool
    returned_type: DataType | None = None
    output_format: JsonFormat | None = None


class JsonArrayElement(Node):
    """An element of JSON_ARRAY."""

    value: Expression
    format: JsonFormat | None = None


class JsonArray(Expression):
    """JSON_ARRAY; ABSENT ON NULL unless written."""

    elements: tuple[JsonArrayElement, ...]
    null_on_null: bool
    returned_type: DataType | None = None
    output_format: JsonFormat | None = None


class JsonTableColumnDefinition(Node):
    """What stands in COLUMNS."""


class OrdinalityColumn(JsonTableColumnDefinition):
    """`name FOR ORDINALITY`."""

    name: Identifier


class ValueColumn(JsonTableColumnDefinition):
    """A column read as JSON_VALUE reads; `error_behavior` None is the table's."""

    name: Identifier
    type: DataType
    json_path: StringLiteral | None
    empty_behavior: JsonValueBehavior
    empty_default: Expression | None
    error_behavior: JsonValueBehavior | None
    error_default: Expression | None


class QueryColumn(JsonTableColumnDefinition):
    """A column read as JSON_QUERY reads; `error_behavior` None is the table's."""

    name: Identifier
    type: DataType
    format: JsonFormat
    json_path: StringLiteral | None
    wrapper_behavior: ArrayWrapperBehavior
    quotes_behavior: QuotesBehavior | None
    empty_behavior: JsonQueryBehavior
    error_behavior: JsonQueryBehavior | None


class NestedColumns(JsonTableColumnDefinition):
    """`NESTED PATH path AS name COLUMNS (…)`."""

    json_path: StringLiteral
    path_name: Identifier | None
    columns: tuple[JsonTableColumnDefinition, ...]


class JsonTablePlan(Node):
    """How nested paths are joined."""


class ParentChildPlanType(Enum):
    """A path with its nested paths."""

    OUTER = "OUTER"
    INNER = "INNER"


class SiblingsPlanType(Enum):
    """Nested paths of one parent."""

    UNION = "UNION"
    CROSS = "CROSS"


class JsonTableDefaultPlan(JsonTablePlan):
    """`PLAN DEFAULT (OUTER, UNION)`."""

    parent_child: ParentChildPlanType
    siblings: SiblingsPlanType


class JsonTableSpecificPlan(JsonTablePlan):
    """`PLAN (…)`."""


class PlanLeaf(JsonTableSpecificPlan):
    """A path name."""

    name: Identifier


class PlanParentChild(JsonTableSpecificPlan):
    """`parent OUTER child`."""

    type: ParentChildPlanType
    parent: PlanLeaf
    child: JsonTableSpecificPlan


class PlanSiblings(JsonTableSpecificPlan):
    """`a UNION b UNION c`."""

    type: SiblingsPlanType
    siblings: tuple[JsonTableSpecificPlan, ...]


class JsonTableErrorBehavior(Enum):
    """… ON ERROR of JSON_TABLE."""

    ERROR = "ERROR"
    EMPTY = "EMPTY"


class JsonTable(Relation):
    """JSON_TABLE."""

    invocation: JsonPathInvocation
    columns: tuple[JsonTableColumnDefinition, ...]
    plan: JsonTablePlan | None = None
    error_behavior: JsonTableErrorBehavior | None = None
