import re
import threading
import time

import pytest


def next_token(uri, step=1):
    head, token = uri.rsplit("/", 1)
    return f"{head}/{int(token) + step}"


def slug_of(uri):
    return uri.rsplit("/", 2)[1]


def test_16_polls_need_no_headers(served):
    answer = served.post("SELECT SLOW")
    while "/executing/" not in answer.json["nextUri"]:
        answer = served.get(answer.json["nextUri"])
    uri = answer.json["nextUri"].removeprefix(served.url)
    assert served.send("HEAD", uri).status == 200
    assert served.send("DELETE", uri).status == 204


def test_16_the_slug_is_the_secret(served):
    answer = served.post("SELECT 1")
    uri = answer.json["nextUri"].removeprefix(served.url)
    for slug in ("y" + "0" * 40, "abc", "%20", slug_of(uri)[:-1]):
        wrong = uri.replace(slug_of(uri), slug)
        assert served.send("GET", wrong).status == 404
        assert served.send("DELETE", wrong).text == "Error 404 Not Found: Query not found"


def test_17_the_first_poll_starts_a_statement(served):
    posted = served.post("INSERT").json
    assert not served.query(posted["id"]).started
    served.get(posted["nextUri"])
    assert served.query(posted["id"]).started


def test_17_never_polled_is_dropped(timed):
    query_id = timed.post("INSERT").json["id"]
    timed.clock.advance(59)
    timed.track()
    assert not timed.query(query_id).done
    timed.clock.advance(2)
    timed.track()
    assert timed.query(query_id).error.code.name == "ABANDONED_QUERY"


def test_18_queued_tokens(served):
    first = served.post("SELECT 1").json["nextUri"]
    assert served.get(first).status == 200
    assert served.get(first).status == 200
    # Every token has a slug of its own: one that was never given out does not exist.
    assert served.get(next_token(first)).status == 404
    assert served.get(next_token(first, -1)).status == 404


@pytest.mark.parametrize(
    ("token", "body"), [("abc", b""), ("1.5", b""), ("9" * 20, b""), ("-1", b"Error 404 Not Found: Query not found")]
)
def test_18_tokens_that_are_none(served, token, body):
    uri = served.post("SELECT 1").json["nextUri"].removeprefix(served.url).rsplit("/", 1)[0]
    answer = served.send("GET", f"{uri}/{token}")
    assert (answer.status, answer.body) == (404, body)


def test_19_the_last_page_is_repeated_byte_for_byte(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    first = served.get(uri)
    assert served.get(uri).body == first.body
    second = served.get(first.json["nextUri"])
    assert served.get(first.json["nextUri"]).body == second.body != first.body


def test_19_headers_are_repeated(served):
    answers = served.run("SET SESSION a = b")
    again = served.get(answers[-2].json["nextUri"])
    assert again.values("X-Trino-Set-Session") == answers[-1].values("X-Trino-Set-Session") == ["a=b"]
    assert again.body == answers[-1].body


def test_20_older_is_gone_and_future_is_unknown(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    following = served.get(uri).json["nextUri"]
    third = served.get(following).json["nextUri"]
    gone = served.get(uri)
    assert (gone.status, gone.text) == (410, "Error 410 Gone: HTTP 410 Gone")
    assert served.get(next_token(third)).status == 404
    assert served.get(following).status == 200


def test_21_a_page_is_kept_until_the_next_is_asked_for(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    first = served.get(uri)
    for _ in range(3):
        assert served.get(uri).body == first.body
    served.get(first.json["nextUri"])
    assert served.get(uri).status == 410


def test_22_long_poll_ends_after_a_second(served):
    uri = served.executing("SELECT SLOW")
    began = time.monotonic()
    document = served.get(uri).json
    assert 0.9 <= time.monotonic() - began < 2
    assert "data" not in document
    assert document["stats"]["state"] == "RUNNING"
    assert [column["name"] for column in document["columns"]] == ["_col0"]
    served.send("DELETE", document["nextUri"].removeprefix(served.url))


def test_22_rows_end_the_wait(served):
    uri = served.executing("SELECT TRICKLE 2")
    threading.Timer(0.05, served.pipeline.step.release).start()
    began = time.monotonic()
    document = served.get(uri).json
    assert document["data"] == [[0]]
    assert time.monotonic() - began < 0.9
    served.pipeline.step.release()
    assert [answer.json.get("data") for answer in served.follow(served.get(document["nextUri"]))] in ([], [[[1]]])


def test_23_pages_end_near_a_megabyte(served):
    answers = served.run("SELECT 40000 ROWS OF 100")
    sizes = [len(answer.body) for answer in answers if "data" in answer.json]
    assert len(sizes) == 5
    assert all(1_000_000 < size < 1_200_000 for size in sizes[:-1])
    rows = [row[0] for answer in answers for row in answer.json.get("data", [])]
    assert rows == list(range(40000))


def test_23_one_huge_row_is_one_page(served):
    answers = served.run("SELECT 3 ROWS OF 3000000")
    assert [len(answer.json["data"]) for answer in answers if "data" in answer.json] == [1, 1, 1]


def test_23_small_results_come_in_one_document(served):
    answers = served.run("SELECT 1")
    # Through before its first poll is answered: no second one.
    assert len(answers) == 2
    last = answers[-1].json
    assert (last["data"], last["stats"]["state"], "nextUri" in last) == ([[1]], "FINISHED", False)


def test_25_a_result_told_on_the_queued_uri_is_told_again(served):
    uri = served.post("SELECT 1").json["nextUri"]
    first = served.get(uri)
    assert first.json["data"] == [[1]]
    assert served.get(uri).body == first.body
    assert served.send("DELETE", uri.removeprefix(served.url)).status == 204


def test_19_once_an_executing_uri_is_known_the_queued_one_tells_nothing(served):
    uri = served.post("SELECT TRICKLE 1").json["nextUri"]
    executing = served.get(uri).json["nextUri"]
    assert "/executing/" in executing
    served.pipeline.step.release()
    rows = [answer.json["data"] for answer in served.follow(served.get(uri)) if "data" in answer.json]
    assert rows == [[[0]]]
    assert "data" not in served.get(uri).json


@pytest.mark.parametrize("suffix", ["?targetResultSize=10kB", "?maxWait=abc", "?targetResultSize=abc"])
def test_23_old_parameters_are_ignored(served, suffix):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    assert served.get(uri + suffix).body == served.get(uri).body


def test_24_concurrent_polls_get_the_same_page(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    bodies = []
    threads = [threading.Thread(target=lambda: bodies.append(served.get(uri).body)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 6
    assert len(set(bodies)) == 1


def test_25_the_last_document_can_be_fetched_again(served):
    answers = served.run("SELECT 1")
    uri = answers[-2].json["nextUri"]
    assert served.get(uri).body == answers[-1].body
    failed = served.run("SELECT BROKEN")
    assert failed[-1].json["stats"]["state"] == "FAILED"
    assert served.get(failed[-2].json["nextUri"]).body == failed[-1].body


def test_25_history_is_bounded_by_age_and_count(timed):
    ids = [timed.run("SELECT 1")[0].json["id"] for _ in range(4)]
    timed.track()
    assert all(timed.query(query_id) for query_id in ids)
    timed.clock.advance(11)
    timed.track()
    assert [bool(timed.query(query_id)) for query_id in ids] == [False, False, True, True]


def test_26_documents_with_rows_say_at_least_running(served):
    for sql in ("SELECT 30000 ROWS OF 100", "INSERT", "SELECT 1"):
        for answer in served.run(sql):
            document = answer.json
            if "data" in document:
                assert document["stats"]["state"] in ("RUNNING", "FINISHING", "FINISHED")
            assert ("nextUri" in document) == (document["stats"]["state"] not in ("FINISHED", "FAILED"))


def test_27_head_is_a_heartbeat(timed):
    uri = timed.executing("SELECT SLOW").removeprefix(timed.url)
    timed.clock.advance(50)
    assert timed.send("HEAD", uri).status == 200
    timed.clock.advance(50)
    timed.track()
    assert timed.send("HEAD", uri).status == 200
    query_id = re.search(r"executing/([^/]+)", uri)[1]
    assert not timed.query(query_id).done
    unknown = timed.send("HEAD", uri.replace(query_id, "20200101_000000_00000_aaaaa"))
    assert (unknown.status, unknown.body) == (404, b"")


def test_28_delete_cancels(served):
    uri = served.executing("SELECT SLOW")
    target = uri.removeprefix(served.url)
    assert served.send("DELETE", target).status == 204
    document = served.get(uri).json
    assert document["error"]["errorName"] == "USER_CANCELED"
    assert document["error"]["message"] == "Query was canceled"
    assert served.send("DELETE", target).status == 204
    assert served.send("HEAD", target).status == 200


def test_28_delete_before_the_first_poll(served):
    uri = served.post("INSERT").json["nextUri"]
    assert served.send("DELETE", uri.removeprefix(served.url)).status == 204
    assert served.send("DELETE", uri.removeprefix(served.url)).status == 204
    assert served.get(uri).json["error"]["errorName"] == "USER_CANCELED"


def test_28_delete_after_the_end(served):
    answers = served.run("SELECT 1")
    target = answers[-2].json["nextUri"].removeprefix(served.url)
    assert served.send("DELETE", target).status == 204
    assert served.send("HEAD", target).status == 200
    assert served.query(answers[0].json["id"]).state.value == "FINISHED"


def test_28_the_work_is_stopped(served):
    uri = served.executing("SELECT SLOW")
    query_id = re.search(r"executing/([^/]+)", uri)[1]
    served.send("DELETE", uri.removeprefix(served.url))
    assert served.query(query_id).context.cancellation.reason.code.name == "USER_CANCELED"


def test_29_silence_is_abandonment(timed):
    uri = timed.executing("SELECT SLOW")
    query_id = re.search(r"executing/([^/]+)", uri)[1]
    timed.clock.advance(61)
    timed.track()
    error = timed.query(query_id).error
    assert error.code.name == "ABANDONED_QUERY"
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(
        rf"Query {query_id} was abandoned by the client, as it may have exited or stopped checking for query results\. "
        rf"Query results have not been accessed since {instant}: currentTime {instant}",
        error.message,
    )


def test_30_finished_only_when_everything_is_told(served):
    uri = served.executing("SELECT 30000 ROWS OF 100")
    document = served.get(uri).json
    query = served.query(document["id"])
    while "nextUri" in document:
        assert query.state.value == "RUNNING"
        document = served.get(document["nextUri"]).json
    assert query.state.value == "FINISHED"


def test_30_an_update_is_finished_without_its_client(served):
    uri = served.post("INSERT").json["nextUri"]
    query_id = re.search(r"queued/([^/]+)", uri)[1]
    # The first poll waits for the end of the statement; the client does not come for the count.
    served.get(uri)
    served.send("DELETE", uri.removeprefix(served.url))
    query = served.query(query_id)
    assert (query.state.value, query.error) == ("FINISHED", None)
