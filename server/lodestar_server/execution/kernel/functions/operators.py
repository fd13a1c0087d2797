"""Arithmetic operators, subscripts, LIKE and concatenation.

Integers overflow in their own type as DuckDB's do; errors.py spells the messages. Decimal results have the types of
Trino 476's rules, which the analyzer computed: they arrive as the result type.
"""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import equals, identity_key, may_be_unknown
from lodestar_server.execution.kernel.encoding.text import text_of
from lodestar_server.execution.kernel.encoding.types import duckdb_type
from lodestar_server.execution.kernel.functions import intervals
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.functions.short_decimals import (
    Operand,
    divided_half_up,
    finite_inverse,
    from_digits,
    in_short,
)
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.ir import Cast, Constant, SymbolRef
from lodestar_server.spi.errors import DIVISION_BY_ZERO, INVALID_FUNCTION_ARGUMENT, NUMERIC_VALUE_OUT_OF_RANGE
from lodestar_server.spi.types import (
    BIGINT,
    DOUBLE,
    INTEGRAL_DECIMALS,
    INTEGRAL_TYPES,
    INTERVAL_YEAR_MONTH,
    REAL,
    CharType,
    DecimalType,
    MapType,
    SimpleType,
    Type,
)

FLOATING = (DOUBLE, REAL)
_MAX_PRECISION = 38
SHORT_DECIMAL = 18
"""Digits that fit into 64 bits."""


def decimal_sides(call: ScalarCall) -> tuple[DecimalType, DecimalType, DecimalType]:
    """The types of left, right and result of a decimal operator."""
    left, right = call.types
    result = call.result
    assert isinstance(left, DecimalType) and isinstance(right, DecimalType) and isinstance(result, DecimalType)
    return left, right, result


def is_arithmetic(call: ScalarCall) -> bool:
    """Both sides are numbers of one kind: integers, doubles or decimals."""
    left, right = call.types
    if isinstance(left, DecimalType):
        return isinstance(right, DecimalType)
    return left == right and (left in INTEGRAL_TYPES or left in FLOATING)


def arithmetic(operator: str, call: ScalarCall) -> Sql:
    """An operator on numbers as DuckDB has it, brought to the result's type."""
    left, right = call.arguments
    if not isinstance(call.result, DecimalType):
        if operator in "+*" and _is_literal(call, 0) and not _is_literal(call, 1):
            # Trino puts the constant behind; an overflow is told in that order.
            left, right = right, left
        return sql.binary(operator, left, right)
    one, other, result = decimal_sides(call)
    if _natural_decimal(operator, one, other).precision > SHORT_DECIMAL >= max(one.precision, other.precision):
        # DuckDB stays with 64 bits, and overflows, unless a side needs more.
        one = DecimalType(SHORT_DECIMAL + 1, one.scale)
        left = sql.cast(left, duckdb_type(one))
    made = sql.binary(operator, left, right)
    return made if _natural_decimal(operator, one, other) == result else sql.cast(made, call.held)


def _is_literal(call: ScalarCall, index: int) -> bool:
    return isinstance(call.expressions[index], Constant)


def _natural_decimal(operator: str, left: DecimalType, right: DecimalType) -> DecimalType:
    """What DuckDB makes of the operator, short of its own limits."""
    if operator == "*":
        return DecimalType(min(_MAX_PRECISION, left.precision + right.precision), left.scale + right.scale)
    scale = max(left.scale, right.scale)
    integral = max(left.precision - left.scale, right.precision - right.scale)
    return DecimalType(min(_MAX_PRECISION, integral + scale + 1), scale)


@scalar("$add")
def _add(call: ScalarCall) -> Sql:
    return arithmetic("+", call) if is_arithmetic(call) else intervals.add(call)


@scalar("$subtract")
def _subtract(call: ScalarCall) -> Sql:
    return arithmetic("-", call) if is_arithmetic(call) else intervals.subtract(call)


@scalar("$multiply")
def _multiply(call: ScalarCall) -> Sql:
    return arithmetic("*", call) if is_arithmetic(call) else intervals.multiply(call)


@scalar("$divide")
def _divide(call: ScalarCall) -> Sql:
    if not is_arithmetic(call):
        return intervals.divide(call)
    if call.types[0] in FLOATING:
        return sql.binary("/", *call.arguments)
    if call.types[0] in INTEGRAL_TYPES:
        return sql.binary("//", *call.arguments)
    return decimal_division(call)


def decimal_division(call: ScalarCall) -> Sql:
    """Rounded half away from zero at the result's scale: unscaled integers, the dividend with more digits."""
    left, right, result = decimal_sides(call)
    rescale = result.scale - left.scale + right.scale
    if rescale >= _MAX_PRECISION:
        # However small the dividend is: Trino does not try.
        overflow = call.fail("Decimal overflow", NUMERIC_VALUE_OUT_OF_RANGE)
        by_zero = call.fail("Division by zero", DIVISION_BY_ZERO)
        text = "CASE WHEN {0} IS NOT NULL AND {1} = 0 THEN {2} WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN {3} END"
        return sql.let_all(call.arguments, lambda a, b: sql.fragment(text, a, b, by_zero, overflow))

    def long_division(a: Sql, b: Sql) -> Sql:
        if left.precision + rescale > _MAX_PRECISION - 1:
            function = f"trino_divide_decimals(CAST({{0}} AS VARCHAR), CAST({{1}} AS VARCHAR), {result.scale})"
            return sql.cast(sql.fragment(function, a, b), call.held)
        parts = [unscaled(a, left, rescale), unscaled(b, right, 0)]
        return scaled(sql.let_all(parts, _half_up), result)

    divisor = call.constant(1)
    inverse = None if divisor is None else finite_inverse(divisor, right.scale)
    if inverse is not None and left.precision + inverse.precision <= _MAX_PRECISION:
        dividend = call.arguments[0]
        if left.precision + inverse.precision > SHORT_DECIMAL >= max(left.precision, inverse.precision):
            # As in `arithmetic`.
            dividend = sql.cast(dividend, duckdb_type(DecimalType(SHORT_DECIMAL + 1, left.scale)))
        # Exact, and a cast to fewer digits after the point rounds half away from zero: as a division does.
        return sql.cast(sql.fragment(f"({{0}} * {inverse.text})", dividend), call.held)
    whole = _whole_number(call, 1)
    other = Operand(call.arguments[1], right) if whole is None else Operand(whole, right, whole=True)
    operands = (Operand(call.arguments[0], left, rescale), other)

    def short_division(a: Operand, b: Operand) -> Sql:
        return from_digits(divided_half_up(a, b, divisor), result, a.most_digits)

    return in_short(operands, short_division, long_division)


def _whole_number(call: ScalarCall, index: int) -> Sql | None:
    """The column of whole numbers that an argument was before it became a decimal, if it was one."""
    node = call.expressions[index]
    if not isinstance(node, Cast) or not isinstance(node.value, SymbolRef):
        return None
    kind = node.value.type
    if not isinstance(kind, SimpleType) or node.target != INTEGRAL_DECIMALS.get(kind):
        return None
    value = call.context.expression(node.value)
    return value if kind == BIGINT else sql.cast(value, "BIGINT")


def _half_up(dividend: Sql, divisor: Sql) -> Sql:
    return sql.call("trino_divide_half_up", dividend, divisor)


def unscaled(value: Sql, type_: DecimalType, more: int) -> Sql:
    """The integer of a decimal's digits, times ten to the power of `more`, as HUGEINT."""
    factor = type_.scale + more
    if factor == 0:
        return sql.cast(value, "HUGEINT")
    assert more >= 0, "a dividend loses no digits"
    if type_.precision + factor + 1 > _MAX_PRECISION:
        digits = sql.fragment("CAST(replace(CAST({0} AS VARCHAR), '.', '') AS HUGEINT)", value)
        return digits if more == 0 else sql.fragment(f"({{0}} * CAST('1{'0' * more}' AS HUGEINT))", digits)
    digits = factor + 1
    if type_.precision <= SHORT_DECIMAL < type_.precision + digits:
        # As in `arithmetic`.
        digits = max(digits, SHORT_DECIMAL + 1)
    wide = f"CAST('1{'0' * factor}' AS DECIMAL({digits},0))"
    return sql.fragment(f"CAST({{0}} * {wide} AS HUGEINT)", value)


def scaled(value: Sql, type_: DecimalType) -> Sql:
    """A HUGEINT of digits as a decimal. Raises where it has too many."""
    if type_.scale == 0:
        return sql.cast(value, duckdb_type(type_))
    digits = _MAX_PRECISION - type_.scale
    if type_.precision > digits:
        return sql.cast(sql.fragment(f"trino_decimal_text({{0}}, {type_.scale})", value), duckdb_type(type_))
    # Multiplying by 0.01 moves the point without rounding.
    step = f"CAST('0.{'0' * (type_.scale - 1)}1' AS DECIMAL({type_.scale},{type_.scale}))"
    return sql.cast(sql.fragment(f"(CAST({{0}} AS DECIMAL({digits},0)) * {step})", value), duckdb_type(type_))


@scalar("$modulo")
def _modulo(call: ScalarCall) -> Sql:
    if call.types[0] in FLOATING:
        return sql.binary("%", *call.arguments)
    if call.types[0] in INTEGRAL_TYPES:
        return integer_remainder(call)
    return decimal_modulo(call)


def integer_remainder(call: ScalarCall) -> Sql:
    """The remainder with the dividend's sign; DuckDB overflows for the smallest integer by -1."""
    if call.constant(1) not in (None, -1):
        return sql.binary("%", *call.arguments)
    return sql.let_all(
        call.arguments,
        lambda a, b: sql.fragment(f"CASE WHEN {{1}} = -1 THEN CAST(0 AS {call.held}) ELSE {{0}} % {{1}} END", a, b),
    )


def decimal_modulo(call: ScalarCall) -> Sql:
    """The remainder with the dividend's sign."""
    left, right, result = decimal_sides(call)
    scale = max(left.scale, right.scale)
    widest = max(left.precision - left.scale, right.precision - right.scale) + scale

    def long_remainder(a: Sql, b: Sql) -> Sql:
        if widest > _MAX_PRECISION - 1:
            function = f"trino_decimal_remainder(CAST({{0}} AS VARCHAR), CAST({{1}} AS VARCHAR), {result.scale})"
            return sql.cast(sql.fragment(function, a, b), call.held)
        parts = [unscaled(value, kind, scale - kind.scale) for value, kind in ((a, left), (b, right))]
        return scaled(sql.binary("%", *parts), DecimalType(result.precision, scale))

    operands = (
        Operand(call.arguments[0], left, scale - left.scale),
        Operand(call.arguments[1], right, scale - right.scale),
    )

    def short_remainder(a: Operand, b: Operand) -> Sql:
        return from_digits(sql.binary("%", a.digits(), b.digits()), result)

    return in_short(operands, short_remainder, long_remainder)


@scalar("$negate")
def _negate(call: ScalarCall) -> Sql:
    (type_,) = call.types
    (value,) = call.arguments
    if type_ == INTERVAL_YEAR_MONTH:
        return intervals.months_that_fit(call, sql.fragment("(-CAST({0} AS BIGINT))", value))
    if type_ not in INTEGRAL_TYPES:
        return sql.fragment("(-{0})", value)
    lowest = {"tinyint": -(2**7), "smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63)}[type_.base]
    message = f"{type_.base} negation overflow: {lowest}"
    raised = call.fail(message, NUMERIC_VALUE_OUT_OF_RANGE)

    def negated(v: Sql) -> Sql:
        at_lowest = sql.fragment(f"{{0}} = CAST('{lowest}' AS {call.held})", v)
        return sql.case([(at_lowest, raised)], sql.fragment(f"CAST(-{{0}} AS {call.held})", v))

    return sql.let(value, negated)


@scalar("$subscript")
def _subscript(call: ScalarCall) -> Sql:
    base = call.types[0]
    if isinstance(base, MapType):
        return _map_subscript(call, base)
    return sql.let_all(call.arguments, lambda array, index: _array_subscript(call, array, index))


def _array_subscript(call: ScalarCall, array: Sql, index: Sql) -> Sql:
    shown = sql.cast(index, "VARCHAR")
    beyond = sql.chain(
        "||",
        [
            sql.text("Array subscript must be less than or equal to array length: "),
            shown,
            sql.text(" > "),
            sql.fragment("CAST(len({0}) AS VARCHAR)", array),
        ],
    )
    negative = sql.chain("||", [sql.text("Array subscript is negative: "), shown])
    return sql.case(
        [
            (sql.fragment("{1} BETWEEN 1 AND len({0})", array, index), sql.fragment("{0}[{1}]", array, index)),
            (sql.fragment("{0} = 0 AND {1} IS NOT NULL", index, array), call.fail("SQL array indices start at 1")),
            (sql.fragment("{0} < 0 AND {1} IS NOT NULL", index, array), call.fail(negative)),
            (sql.fragment("{1} > len({0})", array, index), call.fail(beyond)),
        ],
        sql.typed_null(call.held),
    )


def _map_subscript(call: ScalarCall, type_: MapType) -> Sql:
    def found(mapping: Sql, key: Sql) -> Sql:
        # As CAST to varchar shows it; of a key that has no such cast nothing is said.
        shown = text_of(key, type_.key)
        message: str | Sql = "Key not present in map"
        if shown is not None:
            message = sql.chain("||", [sql.text("Key not present in map: "), shown])
        return sql.case(
            [
                (sql.fragment("{0} IS NULL OR {1} IS NULL", mapping, key), sql.typed_null(call.held)),
                (map_has_key(mapping, key, type_.key), map_value(mapping, key, type_.key, call.held)),
            ],
            call.fail(message, INVALID_FUNCTION_ARGUMENT),
        )

    return sql.let_all(call.arguments, found)


def map_has_key(mapping: Sql, key: Sql, key_type: Type) -> Sql:
    """The map has the key."""
    if _finds_keys_natively(key_type):
        return sql.call("map_contains", mapping, key)
    return sql.fragment("len({0}) > 0", _matching(mapping, key, key_type))


def map_value(mapping: Sql, key: Sql, key_type: Type, held: str | None = None) -> Sql:
    """The value of a key, NULL without it; `held`: its DuckDB type, where the map may be a constant NULL."""
    if _finds_keys_natively(key_type):
        return sql.fragment("{0}[{1}]", mapping, key)
    found = sql.field(sql.fragment("{0}[1]", _matching(mapping, key, key_type)), "value")
    # DuckDB forgets the types inside of a NULL.
    return found if held is None else sql.cast(found, held)


def _finds_keys_natively(key_type: Type) -> bool:
    return identity_key(sql.NULL, key_type) is sql.NULL and not may_be_unknown(key_type)


def _matching(mapping: Sql, key: Sql, key_type: Type) -> Sql:
    return sql.call(
        "list_filter",
        sql.call("map_entries", mapping),
        sql.function_of(lambda entry: equals(sql.field(entry, "key"), key, key_type)),
    )


@scalar("$like")
def _like(call: ScalarCall) -> Sql:
    value, pattern = call.arguments[:2]
    if isinstance(call.types[0], CharType):
        value = sql.fragment(f"rpad({{0}}, {call.types[0].length}, ' ')", value)
    if len(call.arguments) == 2:
        return sql.fragment("({0} LIKE {1})", value, pattern)
    escape = call.constant(2)
    if isinstance(escape, str) and isinstance(call.constant(1), str):
        return _like_with_constant_escape(call, value, call.constant(1), escape)
    return sql.let_all((pattern, call.arguments[2]), lambda p, e: _checked_like(call, value, p, e))


_OWN_ESCAPE = "\\"
"""DuckDB's escape is one byte; Trino's one unit of UTF-16."""
_BAD_ESCAPE = "Escape string must be a single character"
_BAD_ESCAPED = "Escape character must be followed by '%', '_' or the escape character itself"


def _like_with_constant_escape(call: ScalarCall, value: Sql, pattern: str, escape: str) -> Sql:
    if len(escape.encode("utf-16-le", "surrogatepass")) != 2:
        return call.fail(_BAD_ESCAPE)
    position, plain = 0, ""
    while position < len(pattern):
        character = pattern[position]
        if character == escape:
            position += 1
            character = pattern[position] if position < len(pattern) else ""
            if character not in ("%", "_", escape):
                return call.fail(_BAD_ESCAPED)
            plain += _OWN_ESCAPE
        elif character == _OWN_ESCAPE:
            plain += _OWN_ESCAPE
        plain += character
        position += 1
    return sql.fragment("({0} LIKE {1} ESCAPE {2})", value, sql.text(plain), sql.text(_OWN_ESCAPE))


def _checked_like(call: ScalarCall, value: Sql, pattern: Sql, escape: Sql) -> Sql:
    # What is left of a good pattern without its escaped characters has no escape character.
    rest = sql.fragment(
        "replace(replace(replace({0}, {1} || {1}, ''), {1} || '%', ''), {1} || '_', '')", pattern, escape
    )
    return sql.case(
        [
            (sql.fragment("length({0}) <> 1 OR strlen({0}) > 3", escape), call.fail(_BAD_ESCAPE)),
            (sql.call("contains", rest, escape), call.fail(_BAD_ESCAPED)),
        ],
        sql.fragment("({0} LIKE trino_like_pattern({1}, {2}) ESCAPE chr(1))", value, pattern, escape),
    )
