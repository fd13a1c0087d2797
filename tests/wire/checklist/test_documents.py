import pytest

from lodestar_server.query.results import OutputColumn, QueryPhase
from lodestar_server.spi.types.text import parse_type
from tests.fakes.pipeline import rows_batch

FIGURES = [
    "nodes",
    "totalSplits",
    "queuedSplits",
    "runningSplits",
    "completedSplits",
    "planningTimeMillis",
    "analysisTimeMillis",
    "cpuTimeMillis",
    "wallTimeMillis",
    "queuedTimeMillis",
    "elapsedTimeMillis",
    "finishingTimeMillis",
    "physicalInputTimeMillis",
    "processedRows",
    "processedBytes",
    "physicalInputBytes",
    "physicalWrittenBytes",
    "internalNetworkInputBytes",
    "peakMemoryBytes",
    "spilledBytes",
]


def documents(served, sql, headers=None):
    return [answer.json for answer in served.run(sql, headers)]


def test_31_optional_keys_are_left_out(served):
    for sql in ("SELECT 1", "SELECT NOTHING", "CREATE TABLE t", "SELEC", "SELECT BROKEN", "SELECT 30000 ROWS OF 100"):
        for document in documents(served, sql):
            assert None not in document.values()
            assert document.get("data") != []


def test_31_keys_come_in_trinos_order(served):
    order = ["id", "infoUri", "partialCancelUri", "nextUri", "columns", "data", "stats", "error", "warnings"]
    order += ["updateType", "updateCount"]
    for sql in ("INSERT", "SELECT 30000 ROWS OF 100", "SELECT BROKEN"):
        for document in documents(served, sql):
            assert list(document) == [key for key in order if key in document]


def test_32_columns_in_every_document_once_known(served):
    found = documents(served, "SELECT 30000 ROWS OF 100")
    known = [document.get("columns") for document in found]
    first = next(index for index, columns in enumerate(known) if columns)
    assert all(columns == known[first] for columns in known[first:])
    assert all("columns" in document for document in found if "data" in document)


def test_33_no_result_is_an_empty_list_of_columns(served):
    last = documents(served, "CREATE TABLE t")[-1]
    assert (last["columns"], "data" in last) == ([], False)


def test_33_an_empty_result_has_columns_and_no_data(served):
    last = documents(served, "SELECT NOTHING")[-1]
    assert ([column["name"] for column in last["columns"]], "data" in last) == (["_col0"], False)


def test_34_update_type_and_count(served):
    for document in documents(served, "INSERT"):
        assert ("columns" in document) == ("updateType" in document)
    assert (document["updateType"], document["updateCount"], document["data"]) == ("INSERT", 3, [[3]])
    last = documents(served, "CREATE TABLE t")[-1]
    assert (last["updateType"], "updateCount" in last) == ("CREATE TABLE", False)
    assert all("updateType" not in document for document in documents(served, "SELECT 1"))


def test_35_figures_are_whole_and_do_not_shrink(served):
    before = dict.fromkeys(FIGURES, 0)
    for document in documents(served, "SELECT 30000 ROWS OF 100"):
        stats = document["stats"]
        assert all(type(stats[name]) is int for name in FIGURES)
        for name in ("completedSplits", "cpuTimeMillis", "wallTimeMillis", "processedBytes", "elapsedTimeMillis"):
            assert stats[name] >= before[name]
        before = stats


def test_35_stages_are_a_tree(served):
    uri = served.executing("SELECT SLOW")
    root = served.get(uri).json["stats"]["rootStage"]
    served.send("DELETE", uri.removeprefix(served.url))
    assert (root["stageId"], root["state"], root["done"]) == ("0", "RUNNING", False)
    assert [stage["stageId"] for stage in root["subStages"]] == ["1"]
    assert root["subStages"][0]["subStages"] == []
    assert root["subStages"][0]["totalSplits"] == 4
    assert root.keys() == root["subStages"][0].keys()


def test_35_partial_cancel_ends_the_query_with_what_there_is(served):
    uri = served.executing("SELECT SLOW")
    document = served.get(uri).json
    cancel = document["partialCancelUri"].removeprefix(served.url)
    assert served.send("DELETE", cancel.replace("/1/y", "/1/z")).status == 404
    assert served.send("DELETE", cancel).status == 204
    last = served.follow(served.get(document["nextUri"])) or [served.get(document["nextUri"])]
    assert last[-1].json["stats"]["state"] == "FINISHED"
    assert "error" not in last[-1].json


def test_36_errors(served):
    error = documents(served, "FAIL TABLE_NOT_FOUND AT 1:15 Table 'a.b.c' does not exist")[-1]["error"]
    assert error == {
        "message": "line 1:15: Table 'a.b.c' does not exist",
        "errorCode": 46,
        "errorName": "TABLE_NOT_FOUND",
        "errorType": "USER_ERROR",
        "errorLocation": {"lineNumber": 1, "columnNumber": 15},
        "failureInfo": {
            "type": "io.trino.spi.TrinoException",
            "message": "line 1:15: Table 'a.b.c' does not exist",
            "suppressed": [],
            "stack": [],
            "errorInfo": {"code": 46, "name": "TABLE_NOT_FOUND", "type": "USER_ERROR"},
            "errorLocation": {"lineNumber": 1, "columnNumber": 15},
        },
    }
    without = documents(served, "FAIL DIVISION_BY_ZERO Division by zero")[-1]["error"]
    assert "errorLocation" not in without


def test_36_faults_of_ours_say_nothing(served):
    last = documents(served, "CRASH")[-1]
    assert last["error"]["errorName"] == "GENERIC_INTERNAL_ERROR"
    assert last["id"] in last["error"]["message"]
    assert "secret" not in str(last)


def test_37_refused_statements_fail_at_the_first_poll_accepted_ones_later(served):
    refused = documents(served, "SELEC")
    assert (len(refused), refused[-1]["error"]["errorName"]) == (2, "SYNTAX_ERROR")
    accepted = documents(served, "FAIL TABLE_NOT_FOUND AT 1:15 nope")
    assert (len(accepted), accepted[1]["stats"]["state"]) == (3, "QUEUED")


def test_38_warnings(served):
    warning = {
        "warningCode": {"code": 2, "name": "REDUNDANT_ORDER_BY"},
        "message": "ORDER BY in subquery may have no effect",
    }
    assert documents(served, "SELECT WARN")[-1]["warnings"] == [warning]


def columns_of(served, text, capabilities=""):
    """The column of a result of some type, as a client with these capabilities sees it."""
    type_ = parse_type(text)

    def action(context, results):
        results.describe("SELECT", None)
        results.begin([OutputColumn("c", type_)], spoolable=True)
        results.enter(QueryPhase.RUNNING)
        results.append(rows_batch([[None]]))
        results.finish()

    served.pipeline.extra[f"TYPE {text}"] = action
    headers = {"X-Trino-Client-Capabilities": capabilities} if capabilities else {}
    return documents(served, f"TYPE {text}", headers)[-1]["columns"][0]


@pytest.mark.parametrize(
    ("text", "shown", "raw", "arguments"),
    [
        ("varchar", "varchar", "varchar", [2147483647]),
        ("varchar(5)", "varchar(5)", "varchar", [5]),
        ("char(3)", "char(3)", "char", [3]),
        ("decimal(10,2)", "decimal(10, 2)", "decimal", [10, 2]),
        ("timestamp(6)", "timestamp(6)", "timestamp", [6]),
        ("timestamp(3) with time zone", "timestamp(3) with time zone", "timestamp with time zone", [3]),
        ("time(0)", "time(0)", "time", [0]),
        ("interval day to second", "INTERVAL DAY TO SECOND", "interval day to second", []),
        ("bigint", "bigint", "bigint", []),
        ("hyperloglog", "HyperLogLog", "HyperLogLog", []),
    ],
)
def test_39_41_43_type_texts_and_signatures(served, text, shown, raw, arguments):
    column = columns_of(served, text, "PARAMETRIC_DATETIME")
    assert column["type"] == shown
    signature = {"rawType": raw, "arguments": [{"kind": "LONG", "value": value} for value in arguments]}
    assert column["typeSignature"] == signature


def test_40_42_nested_types(served):
    column = columns_of(served, 'row(x bigint, "_a" array(decimal(3,1)), map(varchar, date))', "PARAMETRIC_DATETIME")
    assert column["type"] == 'row(x bigint, "_a" array(decimal(3, 1)), map(varchar, date))'
    first, second, third = column["typeSignature"]["arguments"]
    assert first == {
        "kind": "NAMED_TYPE",
        "value": {"fieldName": {"name": "x"}, "typeSignature": {"rawType": "bigint", "arguments": []}},
    }
    assert second["value"]["typeSignature"]["arguments"][0]["kind"] == "TYPE"
    assert "fieldName" not in third["value"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("timestamp(6)", "timestamp"),
        ("time(12) with time zone", "time with time zone"),
        ("array(timestamp(9) with time zone)", "array(timestamp with time zone)"),
        ("row(a time(3))", "row(a time)"),
        ("decimal(3,1)", "decimal(3, 1)"),
    ],
)
@pytest.mark.parametrize("capabilities", ["", "PATH", "parametric_datetime"])
def test_44_legacy_datetime_types(served, text, shown, capabilities):
    column = columns_of(served, text, capabilities)
    assert column["type"] == shown
    assert column["typeSignature"]["arguments"] == [] or column["typeSignature"]["rawType"] in (
        "array",
        "row",
        "decimal",
    )
