"""Statements that change rows: INSERT, DELETE, UPDATE, MERGE, TRUNCATE; and CALL."""

from __future__ import annotations

from lodestar_server.sql.parser.ast.base import Expression, Relation, Statement
from lodestar_server.sql.parser.ast.expressions import CallArgument
from lodestar_server.sql.parser.ast.names import Identifier, QualifiedName
from lodestar_server.sql.parser.ast.node import Node
from lodestar_server.sql.parser.ast.query import Query
from lodestar_server.sql.parser.ast.relations import Table


class Insert(Statement):
    """INSERT INTO table (columns) query."""

    table: Table
    query: Query
    columns: tuple[Identifier, ...] | None = None


class Delete(Statement):
    """DELETE FROM table WHERE … ."""

    table: Table
    where: Expression | None = None


class TruncateTable(Statement):
    """TRUNCATE TABLE."""

    table_name: QualifiedName


class UpdateAssignment(Node):
    """`column = value`."""

    name: Identifier
    value: Expression


class Update(Statement):
    """UPDATE table SET … WHERE … ."""

    table: Table
    assignments: tuple[UpdateAssignment, ...]
    where: Expression | None = None


class MergeCase(Node):
    """WHEN [NOT] MATCHED AND condition THEN … ."""

    condition: Expression | None


class MergeUpdate(MergeCase):
    """WHEN MATCHED THEN UPDATE SET."""

    assignments: tuple[UpdateAssignment, ...]


class MergeDelete(MergeCase):
    """WHEN MATCHED THEN DELETE."""


class MergeInsert(MergeCase):
    """WHEN NOT MATCHED THEN INSERT (columns) VALUES (values); no columns written is an empty tuple."""

    columns: tuple[Identifier, ...]
    values: tuple[Expression, ...]


class Merge(Statement):
    """MERGE INTO target USING source ON predicate … ; `target` is a Table or an AliasedRelation of one."""

    target: Relation
    source: Relation
    predicate: Expression
    cases: tuple[MergeCase, ...]


class Call(Statement):
    """CALL procedure(arguments)."""

    name: QualifiedName
    arguments: tuple[CallArgument, ...]
