"""SQL routines: a function's declaration and the control statements of its body."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression
from lodestar_server.sql.parser.ast.literals import StringLiteral
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.types import DataType


class Property(Node):
    """`name = value` of WITH (…); a value of None is DEFAULT."""

    name: Identifier
    value: Expression | None


class ControlStatement(Node):
    """A statement of a routine's body."""


class ReturnStatement(ControlStatement):
    """RETURN value."""

    value: Expression


class AssignmentStatement(ControlStatement):
    """SET target = value."""

    target: Identifier
    value: Expression


class VariableDeclaration(ControlStatement):
    """DECLARE names type DEFAULT default."""

    names: tuple[Identifier, ...]
    type: DataType
    default: Expression | None = None


class CompoundStatement(ControlStatement):
    """BEGIN … END."""

    variable_declarations: tuple[VariableDeclaration, ...]
    statements: tuple[ControlStatement, ...]


class ElseIfClause(Node):
    """ELSEIF expression THEN … ."""

    expression: Expression
    statements: tuple[ControlStatement, ...]


class ElseClause(Node):
    """ELSE … ."""

    statements: tuple[ControlStatement, ...]


class IfStatement(ControlStatement):
    """IF expression THEN … END IF."""

    expression: Expression
    statements: tuple[ControlStatement, ...]
    else_if_clauses: tuple[ElseIfClause, ...] = ()
    else_clause: ElseClause | None = None


class CaseStatementWhenClause(Node):
    """WHEN expression THEN … ."""

    expression: Expression
    statements: tuple[ControlStatement, ...]


class CaseStatement(ControlStatement):
    """CASE … END CASE, simple with an expression, searched without."""

    expression: Expression | None
    when_clauses: tuple[CaseStatementWhenClause, ...]
    else_clause: ElseClause | None = None


class IterateStatement(ControlStatement):
    """ITERATE label."""

    label: Identifier


class LeaveStatement(ControlStatement):
    """LEAVE label."""

    label: Identifier


class LoopStatement(ControlStatement):
    """label: LOOP … END LOOP."""

    label: Identifier | None
    statements: tuple[ControlStatement, ...]


class WhileStatement(ControlStatement):
    """label: WHILE expression DO … END WHILE."""

    label: Identifier | None
    expression: Expression
    statements: tuple[ControlStatement, ...]


class RepeatStatement(ControlStatement):
    """label: REPEAT … UNTIL condition END REPEAT."""

    label: Identifier | None
    statements: tuple[ControlStatement, ...]
    condition: Expression


class RoutineCharacteristic(Node):
    """What stands between RETURNS and the body."""


class LanguageCharacteristic(RoutineCharacteristic):
    """LANGUAGE name."""

    language: Identifier


class DeterministicCharacteristic(RoutineCharacteristic):
    """DETERMINISTIC or NOT DETERMINISTIC."""

    deterministic: bool


class NullInputCharacteristic(RoutineCharacteristic):
    """CALLED ON NULL INPUT or RETURNS NULL ON NULL INPUT."""

    called_on_null: bool


class Security(Enum):
    """Whose rights a routine or a view runs with."""

    INVOKER = "INVOKER"
    DEFINER = "DEFINER"


class SecurityCharacteristic(RoutineCharacteristic):
    """SECURITY DEFINER or INVOKER."""

    security: Security


class CommentCharacteristic(RoutineCharacteristic):
    """COMMENT 'text'."""

    comment: str


class PropertiesCharacteristic(RoutineCharacteristic):
    """WITH (name = value, …)."""

    properties: tuple[Property, ...]


class ParameterDeclaration(Node):
    """A parameter of a routine; DROP FUNCTION may leave the name out."""

    name: Identifier | None
    type: DataType


class ReturnsClause(Node):
    """RETURNS type."""

    return_type: DataType


class FunctionSpecification(Node):
    """FUNCTION name(parameters) RETURNS type …; exactly one of `statement` (SQL) and `definition` (AS $$…$$) is set."""

    name: QualifiedName
    parameters: tuple[ParameterDeclaration, ...]
    returns_clause: ReturnsClause
    characteristics: tuple[RoutineCharacteristic, ...]
    statement: ControlStatement | None = None
    definition: StringLiteral | None = None
