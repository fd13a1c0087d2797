"""A routine's body: names of variables and labels resolved, expressions bound. Source: Trino SqlRoutineAnalyzer."""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server import ir
from lodestar_server.functions.coercions import can_coerce, common_super_type
from lodestar_server.ir import Constant, Expression, Symbol, SymbolRef
from lodestar_server.ir.routines import Assign, Branch, Iterate, Leave, Loop, Return, Routine, RoutineStatement
from lodestar_server.spi.errors import (
    ALREADY_EXISTS,
    GENERIC_INTERNAL_ERROR,
    INVALID_ARGUMENTS,
    NOT_FOUND,
    NOT_SUPPORTED,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import BOOLEAN, Type
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import coerce
from lodestar_server.sql.analysis.collector import CallCollector
from lodestar_server.sql.analysis.environment import Analysis
from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer, comparable_type
from lodestar_server.sql.analysis.routines.declaration import (
    analyze_declaration,
    check_return,
    routine_type,
)
from lodestar_server.sql.analysis.scopes import Field, Scope
from lodestar_server.sql.analysis.syntax import check_scalar
from lodestar_server.sql.parser import ast, format_expression
from lodestar_server.sql.parser.ast.walk import walk


@frozen
class _Names:
    """Variables and labels in force. An inner block may not declare one again."""

    variables: dict[str, Symbol]
    labels: frozenset[str]

    def inner(self) -> _Names:
        return _Names(dict(self.variables), self.labels)


def analyze_routine(analysis: Analysis, node: ast.FunctionSpecification) -> Routine:
    """A routine with its types. Raises: LodestarError at what is wrong in it."""
    declared = analyze_declaration(node)
    assert node.statement is not None
    check_return(node.statement)
    parameters = tuple(analysis.symbols.new(type_, name) for name, type_ in declared.parameters)
    routine = Routine(
        declared.name,
        parameters,
        declared.result,
        (),
        declared.deterministic,
        declared.called_on_null,
        declared.comment,
    )
    analysis.pending_routines.append((routine, node.at))
    try:
        names = _Names(dict(zip((name for name, _ in declared.parameters), parameters, strict=True)), frozenset())
        body = _Body(analysis, declared.result)
        statements = tuple(body.statement(node.statement, names))
    finally:
        analysis.pending_routines.pop()
    for expression in body.not_scalar:
        check_scalar(expression, "Function body")
    deterministic = all(ir.is_deterministic(one) for one in body.expressions)
    if deterministic and not declared.deterministic:
        message = "Deterministic function declared NOT DETERMINISTIC"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    if declared.deterministic and not deterministic:
        message = "Non-deterministic function declared DETERMINISTIC"
        raise LodestarError(INVALID_ARGUMENTS, message, location=node.at)
    return Routine(
        declared.name,
        parameters,
        declared.result,
        statements,
        deterministic,
        declared.called_on_null,
        declared.comment,
    )


class _Body:
    def __init__(self, analysis: Analysis, result: Type) -> None:
        self._analysis = analysis
        self._result = result
        self.expressions: list[Expression] = []
        self.not_scalar: list[ast.Expression] = []

    def statements(self, nodes: Sequence[ast.ControlStatement], names: _Names) -> tuple[RoutineStatement, ...]:
        return tuple(made for node in nodes for made in self.statement(node, names))

    def statement(self, node: ast.ControlStatement, names: _Names) -> list[RoutineStatement]:
        match node:
            case ast.ReturnStatement():
                return [Return(self._typed(node.value, names, self._result, "Value of RETURN"))]
            case ast.AssignmentStatement():
                return [self._assignment(node, names)]
            case ast.CompoundStatement():
                return self._compound(node, names)
            case ast.IfStatement():
                return [self._if(node, names)]
            case ast.CaseStatement():
                return self._case(node, names)
            case ast.LoopStatement() | ast.WhileStatement() | ast.RepeatStatement():
                return [self._loop(node, names)]
            case ast.LeaveStatement():
                return [Leave(_label(node.label, names))]
            case ast.IterateStatement():
                return [Iterate(_label(node.label, names))]
        raise LodestarError(NOT_SUPPORTED, f"Unsupported statement: {type(node).__name__}", location=node.at)

    def _bind(self, node: ast.Expression, names: _Names) -> Expression:
        for part in walk(node):
            if isinstance(part, ast.SubqueryExpression | ast.ExistsPredicate | ast.Query):
                raise LodestarError(NOT_SUPPORTED, "Queries are not allowed in functions", location=part.at)
            if isinstance(part, ast.FunctionCall) and part.window is not None:
                # No SELECT has resolved its window: the analysis trips over it before it looks at anything else.
                message = f"no resolved window for: {format_expression(part)}"
                raise LodestarError(GENERIC_INTERNAL_ERROR, message)
        fields = [Field(symbol, name) for name, symbol in names.variables.items()]
        collector = CallCollector(self._analysis.symbols, node.at)
        bound = ExpressionAnalyzer(self._analysis, Scope(fields), collector, correlation=False).analyze(node)
        self.expressions.append(bound)
        if collector.aggregates or collector.windows or collector.groupings or collector.pattern_windows:
            self.not_scalar.append(node)
        else:
            collector.check_calls()
        return bound

    def _typed(self, node: ast.Expression, names: _Names, expected: Type, what: str) -> Expression:
        bound = self._bind(node, names)
        if bound.type != expected and not can_coerce(bound.type, expected):
            message = f"{what} must evaluate to {expected.display} (actual: {bound.type.display})"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        return coerce(bound, expected)

    def _condition(self, node: ast.Expression, names: _Names, what: str) -> Expression:
        return self._typed(node, names, BOOLEAN, f"Condition of {what}")

    def _assignment(self, node: ast.AssignmentStatement, names: _Names) -> RoutineStatement:
        variable = names.variables.get(node.target.value.lower())
        if variable is None:
            message = f"Variable cannot be resolved: {node.target.value}"
            raise LodestarError(NOT_FOUND, message, location=node.target.at)
        return Assign(variable, self._typed(node.value, names, variable.type, f"Value of SET '{node.target.value}'"))

    def _compound(self, node: ast.CompoundStatement, names: _Names) -> list[RoutineStatement]:
        inner = names.inner()
        made: list[RoutineStatement] = []
        for declaration in node.variable_declarations:
            type_ = routine_type(declaration, declaration.type)
            value: Expression = Constant(type_, None)
            if declaration.default is not None:
                value = self._typed(declaration.default, inner, type_, "Value of DEFAULT")
            declared: list[Symbol] = []
            for name in declaration.names:
                if name.value.lower() in inner.variables:
                    message = f"Variable already declared in this scope: {name.value}"
                    raise LodestarError(ALREADY_EXISTS, message, location=name.at)
                declared.append(self._analysis.symbols.new(type_, name.value.lower()))
                inner.variables[name.value.lower()] = declared[-1]
            # Every round through a block declares anew, and all names of a declaration get one evaluation of it.
            made.append(Assign(declared[0], value))
            made += [Assign(one, SymbolRef(declared[0])) for one in declared[1:]]
        return [*made, *self.statements(node.statements, inner)]

    def _if(self, node: ast.IfStatement, names: _Names) -> RoutineStatement:
        branches = [
            (self._condition(node.expression, names, "IF statement"), self.statements(node.statements, names)),
        ]
        for clause in node.else_if_clauses:
            condition = self._condition(clause.expression, names, "ELSEIF clause")
            branches.append((condition, self.statements(clause.statements, names)))
        return Branch(tuple(branches), self._otherwise(node.else_clause, names))

    def _otherwise(self, node: ast.ElseClause | None, names: _Names) -> tuple[RoutineStatement, ...]:
        return () if node is None else self.statements(node.statements, names)

    def _case(self, node: ast.CaseStatement, names: _Names) -> list[RoutineStatement]:
        made: list[RoutineStatement] = []
        conditions: list[Expression] = []
        if node.expression is None:
            conditions = [self._condition(one.expression, names, "WHEN clause") for one in node.when_clauses]
        else:
            operand = self._bind(node.expression, names)
            kept = self._analysis.symbols.new(operand.type, "case")
            made.append(Assign(kept, operand))
            conditions = [self._equals(SymbolRef(kept), one.expression, names) for one in node.when_clauses]
        bodies = [self.statements(one.statements, names) for one in node.when_clauses]
        otherwise = self._otherwise(node.else_clause, names)
        return [*made, Branch(tuple(zip(conditions, bodies, strict=True)), otherwise)]

    def _equals(self, operand: Expression, node: ast.Expression, names: _Names) -> Expression:
        value = self._bind(node, names)
        equal = ir.ComparisonOperator.EQUAL
        if common_super_type(operand.type, value.type) is None:
            message = (
                f"WHEN clause value must evaluate to CASE value type {operand.type.display} "
                f"(actual: {value.type.display})"
            )
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        common = comparable_type(equal, operand.type, value.type)
        if common is None:
            message = f"Cannot apply operator: {operand.type.display} = {value.type.display}"
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        return ir.Comparison(equal, coerce(operand, common), coerce(value, common))

    def _loop(self, node: ast.LoopStatement | ast.WhileStatement | ast.RepeatStatement, names: _Names) -> Loop:
        label = None if node.label is None else node.label.value.lower()
        if label is not None:
            if label in names.labels:
                assert node.label is not None
                message = f"Label already declared in this scope: {node.label.value}"
                raise LodestarError(ALREADY_EXISTS, message, location=node.label.at)
            names = _Names(names.variables, names.labels | {label})
        before = after = None
        if isinstance(node, ast.WhileStatement):
            before = self._condition(node.expression, names, "WHILE statement")
        elif isinstance(node, ast.RepeatStatement):
            after = self._condition(node.condition, names, "REPEAT statement")
        return Loop(label, self.statements(node.statements, names), before, after)


def _label(label: ast.Identifier, names: _Names) -> str:
    if label.value.lower() not in names.labels:
        raise LodestarError(NOT_FOUND, f"Label not defined: {label.value}", location=label.at)
    return label.value.lower()
