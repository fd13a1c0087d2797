"""greatest, least and the tests of doubles."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.keys import compare, has_own_order
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar, scalar_template
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import DOUBLE, REAL, ArrayType, RowType

scalar_template("is_nan", "isnan({0})")
scalar_template("is_finite", "isfinite({0})")
scalar_template("is_infinite", "isinf({0})")


@scalar("greatest", "least")
def _extreme(call: ScalarCall) -> Sql:
    """NULL when an argument is; NaN only when nothing else is there, inside of arrays and rows, too."""
    type_ = call.result
    operator = ">" if call.function.name == "greatest" else "<"
    if type_ in (DOUBLE, REAL):
        return sql.let_all(call.arguments, lambda *values: _floating(call, values))
    if has_own_order(type_) and not isinstance(type_, ArrayType | RowType):
        return sql.let_all(call.arguments, lambda *values: _scalar(call, values))

    def folded(values: tuple[Sql, ...]) -> Sql:
        if len(values) == 1:
            return values[0]

        def better(first: Sql) -> Sql:
            second = values[-1]
            found = compare(operator, second, first, type_, nan_least=operator == ">")
            return sql.case([(found, second)], first)

        return sql.let(folded(values[:-1]), better)

    return sql.let_all(call.arguments, lambda *values: _unless_null(call, values, lambda: folded(values)))


def _unless_null(call: ScalarCall, values, chosen) -> Sql:  # type: ignore[no-untyped-def]
    nulls = sql.disjunction([sql.is_null(value) for value in values])
    return sql.case([(nulls, sql.typed_null(call.held))], chosen())


def _scalar(call: ScalarCall, values: tuple[Sql, ...]) -> Sql:
    # DuckDB takes one column given twice for an argument named twice, where it copies a plan.
    different = tuple({sql.render(value): value for value in values}.values())
    if len(different) == 1:
        return different[0]
    return _unless_null(call, different, lambda: sql.call(call.function.name, *different))


def _floating(call: ScalarCall, values: tuple[Sql, ...]) -> Sql:
    # DuckDB's greatest and least skip NULL: with NaN made NULL they give the extreme of the numbers.
    numbers = [sql.fragment("CASE WHEN NOT isnan({0}) THEN {0} END", value) for value in values]
    chosen = sql.call("coalesce", sql.call(call.function.name, *numbers), values[0])
    return _unless_null(call, values, lambda: chosen)
