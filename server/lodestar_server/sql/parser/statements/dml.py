"""INSERT, DELETE, UPDATE, MERGE, TRUNCATE, CALL."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import NAME_KINDS
from lodestar_server.sql.parser.statements.ddl import AlterParser


class ChangeParser(AlterParser):
    """Statements that change rows."""

    __slots__ = ()

    def insert(self) -> ast.Insert:
        """INSERT INTO."""
        start = self.pos
        self.expect("INSERT", "INTO")
        name = self.qualified_name()
        columns = None
        if self.kinds[self.pos] == "(" and self.kinds[self.pos + 1] in NAME_KINDS:
            columns = self.column_aliases()
        query = self.root_query()
        return ast.Insert(ast.Table(name, at=name.at), query, columns, at=self.at(start))

    def delete(self) -> ast.Delete:
        """DELETE FROM."""
        start = self.pos
        at = self.at(start)
        self.expect("DELETE", "FROM")
        table = ast.Table(self.qualified_name(), at=at)
        return ast.Delete(table, self.where(), at=at)

    def truncate(self) -> ast.TruncateTable:
        """TRUNCATE TABLE."""
        start = self.pos
        self.expect("TRUNCATE", "TABLE")
        return ast.TruncateTable(self.qualified_name(), at=self.at(start))

    def update(self) -> ast.Update:
        """UPDATE."""
        start = self.pos
        at = self.at(start)
        self.pos += 1
        table = ast.Table(self.qualified_name(), at=at)
        self.expect("SET")
        assignments = self.comma_separated(self._assignment)
        return ast.Update(table, assignments, self.where(), at=at)

    def _assignment(self) -> ast.UpdateAssignment:
        start = self.pos
        name = self.identifier()
        self.expect("=")
        return ast.UpdateAssignment(name, self.expression(), at=self.at(start))

    def merge(self) -> ast.Merge:
        """MERGE INTO."""
        start = self.pos
        at = self.at(start)
        self.expect("MERGE", "INTO")
        table = ast.Table(self.qualified_name(), at=at)
        target: ast.Relation = table
        if self.accept("AS") or self.at_name():
            target = ast.AliasedRelation(table, self.identifier(), at=at)
        self.expect("USING")
        source = self.relation()
        self.expect("ON")
        predicate = self.expression()
        cases = [self._merge_case()]
        while self.kinds[self.pos] == "WHEN":
            cases.append(self._merge_case())
        return ast.Merge(target, source, predicate, tuple(cases), at=at)

    def _merge_case(self) -> ast.MergeCase:
        start = self.pos
        at = self.at(start)
        self.expect("WHEN")
        negated = self.accept("NOT")
        self.expect("MATCHED")
        condition = self.expression() if self.accept("AND") else None
        self.expect("THEN")
        if negated:
            self.expect("INSERT")
            columns = self.column_aliases() if self.kinds[self.pos] == "(" else ()
            self.expect("VALUES")
            return ast.MergeInsert(condition, columns, self.parenthesized(self.expression), at=at)
        if self.accept("DELETE"):
            return ast.MergeDelete(condition, at=at)
        self.expect("UPDATE", "SET")
        assignments = self.comma_separated(self._assignment)
        return ast.MergeUpdate(condition, assignments, at=at)

    def call_procedure(self) -> ast.Call:
        """CALL."""
        start = self.pos
        self.pos += 1
        name = self.qualified_name()
        return ast.Call(name, self.call_arguments(), at=self.at(start))
