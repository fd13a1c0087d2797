"""What DuckDB calls for SQL/JSON: one row after the other, rows that repeat computed once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from lodestar_server.execution.kernel.functions.python.jsonpath import construction, invocation
from lodestar_server.execution.kernel.functions.python.registry import arrow_function

_INPUT = ["VARCHAR", "VARCHAR", "VARCHAR[]"]
_TABLE = pa.list_(pa.list_(pa.string()))


def _path_function(name: str, result: str, arrow: pa.DataType, bind: Callable[[str], Callable[..., Any]]) -> None:
    """A function of an input, of the call's constant part and of the variables; NULL for a NULL input."""

    @arrow_function(name, _INPUT, result)
    def run(inputs: Any, calls: Any, values: Any) -> pa.Array:
        made: list[Any] = []
        known: dict[tuple[str, ...], Any] = {}
        for text, call, row in zip(inputs.to_pylist(), calls.to_pylist(), values.to_pylist(), strict=True):
            if text is None:
                made.append(None)
                continue
            key = (text, call, *row)
            if key not in known:
                known[key] = bind(call)(text, row)
            made.append(known[key])
        return pa.array(made, type=arrow)


_path_function("trino_sql_json_exists", "BOOLEAN", pa.bool_(), lambda call: invocation.exists_call(call).result)
_path_function("trino_sql_json_value", "VARCHAR", pa.string(), lambda call: invocation.value_call(call).result)
_path_function("trino_sql_json_query", "VARCHAR", pa.string(), lambda call: invocation.query_call(call).result)
_path_function("trino_sql_json_table", "VARCHAR[][]", _TABLE, lambda call: invocation.table_call(call).rows)


@arrow_function("trino_sql_json_array", ["VARCHAR", "VARCHAR[]"], "VARCHAR")
def json_array(calls: Any, values: Any) -> pa.Array:
    """JSON_ARRAY."""
    rows = zip(calls.to_pylist(), values.to_pylist(), strict=True)
    return pa.array([construction.construction(call).array(row) for call, row in rows], type=pa.string())


@arrow_function("trino_sql_json_object", ["VARCHAR", "VARCHAR[]", "VARCHAR[]"], "VARCHAR")
def json_object(calls: Any, keys: Any, values: Any) -> pa.Array:
    """JSON_OBJECT."""
    rows = zip(calls.to_pylist(), keys.to_pylist(), values.to_pylist(), strict=True)
    return pa.array([construction.construction(call).object(names, row) for call, names, row in rows], type=pa.string())
