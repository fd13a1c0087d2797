"""Sorting arrays and their extreme elements."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import compare, has_own_order, least_of, may_refuse_order, order_key
from lodestar_server.execution.kernel.functions.array_sets import element_of
from lodestar_server.execution.kernel.functions.lists import filtered, has_null, joined, mapped
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import INVALID_FUNCTION_ARGUMENT
from lodestar_server.spi.types import DOUBLE, REAL, ArrayType, RowType


@scalar("array_sort")
def _array_sort(call: ScalarCall) -> Sql:
    if len(call.arguments) == 2:
        return sql.let(call.arguments[0], lambda array: _sorted_by_lambda(call, array))
    element = element_of(call)
    if may_refuse_order(element):
        least = least_of(filtered(call.arguments[0], sql.is_not_null), element)
        sorted_ = sql.fragment("list_sort({0}, 'ASC', 'NULLS LAST')", call.arguments[0])
        if not has_own_order(element):
            sorted_ = _sorted_by_key(call)
        return sql.let(sorted_, lambda made: sql.case([(sql.is_null(least), made)], made))
    if has_own_order(element):
        return sql.fragment("list_sort({0}, 'ASC', 'NULLS LAST')", call.arguments[0])
    return _sorted_by_key(call)


def _sorted_by_key(call: ScalarCall) -> Sql:
    element = element_of(call)

    def by_key(array: Sql) -> Sql:
        present = filtered(array, sql.is_not_null)
        # The place in the array comes before the value, so that equal keys stay in order.
        keyed = sql.call(
            "list_transform",
            present,
            sql.function_of(lambda one, index: sql.struct(k=order_key(one, element), i=index, v=one), 2),
        )
        ordered = mapped(sql.call("list_sort", keyed), lambda one: sql.field(one, "v"))
        return sql.case([(sql.is_not_null(array), joined(ordered, filtered(array, sql.is_null)))])

    return sql.let(call.arguments[0], by_key)


def _sorted_by_lambda(call: ScalarCall, array: Sql) -> Sql:
    """Insertion: an element goes behind those that are not greater."""
    raised = call.context.fail(INVALID_FUNCTION_ARGUMENT, "Lambda comparator must return either -1, 0, or 1", "INTEGER")

    def order(left: Sql, right: Sql) -> Sql:
        return sql.let(
            call.apply(1, left, right),
            lambda answer: sql.fragment("CASE WHEN {0} IN (-1, 0, 1) THEN {0} ELSE {1} END", answer, raised),
        )

    def insert(done: Sql, one: Sql) -> Sql:
        before = filtered(done, lambda other: sql.fragment("{0} <= 0", order(other, sql.fragment("{0}[1]", one))))
        return sql.let(
            sql.call("len", before),
            lambda n: sql.fragment("list_concat(list_concat({0}[:{1}], {2}), {0}[{1} + 1:])", done, n, one),
        )

    singles = mapped(array, lambda one: sql.fragment("[{0}]", one))
    folded = sql.call("list_reduce", singles, sql.function_of(insert, 2))
    return sql.case([(sql.fragment("len({0}) = 0", array), array), (sql.is_not_null(array), folded)])


@scalar("array_max", "array_min")
def _array_extreme(call: ScalarCall) -> Sql:
    """NULL when an element is; NaN only when nothing else is there."""
    element = element_of(call)
    function = "list_max" if call.function.name == "array_max" else "list_min"
    operator = ">" if call.function.name == "array_max" else "<"

    def extreme(array: Sql) -> Sql:
        if element in (DOUBLE, REAL):
            numbers = filtered(array, lambda one: sql.fragment("NOT isnan({0})", one))
            # The first of several zeros, whichever sign it has.
            first_zero = sql.fragment("{0}[list_position({0}, 0)]", array)
            best = sql.let(
                sql.call(function, numbers),
                lambda number: sql.fragment("CASE WHEN {0} = 0 THEN {1} ELSE {0} END", number, first_zero),
            )
            found = sql.fragment("coalesce({0}, {1}[1])", best, array)
        elif has_own_order(element) and not isinstance(element, ArrayType | RowType):
            found = sql.call(function, array)
        else:
            better = sql.function_of(
                lambda first, second: sql.case(
                    [(compare(operator, second, first, element, nan_least=operator == ">"), second)], first
                ),
                2,
            )
            found = sql.case([(sql.fragment("len({0}) > 0", array), sql.call("list_reduce", array, better))])
        return sql.case([(has_null(array), sql.typed_null(call.held))], found)

    return sql.let(call.arguments[0], extreme)
