from lodestar_server.observability.metrics import Metrics, open_metrics


def test_open_metrics_text():
    metrics = Metrics()
    bean = metrics.bean("trino.execution:name=QueryManager", "Queries")
    bean.gauge("RunningQueries", "Running", lambda: 3)
    bean.counter("Submitted.TotalCount", "All", lambda: 7)
    assert metrics.bean("trino.execution:name=QueryManager", "") is bean
    assert open_metrics(metrics) == (
        "# TYPE trino_execution_name_QueryManager_RunningQueries gauge\n"
        "# HELP trino_execution_name_QueryManager_RunningQueries Running\n"
        "trino_execution_name_QueryManager_RunningQueries 3\n"
        "# TYPE trino_execution_name_QueryManager_Submitted_TotalCount counter\n"
        "# HELP trino_execution_name_QueryManager_Submitted_TotalCount All\n"
        "trino_execution_name_QueryManager_Submitted_TotalCount_total 7\n"
        "# EOF\n"
    )
    assert open_metrics(metrics, {"nope"}) == "# EOF\n"
