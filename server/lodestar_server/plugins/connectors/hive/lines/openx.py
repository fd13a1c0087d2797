"""The JSON SerDe of OpenX: forgiving. A line that is no JSON is a row of NULLs; an object that is cut off is an error.

Unquoted names and single quotes are read too. Source: answers of Trino 476; see the table in `json_rows`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from lodestar_server.plugins.connectors.hive.lines import scalars
from lodestar_server.plugins.connectors.hive.lines.json_rows import JsonColumn, MalformedJson, cut_text, timestamp_value
from lodestar_server.plugins.connectors.hive.lines.moments import hive_date, hive_timestamp
from lodestar_server.spi.types import (
    BOOLEAN,
    DATE,
    INTEGRAL_BITS,
    INTEGRAL_TYPES,
    REAL,
    VARBINARY,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.values import values_to_arrow

_TOKEN = re.compile(
    r"""\s*(?:([\[\]{}:;,=])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s\[\]{}:;,="']+))""", re.DOTALL
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MAX_DEPTH = 500


class _Bare(str):
    """A value without quotes."""

    __slots__ = ()


class _Reader:
    """Recursive descent over tokens. Raises: MalformedJson."""

    def __init__(self, line: str) -> None:
        self._line = line
        self._at = 0

    def _next(self) -> tuple[str, Any]:
        match = _TOKEN.match(self._line, self._at)
        if match is None:
            raise MalformedJson("end of line")
        self._at = match.end()
        if match[1]:
            return match[1], None
        if match[4] is not None:
            return "bare", match[4]
        return "text", _unescaped(match[2] if match[2] is not None else match[3])

    def value(self, depth: int = 0) -> Any:
        if depth > _MAX_DEPTH:
            raise MalformedJson("too deep")
        kind, found = self._next()
        match kind:
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case "text":
                return found
            case "bare":
                return None if found.lower() == "null" else _Bare(found)
        raise MalformedJson(f"unexpected {kind}")

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        kind, name = self._next()
        while kind != "}":
            if kind not in ("text", "bare"):
                raise MalformedJson(f"unexpected {kind}")
            if self._next()[0] not in (":", "="):
                raise MalformedJson("a name without a value")
            made[str(name)] = self.value(depth + 1)
            kind, name = self._next()
            if kind in (",", ";"):
                kind, name = self._next()
        return made

    def _array(self, depth: int) -> list[Any]:
        made: list[Any] = []
        while True:
            before = self._at
            kind, _ = self._next()
            if kind == "]":
                return made
            if kind in (",", ";"):
                continue
            self._at = before
            made.append(self.value(depth + 1))


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    made = _ESCAPE.sub(
        lambda match: chr(int(match[1], 16)) if match[1] else _PLAIN_ESCAPES.get(match[2], match[2]), text
    )
    return made.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class OpenXDecoder:
    """Lenient."""

    def __init__(self, columns: Sequence[JsonColumn], properties: Mapping[str, str]) -> None:
        self._columns = columns
        self._readers = [_reader(column.type) for column in columns]
        self._ignore_malformed = properties.get("ignore.malformed.json", "").lower() == "true"
        self._sensitive = properties.get("case.insensitive", "true").lower() == "false"
        self._dots = properties.get("dots.in.keys", "").lower() == "true"
        named = {key.removeprefix("mapping."): value for key, value in properties.items() if key.startswith("mapping.")}
        self._names = [named.get(column.name, column.name) for column in columns]
        if not self._sensitive:
            self._names = [name.lower() for name in self._names]

    def decode(self, lines: pa.Array) -> list[pa.Array]:
        """A column each. Raises: MalformedJson."""
        rows = [self._row(line.decode(errors="replace")) for line in lines.to_pylist()]
        return [values_to_arrow(column.type, [row[i] for row in rows]) for i, column in enumerate(self._columns)]

    def _row(self, line: str) -> list[Any]:
        nothing: list[Any] = [None] * len(self._columns)
        line = line.strip()
        if not line.startswith(("{", "[")):
            return nothing
        try:
            found = _Reader(line).value()
        except MalformedJson:
            if self._ignore_malformed:
                return nothing
            raise
        if isinstance(found, list):
            values = [found[column.place] if column.place < len(found) else None for column in self._columns]
        else:
            fields = {self._name(name): value for name, value in found.items()}
            values = [fields.get(name) for name in self._names]
        return [None if value is None else read(value) for value, read in zip(values, self._readers, strict=True)]

    def _name(self, name: str) -> str:
        if self._dots:
            name = name.replace(".", "_")
        return name if self._sensitive else name.lower()


def canonical(value: Any) -> str:
    """The JSON of a value without blanks; numbers as Java's BigDecimal prints them."""
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(name)}:{_inside(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_inside, value)) + "]"
        case _Bare():
            try:
                return str(Decimal(value)) if value[:1] in "-+.0123456789" else str(value)
            except InvalidOperation:
                return str(value)
    return str(value)


def _inside(value: Any) -> str:
    if value is None:
        return "null"
    return _quoted(value) if isinstance(value, str) and not isinstance(value, _Bare) else canonical(value)


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _reader(type_: Type) -> Callable[[Any], Any]:
    match type_:
        case ArrayType(element):
            inside = _reader(element)
            return lambda value: tuple(
                None if one is None else inside(one) for one in (value if isinstance(value, list) else [value])
            )
        case MapType(key, value):
            return _map(_reader(key), _reader(value))
        case RowType(fields):
            return _row([((field.name or "").lower(), _reader(field.type)) for field in fields])
        case VarcharType() | CharType():
            return lambda value: cut_text(canonical(value), type_)
        case DecimalType(_, scale):
            return _simple(lambda text: scalars.unscaled(scalars.java_decimal(text, type_), scale))
        case TimestampType(precision):
            return _simple(lambda text: timestamp_value(*hive_timestamp(text.removesuffix("Z")), precision))
    if type_ == BOOLEAN:
        return lambda value: not isinstance(value, dict | list) and str(value).lower() == "true"
    if type_ in INTEGRAL_TYPES:
        bits = INTEGRAL_BITS[type_]
        return _simple(lambda text: _integer(text, bits))
    if type_ == DATE:
        return _simple(hive_date)
    if type_ == VARBINARY:
        return _simple(lambda text: scalars.base64_or_bytes(text))
    single = type_ == REAL
    return _simple(lambda text: scalars.java_double(text, single))


def _integer(text: str, bits: int) -> int:
    number = int(Decimal(text))
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise OverflowError(text)
    return number


def _simple(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    def guarded(value: Any) -> Any:
        if isinstance(value, dict | list):
            return None
        try:
            return read(str(value))
        except (ValueError, OverflowError, InvalidOperation):
            return None

    return guarded


def _map(key: Callable[[Any], Any], item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[Any, ...] | None:
        if not isinstance(value, dict):
            return None
        made = {key(name): None if one is None else item(one) for name, one in value.items()}
        made.pop(None, None)
        return tuple(made.items())

    return read


def _row(fields: Sequence[tuple[str, Callable[[Any], Any]]]) -> Callable[[Any], Any]:
    def read(value: Any) -> tuple[Any, ...] | None:
        if isinstance(value, list):
            found = [value[i] if i < len(value) else None for i in range(len(fields))]
        elif isinstance(value, dict):
            lower = {name.lower(): one for name, one in value.items()}
            found = [lower.get(name) for name, _ in fields]
        else:
            return None
        return tuple(None if one is None else inside(one) for one, (_, inside) in zip(found, fields, strict=True))

    return read
