"""Iceberg's bucket of a value, which connectors offer under a name of theirs. Source: Trino IcebergFunctionProvider."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import GENERIC_INTERNAL_ERROR, INVALID_FUNCTION_ARGUMENT, LodestarError
from lodestar_server.spi.types import (
    BIGINT,
    DATE,
    INTEGER,
    SMALLINT,
    TINYINT,
    UNKNOWN,
    VARBINARY,
    DecimalType,
    TimestampType,
    TimestampTzType,
    Type,
    VarcharType,
)
from lodestar_server.spi.types.arrow import MICROSECOND_PRECISION


@scalar("$bucket")
def _bucket(call: ScalarCall) -> Sql:
    type_ = call.types[0]
    if type_ == UNKNOWN:
        return sql.typed_null(call.held)

    def body(value: Sql, count: Sql) -> Sql:
        wrong = sql.fragment("'Invalid number of buckets: ' || {0} || ' (must be > 0)'", count)
        found = sql.fragment("{0} % {1}", _hash(call, type_, value), count)
        return sql.case([(sql.fragment("{0} <= 0", count), call.fail(wrong, GENERIC_INTERNAL_ERROR))], found)

    _check(type_)
    return call.strict(body)


def _check(type_: Type) -> None:
    if type_ in (TINYINT, SMALLINT, INTEGER, BIGINT, DATE, VARBINARY):
        return
    if not isinstance(type_, DecimalType | VarcharType | TimestampType | TimestampTzType):
        raise LodestarError(INVALID_FUNCTION_ARGUMENT, f"Unsupported type: {type_.display}")


def _hash(call: ScalarCall, type_: Type, value: Sql) -> Sql:
    match type_:
        case DecimalType():
            return sql.fragment("trino_bucket_number(CAST(replace(CAST({0} AS VARCHAR), '.', '') AS HUGEINT))", value)
        case VarcharType():
            return sql.fragment("trino_bucket_bytes(encode({0}))", value)
        case TimestampType(precision):
            instant = value if precision <= MICROSECOND_PRECISION else sql.field(value, "t")
            return sql.fragment("trino_bucket_long(epoch_us({0}))", instant)
        case TimestampTzType(precision):
            found = sql.fragment("trino_bucket_long(epoch_us({0}))", sql.field(value, "t"))
            if precision <= MICROSECOND_PRECISION:
                return found
            message = "mode was UNNECESSARY, but rounding was necessary"
            uneven = sql.fragment("{0} <> 0", sql.field(value, "p"))
            return sql.case([(uneven, call.fail(message, GENERIC_INTERNAL_ERROR))], found)
    if type_ == VARBINARY:
        return sql.fragment("trino_bucket_bytes({0})", value)
    if type_ == DATE:
        return sql.fragment("trino_bucket_long(CAST({0} - DATE '1970-01-01' AS BIGINT))", value)
    return sql.fragment("trino_bucket_long(CAST({0} AS BIGINT))", value)
