import re
from datetime import UTC, datetime

import pytest


def failure(answers):
    return answers[-1].json["error"]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("SELECT '\xfc'".encode(), "SELECT '\xfc'"),
        (b"SELECT '\xff'", "SELECT '�'"),
        ("﻿SELECT 1".encode(), "﻿SELECT 1"),
        (b"query=SELECT+1", "query=SELECT+1"),
        (b" \n", " \n"),
        (b"\x00", "\x00"),
    ],
)
def test_09_the_body_is_the_text(served, body, text):
    query_id = served.post(body, {"Content-Type": "application/x-www-form-urlencoded"}).json["id"]
    assert served.query(query_id).text == text


def test_09_the_charset_is_honoured(served):
    query_id = served.post("SELECT 'ü'".encode(), {"Content-Type": "text/plain; charset=ISO-8859-1"}).json["id"]
    assert served.query(query_id).text == "SELECT 'Ã¼'"


def test_09_an_empty_body_is_refused(served):
    assert served.post("").text == "Error 400 Bad Request: SQL statement is empty"
    assert failure(served.run(" "))["errorName"] == "SYNTAX_ERROR"


def test_10_the_answer_comes_at_once(served):
    document = served.post("CREATE TABLE t").json
    assert list(document) == ["id", "infoUri", "nextUri", "stats", "warnings"]
    assert document["stats"]["state"] == "QUEUED"
    assert document["stats"]["queued"] is True
    assert document["warnings"] == []
    # A statement that changes something has not been looked at before its client comes back.
    query = served.query(document["id"])
    assert not query.started


def test_11_next_uri_whatever_is_known(served):
    for sql in ("SELEC", "FAIL TABLE_NOT_FOUND x", "CRASH"):
        assert "/v1/statement/queued/" in served.post(sql).json["nextUri"]


def test_12_no_result_in_the_answer_to_post(served):
    for sql in ("SELECT 1", "SELEC", "VALUES 1"):
        assert not {"columns", "data", "error", "updateType"} & served.post(sql).json.keys()


def test_13_query_ids(served):
    ids = [served.post("SELECT 1").json["id"] for _ in range(3)]
    for query_id in ids:
        assert re.fullmatch(r"\d{8}_\d{6}_\d{5}_[a-km-np-z2-9]{5}", query_id)
        made = datetime.strptime(query_id[:15], "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
        assert abs((datetime.now(UTC) - made).total_seconds()) < 60
    assert len(set(ids)) == 3
    assert len({query_id[-5:] for query_id in ids}) == 1


@pytest.mark.parametrize("length", [1_000_001, 3_000_000])
def test_14_a_text_that_is_too_long_fails_as_a_query(served, length):
    error = failure(served.run("SELECT '" + "x" * (length - 9) + "'"))
    assert error["errorName"] == "QUERY_TEXT_TOO_LARGE"
    assert error["message"] == f"Query text length ({length}) exceeds the maximum length (1000000)"


def test_14_the_longest_text_is_fine(served):
    assert failure(served.run("SELECT '" + "x" * 999_991 + "'"))["errorName"] == "SYNTAX_ERROR"


def test_15_head_checks_credentials(served):
    assert served.send("HEAD", "/v1/statement", served.user).status == 200
    refused = served.send("HEAD", "/v1/statement")
    assert (refused.status, refused.header("WWW-Authenticate")) == (401, 'Basic realm="Trino"')


AT_ONCE = {"X-Trino-User": "alice", "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME,RESULT_AT_ONCE"}


def first_warm_answer(served, headers):
    """The document of a POST; the first statements of a cold server need longer than a POST waits."""
    for _ in range(20):
        document = served.post("SELECT 1", headers).json
        if "data" in document:
            break
        served.send("DELETE", document["nextUri"].removeprefix(served.url))
    return document


def test_12_a_client_that_asks_for_it_gets_the_result_with_its_post(served):
    document = first_warm_answer(served, AT_ONCE)
    assert (document["data"], document["stats"]["state"], "nextUri" in document) == ([[1]], "FINISHED", False)


@pytest.mark.parametrize(
    ("user_agent", "at_once"),
    [
        ("Trino Python Client/0.340.0", True),
        ("Trino Python Client/0.320.0 extra/1", True),
        ("Trino Python Client/1.0", True),
        ("Trino Python Client/0.319.0", False),
        ("Trino Python Client", False),
        ("My Trino Python Client/0.340.0", False),
        ("node-fetch/9.9", False),
    ],
)
def test_12_known_clients_that_read_the_first_answer_need_not_ask(served, user_agent, at_once):
    document = first_warm_answer(served, {"X-Trino-User": "alice", "User-Agent": user_agent})
    assert ("data" in document, "nextUri" in document) == (at_once, not at_once)


@pytest.mark.parametrize("sql", ["SELEC", "SELECT BROKEN", "CREATE TABLE t", "INSERT", "SELECT SLOW"])
def test_12_anything_else_is_told_the_usual_way(served, sql):
    document = served.post(sql, AT_ONCE).json
    assert "/v1/statement/queued/" in document["nextUri"]
    assert not {"columns", "data", "error", "updateType"} & document.keys()
    served.send("DELETE", document["nextUri"].removeprefix(served.url))
