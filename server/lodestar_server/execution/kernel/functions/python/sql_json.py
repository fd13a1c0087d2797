"""What DuckDB calls for SQL/JSON: one row after the other, rows that repeat computed once.

Beside each function stands one whose name ends in `_fault`: it gives the error that TRY may not catch, or NULL.
DuckDB's TRY catches whatever Python raises, so inside of TRY this one is asked first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.errors import marked_code
from lodestar_server.execution.kernel.functions.python.jsonpath import construction, invocation
from lodestar_server.execution.kernel.functions.python.registry import arrow_function

_PATH = ["VARCHAR", "VARCHAR", "VARCHAR[]"]
_TABLE = pa.list_(pa.list_(pa.string()))
_MISSING = object()

RowFunction = Callable[..., Any]


def _register(name: str, parameters: list[str], result: str, arrow: pa.DataType, function: RowFunction) -> None:
    """A function of rows, and its faults."""

    @arrow_function(name, parameters, result)
    def run(*columns: Any) -> pa.Array:
        return pa.array(_each(function, columns), type=arrow)

    @arrow_function(f"{name}_fault", parameters, "VARCHAR")
    def faults(*columns: Any) -> pa.Array:
        return pa.array(_each(lambda *row: _fault(function, row), columns), type=pa.string())


def _each(function: RowFunction, columns: tuple[Any, ...]) -> list[Any]:
    known: dict[tuple[Any, ...], Any] = {}
    made: list[Any] = []
    for row in zip(*(column.to_pylist() for column in columns), strict=True):
        key = tuple(tuple(part) if isinstance(part, list) else part for part in row)
        value = known.get(key, _MISSING)
        if value is _MISSING:
            value = known[key] = function(*row)
        made.append(value)
    return made


def _fault(function: RowFunction, row: tuple[Any, ...]) -> str | None:
    try:
        function(*row)
    except ValueError as fault:
        code = marked_code(str(fault))
        return None if code is None or code.caught_by_try else str(fault)
    return None


def _of_input(bind: Callable[[str], RowFunction]) -> RowFunction:
    """A function of an input, of the call's constant part and of the variables; NULL for a NULL input."""
    return lambda text, call, values: None if text is None else bind(call)(text, values)


_register(
    "trino_sql_json_exists", _PATH, "BOOLEAN", pa.bool_(), _of_input(lambda call: invocation.exists_call(call).result)
)
_register(
    "trino_sql_json_value", _PATH, "VARCHAR", pa.string(), _of_input(lambda call: invocation.value_call(call).result)
)
_register(
    "trino_sql_json_query", _PATH, "VARCHAR", pa.string(), _of_input(lambda call: invocation.query_call(call).result)
)
_register(
    "trino_sql_json_table", _PATH, "VARCHAR[][]", _TABLE, _of_input(lambda call: invocation.table_call(call).rows)
)
_register(
    "trino_sql_json_array",
    ["VARCHAR", "VARCHAR[]"],
    "VARCHAR",
    pa.string(),
    lambda call, values: construction.construction(call).array(values),
)
_register(
    "trino_sql_json_object",
    ["VARCHAR", "VARCHAR[]", "VARCHAR[]"],
    "VARCHAR",
    pa.string(),
    lambda call, keys, values: construction.construction(call).object(keys, values),
)
