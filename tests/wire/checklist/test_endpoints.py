import re

import pytest

UNKNOWN = "20200101_000000_00000_aaaaa"
JSON = {"Content-Type": "application/json"}


def test_73_info(served):
    document = served.send("GET", "/v1/info").json
    assert re.fullmatch(r"\d+\.\d\d(ns|us|ms|s|m|h|d)", document.pop("uptime"))
    assert document == {
        "nodeVersion": {"version": "476"},
        "environment": "test",
        "coordinator": True,
        "starting": False,
    }
    assert served.send("GET", "/v1/info/").status == 200
    assert served.send("GET", "/v1/info/coordinator").body == b""
    assert served.send("GET", "/v1/info/state").body == b'"ACTIVE"'


@pytest.mark.parametrize("target", ["/v1/info", "/v1/info/state", "/v1/status", "/v1/info/coordinator"])
def test_73_head(served, target):
    answer = served.send("HEAD", target)
    assert (answer.status, answer.body) == (200, b"")


def test_73_status(served):
    document = served.send("GET", "/v1/status").json
    assert document["nodeId"] == "node-1"
    pool = document["memoryInfo"]["pool"]
    assert pool["maxBytes"] == pool["freeBytes"] + pool["reservedBytes"] > 0
    assert 0 <= document["processCpuLoad"] <= 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (JSON, '"SHUTTING_DOWN"', 401),
        ({**JSON, "X-Trino-User": "alice"}, '"ACTIVE"', 403),
        ({"Content-Type": "text/plain", "X-Trino-User": "alice"}, "ACTIVE", 415),
    ],
)
def test_73_who_may_change_the_state(served, headers, body, status):
    assert served.send("PUT", "/v1/info/state", headers, body).status == status


@pytest.mark.parametrize(
    ("body", "status"),
    [('"ACTIVE"', 200), ('"NOPE"', 400), ("", 400), ('"INACTIVE"', 400), ('"SHUTTING_DOWN"', 400), ('"DRAINING"', 400)],
)
def test_73_changing_the_state_of_a_coordinator(start_server, managed, body, status):
    headers = {**JSON, "X-Trino-User": "admin"}
    assert managed.send("PUT", "/v1/info/state", headers, body).status == status


@pytest.fixture(scope="module")
def managed(start_server):
    found = start_server(management_user="admin")
    yield found
    found.stop()


def test_74_list_and_describe(served):
    first = served.run("SELECT 1", {"X-Trino-Source": "here"})[0].json
    listed = served.send("GET", "/v1/query", served.user).json
    entry = next(one for one in listed if one["queryId"] == first["id"])
    assert (entry["state"], entry["query"], entry["session"]["source"]) == ("FINISHED", "SELECT 1", "here")
    document = served.send("GET", f"/v1/query/{first['id']}?pruned=true", served.user).json
    assert (document["queryId"], document["fieldNames"], document["finalQueryInfo"]) == (first["id"], ["_col0"], True)
    assert document["outputStage"]["subStages"] == []


def test_74_states_filter(served):
    served.run("SELECT BROKEN")
    for wanted in ("FAILED", "failed"):
        found = served.send("GET", f"/v1/query?state={wanted}", served.user).json
        assert {entry["state"] for entry in found} == {"FAILED"}
    assert served.send("GET", "/v1/query?state=NOPE", served.user).status == 400


def test_74_failures_are_described(served):
    query_id = served.run("FAIL TABLE_NOT_FOUND AT 1:15 nope")[0].json["id"]
    document = served.send("GET", f"/v1/query/{query_id}", served.user).json
    assert document["errorCode"] == {"code": 46, "name": "TABLE_NOT_FOUND", "type": "USER_ERROR", "fatal": False}
    assert document["failureInfo"]["message"] == "line 1:15: nope"


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", f"/v1/query/{UNKNOWN}", 410),
        ("GET", "/v1/query/XX-YY", 404),
        ("DELETE", f"/v1/query/{UNKNOWN}", 204),
        ("PUT", f"/v1/query/{UNKNOWN}/killed", 410),
        ("PUT", f"/v1/query/{UNKNOWN}/preempted", 410),
        ("GET", "/v1/node", 200),
        ("GET", "/v1/node/failed", 200),
        ("GET", "/v1/thread", 200),
        ("GET", "/v1/resourceGroupState/global", 200),
        ("GET", "/v1/resourceGroupState/nope", 404),
        ("GET", "/v1/resourceGroupState/global/x", 404),
        ("GET", "/v1/resourceGroupState/", 404),
        ("GET", "/v1/resourceGroupState/global%2Fx", 400),
        ("GET", "/v1/cluster", 404),
        ("GET", "/v1/jmx", 200),
        ("GET", "/v1/jmx/mbean", 200),
        ("GET", "/v1/jmx/mbean/java.lang:type=Runtime", 200),
        ("GET", "/v1/service/presto/general", 200),
        ("GET", "/v1/queryState", 200),
        ("GET", "/v1/task", 403),
        ("POST", "/v1/query", 405),
    ],
)
def test_74_statuses(served, method, target, status):
    assert served.send(method, target, served.user).status == status


@pytest.mark.parametrize(
    ("how", "body", "name", "message"),
    [
        ("killed", "because", "ADMINISTRATIVELY_KILLED", "Query killed. Message: because"),
        ("killed", "", "ADMINISTRATIVELY_KILLED", "Query killed. No message provided."),
        ("preempted", "for others", "ADMINISTRATIVELY_PREEMPTED", "Query preempted. Message: for others"),
    ],
)
def test_74_kill(served, how, body, name, message):
    uri = served.executing("SELECT SLOW")
    query_id = uri.split("/")[-3]
    assert served.send("PUT", f"/v1/query/{query_id}/{how}", served.user, body).status == 202
    error = served.get(uri).json["error"]
    assert (error["errorName"], error["message"]) == (name, message)
    assert served.send("PUT", f"/v1/query/{query_id}/{how}", served.user, body).status == 409


def test_74_delete_cancels(served):
    uri = served.executing("SELECT SLOW")
    assert served.send("DELETE", f"/v1/query/{uri.split('/')[-3]}", served.user).status == 204
    assert served.get(uri).json["error"]["errorName"] == "USER_CANCELED"


def test_74_metrics(served):
    answer = served.send("GET", "/metrics", served.user)
    assert answer.header("Content-Type") == "application/openmetrics-text;charset=utf-8;version=1.0.0"
    assert "# TYPE trino_execution_name_QueryManager_RunningQueries gauge\n" in answer.text
    assert answer.text.endswith("# EOF\n")
    assert served.send("GET", "/metrics?name[]=JavaGC", served.user).text == "# EOF\n"
    assert served.send("GET", "/metrics", {**served.user, "Accept": "text/plain"}).status == 406


def test_78_no_identity(served):
    for method, target in (
        ("POST", "/v1/statement"),
        ("GET", "/v1/query"),
        ("GET", "/metrics"),
        ("OPTIONS", "/v1/info"),
    ):
        answer = served.send(method, target)
        assert (answer.status, answer.header("WWW-Authenticate")) == (401, 'Basic realm="Trino"')
        assert answer.text == "Basic authentication or X-Trino-Original-User or X-Trino-User must be sent"
        assert answer.header("Content-Type") == "text/plain;charset=utf-8"


@pytest.mark.parametrize(
    ("authorization", "status", "text"),
    [
        ("Basic Ym9iOg==", 200, None),
        ("Basic Ym9i", 200, None),
        ("Basic Ym9iOnNlY3JldA==", 401, "Password not allowed for insecure authentication"),
        ("Basic Og==", 401, "Malformed credentials: user is empty"),
        ("Basic !!!", 401, "Invalid base64 encoded credentials"),
        ("Bearer abc", 401, "Basic authentication or X-Trino-Original-User or X-Trino-User must be sent"),
    ],
)
def test_78_basic_without_password(served, authorization, status, text):
    answer = served.send("POST", "/v1/statement", {"Authorization": authorization}, "SELECT 1")
    assert answer.status == status
    if text is not None:
        assert answer.text == text
        assert "secret" not in answer.text


def test_78_the_user_is_who_basic_says(served):
    posted = served.send("POST", "/v1/statement", {"Authorization": "Basic Ym9iOg=="}, "SELECT 1")
    assert served.query(posted.json["id"]).session.user == "bob"
    other = {"Authorization": "Basic Ym9iOg==", "X-Trino-User": "alice"}
    last = served.follow(served.send("POST", "/v1/statement", other, "SELECT 1"))[-1].json
    assert last["error"]["message"] == "Access Denied: User bob cannot impersonate user alice"
