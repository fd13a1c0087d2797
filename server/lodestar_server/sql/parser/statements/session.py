"""USE, SET, RESET, transactions, prepared statements, EXPLAIN."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import END, NAME_KINDS, STRING, UNICODE_STRING
from lodestar_server.sql.parser.statements.security import SecurityParser

_EXPLAIN_TYPES = tuple(entry.value for entry in ast.ExplainTypeName)
_EXPLAIN_FORMATS = tuple(entry.value for entry in ast.ExplainFormatName)


class SessionParser(SecurityParser):
    """Statements about the session."""

    __slots__ = ()

    def use(self) -> ast.Use:
        """USE."""
        start = self.pos
        self.pos += 1
        first = self.identifier()
        if self.accept("."):
            return ast.Use(first, self.identifier(), at=self.at(start))
        return ast.Use(None, first, at=self.at(start))

    def set(self) -> ast.Statement:
        """Any SET."""
        start = self.pos
        at = self.at(start)
        kind = self.kinds[start + 1]
        if kind == "ROLE":
            return self.set_role()
        self.pos += 2
        if kind == "SESSION":
            # AUTHORIZATION may be the name of a property.
            if self.kinds[self.pos] == "AUTHORIZATION" and self.kinds[self.pos + 1] not in ("=", "."):
                self.pos += 1
                is_string = self.kinds[self.pos] in (STRING, UNICODE_STRING)
                return ast.SetSessionAuthorization(self.string() if is_string else self.identifier(), at=at)
            name = self.qualified_name()
            self.expect("=")
            return ast.SetSession(name, self.expression(), at=at)
        if kind == "PATH":
            return ast.SetPath(self.path_specification(), at=at)
        if kind == "TIME":
            self.expect("ZONE")
            if self.kinds[self.pos] == "LOCAL" and self.kinds[self.pos + 1] == END:
                self.pos += 1
                return ast.SetTimeZone(None, at=at)
            return ast.SetTimeZone(self.expression(), at=at)
        self.refuse()

    def reset(self) -> ast.Statement:
        """RESET SESSION."""
        start = self.pos
        self.expect("RESET", "SESSION")
        if self.kinds[self.pos] == "AUTHORIZATION" and self.kinds[self.pos + 1] != ".":
            self.pos += 1
            return ast.ResetSessionAuthorization(at=self.at(start))
        return ast.ResetSession(self.qualified_name(), at=self.at(start))

    def path_specification(self) -> ast.PathSpecification:
        """A path."""
        start = self.pos
        return ast.PathSpecification(self.comma_separated(self._path_element), at=self.at(start))

    def _path_element(self) -> ast.PathElement:
        start = self.pos
        first = self.identifier()
        if self.accept("."):
            return ast.PathElement(first, self.identifier(), at=self.at(start))
        return ast.PathElement(None, first, at=self.at(start))

    # transactions

    def start_transaction(self) -> ast.StartTransaction:
        """START TRANSACTION."""
        start = self.pos
        self.expect("START", "TRANSACTION")
        modes: tuple[ast.TransactionMode, ...] = ()
        if self.kinds[self.pos] in ("ISOLATION", "READ"):
            modes = self.comma_separated(self._transaction_mode)
        return ast.StartTransaction(modes, at=self.at(start))

    def _transaction_mode(self) -> ast.TransactionMode:
        start = self.pos
        if self.accept("READ"):
            read_only = self.expect_one_of("ONLY", "WRITE") == "ONLY"
            return ast.TransactionAccessMode(read_only, at=self.at(start))
        self.expect("ISOLATION", "LEVEL")
        return ast.Isolation(self._isolation_level(), at=self.at(start + 2))

    def _isolation_level(self) -> ast.IsolationLevel:
        if self.accept("SERIALIZABLE"):
            return ast.IsolationLevel.SERIALIZABLE
        if self.accept_all("REPEATABLE", "READ"):
            return ast.IsolationLevel.REPEATABLE_READ
        self.expect("READ")
        if self.accept("COMMITTED"):
            return ast.IsolationLevel.READ_COMMITTED
        self.expect("UNCOMMITTED")
        return ast.IsolationLevel.READ_UNCOMMITTED

    def commit(self) -> ast.Commit:
        """COMMIT."""
        start = self.pos
        self.pos += 1
        self.accept("WORK")
        return ast.Commit(at=self.at(start))

    def rollback(self) -> ast.Rollback:
        """ROLLBACK."""
        start = self.pos
        self.pos += 1
        self.accept("WORK")
        return ast.Rollback(at=self.at(start))

    # prepared statements

    def prepare(self) -> ast.Prepare:
        """PREPARE."""
        start = self.pos
        self.pos += 1
        name = self.identifier()
        self.expect("FROM")
        return ast.Prepare(name, self.statement(), at=self.at(start))

    def deallocate(self) -> ast.Deallocate:
        """DEALLOCATE PREPARE."""
        start = self.pos
        self.expect("DEALLOCATE", "PREPARE")
        return ast.Deallocate(self.identifier(), at=self.at(start))

    def execute(self) -> ast.Statement:
        """EXECUTE name, EXECUTE IMMEDIATE 'text'."""
        start = self.pos
        at = self.at(start)
        self.pos += 1
        if self.kinds[self.pos] == "IMMEDIATE" and self.kinds[self.pos + 1] in (STRING, UNICODE_STRING):
            self.pos += 1
            text = self.string()
            return ast.ExecuteImmediate(text, self._using(), at=at)
        name = self.identifier()
        return ast.Execute(name, self._using(), at=at)

    def _using(self) -> tuple[ast.Expression, ...]:
        return self.comma_separated(self.expression) if self.accept("USING") else ()

    # EXPLAIN

    def explain(self) -> ast.Statement:
        """EXPLAIN, EXPLAIN ANALYZE."""
        start = self.pos
        self.pos += 1
        if self.kinds[self.pos] == "ANALYZE":
            # What may be EXPLAIN of `ANALYZE t` is that, even if `t` is COMMIT.
            table = self.attempt(self._analyze_to_the_end)
            if table is not None:
                return ast.Explain(table, at=self.at(start))
            self.pos += 1
            verbose = self.accept("VERBOSE")
            return ast.ExplainAnalyze(self.statement(), verbose, at=self.at(start))
        options: tuple[ast.ExplainOption, ...] = ()
        if self.kinds[self.pos] == "(" and self.kinds[self.pos + 1] in ("TYPE", "FORMAT"):
            options = self.parenthesized(self._explain_option)
        return ast.Explain(self.statement(), options, at=self.at(start))

    def _analyze_to_the_end(self) -> ast.Analyze:
        statement = self.analyze()
        if self.kinds[self.pos] != END:
            self.refuse()
        return statement

    def _explain_option(self) -> ast.ExplainOption:
        start = self.pos
        if self.accept("TYPE"):
            kind = ast.ExplainTypeName[self.expect_one_of(*_EXPLAIN_TYPES)]
            return ast.ExplainType(kind, at=self.at(start))
        self.expect("FORMAT")
        return ast.ExplainFormat(ast.ExplainFormatName[self.expect_one_of(*_EXPLAIN_FORMATS)], at=self.at(start))

    # DESCRIBE

    def describe(self) -> ast.Statement:
        """DESCRIBE table, DESCRIBE INPUT, DESCRIBE OUTPUT."""
        start = self.pos
        at = self.at(start)
        self.pos += 1
        kind = self.kinds[self.pos]
        if kind in ("INPUT", "OUTPUT") and self.kinds[self.pos + 1] in NAME_KINDS and self.kinds[start] == "DESCRIBE":
            self.pos += 1
            name = self.identifier()
            return ast.DescribeInput(name, at=at) if kind == "INPUT" else ast.DescribeOutput(name, at=at)
        return ast.ShowColumns(self.qualified_name(), at=at)
