"""Type text to type: the display form (`decimal(10,2)`, `row("a" bigint)`) and the wire form (`row(a bigint)`).

Reads what Lodestar and Trino print: metastore files, view definitions, system tables. The type in a statement is
parsed by the SQL parser and resolved by the analyzer, which knows positions and better messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from lodestar_server.spi.errors import TYPE_NOT_FOUND, LodestarError
from lodestar_server.spi.types import scalars, special
from lodestar_server.spi.types.base import Type
from lodestar_server.spi.types.datetime import (
    DEFAULT_DATETIME_PRECISION,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
)
from lodestar_server.spi.types.nested import ArrayType, FunctionType, MapType, RowField, RowType
from lodestar_server.spi.types.scalars import MAX_VARCHAR_LENGTH, CharType, DecimalType, VarcharType
from lodestar_server.spi.types.special import ClassifierType, QDigestType

_TOKEN = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([A-Za-z0-9_@:$]+)|([(),]))')

SIMPLE_TYPES: dict[str, Type] = {
    type_.base.lower(): type_
    for type_ in (
        scalars.BOOLEAN,
        scalars.TINYINT,
        scalars.SMALLINT,
        scalars.INTEGER,
        scalars.BIGINT,
        scalars.REAL,
        scalars.DOUBLE,
        scalars.VARBINARY,
        scalars.DATE,
        scalars.JSON,
        scalars.UUID,
        scalars.IPADDRESS,
        scalars.UNKNOWN,
        scalars.INTERVAL_YEAR_MONTH,
        scalars.INTERVAL_DAY_SECOND,
        special.HYPER_LOG_LOG,
        special.P4_HYPER_LOG_LOG,
        special.SET_DIGEST,
        special.TDIGEST,
        special.GEOMETRY,
        special.SPHERICAL_GEOGRAPHY,
        special.BING_TILE,
        special.KDB_TREE,
        special.COLOR,
        special.OBJECT_ID,
        special.REGRESSOR,
        special.CODE_POINTS,
        special.JSON_PATH,
        special.JSON_2016,
        special.JONI_REGEXP,
        special.LIKE_PATTERN,
        special.MODEL,
        special.JSON_PATH_2016,
        special.RE2J_REGEXP,
    )
}
"""Types without parameters by their name in lower case."""

_PRECISE = {"time": (TimeType, TimeTzType), "timestamp": (TimestampType, TimestampTzType)}
_INTERVALS = {
    ("year", "month"): scalars.INTERVAL_YEAR_MONTH,
    ("day", "second"): scalars.INTERVAL_DAY_SECOND,
}


@lru_cache(maxsize=4096)
def parse_type(text: str) -> Type:
    """The type that `text` names.

    Raises: LodestarError(TYPE_NOT_FOUND) when it names none.
    """
    reader = _Reader(text)
    type_ = reader.type()
    reader.expect_end()
    return type_


class _Reader:
    """Recursive descent over the tokens of one type text; a token is (text in lower case, quoted name or None)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str | None]] = []
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                raise self.unknown()
            quoted, word, mark = match.groups()
            if quoted is not None:
                self.tokens.append(('"', quoted.replace('""', '"')))
            else:
                self.tokens.append((mark or word.lower(), word))
            position = match.end()
        self.at = 0

    def unknown(self) -> LodestarError:
        return LodestarError(TYPE_NOT_FOUND, f"Unknown type: {self.text}")

    def peek(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self.tokens[index][0] if index < len(self.tokens) else ""

    def accept(self, *words: str) -> bool:
        if all(self.peek(i) == word for i, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.accept(word):
            raise self.unknown()

    def expect_end(self) -> None:
        if self.at != len(self.tokens):
            raise self.unknown()

    def number(self) -> int:
        word = self.peek()
        if not word.isdigit():
            raise self.unknown()
        self.at += 1
        return int(word)

    def numbers(self) -> list[int]:
        """The optional `(n, …)` after a name."""
        found: list[int] = []
        if self.accept("("):
            found.append(self.number())
            while self.accept(","):
                found.append(self.number())
            self.expect(")")
        return found

    def types(self) -> list[Type]:
        self.expect("(")
        found = [self.type()]
        while self.accept(","):
            found.append(self.type())
        self.expect(")")
        return found

    def type(self) -> Type:
        name = self.peek()
        self.at += 1
        if name in _PRECISE:
            return self.precise(*_PRECISE[name])
        if name == "interval":
            unit, to, last = self.peek(), self.peek(1), self.peek(2)
            self.at += 3
            if to == "to" and (unit, last) in _INTERVALS:
                return _INTERVALS[unit, last]
            raise self.unknown()
        match name:
            case "row":
                return self.row()
            case "array":
                return ArrayType(*self.exactly(1))
            case "map":
                return MapType(*self.exactly(2))
            case "qdigest":
                return QDigestType(*self.exactly(1))
            case "classifier":
                return ClassifierType(*self.exactly(1))
            case "function":
                *arguments, result = self.types()
                return FunctionType(tuple(arguments), result)
            case "varchar":
                length = (self.numbers() or [MAX_VARCHAR_LENGTH + 1])[0]
                return VarcharType(None if length > MAX_VARCHAR_LENGTH else length)
            case "char":
                return CharType(*(self.numbers() or [1]))
            case "decimal":
                return DecimalType(*(self.numbers() or [38, 0]))
        simple = SIMPLE_TYPES.get(name)
        if simple is None:
            raise self.unknown()
        return simple

    def precise(self, plain: Callable[[int], Type], zoned: Callable[[int], Type]) -> Type:
        precision = (self.numbers() or [DEFAULT_DATETIME_PRECISION])[0]
        if self.accept("with", "time", "zone"):
            return zoned(precision)
        self.accept("without", "time", "zone")
        return plain(precision)

    def exactly(self, count: int) -> list[Type]:
        found = self.types()
        if len(found) != count:
            raise self.unknown()
        return found

    def row(self) -> RowType:
        self.expect("(")
        fields = [self.field()]
        while self.accept(","):
            fields.append(self.field())
        self.expect(")")
        return RowType(tuple(fields))

    def field(self) -> RowField:
        word, spelling = self.tokens[self.at] if self.at < len(self.tokens) else ("", None)
        if word == '"':
            self.at += 1
            return RowField(spelling, self.type())
        start = self.at
        try:
            type_ = self.type()
            if self.peek() in (",", ")"):
                return RowField(None, type_)
        except LodestarError:
            pass
        # Not a bare type, so the first word is the field's name.
        self.at = start + 1
        return RowField(spelling, self.type())
