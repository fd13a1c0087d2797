"""Casts to and from json. Inside, json is its canonical text."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import decimal_text, floating_text, text_of
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.functions.python.json_values import json_reader_name, quote
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT, LodestarError
from lodestar_server.spi.types import (
    DATE,
    DOUBLE,
    JSON,
    REAL,
    ArrayType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import row_field_name

_PLAIN_SCALE = 6
"""Up to this scale Java writes every decimal without exponent."""
_SCALARS = "boolean,tinyint,smallint,integer,bigint,real,double"
_LABELS = {"integer": "INT"}
_KEY_KINDS = ("boolean", "tinyint", "smallint", "integer", "bigint", "real", "double", "decimal", "varchar", "unknown")


@cast_rule("json", _SCALARS)
@cast_rule("json", "varchar")
def _json_to_scalar(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    """A string is read as CAST from varchar reads it; numbers and booleans convert; a collection fails."""
    held = duckdb_type(target)
    label = _LABELS.get(target.base, target.base.upper())

    def converted(v: Sql) -> Sql:
        whole = sql.chain("||", [sql.text("Cannot cast '"), v, sql.text("' to "), _named(v, target)])
        inner = sql.chain(
            "||", [sql.text("Cannot cast '"), sql.call("trino_json_string", v), sql.text(f"' to {label}")]
        )
        message = sql.fragment("CASE WHEN starts_with({0}, '\"') THEN {1} ELSE {2} END", v, inner, whole)
        read = sql.cast(sql.call(f"trino_json_to_{target.base}", v), held)
        raised = failure(INVALID_CAST_ARGUMENT, message, held)
        return sql.case([(sql.fragment("{0} <> 'null'", v), sql.call("coalesce", read, raised))])

    result = sql.let(value, converted)
    if isinstance(target, VarcharType) and target.length is not None and sql.is_constant(value):
        # Trino cuts the text when it folds a constant, not when it runs.
        return sql.fragment(f"left({{0}}, {target.length})", result)
    return result


def _named(value: Sql, target: Type) -> Sql:
    """How a message names the type to which a number did not convert."""
    if target.base not in ("tinyint", "smallint"):
        return sql.text(target.base)
    # Trino converts fractions on a way of their own, and there it calls every small type an integer.
    return sql.fragment(
        f"CASE WHEN regexp_matches({{0}}, '^-?[0-9]*[.eE]') THEN 'integer' ELSE '{target.base}' END", value
    )


@cast_rule("json", "decimal")
def _json_to_decimal(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, DecimalType)
    held = duckdb_type(target)
    name = f"DECIMAL({target.precision},{target.scale})"

    def converted(v: Sql) -> Sql:
        digits = sql.call("trino_json_decimal_text", v)
        refused = sql.chain("||", [sql.text("Cannot cast '"), v, sql.text(f"' to {name}")])
        message = sql.fragment(
            f"CASE WHEN {{0}} IS NULL THEN {{1}} ELSE 'Cannot cast input json to {name}' END", digits, refused
        )
        read = sql.cast(digits, held, safe=True)
        raised = failure(INVALID_CAST_ARGUMENT, message, held)
        return sql.case([(sql.fragment("{0} <> 'null'", v), sql.call("coalesce", read, raised))])

    return sql.let(value, converted)


@cast_rule("json", "array,map,row")
def _json_to_nested(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    _check_keys(target, f"Cannot cast JSON to {target}")
    return sql.call(json_reader_name(target, _spelling(target)), value)


def json_text_to_nested(text: Sql, target: Type) -> Sql:
    """A text that need not be JSON as an array, map or row: Trino reads it without json_parse, with other errors."""
    _check_keys(target, f"Cannot cast JSON to {target}")
    return sql.call(json_reader_name(target, _spelling(target), unparsed=True), text)


def _spelling(type_: Type) -> str:
    """Types as these messages spell them: field names bare."""
    match type_:
        case ArrayType(element):
            return f"array({_spelling(element)})"
        case MapType(key, element):
            return f"map({_spelling(key)}, {_spelling(element)})"
        case RowType(fields):
            parts = (f"{one.name} {_spelling(one.type)}" if one.name else _spelling(one.type) for one in fields)
            return f"row({', '.join(parts)})"
        case _:
            return type_.display


def _check_keys(type_: Type, message: str) -> None:
    if isinstance(type_, MapType) and type_.key.base not in _KEY_KINDS:
        raise LodestarError(INVALID_CAST_ARGUMENT, message)
    for child in type_.children:
        _check_keys(child, message)


@cast_rule(f"{_SCALARS},decimal,varchar,date,timestamp,array,map,row", "json", total=True)
def _to_json(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    _check_keys(source, f"Cannot cast {source} to JSON")
    return json_text(value, source)


def json_text(value: Sql, type_: Type) -> Sql:
    """The JSON text of a value; NULL of NULL."""
    match type_:
        case VarcharType():
            return sql.call("trino_json_quote", value)
        case DecimalType():
            text = decimal_text(value, type_)
            if type_.scale <= _PLAIN_SCALE:
                return text
            return sql.let(text, lambda t: sql.fragment(f"trino_json_decimal({{0}}, {type_.scale})", t))
        case TimestampType():
            text = text_of(value, type_)
            return sql.fragment("('\"' || {0} || '\"')", text)
        case ArrayType(element):
            parts = sql.call("list_transform", value, sql.function_of(lambda one: _element(one, element)))
            return sql.fragment("('[' || array_to_string({0}, ',') || ']')", parts)
        case MapType(key, element):

            def entry(one: Sql) -> Sql:
                return sql.struct(k=_key_text(sql.field(one, "key"), key), v=_element(sql.field(one, "value"), element))

            entries = sql.fragment("list_sort(list_transform(map_entries({0}), {1}))", value, sql.function_of(entry))
            texts = sql.call(
                "list_transform",
                entries,
                sql.function_of(
                    lambda one: sql.fragment(
                        "(trino_json_quote({0}) || ':' || {1})", sql.field(one, "k"), sql.field(one, "v")
                    )
                ),
            )
            return sql.fragment("('{' || array_to_string({0}, ',') || '}')", texts)
        case RowType(fields):

            def row_text(row: Sql) -> Sql:
                pieces: list[Sql] = []
                for index, one in enumerate(fields):
                    label = f"{'{' if index == 0 else ','}{quote(one.name or '')}:"
                    pieces += [sql.text(label), _element(sql.field(row, row_field_name(index)), one.type)]
                return sql.case([(sql.is_not_null(row), sql.chain("||", [*pieces, sql.text("}")]))])

            return sql.let(value, row_text)
    if type_ == JSON:
        return value
    if type_ in (DOUBLE, REAL):
        return sql.let(value, lambda v: sql.call("trino_json_number", v))
    if type_ == DATE:
        return sql.fragment("('\"' || ltrim(trino_date_text({0}), '+') || '\"')", value)
    return sql.cast(value, "VARCHAR")


def _element(value: Sql, type_: Type) -> Sql:
    return sql.call("coalesce", json_text(value, type_), sql.text("null"))


def _key_text(value: Sql, type_: Type) -> Sql:
    if type_ in (DOUBLE, REAL):
        return floating_text(value)
    if isinstance(type_, DecimalType):
        return decimal_text(value, type_)
    return value if isinstance(type_, VarcharType) else sql.cast(value, "VARCHAR")
