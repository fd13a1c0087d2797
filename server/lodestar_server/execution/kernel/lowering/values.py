"""Constants, columns, casts, calls, rows, arrays and lambdas."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.constants import constant
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions.python.json_values import is_json
from lodestar_server.execution.kernel.functions.registry import ScalarCall, require_scalar
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.lowering.casts.json import json_text_to_nested
from lodestar_server.execution.kernel.lowering.context import EXPRESSIONS, Lowering, column_name
from lodestar_server.execution.kernel.lowering.repetition import once_each
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import (
    ArrayConstructor,
    Call,
    Cast,
    Constant,
    FieldAccess,
    Lambda,
    RowConstructor,
    SymbolRef,
)
from lodestar_server.spi.errors import NOT_SUPPORTED, LodestarError
from lodestar_server.spi.types import ArrayType
from lodestar_server.spi.types.arrow import row_field_name


def _lower_constant(context: Lowering, node: Constant) -> Sql:
    return constant(node.value_type, node.value)


def _lower_symbol(context: Lowering, node: SymbolRef) -> Sql:
    return context.symbol(node.symbol)


def _lower_cast(context: Lowering, node: Cast) -> Sql:
    if not node.safe:
        if _reads_text(node):
            assert isinstance(node.value, Call)
            return json_text_to_nested(context.expression(node.value.arguments[0]), node.target)
        return _cast(context, node)
    outer, context.inside_try = context.inside_try, True
    try:
        return _cast(context, node)
    finally:
        context.inside_try = outer


def _cast(context: Lowering, node: Cast) -> Sql:
    def converted(value: Sql) -> Sql:
        return cast_value(value, node.value.type, node.target, context, safe=node.safe)

    return once_each(converted, [context.expression(node.value)])


def _reads_text(node: Cast) -> bool:
    """CAST(json_parse(x) AS ARRAY …), unless x is a constant that is JSON: that Trino has parsed before."""
    if node.target.base not in ("array", "map", "row"):
        return False
    if not isinstance(node.value, Call) or node.value.function.name != "json_parse":
        return False
    (text,) = node.value.arguments
    return not (isinstance(text, Constant) and (text.value is None or is_json(text.value)))


def _lower_call(context: Lowering, node: Call) -> Sql:
    function = require_scalar(node.function)
    arguments = tuple(context.expressions(node.arguments))

    def lowered(*values: Sql) -> Sql:
        return function.lower(ScalarCall(node.function, node.arguments, values, context))

    return once_each(lowered, arguments)


def _lower_row(context: Lowering, node: RowConstructor) -> Sql:
    values = context.expressions(node.fields)
    return sql.struct(**{row_field_name(index): value for index, value in enumerate(values)})


def _lower_field(context: Lowering, node: FieldAccess) -> Sql:
    base = context.expression(node.base)
    found = sql.field(base, row_field_name(node.index))
    # DuckDB forgets the types of the fields when it finds that the row is a constant NULL.
    return found if sql.is_simple(base) else sql.cast(found, duckdb_type(node.type))


def _lower_array(context: Lowering, node: ArrayConstructor) -> Sql:
    if not node.elements:
        return sql.fragment(f"CAST([] AS {duckdb_type(ArrayType(node.element_type))})")
    return sql.fragment("[{*}]", *context.expressions(node.elements))


MAX_LAMBDA_DEPTH = 10
"""DuckDB binds the body of a lambda about three times, each one in it nine times, …: 25 levels would never end."""


def _lower_lambda(context: Lowering, node: Lambda) -> Sql:
    if context.lambda_depth == MAX_LAMBDA_DEPTH:
        raise LodestarError(NOT_SUPPORTED, f"Lambda expressions nested more than {MAX_LAMBDA_DEPTH} deep")
    context.lambda_depth += 1
    try:
        return sql.lambda_of([column_name(one) for one in node.parameters], context.expression(node.body))
    finally:
        context.lambda_depth -= 1


EXPRESSIONS[Constant] = _lower_constant
EXPRESSIONS[SymbolRef] = _lower_symbol
EXPRESSIONS[Cast] = _lower_cast
EXPRESSIONS[Call] = _lower_call
EXPRESSIONS[RowConstructor] = _lower_row
EXPRESSIONS[FieldAccess] = _lower_field
EXPRESSIONS[ArrayConstructor] = _lower_array
EXPRESSIONS[Lambda] = _lower_lambda
