"""Bits of integers."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import INTEGRAL_BITS

scalar_template("bitwise_and", "({0} & {1})")
scalar_template("bitwise_or", "({0} | {1})")
scalar_template("bitwise_xor", "xor({0}, {1})")
scalar_template("bitwise_not", "(~{0})")

_MAX_BITS = 64


@scalar("bitwise_left_shift", "bitwise_right_shift", "bitwise_right_shift_arithmetic", total=True)
def _shift(call: ScalarCall) -> Sql:
    macro = call.function.name.replace("bitwise", "trino")
    bits = sql.number(INTEGRAL_BITS[call.result])  # type: ignore[index]
    return sql.let_all(call.arguments, lambda v, n: sql.cast(sql.call(macro, v, n, bits), call.held))


@scalar("bit_count")
def _bit_count(call: ScalarCall) -> Sql:
    def counted(value: Sql, bits: Sql) -> Sql:
        shown_bits = sql.cast(bits, "VARCHAR")
        out_of_range = sql.chain(
            "||", [sql.text("Bits specified in bit_count must be between 2 and 64, got "), shown_bits]
        )
        parts = [
            sql.text("Number must be representable with the bits specified. "),
            sql.cast(value, "VARCHAR"),
            sql.text(" cannot be represented with "),
            shown_bits,
            sql.text(" bits"),
        ]
        half = sql.fragment(f"trino_power_of_two(greatest(1, least({{0}}, {_MAX_BITS})) - 1)", bits)
        modulus = f"trino_power_of_two(greatest(1, least({{1}}, {_MAX_BITS})))"
        unsigned = sql.fragment(
            f"CAST(CASE WHEN {{0}} < 0 THEN CAST({{0}} AS HUGEINT) + {modulus} ELSE {{0}} END AS HUGEINT)", value, bits
        )
        return sql.case(
            [
                (sql.fragment(f"{{0}} NOT BETWEEN 2 AND {_MAX_BITS}", bits), call.fail(out_of_range)),
                (
                    sql.fragment("{0} NOT BETWEEN -{1} AND {1} - 1", value, half),
                    call.fail(sql.chain("||", parts)),
                ),
            ],
            sql.fragment("CAST(bit_count({0}) AS BIGINT)", unsigned),
        )

    return call.strict(counted)
