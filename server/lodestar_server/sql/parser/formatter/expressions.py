"""Expressions as Trino writes them: every operator in parentheses, keywords in the case Trino gives them.

Users see this text: column names of views, prepared statements, error messages about an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lodestar_server.sql.parser import ast
from lodestar_server.sql.parser.formatter.doubles import format_double

Format = Callable[[Any], str]

# One function per class; `windows.py` and `queries.py` add theirs.
FORMATS: dict[type[ast.Node], Format] = {}


def format_expression(node: ast.Node) -> str:
    """An expression, a type, a name or a part of one of them, as Trino writes it."""
    return FORMATS[type(node)](node)


def joined(expressions: Iterable[ast.Node]) -> str:
    """Expressions with commas between."""
    return ", ".join([format_expression(expression) for expression in expressions])


def format_name(name: ast.QualifiedName) -> str:
    """A dotted name, as it was written."""
    return ".".join([_identifier(part) for part in name.original_parts])


def format_string(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


# names and literals


def _identifier(node: ast.Identifier) -> str:
    if node.delimited:
        return '"' + node.value.replace('"', '""') + '"'
    return node.value


def _long(node: ast.LongLiteral) -> str:
    return node.text


def _decimal(node: ast.DecimalLiteral) -> str:
    return f"DECIMAL '{node.value}'"


def _generic_literal(node: ast.GenericLiteral) -> str:
    return f"{node.type} {format_string(node.value)}"


def _interval_literal(node: ast.IntervalLiteral) -> str:
    sign = "-" if node.sign is ast.Sign.MINUS else ""
    end = "" if node.end_field is None else f" TO {node.end_field.value}"
    return f"INTERVAL {sign}'{node.value}' {node.start_field.value}{end}"


def _binary_literal(node: ast.BinaryLiteral) -> str:
    return f"X'{node.value.hex().upper()}'"


# operators


def _arithmetic_unary(node: ast.ArithmeticUnaryExpression) -> str:
    value = format_expression(node.value)
    # `-1` would be a number and not the negation of one.
    return f"-({value})" if node.sign is ast.Sign.MINUS else f"+{value}"


def _binary(node: ast.ArithmeticBinaryExpression | ast.ComparisonExpression) -> str:
    return f"({format_expression(node.left)} {node.operator.value} {format_expression(node.right)})"


def _logical(node: ast.LogicalExpression) -> str:
    return "(" + f" {node.operator.value} ".join([format_expression(term) for term in node.terms]) + ")"


def _quantified(node: ast.QuantifiedComparisonExpression) -> str:
    value, subquery = format_expression(node.value), format_expression(node.subquery)
    return f"({value} {node.operator.value} {node.quantifier.value} {subquery})"


def _between(node: ast.BetweenPredicate) -> str:
    value, low, high = format_expression(node.value), format_expression(node.min), format_expression(node.max)
    return f"({value} BETWEEN {low} AND {high})"


def _like(node: ast.LikePredicate) -> str:
    escape = "" if node.escape is None else f" ESCAPE {format_expression(node.escape)}"
    return f"({format_expression(node.value)} LIKE {format_expression(node.pattern)}{escape})"


def _in(node: ast.InPredicate) -> str:
    return f"({format_expression(node.value)} IN {format_expression(node.value_list)})"


# calls


def _function_call(node: ast.FunctionCall) -> str:
    if node.name.parts == ("listagg",):
        return _listagg(node)
    mode = "" if node.processing_mode is None else f"{node.processing_mode.mode.value} "
    arguments = joined(node.arguments)
    if not node.arguments and node.name.suffix == "count":
        arguments = "*"
    if node.distinct:
        arguments = f"DISTINCT {arguments}"
    ordering = "" if node.order_by is None else f" {format_expression(node.order_by)}"
    parts = [f"{mode}{format_name(node.name)}({arguments}{ordering})"]
    if node.null_treatment is not None:
        parts.append(f"{node.null_treatment.value} NULLS")
    return " ".join(parts + _filter_and_window(node))


def _filter_and_window(node: ast.FunctionCall) -> list[str]:
    parts = []
    if node.filter is not None:
        parts.append(f"FILTER (WHERE {format_expression(node.filter)})")
    if node.window is not None:
        parts.append(f"OVER {format_expression(node.window)}")
    return parts


def _listagg(node: ast.FunctionCall) -> str:
    value, separator, fails, filler, counts = node.arguments
    arguments = joined((value, separator))
    if node.distinct:
        arguments = f"DISTINCT {arguments}"
    overflow = " ERROR"
    if not (isinstance(fails, ast.BooleanLiteral) and fails.value):
        counted = isinstance(counts, ast.BooleanLiteral) and counts.value
        overflow = f" TRUNCATE {format_expression(filler)} {'WITH' if counted else 'WITHOUT'} COUNT"
    parts = [f"LISTAGG({arguments} ON OVERFLOW {overflow})"]
    if node.order_by is not None:
        parts.append(f"WITHIN GROUP ({format_expression(node.order_by)})")
    return " ".join(parts + _filter_and_window(node))


def _window_operation(node: ast.WindowOperation) -> str:
    return f"{_identifier(node.name)} OVER {format_expression(node.window)}"


def _lambda(node: ast.LambdaExpression) -> str:
    return f"({joined(node.arguments)}) -> {format_expression(node.body)}"


def _if(node: ast.IfExpression) -> str:
    parts = [node.condition, node.true_value, *(() if node.false_value is None else (node.false_value,))]
    return f"IF({joined(parts)})"


def _cast(node: ast.Cast) -> str:
    return f"{'TRY_CAST' if node.safe else 'CAST'}({format_expression(node.value)} AS {format_expression(node.type)})"


def _case(node: ast.SimpleCaseExpression | ast.SearchedCaseExpression) -> str:
    parts = ["CASE"]
    if isinstance(node, ast.SimpleCaseExpression):
        parts.append(format_expression(node.operand))
    parts += [format_expression(when) for when in node.when_clauses]
    if node.default is not None:
        parts.append(f"ELSE {format_expression(node.default)}")
    return f"({' '.join(parts)} END)"


def _when(node: ast.WhenClause) -> str:
    return f"WHEN {format_expression(node.operand)} THEN {format_expression(node.result)}"


def _trim(node: ast.Trim) -> str:
    character = "" if node.character is None else f"{format_expression(node.character)} "
    return f"trim({node.specification.value} {character}FROM {format_expression(node.source)})"


def _element(node: ast.Expression) -> str:
    """An element of an array, a value with a subscript, or a subscript: there, rows have no blank before their `(`."""
    if isinstance(node, ast.Row):
        return f"ROW({', '.join([_element(item) for item in node.items])})"
    return format_expression(node)


def _dereference(node: ast.DereferenceExpression) -> str:
    return f"{format_expression(node.base)}.{'*' if node.field is None else _identifier(node.field)}"


def _with_precision(word: str) -> Format:
    def format_current(node: ast.CurrentTime | ast.CurrentTimestamp | ast.LocalTime | ast.LocalTimestamp) -> str:
        return word if node.precision is None else f"{word}({node.precision})"

    return format_current


# types


def _generic_type(node: ast.GenericDataType) -> str:
    arguments = f"({joined(node.arguments)})" if node.arguments else ""
    return f"{_identifier(node.name)}{arguments}"


def _datetime_type(node: ast.DateTimeDataType) -> str:
    precision = "" if node.precision is None else f"({format_expression(node.precision)})"
    zone = " with time zone" if node.with_time_zone else ""
    return f"{node.type.value.lower()}{precision}{zone}"


def _interval_type(node: ast.IntervalDataType) -> str:
    end = "" if node.from_field is node.to_field else f" TO {node.to_field.value}"
    return f"INTERVAL {node.from_field.value}{end}"


def _row_field(node: ast.RowField) -> str:
    name = "" if node.name is None else f"{_identifier(node.name)} "
    return f"{name}{format_expression(node.type)}"


# JSON


def _json_format(json_format: ast.JsonFormat | None) -> str:
    return "" if json_format is None else f" FORMAT {json_format.value}"


def json_path_invocation(node: ast.JsonPathInvocation) -> str:
    """What the JSON functions and JSON_TABLE begin with."""
    name = "" if node.path_name is None else f" AS {_identifier(node.path_name)}"
    parameters = ", ".join(
        [
            f"{format_expression(entry.value)}{_json_format(entry.format)} AS {_identifier(entry.name)}"
            for entry in node.path_parameters
        ]
    )
    passing = f" PASSING {parameters}" if parameters else ""
    source = f"{format_expression(node.input_expression)}{_json_format(node.input_format)}"
    return f"{source}, {format_expression(node.json_path)}{name}{passing}"


def _json_exists(node: ast.JsonExists) -> str:
    return f"JSON_EXISTS({json_path_invocation(node.invocation)} {node.error_behavior.value} ON ERROR)"


def _behavior(behavior: ast.JsonValueBehavior, default: ast.Expression | None, event: str) -> str:
    value = "" if default is None else f" {format_expression(default)}"
    return f" {behavior.value}{value} ON {event}"


def _json_value(node: ast.JsonValue) -> str:
    returning = "" if node.returned_type is None else f" RETURNING {format_expression(node.returned_type)}"
    on_empty = _behavior(node.empty_behavior, node.empty_default, "EMPTY")
    on_error = _behavior(node.error_behavior, node.error_default, "ERROR")
    return f"JSON_VALUE({json_path_invocation(node.invocation)}{returning}{on_empty}{on_error})"


def _returning(returned_type: ast.DataType | None, output_format: ast.JsonFormat | None) -> str:
    if returned_type is None:
        return ""
    return f" RETURNING {format_expression(returned_type)}{_json_format(output_format)}"


def _json_query(node: ast.JsonQuery) -> str:
    parts = [json_path_invocation(node.invocation), _returning(node.returned_type, node.output_format)]
    parts.append(f" {node.wrapper_behavior.value} ARRAY WRAPPER")
    if node.quotes_behavior is not None:
        parts.append(f" {node.quotes_behavior.value} QUOTES ON SCALAR STRING")
    parts.append(f" {node.empty_behavior.value} ON EMPTY {node.error_behavior.value} ON ERROR")
    return f"JSON_QUERY({''.join(parts)})"


def _json_member(node: ast.JsonObjectMember) -> str:
    return f"KEY {format_expression(node.key)} VALUE {format_expression(node.value)}{_json_format(node.format)}"


def _json_object(node: ast.JsonObject) -> str:
    members = ""
    if node.members:
        members = ", ".join([_json_member(member) for member in node.members])
        members += " NULL ON NULL" if node.null_on_null else " ABSENT ON NULL"
        members += " WITH UNIQUE KEYS" if node.unique_keys else " WITHOUT UNIQUE KEYS"
    return f"JSON_OBJECT({members}{_returning(node.returned_type, node.output_format)})"


def _json_array(node: ast.JsonArray) -> str:
    elements = ""
    if node.elements:
        elements = ", ".join(
            [f"{format_expression(element.value)}{_json_format(element.format)}" for element in node.elements]
        )
        elements += " NULL ON NULL" if node.null_on_null else " ABSENT ON NULL"
    return f"JSON_ARRAY({elements}{_returning(node.returned_type, node.output_format)})"


FORMATS |= {
    ast.Identifier: _identifier,
    ast.LongLiteral: _long,
    ast.DecimalLiteral: _decimal,
    ast.DoubleLiteral: lambda node: format_double(node.value),
    ast.StringLiteral: lambda node: format_string(node.value),
    ast.BooleanLiteral: lambda node: "true" if node.value else "false",
    ast.NullLiteral: lambda node: "null",
    ast.GenericLiteral: _generic_literal,
    ast.IntervalLiteral: _interval_literal,
    ast.BinaryLiteral: _binary_literal,
    ast.Parameter: lambda node: "?",
    ast.AllRows: lambda node: "ALL",
    ast.ArithmeticUnaryExpression: _arithmetic_unary,
    ast.ArithmeticBinaryExpression: _binary,
    ast.ComparisonExpression: _binary,
    ast.QuantifiedComparisonExpression: _quantified,
    ast.LogicalExpression: _logical,
    ast.NotExpression: lambda node: f"(NOT {format_expression(node.value)})",
    ast.BetweenPredicate: _between,
    ast.LikePredicate: _like,
    ast.InPredicate: _in,
    ast.InListExpression: lambda node: f"({joined(node.values)})",
    ast.IsNullPredicate: lambda node: f"({format_expression(node.value)} IS NULL)",
    ast.IsNotNullPredicate: lambda node: f"({format_expression(node.value)} IS NOT NULL)",
    ast.ExistsPredicate: lambda node: f"(EXISTS {format_expression(node.subquery)})",
    ast.DereferenceExpression: _dereference,
    ast.SubscriptExpression: lambda node: f"{_element(node.base)}[{_element(node.index)}]",
    ast.FunctionCall: _function_call,
    ast.WindowOperation: _window_operation,
    ast.LambdaExpression: _lambda,
    ast.LambdaArgumentDeclaration: lambda node: _identifier(node.name),
    ast.SimpleCaseExpression: _case,
    ast.SearchedCaseExpression: _case,
    ast.WhenClause: _when,
    ast.IfExpression: _if,
    ast.NullIfExpression: lambda node: f"NULLIF({joined((node.first, node.second))})",
    ast.CoalesceExpression: lambda node: f"COALESCE({joined(node.operands)})",
    ast.TryExpression: lambda node: f"TRY({format_expression(node.value)})",
    ast.Format: lambda node: f"format({joined(node.arguments)})",
    ast.Cast: _cast,
    ast.AtTimeZone: lambda node: f"{format_expression(node.value)} AT TIME ZONE {format_expression(node.time_zone)}",
    ast.Extract: lambda node: f"EXTRACT({node.field.value} FROM {format_expression(node.value)})",
    ast.Trim: _trim,
    ast.CurrentDate: lambda node: "current_date",
    ast.CurrentTime: _with_precision("current_time"),
    ast.CurrentTimestamp: _with_precision("current_timestamp"),
    ast.LocalTime: _with_precision("localtime"),
    ast.LocalTimestamp: _with_precision("localtimestamp"),
    ast.CurrentUser: lambda node: "CURRENT_USER",
    ast.CurrentCatalog: lambda node: "CURRENT_CATALOG",
    ast.CurrentSchema: lambda node: "CURRENT_SCHEMA",
    ast.CurrentPath: lambda node: "CURRENT_PATH",
    ast.GroupingOperation: lambda node: f"GROUPING ({joined(node.columns)})",
    ast.Row: lambda node: f"ROW ({joined(node.items)})",
    ast.Array: lambda node: f"ARRAY[{','.join([_element(value) for value in node.values])}]",
    ast.GenericDataType: _generic_type,
    ast.DateTimeDataType: _datetime_type,
    ast.IntervalDataType: _interval_type,
    ast.RowDataType: lambda node: f"ROW({joined(node.fields)})",
    ast.RowField: _row_field,
    ast.TypeParameter: lambda node: format_expression(node.type),
    ast.NumericParameter: lambda node: node.value,
    ast.JsonExists: _json_exists,
    ast.JsonValue: _json_value,
    ast.JsonQuery: _json_query,
    ast.JsonObject: _json_object,
    ast.JsonArray: _json_array,
}
