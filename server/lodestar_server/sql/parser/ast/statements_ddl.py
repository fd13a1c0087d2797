"""Statements that create, alter and drop: catalogs, schemas, tables, views, materialized views, functions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Node, Statement
from lodestar_server.sql.parser.ast.expressions import CallArgument
from lodestar_server.sql.parser.ast.literals import IntervalLiteral
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.query import Query
from lodestar_server.sql.parser.ast.relations import Table
from lodestar_server.sql.parser.ast.routines import FunctionSpecification, ParameterDeclaration, Property, Security
from lodestar_server.sql.parser.ast.types import DataType


class PrincipalType(Enum):
    """USER or ROLE, or a bare name."""

    UNSPECIFIED = "UNSPECIFIED"
    USER = "USER"
    ROLE = "ROLE"


@dataclass(frozen=True, slots=True)
class PrincipalSpecification(Node):
    """`USER alice`, `ROLE admin` or `alice`."""

    type: PrincipalType
    name: Identifier


class SaveMode(Enum):
    """What CREATE TABLE does when the table exists."""

    FAIL = "FAIL"
    IGNORE = "IGNORE"
    REPLACE = "REPLACE"


@dataclass(frozen=True, slots=True)
class CreateCatalog(Statement):
    """CREATE CATALOG … USING connector."""

    catalog_name: Identifier
    not_exists: bool
    connector_name: Identifier
    properties: tuple[Property, ...] = ()
    principal: PrincipalSpecification | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class DropCatalog(Statement):
    """DROP CATALOG."""

    catalog_name: Identifier
    exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class CreateSchema(Statement):
    """CREATE SCHEMA."""

    schema_name: QualifiedName
    not_exists: bool
    properties: tuple[Property, ...] = ()
    principal: PrincipalSpecification | None = None


@dataclass(frozen=True, slots=True)
class DropSchema(Statement):
    """DROP SCHEMA."""

    schema_name: QualifiedName
    exists: bool
    cascade: bool


@dataclass(frozen=True, slots=True)
class RenameSchema(Statement):
    """ALTER SCHEMA … RENAME TO."""

    source: QualifiedName
    target: Identifier


@dataclass(frozen=True, slots=True)
class SetAuthorizationStatement(Statement):
    """ALTER kind source SET AUTHORIZATION; `owned_entity_kind` is the word written, upper case (SCHEMA, TABLE, …)."""

    owned_entity_kind: str
    source: QualifiedName
    principal: PrincipalSpecification


@dataclass(frozen=True, slots=True)
class TableElement(Node):
    """What stands in the parentheses of CREATE TABLE."""


@dataclass(frozen=True, slots=True)
class ColumnDefinition(TableElement):
    """A column; a dotted name is a field of a row column (ALTER TABLE ADD COLUMN)."""

    name: QualifiedName
    type: DataType
    nullable: bool = True
    properties: tuple[Property, ...] = ()
    comment: str | None = None


class PropertiesOption(Enum):
    """INCLUDING or EXCLUDING PROPERTIES."""

    INCLUDING = "INCLUDING"
    EXCLUDING = "EXCLUDING"


@dataclass(frozen=True, slots=True)
class LikeClause(TableElement):
    """LIKE table."""

    table_name: QualifiedName
    properties_option: PropertiesOption | None = None


@dataclass(frozen=True, slots=True)
class CreateTable(Statement):
    """CREATE TABLE with columns."""

    name: QualifiedName
    elements: tuple[TableElement, ...]
    save_mode: SaveMode
    properties: tuple[Property, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class CreateTableAsSelect(Statement):
    """CREATE TABLE … AS query."""

    name: QualifiedName
    query: Query
    save_mode: SaveMode
    properties: tuple[Property, ...] = ()
    with_data: bool = True
    column_aliases: tuple[Identifier, ...] | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class DropTable(Statement):
    """DROP TABLE."""

    table_name: QualifiedName
    exists: bool


@dataclass(frozen=True, slots=True)
class RenameTable(Statement):
    """ALTER TABLE … RENAME TO."""

    source: QualifiedName
    target: QualifiedName
    exists: bool


@dataclass(frozen=True, slots=True)
class ColumnPosition(Node):
    """Where ADD COLUMN puts the column."""


@dataclass(frozen=True, slots=True)
class FirstColumn(ColumnPosition):
    """FIRST."""


@dataclass(frozen=True, slots=True)
class LastColumn(ColumnPosition):
    """LAST."""


@dataclass(frozen=True, slots=True)
class AfterColumn(ColumnPosition):
    """AFTER column."""

    column: Identifier


@dataclass(frozen=True, slots=True)
class AddColumn(Statement):
    """ALTER TABLE … ADD COLUMN; `table_exists` is IF EXISTS, `column_not_exists` is IF NOT EXISTS."""

    name: QualifiedName
    column: ColumnDefinition
    position: ColumnPosition | None
    table_exists: bool
    column_not_exists: bool


@dataclass(frozen=True, slots=True)
class RenameColumn(Statement):
    """ALTER TABLE … RENAME COLUMN."""

    table: QualifiedName
    source: QualifiedName
    target: Identifier
    table_exists: bool
    column_exists: bool


@dataclass(frozen=True, slots=True)
class DropColumn(Statement):
    """ALTER TABLE … DROP COLUMN."""

    table: QualifiedName
    field: QualifiedName
    table_exists: bool
    column_exists: bool


@dataclass(frozen=True, slots=True)
class SetColumnType(Statement):
    """ALTER TABLE … ALTER COLUMN … SET DATA TYPE."""

    table_name: QualifiedName
    column_name: QualifiedName
    type: DataType
    table_exists: bool


@dataclass(frozen=True, slots=True)
class DropNotNullConstraint(Statement):
    """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""

    table: QualifiedName
    column: Identifier
    table_exists: bool


class SetPropertiesType(Enum):
    """What ALTER … SET PROPERTIES alters."""

    TABLE = "TABLE"
    MATERIALIZED_VIEW = "MATERIALIZED VIEW"


@dataclass(frozen=True, slots=True)
class SetProperties(Statement):
    """ALTER … SET PROPERTIES."""

    type: SetPropertiesType
    name: QualifiedName
    properties: tuple[Property, ...]


@dataclass(frozen=True, slots=True)
class TableExecute(Statement):
    """ALTER TABLE … EXECUTE procedure(arguments) WHERE … ."""

    table: Table
    procedure_name: Identifier
    arguments: tuple[CallArgument, ...]
    where: Expression | None = None


@dataclass(frozen=True, slots=True)
class Analyze(Statement):
    """ANALYZE table."""

    table_name: QualifiedName
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateView(Statement):
    """CREATE VIEW."""

    name: QualifiedName
    query: Query
    replace: bool
    comment: str | None = None
    security: Security | None = None
    properties: tuple[Property, ...] = ()


@dataclass(frozen=True, slots=True)
class DropView(Statement):
    """DROP VIEW."""

    name: QualifiedName
    exists: bool


@dataclass(frozen=True, slots=True)
class RenameView(Statement):
    """ALTER VIEW … RENAME TO."""

    source: QualifiedName
    target: QualifiedName


@dataclass(frozen=True, slots=True)
class CreateMaterializedView(Statement):
    """CREATE MATERIALIZED VIEW."""

    name: QualifiedName
    query: Query
    replace: bool
    not_exists: bool
    grace_period: IntervalLiteral | None = None
    properties: tuple[Property, ...] = ()
    comment: str | None = None


@dataclass(frozen=True, slots=True)
class RefreshMaterializedView(Statement):
    """REFRESH MATERIALIZED VIEW."""

    table: Table


@dataclass(frozen=True, slots=True)
class DropMaterializedView(Statement):
    """DROP MATERIALIZED VIEW."""

    name: QualifiedName
    exists: bool


@dataclass(frozen=True, slots=True)
class RenameMaterializedView(Statement):
    """ALTER MATERIALIZED VIEW … RENAME TO."""

    source: QualifiedName
    target: QualifiedName
    exists: bool


@dataclass(frozen=True, slots=True)
class CreateFunction(Statement):
    """CREATE FUNCTION."""

    specification: FunctionSpecification
    replace: bool


@dataclass(frozen=True, slots=True)
class DropFunction(Statement):
    """DROP FUNCTION name(parameters)."""

    name: QualifiedName
    parameters: tuple[ParameterDeclaration, ...]
    exists: bool


class CommentType(Enum):
    """What COMMENT ON names."""

    TABLE = "TABLE"
    VIEW = "VIEW"
    COLUMN = "COLUMN"


@dataclass(frozen=True, slots=True)
class Comment(Statement):
    """COMMENT ON … IS …; None is NULL."""

    type: CommentType
    name: QualifiedName
    comment: str | None
