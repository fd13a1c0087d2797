"""json_extract and its kin over any text: it is read up to the match and no further.

The kernel asks DuckDB where the answer is the same; this is for malformed documents, for numbers that have to keep
their spelling, and for paths that are not constant. Source: Trino JsonExtract and JsonPathTokenizer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.java_text import java_double
from lodestar_server.execution.kernel.functions.python.json_values import Number, quote
from lodestar_server.execution.kernel.functions.python.registry import value_function
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT

_SEGMENT = re.compile(r'\.([\w:]+)|\[(\w+)\]|\["((?:[^"\\]|\\["\\])*)"\]')
_INDEX = re.compile(r"[+-]?\d+", re.ASCII)
_NO_INDEX = -1
_PARTS_OF_NUMBERS = tuple("0123456789.eE")
_BLANK = re.compile(r"[ \t\n\r]*")


@lru_cache(maxsize=1024)
def tokenize(path: str) -> tuple[str, ...] | None:
    """The names and indices of a path `$.a["b c"][0]`; None for one that is not valid."""
    if not path.startswith("$"):
        return None
    tokens: list[str] = []
    position = 1
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None:
            return None
        quoted = match[3]
        tokens.append((match[1] or match[2]) if quoted is None else re.sub(r"\\(.)", r"\1", quoted))
        position = match.end()
    return tuple(tokens)


def index_of(token: str) -> int:
    """The place in an array that a token names, -1 for none."""
    if not _INDEX.fullmatch(token):
        return _NO_INDEX
    number = int(token)
    return number if 0 <= number < 2**31 else _NO_INDEX


_read_string: Callable[[str, int, bool], tuple[str, int]] = json.decoder.scanstring  # type: ignore[attr-defined]


class Pairs(list[tuple[str, Any]]):
    """The members of an object as they are written, repeated names too."""


def _refuse(name: str) -> Any:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=_refuse, object_pairs_hook=Pairs)


def read_value(text: str, position: int) -> tuple[Any, int]:
    """The value at a position and where it ends. Raises: ValueError."""
    try:
        value, end = _DECODER.raw_decode(text, skip_blanks(text, position))
    except RecursionError:
        raise ValueError("nested too deep") from None
    if isinstance(value, Number) and text[end : end + 1] in _PARTS_OF_NUMBERS:
        raise ValueError("a number goes on")
    return value, end


def skip_blanks(text: str, position: int) -> int:
    """The next position with a character."""
    match = _BLANK.match(text, position)
    assert match is not None
    return match.end()


def find(text: str, tokens: tuple[str, ...]) -> Any:
    """The value at a path. Raises: KeyError when there is none, ValueError for a malformed text before it."""
    position = 0
    for token in tokens:
        position = skip_blanks(text, position)
        opening = text[position : position + 1]
        if opening == "{":
            position = _member(text, position + 1, token)
        elif opening == "[":
            position = _element(text, position + 1, index_of(token))
        else:
            raise KeyError(token)
    return read_value(text, position)[0]


def _member(text: str, position: int, name: str) -> int:
    """Where the value of a name begins."""
    while True:
        position = skip_blanks(text, position)
        if text[position : position + 1] != '"':
            raise KeyError(name)
        key, position = _read_string(text, position + 1, True)
        position = skip_blanks(text, position)
        if text[position : position + 1] != ":":
            raise ValueError("a colon is missing")
        if key == name:
            return position + 1
        position = _next(text, read_value(text, position + 1)[1], name)


def _element(text: str, position: int, index: int) -> int:
    """Where an element begins."""
    if index == _NO_INDEX or text[skip_blanks(text, position) :][:1] == "]":
        raise KeyError(index)
    for _ in range(index):
        position = _next(text, read_value(text, position)[1], index)
    return position


def _next(text: str, position: int, wanted: object) -> int:
    """After the comma behind a value. Raises: KeyError at the end of the collection."""
    position = skip_blanks(text, position)
    if text[position : position + 1] != ",":
        raise KeyError(wanted)
    return position + 1


def _tokens(path: str) -> tuple[str, ...]:
    tokens = tokenize(path)
    if tokens is None:
        raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, f"Invalid JSON path: '{path}'"))
    return tokens


def written(value: Any) -> str:
    """JSON text in the order of the document; numbers with a fraction as Java prints a double."""
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{quote(name)}:{written(one)}" for name, one in value) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(written, value))}]"
    if isinstance(value, Number):
        return _number(value)
    if isinstance(value, str):
        return quote(value)
    return {None: "null", True: "true", False: "false"}[value]


def _number(value: Number) -> str:
    if value.integral:
        return "0" if value == "-0" else str(value)
    number = float(value)
    text = java_double(number)
    return text if number - number == 0 else quote(text)


def plain(value: Any) -> str | None:
    """The text of a scalar, a number as it is written; None for null and collections."""
    if value is None or isinstance(value, list):
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _extractor(name: str, result: str, arrow: pa.DataType, shown: Callable[[Any], Any]) -> None:
    @value_function(name, ["VARCHAR", "VARCHAR"], result, arrow)
    def extract(text: str, path: str) -> Any:
        tokens = _tokens(path)
        try:
            return shown(find(text, tokens))
        except (KeyError, ValueError):
            return None


def _size(value: Any) -> int:
    return len(value) if isinstance(value, list) else 0


_extractor("trino_json_extract", "VARCHAR", pa.string(), written)
_extractor("trino_json_extract_scalar", "VARCHAR", pa.string(), plain)
_extractor("trino_json_size", "BIGINT", pa.int64(), _size)


def _array(text: str) -> Pairs | list[Any] | None:
    """The elements of a text that begins with an array, else None."""
    try:
        value = read_value(text, 0)[0]
    except ValueError:
        return None
    return value if isinstance(value, list) and not isinstance(value, Pairs) else None


def _readable(text: str) -> list[Any]:
    """The elements of an array before the place where the text stops being JSON."""
    values: list[Any] = []
    position = skip_blanks(text, 0)
    try:
        if text[position : position + 1] == "[":
            while True:
                value, position = read_value(text, position + 1)
                if value in ("0", "-0") and text[position : position + 1].isdigit():
                    break
                values.append(value)
                position = _next(text, position, "element") - 1
    except (KeyError, ValueError):
        pass
    return values


def _contains(text: str, wanted: Callable[[Any], bool]) -> bool | None:
    """Some element is the wanted one; an array is read no further than to it. None for what is no array before."""
    values = _array(text)
    if values is None:
        return any(map(wanted, _readable(text))) or None
    return any(map(wanted, values))


@value_function("trino_json_array_length", ["VARCHAR"], "BIGINT", pa.int64())
def json_array_length(text: str) -> int | None:
    """The number of elements; None for what is no array."""
    values = _array(text)
    return None if values is None else len(values)


@value_function("trino_json_array_get", ["VARCHAR", "BIGINT"], "VARCHAR", pa.string())
def json_array_get(text: str, index: int) -> str | None:
    """An element by its place from 0, from the end when negative: strings bare, other scalars as written."""
    values = _array(text)
    if values is None:
        values = _readable(text) if index >= 0 else []
    if not -len(values) <= index < len(values):
        return None
    value = values[index]
    return written(value) if isinstance(value, list) else plain(value)


@value_function("trino_json_array_contains_boolean", ["VARCHAR", "BOOLEAN"], "BOOLEAN", pa.bool_())
def json_array_contains_boolean(text: str, wanted: bool) -> bool | None:
    """An element is the boolean."""
    return _contains(text, lambda value: value is wanted)


@value_function("trino_json_array_contains_bigint", ["VARCHAR", "BIGINT"], "BOOLEAN", pa.bool_())
def json_array_contains_bigint(text: str, wanted: int) -> bool | None:
    """An element is the integer."""
    return _contains(text, lambda value: isinstance(value, Number) and value.integral and int(value) == wanted)


@value_function("trino_json_array_contains_double", ["VARCHAR", "DOUBLE"], "BOOLEAN", pa.bool_())
def json_array_contains_double(text: str, wanted: float) -> bool | None:
    """An element is the number, written with a fraction or an exponent."""
    if wanted - wanted != 0:
        return False
    return _contains(text, lambda value: isinstance(value, Number) and not value.integral and float(value) == wanted)


@value_function("trino_json_array_contains_varchar", ["VARCHAR", "VARCHAR"], "BOOLEAN", pa.bool_())
def json_array_contains_varchar(text: str, wanted: str) -> bool | None:
    """An element is the string."""
    return _contains(text, lambda one: isinstance(one, str) and not isinstance(one, Number) and one == wanted)


@value_function("trino_is_json_scalar", ["VARCHAR"], "BOOLEAN", pa.bool_())
def is_json_scalar(text: str) -> bool:
    """The text is a number, string, boolean or null. Raises: INVALID_FUNCTION_ARGUMENT for text that is no JSON."""
    try:
        value, end = read_value(text, 0)
        if skip_blanks(text, end) == len(text):
            return not isinstance(value, list)
    except ValueError:
        pass
    raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, f"Invalid JSON value: {text}"))
