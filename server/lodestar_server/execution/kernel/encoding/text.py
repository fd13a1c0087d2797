"""The text columns of the encoding table: what CAST to varchar prints, and what a map's keys print in results."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import (
    BING_TILE,
    CODE_POINTS,
    COLOR,
    DATE,
    DOUBLE,
    GEOMETRY,
    INTERVAL_DAY_SECOND,
    INTERVAL_YEAR_MONTH,
    IPADDRESS,
    JONI_REGEXP,
    JSON,
    JSON_2016,
    JSON_PATH,
    MAX_DECIMAL_PRECISION,
    REAL,
    SPHERICAL_GEOGRAPHY,
    UNKNOWN,
    UUID,
    ArrayType,
    CharType,
    DecimalType,
    MapType,
    RowType,
    TimestampType,
    TimestampTzType,
    TimeType,
    TimeTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import row_field_name
from lodestar_server.spi.types.scalars import BIGINT, BOOLEAN, INTEGER, SMALLINT, TINYINT

_PLAIN = (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT)


def decimal_text(value: Sql, type_: DecimalType) -> Sql:
    """`-0.50`: all digits of the scale, a zero before the point."""
    if type_.precision > type_.scale:
        return sql.cast(value, "VARCHAR")
    if type_.precision < MAX_DECIMAL_PRECISION:
        # DuckDB prints a type without integral digits as .50
        return sql.cast(sql.cast(value, f"DECIMAL({type_.precision + 1},{type_.scale})"), "VARCHAR")
    return sql.fragment("replace(CAST({0} AS VARCHAR), '.', '0.')", value)


def timestamp_text(value: Sql, type_: Type) -> Sql:
    """`2024-01-31 01:02:03.450` of a timestamp without zone, exactly as many fraction digits as the type has."""
    assert isinstance(type_, TimestampType | TimestampTzType)
    if has_picoseconds(type_):
        return sql.fragment(f"trino_picosecond_timestamp_text({{0}}, {type_.precision})", value)
    return sql.fragment(f"trino_timestamp_text({{0}}, {type_.precision})", value)


def wall_clock(value: Sql, type_: TimestampTzType) -> Sql:
    """The local time of a timestamp with zone, encoded as a timestamp without."""
    local = sql.call("trino_local", sql.field(value, "t"), sql.field(value, "z"))
    if has_picoseconds(type_):
        return sql.struct(t=local, p=sql.field(value, "p"))
    return local


def text_of(value: Sql, type_: Type) -> Sql | None:
    """The text of CAST to varchar; None for types that have no such cast."""
    match type_:
        case VarcharType():
            return value
        case CharType(length):
            return sql.fragment(f"rpad({{0}}, {length}, ' ')", value)
        case DecimalType():
            return decimal_text(value, type_)
        case TimeType(precision):
            return sql.fragment(f"trino_time_text({{0}}, {precision})", value)
        case TimeTzType(precision):
            return sql.let(
                value,
                lambda v: sql.fragment(
                    f"(trino_time_text({{0}}, {precision}) || trino_offset_text({{1}}))",
                    sql.field(v, "t"),
                    sql.field(v, "o"),
                ),
            )
        case TimestampType():
            return sql.let(value, lambda v: timestamp_text(v, type_))
        case TimestampTzType():
            return sql.let(
                value,
                lambda v: sql.fragment(
                    "({0} || ' ' || {1})",
                    sql.let(wall_clock(v, type_), lambda local: timestamp_text(local, type_)),
                    sql.field(v, "z"),
                ),
            )
    macro = _MACROS.get(type_)
    if macro is not None:
        return sql.let(value, lambda v: sql.call(macro, v))
    if type_ in _PLAIN:
        return sql.cast(value, "VARCHAR")
    if type_ == UNKNOWN:
        return sql.cast(value, "VARCHAR")
    return value if type_ in (JSON, JSON_2016, JSON_PATH, JONI_REGEXP, CODE_POINTS) else None


_MACROS: dict[Type, str] = {
    DATE: "trino_date_text",
    REAL: "trino_real_text",
    DOUBLE: "trino_double_text",
    INTERVAL_DAY_SECOND: "trino_interval_text",
    INTERVAL_YEAR_MONTH: "trino_months_text",
    UUID: "trino_uuid_text",
    IPADDRESS: "trino_ipaddress_text",
    COLOR: "trino_color_text",
}


def floating_text(value: Sql) -> Sql:
    """Java's own text of a double or a real."""
    return sql.let(value, lambda v: sql.call("trino_java_floating_text", v))


def key_text(value: Sql, type_: Type) -> Sql:
    """The text of a map's key in a result: Java's, with lists in brackets and maps in braces, NULL inside as null."""

    def inner(part: Sql, part_type: Type) -> Sql:
        return sql.call("coalesce", key_text(part, part_type), sql.text("null"))

    match type_:
        case ArrayType(element):
            texts = sql.call("list_transform", value, sql.function_of(lambda one: inner(one, element)))
            return sql.fragment("('[' || array_to_string({0}, ', ') || ']')", texts)
        case RowType(fields):
            parts = sql.let(
                value,
                lambda row: sql.fragment(
                    "[{*}]",
                    *(inner(sql.field(row, row_field_name(i)), one.type) for i, one in enumerate(fields)),
                ),
            )
            return sql.fragment("('[' || array_to_string({0}, ', ') || ']')", parts)
        case MapType(key, element):

            def entry_text(entry: Sql) -> Sql:
                pair = (key_text(sql.field(entry, "key"), key), inner(sql.field(entry, "value"), element))
                return sql.fragment("({0} || '=' || {1})", *pair)

            entries = sql.call("list_transform", sql.call("map_entries", value), sql.function_of(entry_text))
            return sql.fragment("('{' || array_to_string({0}, ', ') || '}')", entries)
    if type_ in (DOUBLE, REAL):
        return floating_text(value)
    if type_ == BING_TILE:
        return sql.let(
            value,
            lambda tile: sql.fragment(
                "('BingTile{x=' || ({0} >> 28) || ', y=' || (({0} >> 5) & 8388607)"
                " || ', zoom_level=' || ({0} & 31) || '}')",
                tile,
            ),
        )
    if type_ in (GEOMETRY, SPHERICAL_GEOGRAPHY):
        return sql.call("trino_shown_geometry", value)
    text = text_of(value, type_)
    return sql.call("base64", value) if text is None else text
