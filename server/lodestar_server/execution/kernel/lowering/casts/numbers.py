"""Casts among boolean and the number types."""

from __future__ import annotations

from decimal import Decimal

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.text import decimal_text, floating_text
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.errors import failure
from lodestar_server.execution.kernel.lowering.casts.registry import CastContext, cast_rule
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_CAST_ARGUMENT, NUMERIC_VALUE_OUT_OF_RANGE
from lodestar_server.spi.types import BIGINT, INTEGRAL_DECIMALS, REAL, DecimalType, Type

INTEGERS = "tinyint,smallint,integer,bigint"
FLOATS = "real,double"
_SHORT_DECIMAL = 18
_INTEGRAL_DECIMALS: dict[Type, DecimalType] = dict(INTEGRAL_DECIMALS.items())


def quoted_message(label: str, text: Sql, rest: str) -> Sql:
    """`<label> '<text>'<rest>`."""
    return sql.chain("||", [sql.text(f"{label} '"), text, sql.text(f"'{rest}")])


def decimal_name(type_: DecimalType) -> str:
    """DECIMAL(5, 2), as messages spell it."""
    return f"DECIMAL({type_.precision}, {type_.scale})"


@cast_rule(INTEGERS, INTEGERS)
def _between_integers(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    # A value out of range makes DuckDB raise with the value; errors.py knows that text.
    return sql.cast(value, duckdb_type(target))


for _narrow, _wide in (("tinyint", "smallint,integer,bigint"), ("smallint", "integer,bigint"), ("integer", "bigint")):
    cast_rule(_narrow, _wide, total=True)(_between_integers)


@cast_rule(INTEGERS, FLOATS, total=True)
@cast_rule("real", "double", total=True)
@cast_rule("boolean", f"{INTEGERS},{FLOATS},decimal", total=True)
def _plain(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.cast(value, duckdb_type(target))


@cast_rule(f"{INTEGERS},{FLOATS},decimal", "boolean", total=True)
def _to_boolean(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.fragment("({0} <> 0)", value)


@cast_rule("double", "real", total=True)
def _double_to_real(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.call("trino_double_to_real", value)


def _not_decimal(value: Sql, source: Type, target: Type) -> Sql:
    assert isinstance(target, DecimalType)
    if source.base in FLOATS:
        text, label = floating_text(value), source.base.upper()
    else:
        text = decimal_text(value, source) if isinstance(source, DecimalType) else sql.cast(value, "VARCHAR")
        label = decimal_name(source) if isinstance(source, DecimalType) else source.base.upper()
    return quoted_message(f"Cannot cast {label}", text, f" to {decimal_name(target)}")


def decimal_fits(source: Type, target: Type) -> bool:
    """Every value of an integer or decimal type fits the decimal type without rounding its integral digits away."""
    assert isinstance(target, DecimalType)
    held = source if isinstance(source, DecimalType) else _INTEGRAL_DECIMALS.get(source)
    if held is None:
        return False
    # Rounding may carry into one more digit.
    carry = 1 if held.scale > target.scale else 0
    return held.precision - held.scale + carry <= target.precision - target.scale


@cast_rule(f"{INTEGERS},decimal", "decimal", message=_not_decimal, fits=decimal_fits)
def _to_decimal(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.cast(value, duckdb_type(target), safe=True)


@cast_rule(FLOATS, "decimal", message=_not_decimal)
def _floating_to_decimal(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    # Java converts the shortest decimal text, not the binary value.
    return sql.cast(sql.let(value, lambda v: sql.call("trino_shortest", v)), duckdb_type(target), safe=True)


_EXACT_WHOLE_NUMBERS = {"double": 2**53, "real": 2**24}
"""Up to which whole numbers have no gaps."""


@cast_rule("decimal", "double", total=True)
@cast_rule("decimal", "real", total=True)
def _decimal_to_floating(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    assert isinstance(source, DecimalType)
    held = duckdb_type(target)
    limit = _EXACT_WHOLE_NUMBERS[target.base]
    if 10**source.precision <= limit or (source.scale == 0 and source.precision <= _SHORT_DECIMAL):
        return sql.cast(value, held)
    # DuckDB divides digits that the type holds exactly, as Trino does; of others it adds the integral and the
    # fractional part.
    bound = f"CAST('{Decimal(limit - 1).scaleb(-source.scale):f}' AS {duckdb_type(source)})"
    few_digits = f"({{0}} BETWEEN -{bound} AND {bound})"

    def converted(v: Sql) -> Sql:
        # A long decimal is read from its text, which rounds once.
        exact = sql.cast(sql.cast(v, "VARCHAR"), held)
        if source.precision <= _SHORT_DECIMAL:
            # The digits of a short one are rounded, then the quotient is.
            exact = sql.fragment(f"(CAST({{0}} AS {held}) / CAST('1e{source.scale}' AS {held}))", _digits(v, source))
        return sql.case([(sql.fragment(few_digits, v), sql.cast(v, held))], exact)

    return sql.let(value, converted)


def _digits(value: Sql, source: DecimalType) -> Sql:
    wide = f"DECIMAL({source.precision + source.scale + 1},{source.scale})"
    step = f"CAST('1{'0' * source.scale}' AS DECIMAL({source.scale + 1},0))"
    return sql.cast(sql.fragment(f"(CAST({{0}} AS {wide}) * {step})", value), "BIGINT")


_SQL_NAMES = {"tinyint": "TINYINT", "smallint": "SMALLINT", "integer": "INTEGER", "bigint": "BIGINT"}


def _not_integer(value: Sql, source: Type, target: Type) -> Sql:
    assert isinstance(source, DecimalType)
    # Trino prints a short decimal after rounding it.
    shown = value if source.precision > _SHORT_DECIMAL else sql.cast(value, f"DECIMAL({source.precision + 1},0)")
    return quoted_message("Cannot cast", sql.cast(shown, "VARCHAR"), f" to {_SQL_NAMES[target.base]}")


@cast_rule("decimal", INTEGERS, message=_not_integer)
def _decimal_to_integer(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    return sql.cast(value, duckdb_type(target), safe=True)


@cast_rule(FLOATS, INTEGERS)
def _floating_to_integer(value: Sql, source: Type, target: Type, context: CastContext) -> Sql:
    held = duckdb_type(target)

    def not_a_number(v: Sql) -> tuple[Sql, Sql]:
        message = f"Cannot cast {source.base} NaN to {target.base}"
        return sql.call("isnan", v), failure(INVALID_CAST_ARGUMENT, message, held)

    if source == REAL and target == BIGINT:
        return sql.let(value, lambda v: sql.case([not_a_number(v)], sql.call("trino_real_to_bigint", v)))

    def converted(v: Sql) -> Sql:
        text = sql.call("trino_java_floating_text", v)
        if target == BIGINT:
            raised = failure(
                INVALID_CAST_ARGUMENT,
                sql.chain("||", [sql.text("Unable to cast "), text, sql.text(" to bigint")]),
                held,
            )
        else:
            out_of_range = sql.chain("||", [sql.text(f"Out of range for {target.base}: "), text])
            raised = sql.case([not_a_number(v)], failure(NUMERIC_VALUE_OUT_OF_RANGE, out_of_range, held))
        rounded = sql.fragment(f"TRY_CAST(round({{0}}) AS {held})", v)
        return sql.case([(sql.is_not_null(v), sql.call("coalesce", rounded, raised))])

    return sql.let(value, converted)
