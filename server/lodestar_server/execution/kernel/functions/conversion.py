"""Values as text for people, and other conversions."""

from __future__ import annotations

import re

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import floating_text, text_of, timestamp_text, wall_clock
from lodestar_server.execution.kernel.functions.python.locales import is_english
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import GENERIC_USER_ERROR, NOT_SUPPORTED, LodestarError, list_error_codes
from lodestar_server.spi.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INTEGRAL_TYPES,
    JSON,
    REAL,
    UNKNOWN,
    DecimalType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import row_field_name

_KINDS: dict[Type, str] = {BOOLEAN: "boolean", REAL: "float", DOUBLE: "double", DATE: "date", UNKNOWN: "string"}


@scalar("typeof", total=True)
def _typeof(call: ScalarCall) -> Sql:
    return sql.text(call.types[0].display)


_PLAIN_SPECIFIERS = re.compile(r"%([sd%])|([^%]+)")


def _plain_format(call: ScalarCall, row: RowType) -> Sql | None:
    """A constant pattern of texts and bare %s and %d, where those print a value as a cast does."""
    pattern = call.constant(0)
    if not isinstance(pattern, str) or "".join(one[0] for one in _PLAIN_SPECIFIERS.finditer(pattern)) != pattern:
        return None
    parts: list[tuple[str, str]] = [(one[1] or "", one[2] or "") for one in _PLAIN_SPECIFIERS.finditer(pattern)]
    fields = row.fields
    used = [letter for letter, _ in parts if letter in ("s", "d")]
    if len(used) > len(fields):
        return None
    for letter, field in zip(used, fields, strict=False):
        kind = _kind(field.type)
        plain = kind in ("long", "boolean") or isinstance(field.type, VarcharType)
        # Only English writes digits plainly.
        if not plain or (letter == "d" and (kind != "long" or not is_english(call.context.locale))):
            return None

    def printed(arguments: Sql) -> Sql:
        pieces: list[Sql] = []
        place = 0
        for letter, text in parts:
            if letter in ("s", "d"):
                shown = _text(sql.field(arguments, row_field_name(place)), fields[place].type)
                pieces.append(sql.call("coalesce", shown, sql.text("null")))
                place += 1
            else:
                pieces.append(sql.text(text or "%"))
        return sql.call("concat", *pieces) if pieces else sql.text("")

    arguments = call.arguments[1]
    given = [sql.field(arguments, row_field_name(index)) for index in range(len(fields))]
    return printed(arguments) if all(map(sql.is_simple, given)) else sql.let(arguments, printed)


@scalar("format")
def _format(call: ScalarCall) -> Sql:
    row = call.types[1]
    assert isinstance(row, RowType)
    plain = _plain_format(call, row)
    if plain is not None:
        return plain
    kinds = ",".join(_kind(field.type) for field in row.fields)

    def texts(arguments: Sql) -> Sql:
        parts = [
            _text(sql.field(arguments, row_field_name(index)), field.type) for index, field in enumerate(row.fields)
        ]
        return sql.fragment("CAST([{*}] AS VARCHAR[])", *parts)

    locale = sql.text(call.context.locale)
    return sql.call("trino_format", call.arguments[0], sql.text(kinds), sql.let(call.arguments[1], texts), locale)


def _kind(type_: Type) -> str:
    """The Java value that stands for a type."""
    if type_ in INTEGRAL_TYPES:
        return "long"
    if type_ in _KINDS:
        return _KINDS[type_]
    match type_:
        case DecimalType():
            return "decimal"
        case TimestampType():
            return "timestamp"
        case TimestampTzType():
            return "zoned"
        case TimeType():
            return "time"
    if text_of(sql.NULL, type_) is None:
        raise LodestarError(NOT_SUPPORTED, f"Type not supported for formatting: {type_.display}")
    return "string"


def _text(value: Sql, type_: Type) -> Sql:
    if type_ in (DOUBLE, REAL):
        return floating_text(value)
    if isinstance(type_, TimestampTzType):

        def zoned(v: Sql) -> Sql:
            local = wall_clock(v, type_)
            seconds = sql.fragment(
                "(epoch_us(trino_local({0}, {1})) - epoch_us({0})) // 1000000", sql.field(v, "t"), sql.field(v, "z")
            )
            parts = [timestamp_text(local, type_), sql.text("|"), sql.cast(seconds, "VARCHAR"), sql.text("|")]
            return sql.chain("||", [*parts, sql.field(v, "z")])

        return sql.let(value, zoned)
    if type_ == JSON:
        return value
    text = text_of(value, type_)
    assert text is not None
    return text


@scalar("format_number", total=True)
def _format_number(call: ScalarCall) -> Sql:
    (value,) = call.arguments
    if call.types[0] == BIGINT:
        return sql.call("trino_format_number", value)
    return sql.let(value, lambda v: sql.fragment("trino_format_number(trino_double_to_long({0}))", v))


scalar_template("parse_data_size", "trino_parse_data_size({0})", total=False)
scalar_template("parse_presto_data_size", "trino_parse_data_size({0})", total=False)
scalar_template("index", "strpos({0}, {1})")


@scalar("fail")
def _fail(call: ScalarCall) -> Sql:
    """Raises its message; with two arguments the first is the number of the error code."""
    number = call.constant(0) if len(call.arguments) == 2 else GENERIC_USER_ERROR.code
    code = next((one for one in list_error_codes() if one.code == number), GENERIC_USER_ERROR)
    message = call.constant(len(call.arguments) - 1)
    if isinstance(message, str):
        return call.strict(lambda *_: call.context.fail(code, message, call.held))
    return call.strict(lambda *values: call.context.fail(code, values[-1], call.held))
