"""Functions with a syntax of their own, other than JSON's: CAST, TRIM, EXTRACT, SUBSTRING, LISTAGG, CURRENT_DATE …"""

from __future__ import annotations

import re
from collections.abc import Callable

from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, Location, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.lexer import INTEGER, STRING, UNICODE_STRING
from lodestar_server.sql.parser.primaries import PrimaryParser

_EXTRACT_FIELDS = {entry.value: entry for entry in ast.ExtractField}
_TRIM_ENDS = {entry.value: entry for entry in ast.TrimSpecification}
_PLAIN_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NORMAL_FORMS = ("NFD", "NFC", "NFKD", "NFKC")
_NOT_A_VALUE = frozenset({")", "*", "DISTINCT", "ALL", "ORDER"})


class FunctionParser(PrimaryParser):
    """The part of the grammar that knows functions by name."""

    __slots__ = ()

    def _synthetic_call(self, name: str, arguments: tuple[ast.Expression, ...], at: Location) -> ast.FunctionCall:
        return ast.FunctionCall(self._function_name(name, at), arguments, at=at)

    def _function_name(self, name: str, at: Location) -> ast.QualifiedName:
        # As Trino has it: NORMALIZE is reserved, so the formatter must quote its name; LISTAGG it writes its own way.
        return ast.QualifiedName.of([ast.Identifier(name, name == "normalize", at=at)])

    def _exists(self) -> ast.Expression:
        start = self.pos
        self.expect("EXISTS", "(")
        query = self.query()
        self.expect(")")
        at = self.at(start)
        return ast.ExistsPredicate(ast.SubqueryExpression(query, at=at), at=at)

    def _cast(self) -> ast.Expression:
        start = self.pos
        self.expect("CAST", "(")
        self.enter()
        value = self.expression()
        self.expect("AS")
        type_ = self.type()
        self.expect(")")
        self.depth -= 1
        return ast.Cast(value, type_, False, at=self.at(start))

    def _try_cast(self) -> ast.Expression:
        start = self.pos
        name = self.identifier()
        if self.kinds[self.pos + 1] in _NOT_A_VALUE:
            return self.call(ast.QualifiedName.of([name]), start)
        self.pos += 1
        self.enter()
        value = self.expression()
        self.depth -= 1
        if not self.accept("AS"):
            return self.call(ast.QualifiedName.of([name]), start, first=value)
        type_ = self.type()
        self.expect(")")
        return ast.Cast(value, type_, True, at=self.at(start))

    def _substring(self) -> ast.Expression:
        start = self.pos
        name = self.identifier()
        if self.kinds[self.pos + 1] in _NOT_A_VALUE or self.kinds[self.pos + 1] == "NOT":
            return self.call(ast.QualifiedName.of([name]), start)
        self.pos += 1
        first = self.pos
        self.enter()
        value = self.value_expression()
        self.depth -= 1
        if not self.accept("FROM"):
            value = self.expression_after(value, first)
            return self.call(ast.QualifiedName.of([name]), start, first=value)
        arguments = [value, self.value_expression()]
        if self.accept("FOR"):
            arguments.append(self.value_expression())
        self.expect(")")
        return self._synthetic_call("substr", tuple(arguments), self.at(start))

    def _position(self) -> ast.Expression:
        start = self.pos
        name = self.identifier()
        if self.kinds[self.pos + 1] in _NOT_A_VALUE or self.kinds[self.pos + 1] == "NOT":
            return self.call(ast.QualifiedName.of([name]), start)
        self.pos += 1
        first = self.pos
        self.enter()
        needle = self.value_expression()
        self.depth -= 1
        if self.kinds[self.pos] == "IN":
            haystack = self.attempt(self._haystack)
            if haystack is not None:
                return self._synthetic_call("strpos", (haystack, needle), self.at(start))
        needle = self.expression_after(needle, first)
        return self.call(ast.QualifiedName.of([name]), start, first=needle)

    def _haystack(self) -> ast.Expression:
        self.expect("IN")
        self.enter()
        value = self.value_expression()
        self.expect(")")
        self.depth -= 1
        return value

    def _extract(self) -> ast.Expression:
        start = self.pos
        self.expect("EXTRACT", "(")
        word = self.texts[self.pos]
        self.identifier()
        self.expect("FROM")
        self.enter()
        value = self.value_expression()
        self.expect(")")
        self.depth -= 1
        field = _EXTRACT_FIELDS.get(word.upper())
        if field is None:
            fields = ", ".join(_EXTRACT_FIELDS)
            raise self.fault(f"Invalid EXTRACT field {word}, valid fields are: {fields}", self.at(start))
        return ast.Extract(field, value, at=self.at(start))

    def _trim(self) -> ast.Expression:
        start = self.pos
        self.expect("TRIM", "(")
        self.enter()
        at = self.at(start)
        both = ast.TrimSpecification.BOTH
        if self.kinds[self.pos] in _TRIM_ENDS:
            # LEADING, TRAILING and BOTH may be columns, too.
            trim = self.attempt(self._trim_with_end)
            if trim is not None:
                self.depth -= 1
                return ast.Trim(*trim, at=at)
        if self.accept("FROM"):
            self.value_expression()
            self.expect(")")
            message = "The 'trim' function must have specification, char or both arguments when it takes FROM"
            raise self.fault(message, at)
        value = self.value_expression()
        character = None
        if self.accept("FROM"):
            value, character = self.value_expression(), value
        elif self.accept(","):
            character = self.value_expression()
        self.expect(")")
        self.depth -= 1
        return ast.Trim(both, value, character, at=at)

    def _trim_with_end(self) -> tuple[ast.TrimSpecification, ast.Expression, ast.Expression | None]:
        end = _TRIM_ENDS[self.kinds[self.pos]]
        self.pos += 1
        character = None if self.kinds[self.pos] == "FROM" else self.value_expression()
        self.expect("FROM")
        source = self.value_expression()
        self.expect(")")
        return end, source, character

    def _normalize(self) -> ast.Expression:
        start = self.pos
        self.expect("NORMALIZE", "(")
        self.enter()
        value = self.value_expression()
        form = self.expect_one_of(*_NORMAL_FORMS) if self.accept(",") else "NFC"
        self.expect(")")
        self.depth -= 1
        at = self.at(start)
        return self._synthetic_call("normalize", (value, ast.StringLiteral(form, at=at)), at)

    def _listagg(self) -> ast.Expression:
        start = self.pos
        self.expect("LISTAGG", "(")
        self.enter()
        at = self.at(start)
        distinct = False
        if self.accept("DISTINCT"):
            distinct = True
            value = self.expression()
        elif self.kinds[self.pos] == "ALL":
            value = self.attempt(self._value_after_all) or self.expression()
        else:
            value = self.expression()
        separator = self.string() if self.accept(",") else ast.StringLiteral("", at=at)
        fails = True
        filler = ast.StringLiteral("...", at=at)
        shows_count = False
        if self.accept_all("ON", "OVERFLOW") and self.expect_one_of("ERROR", "TRUNCATE") == "TRUNCATE":
            fails = False
            if self.kinds[self.pos] in (STRING, UNICODE_STRING):
                filler = self.string()
            shows_count = self.expect_one_of("WITH", "WITHOUT") == "WITH"
            self.expect("COUNT")
        self.expect(")", "WITHIN", "GROUP", "(")
        order_by = self.order_by()
        if order_by is None:
            self.refuse()
        self.expect(")")
        self.depth -= 1
        condition = self.filter() if self.looking_at("FILTER", "(") else None
        window = None
        if self.over_follows(self.pos):
            self.pos += 1
            window = self.over()
        overflow = (ast.BooleanLiteral(fails, at=at), filler, ast.BooleanLiteral(shows_count, at=at))
        name = self._function_name("LISTAGG", at)
        return ast.FunctionCall(name, (value, separator, *overflow), distinct, condition, order_by, window, at=at)

    def _value_after_all(self) -> ast.Expression:
        self.pos += 1
        value = self.expression()
        if self.kinds[self.pos] not in (")", ",", "ON"):
            self.refuse()
        return value

    def _grouping(self) -> ast.Expression:
        start = self.pos
        self.expect("GROUPING", "(")
        columns: tuple[ast.Expression, ...] = ()
        if self.kinds[self.pos] != ")":
            columns = self.comma_separated(self._grouping_column)
        self.expect(")")
        if not columns:
            raise LodestarError(GENERIC_INTERNAL_ERROR, "grouping operation columns cannot be empty")
        return ast.GroupingOperation(columns, at=self.at(start))

    def _grouping_column(self) -> ast.Expression:
        # Trino makes these of the lower-case parts, and delimits what would not be a name without quotes.
        name = self.qualified_name()
        column: ast.Expression | None = None
        for part in name.parts:
            identifier = ast.Identifier(part, not _PLAIN_NAME.fullmatch(part), at=name.at)
            column = identifier if column is None else ast.DereferenceExpression(column, identifier, at=name.at)
        return column or self.refuse()

    def _precision(self) -> int | None:
        if not self.accept("("):
            return None
        text = self.texts[self.pos]
        self.expect(INTEGER, ")")
        if not (text.isdigit() and len(text) <= 10 and int(text) < 2**31):
            raise LodestarError(GENERIC_INTERNAL_ERROR, f'For input string: "{text}"')
        return int(text)


def _current(
    kind: type[ast.CurrentDate | ast.CurrentUser | ast.CurrentCatalog | ast.CurrentSchema | ast.CurrentPath],
) -> Callable[[FunctionParser], ast.Expression]:
    def read(parser: FunctionParser) -> ast.Expression:
        parser.pos += 1
        return kind(at=parser.at(parser.pos - 1))

    return read


def _current_with_precision(
    kind: type[ast.CurrentTime | ast.CurrentTimestamp | ast.LocalTime | ast.LocalTimestamp],
) -> Callable[[FunctionParser], ast.Expression]:
    def read(parser: FunctionParser) -> ast.Expression:
        start = parser.pos
        parser.pos += 1
        return kind(parser._precision(), at=parser.at(start))

    return read


FunctionParser.callers.update(
    {
        "TRY_CAST": FunctionParser._try_cast,
        "SUBSTRING": FunctionParser._substring,
        "POSITION": FunctionParser._position,
    }
)
FunctionParser.starters.update(
    {
        "EXISTS": FunctionParser._exists,
        "CAST": FunctionParser._cast,
        "EXTRACT": FunctionParser._extract,
        "TRIM": FunctionParser._trim,
        "NORMALIZE": FunctionParser._normalize,
        "LISTAGG": FunctionParser._listagg,
        "GROUPING": FunctionParser._grouping,
        "CURRENT_DATE": _current(ast.CurrentDate),
        "CURRENT_USER": _current(ast.CurrentUser),
        "CURRENT_CATALOG": _current(ast.CurrentCatalog),
        "CURRENT_SCHEMA": _current(ast.CurrentSchema),
        "CURRENT_PATH": _current(ast.CurrentPath),
        "CURRENT_TIME": _current_with_precision(ast.CurrentTime),
        "CURRENT_TIMESTAMP": _current_with_precision(ast.CurrentTimestamp),
        "LOCALTIME": _current_with_precision(ast.LocalTime),
        "LOCALTIMESTAMP": _current_with_precision(ast.LocalTimestamp),
    }
)
