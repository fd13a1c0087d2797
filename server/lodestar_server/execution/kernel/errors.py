"""The one error channel: how lowered SQL raises our errors, and how DuckDB's exceptions become LodestarErrors.

Lowered SQL raises by casting a text that carries our code and message to INTEGER: such a cast is lazy in CASE and
COALESCE and becomes NULL under TRY. Codes that Trino's TRY does not catch are raised by calls that DuckDB's TRY lets
through. Anything that is not recognised becomes GENERIC_INTERNAL_ERROR; the cause is kept for the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import duckdb
import pyarrow as pa

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import (
    DIVISION_BY_ZERO,
    EXCEEDED_LOCAL_MEMORY_LIMIT,
    EXCEEDED_TIME_LIMIT,
    GENERIC_INTERNAL_ERROR,
    INVALID_CAST_ARGUMENT,
    INVALID_FUNCTION_ARGUMENT,
    NOT_SUPPORTED,
    NUMERIC_VALUE_OUT_OF_RANGE,
    OUT_OF_SPILL_SPACE,
    STACK_OVERFLOW,
    SUBQUERY_MULTIPLE_ROWS,
    ErrorCode,
    LodestarError,
    error_code_named,
)

_START, _MIDDLE, _END = "\x01", "\x1f", "\x02\x03"
_MARKED = re.compile(f"{_START}([A-Z0-9_]+){_MIDDLE}(.*?){_END}", re.DOTALL)


def marked(code: ErrorCode, message: str) -> str:
    """The text that carries an error through DuckDB; what a function of ours in Python raises with."""
    return f"{_START}{code.name}{_MIDDLE}{message}{_END}"


def raised_text(code: ErrorCode, message: str | Sql) -> Sql:
    """The same as SQL, with a message that may be computed; a NULL message is printed as null."""
    if isinstance(message, str):
        return sql.text(marked(code, message))
    head, tail = sql.text(f"{_START}{code.name}{_MIDDLE}"), sql.text(_END)
    return sql.chain("||", [head, sql.call("coalesce", message, sql.text("null")), tail])


_FROM_INTEGER = frozenset(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN"))


def failure(code: ErrorCode, message: str | Sql, duckdb_type: str, *, inside_try: bool = False) -> Sql:
    """An expression of a type that raises instead of giving a value.

    It is made of casts alone: DuckDB folds a constant condition of a CASE without asking whether it is reached, but
    leaves a cast that fails where it stands.
    """
    carrier = raised_text(code, message)
    if code.caught_by_try:
        raising = sql.fragment("CAST({0} AS INTEGER)", carrier)
        if duckdb_type in _FROM_INTEGER:
            return raising if duckdb_type == "INTEGER" else sql.cast(raising, duckdb_type)
    elif inside_try:
        # TRY refuses volatile calls such as error(), and does not catch an unknown zone.
        raising = sql.fragment("timezone({0}, TIMESTAMP '2000-01-01')", carrier)
    else:
        return sql.fragment(f"CAST(error({{0}}) AS {duckdb_type})", carrier)
    return sql.cast(sql.cast(raising, "VARCHAR"), duckdb_type)


def raised_again(carrier: Sql, duckdb_type: str) -> Sql:
    """An expression that raises with a marked text found at run time, of a code that TRY lets through."""
    raising = sql.fragment("timezone({0}, TIMESTAMP '2000-01-01')", carrier)
    return sql.cast(sql.cast(raising, "VARCHAR"), duckdb_type)


def marked_code(text: str) -> ErrorCode | None:
    """The code in a marked text, None for another text."""
    match = _MARKED.search(text)
    return None if match is None else error_code_named(match[1])


_INTEGRAL = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
_OPERATIONS = {"addition": "+", "subtraction": "-", "multiplication": "*"}


def _overflow(match: re.Match[str]) -> LodestarError:
    operation, type_, left, right = match.groups()
    if type_ not in _INTEGRAL:
        return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, "Decimal overflow")
    message = f"{_INTEGRAL[type_]} {operation} overflow: {left} {_OPERATIONS[operation]} {right}"
    return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, message)


def _narrowed(match: re.Match[str]) -> LodestarError:
    source, value, target = match.groups()
    if source == "INT128" and target == "INT64":
        return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, f"bigint addition overflow: {value}")
    if target not in _INTEGRAL:
        return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, "Decimal overflow")
    return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, f"Out of range for {_INTEGRAL[target]}: {value}")


_LIMITS = {2**7: "MAX_BYTE", 2**15: "MAX_SHORT for type smallint", 2**31: "MAX_INT for type integer"}
"""What Trino says of the quotient of the least number of a type and -1. Of a bigint it is an error of the user."""


def _too_great_a_quotient(dividend: str, divisor: str) -> LodestarError:
    limit = _LIMITS.get(-int(dividend))
    if limit is None:
        return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, f"bigint division overflow: {dividend} / {divisor}")
    return LodestarError(GENERIC_INTERNAL_ERROR, f"Value {-int(dividend)} exceeds {limit}")


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], LodestarError]], ...] = (
    (
        # An aggregate whose only columns are those of the query around it, in a place that must not have aggregates.
        re.compile(r"WHERE clause cannot contain aggregates"),
        lambda match: LodestarError(NOT_SUPPORTED, "Given correlated subquery is not supported"),
    ),
    (re.compile(r"Division by zero"), lambda match: LodestarError(DIVISION_BY_ZERO, "Division by zero")),
    (re.compile(r"Overflow in (\w+) of (\w+)(?:\(\d+\))? \((\S+) [-+*] (\S+?)\)"), _overflow),
    (
        re.compile(r"Overflow in division of (\S+) / (\S+)"),
        lambda match: _too_great_a_quotient(match.group(1), match.group(2)),
    ),
    (re.compile(r"Type (\w+) with value (\S+) can't be cast because .* for the destination type (\w+)"), _narrowed),
    (
        re.compile(r"(?:Could not cast value|Casting value) \S+ to (?:type )?DECIMAL|[Oo]verflow in .*DECIMAL|HUGEINT"),
        lambda match: LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, "Decimal overflow"),
    ),
    (
        re.compile(r"More than one row returned by a subquery"),
        lambda match: LodestarError(SUBQUERY_MULTIPLE_ROWS, "Scalar sub-query has returned multiple rows"),
    ),
    (
        re.compile(r"max_temp_directory_size|failed to offload|No space left on device"),
        lambda match: LodestarError(OUT_OF_SPILL_SPACE, "No free space available for spill"),
    ),
    (
        re.compile(r"Map keys must be unique"),
        lambda match: LodestarError(INVALID_FUNCTION_ARGUMENT, "Duplicate map keys are not allowed"),
    ),
    (
        re.compile(r"Map keys can not be NULL"),
        lambda match: LodestarError(INVALID_FUNCTION_ARGUMENT, "map key cannot be null"),
    ),
    (
        re.compile(
            r"(?:timestamp|date|time) field value out of range|not in timestamp range"
            r"|(?:Date|Timestamp|DATE|TIMESTAMP).*out of range"
        ),
        lambda match: LodestarError(INVALID_FUNCTION_ARGUMENT, "Value out of range for a date or timestamp"),
    ),
    (
        re.compile(r"Could not convert string '(.*)' to"),
        lambda match: LodestarError(INVALID_CAST_ARGUMENT, f"Cannot cast '{match.group(1)}'"),
    ),
    (
        re.compile(r"[Ss]tack overflow|Maximum recursion|[Ee]xpression depth limit|Max expression depth"),
        lambda match: LodestarError(STACK_OVERFLOW, "statement is too large (stack overflow during analysis)"),
    ),
    (
        re.compile(r"max_execution_time|execution time limit"),
        lambda match: LodestarError(EXCEEDED_TIME_LIMIT, "Query exceeded the maximum run time limit"),
    ),
)


def engine_error(exception: BaseException, *, memory_limit: str = "") -> BaseException:
    """The LodestarError for what DuckDB (or code below it) raised, with the cause chained; what nobody expected is
    returned as it is: it becomes an internal error, with its text in the log alone.

    `memory_limit`, the text of the query's limit, goes into the message of a query that needs more.
    """
    if isinstance(exception, LodestarError):
        return exception
    error = _recognised(exception, memory_limit)
    if error is None:
        return exception
    error.__cause__ = exception
    return error


def _recognised(exception: BaseException, memory_limit: str) -> LodestarError | None:
    message = str(exception)
    carried = _MARKED.search(message)
    if carried is not None:
        code = error_code_named(carried.group(1))
        if code is not None:
            return LodestarError(code, carried.group(2))
    if isinstance(exception, RecursionError):
        return LodestarError(STACK_OVERFLOW, "statement is too large (stack overflow during analysis)")
    kind = _kind(exception, message)
    if kind is None:
        return None
    for pattern, convert in _PATTERNS:
        match = pattern.search(message)
        if match is not None:
            return convert(match)
    if kind is duckdb.OutOfMemoryException or "the UDF: MemoryError" in message:
        limit = f" of {memory_limit}" if memory_limit else ""
        return LodestarError(EXCEEDED_LOCAL_MEMORY_LIMIT, f"Query exceeded per-node memory limit{limit}")
    if kind is duckdb.OutOfRangeException:
        return LodestarError(NUMERIC_VALUE_OUT_OF_RANGE, "Value is out of range")
    if kind is duckdb.ConversionException:
        return LodestarError(INVALID_CAST_ARGUMENT, "Value cannot be converted")
    return None


_NAMED_KIND = re.compile(r"(?:\w+: )?(INTERNAL|FATAL|Out of Memory|Out of Range|Conversion|[A-Z][A-Za-z ]*) Error: ")
_KINDS: dict[str, type[duckdb.Error]] = {
    "INTERNAL": duckdb.InternalException,
    "FATAL": duckdb.FatalException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "Out of Range": duckdb.OutOfRangeException,
    "Conversion": duckdb.ConversionException,
}


def _kind(exception: BaseException, message: str) -> type[BaseException] | None:
    """DuckDB's class of an error, None for what is not DuckDB's.

    What a statement raises while its rows are pulled comes out of the Arrow stream, with the class in the text alone.
    """
    if isinstance(exception, duckdb.Error):
        return type(exception)
    if not isinstance(exception, OSError | pa.ArrowException):
        return None
    named = _NAMED_KIND.match(message)
    return None if named is None else _KINDS.get(named[1], duckdb.Error)


def breaks_instance(exception: BaseException) -> bool:
    """After this error DuckDB's instance is of no use any more."""
    return _kind(exception, str(exception)) in (duckdb.FatalException, duckdb.InternalException)
