"""min, max, min_by and max_by, with and without a number of values. NaN counts only when nothing else is there."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import least_of, may_refuse_order, order_key
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import DOUBLE, REAL, Type

_FLOATING = (DOUBLE, REAL)
_MAX_COUNT = 10_000


@aggregate("min", "max")
def _extreme(call: GroupCall) -> Sql:
    return _compared(call, call.arguments[0], call.types[0], _plain_extreme(call))


def _compared(call: GroupCall, key: Sql, type_: Type, made: Sql) -> Sql:
    """What was made, or an error where keys of arrays or rows have no order."""
    if not may_refuse_order(type_):
        return made
    values = call.apply("list", key, order=(), distinct=False, where=sql.is_not_null(key))
    return sql.let_all((values, made), lambda v, m: sql.case([(sql.is_not_null(least_of(v, type_)), m)]))


def _plain_extreme(call: GroupCall) -> Sql:
    name, type_ = call.function.name, call.types[0]
    value = call.arguments[0]
    if len(call.arguments) == 2:
        return _several(call, value, value, type_, call.arguments[1], f"second argument of {name}_n must be positive")
    if name == "max" and type_ in _FLOATING:
        # NaN is DuckDB's greatest value, so the least of the negated values skips it.
        return sql.fragment("(-{0})", call.apply("min", sql.fragment("(-{0})", value), order=()))
    key = order_key(value, type_, nan_least=name == "max")
    if key is not value:
        return call.apply(f"arg_{name}", value, key, order=(), distinct=False)
    return call.apply(name, value, order=())


@aggregate("min_by", "max_by")
def _by(call: GroupCall) -> Sql:
    return _compared(call, call.arguments[1], call.types[1], _plain_by(call))


def _plain_by(call: GroupCall) -> Sql:
    name = call.function.name
    value, key = call.arguments[:2]
    key_type = call.types[1]
    if len(call.arguments) == 3:
        message = f"third argument of {name} must be a positive integer"
        return _several(call, value, key, key_type, call.arguments[2], message)
    extreme = "min" if name == "min_by" else "max"
    if key_type in _FLOATING and extreme == "max":
        extreme, key = "min", sql.fragment("(-{0})", key)
    nan_least = name == "max_by" and key_type not in _FLOATING
    return call.apply(
        f"arg_{extreme}_null", value, order_key(key, key_type, nan_least=nan_least), order=(), distinct=False
    )


def _several(call: GroupCall, value: Sql, key: Sql, key_type: Type, count: Sql, message: str) -> Sql:
    """The values of the first `count` rows by key; rows without key or without count are left out."""
    descending = call.function.name.startswith("max")
    term = order_key(key, key_type, nan_least=descending and key_type not in _FLOATING)
    if key_type in _FLOATING and descending:
        term, descending = sql.fragment("(-{0})", key), False
    order = [sql.fragment(f"{{0}} {'DESC' if descending else 'ASC'}", term)]
    counted = sql.conjunction([sql.is_not_null(key), sql.is_not_null(count)])
    values = call.apply("list", value, order=order, distinct=False, where=counted)
    number = call.apply("any_value", count, order=(), distinct=False, where=counted)

    def limited(items: Sql, n: Sql) -> Sql:
        noun = message.split(" must")[0]
        found = sql.chain(
            "||",
            [sql.text(f"{noun} must be less than or equal to {_MAX_COUNT}; found "), sql.cast(n, "VARCHAR")],
        )
        return sql.case(
            [
                (sql.fragment("{0} <= 0", n), call.fail(message)),
                (sql.fragment(f"{{0}} > {_MAX_COUNT}", n), call.fail(found)),
            ],
            sql.fragment("{0}[:{1}]", items, n),
        )

    return sql.let_all((values, number), limited)
