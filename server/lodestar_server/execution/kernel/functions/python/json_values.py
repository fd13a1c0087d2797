"""JSON texts: the canonical form of the type json, and reading JSON into values of SQL types.

Canonical: keys sorted, the last of equal keys kept, no blanks, integers as written, other numbers as Java prints a
double, characters beyond the basic plane escaped. Source: Trino JsonType and JsonUtil.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NoReturn

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.java_text import cast_double, java_double
from lodestar_server.execution.kernel.functions.python.numbers import read_hexadecimal
from lodestar_server.execution.kernel.functions.python.registry import PYTHON, arrow_function, value_function
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT
from lodestar_server.spi.types import (
    BOOLEAN,
    DOUBLE,
    INTEGRAL_BITS,
    JSON,
    REAL,
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    SimpleType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import arrow_type, row_field_name


class Number(str):
    """A number of a JSON text, as it was written."""

    __slots__ = ()

    @property
    def integral(self) -> bool:
        """No fraction and no exponent."""
        return not any(mark in self for mark in ".eE")


def _refuse(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse)
_ESCAPED = re.compile('["\\\\\x00-\x1f\ud800-\udfff\U00010000-\U0010ffff]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BLANKS = " \t\n\r"


def parse(text: str) -> Any:
    """The tree of a JSON text, numbers as `Number`. Raises: ValueError."""
    value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip(_BLANKS)))
    if text[end:].strip(_BLANKS):
        raise ValueError("characters after the value")
    return value


def quote(text: str) -> str:
    """A JSON string as Jackson writes it."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    character = match[0]
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04X}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"


def canonical(value: Any) -> str:
    """The canonical text of a tree."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Number):
        if value.integral:
            return "0" if value == "-0" else str(value)
        number = float(value)
        text = java_double(number)
        return text if number - number == 0 else quote(text)
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    return "{" + ",".join(f"{quote(key)}:{canonical(value[key])}" for key in sorted(value)) + "}"


_UNUSUAL = r"[0-9][eE]|[0-9]{7}[0-9.]|0\.000|-0|\\u|[\x{10000}-\x{10FFFF}]"
"""What the fast writer would spell otherwise: exponents, numbers that are large, tiny or a negative zero, escapes."""


@arrow_function("trino_canonical_json", ["VARCHAR"], "VARCHAR")
def canonical_json(column: Any) -> pa.Array:
    """The canonical forms of JSON texts, None for text that is none."""
    if len(column) and not column.null_count and not _may_be_unusual(column):
        try:
            texts = column.to_pylist()
            written: list[bytes] = []
            for start in range(0, len(texts), _TOGETHER):
                written += _written_together(list(map(orjson.loads, texts[start : start + _TOGETHER])))
            return pa.array(written, type=pa.string())
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass
    unusual = pc.match_substring_regex(column, _UNUSUAL).to_pylist()
    made = [
        None if text is None else _canonical_text(text, unusual=special)
        for text, special in zip(column.to_pylist(), unusual, strict=True)
    ]
    return pa.array(made, type=pa.string())


def _may_be_unusual(column: Any) -> bool:
    """Whether the texts, one after the other, have anything unusual: cheaper than to look for it in each of them."""
    for chunk in column.chunks if isinstance(column, pa.ChunkedArray) else [column]:
        buffer = chunk.buffers()[2]
        if buffer is None:
            continue
        data = buffer.to_pybytes()
        if not data.isascii() or any(mark in data for mark in (b"-0", b"\\u", b"0.000")):
            return True
        codes = np.frombuffer(data, np.uint8)
        digits = (codes - np.uint8(48)) < 10
        exponents = (codes | 32) == 101
        pairs = digits[:-1] & digits[1:]
        fours = pairs[:-2] & pairs[2:]
        sevens = fours[:-3] & fours[3:]
        if (digits[:-1] & exponents[1:]).any() or (sevens[:-1] & (digits | (codes == 46))[7:]).any():
            return True
    return False


_TOGETHER = 64
"""Texts read before they are written: so few trees do not make Python look for garbage."""
_BETWEEN = orjson.Fragment(b"\0")
"""Stands between values that are written together; elsewhere orjson escapes the character."""


def _written_together(values: list[Any]) -> list[bytes]:
    """The canonical texts of at least one value. A call of the writer costs more than what it writes."""
    parts = [_BETWEEN] * (2 * len(values) - 1)
    parts[::2] = values
    return orjson.dumps(parts, None, orjson.OPT_SORT_KEYS)[1:-1].split(b",\0,")


def _canonical_text(text: str, *, unusual: bool) -> str | None:
    if not unusual:
        try:
            return orjson.dumps(orjson.loads(text), option=orjson.OPT_SORT_KEYS).decode()
        except (orjson.JSONDecodeError, orjson.JSONEncodeError):
            pass
    try:
        return canonical(parse(text))
    except (ValueError, RecursionError):
        return None


@value_function("trino_quote_json", ["VARCHAR"], "VARCHAR", pa.string())
def quote_json(text: str) -> str:
    """A JSON string."""
    return quote(text)


class _Unreadable(Exception):
    """A JSON value that does not fit the type."""


def _token(value: Any) -> str:
    """How Trino names what it met: the text of a scalar, the bracket of a collection."""
    if isinstance(value, list):
        return "["
    if isinstance(value, dict):
        return "{"
    return str(value) if isinstance(value, str) else canonical(value)


def _unexpected(value: Any, type_: Type) -> NoReturn:
    raise _Unreadable(f"Unexpected token when cast to {type_.base}: {_token(value)}")


Reader = Callable[[Any], Any]


def reader_of(type_: Type) -> Reader:
    """JSON tree → value for Arrow. The reader raises `_Unreadable`."""
    if type_ == JSON:
        return canonical
    match type_:
        case VarcharType(length):
            return lambda value: _bounded(_varchar(value, type_), length)
        case DecimalType():
            return lambda value: _decimal(value, type_)
        case ArrayType(element):
            read = reader_of(element)

            def read_array(value: Any) -> Any:
                if value is None:
                    return None
                if not isinstance(value, list):
                    raise _Unreadable(f"Expected a json array, but got {_token(value)}")
                return [read(one) for one in value]

            return read_array
        case MapType(key, element):
            return _map_reader(key, element)
        case RowType():
            return _row_reader(type_)
    if type_ == BOOLEAN:
        return _boolean
    if type_ in (DOUBLE, REAL):
        return lambda value: _floating(value, type_)
    if isinstance(type_, SimpleType) and type_ in INTEGRAL_BITS:
        return lambda value: _integer(value, type_)
    raise TypeError(f"json is not read as {type_}")


def _bounded(text: str | None, length: int | None) -> str | None:
    return text if text is None or length is None else text[:length]


def _varchar(value: Any, type_: Type) -> str | None:
    if value is None:
        return None
    if isinstance(value, Number):
        return str(value) if value.integral else cast_double(float(value))
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    _unexpected(value, type_)


_TRUE, _FALSE = ("true", "t", "1"), ("false", "f", "0")


def _boolean(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Number):
        return float(value) != 0
    if isinstance(value, str):
        if value.lower() in _TRUE:
            return True
        if value.lower() in _FALSE:
            return False
        raise _Unreadable(f"Cannot cast '{value}' to BOOLEAN")
    _unexpected(value, BOOLEAN)


_INTEGER_TEXT = re.compile(r"\s*[+-]?\d+\s*")
_INTEGER_NAMES = {"tinyint": "TINYINT", "smallint": "SMALLINT", "integer": "INT", "bigint": "BIGINT"}


def _integer(value: Any, type_: SimpleType) -> int | None:
    if value is None:
        return None
    half = 1 << (INTEGRAL_BITS[type_] - 1)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, Number):
        number = int(value) if value.integral else int(Decimal(value).quantize(Decimal(1), ROUND_HALF_UP))
        if -half <= number < half:
            return number
        raise _Unreadable("" if value.integral else f"Out of range for {type_.base}: {value}")
    if isinstance(value, str):
        if _INTEGER_TEXT.fullmatch(value) and -half <= int(value) < half:
            return int(value)
        raise _Unreadable(f"Cannot cast '{value}' to {_INTEGER_NAMES[type_.base]}")
    _unexpected(value, type_)


_FLOATING_TEXT = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?|NaN|Infinity)", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?0[xX][0-9a-fA-F]*\.?[0-9a-fA-F]*[pP][+-]?\d+[fFdD]?", re.ASCII)
_DECIMAL_TEXT = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def _java_floating(text: str) -> float | None:
    text = text.strip("".join(map(chr, range(33))))
    if _FLOATING_TEXT.fullmatch(text):
        return float(text if text.endswith(("N", "y")) else text.rstrip("fFdD"))
    return float(read_hexadecimal(text) or "nan") if _HEXADECIMAL.fullmatch(text) else None


def _floating(value: Any, type_: Type) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool | Number):
        number = float(value)
    elif isinstance(value, str):
        read = _java_floating(value)
        if read is None:
            raise _Unreadable(f"Cannot cast '{value}' to {type_.base.upper()}")
        number = read
    else:
        _unexpected(value, type_)
    with np.errstate(over="ignore"):
        return float(np.float32(number)) if type_ == REAL else number


_WIDE = Context(prec=80)


def _decimal(value: Any, type_: DecimalType) -> Decimal | None:
    if value is None:
        return None
    name = f"DECIMAL({type_.precision},{type_.scale})"
    if isinstance(value, bool):
        value = Number(int(value))
    if not isinstance(value, str):
        _unexpected(value, type_)
    if not isinstance(value, Number) and not _DECIMAL_TEXT.fullmatch(value):
        raise _Unreadable("")
    try:
        number = Decimal(value).quantize(Decimal(1).scaleb(-type_.scale), ROUND_HALF_UP, _WIDE)
    except ArithmeticError:
        raise _Unreadable(f"Cannot cast '{canonical(value)}' to {name}") from None
    if not number.is_finite() or number.adjusted() >= type_.precision - type_.scale:
        raise _Unreadable(f"Cannot cast input json to {name}")
    return number


def _map_reader(key: Type, element: Type) -> Reader:
    read_key, read = reader_of(key), reader_of(element)

    def read_map(value: Any) -> Any:
        if value is None:
            return None
        if not isinstance(value, dict):
            raise _Unreadable(f"Expected a json object, but got {_token(value)}")
        made: dict[Any, Any] = {}
        for name in sorted(value):
            entry_key = read_key(name)
            if entry_key in made:
                raise _Unreadable("Duplicate map keys are not allowed")
            made[entry_key] = read(value[name])
        return list(made.items())

    return read_map


def _row_reader(type_: RowType) -> Reader:
    readers = [reader_of(field.type) for field in type_.fields]
    names = [row_field_name(index) for index in range(len(readers))]
    anonymous = all(field.name is None for field in type_.fields)
    # A member's name is lowered and then looked up, so a field that is not all lower case gets nothing; of equal
    # names the last one gets the value.
    positions = {field.name or "": index for index, field in enumerate(type_.fields)}

    def read_row(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            # From left to right: what comes first in the text is what is complained about.
            fields = {name: read(one) for name, read, one in zip(names, readers, value, strict=False)}
            if len(value) < len(readers):
                raise _Unreadable(f"Unexpected token when cast to {type_.fields[len(value)].type.base}: ]")
            if len(value) > len(readers):
                raise _Unreadable(f"Expected json array ending, but got {_token(value[len(readers)])}")
            return fields
        if not isinstance(value, dict):
            raise _Unreadable(f"Expected a json array or object, but got {_token(value)}")
        if anonymous:
            raise _Unreadable("Cannot cast a JSON object to anonymous row type. Input must be a JSON array.")
        made: dict[str, Any] = dict.fromkeys(names)
        given: set[int] = set()
        for name, one in value.items():
            position = positions.get(name.lower())
            if position is None:
                continue
            if position in given:
                raise _Unreadable(f"Duplicate field: {name.lower()}")
            given.add(position)
            made[names[position]] = readers[position](one)
        return made

    return read_row


def json_reader_name(type_: Type, display: str, *, unparsed: bool = False) -> str:
    """The name of a function that reads JSON texts as values of a nested type; made when it is first asked for.

    `display` is how messages spell the type. `unparsed`: the texts need not be JSON.
    """
    kind = "text" if unparsed else "json"
    name = f"trino_{kind}_as_{hashlib.blake2s(display.encode(), digest_size=12).hexdigest()}"
    if name not in PYTHON:
        read, result = reader_of(type_), arrow_type(type_)
        check = functools.partial(_check_json, _EXPECTED[type_.base]) if unparsed else parse

        def run(column: Any) -> pa.Array:
            return pa.array([_read(check, read, text, display) for text in column.to_pylist()], type=result)

        arrow_function(name, ["VARCHAR"], duckdb_type(type_))(run)
    return name


def _read(check: Callable[[str], Any], read: Reader, text: str | None, display: str) -> Any:
    if text is None:
        return None
    try:
        return read(check(text))
    except _Unreadable as problem:
        reason = f" {problem}" if problem.args[0] else ""
        message = f"Cannot cast to {display}.{reason}\n{text}"
        raise ValueError(marked(INVALID_CAST_ARGUMENT, message)) from None


_EXPECTED = {"array": ("[", "array"), "map": ("{", "object"), "row": ("[{", "array or object")}


def _check_json(expected: tuple[str, str], text: str) -> Any:
    """The tree of a text. Raises: _Unreadable; the first token is told where it is wrong already."""
    try:
        return parse(text)
    except (ValueError, RecursionError):
        raise _Unreadable(_first_token(text, *expected)) from None


def _first_token(text: str, opening: str, noun: str) -> str:
    rest = text.lstrip(_BLANKS)
    if rest[:1] and rest[0] in opening:
        return ""
    if not rest:
        shown = "null"
    elif rest[0] in "[{":
        shown = rest[0]
    else:
        try:
            value, end = _DECODER.raw_decode(rest)
        except ValueError:
            return ""
        if value is None or rest[end : end + 1].isalnum():
            return ""
        shown = _token(value)
    return f"Expected a json {noun}, but got {shown}"


def is_json(text: str) -> bool:
    """The text is JSON."""
    try:
        parse(text)
    except (ValueError, RecursionError):
        return False
    return True
