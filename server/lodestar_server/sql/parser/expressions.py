"""Expressions: operators here, what stands between operators in `primaries.py`.

Precedence as in Trino's grammar, tightest first: subscript and field; AT TIME ZONE; sign; `* / %`; `+ -`; `||`;
predicates (one, not a chain); NOT; AND; OR.
"""

from __future__ import annotations

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import DECIMAL, DOUBLE, INTEGER, STRING, UNICODE_STRING, Tokens
from lodestar_server.sql.parser.strings import decode_integer
from lodestar_server.sql.parser.types import INTERVAL_FIELDS
from lodestar_server.sql.parser.windows import WindowParser

_COMPARISONS = {entry.value: entry for entry in ast.ComparisonOperator if entry.value != "IS DISTINCT FROM"}
_QUANTIFIERS = {entry.value: entry for entry in ast.Quantifier}
_PREDICATE_STARTS = frozenset({*_COMPARISONS, "NOT", "BETWEEN", "IN", "LIKE", "IS"})
_AFTER_VALUE = _PREDICATE_STARTS | {"AND", "OR"}
QUERY_STARTS = frozenset({"SELECT", "VALUES", "TABLE", "WITH"})
NUMBERS = frozenset({INTEGER, DECIMAL, DOUBLE})

_CONCATENATION, _SUM, _PRODUCT, _SIGN, _AT_TIME_ZONE = 1, 2, 3, 4, 5
_BINARY = {
    "+": (_SUM, ast.ArithmeticOperator.ADD),
    "-": (_SUM, ast.ArithmeticOperator.SUBTRACT),
    "*": (_PRODUCT, ast.ArithmeticOperator.MULTIPLY),
    "/": (_PRODUCT, ast.ArithmeticOperator.DIVIDE),
    "%": (_PRODUCT, ast.ArithmeticOperator.MODULUS),
    "||": (_CONCATENATION, None),
    "AT": (_AT_TIME_ZONE, None),
}
_OR, _AND, _NOT = 1, 2, 3


class OperatorParser(WindowParser):
    """The part of the grammar that combines values."""

    __slots__ = ("_concat", "_parentheses")

    def __init__(self, tokens: Tokens) -> None:
        super().__init__(tokens)
        self._concat: ast.QualifiedName | None = None
        # The run of opening parentheses looked at last: every one of them asks what comes behind the run.
        self._parentheses = (0, 0)

    def primary_expression(self) -> ast.Expression:
        """An expression without operators at its top."""
        raise NotImplementedError

    # conditions

    def expression(self) -> ast.Expression:
        """Any expression."""
        start = self.pos
        if self.kinds[start] == "NOT":
            return self._condition(_OR)
        value = self.value_expression()
        if self.kinds[self.pos] in _AFTER_VALUE:
            return self._condition_after(self._predicated(value), start, _OR)
        return value

    def expression_after(self, value: ast.Expression, start: int) -> ast.Expression:
        """The expression that starts with a value already read; the value began at token `start`."""
        if self.kinds[self.pos] in _AFTER_VALUE:
            return self._condition_after(self._predicated(value), start, _OR)
        return value

    def _condition(self, level: int) -> ast.Expression:
        start = self.pos
        negations = 0
        while self.kinds[self.pos] == "NOT":
            self.pos += 1
            negations += 1
        self.folds += negations
        condition = self._predicated(self.value_expression())
        while negations:
            negations -= 1
            condition = ast.NotExpression(condition, at=self.at(start + negations))
        return self._condition_after(condition, start, level)

    def _condition_after(self, condition: ast.Expression, start: int, level: int) -> ast.Expression:
        kinds = self.kinds
        if level <= _AND and kinds[self.pos] == "AND":
            terms = [condition]
            while kinds[self.pos] == "AND":
                self.pos += 1
                terms.append(self._condition(_NOT))
            condition = ast.LogicalExpression(ast.LogicalOperator.AND, tuple(terms), at=self.at(start))
        if level <= _OR and kinds[self.pos] == "OR":
            terms = [condition]
            while kinds[self.pos] == "OR":
                self.pos += 1
                terms.append(self._condition(_AND))
            condition = ast.LogicalExpression(ast.LogicalOperator.OR, tuple(terms), at=self.at(start))
        return condition

    def _predicated(self, value: ast.Expression) -> ast.Expression:
        start = self.pos
        kind = self.kinds[start]
        operator = _COMPARISONS.get(kind)
        if operator is not None:
            self.pos = start + 1
            quantifier = _QUANTIFIERS.get(self.kinds[self.pos])
            if quantifier is not None and self.kinds[self.pos + 1] == "(" and self.query_follows(self.pos + 2):
                # `= ALL ((SELECT 1))` is a call of a function named "all": a value, if it can be read as one, wins.
                right = None if self.kinds[self.pos + 2] in QUERY_STARTS else self.attempt(self.value_expression)
                if right is None:
                    return self._quantified_comparison(value, operator, quantifier, start)
                return ast.ComparisonExpression(operator, value, right, at=self.at(start))
            right = self.value_expression()
            return ast.ComparisonExpression(operator, value, right, at=self.at(start))
        if kind not in _PREDICATE_STARTS:
            return value
        at = self.at(start)
        if kind == "IS":
            self.pos += 1
            return self._is_predicate(value, start)
        negated = kind == "NOT"
        if negated:
            self.pos += 1
        kind = self.kinds[self.pos]
        self.pos += 1
        predicate: ast.Expression
        if kind == "IN":
            predicate = ast.InPredicate(value, self._in_list(start), at=at)
        elif kind == "LIKE":
            pattern = self.value_expression()
            escape = self.value_expression() if self.accept("ESCAPE") else None
            predicate = ast.LikePredicate(value, pattern, escape, at=at)
        elif kind == "BETWEEN":
            low = self.value_expression()
            self.expect("AND")
            predicate = ast.BetweenPredicate(value, low, self.value_expression(), at=at)
        else:
            self.refuse()
        return ast.NotExpression(predicate, at=at) if negated else predicate

    def _is_predicate(self, value: ast.Expression, start: int) -> ast.Expression:
        at = self.at(start)
        negated = self.accept("NOT")
        if self.accept("NULL"):
            return ast.IsNotNullPredicate(value, at=at) if negated else ast.IsNullPredicate(value, at=at)
        self.expect("DISTINCT", "FROM")
        right = self.value_expression()
        predicate = ast.ComparisonExpression(ast.ComparisonOperator.IS_DISTINCT_FROM, value, right, at=at)
        return ast.NotExpression(predicate, at=at) if negated else predicate

    def _quantified_comparison(
        self, value: ast.Expression, operator: ast.ComparisonOperator, quantifier: ast.Quantifier, start: int
    ) -> ast.Expression:
        self.pos += 2
        query_start = self.pos
        subquery = ast.SubqueryExpression(self.query(), at=self.at(query_start))
        self.expect(")")
        return ast.QuantifiedComparisonExpression(operator, quantifier, value, subquery, at=self.at(start))

    def _in_list(self, start: int) -> ast.Expression:
        self.expect("(")
        at = self.at(start)
        if self.query_follows(self.pos):
            # `((SELECT 1))` is a list of one value, `((SELECT 1) UNION SELECT 2)` is a query.
            values = self.attempt(self._values_before_parenthesis) if self.kinds[self.pos] == "(" else None
            if values is None:
                query = self.query()
                self.expect(")")
                return ast.SubqueryExpression(query, at=at)
        else:
            values = self._values_before_parenthesis()
        return ast.InListExpression(values, at=at)

    def _values_before_parenthesis(self) -> tuple[ast.Expression, ...]:
        self.enter()
        values = self.comma_separated(self.expression)
        self.expect(")")
        self.depth -= 1
        return values

    def query_follows(self, index: int) -> bool:
        """Whether the text at token `index` may be a query: any number of parentheses, then a word that starts one."""
        kinds = self.kinds
        first, last = self._parentheses
        if not first <= index < last:
            last = index
            while kinds[last] == "(":
                last += 1
            self._parentheses = index, last
        return kinds[last] in QUERY_STARTS

    # values

    def value_expression(self) -> ast.Expression:
        """An expression without NOT, AND, OR and predicates at its top."""
        kind = self.kinds[self.pos]
        if kind == "-" or kind == "+":
            value = self._signed()
        else:
            value = self.primary_expression()
        if self.kinds[self.pos] in _BINARY:
            return self._value_after(value, 0)
        return value

    def value_after_primary(self, primary: ast.Expression) -> ast.Expression:
        """The value that starts with a primary expression already read."""
        return self._value_after(primary, 0)

    def _operand(self, level: int) -> ast.Expression:
        kind = self.kinds[self.pos]
        value = self._signed() if kind == "-" or kind == "+" else self.primary_expression()
        if self.kinds[self.pos] in _BINARY:
            return self._value_after(value, level)
        return value

    def _value_after(self, left: ast.Expression, level: int) -> ast.Expression:
        """Fold the operators that bind tighter than `level` onto `left`."""
        kinds = self.kinds
        while True:
            start = self.pos
            entry = _BINARY.get(kinds[start])
            if entry is None or entry[0] <= level:
                return left
            binding, operator = entry
            self.folds += 1
            if operator is not None:
                self.pos = start + 1
                right = self._operand(binding)
                left = ast.ArithmeticBinaryExpression(operator, left, right, at=self.tokens.location(start))
            elif binding == _CONCATENATION:
                self.pos = start + 1
                left = self._concatenated(left, self._operand(binding), start)
            else:
                if kinds[start + 1] != "TIME" or kinds[start + 2] != "ZONE":
                    return left
                self.pos = start + 3
                left = ast.AtTimeZone(left, self._time_zone(), at=self.at(start))

    def _signed(self) -> ast.Expression:
        # A minus before a number is part of the number, except behind another sign's operand: `- -1`, `-x`.
        start = self.pos
        signs = 0
        kinds = self.kinds
        while (kinds[self.pos] == "-" and kinds[self.pos + 1] not in NUMBERS) or kinds[self.pos] == "+":
            self.pos += 1
            signs += 1
        self.folds += signs
        value = self._value_after(self.primary_expression(), _SIGN)
        while signs:
            signs -= 1
            sign = ast.Sign(kinds[start + signs])
            value = ast.ArithmeticUnaryExpression(sign, value, at=self.at(start + signs))
        return value

    def _concatenated(self, left: ast.Expression, right: ast.Expression, start: int) -> ast.Expression:
        name = self._concat
        if name is None:
            name = self._concat = ast.QualifiedName.of([ast.Identifier("concat", at=self.at(start))])
        return ast.FunctionCall(name, (left, right), at=self.at(start))

    def _time_zone(self) -> ast.Expression:
        if self.kinds[self.pos] in (STRING, UNICODE_STRING):
            return self.string()
        return self.interval()

    def interval(self) -> ast.IntervalLiteral:
        """`INTERVAL -'3 4' DAY TO HOUR`."""
        start = self.pos
        self.expect("INTERVAL")
        sign = ast.Sign.PLUS
        if self.kinds[self.pos] in ("+", "-"):
            sign = ast.Sign(self.kinds[self.pos])
            self.pos += 1
        value = self.string_value()
        first = self.interval_field()
        last = None
        if self.kinds[self.pos] == "TO" and self.kinds[self.pos + 1] in INTERVAL_FIELDS:
            self.pos += 1
            last = self.interval_field()
        return ast.IntervalLiteral(value, sign, first, last, at=self.at(start))

    def interval_follows(self) -> bool:
        """Whether an interval literal starts here; INTERVAL may be a name as well."""
        index = self.pos + 1
        if self.kinds[index] in ("+", "-"):
            index += 1
        if self.kinds[index] == UNICODE_STRING and self.kinds[index + 1] == "UESCAPE":
            index += 2
        return self.kinds[index] in (STRING, UNICODE_STRING) and self.kinds[index + 1] in INTERVAL_FIELDS

    # numbers

    def number(self) -> ast.Expression:
        """A number, with its minus if it has one."""
        start = self.pos
        text = self.texts[start]
        if text == "-":
            self.pos += 1
            text = "-" + self.texts[self.pos]
        kind = self.kinds[self.pos]
        self.pos += 1
        at = self.tokens.location(start)
        if kind == INTEGER:
            return ast.LongLiteral(decode_integer(text, at), text, at=at)
        if kind == DECIMAL:
            return ast.DecimalLiteral(text, at=at)
        return ast.DoubleLiteral(float(text), at=at)
