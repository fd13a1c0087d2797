"""The whole grammar: which statement a text is, by its first word."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import END
from lodestar_server.sql.parser.statements.show import ShowParser


class Parser(ShowParser):
    """Every part of the grammar, and the entries to it. An entry reads to the end of the text."""

    __slots__ = ()

    def statement(self) -> ast.Statement:
        """Any statement."""
        self.enter()
        kind = self.kinds[self.pos]
        if kind == "CREATE" and self.kinds[self.pos + 1] == "ROLE":
            statement: ast.Statement = self.create_role()
        elif kind == "DROP" and self.kinds[self.pos + 1] == "ROLE":
            statement = self.drop_role()
        else:
            read = _STATEMENTS.get(kind)
            statement = self.root_query_with_session() if read is None else read(self)
        self.depth -= 1
        return statement

    def only_statement(self) -> ast.Statement:
        """A statement and nothing after it."""
        statement = self.statement()
        self.expect(END)
        return statement

    def only_expression(self) -> ast.Expression:
        """An expression and nothing after it."""
        expression = self.expression()
        self.expect(END)
        return expression

    def only_type(self) -> ast.DataType:
        """A type and nothing after it."""
        type_ = self.type()
        self.expect(END)
        return type_

    def only_path_specification(self) -> ast.PathSpecification:
        """A path and nothing after it."""
        path = self.path_specification()
        self.expect(END)
        return path

    def only_function_specification(self) -> ast.FunctionSpecification:
        """A function and nothing after it."""
        function = self.function_specification()
        self.expect(END)
        return function

    def only_row_pattern(self) -> ast.RowPattern:
        """A row pattern and nothing after it."""
        pattern = self.row_pattern()
        self.expect(END)
        return pattern


_STATEMENTS: dict[str, Callable[[Parser], ast.Statement]] = {
    "ALTER": Parser.alter,
    "ANALYZE": Parser.analyze,
    "CALL": Parser.call_procedure,
    "COMMENT": Parser.comment_on,
    "COMMIT": Parser.commit,
    "CREATE": Parser.create,
    "DEALLOCATE": Parser.deallocate,
    "DELETE": Parser.delete,
    "DENY": Parser.deny,
    "DESC": Parser.describe,
    "DESCRIBE": Parser.describe,
    "DROP": Parser.drop,
    "EXECUTE": Parser.execute,
    "EXPLAIN": Parser.explain,
    "GRANT": Parser.grant,
    "INSERT": Parser.insert,
    "MERGE": Parser.merge,
    "PREPARE": Parser.prepare,
    "REFRESH": Parser.refresh,
    "RESET": Parser.reset,
    "REVOKE": Parser.revoke,
    "ROLLBACK": Parser.rollback,
    "SET": Parser.set,
    "SHOW": Parser.show,
    "START": Parser.start_transaction,
    "TRUNCATE": Parser.truncate,
    "UPDATE": Parser.update,
    "USE": Parser.use,
}
