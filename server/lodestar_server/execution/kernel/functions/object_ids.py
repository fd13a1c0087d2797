"""Object identifiers of MongoDB: twelve bytes, of which the first four are seconds since 1970."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR


@scalar("objectid")
def _objectid(call: ScalarCall) -> Sql:
    if not call.arguments:
        seconds = "lpad(hex({0} // 1000000), 8, '0')"
        random_part = "left(replace(CAST(uuid() AS VARCHAR), '-', ''), 16)"
        return sql.fragment(f"unhex({seconds} || {random_part})", call.context.start_micros())
    raised = call.fail("state should be: hexString has 24 characters", GENERIC_INTERNAL_ERROR)

    def read(text: Sql) -> Sql:
        good = sql.fragment("(length({0}) = 24 AND trino_is_hexadecimal({0}))", text)
        return sql.case([(good, sql.call("unhex", text)), (sql.is_not_null(text), raised)])

    return sql.let(sql.fragment("replace({0}, ' ', '')", call.arguments[0]), read)


scalar_template(
    "objectid_timestamp",
    "CASE WHEN {0} IS NOT NULL THEN struct_pack("
    "t := make_timestamp(CAST('0x' || left(hex({0}), 8) AS BIGINT) * 1000000), z := 'UTC') END",
)
scalar_template(
    "timestamp_objectid",
    "unhex(lpad(hex(CAST(epoch(CAST({0}.t AS TIMESTAMP)) AS BIGINT)), 8, '0') || repeat('0', 16))",
)
