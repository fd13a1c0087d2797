"""sequence: numbers, dates and timestamps in equal steps.

A step of months is counted from the start each time, so that the last day of a month is kept where a month has it.
"""

from __future__ import annotations

from collections.abc import Callable

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.encoding.types import has_picoseconds
from lodestar_server.execution.kernel.functions.intervals import add_micros, add_months
from lodestar_server.execution.kernel.functions.lists import filtered, mapped
from lodestar_server.execution.kernel.functions.registry import ScalarCall, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import BIGINT, DATE, INTERVAL_YEAR_MONTH

_MAX_ENTRIES = 10_000
_MILLIS_PER_DAY = 86_400_000


@scalar("sequence")
def _sequence(call: ScalarCall) -> Sql:
    return call.strict(lambda start, stop, *step: _steps(call, start, stop, step[0] if step else None))


def _steps(call: ScalarCall, start: Sql, stop: Sql, step: Sql | None) -> Sql:
    type_ = call.types[0]
    if step is None:
        down = sql.fragment("CASE WHEN {0} <= {1} THEN 1 ELSE -1 END", start, stop)
        if type_ == BIGINT:
            # Upwards by one is what DuckDB has itself.
            plain = sql.fragment("{1} >= {0} AND CAST({1} AS HUGEINT) - {0} < 10000", start, stop)
            counted = sql.let(down, lambda s: _counted(call, start, stop, s, _distance(call, start, stop), s))
            return sql.case([(plain, sql.fragment("generate_series({0}, {1})", start, stop))], counted)
        return sql.let(down, lambda s: _counted(call, start, stop, s, _distance(call, start, stop), s))
    if call.types[2] == INTERVAL_YEAR_MONTH:
        return _by_months(call, start, stop, step)
    if type_ == DATE:
        raised = call.fail("sequence step must be a day interval if start and end values are dates")
        days = sql.fragment(f"({{0}} // {_MILLIS_PER_DAY})", step)
        return sql.case(
            [(sql.fragment(f"{{0}} % {_MILLIS_PER_DAY} <> 0", step), raised)],
            _counted(call, start, stop, step, _distance(call, start, stop), days),
        )
    size = step if type_ == BIGINT else sql.fragment("({0} * 1000)", step)
    return _counted(call, start, stop, step, _distance(call, start, stop), size)


def _distance(call: ScalarCall, start: Sql, stop: Sql) -> Sql:
    """From start to stop in the unit of the steps: numbers, days or microseconds."""
    type_ = call.types[0]
    if type_ == BIGINT:
        return sql.fragment("(CAST({1} AS HUGEINT) - {0})", start, stop)
    if type_ == DATE:
        return sql.fragment("({1} - {0})", start, stop)
    wide = has_picoseconds(type_)
    ends = [sql.field(one, "t") if wide else one for one in (start, stop)]
    micros = sql.fragment("(epoch_us({1}) - epoch_us({0}))", *ends)
    if not wide:
        return micros
    # The picoseconds decide whether the last whole step is still inside.
    return sql.fragment("({0} - CAST({1} < {2} AS BIGINT))", micros, sql.field(stop, "p"), sql.field(start, "p"))


def _counted(call: ScalarCall, start: Sql, stop: Sql, step: Sql, distance: Sql, size: Sql) -> Sql:
    steps = sql.fragment("CAST(least({0} // {1}, 10000) AS BIGINT)", distance, size)
    return _checked(
        call,
        start,
        stop,
        step,
        sql.let_all((steps, size), lambda n, s: _limited(call, n, lambda index: _moved(call, start, index, s))),
    )


def _moved(call: ScalarCall, start: Sql, index: Sql, size: Sql) -> Sql:
    type_ = call.types[0]
    if type_ == BIGINT:
        return sql.fragment("CAST({0} + CAST({1} AS HUGEINT) * {2} AS BIGINT)", start, index, size)
    if type_ == DATE:
        return sql.fragment("({0} + CAST({1} * {2} AS INTEGER))", start, index, size)
    return add_micros(start, type_, sql.fragment("({0} * {1})", index, size))


def _limited(call: ScalarCall, count: Sql, value: Callable[[Sql], Sql]) -> Sql:
    raised = call.fail(f"result of sequence function must not have more than {_MAX_ENTRIES} entries")
    return sql.case(
        [(sql.fragment(f"{{0}} >= {_MAX_ENTRIES}", count), raised)],
        mapped(sql.fragment("range(0, {0} + 1)", count), value),
    )


def _checked(call: ScalarCall, start: Sql, stop: Sql, step: Sql, made: Sql) -> Sql:
    away = call.fail(
        "sequence stop value should be greater than or equal to start value if step is greater than zero otherwise "
        "stop should be less than or equal to start"
    )
    return sql.case(
        [
            (sql.fragment("{0} = 0", step), call.fail("step must not be zero")),
            (sql.fragment("CASE WHEN {2} > 0 THEN {1} < {0} ELSE {1} > {0} END", start, stop, step), away),
        ],
        made,
    )


def _by_months(call: ScalarCall, start: Sql, stop: Sql, step: Sql) -> Sql:
    type_ = call.types[0]
    wide = has_picoseconds(type_)
    ends = [sql.field(one, "t") if wide else one for one in (start, stop)]
    months = sql.fragment("(datediff('month', {0}, {1}) // {2})", *ends, step)

    def value(index: Sql) -> Sql:
        moved = sql.fragment("CAST({0} * {1} AS INTEGER)", index, step)
        if type_ == DATE:
            return sql.fragment("CAST({0} + to_months({1}) AS DATE)", start, moved)
        return add_months(start, type_, moved)

    # The month of the stop may be reached on a later day than the stop's.
    inside = filtered(
        sql.let(months, lambda n: _limited(call, n, value)),
        lambda one: sql.fragment("CASE WHEN {1} > 0 THEN {0} <= {2} ELSE {0} >= {2} END", one, step, stop),
    )
    return _checked(call, start, stop, step, inside)
