"""Machine learning: features and what is said of predictions. Models are not learned here."""

from __future__ import annotations

from lodestar_server.execution.kernel import sql
from lodestar_server.execution.kernel.functions.registry import GroupCall, ScalarCall, aggregate, scalar
from lodestar_server.execution.kernel.sql import Sql
from lodestar_server.spi.errors import NOT_SUPPORTED

_NO_MODELS = "Learning models is not supported"


@scalar("features", total=True)
def _features(call: ScalarCall) -> Sql:
    def numbered(*values: Sql) -> Sql:
        keys = sql.fragment(f"[{', '.join(f'CAST({i} AS BIGINT)' for i in range(len(values)))}]")
        return sql.call("map", keys, sql.fragment("[{*}]", *values))

    return call.strict(numbered)


@scalar("classify", "regress")
def _predict(call: ScalarCall) -> Sql:
    return call.strict(lambda *_: call.fail(_NO_MODELS, NOT_SUPPORTED))


@aggregate("learn_classifier", "learn_libsvm_classifier", "learn_regressor", "learn_libsvm_regressor")
def _learn(call: GroupCall) -> Sql:
    rows = call.apply("count", order=(), distinct=False)
    return sql.case([(sql.fragment("{0} >= 0", rows), call.fail(_NO_MODELS, NOT_SUPPORTED))])


@aggregate("evaluate_classifier_predictions")
def _evaluate(call: GroupCall) -> Sql:
    truth, predicted = (sql.cast(one, "VARCHAR") for one in call.arguments)
    known = sql.fragment("{0} IS NOT NULL AND {1} IS NOT NULL", truth, predicted)
    pairs = call.apply("list", sql.struct(t=truth, p=predicted), order=(), where=known)
    return sql.call("trino_evaluate_predictions", sql.call("coalesce", pairs, sql.fragment("[]")))
