"""Ranking and value functions over a window."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import GroupCall, window
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT

for _name in ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist"):

    @window(_name)
    def _ranking(call: GroupCall, name: str = _name) -> Sql:
        return call.apply(name)


@window("ntile")
def _ntile(call: GroupCall) -> Sql:
    return call.apply("ntile", _at_least(call, 0, 1, "Buckets must be greater than 0"))


@window("first_value", "last_value")
def _end_of_frame(call: GroupCall) -> Sql:
    return call.apply(call.function.name, call.arguments[0])


@window("nth_value")
def _nth_value(call: GroupCall) -> Sql:
    value, position = call.arguments[0], _at_least(call, 1, 1, "Offset must be at least 1")
    return call.apply("nth_value", value, position)


@window("lag", "lead")
def _neighbour(call: GroupCall) -> Sql:
    arguments = list(call.arguments)
    if len(arguments) > 1:
        arguments[1] = _at_least(call, 1, 0, "Offset must be at least 0", "Offset must not be null")
    return call.apply(call.function.name, *arguments)


def _at_least(call: GroupCall, index: int, least: int, message: str, null_message: str | None = None) -> Sql:
    """A number argument that must not be smaller."""
    value = call.arguments[index]
    constant = call.constant(index)
    if isinstance(constant, int) and constant >= least:
        return value

    def checked(n: Sql) -> Sql:
        raised = call.context.fail(INVALID_FUNCTION_ARGUMENT, message, "BIGINT")
        branches = [(sql.fragment(f"{{0}} < {least}", n), raised)]
        if null_message is not None:
            branches.append((sql.is_null(n), call.context.fail(INVALID_FUNCTION_ARGUMENT, null_message, "BIGINT")))
        return sql.case(branches, n)

    return sql.let(value, checked)
