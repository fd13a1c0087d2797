"""Statements that create, alter and drop: catalogs, schemas, tables, views, materialized views, functions."""

from __future__ import annotations

from enum import Enum

from lodestar_server.sql.parser.ast.base import Expression, Statement
from lodestar_server.sql.parser.ast.expressions import CallArgument
from lodestar_server.sql.parser.ast.literals import IntervalLiteral
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.query import Query
from lodestar_server.sql.parser.ast.relations import Table
from lodestar_server.sql.parser.ast.routines import FunctionSpecification, ParameterDeclaration, Property, Security
from lodestar_server.sql.parser.ast.types import DataType


class PrincipalType(Enum):
    """USER or ROLE, or a bare name."""

    UNSPECIFIED = "UNSPECIFIED"
    USER = "USER"
    ROLE = "ROLE"


class PrincipalSpecification(Node):
    """`USER alice`, `ROLE admin` or `alice`."""

    type: PrincipalType
    name: Identifier


class SaveMode(Enum):
    """What CREATE TABLE does when the table exists."""

    FAIL = "FAIL"
    IGNORE = "IGNORE"
    REPLACE = "REPLACE"


class CreateCatalog(Statement):
    """CREATE CATALOG … USING connector."""

    catalog_name: Identifier
    not_exists: bool
    connector_name: Identifier
    properties: tuple[Property, ...] = ()
    principal: PrincipalSpecification | None = None
    comment: str | None = None


class DropCatalog(Statement):
    """DROP CATALOG."""

    catalog_name: Identifier
    exists: bool
    cascade: bool


class CreateSchema(Statement):
    """CREATE SCHEMA."""

    schema_name: QualifiedName
    not_exists: bool
    properties: tuple[Property, ...] = ()
    principal: PrincipalSpecification | None = None


class DropSchema(Statement):
    """DROP SCHEMA."""

    schema_name: QualifiedName
    exists: bool
    cascade: bool


class RenameSchema(Statement):
    """ALTER SCHEMA … RENAME TO."""

    source: QualifiedName
    target: Identifier


class SetAuthorizationStatement(Statement):
    """ALTER kind source SET AUTHORIZATION; `owned_entity_kind` is the word written, upper case (SCHEMA, TABLE, …)."""

    owned_entity_kind: str
    source: QualifiedName
    principal: PrincipalSpecification


class TableElement(Node):
    """What stands in the parentheses of CREATE TABLE."""


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


class LikeClause(TableElement):
    """LIKE table."""

    table_name: QualifiedName
    properties_option: PropertiesOption | None = None


class CreateTable(Statement):
    """CREATE TABLE with columns."""

    name: QualifiedName
    elements: tuple[TableElement, ...]
    save_mode: SaveMode
    properties: tuple[Property, ...] = ()
    comment: str | None = None


class CreateTableAsSelect(Statement):
    """CREATE TABLE … AS query."""

    name: QualifiedName
    query: Query
    save_mode: SaveMode
    properties: tuple[Property, ...] = ()
    with_data: bool = True
    column_aliases: tuple[Identifier, ...] | None = None
    comment: str | None = None


class DropTable(Statement):
    """DROP TABLE."""

    table_name: QualifiedName
    exists: bool


class RenameTable(Statement):
    """ALTER TABLE … RENAME TO."""

    source: QualifiedName
    target: QualifiedName
    exists: bool


class ColumnPosition(Node):
    """Where ADD COLUMN puts the column."""


class FirstColumn(ColumnPosition):
    """FIRST."""


class LastColumn(ColumnPosition):
    """LAST."""


class AfterColumn(ColumnPosition):
    """AFTER column."""

    column: Identifier


class AddColumn(Statement):
    """ALTER TABLE … ADD COLUMN; `table_exists` is IF EXISTS, `column_not_exists` is IF NOT EXISTS."""

    name: QualifiedName
    column: ColumnDefinition
    position: ColumnPosition | None
    table_exists: bool
    column_not_exists: bool


class RenameColumn(Statement):
    """ALTER TABLE … RENAME COLUMN."""

    table: QualifiedName
    source: QualifiedName
    target: Identifier
    table_exists: bool
    column_exists: bool


class DropColumn(Statement):
    """ALTER TABLE … DROP COLUMN."""

    table: QualifiedName
    field: QualifiedName
    table_exists: bool
    column_exists: bool


class SetColumnType(Statement):
    """ALTER TABLE … ALTER COLUMN … SET DATA TYPE."""

    table_name: QualifiedName
    column_name: QualifiedName
    type: DataType
    table_exists: bool


class DropNotNullConstraint(Statement):
    """ALTER TABLE … ALTER COLUMN … DROP NOT NULL."""

    table: QualifiedName
    column: Identifier
    table_exists: bool


class SetPropertiesType(Enum):
    """What ALTER … SET PROPERTIES alters."""

    TABLE = "TABLE"
    MATERIALIZED_VIEW = "MATERIALIZED VIEW"


class SetProperties(Statement):
    """ALTER … SET PROPERTIES."""

    type: SetPropertiesType
    name: QualifiedName
    properties: tuple[Property, ...]


class TableExecute(Statement):
    """ALTER TABLE … EXECUTE procedure(arguments) WHERE … ."""

    table: Table
    procedure_name: Identifier
    arguments: tuple[CallArgument, ...]
    where: Expression | None = None


class Analyze(Statement):
    """ANALYZE table."""

    table_name: QualifiedName
    properties: tuple[Property, ...] = ()


class CreateView(Statement):
    """CREATE VIEW."""

    name: QualifiedName
    query: Query
    replace: bool
    comment: str | None = None
    security: Security | None = None
    properties: tuple[Property, ...] = ()


class DropView(Statement):
    """DROP VIEW."""

    name: QualifiedName
    exists: bool


class RenameView(Statement):
    """ALTER VIEW … RENAME TO."""

    source: QualifiedName
    target: QualifiedName


class CreateMaterializedView(Statement):
    """CREATE MATERIALIZED VIEW."""

    name: QualifiedName
    query: Query
    replace: bool
    not_exists: bool
    grace_period: IntervalLiteral | None = None
    properties: tuple[Property, ...] = ()
    comment: str | None = None


class RefreshMaterializedView(Statement):
    """REFRESH MATERIALIZED VIEW."""

    table: Table


class DropMaterializedView(Statement):
    """DROP MATERIALIZED VIEW."""

    name: QualifiedName
    exists: bool


class RenameMaterializedView(Statement):
    """ALTER MATERIALIZED VIEW … RENAME TO."""

    source: QualifiedName
    target: QualifiedName
    exists: bool


class CreateFunction(Statement):
    """CREATE FUNCTION."""

    specification: FunctionSpecification
    replace: bool


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


class Comment(Statement):
    """COMMENT ON … IS …; None is NULL."""

    type: CommentType
    name: QualifiedName
    comment: str | None
