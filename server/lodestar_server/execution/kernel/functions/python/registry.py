"""The table of functions that DuckDB calls back into Python for, a column of some thousand rows at a time.

They are the last resort: rare shapes of a value, algorithms without a SQL form. A function is made known to a DuckDB
instance when the first statement that names it runs there. Names begin with `trino_` like those of macros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any, TypeVar

import pyarrow as pa

from lodestar_server.spi.values import frozen

MODULES = (
    "buckets",
    "colors",
    "combinatorics",
    "datetimes",
    "digests",
    "durations",
    "encodings",
    "formatter",
    "geospatial",
    "hashes",
    "histograms",
    "iso8601",
    "json_paths",
    "json_values",
    "learning",
    "networks",
    "numbers",
    "patterns",
    "regexps",
    "sizes",
    "sql_json",
    "sketches",
    "statistics",
    "stems",
    "texts",
    "urls",
)


@frozen
class PythonFunction:
    """`run` takes and gives Arrow arrays; types are DuckDB's texts. NULL arguments reach it."""

    name: str
    parameters: tuple[str, ...]
    result: str
    run: Callable[..., Any]


PYTHON: dict[str, PythonFunction] = {}


def _add(function: PythonFunction) -> None:
    # Families are written apart from each other; the last to be imported must not win in silence.
    if function.name in PYTHON:
        raise ValueError(f"two functions are called {function.name}")
    PYTHON[function.name] = function


def arrow_function(name: str, parameters: Sequence[str], result: str) -> Callable[[Callable[..., Any]], Any]:
    """Register a function over whole Arrow columns."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _add(PythonFunction(name, tuple(parameters), result, with_arity(function, len(parameters))))
        return function

    return register


Function = TypeVar("Function", bound=Callable[..., Any])


class _Answers(dict[Any, Any]):
    """Answers of a function by its arguments, each asked for once; a row with a NULL has none."""

    __slots__ = ("_function", "_single")

    def __init__(self, function: Callable[..., Any], *, single: bool) -> None:
        self._function, self._single = function, single

    def __missing__(self, given: Any) -> Any:
        if self._single:
            made = None if given is None else self._function(given)
        else:
            made = None if None in given else self._function(*given)
        self[given] = made
        return made


def _may_be_remembered(parameter: str) -> bool:
    # Lists and structs cannot be looked up, and a negative zero would be taken for the positive one.
    return parameter not in ("DOUBLE", "FLOAT") and not ("[" in parameter or "(" in parameter)


_SAMPLE = 256


def _repeats(rows: list[Any]) -> bool:
    """So many of the first rows come twice that remembering them costs less than asking again."""
    sample = rows[:_SAMPLE]
    return len(set(sample)) < 0.9 * len(sample)


def value_function(
    name: str, parameters: Sequence[str], result: str, arrow_result: pa.DataType
) -> Callable[[Function], Function]:
    """Register a function over single values: never called with None, nor again for each row that comes often."""

    def register(function: Function) -> Function:
        single = len(parameters) == 1
        remembered = all(map(_may_be_remembered, parameters))

        def run(*columns: Any) -> pa.Array:
            rows = columns[0].to_pylist() if single else list(zip(*(one.to_pylist() for one in columns), strict=True))
            if remembered and _repeats(rows):
                made = list(map(_Answers(function, single=single).__getitem__, rows))
            elif single:
                made = [None if value is None else function(value) for value in rows]
            else:
                made = [None if None in row else function(*row) for row in rows]
            return pa.array(made, type=arrow_result)

        _add(PythonFunction(name, tuple(parameters), result, with_arity(run, len(parameters))))
        return function

    return register


def with_arity(function: Callable[..., Any], arity: int) -> Callable[..., Any]:
    """DuckDB counts a function's parameters by its signature."""

    def called(*columns: Any) -> Any:
        return function(*columns)

    parameters = [Parameter(f"a{i}", Parameter.POSITIONAL_ONLY) for i in range(arity)]
    called.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return called


@cache
def python_functions() -> dict[str, PythonFunction]:
    """Name → function, with every module loaded."""
    for module in MODULES:
        import_module(f"{__package__}.{module}")
    return PYTHON
