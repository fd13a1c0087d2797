"""JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT, JSON_ARRAY: formats, variables, returned types, defaults.

A bound call carries what is constant in it as one text, a JSON document; `execution/kernel` says what stands in it.
Source: Trino ExpressionAnalyzer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from lodestar_server import ir
from lodestar_server.ir import Constant, Expression
from lodestar_server.spi.errors import (
    DUPLICATE_PARAMETER_NAME,
    INVALID_FUNCTION_ARGUMENT,
    INVALID_PATH,
    NOT_SUPPORTED,
    TYPE_MISMATCH,
    LodestarError,
)
from lodestar_server.spi.types import (
    BOOLEAN,
    UNKNOWN,
    VARBINARY,
    VARCHAR,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types import DATE as DATE_TYPE
from lodestar_server.spi.values import frozen
from lodestar_server.sql.analysis.casts import can_cast
from lodestar_server.sql.analysis.json_paths import analyze_path, is_character_string, is_numeric
from lodestar_server.sql.analysis.types import require_type
from lodestar_server.sql.parser import ast, format_expression

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer

_ENCODINGS = {
    ast.JsonFormat.JSON: "utf8",
    ast.JsonFormat.UTF8: "utf8",
    ast.JsonFormat.UTF16: "utf16",
    ast.JsonFormat.UTF32: "utf32",
}
_JSON_MAKERS = (ast.JsonQuery, ast.JsonObject, ast.JsonArray)
_MOMENTS = (TimeType, TimeTzType, TimestampType, TimestampTzType)


@frozen
class Invocation:
    """A bound path invocation: its input, its variables, the document's part and the path's type if known."""

    input: Expression
    variables: tuple[Expression, ...]
    document: dict[str, Any]
    path_type: Type | None


def call(name: str, arguments: tuple[Expression, ...], result: Type) -> Expression:
    """A call of a function that has no name in SQL."""
    return ir.Call(ir.FunctionRef(name, tuple(argument.type for argument in arguments), result), arguments)


def document(content: dict[str, Any]) -> Constant:
    """The constant part of a call."""
    return Constant(VARCHAR, orjson.dumps(content).decode())


def analyze_invocation(
    analyzer: ExpressionAnalyzer, function: str, node: ast.Node, invocation: ast.JsonPathInvocation
) -> Invocation:
    """Bind the input, the path and the variables."""
    if invocation.path_name is not None and not isinstance(node, ast.JsonTable):
        message = f"JSON path name is not allowed in {function} function"
        raise LodestarError(INVALID_PATH, message, location=invocation.path_name.at)
    source = invocation.input_expression
    what = f"{function} function input argument"
    bound, encoding = _json_input(analyzer, source, analyzer.analyze(source), invocation.input_format, what)
    names: list[str] = []
    kinds: list[str] = []
    variables: list[Expression] = []
    for parameter in invocation.path_parameters:
        name = parameter.name.canonical
        if name in names:
            message = f"{name} JSON path parameter is specified more than once"
            raise LodestarError(DUPLICATE_PARAMETER_NAME, message, location=parameter.name.at)
        value, kind = _variable(analyzer, function, node, parameter)
        names.append(name)
        kinds.append(kind)
        variables.append(value)
    path_type = analyze_path(invocation.json_path, frozenset(names))
    content: dict[str, Any] = {
        "path": invocation.json_path.value,
        "input": encoding,
        "variables": list(zip(names, kinds, strict=True)),
    }
    return Invocation(bound, tuple(variables), content, path_type)


def _json_input(
    analyzer: ExpressionAnalyzer, node: ast.Expression, bound: Expression, format_: ast.JsonFormat, what: str
) -> tuple[Expression, str]:
    """An input that is read as JSON, as varchar or varbinary, and how it is encoded."""
    type_ = bound.type
    if format_ is ast.JsonFormat.JSON and (type_ == UNKNOWN or isinstance(type_, VarcharType)):
        return analyzer.coerced(bound, node, VARCHAR, what), "text"
    if type_ == VARBINARY or (type_ == UNKNOWN and format_ is not ast.JsonFormat.JSON):
        return analyzer.coerced(bound, node, VARBINARY, what), _ENCODINGS[format_]
    message = f"Cannot read input of type {type_.display} as JSON using formatting {format_.value}"
    raise LodestarError(TYPE_MISMATCH, message, location=node.at)


def _refuse_lambda(node: ast.Expression, what: str) -> None:
    if isinstance(node, ast.LambdaExpression):
        raise LodestarError(NOT_SUPPORTED, f"LambdaExpression is not supported as {what}", location=node.at)


def _variable(
    analyzer: ExpressionAnalyzer, function: str, node: ast.Node, parameter: ast.JsonPathParameter
) -> tuple[Expression, str]:
    """A variable's value and its kind: a type, or JSON with an encoding."""
    _refuse_lambda(parameter.value, "JSON path parameter")
    format_ = parameter.format or (ast.JsonFormat.JSON if isinstance(parameter.value, _JSON_MAKERS) else None)
    bound = analyzer.analyze(parameter.value)
    if format_ is not None:
        what = f"{function} function JSON path parameter"
        value, encoding = _json_input(analyzer, parameter.value, bound, format_, what)
        return value, f"json {encoding}"
    if _is_moment(bound.type):
        return bound, bound.type.display
    return _sql_value(analyzer, bound, node, parameter.value, "JSON path parameter")


def _is_moment(type_: Type) -> bool:
    return type_ == DATE_TYPE or isinstance(type_, _MOMENTS)


def _sql_value(
    analyzer: ExpressionAnalyzer, bound: Expression, node: ast.Node, value: ast.Expression, what: str
) -> tuple[Expression, str]:
    """A value that goes into JSON with its type, or as the text of its cast."""
    type_ = bound.type
    if type_ == VARBINARY:
        message = f"Unsupported type of {what}: {type_.display}"
        raise LodestarError(NOT_SUPPORTED, message, location=value.at)
    if is_character_string(type_) or is_numeric(type_) or type_ == BOOLEAN:
        return bound, type_.display
    if not can_cast(type_, VARCHAR):
        message = f"Unsupported type of {what}: {type_.display}"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    analyzer.note_parameter(value, VARCHAR)
    if isinstance(bound, Constant) and bound.value is None:
        return Constant(VARCHAR, None), "varchar"
    return ir.Cast(bound, VARCHAR), "varchar"


# the functions


def json_exists(analyzer: ExpressionAnalyzer, node: ast.JsonExists) -> Expression:
    """JSON_EXISTS."""
    found = analyze_invocation(analyzer, "JSON_EXISTS", node, node.invocation)
    content = document({**found.document, "on_error": node.error_behavior.value})
    return call("$json_exists", (found.input, content, *found.variables), BOOLEAN)


@frozen
class Defaults:
    """What JSON_VALUE gives on empty and on error, of the returned type."""

    document: dict[str, Any]
    on_empty: Expression
    on_error: Expression


def json_value(analyzer: ExpressionAnalyzer, node: ast.JsonValue) -> Expression:
    """JSON_VALUE."""
    found = analyze_invocation(analyzer, "JSON_VALUE", node, node.invocation)
    type_ = scalar_type(node, node.returned_type, found.path_type)
    given = defaults(analyzer, node, node.error_behavior, type_)
    content = document({**found.document, **given.document})
    arguments = (found.input, content, given.on_empty, given.on_error, *found.variables)
    return call("$json_value", arguments, type_)


def scalar_type(node: ast.Node, declared: ast.DataType | None, path_type: Type | None) -> Type:
    """The type that JSON_VALUE returns."""
    type_ = VARCHAR if declared is None else require_type(declared, node)
    if not (is_character_string(type_) or is_numeric(type_) or type_ == BOOLEAN or _is_moment(type_)):
        assert declared is not None
        message = f"Invalid return type of function JSON_VALUE: {format_expression(declared)}"
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    if path_type is not None and path_type != type_ and not can_cast(path_type, type_):
        message = (
            f"Return type of JSON path: {path_type.display} incompatible with return type of function JSON_VALUE: "
            f"{type_.display}"
        )
        raise LodestarError(TYPE_MISMATCH, message, location=node.at)
    return type_


def defaults(
    analyzer: ExpressionAnalyzer, node: ast.JsonValue | ast.ValueColumn, on_error: ast.JsonValueBehavior, type_: Type
) -> Defaults:
    """The behaviours of JSON_VALUE or of a column, with their default values."""
    values: list[Expression] = []
    for default, what in ((node.empty_default, "EMPTY"), (node.error_default, "ERROR")):
        if default is None:
            values.append(Constant(type_, None))
        else:
            values.append(analyzer.analyze_as(default, type_, f"Function JSON_VALUE default ON {what} result"))
    plain = isinstance(type_, VarcharType) and ast.JsonValueBehavior.DEFAULT not in (node.empty_behavior, on_error)
    content = {
        "on_empty": node.empty_behavior.value,
        "on_error": on_error.value,
        "target": type_.display,
        "plain": plain,
    }
    return Defaults(content, values[0], values[1])


def json_query(analyzer: ExpressionAnalyzer, node: ast.JsonQuery) -> Expression:
    """JSON_QUERY."""
    found = analyze_invocation(analyzer, "JSON_QUERY", node, node.invocation)
    check_quotes(node)
    output = output_of(node, node.returned_type, node.output_format, "Cannot cast {held} to {returned}")
    content = document({**found.document, **query_options(node, node.error_behavior), "output": output.encoding})
    return output.returned(call("$json_query", (found.input, content, *found.variables), output.held))


def check_quotes(node: ast.JsonQuery | ast.QueryColumn) -> None:
    """Refuse a quotes behaviour beside an array wrapper."""
    if node.wrapper_behavior is ast.ArrayWrapperBehavior.WITHOUT or node.quotes_behavior is None:
        return
    message = (
        f"{node.quotes_behavior.value} QUOTES behavior specified with {node.wrapper_behavior.value} ARRAY WRAPPER "
        "behavior"
    )
    raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=node.at)


def query_options(node: ast.JsonQuery | ast.QueryColumn, on_error: ast.JsonQueryBehavior) -> dict[str, Any]:
    """The behaviours of JSON_QUERY."""
    return {
        "on_empty": node.empty_behavior.value,
        "on_error": on_error.value,
        "wrapper": node.wrapper_behavior.value,
        "omit_quotes": node.quotes_behavior is ast.QuotesBehavior.OMIT,
    }


@frozen
class Output:
    """How a JSON value leaves: as varchar or varbinary (`held`) in an encoding, then cast to `type`."""

    held: Type
    encoding: str
    type: Type

    def returned(self, value: Expression) -> Expression:
        """The value as the returned type."""
        return value if self.held == self.type else ir.Cast(value, self.type)


def output_of(node: ast.Node, declared: ast.DataType | None, format_: ast.JsonFormat | None, uncastable: str) -> Output:
    """The output that a RETURNING clause means; `uncastable` is the message for a type that takes no text."""
    type_ = VARCHAR if declared is None else require_type(declared, node)
    format_ = format_ or ast.JsonFormat.JSON
    if format_ is ast.JsonFormat.JSON and is_character_string(type_):
        if not can_cast(VARCHAR, type_):
            message = uncastable.format(held=VARCHAR.display, returned=type_.display)
            raise LodestarError(TYPE_MISMATCH, message, location=node.at)
        return Output(VARCHAR, "text", type_)
    if type_ == VARBINARY:
        return Output(VARBINARY, _ENCODINGS[format_], type_)
    message = f"Cannot output JSON value as {type_.display} using formatting {format_.value}"
    raise LodestarError(TYPE_MISMATCH, message, location=node.at)


def json_object(analyzer: ExpressionAnalyzer, node: ast.JsonObject) -> Expression:
    """JSON_OBJECT."""
    kinds: list[str] = []
    members: list[Expression] = []
    for member in node.members:
        key = analyzer.analyze(member.key)
        if not is_character_string(key.type):
            message = f"Invalid type of JSON object key: {key.type.display}"
            raise LodestarError(INVALID_FUNCTION_ARGUMENT, message, location=member.key.at)
        value, kind = _constructed(analyzer, node, member.value, member.format, "JSON_OBJECT", "JSON object value")
        kinds.append(kind)
        members += [key, value]
    output = output_of(
        node, node.returned_type, node.output_format, "Cannot return type {returned} from JSON_OBJECT function"
    )
    content = document(
        {
            "kinds": kinds,
            "null_on_null": node.null_on_null,
            "unique_keys": node.unique_keys,
            "output": output.encoding,
        }
    )
    return output.returned(call("$json_object", (content, *members), output.held))


def json_array(analyzer: ExpressionAnalyzer, node: ast.JsonArray) -> Expression:
    """JSON_ARRAY."""
    kinds: list[str] = []
    elements: list[Expression] = []
    for element in node.elements:
        value, kind = _constructed(analyzer, node, element.value, element.format, "JSON_ARRAY", "JSON array element")
        kinds.append(kind)
        elements.append(value)
    output = output_of(
        node, node.returned_type, node.output_format, "Cannot return type {returned} from JSON_ARRAY function"
    )
    content = document({"kinds": kinds, "null_on_null": node.null_on_null, "output": output.encoding})
    return output.returned(call("$json_array", (content, *elements), output.held))


def _constructed(
    analyzer: ExpressionAnalyzer,
    node: ast.JsonObject | ast.JsonArray,
    value: ast.Expression,
    format_: ast.JsonFormat | None,
    function: str,
    what: str,
) -> tuple[Expression, str]:
    """A member's value or an element, and its kind."""
    _refuse_lambda(value, what)
    if format_ is None and isinstance(value, _JSON_MAKERS):
        format_ = ast.JsonFormat.JSON
    bound = analyzer.analyze(value)
    if format_ is None:
        return _sql_value(analyzer, bound, node, value, f"value passed to {function} function")
    if isinstance(node, ast.JsonObject) and node.unique_keys:
        message = "WITH UNIQUE KEYS behavior is not supported for JSON_OBJECT function when input expression has FORMAT"
        raise LodestarError(NOT_SUPPORTED, message, location=node.at)
    made, encoding = _json_input(analyzer, value, bound, format_, f"value passed to {function} function")
    return made, f"json {encoding}"
