"""Variances, moments, correlations and regressions."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.aggregates.general import as_real
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import REAL

_NAN = "CAST('nan' AS DOUBLE)"
_LARGEST_FOURTH_POWER = "1e75"
_LARGEST_CUBE = "1e101"


def _finite(call: GroupCall, function: str, *, least: int = 0, below: str | None = None) -> Sql:
    """A DuckDB aggregate of doubles, which refuses what is not finite where Trino's is NaN.

    NULL for fewer than `least` rows. `below`: DuckDB refuses greater numbers too.
    """
    values = [sql.cast(value, "DOUBLE") for value in call.arguments]
    known = sql.conjunction([sql.is_not_null(value) for value in values])
    small = "isfinite({0})" if below is None else f"(isfinite({{0}}) AND abs({{0}}) < {below})"
    all_small = sql.conjunction([sql.fragment(small, value) for value in values])
    too_large = call.apply("bool_or", sql.negation(all_small), order=(), distinct=False, where=known)
    made = call.apply(function, *values, order=(), where=sql.conjunction([known, all_small]))
    text = f"CASE WHEN {{0}} THEN {_NAN} ELSE {{1}} END"
    answer = sql.let_all((too_large, made), lambda large, m: sql.fragment(text, large, m))
    if least == 0:
        return answer
    rows = call.apply("count", values[0], order=(), where=known)
    return sql.case([(sql.fragment(f"{{0}} >= {least}", rows), answer)])


def _as_result(call: GroupCall, value: Sql) -> Sql:
    return as_real(value) if call.result == REAL else value


for _name, _function in {
    "stddev": "stddev_samp",
    "stddev_samp": "stddev_samp",
    "stddev_pop": "stddev_pop",
    "variance": "var_samp",
    "var_samp": "var_samp",
    "var_pop": "var_pop",
    "covar_pop": "covar_pop",
    "covar_samp": "covar_samp",
}.items():

    @aggregate(_name)
    def _variance(call: GroupCall, function: str = _function) -> Sql:
        return _as_result(call, _finite(call, function, least=2 if function.endswith("_samp") else 0))


for _name in ("corr", "regr_slope", "regr_intercept"):

    @aggregate(_name)
    def _regression(call: GroupCall, function: str = _name) -> Sql:
        # Without variance there is no line: DuckDB says NaN, Trino NULL, and so it does of an infinite line.
        made = _finite(call, function)
        return _as_result(call, sql.let(made, lambda v: sql.fragment("CASE WHEN isfinite({0}) THEN {0} END", v)))


@aggregate("kurtosis")
def _kurtosis(call: GroupCall) -> Sql:
    """DuckDB refuses sums of fourth powers beyond a double; there Trino's is NaN, and the answer is not asked for."""
    value = sql.cast(call.arguments[0], "DOUBLE")
    count = call.apply("count", value, order=())
    largest = call.apply("max", sql.fragment("abs({0})", value), order=(), distinct=False)
    within = sql.fragment(f"CASE WHEN isfinite({{0}}) AND abs({{0}}) < {_LARGEST_FOURTH_POWER} THEN {{0}} END", value)
    made = call.apply("kurtosis", within, order=())
    text = (
        f"CASE WHEN {{1}} > 3 THEN CASE WHEN {{2}} < {_LARGEST_FOURTH_POWER} THEN coalesce({{0}}, {_NAN}) "
        f"ELSE {_NAN} END END"
    )
    return sql.let_all((made, count, largest), lambda k, n, m: sql.fragment(text, k, n, m))


@aggregate("skewness")
def _skewness(call: GroupCall) -> Sql:
    """The population's moment, from DuckDB's estimate for samples."""
    count = call.apply("count", call.arguments[0], order=())
    return sql.let_all(
        (_finite(call, "skewness", below=_LARGEST_CUBE), count),
        lambda s, n: sql.fragment(
            "CASE WHEN {1} > 2 THEN coalesce({0} * ({1} - 2) / sqrt(CAST({1} AS DOUBLE) * ({1} - 1)), "
            f"{_NAN}) END",
            s,
            n,
        ),
    )


@aggregate("geometric_mean")
def _geometric_mean(call: GroupCall) -> Sql:
    value = sql.cast(call.arguments[0], "DOUBLE")
    return _as_result(call, sql.call("exp", call.apply("avg", sql.call("ln", value), order=())))
