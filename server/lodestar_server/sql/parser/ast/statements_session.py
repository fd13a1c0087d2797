"""Statements about the session: USE, SET, RESET, transactions, prepared statements, EXPLAIN."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Node, Statement
from lodestar_server.sql.parser.ast.literals import StringLiteral
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName


@dataclass(frozen=True, slots=True)
class Use(Statement):
    """USE catalog.schema."""

    catalog: Identifier | None
    schema: Identifier


@dataclass(frozen=True, slots=True)
class SetSession(Statement):
    """SET SESSION name = value."""

    name: QualifiedName
    value: Expression


@dataclass(frozen=True, slots=True)
class ResetSession(Statement):
    """RESET SESSION name."""

    name: QualifiedName


@dataclass(frozen=True, slots=True)
class SetSessionAuthorization(Statement):
    """SET SESSION AUTHORIZATION user; the user is an Identifier or a StringLiteral."""

    user: Expression


@dataclass(frozen=True, slots=True)
class ResetSessionAuthorization(Statement):
    """RESET SESSION AUTHORIZATION."""


@dataclass(frozen=True, slots=True)
class PathElement(Node):
    """`catalog.schema` or `schema` of a path."""

    catalog: Identifier | None
    schema: Identifier


@dataclass(frozen=True, slots=True)
class PathSpecification(Node):
    """A path."""

    path: tuple[PathElement, ...]


@dataclass(frozen=True, slots=True)
class SetPath(Statement):
    """SET PATH."""

    path_specification: PathSpecification


@dataclass(frozen=True, slots=True)
class SetTimeZone(Statement):
    """SET TIME ZONE; None is LOCAL."""

    time_zone: Expression | None


@dataclass(frozen=True, slots=True)
class TransactionMode(Node):
    """What START TRANSACTION may say."""


class IsolationLevel(Enum):
    """An isolation level."""

    SERIALIZABLE = "SERIALIZABLE"
    REPEATABLE_READ = "REPEATABLE READ"
    READ_COMMITTED = "READ COMMITTED"
    READ_UNCOMMITTED = "READ UNCOMMITTED"


@dataclass(frozen=True, slots=True)
class Isolation(TransactionMode):
    """ISOLATION LEVEL."""

    level: IsolationLevel


@dataclass(frozen=True, slots=True)
class TransactionAccessMode(TransactionMode):
    """READ ONLY or READ WRITE."""

    read_only: bool


@dataclass(frozen=True, slots=True)
class StartTransaction(Statement):
    """START TRANSACTION."""

    transaction_modes: tuple[TransactionMode, ...]


@dataclass(frozen=True, slots=True)
class Commit(Statement):
    """COMMIT."""


@dataclass(frozen=True, slots=True)
class Rollback(Statement):
    """ROLLBACK."""


@dataclass(frozen=True, slots=True)
class Prepare(Statement):
    """PREPARE name FROM statement."""

    name: Identifier
    statement: Statement


@dataclass(frozen=True, slots=True)
class Deallocate(Statement):
    """DEALLOCATE PREPARE name."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class Execute(Statement):
    """EXECUTE name USING parameters."""

    name: Identifier
    parameters: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ExecuteImmediate(Statement):
    """EXECUTE IMMEDIATE 'statement' USING parameters."""

    statement: StringLiteral
    parameters: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class DescribeInput(Statement):
    """DESCRIBE INPUT name."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class DescribeOutput(Statement):
    """DESCRIBE OUTPUT name."""

    name: Identifier


@dataclass(frozen=True, slots=True)
class ExplainOption(Node):
    """What stands in the parentheses of EXPLAIN."""


class ExplainTypeName(Enum):
    """TYPE …"""

    LOGICAL = "LOGICAL"
    DISTRIBUTED = "DISTRIBUTED"
    VALIDATE = "VALIDATE"
    IO = "IO"


@dataclass(frozen=True, slots=True)
class ExplainType(ExplainOption):
    """TYPE type."""

    type: ExplainTypeName


class ExplainFormatName(Enum):
    """FORMAT …"""

    TEXT = "TEXT"
    GRAPHVIZ = "GRAPHVIZ"
    JSON = "JSON"


@dataclass(frozen=True, slots=True)
class ExplainFormat(ExplainOption):
    """FORMAT type."""

    type: ExplainFormatName


@dataclass(frozen=True, slots=True)
class Explain(Statement):
    """EXPLAIN (options) statement."""

    statement: Statement
    options: tuple[ExplainOption, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainAnalyze(Statement):
    """EXPLAIN ANALYZE VERBOSE statement."""

    statement: Statement
    verbose: bool
