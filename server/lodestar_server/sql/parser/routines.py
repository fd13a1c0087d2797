"""SQL routines: the declaration of a function and the control statements of its body."""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import DOLLAR_STRING
from lodestar_server.sql.parser.relations import RelationParser

_STATEMENT_STARTS = frozenset({"RETURN", "SET", "CASE", "IF", "ITERATE", "LEAVE", "BEGIN", "LOOP", "WHILE", "REPEAT"})


class RoutineParser(RelationParser):
    """The part of the grammar that defines functions."""

    __slots__ = ()

    # properties, which tables and the rest have as well

    def properties(self) -> tuple[ast.Property, ...]:
        """WITH (name = value, …), if present."""
        if not self.accept("WITH"):
            return ()
        return self.parenthesized(self.property)

    def property(self) -> ast.Property:
        """`name = value` or `name = DEFAULT`."""
        start = self.pos
        name = self.identifier()
        self.expect("=")
        value = None
        # DEFAULT may be a column of an expression, which no property has.
        if not (self.kinds[self.pos] == "DEFAULT" and self.kinds[self.pos + 1] in (",", ")", "<EOF>")):
            value = self.expression()
        else:
            self.pos += 1
        return ast.Property(name, value, at=self.at(start))

    # declarations

    def function_specification(self) -> ast.FunctionSpecification:
        """FUNCTION name(parameters) RETURNS type … body."""
        start = self.pos
        self.expect("FUNCTION")
        name, parameters = self.function_declaration()
        returns_start = self.pos
        self.expect("RETURNS")
        returns = ast.ReturnsClause(self.type(), at=self.at(returns_start))
        characteristics: list[ast.RoutineCharacteristic] = []
        while True:
            characteristic = self._characteristic()
            if characteristic is None:
                break
            characteristics.append(characteristic)
        at = self.at(start)
        if self.accept("AS"):
            definition = self._definition()
            return ast.FunctionSpecification(name, parameters, returns, tuple(characteristics), None, definition, at=at)
        body_start = self.pos
        body = self._control_statement()
        if not isinstance(body, ast.ReturnStatement | ast.CompoundStatement):
            raise self.fault("Function body must start with RETURN or BEGIN", self.at(body_start))
        return ast.FunctionSpecification(name, parameters, returns, tuple(characteristics), body, at=at)

    def _definition(self) -> ast.StringLiteral:
        start = self.pos
        self.expect(DOLLAR_STRING)
        text = self.texts[start][2:-2]
        if not text.startswith(("\r", "\n")):
            raise self.fault("Function definition must start with a newline after opening quotes", self.at(start))
        if text.startswith("\r"):
            text = text[1:]
        if text.startswith("\n"):
            text = text[1:]
        return ast.StringLiteral(text, at=self.at(start))

    def function_declaration(self) -> tuple[ast.QualifiedName, tuple[ast.ParameterDeclaration, ...]]:
        """`name(parameters)`."""
        name = self.qualified_name()
        if self.accept_all("(", ")"):
            return name, ()
        return name, self.parenthesized(self._parameter_declaration)

    def _parameter_declaration(self) -> ast.ParameterDeclaration:
        # Two words are a name and a type, even `double precision`, unless that makes no sense.
        start = self.pos
        if self.at_name() and self.at_name(1):
            named = self.attempt(self._named_parameter)
            if named is not None:
                return named
        return ast.ParameterDeclaration(None, self.type(), at=self.at(start))

    def _named_parameter(self) -> ast.ParameterDeclaration:
        start = self.pos
        name = self.identifier()
        type_ = self.type()
        if self.kinds[self.pos] not in (",", ")"):
            self.refuse()
        return ast.ParameterDeclaration(name, type_, at=self.at(start))

    def _characteristic(self) -> ast.RoutineCharacteristic | None:
        start = self.pos
        at = self.at(start)
        kind = self.kinds[start]
        if kind == "LANGUAGE":
            self.pos += 1
            return ast.LanguageCharacteristic(self.identifier(), at=at)
        if kind == "DETERMINISTIC":
            self.pos += 1
            return ast.DeterministicCharacteristic(True, at=at)
        if kind == "NOT":
            self.pos += 1
            self.expect("DETERMINISTIC")
            return ast.DeterministicCharacteristic(False, at=at)
        if kind == "RETURNS":
            self.expect("RETURNS", "NULL", "ON", "NULL", "INPUT")
            return ast.NullInputCharacteristic(False, at=at)
        if kind == "CALLED":
            self.expect("CALLED", "ON", "NULL", "INPUT")
            return ast.NullInputCharacteristic(True, at=at)
        if kind == "SECURITY":
            self.pos += 1
            return ast.SecurityCharacteristic(ast.Security[self.expect_one_of("DEFINER", "INVOKER")], at=at)
        if kind == "COMMENT":
            self.pos += 1
            return ast.CommentCharacteristic(self.string_value(), at=at)
        if kind == "WITH":
            return ast.PropertiesCharacteristic(self.properties(), at=at)
        return None

    # control statements

    def _control_statement(self) -> ast.ControlStatement:
        self.enter()
        statement = self._control_statement_inside()
        self.depth -= 1
        return statement

    def _control_statement_inside(self) -> ast.ControlStatement:
        start = self.pos
        at = self.at(start)
        kind = self.kinds[start]
        if self.at_name() and self.kinds[start + 1] == ":":
            label = self.identifier()
            self.pos += 1
            return self._loop(label, start)
        if kind in ("LOOP", "WHILE", "REPEAT"):
            return self._loop(None, start)
        self.pos += 1
        if kind == "RETURN":
            return ast.ReturnStatement(self.value_expression(), at=at)
        if kind == "SET":
            target = self.identifier()
            self.expect("=")
            return ast.AssignmentStatement(target, self.expression(), at=at)
        if kind == "CASE":
            return self._case_statement(start)
        if kind == "IF":
            return self._if_statement(start)
        if kind == "ITERATE":
            return ast.IterateStatement(self.identifier(), at=at)
        if kind == "LEAVE":
            return ast.LeaveStatement(self.identifier(), at=at)
        if kind == "BEGIN":
            return self._compound_statement(start)
        self.refuse()

    def _statements(self) -> tuple[ast.ControlStatement, ...]:
        statements = []
        while True:
            statements.append(self._control_statement())
            self.expect(";")
            if self.kinds[self.pos] not in _STATEMENT_STARTS and self.kinds[self.pos + 1] != ":":
                return tuple(statements)

    def _compound_statement(self, start: int) -> ast.CompoundStatement:
        declarations = []
        while self.kinds[self.pos] == "DECLARE" and self.kinds[self.pos + 1] != ":":
            declarations.append(self._variable_declaration())
            self.expect(";")
        statements = () if self.kinds[self.pos] == "END" else self._statements()
        self.expect("END")
        return ast.CompoundStatement(tuple(declarations), statements, at=self.at(start))

    def _variable_declaration(self) -> ast.VariableDeclaration:
        start = self.pos
        self.pos += 1
        names = self.comma_separated(self.identifier)
        type_ = self.type()
        default = self.value_expression() if self.accept("DEFAULT") else None
        return ast.VariableDeclaration(names, type_, default, at=self.at(start))

    def _if_statement(self, start: int) -> ast.IfStatement:
        condition = self.expression()
        self.expect("THEN")
        statements = self._statements()
        branches = []
        while self.kinds[self.pos] == "ELSEIF":
            branch_start = self.pos
            self.pos += 1
            branch_condition = self.expression()
            self.expect("THEN")
            branches.append(ast.ElseIfClause(branch_condition, self._statements(), at=self.at(branch_start)))
        otherwise = self._else_clause()
        self.expect("END", "IF")
        return ast.IfStatement(condition, statements, tuple(branches), otherwise, at=self.at(start))

    def _else_clause(self) -> ast.ElseClause | None:
        start = self.pos
        if not self.accept("ELSE"):
            return None
        return ast.ElseClause(self._statements(), at=self.at(start))

    def _case_statement(self, start: int) -> ast.CaseStatement:
        operand = self.expression() if self.kinds[self.pos] != "WHEN" else None
        whens = [self._case_statement_when()]
        while self.kinds[self.pos] == "WHEN":
            whens.append(self._case_statement_when())
        otherwise = self._else_clause()
        self.expect("END", "CASE")
        return ast.CaseStatement(operand, tuple(whens), otherwise, at=self.at(start))

    def _case_statement_when(self) -> ast.CaseStatementWhenClause:
        start = self.pos
        self.expect("WHEN")
        condition = self.expression()
        self.expect("THEN")
        return ast.CaseStatementWhenClause(condition, self._statements(), at=self.at(start))

    def _loop(self, label: ast.Identifier | None, start: int) -> ast.ControlStatement:
        at = self.at(start)
        kind = self.expect_one_of("LOOP", "WHILE", "REPEAT")
        if kind == "LOOP":
            statements = self._statements()
            self.expect("END", "LOOP")
            return ast.LoopStatement(label, statements, at=at)
        if kind == "WHILE":
            condition = self.expression()
            self.expect("DO")
            statements = self._statements()
            self.expect("END", "WHILE")
            return ast.WhileStatement(label, condition, statements, at=at)
        statements = self._statements()
        self.expect("UNTIL")
        condition = self.expression()
        self.expect("END", "REPEAT")
        return ast.RepeatStatement(label, statements, condition, at=at)
