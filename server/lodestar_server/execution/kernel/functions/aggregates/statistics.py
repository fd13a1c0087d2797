"""Variances, moments, correlations and regressions."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import GroupCall, aggregate
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.types import REAL

_NAN = "CAST('nan' AS DOUBLE)"
_LARGEST_FOURTH_POWER = "1e75"


def _finite(call: GroupCall, function: str) -> Sql:
    """A DuckDB aggregate of doubles, which refuses what is not finite where Trino's is NaN."""
    values = [sql.cast(value, "DOUBLE") for value in call.arguments]
    infinite = sql.disjunction([sql.fragment("NOT isfinite({0})", value) for value in values])
    any_infinite = call.apply("bool_or", infinite, order=(), distinct=False)
    finite = [sql.fragment("CASE WHEN isfinite({0}) THEN {0} END", value) for value in values]
    made = call.apply(function, *finite, order=())
    return sql.case([(any_infinite, sql.fragment(_NAN))], made)


def _as_result(call: GroupCall, value: Sql) -> Sql:
    return sql.cast(value, call.held) if call.result == REAL else value


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
        return _as_result(call, _finite(call, function))


for _name in ("corr", "regr_slope", "regr_intercept"):

    @aggregate(_name)
    def _regression(call: GroupCall, function: str = _name) -> Sql:
        # Without variance there is no line: DuckDB says NaN, Trino NULL.
        made = _finite(call, function)
        return _as_result(call, sql.let(made, lambda v: sql.fragment("CASE WHEN NOT isnan({0}) THEN {0} END", v)))


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
        (_finite(call, "skewness"), count),
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
