"""JSON paths in statements: parsed at their place in the text, their static types found, their variables checked.

Source: Trino JsonPathAnalyzer.
"""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.functions import operators
from lodestar_server.functions.jsonpath import PathSyntaxError, parse_path, tree
from lodestar_server.functions.resolution import resolve_function
from lodestar_server.spi.errors import INVALID_PATH, NOT_SUPPORTED, SYNTAX_ERROR, Location, LodestarError
from lodestar_server.spi.types import (
    DOUBLE,
    INTEGER,
    INTEGRAL_TYPES,
    REAL,
    CharType,
    DecimalType,
    Type,
    VarcharType,
)
from lodestar_server.spi.values import frozen
from lodestar_server.sql.parser import ast

_TYPE_NAME = VarcharType(27)
_OPERATORS = {
    "+": operators.ADD,
    "-": operators.SUBTRACT,
    "*": operators.MULTIPLY,
    "/": operators.DIVIDE,
    "%": operators.MODULO,
}


def analyze_path(literal: ast.StringLiteral, variables: frozenset[str]) -> Type | None:
    """Check a path; its type where that is known before evaluation. Raises: LodestarError at the fault."""
    assert literal.at is not None
    line, column = literal.at.line, literal.at.column

    def place(fault: PathSyntaxError) -> Location:
        if fault.line == 1:
            return Location(line, column + 1 + fault.column)
        return Location(line - 1 + fault.line, fault.column + 1)

    return _analyze(literal.value, variables, literal.at, place)


def analyze_implicit_path(path: str, at: Location | None) -> Type | None:
    """Check the path that a column's name stands for."""
    return _analyze(path, frozenset(), at, lambda fault: at or Location(1, 1))


def _analyze(
    text: str, variables: frozenset[str], at: Location | None, place: Callable[[PathSyntaxError], Location]
) -> Type | None:
    try:
        path = parse_path(text)
    except PathSyntaxError as fault:
        location = Location(1, 1) if fault.line == 0 else place(fault)
        raise LodestarError(SYNTAX_ERROR, str(fault), location=location) from None
    return _Checker(variables, at).node(path.root)


def is_numeric(type_: Type) -> bool:
    """Integers, decimals, real and double."""
    return type_ in INTEGRAL_TYPES or type_ in (DOUBLE, REAL) or isinstance(type_, DecimalType)


def is_character_string(type_: Type) -> bool:
    """varchar and char."""
    return isinstance(type_, VarcharType | CharType)


@frozen
class _Checker:
    variables: frozenset[str]
    at: Location | None

    def _refuse(self, message: str) -> LodestarError:
        return LodestarError(INVALID_PATH, message, location=self.at)

    def node(self, node: tree.Node) -> Type | None:
        """The type of a part, None when only evaluation tells."""
        match node:
            case tree.Literal(type_, _):
                return type_
            case tree.Last():
                return INTEGER
            case tree.Variable(name):
                self._variable(name)
            case tree.Member(base, _) | tree.Descendant(base, _):
                self.node(base)
            case tree.Elements(base, subscripts):
                self.node(base)
                for start, end in subscripts:
                    self.node(start)
                    if end is not None:
                        self.node(end)
            case tree.Filter(base, predicate):
                found = self.node(base)
                self.predicate(predicate)
                return found
            case tree.Method():
                return self._method(node)
            case tree.Arithmetic(operator, left, right):
                return self._arithmetic(operator, self.node(left), self.node(right))
            case tree.Signed(negative, base):
                return self._signed(negative, self.node(base))
        return None

    def _variable(self, name: str) -> None:
        if name in self.variables:
            return
        message = f"no value passed for parameter {name}"
        if any(one.lower() == name.lower() for one in self.variables):
            message += f'. Try quoting "{name}" in the PASSING clause to match case'
        raise self._refuse(message)

    def _method(self, node: tree.Method) -> Type | None:
        base = self.node(node.base)
        match node.name:
            case tree.MethodName.TYPE:
                return _TYPE_NAME
            case tree.MethodName.SIZE:
                return INTEGER
            case tree.MethodName.KEYVALUE:
                return None
            case tree.MethodName.DOUBLE:
                if base is not None and not is_numeric(base) and not is_character_string(base):
                    raise self._refuse(f"cannot perform JSON path double() method with {base.display} argument")
                return DOUBLE
            case tree.MethodName.DATETIME:
                if base is not None and not is_character_string(base):
                    message = "JSON path datetime() method requires character string argument"
                    raise self._refuse(f"{message} (found {base.display})")
                message = "datetime method in JSON path is not yet supported"
                raise LodestarError(NOT_SUPPORTED, message, location=self.at)
        if base is None:
            return None
        try:
            return resolve_function(node.name.value, [base]).result
        except LodestarError as fault:
            message = f"cannot perform JSON path {node.name.value}() method with {base.display} argument: {fault}"
            raise self._refuse(message) from None

    def _arithmetic(self, operator: str, left: Type | None, right: Type | None) -> Type | None:
        if left is None or right is None:
            return None
        try:
            function = operators.find_operator(_OPERATORS[operator], (left, right))
        except LodestarError as fault:
            raise fault.at(self.at) from None
        if function is None:
            types = f"({left.display} and {right.display})"
            cause = f"Cannot apply operator: {left.display} {operator} {right.display}"
            raise self._refuse(f"invalid operand types {types} in JSON path arithmetic binary expression: {cause}")
        return function.result

    def _signed(self, negative: bool, base: Type | None) -> Type | None:
        if base is None:
            return None
        if not negative:
            if not is_numeric(base):
                raise self._refuse(f"Invalid operand type ({base.display}) in JSON path arithmetic unary expression")
            return base
        function = operators.find_operator(operators.NEGATE, (base,))
        if function is None:
            message = f"invalid operand type ({base.display}) in JSON path arithmetic unary expression"
            raise self._refuse(f"{message}: Cannot negate {base.display}")
        return function.result

    def predicate(self, node: tree.Predicate) -> None:
        """Check a condition."""
        match node:
            case tree.Comparison(_, left, right):
                self.node(left)
                self.node(right)
            case tree.Conjunction(first, second) | tree.Disjunction(first, second):
                self.predicate(first)
                self.predicate(second)
            case tree.Negation(inner) | tree.IsUnknown(inner):
                self.predicate(inner)
            case tree.Exists(path):
                self.node(path)
            case tree.StartsWith(whole, prefix):
                self.node(whole)
                self.node(prefix)
            case tree.LikeRegex():
                message = "like_regex predicate in JSON path is not yet supported"
                raise LodestarError(NOT_SUPPORTED, message, location=self.at)
