"""What stands between operators: names, literals, calls, parentheses, ARRAY and CASE.

Functions with a syntax of their own (CAST, TRIM, EXTRACT …) are in `functions.py`, JSON's in `json_functions.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.expressions import NUMBERS, QUERY_STARTS, OperatorParser
from lodestar_server.sql.parser.lexer import (
    BINARY,
    DECIMAL,
    DOUBLE,
    IDENTIFIER,
    INTEGER,
    NAME_KINDS,
    STRING,
    UNICODE_STRING,
)
from lodestar_server.sql.parser.special_forms import special_form
from lodestar_server.sql.parser.strings import decode_binary

_MODES = {entry.value: entry for entry in ast.ProcessingModeType}
_NULL_TREATMENTS = {entry.value: entry for entry in ast.NullTreatment}
_STRINGS = frozenset({STRING, UNICODE_STRING})
# What makes the name before it more than a column.
_AFTER_SPECIAL_NAME = frozenset({"(", "->", "OVER", ".", "[", *_STRINGS})
_AFTER_QUERY_TERM = frozenset({")", "UNION", "INTERSECT", "EXCEPT", "ORDER", "OFFSET", "LIMIT", "FETCH"})


class PrimaryParser(OperatorParser):
    """The part of the grammar that makes values."""

    __slots__ = ()

    # What a primary expression may start with, other than a name.
    starters: ClassVar[dict[str, Callable[[Any], ast.Expression]]] = {}
    # Names that are more than names before a parenthesis.
    callers: ClassVar[dict[str, Callable[[Any], ast.Expression]]] = {}

    def query_after(self, body: ast.QueryBody, start: int) -> ast.Query:
        """The query without WITH whose first term is already read; it began at token `start`."""
        raise NotImplementedError

    def primary_expression(self) -> ast.Expression:
        """An expression without operators at its top."""
        start = self.pos
        kinds = self.kinds
        kind = kinds[start]
        if kind is IDENTIFIER and kinds[start + 1] not in _AFTER_SPECIAL_NAME:
            self.pos = start + 1
            return ast.Identifier(self.texts[start], False, at=self.tokens.location(start))
        starter = self.starters.get(kind)
        if starter is not None:
            primary = starter(self)
        elif kind in NAME_KINDS:
            primary = self._named(start, kind)
        else:
            self.refuse()
        if kinds[self.pos] == "[" or kinds[self.pos] == ".":
            return self._parts_of(primary, start)
        return primary

    def _parts_of(self, primary: ast.Expression, start: int) -> ast.Expression:
        """Fold subscripts and fields onto a value; `.*` is left for who reads SELECT items."""
        kinds = self.kinds
        at = self.at(start)
        while True:
            self.folds += 1
            if kinds[self.pos] == "[":
                self.pos += 1
                self.enter()
                index = self.value_expression()
                self.depth -= 1
                self.expect("]")
                primary = ast.SubscriptExpression(primary, index, at=at)
            elif kinds[self.pos] == "." and kinds[self.pos + 1] != "*":
                self.pos += 1
                primary = ast.DereferenceExpression(primary, self.identifier(), at=at)
            else:
                return primary

    # names

    def _named(self, start: int, kind: str) -> ast.Expression:
        following = self.kinds[start + 1]
        if following == "(" and self.kinds[start + 2] not in QUERY_STARTS:
            caller = self.callers.get(kind)
            return self.call(ast.QualifiedName.of([self.identifier()]), start) if caller is None else caller(self)
        if following == ".":
            return self._dotted(start)
        if following in _STRINGS and not (kind == "INTERVAL" and self.interval_follows()):
            return self._typed_literal(start)
        if following == "->":
            argument = ast.LambdaArgumentDeclaration(self.identifier(), at=self.at(start))
            return self._lambda((argument,), start)
        if following == "OVER" and (self.kinds[start + 2] == "(" or self.kinds[start + 2] in NAME_KINDS):
            name = self.identifier()
            self.pos += 1
            return ast.WindowOperation(name, self.over(), at=self.at(start))
        if kind == "ARRAY" and following == "[":
            self.pos += 1
            return self._array(start)
        if kind == "INTERVAL" and self.interval_follows():
            return self.interval()
        if kind == "DOUBLE" and following == "PRECISION" and self.kinds[start + 2] in _STRINGS:
            self.pos += 2
            return ast.GenericLiteral("DOUBLE", self.string_value(), at=self.at(start))
        if kind in _MODES and following in NAME_KINDS and self._call_follows(start + 1):
            # RUNNING may be a column in front of a clause that looks like a call.
            return self.attempt(self._call_in_mode) or self.identifier()
        return self.identifier()

    def _dotted(self, start: int) -> ast.Expression:
        """A chain of names: a column, a field, or the name of a function."""
        kinds = self.kinds
        first = self.identifier()
        names = [first]
        value: ast.Expression = first
        while kinds[self.pos] == "." and kinds[self.pos + 1] != "*":
            self.pos += 1
            name = self.identifier()
            names.append(name)
            self.folds += 1
            value = ast.DereferenceExpression(value, name, at=first.at)
        if kinds[self.pos] == "(" and len(names) > 1:
            return self.call(ast.QualifiedName.of(names), start)
        return value

    def _typed_literal(self, start: int) -> ast.Expression:
        at = self.at(start)
        type_name = self.texts[start]
        self.identifier()
        value = self.string_value()
        if type_name.lower() == "decimal":
            return ast.DecimalLiteral(value, at=at)
        if type_name.lower() == "x":
            raise self.fault("Spaces are not allowed between 'X' and the starting quote of a binary literal", at)
        return ast.GenericLiteral(type_name, value, at=at)

    def _call_follows(self, index: int) -> bool:
        kinds = self.kinds
        while kinds[index + 1] == "." and kinds[index + 2] in NAME_KINDS:
            index += 2
        return kinds[index + 1] == "("

    def _call_in_mode(self) -> ast.Expression:
        start = self.pos
        mode = ast.ProcessingMode(_MODES[self.kinds[start]], at=self.at(start))
        self.pos += 1
        return self.call(self.qualified_name(), start, mode)

    # calls

    def call(
        self,
        name: ast.QualifiedName,
        start: int,
        mode: ast.ProcessingMode | None = None,
        first: ast.Expression | None = None,
    ) -> ast.Expression:
        """The call of a function, from its opening parenthesis on; or, if its first argument is already read, from
        behind that. The call began at token `start`.
        """
        kinds = self.kinds
        distinct = starred = False
        arguments: tuple[ast.Expression, ...] = ()
        order_by = None
        if first is None:
            self.pos += 1
            self.enter()
            kind = kinds[self.pos]
            if kind == "*" and kinds[self.pos + 1] == ")":
                self.pos += 1
                starred = True
            elif kind in NAME_KINDS and kinds[self.pos + 1] == "." and kinds[self.pos + 2] == "*":
                label = self.identifier()
                self.pos += 2
                starred = True
                arguments = (ast.DereferenceExpression(label, None, at=label.at),)
            elif kind != ")" and kind != "ORDER":
                if kind == "DISTINCT":
                    self.pos += 1
                    distinct = True
                if kind == "ALL":
                    arguments = self._quantified_arguments()
                else:
                    arguments = self.comma_separated(self.expression)
        else:
            self.enter()
            arguments = (first,)
            while self.accept(","):
                arguments = (*arguments, self.expression())
        if kinds[self.pos] == "ORDER":
            order_by = self.order_by()
        self.expect(")")
        self.depth -= 1
        condition, treatment, window = self._after_call(starred=starred)
        call = ast.FunctionCall(
            name, arguments, distinct, condition, order_by, window, treatment, mode, at=self.tokens.location(start)
        )
        return special_form(call)

    def _quantified_arguments(self) -> tuple[ast.Expression, ...]:
        # ALL may be a name: `f(ALL x)`, `f(all)`, `f(all.x)`.
        return self.attempt(self._arguments_after_all) or self.comma_separated(self.expression)

    def _arguments_after_all(self) -> tuple[ast.Expression, ...]:
        self.pos += 1
        arguments = self.comma_separated(self.expression)
        if self.kinds[self.pos] not in (")", "ORDER"):
            self.refuse()
        return arguments

    def _after_call(
        self, *, starred: bool
    ) -> tuple[ast.Expression | None, ast.NullTreatment | None, ast.Window | None]:
        """FILTER, null treatment (not behind `*`) and OVER; each of their words may also be an alias."""
        kinds = self.kinds
        condition = treatment = window = None
        if kinds[self.pos] == "FILTER" and kinds[self.pos + 1] == "(":
            condition = self.filter()
        kind = kinds[self.pos]
        treated = not starred and kind in _NULL_TREATMENTS and kinds[self.pos + 1] == "NULLS"
        if treated and self.over_follows(self.pos + 2):
            treatment = _NULL_TREATMENTS[kind]
            self.pos += 2
        if kinds[self.pos] == "OVER" and self.over_follows(self.pos):
            self.pos += 1
            window = self.over()
        return condition, treatment, window

    def over_follows(self, index: int) -> bool:
        """Whether a window starts at token `index`; OVER may be an alias as well."""
        kinds = self.kinds
        return kinds[index] == "OVER" and (kinds[index + 1] == "(" or kinds[index + 1] in NAME_KINDS)

    def filter(self) -> ast.Expression:
        """FILTER (WHERE condition)."""
        self.expect("FILTER", "(", "WHERE")
        self.enter()
        condition = self.expression()
        self.depth -= 1
        self.expect(")")
        return condition

    def _row(self) -> ast.Expression:
        start = self.pos
        call = self.call(ast.QualifiedName.of([self.identifier()]), start)
        if not isinstance(call, ast.FunctionCall):
            return call
        plain = ast.FunctionCall(call.name, call.arguments, at=call.at)
        if call.arguments and call == plain and self.kinds[start + 2] not in ("DISTINCT", "ALL"):
            if not (len(call.arguments) == 1 and _is_label(call.arguments[0])):
                return ast.Row(call.arguments, at=call.at)
        return call

    # parentheses

    def _parenthesized(self) -> ast.Expression:
        start = self.pos
        kinds = self.kinds
        following = kinds[start + 1]
        if following in QUERY_STARTS:
            return self.subquery()
        if following == ")" or (following in NAME_KINDS and self._lambda_follows(start + 1)):
            self.pos += 1
            arguments = () if following == ")" else self.comma_separated(self._lambda_argument)
            self.expect(")")
            return self._lambda(arguments, start)
        if following == "(" and self.query_follows(start + 1):
            return self._query_or_value()[1]
        self.pos += 1
        self.enter()
        value = self.expression()
        if kinds[self.pos] == ",":
            value = self._row_after(value, start)
        self.depth -= 1
        self.expect(")")
        return value

    def subquery(self) -> ast.SubqueryExpression:
        """A query in parentheses, as a value."""
        start = self.pos
        self.expect("(")
        query = self.query()
        self.expect(")")
        return ast.SubqueryExpression(query, at=self.at(start))

    def _row_after(self, first: ast.Expression, start: int) -> ast.Row:
        items = [first]
        while self.accept(","):
            items.append(self.expression())
        return ast.Row(tuple(items), at=self.at(start))

    def _query_or_value(self) -> tuple[ast.QueryBody | None, ast.Expression]:
        """What a parenthesis is whose first word, behind more parentheses, starts a query: as a term of a query around
        it (None if it cannot be one) and as a value. What can be both is a query; one pass reads both.
        """
        start = self.pos
        at = self.at(start)
        self.pos += 1
        self.enter()
        if self.kinds[self.pos] != "(":
            query = self.query()
            may_be_term = query.with_ is None
        else:
            body, value = self._query_or_value()
            if body is None or self.kinds[self.pos] not in _AFTER_QUERY_TERM:
                value = self.expression_after(self.value_after_primary(self._parts_of(value, start + 1)), start + 1)
                if self.kinds[self.pos] == ",":
                    value = self._row_after(value, start)
                self.depth -= 1
                self.expect(")")
                return None, value
            query = self.query_after(body, start + 1)
            may_be_term = True
        self.depth -= 1
        self.expect(")")
        return ast.TableSubquery(query, at=at) if may_be_term else None, ast.SubqueryExpression(query, at=at)

    # lambdas

    def _lambda_follows(self, index: int) -> bool:
        kinds = self.kinds
        while kinds[index] in NAME_KINDS and kinds[index + 1] == ",":
            index += 2
        return kinds[index] in NAME_KINDS and kinds[index + 1] == ")" and kinds[index + 2] == "->"

    def _lambda_argument(self) -> ast.LambdaArgumentDeclaration:
        start = self.pos
        return ast.LambdaArgumentDeclaration(self.identifier(), at=self.at(start))

    def _lambda(self, arguments: tuple[ast.LambdaArgumentDeclaration, ...], start: int) -> ast.LambdaExpression:
        self.expect("->")
        self.enter()
        body = self.expression()
        self.depth -= 1
        return ast.LambdaExpression(arguments, body, at=self.at(start))

    # literals and the rest

    def _string(self) -> ast.Expression:
        return self.string()

    def _number(self) -> ast.Expression:
        return self.number()

    def _negative_number(self) -> ast.Expression:
        if self.kinds[self.pos + 1] not in NUMBERS:
            self.refuse()
        return self.number()

    def _binary(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        at = self.at(start)
        return ast.BinaryLiteral(decode_binary(self.texts[start], at), at=at)

    def _null(self) -> ast.Expression:
        self.pos += 1
        return ast.NullLiteral(at=self.at(self.pos - 1))

    def _boolean(self) -> ast.Expression:
        self.pos += 1
        return ast.BooleanLiteral(self.kinds[self.pos - 1] == "TRUE", at=self.at(self.pos - 1))

    def parameter(self) -> ast.Parameter:
        """`?`."""
        start = self.pos
        self.expect("?")
        parameter = ast.Parameter(len(self.parameters), at=self.at(start))
        self.parameters.append(parameter)
        return parameter

    def _bracketed_array(self) -> ast.Expression:
        return self._array(self.pos)

    def _array(self, start: int) -> ast.Expression:
        self.pos += 1
        self.enter()
        values: tuple[ast.Expression, ...] = ()
        if self.kinds[self.pos] != "]":
            values = self.comma_separated(self.expression)
        self.depth -= 1
        self.expect("]")
        return ast.Array(values, at=self.at(start))

    def _case(self) -> ast.Expression:
        start = self.pos
        self.pos += 1
        self.enter()
        operand = self.expression() if self.kinds[self.pos] != "WHEN" else None
        whens = [self._when()]
        while self.kinds[self.pos] == "WHEN":
            whens.append(self._when())
        default = self.expression() if self.accept("ELSE") else None
        self.expect("END")
        self.depth -= 1
        at = self.at(start)
        if operand is None:
            return ast.SearchedCaseExpression(tuple(whens), default, at=at)
        return ast.SimpleCaseExpression(operand, tuple(whens), default, at=at)

    def _when(self) -> ast.WhenClause:
        start = self.pos
        self.expect("WHEN")
        condition = self.expression()
        self.expect("THEN")
        return ast.WhenClause(condition, self.expression(), at=self.at(start))


def _is_label(argument: ast.Expression) -> bool:
    return isinstance(argument, ast.DereferenceExpression) and argument.field is None


PrimaryParser.callers.update({"ROW": PrimaryParser._row})
PrimaryParser.starters.update(
    {
        INTEGER: PrimaryParser._number,
        DECIMAL: PrimaryParser._number,
        DOUBLE: PrimaryParser._number,
        "-": PrimaryParser._negative_number,
        STRING: PrimaryParser._string,
        UNICODE_STRING: PrimaryParser._string,
        BINARY: PrimaryParser._binary,
        "(": PrimaryParser._parenthesized,
        "[": PrimaryParser._bracketed_array,
        "?": PrimaryParser.parameter,
        "NULL": PrimaryParser._null,
        "TRUE": PrimaryParser._boolean,
        "FALSE": PrimaryParser._boolean,
        "CASE": PrimaryParser._case,
    }
)
