"""SQL/JSON: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY and JSON_TABLE.

Python evaluates paths; here values become the texts it takes, and its results values of the returned type.
The arguments of a call: an input, the constant part of the call as a JSON document, then what the call needs.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import text_of
from lodestar_server.execution.kernel.errors import raised_again
from lodestar_server.execution.kernel.functions.json_shortcuts import Shortcut, exists, find_shortcut, query, value
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.lowering.casts.registry import cast_value
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import JSON_VALUE_RESULT_ERROR
from lodestar_server.spi.types import DOUBLE, INTEGRAL_TYPES, REAL, VARBINARY, VARCHAR, CharType, Type, VarcharType

_VALUE, _EMPTY = sql.text("v"), sql.text("e")


def _text(value: Sql, type_: Type) -> Sql:
    """A value as the text that Python reads."""
    if type_ == VARBINARY:
        return sql.call("hex", value)
    if type_ in (DOUBLE, REAL):
        return sql.cast(value, "VARCHAR")
    if isinstance(type_, CharType):
        return value
    text = text_of(value, type_)
    assert text is not None
    return text


def _texts(values: Sequence[Sql], types: Sequence[Type]) -> Sql:
    """Values as a list of texts."""
    parts = [_text(value, type_) for value, type_ in zip(values, types, strict=True)]
    return sql.fragment("CAST([{*}] AS VARCHAR[])", *parts)


def _found(call: ScalarCall, function: str, variables_from: int = 2, document: Sql | None = None) -> Sql:
    document = _text(call.arguments[0] if document is None else document, call.types[0])
    variables = _texts(call.arguments[variables_from:], call.types[variables_from:])
    held = {"exists": "BOOLEAN", "table": "VARCHAR[][]"}.get(function, "VARCHAR")
    return _called(call, function, held, document, call.arguments[1], variables)


def _called(call: ScalarCall, function: str, held: str, *arguments: Sql) -> Sql:
    """A call of Python; inside of TRY its faults are raised where TRY does not catch them."""
    name = f"trino_sql_json_{function}"
    if not call.context.inside_try:
        return sql.call(name, *arguments)

    def guarded(*values: Sql) -> Sql:
        def checked(fault: Sql) -> Sql:
            return sql.case([(sql.is_not_null(fault), raised_again(fault, held))], sql.call(name, *values))

        return sql.let(sql.call(f"{name}_fault", *values), checked)

    return sql.let_all(arguments, guarded)


@scalar("$json_exists")
def _json_exists(call: ScalarCall) -> Sql:
    def general(document: Sql) -> Sql:
        return _found(call, "exists", document=document)

    shortcut = _shortcut(call)
    return general(call.arguments[0]) if shortcut is None else exists(shortcut, call.arguments[0], general)


def _shortcut(call: ScalarCall) -> Shortcut | None:
    return find_shortcut(orjson.loads(call.constant(1)), call.types[0])


@scalar("$json_query")
def _json_query(call: ScalarCall) -> Sql:
    def general(document: Sql) -> Sql:
        return _found(call, "query", document=document)

    options = orjson.loads(call.constant(1))
    shortcut = _shortcut(call)
    if shortcut is None or options["output"] != "text" or options["omit_quotes"]:
        return _document(general(call.arguments[0]), call)
    null_on_empty = options["on_empty"] == "NULL"
    return query(shortcut, call.arguments[0], options["wrapper"], general, null_on_empty=null_on_empty)


def _document(text: Sql, call: ScalarCall) -> Sql:
    return sql.call("unhex", text) if call.result == VARBINARY else text


@scalar("$json_table")
def _json_table(call: ScalarCall) -> Sql:
    return _found(call, "table")


scalar_template("$json_cell", "{0}[{1}]")
scalar_template("$json_ordinality_column", "CAST({0} AS BIGINT)")


@scalar("$json_array")
def _json_array(call: ScalarCall) -> Sql:
    values = _texts(call.arguments[1:], call.types[1:])
    return _document(_called(call, "array", "VARCHAR", call.arguments[0], values), call)


@scalar("$json_object")
def _json_object(call: ScalarCall) -> Sql:
    """The call's document, then keys and values by turns."""
    keys = _texts(call.arguments[1::2], call.types[1::2])
    values = _texts(call.arguments[2::2], call.types[2::2])
    return _document(_called(call, "object", "VARCHAR", call.arguments[0], keys, values), call)


@scalar("$json_value")
def _json_value(call: ScalarCall) -> Sql:
    """Input, document, the default on empty, the default on error, variables."""

    def general(document: Sql) -> Sql:
        return _found(call, "value", 4, document)

    options = orjson.loads(call.constant(1))
    shortcut, short = _shortcut(call), None
    if shortcut is not None and (options["plain"] or call.result in INTEGRAL_TYPES):
        null_on_empty = options["on_empty"] == "NULL"
        short = value(shortcut, call.arguments[0], call.result, general, null_on_empty=null_on_empty)
    return _scalar(general(call.arguments[0]) if short is None else short, call)


@scalar("$json_value_column")
def _json_value_column(call: ScalarCall) -> Sql:
    """A cell of JSON_TABLE, the column's document, the default on empty, the default on error."""
    return _scalar(call.arguments[0], call)


@scalar("$json_query_column")
def _json_query_column(call: ScalarCall) -> Sql:
    return _document(call.arguments[0], call)


def _scalar(cell: Sql, call: ScalarCall) -> Sql:
    """The value of a cell, cast to the result's type, or the default that the cell asks for."""
    options = orjson.loads(call.constant(1))
    target = call.result
    if options["plain"]:
        return cell
    on_empty, on_error = call.arguments[2], call.arguments[3]

    def read(c: Sql) -> Sql:
        text = sql.fragment("substr({0}, instr({0}, '|') + 1)", c)
        if isinstance(target, VarcharType):
            made = text
        else:
            cast = cast_value(text, VARCHAR, target, call.context, safe=True)
            made = sql.call("coalesce", cast, _on_misfit(c, options["on_error"], on_error, call))
        first = sql.fragment("{0}[1]", c)
        branches = [
            (sql.is_null(c), sql.typed_null(call.held)),
            (sql.binary("=", first, _VALUE), made),
            (sql.binary("=", first, _EMPTY), on_empty),
        ]
        return sql.case(branches, on_error)

    return sql.let(cell, read)


def _on_misfit(cell: Sql, behavior: str, default: Sql, call: ScalarCall) -> Sql:
    """What stands for a value that its cast refuses."""
    if behavior == "DEFAULT":
        return default
    if behavior == "NULL":
        return sql.typed_null(call.held)
    message = sql.fragment(
        "{1} || substr({0}, 2, instr({0}, '|') - 2) || {2}",
        cell,
        sql.text("cannot extract SQL scalar from JSON: Cannot cast value of type "),
        sql.text(f" to declared return type of function JSON_VALUE: {call.result.display}"),
    )
    return call.fail(message, JSON_VALUE_RESULT_ERROR)
