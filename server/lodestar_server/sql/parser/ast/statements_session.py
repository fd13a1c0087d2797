"""Statements about the session: USE, SET, RESET, transactions, prepared statements, EXPLAIN."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Statement
from lodestar_server.sql.parser.ast.literals import StringLiteral
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node


class Use(Statement):
    """USE catalog.schema."""

    catalog: Identifier | None
    schema: Identifier


class SetSession(Statement):
    """SET SESSION name = value."""

    name: QualifiedName
    value: Expression


class ResetSession(Statement):
    """RESET SESSION name."""

    name: QualifiedName


class SetSessionAuthorization(Statement):
    """SET SESSION AUTHORIZATION user; the user is an Identifier or a StringLiteral."""

    user: Expression


class ResetSessionAuthorization(Statement):
    """RESET SESSION AUTHORIZATION."""


class PathElement(Node):
    """`catalog.schema` or `schema` of a path."""

    catalog: Identifier | None
    schema: Identifier


class PathSpecification(Node):
    """A path."""

    path: tuple[PathElement, ...]


class SetPath(Statement):
    """SET PATH."""

    path_specification: PathSpecification


class SetTimeZone(Statement):
    """SET TIME ZONE; None is LOCAL."""

    time_zone: Expression | None


class TransactionMode(Node):
    """What START TRANSACTION may say."""


class IsolationLevel(Enum):
    """An isolation level."""

    SERIALIZABLE = "SERIALIZABLE"
    REPEATABLE_READ = "REPEATABLE READ"
    READ_COMMITTED = "READ COMMITTED"
    READ_UNCOMMITTED = "READ UNCOMMITTED"


class Isolation(TransactionMode):
    """ISOLATION LEVEL."""

    level: IsolationLevel


class TransactionAccessMode(TransactionMode):
    """READ ONLY or READ WRITE."""

    read_only: bool


class StartTransaction(Statement):
    """START TRANSACTION."""

    transaction_modes: tuple[TransactionMode, ...]


class Commit(Statement):
    """COMMIT."""


class Rollback(Statement):
    """ROLLBACK."""


class Prepare(Statement):
    """PREPARE name FROM statement."""

    name: Identifier
    statement: Statement


class Deallocate(Statement):
    """DEALLOCATE PREPARE name."""

    name: Identifier


class Execute(Statement):
    """EXECUTE name USING parameters."""

    name: Identifier
    parameters: tuple[Expression, ...]


class ExecuteImmediate(Statement):
    """EXECUTE IMMEDIATE 'statement' USING parameters."""

    statement: StringLiteral
    parameters: tuple[Expression, ...]


class DescribeInput(Statement):
    """DESCRIBE INPUT name."""

    name: Identifier


class DescribeOutput(Statement):
    """DESCRIBE OUTPUT name."""

    name: Identifier


class ExplainOption(Node):
    """What stands in the parentheses of EXPLAIN."""


class ExplainTypeName(Enum):
    """TYPE …"""

    LOGICAL = "LOGICAL"
    DISTRIBUTED = "DISTRIBUTED"
    VALIDATE = "VALIDATE"
    IO = "IO"


class ExplainType(ExplainOption):
    """TYPE type."""

    type: ExplainTypeName


class ExplainFormatName(Enum):
    """FORMAT …"""

    TEXT = "TEXT"
    GRAPHVIZ = "GRAPHVIZ"
    JSON = "JSON"


class ExplainFormat(ExplainOption):
    """FORMAT type."""

    type: ExplainFormatName


class Explain(Statement):
    """EXPLAIN (options) statement."""

    statement: Statement
    options: tuple[ExplainOption, ...] = ()


class ExplainAnalyze(Statement):
    """EXPLAIN ANALYZE VERBOSE statement."""

    statement: Statement
    verbose: bool
