"""Numbers: rounding, roots, logarithms, trigonometry, random, bases. Decimal results arrive as the result type."""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.operators import (
    SHORT_DECIMAL,
    decimal_modulo,
    integer_remainder,
    unscaled,
)
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, NUMERIC_VALUE_OUT_OF_RANGE
from lodestar_server.spi.types import BIGINT, DOUBLE, INTEGER, INTEGRAL_TYPES, REAL, ArrayType, DecimalType

for _name, _template in {
    "degrees": "degrees({0})",
    "radians": "radians({0})",
    "exp": "exp({0})",
    "ln": "ln({0})",
    "log2": "(ln({0}) / ln(CAST(2 AS DOUBLE)))",
    "log10": "log10({0})",
    "sqrt": "sqrt({0})",
    "sin": "sin({0})",
    "cos": "cos({0})",
    "tan": "tan({0})",
    "asin": "asin({0})",
    "acos": "acos({0})",
    "atan": "atan({0})",
    "atan2": "atan2({0}, {1})",
    "sinh": "sinh({0})",
    "cosh": "cosh({0})",
    "tanh": "tanh({0})",
    "log": "(ln({1}) / ln({0}))",
    "e": "exp(CAST(1 AS DOUBLE))",
    "pi": "pi()",
    "nan": "CAST('nan' AS DOUBLE)",
    "infinity": "CAST('inf' AS DOUBLE)",
}.items():
    scalar_template(_name, _template)

scalar_template("pow", "pow({0}, {1})")
scalar_template("power", "pow({0}, {1})")


@scalar("cbrt", total=True)
def _cbrt(call: ScalarCall) -> Sql:
    return sql.let(call.arguments[0], lambda value: sql.call("trino_cube_root", value))


@scalar("abs")
def _abs(call: ScalarCall) -> Sql:
    if call.result not in INTEGRAL_TYPES:
        return sql.call("abs", *call.arguments)
    lowest = {"tinyint": -(2**7), "smallint": -(2**15), "integer": -(2**31), "bigint": -(2**63)}[call.result.base]
    raised = call.fail(f"Value {lowest} is out of range for abs({call.result.base})", NUMERIC_VALUE_OUT_OF_RANGE)
    return sql.let(
        call.arguments[0],
        lambda v: sql.case([(sql.fragment(f"{{0}} = CAST('{lowest}' AS {call.held})", v), raised)], sql.call("abs", v)),
    )


@scalar("sign", total=True)
def _sign(call: ScalarCall) -> Sql:
    if call.result in (DOUBLE, REAL):
        return sql.let(
            call.arguments[0],
            lambda v: sql.fragment(
                f"CASE WHEN isnan({{0}}) OR {{0}} = 0 THEN {{0}} ELSE CAST(sign({{0}}) AS {call.held}) END", v
            ),
        )
    return sql.cast(sql.call("sign", *call.arguments), call.held)


@scalar("ceil", "ceiling", "floor", total=True)
def _whole(call: ScalarCall) -> Sql:
    if call.result in INTEGRAL_TYPES:
        return call.arguments[0]
    function = "floor" if call.function.name == "floor" else "ceil"
    made = sql.call(function, *call.arguments)
    return sql.cast(made, call.held) if isinstance(call.result, DecimalType | type(REAL)) else made


@scalar("truncate")
def _truncate(call: ScalarCall) -> Sql:
    (value, *digits) = call.arguments
    if isinstance(call.types[0], DecimalType):
        if not digits:
            return sql.cast(sql.call("trunc", value), call.held)
        scale = call.types[0].scale
        constant = call.constant(1)
        if isinstance(constant, int) and constant >= scale:
            return value
        return sql.cast(sql.call("trino_decimal_truncate", value, digits[0], sql.number(scale)), call.held)
    if not digits:
        return sql.cast(sql.call("trunc", value), call.held)
    return sql.cast(sql.call("trino_double_truncate", value, digits[0]), call.held)


_EXACT_POWER = 15


@scalar("round")
def _round(call: ScalarCall) -> Sql:
    (value, *digits) = call.arguments
    type_ = call.types[0]
    if isinstance(type_, DecimalType):
        return _round_decimal(call, type_)
    if type_ in INTEGRAL_TYPES:
        if not digits:
            return value
        return call.strict(lambda v, n: _round_integer(call, v, n))
    # -0.0 is not below zero for Trino, which keeps the sign only of what is.
    value = sql.fragment(f"({{0}} + CAST(0 AS {call.held}))", value)
    if not digits:
        return sql.cast(sql.call("round", value), call.held)
    constant = call.constant(1)
    if isinstance(constant, int) and 0 <= constant <= _EXACT_POWER:
        # Beyond the range of a long Trino leaves a value as it is.
        rounded = f"CASE WHEN abs({{0}}) < {9 * 10**18 // 10**constant} THEN round({{0}}, {constant}) ELSE {{0}} END"
        return sql.cast(sql.let(value, lambda v: sql.fragment(rounded, v)), call.held)
    return call.strict(lambda v, n: sql.cast(sql.call("trino_round_double", v, n), call.held))


def _round_integer(call: ScalarCall, value: Sql, digits: Sql) -> Sql:
    """Half away from zero, for negative digits."""
    type_ = call.types[0]

    overflow = sql.chain("||", [sql.text("numerical overflow: "), sql.cast(value, "VARCHAR")])
    raised = call.fail(overflow, NUMERIC_VALUE_OUT_OF_RANGE)

    def fitting(rounded: Sql) -> Sql:
        fits = sql.fragment(f"TRY_CAST({{0}} AS {call.held})", rounded)
        if type_ == BIGINT:
            return sql.call("coalesce", fits, raised)
        # There is a number, but the type has it not; without one no power of ten was great enough.
        narrow = call.fail("integer overflow", GENERIC_INTERNAL_ERROR)
        if type_ != INTEGER:
            told = sql.chain("||", [sql.text(f"Out of range for {type_.base}: "), sql.cast(rounded, "VARCHAR")])
            narrow = call.fail(told, NUMERIC_VALUE_OUT_OF_RANGE)
        return sql.call("coalesce", fits, sql.case([(sql.is_not_null(rounded), narrow)], raised))

    rounded = sql.let(sql.call("trino_round_integer", value, digits), fitting)
    return sql.case([(sql.fragment("{0} >= 0", digits), value)], rounded)


def _round_decimal(call: ScalarCall, type_: DecimalType) -> Sql:
    value = call.arguments[0]
    if len(call.arguments) == 1:
        return sql.cast(value, call.held)
    constant = call.constant(1)
    if isinstance(constant, int) and constant >= type_.scale:
        return sql.cast(value, call.held)
    if isinstance(constant, int) and constant >= 0:
        # A cast to fewer digits rounds half away from zero.
        return sql.cast(sql.cast(value, f"DECIMAL({min(38, type_.precision + 1)},{constant})"), call.held)
    digits = call.arguments[1]
    rounded = sql.call("trino_round_decimal", sql.cast(value, "VARCHAR"), digits)
    shown = sql.chain("||", [sql.text("decimal overflow: "), sql.cast(unscaled(value, type_, 0), "VARCHAR")])
    raised = call.fail(shown, NUMERIC_VALUE_OUT_OF_RANGE)
    fitting = sql.fragment(f"TRY_CAST({{0}} AS {call.held})", rounded)
    branches = [(sql.is_not_null(rounded), sql.call("coalesce", fitting, raised))]
    assert isinstance(call.result, DecimalType)
    if call.result.precision > SHORT_DECIMAL:
        # Trino has no power of ten to divide by, be the value what it may.
        far = sql.fragment(f"{{0}} IS NOT NULL AND {{1}} <= {type_.scale - _POWERS_OF_TEN}", value, digits)
        branches.insert(0, (far, raised))
    return sql.case(branches)


_POWERS_OF_TEN = 39
"""Those that fit into 128 bits, one among them."""


@scalar("mod")
def _mod(call: ScalarCall) -> Sql:
    if isinstance(call.result, DecimalType):
        return decimal_modulo(call)
    made = integer_remainder(call)
    if call.result not in INTEGRAL_TYPES:
        return made
    # The operator checks its divisor, the function does not.
    raised = call.fail("/ by zero", GENERIC_INTERNAL_ERROR)
    return sql.let_all(
        call.arguments,
        lambda a, b: sql.case([(sql.fragment("{0} = 0 AND {1} IS NOT NULL", b, a), raised)], made),
    )


@scalar("random", "rand")
def _random(call: ScalarCall) -> Sql:
    if not call.arguments:
        return sql.fragment("random()")
    if len(call.arguments) == 1:
        raised = call.fail("bound must be positive")
        (bound,) = call.arguments
        return sql.let(
            bound,
            lambda b: sql.case(
                [(sql.fragment("{0} <= 0", b), raised)],
                sql.fragment(f"CAST(floor(random() * {{0}}) AS {call.held})", b),
            ),
        )
    raised = call.fail("start value must be less than stop value")
    return sql.let_all(
        call.arguments,
        lambda low, high: sql.case(
            [(sql.fragment("{0} >= {1}", low, high), raised)],
            sql.fragment(f"CAST({{0}} + floor(random() * ({{1}} - {{0}})) AS {call.held})", low, high),
        ),
    )


@scalar("from_base")
def _from_base(call: ScalarCall) -> Sql:
    return sql.call("trino_from_base", *call.arguments)


@scalar("to_base")
def _to_base(call: ScalarCall) -> Sql:
    value, radix = call.arguments
    constant = call.constant(1)
    if not isinstance(constant, int) or not _RADIXES[0] <= constant <= _RADIXES[1]:
        return sql.call("trino_to_base", value, radix)
    digits = f"to_base({{0}}, {constant})" if constant <= _DECIMAL else f"lower(to_base({{0}}, {constant}))"
    return sql.let(
        value,
        lambda v: sql.case(
            [(sql.fragment("{0} >= 0", v), sql.fragment(digits, v))], sql.call("trino_to_base", v, radix)
        ),
    )


_RADIXES, _DECIMAL = (2, 36), 10


@scalar("width_bucket")
def _width_bucket(call: ScalarCall) -> Sql:
    if isinstance(call.types[1], ArrayType):
        return sql.call("trino_width_bucket_of_bins", *call.arguments)
    return sql.call("trino_width_bucket", *call.arguments)


@scalar("cosine_similarity")
def _cosine_similarity(call: ScalarCall) -> Sql:
    return _of_whole(call, lambda a, b: _cosine(call, a, b))


def _cosine(call: ScalarCall, a: Sql, b: Sql) -> Sql:
    arrays = isinstance(call.types[0], ArrayType)
    return sql.call("trino_cosine_of_arrays" if arrays else "trino_cosine_similarity", a, b)


def _of_whole(call: ScalarCall, result: Callable[[Sql, Sql], Sql]) -> Sql:
    """The result of vectors without NULL; those of different lengths are refused before."""

    def checked(a: Sql, b: Sql) -> Sql:
        left, right = _side_by_side(call, a, b)
        made = result(left, right)
        if isinstance(call.types[0], ArrayType):
            flat = sql.chain("OR", [sql.fragment("coalesce(trino_norm({0}), 0) = 0", one) for one in (left, right)])
            even = sql.fragment("len({0}) = len({1})", a, b)
            raised = call.fail("Vector magnitude cannot be zero")
            made = sql.case([(sql.conjunction([even, sql.fragment("({0})", flat)]), raised)], made)
            complete = sql.conjunction([sql.fragment("list_count({0}) = len({0})", one) for one in (a, b)])
            uneven = sql.fragment("len({0}) <> len({1})", a, b)
            return sql.case([(sql.fragment("{0} OR ({1})", uneven, complete), made)])
        whole = sql.conjunction([sql.call("trino_map_is_whole", one) for one in (a, b)])
        return sql.case([(whole, made)])

    return sql.let_all(call.arguments, checked)


@scalar("cosine_distance")
def _cosine_distance(call: ScalarCall) -> Sql:
    return _of_whole(call, lambda a, b: sql.fragment("(1 - {0})", _cosine(call, a, b)))


@scalar("euclidean_distance")
def _euclidean_distance(call: ScalarCall) -> Sql:
    return _of_vectors(call, lambda a, b: sql.call("trino_euclidean_distance", a, b))


@scalar("dot_product")
def _dot_product(call: ScalarCall) -> Sql:
    return _of_vectors(call, lambda a, b: sql.call("trino_dot_product", a, b))


def _of_vectors(call: ScalarCall, body: Callable[[Sql, Sql], Sql]) -> Sql:
    """`body` over the vectors of both arguments, each computed once, outside of the lambdas that `body` may need."""
    return sql.let_all(call.arguments, lambda a, b: body(*_side_by_side(call, a, b)))


def _side_by_side(call: ScalarCall, a: Sql, b: Sql) -> tuple[Sql, Sql]:
    """Arguments as arrays of double; of maps, the values of equal keys side by side."""
    if isinstance(call.types[0], ArrayType):
        return sql.cast(a, "DOUBLE[]"), sql.cast(b, "DOUBLE[]")
    return sql.call("trino_map_vector", a, b), sql.call("trino_map_vector", b, a)


scalar_template("normal_cdf", "trino_normal_cdf({0}, {1}, {2})", total=False)
scalar_template("inverse_normal_cdf", "trino_inverse_normal_cdf({0}, {1}, {2})", total=False)
scalar_template("beta_cdf", "trino_beta_cdf({0}, {1}, {2})", total=False)
scalar_template("inverse_beta_cdf", "trino_inverse_beta_cdf({0}, {1}, {2})", total=False)
scalar_template("t_cdf", "trino_t_cdf({0}, {1})", total=False)
scalar_template("t_pdf", "trino_t_pdf({0}, {1})", total=False)
scalar_template("wilson_interval_lower", "trino_wilson_lower({0}, {1}, {2})", total=False)
scalar_template("wilson_interval_upper", "trino_wilson_upper({0}, {1}, {2})", total=False)
