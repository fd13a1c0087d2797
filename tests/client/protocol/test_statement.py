"""The state machine of a statement, fed with documents as a real server sends them."""

import pytest
from tests.fakes.documents import NEXT, column, page, posted, response

from lodestar.errors import DataError, OperationalError, TransportError
from lodestar.protocol.messages import Origin
from lodestar.protocol.statement import Phase, RequestHeaders, Statement

ORIGIN = Origin("http", "server", 8080)
HEADERS = RequestHeaders(b"A: statement\r\n", b"A: poll\r\n", b"A: elsewhere\r\n")


def statement(text="SELECT 1"):
    return Statement(ORIGIN, text, HEADERS)


def started(text="SELECT 1"):
    found = statement(text)
    found.start_request()
    found.receive(response(posted()))
    return found


def test_from_post_to_the_last_row():
    one = statement("SELECT 'ö'")
    request = one.start_request()
    assert (request.method, request.target, request.body, request.repeatable) == (
        "POST",
        "/v1/statement",
        "SELECT 'ö'".encode(),
        False,
    )
    assert one.receive(response(posted())) is None
    assert (one.phase, one.query_id) == (Phase.RUNNING, "20260101_000000_00000_abcde")
    get = one.next_request()
    assert (get.method, get.origin, get.target, get.headers, get.repeatable) == (
        "GET",
        ORIGIN,
        "/v1/statement/queued/20260101_000000_00000_abcde/yslug/1",
        b"A: poll\r\n",
        True,
    )
    assert one.receive(response(page(columns=[column("a", "integer")], data=[[1]]))) == [[1]]
    assert one.columns[0].name == "a"
    assert one.receive(response(page(columns=[column("a", "integer")], next_uri=None, state="FINISHED"))) is None
    assert (one.done, one.phase, one.stats["state"]) == (True, Phase.FINISHED, "FINISHED")


def test_what_was_told_once_stays():
    one = started()
    one.receive(response(page(columns=[], updateType="CREATE TABLE", updateCount=3, warnings=[{"message": "w"}])))
    one.receive(response(page(columns=[])))
    assert (one.update_type, one.update_count, one.warnings) == ("CREATE TABLE", 3, [{"message": "w"}])


def test_an_error_ends_it():
    one = started()
    error = {
        "message": "line 1:8: Division by zero",
        "errorCode": 8,
        "errorName": "DIVISION_BY_ZERO",
        "errorType": "USER_ERROR",
        "errorLocation": {"lineNumber": 1, "columnNumber": 8},
        "failureInfo": {"type": "x"},
    }
    with pytest.raises(DataError) as caught:
        one.receive(response(page(next_uri=None, state="FAILED", error=error)))
    fault = caught.value
    assert (fault.error_code, fault.line, fault.column, fault.query_id) == (8, 1, 8, one.query_id)
    assert one.phase is Phase.FAILED


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>", b'{"id":"x"}'])
def test_what_is_no_document_may_be_asked_for_again(body):
    one = started()
    with pytest.raises(TransportError):
        one.receive(response(body))
    assert one.next_request().target.endswith("/1")


def test_credentials_stay_at_the_servers_address():
    one = started()
    one.receive(response(page(next_uri="http://elsewhere:8080/v1/statement/executing/q/y/1")))
    assert one.next_request().headers == b"A: elsewhere\r\n"


def test_an_escape_of_a_lone_surrogate_is_taken():
    one = started()
    body = response(page(columns=[column("a", "varchar")], data=[["#"]])).body.replace(b"#", rb"\ud800")
    assert one.receive(response(body)) == [["\ud800"]]


def test_cancelling():
    one = started()
    request = one.cancel()
    assert (request.method, request.target) == ("DELETE", "/v1/statement/queued/20260101_000000_00000_abcde/yslug/1")
    assert (one.done, one.cancel()) == (True, None)
    with pytest.raises(OperationalError, match="Query was canceled"):
        # The answer that was on its way.
        one.receive(response(page()))
    with pytest.raises(OperationalError, match="Query was canceled"):
        one.next_request()


def test_cancelling_while_the_post_is_on_its_way():
    one = statement()
    one.start_request()
    assert (one.cancel(), one.cancel_wanted) == (None, True)
    one.receive(response(posted()))
    assert one.cancel().method == "DELETE"


def test_uris_that_are_none():
    one = started()
    one.receive(response(page(next_uri="ftp://x/y")))
    with pytest.raises(TransportError):
        one.next_request()


def test_segments():
    one = started()
    segments = [
        {"type": "inline", "data": "W1sxXV0=", "metadata": {"rowOffset": 0, "rowsCount": 1, "segmentSize": 5}},
        {
            "type": "spooled",
            "uri": f"{NEXT}/d",
            "ackUri": f"{NEXT}/a",
            "headers": {"x-key": ["v"]},
            "metadata": {"rowOffset": 1, "rowsCount": 2, "segmentSize": 6, "uncompressedSize": 12},
        },
    ]
    data = one.receive(
        response(page(columns=[column("a", "integer")], data={"encoding": "json", "segments": segments}))
    )
    inline, spooled = data.segments
    assert (data.encoding, inline.inline, inline.row_count, inline.uncompressed_bytes) == ("json", "W1sxXV0=", 1, None)
    assert (spooled.headers, spooled.uncompressed_bytes, spooled.row_offset) == ((("x-key", "v"),), 12, 1)


def test_segments_that_are_not_understood():
    one = started()
    with pytest.raises(TransportError):
        one.receive(response(page(columns=[], data={"encoding": "json", "segments": [{"type": "odd"}]})))
