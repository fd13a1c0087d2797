"""What depends on the query: its start and its zone. The start is a slot, so that lowered statements can be kept."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.rounding import rounded_timestamp
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.lowering.casts import cast_value
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import TimestampTzType, Type


def started(call: ScalarCall, type_: Type) -> Sql:
    """The instant of the query's start in the session's zone, as a value of a datetime type."""
    instant = sql.fragment("make_timestamp({0})", call.context.start_micros())
    zoned = sql.struct(t=instant, z=sql.text(call.context.zone))
    if isinstance(type_, TimestampTzType):
        return rounded_timestamp(zoned, TimestampTzType(6), type_.precision)[0]
    return cast_value(zoned, TimestampTzType(6), type_, call.context)


@scalar("now", "current_timestamp", "localtimestamp", "current_time", "localtime", "current_date", total=True)
def _now(call: ScalarCall) -> Sql:
    return started(call, call.result)


@scalar("current_timezone", total=True)
def _current_timezone(call: ScalarCall) -> Sql:
    return sql.text(call.context.zone)
