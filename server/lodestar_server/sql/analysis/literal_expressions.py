"""Literals: constants with their types, or what is wrong with them, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lodestar_server import ir
from lodestar_server.functions.resolution import resolve_function
from lodestar_server.ir import Constant, Expression
from lodestar_server.spi.errors import INVALID_LITERAL, TYPE_NOT_FOUND, LodestarError
from lodestar_server.spi.types import BIGINT, INTEGER, INTEGRAL_TYPES, JSON, VARCHAR, CharType, Type, VarcharType
from lodestar_server.sql.analysis import literals
from lodestar_server.sql.analysis.casts import can_cast
from lodestar_server.sql.analysis.types import UnknownType, resolve_type
from lodestar_server.sql.parser import ast, parse_type

if TYPE_CHECKING:
    from lodestar_server.sql.analysis.expressions import ExpressionAnalyzer


def string(analyzer: ExpressionAnalyzer, node: ast.StringLiteral) -> Expression:
    """`'text'`."""
    return Constant(VarcharType(len(node.value)), node.value)


def long(analyzer: ExpressionAnalyzer, node: ast.LongLiteral) -> Expression:
    """`1`: an integer if it fits."""
    return Constant(INTEGER if -(2**31) <= node.value < 2**31 else BIGINT, node.value)


def decimal(analyzer: ExpressionAnalyzer, node: ast.DecimalLiteral) -> Expression:
    """`1.5`."""
    try:
        return literals.parse_decimal(node.value)
    except ValueError:
        message = f"'{node.value}' is not a valid DECIMAL literal"
        raise LodestarError(INVALID_LITERAL, message, location=node.at) from None


def interval(analyzer: ExpressionAnalyzer, node: ast.IntervalLiteral) -> Expression:
    """`INTERVAL '1' DAY`."""
    try:
        return literals.parse_interval(node.value, node.sign is ast.Sign.MINUS, node.start_field, node.end_field)
    except ValueError as fault:
        raise LodestarError(INVALID_LITERAL, str(fault), location=node.at) from None


def generic(analyzer: ExpressionAnalyzer, node: ast.GenericLiteral) -> Expression:
    """`DATE '2024-01-31'`, `TIME …`, `JSON …`: a type's name and a text."""
    name, value = node.type.upper(), node.value
    if name == "CHAR":
        return Constant(CharType(len(value)), value.rstrip(" "))
    if name in ("TIME", "TIMESTAMP"):
        return _moment(node, name)
    try:
        type_ = resolve_type(parse_type(node.type))
    except (UnknownType, LodestarError):
        # Trino raises one error out of another and shows both names.
        message = (
            f"io.trino.spi.TrinoException: line {node.at.line}:{node.at.column}: Unknown resolvedType: {node.type}"
        )
        raise LodestarError(TYPE_NOT_FOUND, message) from None
    if type_ != JSON and not can_cast(VARCHAR, type_):
        message = f"No literal form for resolvedType {type_.display}"
        raise LodestarError(INVALID_LITERAL, message, location=node.at)
    try:
        return _literal_value(analyzer, name, type_, value)
    except (ValueError, LodestarError):
        message = f"'{value}' is not a valid {type_.display.upper()} literal"
        raise LodestarError(INVALID_LITERAL, message, location=node.at) from None


def _literal_value(analyzer: ExpressionAnalyzer, name: str, type_: Type, value: str) -> Constant:
    if name == "DATE":
        return literals.parse_date(value)
    if name == "DECIMAL":
        return literals.parse_decimal(value)
    if type_ in INTEGRAL_TYPES and value.isascii() and value.isdigit() and int(value) < 128:
        return Constant(type_, int(value))
    evaluator = analyzer.analysis.evaluator
    text = Constant(VarcharType(len(value)), value)
    if type_ == JSON:
        return evaluator.evaluate(ir.Call(resolve_function("json_parse", [text.type]), (text,)))
    return evaluator.evaluate(ir.Cast(text, type_))


def _moment(node: ast.GenericLiteral, name: str) -> Expression:
    try:
        return literals.parse_time(node.value) if name == "TIME" else literals.parse_timestamp(node.value)
    except LodestarError as fault:
        raise fault.at(node.at) from None
    except ValueError:
        message = f"'{node.value}' is not a valid {name} literal"
        raise LodestarError(INVALID_LITERAL, message, location=node.at) from None
