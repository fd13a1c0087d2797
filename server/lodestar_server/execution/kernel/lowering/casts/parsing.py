"""Casts from varchar to everything that is not text."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import rounded_timestamp
from lodestar_server.execution.kernel.encoding.types import duckdb_type, has_picoseconds
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.lowering.casts.numbers import FLOATS, INTEGERS, decimal_name, quoted_message
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule, cast_value
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT
from lodestar_server.spi.types import (
    DecimalType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
)

_LABELS = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "integer": "INT",
    "bigint": "BIGINT",
    "real": "REAL",
    "double": "DOUBLE",
}


def _cannot_cast(value: Sql, source: Type, target: Type) -> Sql:
    return quoted_message("Cannot cast", value, f" to {_LABELS[target.base]}")


@cast_rule("varchar", "boolean", message=_cannot_cast)
def _boolean(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_read_boolean", value)


@cast_rule("varchar", INTEGERS, message=_cannot_cast)
def _integer(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    held = duckdb_type(target)
    # Most texts are what DuckDB writes for the number that it reads.
    plain = f"CASE WHEN CAST(TRY_CAST({{0}} AS {held}) AS VARCHAR) = {{0}} THEN TRY_CAST({{0}} AS {held})"
    return sql.fragment(f"{plain} ELSE TRY_CAST(trino_integer_text({{0}}) AS {held}) END", value)


@cast_rule("varchar", FLOATS, message=_cannot_cast)
def _floating(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    held = duckdb_type(target)
    # DuckDB reads a finite number without underscores as Java does, or not at all.
    read = f"TRY_CAST({{0}} AS {held})"
    plain = f"CASE WHEN isfinite({read}) AND NOT contains({{0}}, '_') THEN {read}"
    return sql.fragment(f"{plain} ELSE TRY_CAST(trino_floating_source({{0}}) AS {held}) END", value)


def _not_decimal(value: Sql, source: Type, target: Type) -> Sql:
    assert isinstance(target, DecimalType)
    name = decimal_name(target)
    reason = sql.fragment(
        "CASE WHEN trino_decimal_source({0}) IS NULL THEN 'Value is not a number.' ELSE 'Value too large.' END", value
    )
    return sql.chain("||", [quoted_message("Cannot cast VARCHAR", value, f" to {name}. "), reason])


@cast_rule("varchar", "decimal", message=_not_decimal)
def _decimal(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    held = duckdb_type(target)
    return sql.fragment(
        f"CASE WHEN trino_is_decimal_text({{0}}) THEN TRY_CAST({{0}} AS {held})"
        f" ELSE TRY_CAST(trino_decimal_source({{0}}) AS {held}) END",
        value,
    )


def _no(kind: str, value: Sql) -> Sql:
    return sql.chain("||", [sql.text(f"Value cannot be cast to {kind}: "), value])


@cast_rule("varchar", "date", message=lambda value, source, target: _no("date", value))
def _date(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_cast_date", value)


@cast_rule("varchar", "time", message=lambda value, source, target: _no("time", value))
def _time(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimeType)
    return rounded_timestamp(sql.call("trino_read_time", value), TimeType(12), target.precision)[0]


@cast_rule("varchar", "time with time zone", message=lambda value, source, target: _no("time with time zone", value))
def _time_tz(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimeTzType)

    def read(text: Sql) -> Sql:
        with_zone = sql.call("trino_read_time_with_zone", text)
        local = cast_value(sql.call("trino_read_time", text), TimeType(12), TimeTzType(12), context)
        return sql.call("coalesce", with_zone, local)

    return rounded_timestamp(sql.let(value, read), TimeTzType(12), target.precision)[0]


@cast_rule(
    "varchar", "timestamp", message=lambda value, source, target: _no("timestamp", sql.call("trino_trim_blanks", value))
)
def _timestamp(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    # A zone in the text is accepted and dropped.
    assert isinstance(target, TimestampType)

    def shaped(parts: Sql) -> Sql:
        whole = sql.struct(t=sql.field(parts, "t"), p=sql.field(parts, "p"))
        rounded, _ = rounded_timestamp(whole, TimestampType(12), target.precision)
        return sql.case([(sql.is_not_null(parts), rounded)])

    exact = sql.let(sql.call("trino_read_timestamp", value), shaped)
    if has_picoseconds(target):
        return exact
    fast, _ = rounded_timestamp(sql.fragment("TRY_CAST({0} AS TIMESTAMP)", value), TimestampType(6), target.precision)
    return sql.case([(sql.call("trino_is_plain_timestamp", value), fast)], exact)


@cast_rule(
    "varchar",
    "timestamp with time zone",
    message=lambda value, source, target: sql.call("trino_no_timestamp", sql.call("trino_trim_blanks", value)),
)
def _timestamp_tz(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(target, TimestampTzType)

    def shaped(parts: Sql) -> Sql:
        zone = sql.call("coalesce", sql.field(parts, "z"), sql.text(context.zone))
        instant = sql.call("trino_instant", sql.field(parts, "t"), zone)
        whole = sql.struct(t=instant, p=sql.field(parts, "p"), z=zone)
        rounded, _ = rounded_timestamp(whole, TimestampTzType(12), target.precision)
        return sql.case([(sql.is_not_null(parts), rounded)])

    return sql.let(sql.call("trino_read_timestamp", value), shaped)


@cast_rule("varchar", "uuid", message=lambda value, source, target: sql.call("trino_no_uuid", value))
def _uuid(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_read_uuid", value)


@cast_rule(
    "varchar",
    "ipaddress",
    message=lambda value, source, target: sql.chain("||", [sql.text("Cannot cast value to IPADDRESS: "), value]),
)
def _ipaddress(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_read_ipaddress", value)


@cast_rule("varchar", "varbinary", total=True)
def _to_bytes(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("encode", value)


@cast_rule("varbinary", "uuid")
def _binary_to_uuid(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return _of_length(value, "Invalid UUID binary length: ", sql.fragment("{0}", value))


@cast_rule("varbinary", "ipaddress")
def _binary_to_ipaddress(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    def bounded(v: Sql) -> Sql:
        mapped = sql.fragment("(unhex('00000000000000000000ffff') || {0})", v)
        return sql.case(
            [(sql.fragment("octet_length({0}) = 4", v), mapped)], _of_length(v, "Invalid IP address binary length: ", v)
        )

    return sql.let(value, bounded)


def _of_length(value: Sql, label: str, result: Sql) -> Sql:
    length = sql.fragment("CAST(octet_length({0}) AS VARCHAR)", value)
    raised = failure(INVALID_CAST_ARGUMENT, sql.chain("||", [sql.text(label), length]), "BLOB")
    return sql.case([(sql.fragment("octet_length({0}) <> 16", value), raised)], result)


@cast_rule("uuid,ipaddress", "varbinary", total=True)
def _to_binary(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return value
