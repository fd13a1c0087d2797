"""JSON_EXISTS, JSON_VALUE, JSON_QUERY and JSON_TABLE over one row.

What is constant in a call travels as one text, a JSON document that the analyzer writes: see `Call`. Values travel as
texts too: an SQL value as its cast to varchar, binary input in hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NoReturn

import orjson

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.jsonpath.arithmetic import PathFault
from lodestar_server.execution.kernel.functions.python.jsonpath.casts import CannotCast, text_for
from lodestar_server.execution.kernel.functions.python.jsonpath.evaluator import compile_path
from lodestar_server.execution.kernel.functions.python.jsonpath.items import (
    NotConvertible,
    Typed,
    from_text,
    read_json,
    typed_scalar,
    writable,
    write_json,
)
from lodestar_server.functions.jsonpath import parse_path
from lodestar_server.spi.errors import (
    JSON_INPUT_CONVERSION_ERROR,
    JSON_OUTPUT_CONVERSION_ERROR,
    JSON_VALUE_RESULT_ERROR,
    PATH_EVALUATION_ERROR,
    ErrorCode,
)
from lodestar_server.spi.types import DOUBLE, INTEGRAL_BITS, SMALLINT, VARCHAR, DecimalType
from lodestar_server.spi.types.text import parse_type

CODECS = {"utf8": "utf-8", "utf16": "utf-16-le", "utf32": "utf-32-le"}
JSON_KIND = "json "
ERROR, NULL, DEFAULT = "ERROR", "NULL", "DEFAULT"
# A cell of JSON_VALUE: a value with its type, or a word for the default that stands in for it.
VALUE_CELL, EMPTY_CELL, ERROR_CELL = "v", "e", "x"

Texts = Sequence[str | None]


class _Malformed(Exception):
    """Input that is no JSON."""


class _Refused(Exception):
    """A result that cannot be given; the call's behaviour on error decides."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        super().__init__(message)
        self.code = code

    def surface(self) -> NoReturn:
        """Raise as an error of the statement."""
        raise ValueError(marked(self.code, str(self)))


def decode(text: str, encoding: str) -> Any:
    """The JSON value of an input: a text, or hexadecimal digits of bytes. Raises: ValueError."""
    if encoding != "text":
        text = bytes.fromhex(text).decode(CODECS[encoding], "replace")
    return read_json(text)


def refuse_input() -> NoReturn:
    """Raise for input that is no JSON."""
    raise ValueError(marked(JSON_INPUT_CONVERSION_ERROR, "conversion to JSON failed: "))


class PathCall:
    """A compiled invocation of a path: its input, its variables and its evaluation."""

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._evaluate = compile_path(parse_path(call["path"]))
        self._encoding: str = call.get("input", "text")
        self._variables = [_variable(name, kind) for name, kind in call.get("variables", ())]

    def read(self, text: str) -> Any:
        """The context item of an input. Raises: _Malformed."""
        try:
            return decode(text, self._encoding)
        except ValueError:
            raise _Malformed from None

    def variables(self, values: Texts) -> Mapping[str, list[Any]]:
        """The variables of a row. Raises: _Malformed."""
        try:
            return {name: make(value) for (name, make), value in zip(self._variables, values, strict=True)}
        except ValueError:
            raise _Malformed from None

    def items(self, context: Any, variables: Mapping[str, list[Any]]) -> list[Any]:
        """The sequence that the path finds. Raises: _Refused."""
        try:
            return self._evaluate(context, variables)
        except (PathFault, RecursionError) as fault:
            explanation = str(fault) if isinstance(fault, PathFault) else ""
            raise _Refused(PATH_EVALUATION_ERROR, f"path evaluation failed: {explanation}") from None


def _variable(name: str, kind: str) -> tuple[str, Callable[[str | None], list[Any]]]:
    if kind.startswith(JSON_KIND):
        encoding = kind[len(JSON_KIND) :]
        return name, lambda text: [] if text is None else [decode(text, encoding)]
    type_ = parse_type(kind)
    return name, lambda text: [None] if text is None else [from_text(type_, text)]


def _run(path: PathCall, text: str, values: Texts, on_error: str, function: str) -> list[Any] | _Refused:
    """The items of a row, or why there are none. Malformed input is an error of its own under ERROR ON ERROR."""
    try:
        return path.items(path.read(text), path.variables(values))
    except _Malformed:
        if on_error == ERROR:
            refuse_input()
        return _Refused(JSON_INPUT_CONVERSION_ERROR, f"conversion to JSON failed: malformed input to {function}")
    except _Refused as refused:
        if on_error == ERROR:
            refused.surface()
        return refused


class ExistsCall:
    """JSON_EXISTS. `on_error`: TRUE, FALSE, UNKNOWN or ERROR."""

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._path = PathCall(call)
        self._on_error: str = call["on_error"]

    def result(self, text: str, values: Texts) -> bool | None:
        found = _run(self._path, text, values, self._on_error, "JSON_EXISTS")
        if isinstance(found, _Refused):
            return {"TRUE": True, "FALSE": False}.get(self._on_error)
        return bool(found)


class ValueCall:
    """JSON_VALUE. `on_empty`, `on_error`: NULL, ERROR or DEFAULT; `target`: the returned type.

    With `plain` the result is the text of the value; else a cell that tells values and defaults apart.
    """

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._path = PathCall(call)
        self._on_empty: str = call["on_empty"]
        self._on_error: str = call["on_error"]
        self._target = parse_type(call["target"])
        self._plain: bool = call["plain"]
        # The common cases, which need no cast.
        self._gives_text = self._plain and self._target == VARCHAR
        self._gives_integer = self._target in INTEGRAL_BITS

    def result(self, text: str, values: Texts) -> str | None:
        found = _run(self._path, text, values, self._on_error, "JSON_VALUE")
        return self._instead(found) if isinstance(found, _Refused) else self._value(found)

    def of_item(self, item: Any) -> str | None:
        """The cell of a column of JSON_TABLE."""
        try:
            found = self._path.items(item, {})
        except _Refused as refused:
            return self._instead(refused)
        return self._value(found)

    def _value(self, items: list[Any]) -> str | None:
        if not items:
            if self._on_empty == ERROR:
                _refused("JSON path found no items").surface()
            return EMPTY_CELL if self._on_empty == DEFAULT else None
        if len(items) > 1:
            return self._instead(_refused("JSON path found multiple items"))
        item = items[0]
        if item is None or (self._gives_text and type(item) is str):
            return item
        if self._gives_integer and type(item) is int and -(2**31) <= item < 2**31:
            return f"{VALUE_CELL}integer|{item}"
        try:
            typed = typed_scalar(item)
        except NotConvertible:
            typed = None
        if typed is None:
            return self._instead(_refused("JSON path found an item that cannot be converted to an SQL value"))
        try:
            text = text_for(typed, self._target)
        except CannotCast:
            message = (
                f"Cannot cast value of type {typed.type.display} to declared return type of function JSON_VALUE: "
                f"{self._target.display}"
            )
            return self._instead(_refused(message))
        return text if self._plain else f"{VALUE_CELL}{typed.type.display}|{text}"

    def _instead(self, refused: _Refused) -> str | None:
        if self._on_error == ERROR:
            refused.surface()
        return ERROR_CELL if self._on_error == DEFAULT else None


def _refused(message: str) -> _Refused:
    return _Refused(JSON_VALUE_RESULT_ERROR, f"cannot extract SQL scalar from JSON: {message}")


class QueryCall:
    """JSON_QUERY. `on_empty`, `on_error`: NULL, ERROR, EMPTY ARRAY or EMPTY OBJECT; `wrapper`: WITHOUT,
    WITH CONDITIONAL or WITH UNCONDITIONAL; `omit_quotes` of a string; `output`: text or an encoding.
    """

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._path = PathCall(call)
        self._on_empty: str = call["on_empty"]
        self._on_error: str = call["on_error"]
        self._wrapper: str = call["wrapper"]
        self._omit_quotes: bool = call["omit_quotes"]
        self._output: str = call["output"]

    def result(self, text: str, values: Texts) -> str | None:
        found = _run(self._path, text, values, self._on_error, "JSON_QUERY")
        if isinstance(found, _Refused):
            return self._instead(self._on_error, found)
        return self._document(found)

    def of_item(self, item: Any) -> str | None:
        """The cell of a column of JSON_TABLE."""
        try:
            found = self._path.items(item, {})
        except _Refused as refused:
            return self._instead(self._on_error, refused)
        return self._document(found)

    def _document(self, items: list[Any]) -> str | None:
        if not items:
            return self._instead(self._on_empty, _unwritten("JSON path found no items"))
        for item in items:
            if not writable(item):
                message = (
                    f"JSON path returned a scalar SQL value of type {item.type.display} that cannot be represented "
                    "as JSON"
                )
                return self._instead(self._on_error, _unwritten(message))
        wrapped = self._wrapper == "WITH UNCONDITIONAL" or (
            self._wrapper == "WITH CONDITIONAL" and (len(items) != 1 or not isinstance(items[0], list | dict))
        )
        if not wrapped and len(items) > 1:
            return self._instead(self._on_error, _unwritten("JSON path found multiple items"))
        return serialize(items if wrapped else items[0], self._output, omit_quotes=self._omit_quotes)

    def _instead(self, behavior: str, refused: _Refused) -> str | None:
        match behavior:
            case "ERROR":
                refused.surface()
            case "EMPTY ARRAY":
                return serialize([], self._output)
            case "EMPTY OBJECT":
                return serialize({}, self._output)
        return None


def _unwritten(message: str) -> _Refused:
    return _Refused(JSON_OUTPUT_CONVERSION_ERROR, f"conversion from JSON failed: {message}")


def serialize(value: Any, output: str, *, omit_quotes: bool = False) -> str:
    """The text of a JSON value, or the hexadecimal digits of its bytes in an encoding."""
    bare = value.value if isinstance(value, Typed) else value
    if omit_quotes and isinstance(bare, str):
        text = bare
    else:
        text = write_json(value, escape_pairs=output in ("text", "utf8"))
    return text if output == "text" else text.encode(CODECS[output], "surrogatepass").hex()


Row = dict[int, str | None]
Rows = Callable[[Any, Mapping[str, list[Any]]], Iterator[Row]]


class TableCall:
    """JSON_TABLE: `plan` is a tree of paths with columns, siblings and children; `error` is ERROR ON ERROR."""

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._root = PathCall(call)
        self._error: bool = call["error"]
        self._width: int = call["width"]
        self._rows = self._plan(call["plan"])

    def rows(self, text: str, values: Texts) -> list[list[str | None]]:
        """The rows of one input, a cell for each column."""
        try:
            made = self._rows(self._root.read(text), self._root.variables(values))
        except _Malformed:
            if self._error:
                refuse_input()
            return []
        return [[row.get(index) for index in range(self._width)] for row in made]

    def _plan(self, plan: Mapping[str, Any]) -> Rows:
        if "union" in plan:
            parts = [self._plan(part) for part in plan["union"]]
            return lambda item, variables: (row for part in parts for row in part(item, variables))
        if "cross" in plan:
            return self._cross([self._plan(part) for part in plan["cross"]])
        path = PathCall(plan)
        columns = [_column(column) for column in plan["columns"]]
        child = None if plan.get("child") is None else self._plan(plan["child"])
        outer = plan.get("outer", True)
        is_root = plan.get("root", False)

        def rows(item: Any, variables: Mapping[str, list[Any]]) -> Iterator[Row]:
            items = self._sequence(self._root if is_root else path, item, variables)
            for number, current in enumerate(items, 1):
                base = {index: cell(number, current) for index, cell in columns}
                if child is None:
                    yield base
                    continue
                produced = False
                for row in child(current, {}):
                    produced = True
                    yield base | row
                if outer and not produced:
                    yield base

        return rows

    def _cross(self, parts: list[Rows]) -> Rows:
        def rows(item: Any, variables: Mapping[str, list[Any]]) -> Iterator[Row]:
            for combination in product(*(list(part(item, variables)) for part in parts)):
                merged: Row = {}
                for row in combination:
                    merged |= row
                yield merged

        return rows

    def _sequence(self, path: PathCall, item: Any, variables: Mapping[str, list[Any]]) -> list[Any]:
        try:
            items = path.items(item, variables)
        except _Refused as refused:
            if self._error:
                refused.surface()
            return []
        for one in items:
            if not writable(one):
                if self._error:
                    message = f"JSON path returned a scalar SQL value of type {one.type.display} that cannot be " + (
                        "represented as JSON"
                    )
                    _unwritten(message).surface()
                return []
        return [_node(one) for one in items]


def _node(item: Any) -> Any:
    """An SQL value as a JSON value, where there is one for its type."""
    if not isinstance(item, Typed) or isinstance(item.type, DecimalType):
        return item
    if item.type in INTEGRAL_BITS:
        return item if item.type == SMALLINT else item.value
    return item.value if item.type == DOUBLE or isinstance(item.value, str | bool) else item


def _column(column: Mapping[str, Any]) -> tuple[int, Callable[[int, Any], str | None]]:
    match column["kind"]:
        case "ordinality":
            return column["index"], lambda number, item: str(number)
        case "value":
            value = ValueCall(column)
            return column["index"], lambda number, item: value.of_item(item)
    query = QueryCall(column)
    return column["index"], lambda number, item: query.of_item(item)


@lru_cache(maxsize=512)
def exists_call(text: str) -> ExistsCall:
    """The compiled call of a document."""
    return ExistsCall(orjson.loads(text))


@lru_cache(maxsize=512)
def value_call(text: str) -> ValueCall:
    """The compiled call of a document."""
    return ValueCall(orjson.loads(text))


@lru_cache(maxsize=512)
def query_call(text: str) -> QueryCall:
    """The compiled call of a document."""
    return QueryCall(orjson.loads(text))


@lru_cache(maxsize=512)
def table_call(text: str) -> TableCall:
    """The compiled call of a document."""
    return TableCall(orjson.loads(text))
