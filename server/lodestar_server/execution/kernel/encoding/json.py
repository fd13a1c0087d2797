"""Result rows as JSON text: the JSON column of the encoding table, and whole rows of it.

Source: the value encoding of Trino's protocol. A row is written by one `json_array` over its columns; values that need
more care than DuckDB's own JSON text gives (NaN, years beyond four digits) send their row through a second, exact form,
so that plain rows cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import rounded_timestamp
from lodestar_server.execution.kernel.encoding.text import key_text, text_of
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import (
    BIGINT,
    BING_TILE,
    BOOLEAN,
    DATE,
    DOUBLE,
    GEOMETRY,
    INTEGER,
    KDB_TREE,
    REAL,
    SMALLINT,
    SPHERICAL_GEOGRAPHY,
    TINYINT,
    UNKNOWN,
    ArrayType,
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
from lodestar_server.spi.values import frozen

LEGACY_PRECISION = 3
"""Fraction digits for a client without PARAMETRIC_DATETIME."""

_NATIVE = (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, UNKNOWN)


@frozen
class Cell:
    """One column of a row: `exact` always, `fast` where `plain` is not false. All are arguments of `json_array`."""

    exact: Sql
    fast: Sql
    plain: Sql | None = None


def _cell(value: Sql, type_: Type, *, legacy: bool) -> Cell:
    exact = json_value(value, type_, legacy=legacy)
    if type_ == DOUBLE:
        return Cell(exact, value, sql.fragment("isfinite({0})", value))
    if type_ == REAL:
        fast = sql.fragment("CAST(CAST({0} AS VARCHAR) AS JSON)", value)
        # DuckDB prints the smallest reals with one digit, Java with two; some of eight digits and more it prints in
        # full (see trino_shortest).
        few_digits = "({0} * 4096 <> trunc({0} * 4096) OR strlen(CAST({0} AS VARCHAR)) < 9)"
        in_range = "({0} = 0 OR isfinite({0}) AND abs({0}) > CAST('9e-45' AS FLOAT))"
        return Cell(exact, fast, sql.fragment(f"({few_digits} AND {in_range})", value))
    if type_ == DATE:
        return Cell(exact, value, sql.fragment("{0} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'", value))
    if isinstance(type_, TimestampType) and not has_picoseconds(type_):
        precision = LEGACY_PRECISION if legacy else type_.precision
        form = _FORMATS.get(precision)
        if form is not None and precision >= type_.precision:
            fast = sql.fragment(f"strftime({{0}}, '{form}')", value) if form else sql.cast(value, "VARCHAR")
            plain = sql.fragment("{0} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'", value)
            return Cell(exact, fast, plain)
    return Cell(exact, exact)


_FORMATS = {0: "", 3: "%Y-%m-%d %H:%M:%S.%g", 6: "%Y-%m-%d %H:%M:%S.%f"}


def json_row(columns: Sequence[tuple[Sql, Type]], *, legacy: bool = False) -> Sql:
    """The text of one result row, its JSON array and a comma; columns are simple expressions."""
    cells = [_cell(value, type_, legacy=legacy) for value, type_ in columns]
    fast = sql.fragment("(json_array({*}) || ',')", *(cell.fast for cell in cells))
    guards = [sql.fragment("({0}) IS NOT FALSE", cell.plain) for cell in cells if cell.plain is not None]
    if not guards:
        return fast
    exact = sql.fragment("(json_array({*}) || ',')", *(cell.exact for cell in cells))
    return sql.case([(sql.fragment(" AND ".join(f"{{{i}}}" for i in range(len(guards))), *guards), fast)], exact)


def _prints_itself(type_: Type) -> bool:
    """DuckDB's own JSON text of the value is the protocol's."""
    if isinstance(type_, ArrayType):
        return _prints_itself(type_.element)
    return type_ in _NATIVE or isinstance(type_, VarcharType)


def json_value(value: Sql, type_: Type, *, legacy: bool) -> Sql:
    """A value as an argument of `json_array`: a DuckDB value that it prints rightly, or JSON."""

    def inner(part: Sql, part_type: Type) -> Sql:
        return json_value(part, part_type, legacy=legacy)

    match type_:
        case VarcharType():
            return value
        case ArrayType(element):
            if _prints_itself(element):
                return value
            return sql.call("list_transform", value, sql.function_of(lambda one: _as_json(inner(one, element))))
        case RowType(fields):

            def row_array(row: Sql) -> Sql:
                parts = [inner(sql.field(row, row_field_name(i)), one.type) for i, one in enumerate(fields)]
                return sql.case([(sql.is_not_null(row), sql.call("json_array", *parts))])

            return sql.let(value, row_array)
        case MapType(key, element):

            def entry(one: Sql) -> Sql:
                return sql.struct(
                    key=key_text(sql.field(one, "key"), key), value=_as_json(inner(sql.field(one, "value"), element))
                )

            entries = sql.call("list_transform", sql.call("map_entries", value), sql.function_of(entry))
            return sql.call("map_from_entries", entries)
        case TimeType() | TimeTzType() | TimestampType() | TimestampTzType() if legacy:
            kept, kept_type = rounded_timestamp(value, type_, LEGACY_PRECISION)
            return text_of(kept, kept_type)
    if type_ in _NATIVE:
        return value
    if type_ in (DOUBLE, REAL):
        return sql.let(value, lambda v: _floating(v, type_))
    if type_ == BING_TILE:
        return sql.let(value, _tile)
    if type_ in (GEOMETRY, SPHERICAL_GEOGRAPHY):
        return sql.call("trino_shown_geometry", value)
    if type_ == KDB_TREE:
        return sql.fragment("CAST(decode({0}) AS JSON)", value)
    text = text_of(value, type_)
    return sql.call("base64", value) if text is None else text


def _as_json(value: Sql) -> Sql:
    # A list or a map holds one type, so every element becomes JSON; NULL stays NULL.
    return sql.call("to_json", value)


def _floating(value: Sql, type_: Type) -> Sql:
    return sql.let(value, lambda v: _floating_of(v, type_))


def _floating_of(value: Sql, type_: Type) -> Sql:
    shortest = (
        sql.call("to_json", value)
        if type_ == DOUBLE
        else sql.fragment("CAST(trino_java_floating_text({0}) AS JSON)", value)
    )
    # DuckDB says nan or -nan, inf or -inf.
    special = sql.fragment(
        "to_json(CASE WHEN isnan({0}) THEN 'NaN' ELSE replace(CAST({0} AS VARCHAR), 'inf', 'Infinity') END)", value
    )
    return sql.fragment("CASE WHEN isfinite({0}) THEN {1} WHEN {0} IS NOT NULL THEN {2} END", value, shortest, special)


def _tile(value: Sql) -> Sql:
    return sql.fragment(
        "CASE WHEN {0} IS NOT NULL THEN json_object('x', {0} >> 28, 'y', ({0} >> 5) & 8388607, 'zoom', {0} & 31) END",
        value,
    )
