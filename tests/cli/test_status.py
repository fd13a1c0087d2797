from lodestar.cli.status import QueryStatus, StatusStyle, final_lines, running_line, running_lines

STATS = {
    "state": "RUNNING",
    "scheduled": True,
    "nodes": 1,
    "totalSplits": 1200,
    "queuedSplits": 1000,
    "runningSplits": 80,
    "completedSplits": 120,
    "cpuTimeMillis": 1500,
    "wallTimeMillis": 3000,
    "elapsedTimeMillis": 3020,
    "processedRows": 6001215,
    "processedBytes": 2048,
    "peakMemoryBytes": 1024,
    "spilledBytes": 0,
    "progressPercentage": 10.0,
    "runningPercentage": 6.6,
    "rootStage": {
        "stageId": "0",
        "state": "RUNNING",
        "done": False,
        "queuedSplits": 0,
        "runningSplits": 1,
        "completedSplits": 2,
        "processedRows": 0,
        "processedBytes": 0,
        "subStages": [{"stageId": "1", "state": "FINISHED", "done": True, "completedSplits": 5, "processedRows": 1500}],
    },
}
STATUS = QueryStatus("q1", "http://host/ui/query.html?q1", STATS)


def test_final_lines():
    finished = QueryStatus("q1", None, {**STATS, "state": "FINISHED", "progressPercentage": 100.0})
    assert final_lines(finished, StatusStyle()) == [
        "",
        "Query q1, FINISHED, 1 node",
        "Splits: 1,200 total, 120 done (100.00%)",
        "3.02 [6M rows, 2KiB] [1.99M rows/s, 678B/s]",
        "",
    ]


def test_final_lines_with_everything():
    assert final_lines(STATUS, StatusStyle(debug=True, decimal=True)) == [
        "",
        "Query q1, RUNNING, 1 node",
        "http://host/ui/query.html?q1",
        "Splits: 1,200 total, 120 done (10.00%)",
        "CPU Time: 1.5s total,    4M rows/s, 1.36KB/s, 50% active",
        "Per Node: 0.5 parallelism, 1.99M rows/s,   678B/s",
        "Parallelism: 0.5",
        "Peak Memory: 1.02KB",
        "3.02 [6M rows, 2.05KB] [1.99M rows/s, 678B/s]",
        "",
    ]


def test_a_query_without_splits_says_nothing():
    assert final_lines(QueryStatus("q1", None, {**STATS, "totalSplits": 0}), StatusStyle()) == []


def test_running_lines():
    assert running_lines(STATUS, StatusStyle(), 3.0, 80) == [
        "",
        "Query q1, RUNNING, 1 node, 1,200 splits",
        "0:03 [   6M rows,   2KiB] [   2M rows/s,   683B/s] [===>>                 ] 10%",
        "",
        "     STAGES   ROWS  ROWS/s  BYTES  BYTES/s  QUEUED    RUN   DONE",
        "0.........R      0       0     0B       0B       0      1      2",
        "  1.......F   1.5K       0     0B       0B       0      0      5",
    ]


def test_running_lines_before_anything_is_known():
    waiting = QueryStatus("q1", None, {"state": "QUEUED"})
    assert running_lines(waiting, StatusStyle(), 1.0, 80) == ["", "Query q1, QUEUED, 0 nodes, 0 splits"]


def test_running_lines_of_a_narrow_terminal():
    assert running_lines(STATUS, StatusStyle(), 61.0, 60)[-1] == "1:01 10%"


def test_running_line_without_a_terminal():
    assert running_line(STATUS, StatusStyle(), 2.0) == (
        "Query q1 [RUNNING] i[6M 2Ki 1Ki] o[6M 2Ki 1Ki] splits[1,000/80/120]"
    )
