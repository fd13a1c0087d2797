"""Type names of a statement to types, with Trino's limits and messages."""

from __future__ import annotations

from lodestar_server.spi.errors import (
    INVALID_FUNCTION_ARGUMENT,
    NOT_SUPPORTED,
    TYPE_MISMATCH,
    TYPE_NOT_FOUND,
    LodestarError,
)
from lodestar_server.spi.types import (
    DEFAULT_DATETIME_PRECISION,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    MAX_CHAR_LENGTH,
    MAX_DATETIME_PRECISION,
    MAX_DECIMAL_PRECISION,
    MAX_VARCHAR_LENGTH,
    ArrayType,
    CharType,
    ClassifierType,
    DecimalType,
    FunctionType,
    MapType,
    QDigestType,
    RowField,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.text import SIMPLE_TYPES
from lodestar_server.sql.parser import ast


class UnknownType(Exception):
    """The name or its parameters are no type; the caller has the message."""


def resolve_type(node: ast.DataType) -> Type:
    """The type that a type name means.

    Raises: UnknownType; LodestarError where Trino has a message of its own (decimal(39), INTERVAL DAY TO HOUR).
    """
    match node:
        case ast.GenericDataType():
            return _generic(node)
        case ast.DateTimeDataType():
            return _datetime(node)
        case ast.RowDataType():
            return RowType(tuple(RowField(_field_name(f.name), resolve_type(f.type)) for f in node.fields))
        case ast.IntervalDataType():
            return _interval(node)
    raise UnknownType


def require_type(node: ast.DataType, at: ast.Node | None = None, *, code_is_not_found: bool = False) -> Type:
    """The type, or TYPE_MISMATCH (TYPE_NOT_FOUND) "Unknown type: …" at a node."""
    try:
        return resolve_type(node)
    except UnknownType:
        from lodestar_server.sql.parser import format_expression

        code = TYPE_NOT_FOUND if code_is_not_found else TYPE_MISMATCH
        raise LodestarError(code, f"Unknown type: {format_expression(node)}", location=(at or node).at) from None


def _field_name(name: ast.Identifier | None) -> str | None:
    if name is None:
        return None
    return name.value if name.delimited else name.value.lower()


def _interval(node: ast.IntervalDataType) -> Type:
    fields = (node.from_field.value, node.to_field.value)
    if fields == ("YEAR", "MONTH"):
        return INTERVAL_YEAR_MONTH
    if fields == ("DAY", "SECOND"):
        return INTERVAL_DAY_SECOND
    raise LodestarError(NOT_SUPPORTED, f"INTERVAL {fields[0]} TO {fields[1]} type not supported")


def _number(parameter: ast.DataTypeParameter) -> int:
    if not isinstance(parameter, ast.NumericParameter):
        raise UnknownType
    # Trino's grammar takes any integer literal here, its reader only decimal ones of 64 bits.
    value = int(parameter.value) if parameter.value.isdecimal() else 2**63
    if value >= 2**63:
        raise LodestarError(TYPE_MISMATCH, f"Invalid type parameter: {parameter.value}", location=parameter.at)
    return value


def _int(parameter: ast.DataTypeParameter) -> int:
    """What Java's cast to an int leaves of the number."""
    return (_number(parameter) + 2**31) % 2**32 - 2**31


def _datetime(node: ast.DateTimeDataType) -> Type:
    precision = DEFAULT_DATETIME_PRECISION if node.precision is None else _number(node.precision)
    if not 0 <= precision <= MAX_DATETIME_PRECISION:
        raise UnknownType
    if node.type is ast.DateTimeType.TIME:
        return TimeTzType(precision) if node.with_time_zone else TimeType(precision)
    return TimestampTzType(precision) if node.with_time_zone else TimestampType(precision)


def _generic(node: ast.GenericDataType) -> Type:
    name = node.name.value.lower()
    arguments = node.arguments
    if name == "function":  # the type of a lambda has no name
        raise UnknownType
    match name:
        case "varchar":
            return _varchar(arguments)
        case "char":
            length = _number(_only(arguments)) if arguments else 1
            if length > MAX_CHAR_LENGTH:
                raise UnknownType
            return CharType(length)
        case "decimal":
            return _decimal(arguments)
        case "array":
            return ArrayType(_type(_only(arguments)))
        case "map":
            if len(arguments) != 2:
                raise UnknownType
            key, value = _type(arguments[0]), _type(arguments[1])
            if not key.comparable:
                raise UnknownType
            return MapType(key, value)
        case "qdigest":
            return QDigestType(_type(_only(arguments)))
        case "classifier":
            return ClassifierType(_type(_only(arguments)))
        case "function":
            *parameters, result = (_type(argument) for argument in arguments)
            return FunctionType(tuple(parameters), result)
        case "time" | "timestamp" if not arguments:
            return TimeType(DEFAULT_DATETIME_PRECISION) if name == "time" else TimestampType(DEFAULT_DATETIME_PRECISION)
        case "time with time zone" if not arguments:
            return TimeTzType(DEFAULT_DATETIME_PRECISION)
        case "timestamp with time zone" if not arguments:
            return TimestampTzType(DEFAULT_DATETIME_PRECISION)
    simple = SIMPLE_TYPES.get({"int": "integer"}.get(name, name))
    if simple is None or arguments:
        raise UnknownType
    return simple


def _only(arguments: tuple[ast.DataTypeParameter, ...]) -> ast.DataTypeParameter:
    if len(arguments) != 1:
        raise UnknownType
    return arguments[0]


def _type(parameter: ast.DataTypeParameter) -> Type:
    if not isinstance(parameter, ast.TypeParameter):
        raise UnknownType
    return resolve_type(parameter.type)


def _varchar(arguments: tuple[ast.DataTypeParameter, ...]) -> Type:
    if not arguments:
        return VarcharType()
    length = _number(_only(arguments))
    if length > MAX_VARCHAR_LENGTH + 1:
        raise UnknownType
    return VarcharType(None if length > MAX_VARCHAR_LENGTH else length)


def _decimal(arguments: tuple[ast.DataTypeParameter, ...]) -> Type:
    if len(arguments) > 2:
        raise UnknownType
    precision = _int(arguments[0]) if arguments else MAX_DECIMAL_PRECISION
    scale = _int(arguments[1]) if len(arguments) == 2 else 0
    if not 1 <= precision <= MAX_DECIMAL_PRECISION:
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"DECIMAL precision must be in range [1, 38]: {precision}")
    if not 0 <= scale <= precision:
        message = f"DECIMAL scale must be in range [0, precision ({precision})]: {scale}"
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, message)
    return DecimalType(precision, scale)
