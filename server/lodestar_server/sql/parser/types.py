"""Type names: `decimal(10, 2)`, `row(x bigint)`, `timestamp(3) with time zone`, `bigint array`."""

from __future__ import annotations

from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, LodestarError
from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.cursor import Cursor
from lodestar_server.sql.parser.lexer import INTEGER, NAME_KINDS

INTERVAL_FIELDS = {entry.value: entry for entry in ast.IntervalField}
_DATETIME_TYPES = {entry.value: entry for entry in ast.DateTimeType}


class TypeParser(Cursor):
    """The part of the grammar that names types."""

    __slots__ = ()

    def type(self) -> ast.DataType:
        """A type, with any number of `ARRAY` behind it."""
        start = self.pos
        named = self._type_without_array()
        while self.kinds[self.pos] == "ARRAY":
            array = self.pos
            self.pos += 1
            self.folds += 2
            if self.looking_at("[", INTEGER, "]"):
                raise LodestarError(GENERIC_INTERNAL_ERROR, "Explicit array size not supported")
            named = self._generic(start, array, (named,))
        return named

    def _type_without_array(self) -> ast.DataType:
        start = self.pos
        kind = self.kinds[start]
        following = self.kinds[start + 1]
        if kind == "ROW" and following == "(":
            row = self.attempt(self._row_type)
            if row is not None:
                return row
        elif kind == "INTERVAL" and following in INTERVAL_FIELDS:
            return self._interval_type()
        elif kind in _DATETIME_TYPES:
            datetime = self.attempt(self._datetime_type)
            if datetime is not None:
                return datetime
        elif kind == "DOUBLE" and following == "PRECISION":
            self.pos += 2
            return self._generic(start, start, ())
        elif kind == "ARRAY" and following == "<":
            self.pos += 2
            element = self._nested_type()
            self.expect(">")
            return self._generic(start, start, (element,))
        elif kind == "MAP" and following == "<":
            self.pos += 2
            key = self._nested_type()
            self.expect(",")
            value = self._nested_type()
            self.expect(">")
            return self._generic(start, start, (key, value))
        name = self.identifier()
        arguments: tuple[ast.DataTypeParameter, ...] = ()
        if self.kinds[self.pos] == "(":
            self.enter()
            arguments = self.parenthesized(self._type_parameter)
            self.depth -= 1
        return ast.GenericDataType(name, arguments, at=self.at(start))

    def _generic(self, start: int, name: int, arguments: tuple[ast.DataType, ...]) -> ast.GenericDataType:
        identifier = ast.Identifier(self.texts[name], False, at=self.at(name))
        parameters = tuple([ast.TypeParameter(argument, at=argument.at) for argument in arguments])
        return ast.GenericDataType(identifier, parameters, at=self.at(start))

    def _nested_type(self) -> ast.DataType:
        self.enter()
        named = self.type()
        self.depth -= 1
        return named

    def _type_parameter(self) -> ast.DataTypeParameter:
        pos = self.pos
        if self.accept(INTEGER):
            return ast.NumericParameter(self.texts[pos], at=self.at(pos))
        return ast.TypeParameter(self.type(), at=self.at(pos))

    def _interval_type(self) -> ast.IntervalDataType:
        start = self.pos
        self.pos += 1
        first = last = self.interval_field()
        if self.kinds[self.pos] == "TO" and self.kinds[self.pos + 1] in INTERVAL_FIELDS:
            self.pos += 1
            last = self.interval_field()
        return ast.IntervalDataType(first, last, at=self.at(start))

    def interval_field(self) -> ast.IntervalField:
        """YEAR, MONTH, DAY, HOUR, MINUTE or SECOND."""
        field = INTERVAL_FIELDS.get(self.kinds[self.pos])
        if field is None:
            self.refuse()
        self.pos += 1
        return field

    def _datetime_type(self) -> ast.DateTimeDataType:
        start = self.pos
        self.pos += 1
        precision = None
        if self.accept("("):
            self.enter()
            precision = self._type_parameter()
            self.depth -= 1
            self.expect(")")
        with_time_zone = False
        if self.accept_all("WITH", "TIME", "ZONE"):
            with_time_zone = True
        else:
            self.accept_all("WITHOUT", "TIME", "ZONE")
        kind = _DATETIME_TYPES[self.kinds[start]]
        return ast.DateTimeDataType(kind, with_time_zone, precision, at=self.at(start))

    def _row_type(self) -> ast.RowDataType:
        start = self.pos
        self.pos += 1
        self.enter()
        fields = self.parenthesized(self._row_field)
        self.depth -= 1
        return ast.RowDataType(fields, at=self.at(start))

    def _row_field(self) -> ast.RowField:
        start = self.pos
        # `x y` is a type of two words if there is one (`double precision`, `bigint array`), else a name and a type.
        if self.kinds[start + 1] in NAME_KINDS and self.kinds[start] in NAME_KINDS:
            only_type = self.attempt(self._type_before_separator)
            if only_type is not None:
                return ast.RowField(None, only_type, at=self.at(start))
            name = self.identifier()
            return ast.RowField(name, self.type(), at=self.at(start))
        return ast.RowField(None, self.type(), at=self.at(start))

    def _type_before_separator(self) -> ast.DataType:
        named = self.type()
        if self.kinds[self.pos] not in (",", ")"):
            self.refuse()
        return named
