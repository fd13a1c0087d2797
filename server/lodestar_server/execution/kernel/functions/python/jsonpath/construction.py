"""JSON_OBJECT and JSON_ARRAY over one row. Source: Trino JsonObjectFunction and JsonArrayFunction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from lodestar_server.execution.kernel.errors import marked
from lodestar_server.execution.kernel.functions.python.jsonpath.invocation import (
    JSON_KIND,
    decode,
    refuse_input,
    serialize,
)
from lodestar_server.execution.kernel.functions.python.jsonpath.items import from_text
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT, NOT_SUPPORTED
from lodestar_server.spi.types.text import parse_type

Texts = Sequence[str | None]


class Construction:
    """A call: `kinds` of the values, `null_on_null`, `unique_keys`, `output` as of JSON_QUERY."""

    def __init__(self, call: Mapping[str, Any]) -> None:
        self._readers = [_reader(kind) for kind in call["kinds"]]
        self._null_on_null: bool = call["null_on_null"]
        self._unique_keys: bool = call.get("unique_keys", False)
        self._output: str = call["output"]

    def array(self, values: Texts) -> str:
        """The text of an array."""
        made = [
            None if value is None else read(value)
            for read, value in zip(self._readers, values, strict=True)
            if value is not None or self._null_on_null
        ]
        return serialize(made, self._output)

    def object(self, keys: Texts, values: Texts) -> str:
        """The text of an object."""
        members: dict[str, Any] = {}
        for key, value, read in zip(keys, values, self._readers, strict=True):
            if key is None:
                message = "null value passed for JSON object key to JSON_OBJECT function"
                raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, message))
            if value is None and not self._null_on_null:
                continue
            if key in members:
                if self._unique_keys:
                    message = "duplicate key passed to JSON_OBJECT function"
                    raise ValueError(marked(INVALID_FUNCTION_ARGUMENT, message))
                raise ValueError(marked(NOT_SUPPORTED, "cannot construct a JSON object with duplicate key"))
            members[key] = None if value is None else read(value)
        return serialize({key: members[key] for key in _hash_order(list(members))}, self._output)


def _reader(kind: str) -> Callable[[str], Any]:
    if kind.startswith(JSON_KIND):
        encoding = kind[len(JSON_KIND) :]

        def read(text: str) -> Any:
            try:
                return decode(text, encoding)
            except ValueError:
                refuse_input()

        return read
    type_ = parse_type(kind)
    return lambda text: from_text(type_, text)


def _hash_order(keys: list[str]) -> list[str]:
    """The order in which Java's HashMap gives back the keys: Trino's objects have it."""
    capacity = 16
    while len(keys) > capacity * 3 // 4:
        capacity *= 2
    return sorted(keys, key=lambda key: _spread_hash(key) & (capacity - 1))


def _spread_hash(text: str) -> int:
    value = 0
    data = text.encode("utf-16-be", "surrogatepass")
    for index in range(0, len(data), 2):
        value = (value * 31 + (data[index] << 8 | data[index + 1])) & 0xFFFFFFFF
    return value ^ (value >> 16)


@lru_cache(maxsize=512)
def construction(text: str) -> Construction:
    """The call of a document."""
    return Construction(orjson.loads(text))
